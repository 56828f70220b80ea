# SPDX-License-Identifier: AGPL-3.0-or-later
"""The measurements: short runs of one load against several servers in turn, so that noise hits all alike."""

import os
import time

from http1 import ask
from hub import CONTENT, HEADERS, MESSAGE, SESSION, Hub, fill, write_rows
from processes import Failed, run_text, run_tool
from report import BAR_CORES, Row

PATH_POST = '/message/process'
MAIN = (1, 64, 256)  # connections that bars are about
PATH_GET = '/session/{1}'


class Target:
    """One server under one load, with the results of its rounds."""

    def __init__(self, name, url, hub=None):
        self.name = name
        self.url = url
        self.hub = hub
        self.results = []
        self.behind_s = []    # how old the newest event was that the slowest view had at the end of a round
        self.catch_up_s = []  # how long the views then took to have everything


class Load:
    """A kind of request, and how to put it."""

    def __init__(self, bench, method, path, rows, body=None):
        self.bench = bench
        self.method = method
        self.path = path
        self.rows = rows
        self.body = body

    def put(self, target, connections, seconds, *extra):
        command = [self.bench.tool('bench-load'), '--plain', '--method', self.method, '--url', target.url + self.path,
                   '--connections', str(connections), '--seconds', str(seconds), '--rows', self.rows,
                   '--first', str(self.bench.next_counter()), *extra]
        for header in HEADERS:
            command += ['--header', header]
        if self.body is not None:
            command += ['--body', self.body]
        result = run_tool(command, seconds + 60)
        if result['failures']:
            wrong = {key: int(value) for key, value in result.items()
                     if value and (key in FAULTS or key.startswith('status_') and not key.startswith('status_2'))}
            raise Failed(f'{target.name}: {int(result["failures"])} requests of {self.method} {self.path} at '
                         f'{connections} connections failed: {wrong}')
        return result


KNOWN_STEP = 20000       # sessions between two looks at the progress
KNOWN_CONNECTIONS = 512  # as many as it takes to fill the batches of the log
FAULTS = ('unanswered', 'connect_errors', 'write_errors', 'read_errors', 'malformed')


def create_sessions(bench, hub, rows, count, connections=64):
    """One session and one customer a row; returns sessions per second."""
    load = Load(bench, 'POST', '/session/create', rows, SESSION)
    result = load.put(Target(hub.name, hub.url), min(connections, count), 600, '--once', '--warmup', '0')
    if result['completed'] != count:
        raise Failed(f'{hub.name}: {int(result["completed"])} of {count} sessions were created')
    hub.catch_up(hub.behind()[1])
    return result['rate']


def start_hello(bench, servers, name, answer, options=()):
    """bench-hello that gives this answer of the hub, byte for byte but for the date."""
    body = os.path.join(bench.folder, name + '.body')
    with open(body, 'wb') as file:
        file.write(answer.body)
    command = [bench.tool('bench-hello'), '--listen', '127.0.0.1:0', '--status', answer.status_text,
               '--server', answer.header('Server') or '', '--body-file', body, *options]
    for line in answer.own_headers():
        command += ['--header', line]
    server = servers.start(name, command)
    repeated = ask(server, 'GET', '/')
    if repeated.shape() != answer.shape():
        raise Failed(f'{name} does not repeat the answer of the hub:\n  {answer.shape()}\n  {repeated.shape()}')
    return server


def one_round(bench, load, target, connections):
    """One run against one server, and how far behind its views are at the end."""
    before = target.hub.positions()[0] if target.hub else 0
    began = time.monotonic()
    result = load.put(target, connections, bench.seconds, '--warmup', str(bench.warmup))
    target.results.append(result)
    if not target.hub:
        return
    target.hub.server.check()
    behind, commit = target.hub.behind()
    events_per_s = (commit - before) / (time.monotonic() - began)
    target.behind_s.append(behind / events_per_s if events_per_s else 0.0)
    target.catch_up_s.append(target.hub.catch_up(commit))


def interleave(bench, load, targets, connections, rounds=None):
    """Several rounds; in each, every server once, beginning with another one."""
    rounds = rounds or bench.rounds
    for number in range(rounds):
        turn = number % len(targets)
        for target in targets[turn:] + targets[:turn]:
            bench.progress.step(f'{load.method} at {connections} connections, {target.name}, '
                                f'round {number + 1} of {rounds}')
            one_round(bench, load, target, connections)


def start_hubs(bench, servers):
    """The durable hub and the one that does not sync, each with the same sessions."""
    rows = os.path.join(bench.folder, 'rows')
    first = write_rows(rows, bench.sessions)
    hubs = []
    for name, options in (('hub', ()), ('hub without sync', ('--unsafe-no-sync',))):
        bench.progress.step(f'starting {name}')
        hub = Hub(servers, bench.binary, name, os.path.join(bench.folder, name.replace(' ', '-')), options)
        bench.progress.step(f'{name}: creating {bench.sessions} sessions')
        bench.results.create_rates[name] = create_sessions(bench, hub, rows, bench.sessions)
        hubs.append(hub)
    return hubs, rows, first


def measure_post(bench, servers):
    """POST of the durable hub and of the one without sync against h2o with the same answer. The durable one goes on."""
    hubs, bench.rows, bench.first = start_hubs(bench, servers)
    bench.hub, unsynced = hubs
    post = Load(bench, 'POST', PATH_POST, bench.rows, MESSAGE)
    answer = bench.hub.post(PATH_POST, fill(MESSAGE, *bench.first))
    if answer.status // 100 != 2:
        raise Failed(f'POST {PATH_POST} was answered {answer.status_line}: {answer.body[:300]!r}')
    bench.results.answer_bytes = len(answer.body)
    bench.results.content_bytes = len(CONTENT.replace('{n}', '0' * 10))
    hello = start_hello(bench, servers, 'hello-post', answer)
    for connections in bench.connections:
        targets = [Target('hello', hello.url), Target('hub', bench.hub.url, bench.hub)]
        if connections in bench.unsynced_connections:
            targets.append(Target('hub without sync', unsynced.url, unsynced))
        interleave(bench, post, targets, connections, None if connections in MAIN else bench.few_rounds)
        bench.results.posts[connections] = targets
    servers.stop(hello)
    servers.stop(unsynced.server)


def measure_get(bench, servers):
    get = Load(bench, 'GET', PATH_GET, bench.rows)
    answer = bench.hub.get(PATH_GET.replace('{1}', bench.first[0]))
    if answer.status != 200:
        raise Failed(f'GET {PATH_GET} was answered {answer.status_line}: {answer.body[:300]!r}')
    hello = start_hello(bench, servers, 'hello-get', answer)
    for connections in bench.get_connections:
        targets = [Target('hello', hello.url), Target('hub', bench.hub.url, bench.hub)]
        interleave(bench, get, targets, connections)
        bench.results.gets[connections] = targets
    servers.stop(hello)


def measure_known(bench, servers):
    """Many sessions that the hub knows, of which few are active: what it holds in memory."""
    rows, active = os.path.join(bench.folder, 'rows-known'), os.path.join(bench.folder, 'rows-active')
    write_rows(active, min(bench.known, 10000), 'known')
    bench.progress.step('starting the hub for many known sessions')
    hub = Hub(servers, bench.binary, 'hub with many sessions', os.path.join(bench.folder, 'known'))
    began = time.monotonic()
    for first in range(0, bench.known, KNOWN_STEP):
        bench.progress.step(f'{first:,} of {bench.known:,} sessions are known')
        count = min(KNOWN_STEP, bench.known - first)
        write_rows(rows, count, 'known', first)
        create_sessions(bench, hub, rows, count, KNOWN_CONNECTIONS)
    bench.results.known_create_s = time.monotonic() - began
    bench.progress.step('making 10,000 of them active')
    load = Load(bench, 'POST', PATH_POST, active, MESSAGE)
    load.put(Target(hub.name, hub.url), 64, 600, '--once', '--warmup', '0')
    hub.catch_up(hub.behind()[1])
    bench.results.known_resident_bytes = hub.server.resident_bytes()
    servers.stop(hub.server)


def long_log(bench, servers):
    """A data directory to replay: as many sessions as usual, and a log that is not too long for five rounds."""
    if bench.is_short:
        return bench.hub.data
    hub = Hub(servers, bench.binary, 'hub to be replayed', os.path.join(bench.folder, 'replayed'))
    create_sessions(bench, hub, bench.rows, bench.sessions)
    load = Load(bench, 'POST', PATH_POST, bench.rows, MESSAGE)
    while hub.positions()[0] < bench.replayed:
        bench.progress.step(f'a log of {bench.replayed:,} events to replay')
        load.put(Target(hub.name, hub.url), 256, 1, '--warmup', '0')
    hub.catch_up(hub.behind()[1])
    servers.stop(hub.server)
    return hub.data


def measure_second_core(bench, data):
    """`replay --verify` folds all views afresh, on all cores: how much faster than bound to one of them."""
    cores = sorted(os.sched_getaffinity(0))
    seconds = {}
    for _ in range(bench.few_rounds):
        for count, some in ((1, cores[:1]), (len(cores), cores)):
            bench.progress.step(f'folding again on {count} of {len(cores)} cores')
            began = time.monotonic()
            run_text(['taskset', '-c', ','.join(map(str, some)), bench.binary, 'replay', '--verify', '--data', data], 300)
            seconds.setdefault(count, []).append(time.monotonic() - began)
    if len(cores) > 1:
        bench.results.rows.append(Row(f'folding all views again on {len(cores)} cores, of one core', [
            one / all_of_them for one, all_of_them in zip(seconds[1], seconds[len(cores)])], BAR_CORES))


def measure_inside(bench, servers):
    """What the hub measures itself, without HTTP: replay, activation, memory; and what the machine can do."""
    bench.results.hub_resident_bytes = bench.hub.server.resident_bytes()
    servers.stop(bench.hub.server)
    data = long_log(bench, servers)
    tools = {
        'replay': ([bench.binary, 'bench', 'replay', '--data', data], 300),
        'activation': ([bench.binary, 'bench', 'activation'], 300),
        'memory': ([bench.binary, 'bench', 'memory'], 300),
        'disk': ([bench.tool('bench-disk'), '--dir', bench.folder, '--seconds', str(bench.seconds)], 60),
        'zactor': ([bench.tool('bench-zactor')], 60),
    }
    for name, (command, timeout_s) in tools.items():
        bench.progress.step(f'bench {name}')
        try:
            bench.results.tools[name] = run_tool(command, timeout_s)
        except Failed as error:
            bench.results.missing[f'bench {name}'] = str(error)
    if not bench.is_short:
        measure_second_core(bench, data)
