# SPDX-License-Identifier: AGPL-3.0-or-later
"""WebSockets under load: how late thousands hear a message, what some who stop reading do to the others, what idle ones cost.

The client, the hub and whatever else runs share this machine: on two busy cores the figures say more about these."""

import json
import os
import resource
import socket
import subprocess
import threading
import time

from hub import HEADERS, Hub
from processes import Failed
from report import Row, table

SOCKETS, STALLED, RATE = 2000, 50, 200
FAN_OUT = (1, 100, SOCKETS)
BAR_HEARD_MS = 25
BAR_IDLE_BYTES = 12 << 10
IDLE = 20000
IDLE_HTTP = 5000
SPARE_FILES = 1000
BODY = json.dumps({'customer_id': 'ear_{n}', 'session_id': 'ear_session_{n}', 'channel': 'chat',
                   'content': 'How are you today? {t}'}, separators=(',', ':'))


def resident_bytes(pid):
    with open(f'/proc/{pid}/statm', encoding='ascii') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


class Peak:
    """The most memory that a process has while the block lasts."""

    def __init__(self, pid):
        self.pid, self.bytes, self.ends = pid, resident_bytes(pid), False
        self.thread = threading.Thread(target=self._look, daemon=True)

    def _look(self):
        while not self.ends:
            self.bytes = max(self.bytes, resident_bytes(self.pid))
            time.sleep(0.05)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.thread.join()


class Ears:
    """bench-ears on one hub."""

    def __init__(self, bench, hub):
        self.command = [bench.tool('bench-ears'), '--url', hub.url + '/ws/dashboard']
        for header in HEADERS[:1]:
            self.command += ['--header', header]

    def start(self, *options):
        return subprocess.Popen([*self.command, *map(str, options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def run(self, seconds, *options):
        process = self.start('--seconds', seconds, '--rate', RATE, '--post', '/message/process', '--body', BODY, *options)
        out, err = process.communicate(timeout=seconds + 120)
        if process.returncode != 0:
            raise Failed(f'bench-ears: {err.strip()}')
        result = {key: int(value) for key, value in (line.split('=') for line in out.splitlines())}
        if result['refused'] or result['posts_failed']:
            raise Failed(f'{result["refused"]} sockets and {result["posts_failed"]} messages were refused')
        return result


def raise_files():
    """As many files as this user may have, for the programs that are started from here."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = IDLE + 2 * SPARE_FILES
    for limits in ((max(hard, wanted), max(hard, wanted)), (hard, hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            return limits[1]
        except (OSError, ValueError):
            pass
    return hard


def milliseconds(result, point):
    return result[f'heard_{point}_us'] / 1000


def measure_idle(ears, hub, count):
    """Bytes of one idle socket, as the hub's resident memory shows it."""
    before = resident_bytes(hub.server.pid)
    process = ears.start('--sockets', count, '--wait', '--seconds', 0)
    if process.stdout.readline().strip() != 'open':
        raise Failed(f'bench-ears: {process.communicate()[1].strip()}')
    time.sleep(1)  # what is freed late
    after = resident_bytes(hub.server.pid)
    out, _ = process.communicate('\n', timeout=120)
    if f'opened={count}' not in out:
        raise Failed(f'not all of {count} sockets could be opened')
    return (after - before) / count


def measure_idle_http(bench, servers, count):
    """Bytes of one connection of HTTP/1.1 that asked once and waits, of a hub that has freed nothing yet."""
    bench.progress.step(f'{count} idle connections')
    hub = Hub(servers, bench.binary, 'idle', os.path.join(bench.folder, 'idle'))
    before, connections = resident_bytes(hub.server.pid), []
    try:
        for _ in range(count):
            connections.append(socket.create_connection((hub.server.host, hub.server.port), 30))
            connections[-1].sendall(b'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
        for connection in connections:
            if not connection.recv(4096).startswith(b'HTTP/1.1 200 '):
                raise Failed('a connection that was to be idle got no answer')
        return (resident_bytes(hub.server.pid) - before) / count
    finally:
        for connection in connections:
            connection.close()
        servers.stop(hub.server)


def measure_fan_out(bench, ears):
    """One message to 1, 100 and 2,000 sockets; returns [(sockets, result)]."""
    found = []
    for sockets in FAN_OUT:
        bench.progress.step(f'{sockets} sockets, {RATE} messages a second')
        found.append((sockets, ears.run(bench.live_seconds, '--sockets', sockets)))
    bench.results.section('Messages to sockets', f'{RATE} messages a second, from due to frame.\n\n' + table(
        ['sockets', 'p50 ms', 'p99 ms', 'most ms'],
        [[f'{sockets:,}', *(f'{milliseconds(result, point):.1f}' for point in ('p50', 'p99', 'max'))] for sockets, result in found]))
    bench.results.plot('sockets', 'From due to frame, by sockets', x='sockets', y='ms', lines={
        point: [(sockets, milliseconds(result, point)) for sockets, result in found] for point in ('p50', 'p99')})
    bench.results.rows.append(Row(f'{SOCKETS:,} sockets, {RATE} messages/s, p99 in ms', [milliseconds(found[-1][1], 'p99')],
                                  BAR_HEARD_MS, at_most=True, text='{:.1f}'))


def measure_stalled(bench, hub, ears):
    bench.progress.step(f'{SOCKETS} sockets, {STALLED} of them stop reading')
    before = resident_bytes(hub.server.pid)
    with Peak(hub.server.pid) as peak:
        stalled = ears.run(20, '--sockets', SOCKETS, '--stalled', STALLED)
    bench.results.rows += [
        Row(f'{STALLED} of them stop reading: the others, p99 in ms', [milliseconds(stalled, 'p99')], 50, at_most=True, text='{:.1f}'),
        Row('... of these, told to resume (1013)', [stalled['told_to_resume']], STALLED, text='{:.0f}'),
        Row('... of the others, closed', [stalled['lost']], 0, at_most=True, text='{:.0f}'),
        Row('... memory at most, beyond that before, MiB', [(peak.bytes - before) / 2**20], 64, at_most=True, text='{:.1f}'),
    ]


def measure_live(bench, servers):
    files = raise_files()
    hub = Hub(servers, bench.binary, 'live', os.path.join(bench.folder, 'live'))
    for number in range(100):
        hub.post('/session/create', json.dumps({'customer_id': f'ear_{number}', 'session_id': f'ear_session_{number}',
                                                'channel': 'chat'}).encode())
    ears = Ears(bench, hub)
    idle = min(IDLE, files - SPARE_FILES)
    bench.progress.step(f'{idle} idle sockets')
    bench.results.rows.append(Row(f'{idle:,} idle sockets: bytes of one', [measure_idle(ears, hub, idle)], BAR_IDLE_BYTES,
                                  at_most=True, text='{:.0f}'))
    connections = min(IDLE_HTTP, idle)
    bench.results.rows.append(Row(f'{connections:,} idle HTTP/1.1 connections: bytes of one', [
        measure_idle_http(bench, servers, connections)], BAR_IDLE_BYTES, at_most=True, text='{:.0f}'))
    measure_fan_out(bench, ears)
    if bench.is_whole:
        measure_stalled(bench, hub, ears)
    servers.stop(hub.server)
