# SPDX-License-Identifier: AGPL-3.0-or-later
"""How figures grow with the number of sessions and the length of the log: a line in log-log, whose slope is the exponent."""

import json
import math
import os
import time

from http1 import ask
from hub import HEADERS, MESSAGE, Hub, write_rows
from measure import KNOWN_CONNECTIONS, PATH_GET, PATH_POST, Load, Target, create_sessions
from processes import Failed, run_text
from report import Row, table
from routes import BULK, TRANSFER, to_and_fro

SIZES = (1000, 4000, 16000, 64000)  # sessions, each with a customer of its own
SHORT_SIZES = (250, 1000, 4000)
CONNECTIONS = 64
FEW = 1024
MOVED = 4096
LOGS = (0.01, 0.1, 1)  # parts of --events
BAR_START_S = 2.0
ACTIVE = '/sessions/active?limit=50'


def exponent(points):
    """The slope of log y over log x by least squares; 0 does not grow, 1 is a straight line."""
    points = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len(points) < 2:
        return float('nan')
    mean_x, mean_y = (sum(column) / len(points) for column in zip(*points))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else float('nan')


def show(bench, title, unit, sizes, figures):
    """A table with the exponent of each figure, and a plot. figures: {name: [value]}"""
    rows = [[name, *(f'{value:,.1f}' if value < 100 else f'{value:,.0f}' for value in values), f'{exponent(zip(sizes, values)):+.2f}']
            for name, values in figures.items()]
    bench.results.section(title, table([unit, *(f'{size:,}' for size in sizes), 'exponent'], rows))
    bench.results.plot(title.lower().replace(' ', '-'), title, x=unit, y='figure', logs=True, lines={
        name: list(zip(sizes, values)) for name, values in figures.items()})


def settled_bytes(hub):
    time.sleep(0.3)
    return hub.server.resident_bytes()


def start_again(bench, servers, hub):
    servers.stop(hub.server)
    return Hub(servers, bench.binary, hub.name, hub.data, is_new=False)


def move_some(bench, hub, count):
    """Transfer some sessions to another channel and all of them back, so that none is asked to go where it is."""
    rows = os.path.join(bench.folder, 'rows-moved')
    write_rows(rows, count, 'growing')
    moves = to_and_fro(rows, os.path.join(bench.folder, 'rows-moving'))
    load = Load(bench, 'POST', '/transfer/channel', moves, TRANSFER)
    return load.put(Target(hub.name, hub.url), CONNECTIONS, 600, '--once', '--warmup', '0')


def measure_sessions(bench, servers):
    """The same work on a hub that knows more and more sessions, all of them active."""
    sizes = SHORT_SIZES if bench.is_short else SIZES
    hub = Hub(servers, bench.binary, 'growing hub', os.path.join(bench.folder, 'growing'))
    rows = os.path.join(bench.folder, 'rows-growing')
    seconds = min(1.0, bench.seconds)
    figures = {name: [] for name in ('POST us', 'bulk us', 'GET us', 'unified view us', 'active list us', 'transfer us', 'resident MB')}
    few = os.path.join(bench.folder, 'rows-few')  # for bulk, so that the others do not get fifty messages at once
    write_rows(few, FEW, 'few')
    create_sessions(bench, hub, few, FEW)
    known, empty = 0, settled_bytes(hub)
    hub = start_again(bench, servers, hub)
    at_start = settled_bytes(hub)
    for size in sizes:
        bench.progress.step(f'growth: {size:,} sessions')
        write_rows(rows, size - known, 'growing', known)
        create_sessions(bench, hub, rows, size - known, KNOWN_CONNECTIONS)
        known = size
        write_rows(rows, size, 'growing')
        for name, method, path, body, which in (
                ('POST us', 'POST', PATH_POST, MESSAGE, rows), ('bulk us', 'POST', '/message/bulk-process', BULK, few),
                ('GET us', 'GET', PATH_GET, None, rows), ('unified view us', 'GET', '/customer/{2}/unified-view', None, rows),
                ('active list us', 'GET', ACTIVE, None, rows)):
            result = Load(bench, method, path, which, body).put(Target(hub.name, hub.url), CONNECTIONS, seconds)
            figures[name].append(1e6 / result['rate'])
        figures['transfer us'].append(1e6 / move_some(bench, hub, min(size, MOVED))['rate'])
        hub.catch_up(hub.behind()[1])
        figures['resident MB'].append(settled_bytes(hub) / (1 << 20))
    bench.results.rows.append(Row('bytes of one more known, active session and customer', [
        (figures['resident MB'][-1] * (1 << 20) - empty) / sizes[-1]], text='{:.0f}'))
    show(bench, 'Growth with sessions', 'sessions', sizes, figures)
    hub = start_again(bench, servers, hub)
    bench.results.rows.append(Row('bytes of one more known session and customer, none active, after a start', [
        (settled_bytes(hub) - at_start) / sizes[-1]], text='{:.0f}'))
    servers.stop(hub.server)


def add_events(bench, hub, rows, wanted):
    """Messages in bulk until the log is so long."""
    load = Load(bench, 'POST', '/message/bulk-process', rows, BULK)
    deadline = time.monotonic() + 60 + wanted / 5000
    while hub.positions()[0] < wanted:
        if time.monotonic() > deadline:
            raise Failed(f'the log did not come to {wanted:,} events in time')
        load.put(Target(hub.name, hub.url), 16, 1 if wanted > 100_000 else 0.2, '--warmup', '0')
    hub.catch_up(hub.behind()[1])


def first_answer_s(bench, servers, data, session):
    """Start a hub on data that it has; returns it, and the seconds until a session was read."""
    began = time.monotonic()
    hub = Hub(servers, bench.binary, 'hub that starts again', data, is_new=False)
    answer = ask(hub.server, 'GET', PATH_GET.replace('{1}', session), headers=HEADERS)
    took = time.monotonic() - began
    if answer.status != 200 or not json.loads(answer.body):
        raise Failed(f'the first answer after a start was {answer.status_line}')
    return hub, took


def measure_log(bench, servers):
    """Starting again with longer and longer logs, after a kill: the checks of the last stretch are in it."""
    data, rows = os.path.join(bench.folder, 'long'), os.path.join(bench.folder, 'rows-long')
    first = write_rows(rows, 1024, 'long')[0]
    hub = Hub(servers, bench.binary, 'hub with a long log', data)
    create_sessions(bench, hub, rows, 1024)
    sizes, figures = [], {'first answer ms': [], 'POST us': [], 'GET us': [], 'folding again ms': [], 'log MB': []}
    for part in LOGS:
        wanted = int(bench.events * part)
        bench.progress.step(f'growth: a log of {wanted:,} events')
        add_events(bench, hub, rows, wanted)
        sizes.append(hub.positions()[0])
        servers.stop(hub.server)
        hub, took = first_answer_s(bench, servers, data, first)
        figures['first answer ms'].append(took * 1000)
        for name, method, path, body in (('POST us', 'POST', PATH_POST, MESSAGE), ('GET us', 'GET', PATH_GET, None)):
            result = Load(bench, method, path, rows, body).put(Target(hub.name, hub.url), CONNECTIONS, min(1.0, bench.seconds))
            figures[name].append(1e6 / result['rate'])
        began = time.monotonic()
        run_text([bench.binary, 'replay', '--verify', '--data', data], 600)
        figures['folding again ms'].append((time.monotonic() - began) * 1000)
        log = os.path.join(data, 'log')
        figures['log MB'].append(sum(os.path.getsize(os.path.join(log, name)) for name in os.listdir(log)) / (1 << 20))
    bench.results.rows.append(Row(f'first answer after a start with {sizes[-1]:,} events, s', [figures['first answer ms'][-1] / 1000],
                                  BAR_START_S, at_most=True))
    show(bench, 'Growth with the log', 'events', sizes, figures)
    servers.stop(hub.server)


def measure_growth(bench, servers):
    measure_sessions(bench, servers)
    measure_log(bench, servers)
