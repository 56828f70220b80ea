# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second opinion: wrk against hello and the hub, with one body and with bodies that its script varies."""

import itertools
import json
import os
import re
import shutil
from statistics import median

from hub import HEADERS, MESSAGE, fill
from measure import PATH_POST, start_hello
from processes import Failed, run_text
from report import BAR_POST, Row, table

CONNECTIONS = 64
THREADS = sorted({1, len(os.sched_getaffinity(0))})
FIXED = '''wrk.method, wrk.body = 'POST', {body}
{headers}
'''
VARIED = '''{headers}
local number, template = 0, {body}
local before, between, text, after = template:match('^(.-){{1}}(.-){{1}}(.-){{n}}(.*)$')
function request()
    number = number + 1
    local row = string.format('%07d', number % {sessions})
    return wrk.format('POST', nil, nil, before .. row .. between .. row .. text .. number .. after)
end
'''
UNITS = {'us': 1, 'ms': 1000, 's': 1_000_000}


def counted(threads):
    return f'{threads} thread' + 's' * (threads > 1)


def write_script(bench, name, script, body):
    """A script for wrk; every run with one body writes to a session of its own beyond those of all, as a session has an end."""
    path = os.path.join(bench.folder, f'wrk-{name}.lua')
    lines = '\n'.join(f'wrk.headers[{json.dumps(key)}] = {json.dumps(value)}'
                      for key, value in (header.split(': ', 1) for header in HEADERS))
    with open(path, 'w', encoding='ascii') as file:
        file.write(script.format(headers=lines, body=json.dumps(body), sessions=bench.sessions))
    return path


def run_wrk(bench, threads, script, url):
    """Requests per second and latencies, as wrk sees them."""
    out = run_text(['wrk', '-t', str(threads), '-c', str(CONNECTIONS), '-d', f'{max(1, round(bench.seconds))}s', '--latency', '--timeout', '20s', '-s', script,
                    url + PATH_POST], 60)
    bad = re.search(r'Non-2xx or 3xx responses: (\d+)|Socket errors: .*', out)
    rate = re.search(r'Requests/sec:\s+([\d.]+)', out)
    latencies = {point: float(value) * UNITS[unit]
                 for point, value, unit in re.findall(r'^\s+(\d+)%\s+([\d.]+)(us|ms|s)$', out, re.M)}
    if bad or not rate or not {'50', '99'} <= set(latencies):
        raise Failed(f'wrk: {bad.group() if bad else out[-600:]}')
    return {'rate': float(rate.group(1)), 'p50_us': latencies['50'], 'p99_us': latencies['99']}


def measure_second(bench, servers):
    if not shutil.which('wrk'):
        raise Failed('wrk is not installed; tools/setup --bench brings it')
    session, customer = bench.first
    template = MESSAGE.replace('{1}', session[:-7] + '{1}').replace('{2}', customer[:-7] + '{1}')
    scripts = {'fixed': (FIXED, template), 'varied': (VARIED, template)}
    hello = start_hello(bench, servers, 'hello-wrk', bench.hub.post(PATH_POST, fill(MESSAGE, session, customer)))
    urls = {'hello': hello.url, 'hub': bench.hub.url}
    found = {}
    runs = itertools.product(range(bench.few_rounds), THREADS, scripts.items())
    for number, (_, threads, (body, (script, text))) in enumerate(runs, bench.sessions):
        path = write_script(bench, body, script, text if body == 'varied' else text.replace('{1}', f'{number:07d}'))
        for name, url in urls.items():
            bench.progress.step(f'wrk, {counted(threads)}, {body} bodies, {name}')
            found.setdefault((threads, name, body), []).append(run_wrk(bench, threads, path, url))
    servers.stop(hello)
    for threads, body in itertools.product(THREADS, scripts):
        rates = {name: [result['rate'] for result in found[threads, name, body]] for name in urls}
        bench.results.rows.append(Row(f'durable POST by wrk, {counted(threads)}, {body} bodies, of hello', [
            a / b for a, b in zip(rates['hub'], rates['hello'])], BAR_POST if body == 'varied' else None))
    bench.results.section('Second opinion: wrk', f'{CONNECTIONS} connections; HTTP/1.1.\n\n' + table(
        ['threads', 'server', 'bodies', 'requests/s', 'p50 us', 'p99 us'],
        [[str(threads), name, body, *(f'{median(result[key] for result in results):,.0f}' for key in ('rate', 'p50_us', 'p99_us'))]
         for (threads, name, body), results in found.items()]))
