#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`log`: what the log consists of, its last events, and packing it closer."""

import json
import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import BINARY, Hub, clean_environment, run  # noqa: E402


class Log(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        for customer in range(12):
            cls.hub.create_session(f'customer_{customer}', f'session_{customer}')
            for number in range(customer):
                cls.hub.say(f'customer_{customer}', f'session_{customer}', f'Message {number}')

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def log(self, *words, status=0):
        done = run('log', *words, '--data', self.hub.data)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stderr if status else done.stdout

    def info(self):
        return json.loads(self.log('info', '--json'))

    def events(self, *words):
        return [json.loads(line) for line in run('replay', '--json', '--data', self.hub.data, *words).stdout.splitlines()]

    def test_info_counts_what_the_events_say(self):
        events, info = self.events(), self.info()
        self.assertEqual((info['events'], info['in_the_last_hour'], info['in_the_last_week']), (len(events),) * 3)
        self.assertEqual((info['first_event'], info['last_event'], info['position']),
                         (events[0]['time'], events[-1]['time'], events[-1]['position']))
        lengths = {}
        for event in events:
            key = (event['kind'], event['stream'].split('/')[1] if 'stream' in event else event['entity'])
            lengths[key] = max(lengths.get(key, 0), event['version'])
        for row in info['streams']:
            mine = [length for (kind, _), length in lengths.items() if kind == row['kind']]
            self.assertEqual((row['streams'], row['events']), (len(mine), sum(mine)), row)
        self.assertEqual([row['events'] for row in info['longest']], sorted(lengths.values(), reverse=True)[:10])
        for row in info['longest']:
            self.assertEqual(lengths[(row['kind'], row['entity'])], row['events'])
        self.assertEqual([row['family'] for row in info['families']],
                         ['default', 'header', 'payload', 'stream', 'tag', 'command', 'alias', 'pending'])

    def test_info_for_people_has_tables(self):
        said = self.log('info')
        self.assertRegex(said, r'(?m)^events +\d+$')
        self.assertRegex(said, r'(?m)^kind +entity +company +events$')

    def test_tail_prints_the_last_ones_and_goes_on(self):
        events = self.events()
        shown = [json.loads(line) for line in self.log('tail', '--last', '3', '--json').splitlines()]
        self.assertEqual(shown, events[-3:])
        self.assertEqual(len(self.log('tail').splitlines()), 11)  # ten, and what the columns are
        self.assertEqual(len(self.log('tail', '--last', '1000000').splitlines()), len(events) + 1)
        words = [BINARY, 'log', 'tail', '--data', self.hub.data, '--last', '1', '--follow', '--json']
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=clean_environment()) as follower:
            try:
                self.assertEqual(json.loads(follower.stdout.readline()), events[-1])
                self.hub.say('customer_1', 'session_1', 'While somebody follows')
                self.assertEqual(json.loads(follower.stdout.readline())['sequence'], events[-1]['sequence'] + 1)
            finally:
                follower.send_signal(signal.SIGINT)
            self.assertEqual(follower.wait(timeout=30), 0)

    def test_who_is_killed_while_he_follows_leaves_nothing_behind(self):
        place = os.path.join(self.hub.made, 'tmp')
        os.mkdir(place)
        words = [BINARY, 'log', 'tail', '--data', self.hub.data, '--last', '1', '--follow', '--json']
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=clean_environment({'TMPDIR': place})) as follower:
            self.assertTrue(follower.stdout.readline())
            follower.kill()
        self.assertEqual(os.listdir(place), [])


class Compact(unittest.TestCase):
    def test_a_stopped_log_is_packed_and_stays_as_it_was(self):
        with Hub() as hub:
            hub.create_session('customer_004', 'omni_session_004')
            for number in range(30):
                hub.say('customer_004', 'omni_session_004', f'Message {number}')
            there = ('--data', hub.data)
            refused = run('log', 'compact', *there)
            self.assertEqual(refused.returncode, 8)
            self.assertIn('Another hub is using', refused.stderr)
            self.assertEqual(hub.stop(), 0)
            before = run('replay', '--json', *there).stdout
            done = run('log', 'compact', '--json', *there)
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(done.stdout)
            self.assertEqual(report['bytes_after'], sum(row['after'] for row in report['families']))
            self.assertGreater(report['bytes_after'], 0)
            self.assertEqual(run('replay', '--json', *there).stdout, before)
            self.assertEqual(run('audit', 'verify', *there).returncode, 0)
            hub.start()
            self.assertEqual(hub.get('/session/omni_session_004/messages?limit=1000').json['total'], 30)

    def test_what_is_not_there_is_said(self):
        for words, status in ((('compact',), 4), (('info',), 4), (('tail',), 4)):
            done = run('log', *words, '--data', '/nowhere')
            self.assertEqual((done.returncode, len(done.stderr.splitlines()), done.stdout), (status, 1, ''), words)
            self.assertIn('/nowhere', done.stderr)

    def test_without_room_nothing_is_written(self):
        with Hub() as hub:
            hub.create_session('customer_004', 'omni_session_004')
            self.assertEqual(hub.stop(), 0)
            done = run('log', 'compact', '--data', hub.data, '--reserve-mb', '1048576')
            self.assertEqual((done.returncode, done.stdout), (6, ''))
            self.assertRegex(done.stderr, r'packing needs \d+ free bytes and a reserve of 1099511627776, but there are \d+; nothing')
            hub.start()
            self.assertEqual(hub.get('/session/omni_session_004').status, 200)


if __name__ == '__main__':
    unittest.main()
