# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the disk and RocksDB give when there is nothing else: the floor under one client, and one group commit."""

import os
from statistics import median

from processes import run_tool
from report import Row, table

BATCHES = (1, 16, 64, 256)  # events; 64 connections make batches of up to 64
SOCKETS = (1, 64)
GROUP = 64
BAR_GROUP = 3.0       # p99 of 64 clients, in p99 of one group commit
BAR_ALONE = 1.5       # p50 of one client without ALONE_US, in p50 of one fdatasync
ALONE_US = 100


def own_results(bench, connections):
    """Of the hub at so many connections."""
    return [result for target in bench.results.posts.get(connections, ()) if target.name == 'hub' for result in target.results]


def measure_limits(bench, servers):
    del servers
    bench.progress.step('bench-disk')
    disk = run_tool([bench.tool('bench-disk'), '--dir', bench.folder, '--seconds', str(bench.seconds)], 60)
    rows = [['fdatasync of 512 bytes', '', f'{disk["rate"]:,.0f}', f'{disk["p50_us"]:,.0f}', f'{disk["p99_us"]:,.0f}']]
    batches, sent = {}, []
    for events in BATCHES:
        bench.progress.step(f'bench-batches, {events} events')
        batches[events] = run_tool([bench.tool('bench-batches'), '--dir', os.path.join(bench.folder, f'batches-{events}'),
                                    '--events', str(events), '--seconds', str(min(2.0, bench.seconds))], 60)
        rows.append(['RocksDB, one synced batch after the other', events, *(
            f'{batches[events][key]:,.0f}' for key in ('rate', 'p50_us', 'p99_us'))])
    bench.results.section('Limits of the disk', 'Events of 460 bytes in four rows, as messages are in the log.\n\n' + table(
        ['what', 'events in a batch', 'events/s', 'p50 us', 'p99 us'], rows))
    for sockets in SOCKETS:
        bench.progress.step(f'bench-echo, {sockets} sockets')
        echo = run_tool([bench.tool('bench-echo'), '--sockets', str(sockets), '--seconds', str(min(2.0, bench.seconds))], 60)
        sent.append([sockets, *(f'{echo[key]:,.0f}' for key in ('rate', 'p50_us', 'p99_us'))])
    bench.results.section('Limits of WebSockets', 'h2o that sends every message of 100 bytes back.\n\n' + table(
        ['sockets', 'messages/s', 'p50 us', 'p99 us'], sent))
    many, alone = own_results(bench, 64), own_results(bench, 1)
    if many:
        bench.results.rows += [
            Row('durable POST, 64 connections, of raw batches of 64', [result['rate'] / batches[GROUP]['rate'] for result in many]),
            Row('... its p99, in p99 of one raw batch of 64', [result['p99_us'] / batches[GROUP]['p99_us'] for result in many],
                BAR_GROUP, at_most=True)]
    if alone:
        bench.results.rows.append(Row(f'one client: (p50 - {ALONE_US} us) in p50 of fdatasync', [
            median(result['p50_us'] for result in alone) / disk['p50_us'] - ALONE_US / disk['p50_us']], BAR_ALONE, at_most=True))
