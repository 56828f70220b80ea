# SPDX-License-Identifier: AGPL-3.0-or-later
"""WebSockets under load: how late thousands hear a message, what some who stop reading do to the others, what idle ones cost.

The client, the hub and whatever else runs share this machine: on two busy cores the figures say more about these."""

import json
import os
import resource
import subprocess
import threading
import time

from hub import HEADERS, Hub
from processes import Failed
from report import table

SOCKETS, STALLED, RATE = 2000, 50, 200
IDLE = 20000
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


def judge(value, bar):
    return 'met' if value <= bar else '**missed**'


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


def measure_live(bench, servers):
    """Returns the table as text, and whether every bar was reached."""
    files = raise_files()
    hub = Hub(servers, bench.binary, 'live', os.path.join(bench.folder, 'live'))
    for number in range(100):
        hub.post('/session/create', json.dumps({'customer_id': f'ear_{number}', 'session_id': f'ear_session_{number}',
                                                'channel': 'chat'}).encode())
    ears = Ears(bench, hub)
    idle = min(IDLE, files - SPARE_FILES)
    bench.progress.step(f'{idle} idle sockets')
    idle_bytes = measure_idle(ears, hub, idle)
    bench.progress.step(f'{SOCKETS} sockets, {RATE} messages a second')
    alone = ears.run(5, '--sockets', SOCKETS)
    bench.progress.step(f'the same, {STALLED} of them stop reading')
    before = resident_bytes(hub.server.pid)
    with Peak(hub.server.pid) as peak:
        stalled = ears.run(20, '--sockets', SOCKETS, '--stalled', STALLED)
    grown = (peak.bytes - before) / 2**20
    closed = stalled['told_to_resume']
    rows = [
        [f'{SOCKETS} sockets, {RATE} messages/s: from due to frame, p50', f'{milliseconds(alone, "p50"):.1f} ms', '', ''],
        ['the same, p99', f'{milliseconds(alone, "p99"):.1f} ms', '<= 50 ms', judge(milliseconds(alone, 'p99'), 50)],
        [f'{STALLED} of them stop reading: the others, p99', f'{milliseconds(stalled, "p99"):.1f} ms', '<= 50 ms',
         judge(milliseconds(stalled, 'p99'), 50)],
        ['of these, told to resume (1013)', f'{closed}', f'= {STALLED}', 'met' if closed == STALLED else '**missed**'],
        ['of the others, closed', f'{stalled["lost"]}', '= 0', judge(stalled['lost'], 0)],
        ['memory at most, beyond that before', f'{grown:.1f} MiB', '<= 64 MiB', judge(grown, 64)],
        [f'{idle} idle sockets: memory of one', f'{idle_bytes:.0f} bytes', '<= 16384 bytes', judge(idle_bytes, 16384)],
    ]
    text = '## WebSockets\n\n' + table(['what', 'figure', 'bar', ''], rows) + '\n'
    return text, all(row[3] != '**missed**' for row in rows)
