# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a message's time goes: the stages that the hub counts, a flame graph, and latencies at a fixed rate."""

import os
import re
import shutil
from statistics import median

import flame
from hub import MESSAGE
from measure import PATH_POST, Load, Target
from processes import Failed, run_text
from report import table

FIGURE = re.compile(r'^(omnihub_\w+) (\d+)$', re.M)
# Parts of the rate that 64 connections reach.
RATES = (0.25, 0.5, 0.75, 0.9)
# What one stage takes: microseconds of this counter, divided by that one.
STAGES = (
    ('parse: the request to a command', 'parse_microseconds_total', 'parsed_commands_total'),
    ('queue: from the request to its worker, parsing too', 'queue_microseconds_total', 'timed_commands_total'),
    ('decide: checking and folding', 'decide_microseconds_total', 'timed_commands_total'),
    ('log wait: from the worker to the log and back', 'log_microseconds_total', 'timed_commands_total'),
    ('... of it: one fsync', 'log_sync_microseconds_total', 'log_batches_total'),
    ('reply: opening and writing the answer', 'reply_microseconds_total', 'timed_replies_total'),
)


def figures(hub):
    return {name.removeprefix('omnihub_'): int(value) for name, value in FIGURE.findall(hub.get('/metrics').body.decode())}


def measure_stages(bench, post):
    """Means of each stage with one client and with many."""
    columns = []
    for connections in (1, 64):
        bench.progress.step(f'stages at {connections} connections')
        before = figures(bench.hub)
        result = post.put(Target('hub', bench.hub.url), connections, bench.seconds)
        after = figures(bench.hub)
        grown = {name: value - before.get(name, 0) for name, value in after.items()}
        columns.append((result, grown))
    rows = []
    for what, time, count in STAGES:
        if all(grown.get(count) for _, grown in columns):
            rows.append([what, *(f'{grown[time] / grown[count]:,.1f}' for _, grown in columns)])
    rows.append(['the client sees', *(f'{result["mean_us"]:,.1f}' for result, _ in columns)])
    rows.append(['appends in a batch', *(f'{grown["log_appends_total"] / max(1, grown["log_batches_total"]):.1f}' for _, grown in columns)])
    bench.results.section('Stages', 'Means in microseconds, as `/metrics` counts them.\n\n' + table(
        ['stage of a POST', '1 connection', '64 connections'], rows))


def measure_flame(bench, post):
    if not shutil.which('perf'):
        raise Failed('perf is not installed; tools/setup --bench brings it')
    path = os.path.join(bench.folder, 'perf.data')
    bench.progress.step('flame graph')
    perf = flame.record(bench.hub.server.pid, path, bench.seconds)
    post.put(Target('hub', bench.hub.url), 64, bench.seconds + 0.3)
    _, said = perf.communicate(timeout=60)
    if perf.returncode != 0:
        raise Failed(f'perf: {said.strip()[:200]}')
    found = flame.stacks(run_text(['perf', 'script', '-i', path, '-F', 'comm,ip,sym,dso'], 120))
    bench.results.pictures['flame.svg'] = flame.draw(found, 'durable POST, 64 connections')
    bench.results.section('Processor time', 'Shares of the samples (`flame.svg` shows what is inside).\n\n' + table(
        ['thread', 'share'], [[thread, f'{share:.1%}'] for thread, share in flame.by_thread(found)[:8]]))


def measure_rates(bench, post):
    """Open loop: a request is due whatever the server does, and its latency counts from then on."""
    reached = median(result['rate'] for result in bench.results.posts[64][1].results)
    rows = []
    for part in RATES:
        rate = reached * part
        bench.progress.step(f'open loop at {rate:,.0f}/s')
        result = post.put(Target('hub', bench.hub.url), 64, bench.seconds, '--rate', f'{rate:.0f}')
        rows.append([f'{part:.0%} of what 64 connections reach', f'{rate:,.0f}', f'{result["rate"]:,.0f}',
                     *(f'{result[key]:,.0f}' for key in ('p50_us', 'p90_us', 'p99_us', 'p999_us', 'max_us') if key in result)])
    bench.results.section('Latency at a fixed rate', 'Open loop: from when a request was due, so that a stall counts for all that it delays.\n\n' + table(
        ['rate', 'wanted/s', 'reached/s', 'p50 us', 'p90 us', 'p99 us', 'p99.9 us', 'max us'], rows))


def measure_where(bench, servers):
    del servers
    post = Load(bench, 'POST', PATH_POST, bench.rows, MESSAGE)
    measure_stages(bench, post)
    if 64 in bench.results.posts:
        measure_rates(bench, post)
    measure_flame(bench, post)
