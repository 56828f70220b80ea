#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`demo` takes the journey of the integration guide and shows what came back."""

import glob
import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import KEY, Hub, run  # noqa: E402

STEPS = ('POST /session/create', 'POST /message/process', 'POST /intelligent-routing', 'POST /transfer/channel',
         'POST /message/process', 'POST /message/respond', 'GET /message/', 'GET /customer/')
EVENTS = ('customer_created', 'session_opened', 'message_received', 'transfer_requested', 'transfer_moved',
          'message_received', 'message_sent', 'message_status_changed')


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.done = run('demo', env={'TMPDIR': cls.folder.name})

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_it_ends_with_0(self):
        self.assertEqual((self.done.returncode, self.done.stderr), (0, ''), self.done.stdout[-2000:])
        self.assertTrue(self.done.stdout.rstrip().endswith('The journey came out as expected.'))

    def test_every_step_shows_request_status_and_answer(self):
        shown = re.findall(r'^     ((?:GET|POST) /\S+)$', self.done.stdout, re.M)
        self.assertEqual(len(shown), len(STEPS))
        for line, expected in zip(shown, STEPS):
            self.assertTrue(line.startswith(expected), line)
        self.assertEqual(re.findall(r'^  -> (\d+)$', self.done.stdout, re.M), ['201'] + ['200'] * 7)

    def test_it_shows_what_the_guide_promises(self):
        for text in ('"I have a complex billing issue"', '"channel": "video"', '"reason": "Visual communication',
                     '"conversation_history": [', '"status": "delivered"', '"interaction_timeline": ['):
            self.assertIn(text, self.done.stdout)

    def test_the_replayed_history_has_the_events_in_order(self):
        history = self.done.stdout[self.done.stdout.index('replayed from the log'):]
        at = 0
        for name in EVENTS:
            self.assertIn(name, history[at:], name)
            at += history[at:].index(name) + len(name)
        self.assertIn('I have a complex billing issue', history)

    def test_no_colours_where_nobody_looks(self):
        self.assertNotIn('\033', self.done.stdout)

    def test_it_leaves_nothing_behind(self):
        self.assertEqual(glob.glob(f'{self.folder.name}/*'), [])

    def test_it_works_on_a_running_hub_again_and_again(self):
        with Hub() as hub:
            for _ in range(2):
                done = run('demo', '--url', f'http://127.0.0.1:{hub.port}', '--key', KEY)
                self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr)
                self.assertIn('The history (GET /customer/', done.stdout)

    def test_a_wrong_key_is_a_failure(self):
        with Hub() as hub:
            done = run('demo', '--url', f'http://127.0.0.1:{hub.port}', '--key', 'wrong')
            self.assertEqual(done.returncode, 1)
            self.assertIn('-> 401', done.stdout)
            self.assertEqual(len(done.stderr.splitlines()), 1)


if __name__ == '__main__':
    unittest.main()
