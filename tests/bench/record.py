# SPDX-License-Identifier: AGPL-3.0-or-later
"""The record: what a whole run measured goes into docs/performance.md, between two marks, and pictures beside it."""

import json
import os
import re
import subprocess
import sys
import time

from peers import SYSTEM_PYTHON
from processes import Failed

PAGE, PICTURES = 'performance.md', 'performance'
TOOLS_BEGIN, TOOLS_END = '<!-- tools: written by make bench-tools -->', '<!-- end of what tools take -->'
BEGIN, END = '<!-- measured: written by make bench -->', '<!-- end of what was measured -->'
PACKAGES = ('gcc', 'libc6', 'librocksdb7.8', 'libh2o-evloop0.13', 'libssl3', 'redis-server', 'postgresql-15', 'nats-server',
            'nghttp2-client', 'python3-fastapi', 'python3-uvicorn', 'wrk')
HERE = os.path.dirname(os.path.abspath(__file__))


def versions():
    """'gcc 4:12.2.0-3, ...' of what is installed."""
    try:
        out = subprocess.run(['dpkg-query', '-W', '-f=${db:Status-Status} ${Package} ${Version}\n', *PACKAGES], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    except OSError:
        return 'unknown: this is not a Debian system'
    found = [line.split() for line in out.splitlines()]
    return ', '.join(f'{name} {version}' for status, name, version in found if status == 'installed')


def build_name():
    """Which commit was measured."""
    try:
        done = subprocess.run(['git', 'describe', '--always', '--dirty'], cwd=HERE, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return 'of no known commit'
    return done.stdout.strip() or 'of no known commit'


def post_plots(results):
    """What the tables of POST and GET say, as lines over the connections."""
    for name, what, by_connections in (('post', 'durable POST', results.posts), ('get', 'GET of a session', results.gets)):
        rates, latencies = {}, {}
        for connections, targets in by_connections.items():
            for target in targets:
                middle = sorted(result['rate'] for result in target.results)[len(target.results) // 2]
                rates.setdefault(target.name, []).append((connections, middle))
                if target.name == 'hub':
                    for point in ('p50', 'p99'):
                        values = sorted(result[f'{point}_us'] for result in target.results)
                        latencies.setdefault(point, []).append((connections, values[len(values) // 2] / 1000))
        if rates:
            results.plot(f'{name}-rate', f'{what}, requests a second', lines=rates, x='connections', y='requests/s', logs=True)
            results.plot(f'{name}-latency', f'{what}, latency', lines=latencies, x='connections', y='ms', logs=True)


def draw_pictures(results, folder):
    os.makedirs(folder, exist_ok=True)
    for old in os.listdir(folder):
        if old.endswith(('.png', '.svg')):
            os.remove(os.path.join(folder, old))
    for name, text in results.pictures.items():
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
            file.write(text)
    if not results.plots:
        return
    done = subprocess.run([SYSTEM_PYTHON, os.path.join(HERE, 'plots.py'), folder], input=json.dumps(results.plots), text=True,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failed(f'the plots could not be drawn: {done.stderr.strip().splitlines()[-1]}')


def put_between(folder, begin, end, text):
    """Replace what is between two marks of the page, the marks included."""
    page = os.path.join(folder, PAGE)
    with open(page, encoding='utf-8') as file:
        old = file.read()
    if begin not in old or end not in old:
        raise Failed(f'{page} has no marks to write between')
    before, _, rest = old.partition(begin)
    _, _, after = rest.partition(end)
    with open(page, 'w', encoding='utf-8') as file:
        file.write(before + text + after)


def write_record(results, text, folder):
    """Put the text and links to the pictures between the marks of the page."""
    build = build_name()  # before pictures change
    post_plots(results)
    draw_pictures(results, os.path.join(folder, PICTURES))
    links = [f'![{plot["title"]}]({PICTURES}/{plot["name"]}.png)' for plot in results.plots]
    links += [f'[{name}]({PICTURES}/{name})' for name in results.pictures]
    text = re.sub(r'^# .*\n', '', text)
    text = re.sub(r'^## ', '### ', text, flags=re.M)
    measured = '\n\n'.join([BEGIN, f'## Measured on {time.strftime("%Y-%m-%d", time.gmtime())}', f'`{" ".join(["tests/bench/run", *sys.argv[1:]])}`, '
                            f'omnihub {build}, {versions()}.', text.strip(), '### Pictures', *links, END])
    put_between(folder, BEGIN, END, measured)


def write_tools_record(tables, folder):
    """The same for what tests/bench/tools measured."""
    words = ['DIR' if before == '--data' else word for before, word in zip(sys.argv, sys.argv[1:])]
    parts = [TOOLS_BEGIN, f'### Tools, measured on {time.strftime("%Y-%m-%d", time.gmtime())}',
             f'`{" ".join(["tests/bench/tools", *words])}`, omnihub {build_name()}, {os.cpu_count()} cores, load of the machine '
             f'meanwhile {os.getloadavg()[0]:.1f}.']
    for table in tables:
        parts += [table.title + ':', table.markdown()]
    put_between(folder, TOOLS_BEGIN, TOOLS_END, '\n\n'.join([*parts, TOOLS_END]))
