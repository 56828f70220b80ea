# SPDX-License-Identifier: AGPL-3.0-or-later
"""The durable POST by HTTP/1.1, over TLS, and by HTTP/2, against hello that answers the same bytes by the same protocol; h2load."""

import itertools
import os
import re
import shutil
from statistics import median

from hub import HEADERS, MESSAGE, Hub, fill
from measure import PATH_POST, create_sessions, start_hello
from processes import Failed, run_text
from report import Row, table

REQUESTS = 64  # under way at once
MORE = 1000  # sessions that another part may have made beyond those of all; one is full after 100,000 messages, so each run has its own
WAYS = (  # name, options of h2load, over TLS
    ('HTTP/1.1, 64 connections', ('--h1', '-c', '64'), False),
    ('HTTP/1.1 over TLS, 64 connections', ('--h1', '-c', '64'), True),
    ('HTTP/2 over TLS, 64 connections', ('-c', '64', '-m', '1'), True),
    ('HTTP/2 over TLS, 4 connections of 16 streams', ('-c', '4', '-m', '16'), True),
)
RESULT = re.compile(r'finished in [\d.]+\w+, ([\d.]+) req/s.*?(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout'
                    r'.*?status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx', re.S)


def make_certificate(folder):
    """Options of hub and hello for TLS, with a certificate made for the occasion."""
    key, cert = os.path.join(folder, 'tls.key'), os.path.join(folder, 'tls.crt')
    run_text(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
              '-subj', '/CN=localhost', '-keyout', key, '-out', cert], 30)
    return ('--tls-cert', cert, '--tls-key', key)


def rate_of(out):
    """Requests per second, when all of them were answered as they should."""
    found = RESULT.search(out)
    if not found or any(int(found.group(i)) for i in (3, 4, 5, 7, 8, 9)):
        raise Failed(f'h2load: {found.group()[-300:] if found else out[-600:]}')
    return float(found.group(1))


def run_h2load(bench, options, url, body):
    """Requests per second and latencies. Handshakes are over when the time begins."""
    body_file, log = os.path.join(bench.folder, 'h2load.body'), os.path.join(bench.folder, 'h2load.log')
    with open(body_file, 'wb') as file:
        file.write(body)
    command = ['h2load', '--duration', '1', '--warm-up-time', '1', '-t', '1', '-d', body_file,
               '--log-file', log, *options]
    for header in HEADERS:
        command += ['-H', header]
    rate = rate_of(run_text([*command, url + PATH_POST], 60))
    with open(log, encoding='ascii') as lines:
        took = sorted(int(line.split()[2]) for line in lines)
    os.remove(log)
    return {'rate': rate, 'p50_us': took[len(took) // 2], 'p99_us': took[len(took) * 99 // 100]}


def start_over_tls(bench, servers):
    """A hub and hello that answer HTTPS, by both protocols. The hub's sessions are made before, as the other hub's were."""
    tls, data = make_certificate(bench.folder), os.path.join(bench.folder, 'tls')
    hub = Hub(servers, bench.binary, 'hub before TLS', data)
    create_sessions(bench, hub, bench.rows, bench.sessions)
    servers.stop(hub.server)
    hub = Hub(servers, bench.binary, 'hub over TLS', data, (*tls, '--http2', 'on'), is_new=False)
    answer = hub.post(PATH_POST, fill(MESSAGE, *bench.first))
    return hub, start_hello(bench, servers, 'hello-tls', answer, tls)


def measure_protocols(bench, servers):
    if not shutil.which('h2load'):
        raise Failed('h2load is not installed; tools/setup --bench brings it (package nghttp2-client)')
    session, customer = bench.first
    hello = start_hello(bench, servers, 'hello-plain', bench.hub.post(PATH_POST, fill(MESSAGE, session, customer)))
    hub, hello_tls = start_over_tls(bench, servers)
    found = {}
    runs = itertools.product(range(bench.few_rounds), WAYS)
    for number, (_, (name, options, is_tls)) in enumerate(runs, bench.sessions + MORE):
        body = fill(MESSAGE, f'{session[:-7]}{number:07d}', f'{customer[:-7]}{number:07d}')
        for who, server in (('hello', hello_tls if is_tls else hello), ('hub', hub.server if is_tls else bench.hub.server)):
            bench.progress.step(f'{name}, {who}')
            found.setdefault((name, who), []).append(run_h2load(bench, options, server.url, body))
    for server in (hello, hello_tls, hub.server):
        servers.stop(server)
    for name, _, _ in WAYS:
        bench.results.rows.append(Row(f'durable POST by h2load, {name}, of hello', [
            ours['rate'] / theirs['rate'] for ours, theirs in zip(found[name, 'hub'], found[name, 'hello'])]))
    bench.results.section('Protocols', f'{REQUESTS} requests under way at once, one thread of h2load, one body; hello answers by the same '
                          'protocol. Handshakes are not in it.\n\n' + table(
        ['protocol', 'server', 'requests/s', 'p50 us', 'p99 us'],
        [[name, who, *(f'{median(result[key] for result in results):,.0f}' for key in ('rate', 'p50_us', 'p99_us'))]
         for (name, who), results in found.items()]))
