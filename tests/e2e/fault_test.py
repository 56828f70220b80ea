#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hub on a disk that fails: it stops with a sentence and has acknowledged nothing that is not there (I1); on a full
disk it refuses to write (507) and goes on reading."""

import http.client
import os
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import Hub, run  # noqa: E402

SHIM = os.environ.get('FAULT_SHIM')
MESSAGES = 12
RUNS = 16  # of each sweep; log/fault takes every single call
FULL, FATAL = 6, 70
CUSTOMER, SESSION = 'customer_004', 'omni_session_004'


@unittest.skipUnless(SHIM, 'FAULT_SHIM names no library')
class Fault(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix='omnihub-fault-')
        self.addCleanup(shutil.rmtree, self.place, True)
        self.data = os.path.join(os.path.realpath(self.place), 'var')

    def hub(self, call='write', at=0, kind='eio', **more):
        return Hub(data=self.data, start=False,
                   env={'LD_PRELOAD': SHIM, 'FAULT_DIR': f'{self.data}/log', 'FAULT_CALL': call, 'FAULT_KIND': kind,
                        'FAULT_AT': str(at), **more})

    def work(self, hub):
        """A short run until it fails; returns what was acknowledged, and whether everything was."""
        said = []
        try:
            hub.create_session(CUSTOMER, SESSION)
            for number in range(MESSAGES):
                hub.say(CUSTOMER, SESSION, f'Message {number}')
                said.append(f'Message {number}')
        except (OSError, http.client.HTTPException):
            return said, False
        return said, True

    def count(self, call):
        """How many such calls a whole run makes."""
        shutil.rmtree(self.data, ignore_errors=True)
        counter = os.path.join(self.place, 'count')
        hub = self.hub(call, FAULT_COUNT=counter)
        hub.start()
        self.assertTrue(self.work(hub)[1])
        self.assertEqual(hub.stop(), 0)
        with open(counter, encoding='ascii') as file:
            return int(file.read())

    def once(self, call, at, kind):
        """One run with one fault. Returns its exit status and what it acknowledged."""
        shutil.rmtree(self.data, ignore_errors=True)
        hub = self.hub(call, at, kind)
        self.addCleanup(hub.kill)
        hub.spawn()
        try:
            hub.wait_until_ready()
        except AssertionError:
            return hub.process.wait(30), [], hub.complaints()
        said, is_whole = self.work(hub)
        status = hub.stop() if is_whole else hub.process.wait(30)
        return status, said, hub.complaints()

    def assert_nothing_was_lost(self, said, where):
        hub = Hub(data=self.data)
        try:
            found = []
            if hub.get(f'/session/{SESSION}').status == 200:
                found = [message['content'] for message in hub.get(f'/session/{SESSION}/messages').json['messages']]
            self.assertEqual(found[:len(said)], said, where)
            self.assertLessEqual(len(found), len(said) + 1, where)  # one may be stored without its answer
            audit = run('audit', 'verify', '--data', self.data)
            self.assertEqual(audit.returncode, 0, f'{where}: {audit.stderr}')
        finally:
            hub.kill()

    def sweep(self, call, kind):
        total, statuses = self.count(call), {}
        step = max(1, total // RUNS)
        for at in range(1, total + 1, step):
            where = f'{kind} at {call} {at} of {total}'
            status, said, complaints = self.once(call, at, kind)
            statuses[status] = statuses.get(status, 0) + 1
            self.assertIn(status, (0, FULL if kind == 'enospc' else 1, FATAL), f'{where}: {complaints}')
            if status:
                self.assertRegex(complaints, r'(?m)^omnihub: \S.*$', where)
            self.assert_nothing_was_lost(said, where)
        print(f'{kind} at {call}: {total} calls a run, exit statuses {statuses}', file=sys.stderr)
        return statuses

    def test_a_failing_write_stops_it(self):
        self.assertIn(FATAL, self.sweep('write', 'eio'))

    def test_a_failing_sync_stops_it(self):
        self.assertIn(FATAL, self.sweep('sync', 'eio'))

    def test_a_disk_that_is_really_full_stops_it(self):
        self.assertIn(FATAL, self.sweep('write', 'enospc'))


class Reserve(unittest.TestCase):
    def test_below_the_reserve_it_refuses_to_write_and_goes_on_reading(self):
        with Hub() as hub:
            hub.create_session(CUSTOMER, SESSION)
            hub.say(CUSTOMER, SESSION, 'Before')
            self.assertEqual(hub.stop(), 0)
            hub.options = ['--reserve-mb', '1048576']  # a terabyte more than there is, or so
            hub.start()
            before = hub.get('/status').json['position']
            for method, path, body in (
                    ('POST', '/message/process', {'customer_id': CUSTOMER, 'channel': 'chat', 'content': 'Now'}),
                    ('POST', '/session/create', {'customer_id': 'another', 'channel': 'chat'}),
                    ('POST', '/transfer/channel', {'session_id': SESSION, 'to_channel': 'video'}),
                    ('PUT', f'/session/{SESSION}', {'priority': 'high'})):
                answer = hub.ask(method, path, body)
                self.assertEqual((answer.status, answer.json['code'], answer.json['success']), (507, 'log_full', False),
                                 f'{method} {path}: {answer!r}')
            for path in (f'/session/{SESSION}', f'/session/{SESSION}/messages', f'/customer/{CUSTOMER}/unified-view',
                         '/sessions/active', '/health'):
                self.assertEqual(hub.get(path).status, 200, path)
            self.assertEqual(hub.get('/status').json['position'], before)
            self.assertEqual(hub.stop(), 0)
            hub.options = []
            hub.start()
            self.assertEqual(hub.say(CUSTOMER, SESSION, 'After').status, 200)
            contents = [message['content'] for message in hub.get(f'/session/{SESSION}/messages').json['messages']]
            self.assertEqual(contents, ['Before', 'After'])


if __name__ == '__main__':
    unittest.main()
