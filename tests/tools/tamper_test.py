#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever somebody does to the files of a data directory is named by `audit verify`, or costs not one byte of an export.

200 cases, half of them on rows through RocksDB, half on raw files; all that happens follows from the number of a case.
OMNIHUB_TAMPER_CASES: how many, OMNIHUB_TAMPER_FIRST: from which number on."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'e2e'))
from running import Hub, run, wait_for  # noqa: E402

DRIVER = os.environ.get('TAMPER_DRIVER', '')
CASES = int(os.environ.get('OMNIHUB_TAMPER_CASES', '200'))
FIRST = int(os.environ.get('OMNIHUB_TAMPER_FIRST', '0'))
REPORT = re.compile(r'^omnihub: the log is not sound: (?:position (\d+): )?(.+)$', re.M)
REFUSED = re.compile(r'^omnihub: (?:[A-Z].+ (?:/|in /).+\.|there is no log in /.+)$', re.M | re.S)
FAILED, UNSOUND, ABSENT, DENIED = 1, 3, 4, 5  # of tools/exits.def
SKIPPED = ('LOCK', 'LOG', 'lock')  # no content, or RocksDB's own chatter


def fill(hub, turn):
    for number in range(4):
        customer, session = f'customer_{turn}_{number}', f'session_{turn}_{number}'
        key = {'Idempotency-Key': f'{turn}-{number}'}
        assert hub.post('/session/create', {'customer_id': customer, 'session_id': session, 'channel': 'chat',
                                            'customer_profile': {'name': f'Name {number}', 'tier': 'premium'}},
                        headers=key).status == 201
        hub.say(customer, session, 'Hello, where is my parcel?', sentiment='concerned')
        sent = hub.post('/message/respond', {'session_id': session, 'content': 'An answer'}).json['message_id']
        if turn == 0:
            wait_for(lambda: hub.get(f'/message/{sent}').json['message']['status'] == 'delivered')
    if turn == 0:
        assert hub.ask('DELETE', '/session/session_0_1').status in (200, 204)
    assert hub.post('/transfer/channel', {'session_id': session, 'to_channel': 'email', 'reason': 'Test'}).status < 300


def archive(data):
    done = run('log', 'archive', '--older-than', '0s', '--data', data)
    assert done.returncode == 0 and 'events of 1 sessions' in done.stdout, done


def witness(data):
    with open(os.path.join(data, 'witness'), 'rb') as file:
        return int.from_bytes(file.read()[28:36], 'big')


def head(hub):
    found = re.search(r'^omnihub_commit_position(?:\{[^}]*\})? (\d+)', hub.get('/metrics').body.decode(), re.M)
    return int(found.group(1))


def checkpoints(data):
    """The sizes of the signed checkpoints."""
    with open(os.path.join(data, 'checkpoints'), encoding='utf-8') as file:
        return [int(size) for size in re.findall(r'^omnihub/.+\n(\d+)\n', file.read(), re.M)]


def accesses(data):
    """How far the log was at each reading that was noted."""
    done = run('audit', 'reads', '--json', '--data', data)
    return [entry['position'] for entry in json.loads(done.stdout)['accesses']]


def export(data, place):
    """Everything as text, with personal values in the clear; None when it cannot be read."""
    shutil.rmtree(place, ignore_errors=True)
    os.mkdir(place)
    target = os.path.join(place, 'events')
    done = run('export', '--data', data, '--format', 'json', '--to', target)
    if done.returncode != 0:
        return None
    with open(target, 'rb') as file:
        return file.read()


# --- Raw files ---

def flip(data, chance):
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1:]


def cut(data, chance):
    return data[:chance.randrange(len(data))]


def insert(data, chance):
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randrange(1, 100)) + data[at:]


def remove(data, chance):
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randrange(1, 100):]


def swap(data, chance):
    size = chance.choice((16, 96, 512))
    a, b = sorted(chance.randrange(max(1, len(data) // size)) for _ in range(2))
    if a == b or (b + 1) * size > len(data):
        return flip(data, chance)
    one, other = data[a * size:(a + 1) * size], data[b * size:(b + 1) * size]
    return data[:a * size] + other + data[(a + 1) * size:b * size] + one + data[(b + 1) * size:]


def zero(data, chance):
    at = chance.randrange(len(data))
    end = min(len(data), at + chance.randrange(1, 100))
    return data[:at] + bytes(end - at) + data[end:]


def tamper_file(data, chance):
    """Do one thing to one file; says what."""
    paths = sorted(os.path.join(folder, name) for folder, _, names in os.walk(data) for name in names
                   if name not in SKIPPED and not name.startswith('LOG.'))
    path = chance.choice([path for path in paths if os.path.getsize(path) > 0])
    action = chance.choice((flip, flip, flip, cut, insert, remove, swap, zero, None))
    name = os.path.relpath(path, data)
    if action is None:
        os.remove(path)
        return f'{name} removed'
    with open(path, 'rb') as file:
        before = file.read()
    after = action(before, chance)
    with open(path, 'wb') as file:
        file.write(after)
    return f'{name}: {action.__name__}'


class Tamper(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix='omnihub-tamper-')
        cls.base = os.path.join(cls.place, 'base')
        for turn in range(2):  # what the first one wrote lies in table files, what the second one wrote in the WAL
            with Hub(data=cls.base, options=('--loopback-failures', str(100 * turn))) as hub:
                fill(hub, turn)
                if turn == 0:
                    assert hub.stop() == 0
                    archive(cls.base)
                else:
                    wait_for(lambda: witness(cls.base) == head(hub), what='a witness that is up to date')
                    hub.kill()
        cls.expected = export(cls.base, os.path.join(cls.place, 'expected'))
        assert cls.expected and b'parcel' in cls.expected
        assert run('audit', 'verify', '--data', cls.base).returncode == 0
        cls.head = witness(cls.base)
        cls.signed = checkpoints(cls.base)
        cls.noted = accesses(cls.base)
        assert cls.signed and cls.noted

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place, ignore_errors=True)

    def setUp(self):
        self.data = os.path.join(self.place, 'copy')
        self.counts = {}

    def fresh(self):
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.base, self.data)

    def look(self, what):
        """Position and words of what `audit verify` reports, or None; it fails with a sentence or not at all."""
        done = run('audit', 'verify', '--data', self.data)
        if done.returncode == 0:
            return None
        self.assertIn(done.returncode, (FAILED, UNSOUND, ABSENT, DENIED), f'{what}: {done.stderr}')
        found = REPORT.search(done.stderr)
        if found:
            return int(found.group(1) or 0), found.group(2)
        self.assertRegex(done.stderr, REFUSED, what)
        return None, done.stderr

    def count(self, outcome):
        self.counts[outcome] = self.counts.get(outcome, 0) + 1

    def settle(self, what, report, allowed):
        """One case is over: reported, or it cost nothing."""
        if report is None:
            self.assertEqual(export(self.data, os.path.join(self.place, 'found')), self.expected,
                             f'{what}: not reported, but the export is another one')
            self.count('dead bytes')
        elif report[0] is None:
            self.count('refused')
        else:
            self.count('reported')
            self.assertTrue(allowed(report[0]), f'{what}: reported at {report[0]}: {report[1]}')

    def test_what_is_done_to_rows_is_reported_at_its_position(self):
        for number in range(FIRST, FIRST + CASES // 2):
            with self.subTest(seed=number):
                self.fresh()
                done = subprocess.run([DRIVER, self.data, str(number)], capture_output=True, text=True, timeout=60,
                                      check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                did, family, positions = done.stdout.rstrip('\n').split('\t')
                report = self.look(did)
                what = f'{did} ({family}, {positions})'
                self.assertIsNotNone(report, f'{what}: not reported')
                expected = positions.split()
                self.assertTrue(expected, what)
                lowest = min(int(word.rstrip('+')) for word in expected)
                self.settle(what, report, lambda at: str(at) in expected or ('+' in positions and at >= lowest))
        print(f'rows: {self.counts}', file=sys.stderr)

    def is_of_file(self, name, position):
        """Whether what is wrong with a file can be wrong at that position."""
        if name.startswith('checkpoint'):  # the first event that no checkpoint covers now, or the last one that a checkpoint covers
            return position in [1] + self.signed + [size + 1 for size in self.signed]
        if name.startswith('access'):  # what was noted last before, or nothing
            return position in [1] + self.noted
        return 1 <= position <= self.head + 1

    def test_what_is_done_to_files_is_reported_or_costs_nothing(self):
        for number in range(FIRST, FIRST + CASES - CASES // 2):
            with self.subTest(seed=number):
                self.fresh()
                what = tamper_file(self.data, random.Random(number))
                self.settle(what, self.look(what), lambda at, name=what: self.is_of_file(name, at))
        print(f'files: {self.counts}', file=sys.stderr)


if __name__ == '__main__':
    unittest.main()
