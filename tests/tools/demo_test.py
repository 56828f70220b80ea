#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`demo` takes the journey of the integration guide and shows what came back."""

import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import BINARY, KEY, Hub, clean_environment, run, wait_for  # noqa: E402

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

    def test_an_agent_hears_of_every_step_that_changes_something(self):
        heard = re.findall(r'^  <~ (\w+) ', self.done.stdout, re.M)
        for frame, times in (('session_update', 1), ('new_message', 3), ('channel_transfer', 1), ('customer_activity', 1)):
            self.assertGreaterEqual(heard.count(frame), times, frame)
        said = re.search(r'POST /message/process.*?<~ new_message (.*?)\n', self.done.stdout, re.S).group(1)
        self.assertIn('I have a complex billing issue', said)

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


def play(hub, customers, seed):
    return run('demo', '--load', str(customers), '--seed', str(seed), '--url', f'http://127.0.0.1:{hub.port}', '--key', KEY)


def counts(said):
    """What the summary counts: {'answers': 352, ...}."""
    return {what: int(number) for number, what in re.findall(r'^ +(\d+)  ([a-z ]+)', said, re.M)}


def lives(hub):
    """What customers with an open session said and were told, by the number of the customer."""
    said = {}
    for session in hub.get('/sessions/active?limit=500').json:
        history = hub.get(f"/customer/{session['customer_id']}/history").json['history']
        said[session['customer_id'].split('-')[0]] = [
            (entry['event'], entry['content'], entry['channel']) for entry in history
            if entry['event'] in ('message_received', 'message_sent')]
    return said


class Load(unittest.TestCase):
    CUSTOMERS = 60

    @classmethod
    def setUpClass(cls):
        cls.hubs = [Hub() for _ in range(2)]
        cls.done = [play(hub, cls.CUSTOMERS, 7) for hub in cls.hubs]
        cls.figures = [hub.get('/analytics/dashboard').json['last_24_hours'] for hub in cls.hubs]
        cls.lives = [lives(hub) for hub in cls.hubs]

    @classmethod
    def tearDownClass(cls):
        for hub in cls.hubs:
            hub.__exit__()

    def test_it_ends_with_0_and_says_how_far_it_is(self):
        for done in self.done:
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout[-2000:])
            self.assertRegex(done.stderr, r'^(omnihub: +\d+%  \d+ of 60 customers.*\n)*$')
            self.assertRegex(done.stdout, r'Played 60 of 60 customers, seed 7: \d+ h \d\d min of conversation in ')
            self.assertNotIn('\r', done.stdout)

    def test_the_summary_counts_what_the_hub_has(self):
        said, total = counts(self.done[0].stdout), self.figures[0]['total']
        self.assertEqual(total['messages_in'], said['messages of customers'])
        self.assertGreaterEqual(total['messages_out'], said['answers'] + said['recipients reached by a campaign'])
        self.assertEqual((total['transfers_in'], total['sessions_ended']), (said['channel transfers'], said['sessions ended']))
        self.assertEqual((total['help']['wanted'], total['help']['helped']),
                         (said['wishes for a person'], said['wishes that an agent took']))
        self.assertGreater(said['recipients reached by a campaign'], 30)
        self.assertGreaterEqual(total['sessions_created'], self.CUSTOMERS)
        self.assertGreater(total['satisfaction']['n'], 0)

    def test_every_channel_is_used(self):
        channels = self.figures[0]['by_channel']
        self.assertEqual(len([one for one in channels if one['messages_in'] > 0]), 8)

    def test_the_same_seed_plays_the_same_customers(self):
        first, second = (counts(done.stdout) for done in self.done)
        self.assertEqual(first, {**second, 'requests in all': first['requests in all']})
        seen = self.lives
        self.assertEqual(seen[0], seen[1])
        self.assertGreater(len(seen[0]), 5)

    def test_another_seed_plays_others(self):
        done = play(self.hubs[1], self.CUSTOMERS, 8)
        self.assertEqual(done.returncode, 0, done.stderr)
        first, other = ({**counts(said), 'requests in all': 0} for said in (self.done[0].stdout, done.stdout))
        self.assertNotEqual(first, other)

    def test_an_interrupt_ends_it_with_the_summary(self):
        with Hub() as hub:
            words = [BINARY, 'demo', '--load', '100000', '--url', f'http://127.0.0.1:{hub.port}', '--key', KEY]
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True, env=clean_environment())
            wait_for(lambda: hub.get('/sessions/active').json, what='a session')
            process.send_signal(signal.SIGINT)
            said, complaints = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 130)
            self.assertRegex(complaints, r'^(omnihub: +\d+%  \d+ of 100000 customers.*\n)*$')
            self.assertRegex(said, r'Stopped after \d+ of 100000 customers')


if __name__ == '__main__':
    unittest.main()
