# SPDX-License-Identifier: AGPL-3.0-or-later
"""The other routes at 64 connections, each against hello with that route's own answer, byte for byte."""

import json
import os
from statistics import median

from hub import CONTENT, MESSAGE, fill, write_rows
from measure import Load, Target, create_sessions, interleave, start_hello
from processes import Failed
from report import Row, table

CONNECTIONS = 64
ACTIVE = 10_000
AT_ONCE = 50
BULK = '{"messages":[' + ','.join(MESSAGE.replace(CONTENT, CONTENT + f' ({i})') for i in range(AT_ONCE)) + ']}'
TRANSFER = json.dumps({'customer_id': '{2}', 'session_id': '{1}', 'to_channel': '{3}', 'reason': 'The customer asked for it.'},
                      separators=(',', ':'))


class Route:
    """One request, and what it is to reach."""

    def __init__(self, name, method, path, body=None, rows=None, bar=None, each=1):
        self.name, self.method, self.path, self.body = name, method, path, body
        self.rows, self.bar, self.each = rows, bar, each


def to_and_fro(sessions, path):
    """Rows that move every session to voice, and then every one back to chat; returns their path."""
    with open(sessions, encoding='ascii') as rows, open(path, 'w', encoding='ascii') as out:
        lines = rows.read().splitlines()
        for channel in ('voice', 'chat'):
            out.writelines(f'{line}\t{channel}\n' for line in lines)
    return path


def routes(bench):
    return (
        Route(f'POST bulk-process, {AT_ONCE} messages', 'POST', '/message/bulk-process', BULK, each=AT_ONCE),
        Route('GET unified-view', 'GET', '/customer/{2}/unified-view'),
        Route(f'GET active list of {ACTIVE:,}, first 50', 'GET', '/sessions/active?limit=50', bar=0.5),
        Route('POST transfer', 'POST', '/transfer/channel', TRANSFER, to_and_fro(bench.rows, os.path.join(bench.folder, 'rows-transfer'))),
    )


def first_answer(bench, route):
    """What the hub answers to the first of these requests."""
    session, customer = bench.first
    if route.method == 'GET':
        answer = bench.hub.get(route.path.replace('{2}', customer))
    else:
        answer = bench.hub.post(route.path, fill(route.body.replace('{3}', 'email'), session, customer))
    if answer.status // 100 != 2:
        raise Failed(f'{route.method} {route.path} was answered {answer.status_line}: {answer.body[:300]!r}')
    return answer


def measure_route(bench, servers, route):
    load = Load(bench, route.method, route.path, route.rows or bench.rows, route.body)
    answer = first_answer(bench, route)
    hello = start_hello(bench, servers, 'hello-' + route.path.strip('/').split('?')[0].replace('/', '-'), answer)
    targets = [Target('hello', hello.url), Target('hub', bench.hub.url, bench.hub)]
    interleave(bench, load, targets, CONNECTIONS, bench.few_rounds)
    servers.stop(hello)
    limit, own = (target.results for target in targets)
    bench.results.rows.append(Row(f'{route.name}, of hello', [a['rate'] / b['rate'] for a, b in zip(own, limit)], route.bar))
    middle = [{key: median(result[key] for result in results) for key in ('rate', 'p50_us', 'p99_us')} for results in (limit, own)]
    return [route.name, len(answer.body), f'{middle[0]["rate"]:,.0f}', f'{middle[1]["rate"]:,.0f}',
            f'{middle[1]["rate"] * route.each:,.0f}' if route.each > 1 else '', f'{middle[1]["p50_us"]:,.0f}',
            f'{middle[1]["p99_us"]:,.0f}']


def measure_routes(bench, servers):
    more = os.path.join(bench.folder, 'rows-more')
    write_rows(more, ACTIVE - bench.sessions, 'more')
    create_sessions(bench, bench.hub, more, ACTIVE - bench.sessions)
    rows = [measure_route(bench, servers, route) for route in routes(bench)]
    bench.results.section('Other routes', f'{CONNECTIONS} connections.\n\n' + table(
        ['route', 'bytes', 'hello/s', 'hub/s', 'messages/s', 'p50 us', 'p99 us'], rows))
