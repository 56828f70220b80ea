#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A campaign to many customers, one delivery in twenty failing and the hub killed three times: every recipient ends in one
final state, no effect is delivered twice, nobody who opted out or is asleep is contacted, a pause stops it within a second.

The gateway's record of deliveries is the oracle. OMNIHUB_TEST_CAMPAIGN sets how many customers there are.
"""

import collections
import datetime
import json
import os
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import BINARY, Client, Hub, clean_environment, run, wait_for  # noqa: E402

CUSTOMERS = int(os.environ.get('OMNIHUB_TEST_CAMPAIGN', '3000'))
LOADERS = 8
PATIENCE_S = 60 + CUSTOMERS // 200
FINAL = {'delivered', 'exhausted', 'suppressed'}
CHANNELS = ['sms', 'email', 'chat']


def kind_of(number):
    """What is special about a customer."""
    return {0: 'said no', 1: 'asleep', 2: 'said stop', 3: 'said no to sms', 4: 'outside'}.get(number % 25, 'usual')


class Loader(threading.Thread):
    """Makes its share of the customers."""

    def __init__(self, port, numbers):
        super().__init__(daemon=True)
        self.client, self.numbers, self.wrong = Client(port, timeout=60), numbers, []

    def ask(self, method, path, body):
        answer = self.client.ask(method, path, body)
        if answer.status not in (200, 201):
            self.wrong.append((path, answer))

    def run(self):
        for number in self.numbers:
            kind, name = kind_of(number), f'customer-{number}'
            profile = {'tier': 'free' if kind == 'outside' else 'premium',
                       'timezone': '+12:00' if kind == 'asleep' else 'UTC'}
            self.ask('POST', f'/customer/{name}/context', {'profile': profile})
            if kind == 'said no':
                self.ask('PUT', f'/customer/{name}/consent', {'status': 'opted_out'})
            elif kind == 'said no to sms':
                self.ask('PUT', f'/customer/{name}/consent', {'status': 'opted_out', 'channel': 'sms'})
            elif kind == 'said stop':
                self.ask('POST', '/message/process', {'customer_id': name, 'channel': 'sms', 'content': ' StopAll '})


def night_at(hours):
    """Quiet hours that cover now and the next hours where clocks are so far ahead, and not where they show UTC."""
    there = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return {'from': (there - datetime.timedelta(hours=2)).strftime('%H:%M'),
            'until': (there + datetime.timedelta(hours=4)).strftime('%H:%M')}


class Campaign(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub(start=False)
        cls.record = os.path.join(cls.hub.made, 'delivered')
        cls.hub.options = ['--loopback-failures', '5', '--loopback-record', cls.record]
        cls.hub.start()
        cls.figures = {}
        try:
            cls.make_customers()
            cls.launch()
            cls.watch()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    @classmethod
    def make_customers(cls):
        loaders = [Loader(cls.hub.port, range(first, CUSTOMERS, LOADERS)) for first in range(LOADERS)]
        for loader in loaders:
            loader.start()
        for loader in loaders:
            loader.join()
            loader.client.close()
            assert not loader.wrong, loader.wrong[:3]

    @classmethod
    def launch(cls):
        segment = cls.hub.post('/campaign/audience-segment', {'segment_id': 'premium', 'conditions': 'tier == "premium"'})
        assert segment.status == 201, segment
        cls.segment = segment.json
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)
        launched = cls.hub.post('/campaign/omnichannel-launch', {
            'campaign_id': 'spring', 'segment_id': 'premium', 'channels': CHANNELS, 'quiet_hours': night_at(12),
            'ends_at': ends.strftime('%Y-%m-%dT%H:%M:%SZ'), 'messages': [{'content': 'our new plans are there'}]})
        assert launched.status == 200, launched
        cls.began = time.monotonic()

    @classmethod
    def progress(cls):
        answer = cls.hub.get('/campaign/spring/status')
        assert answer.status == 200, answer
        cls.memory_kb = max(getattr(cls, 'memory_kb', 0), cls.peak())
        return answer.json

    @classmethod
    def peak(cls):
        with open(f'/proc/{cls.hub.process.pid}/status', encoding='ascii') as status:
            return next(int(line.split()[1]) for line in status if line.startswith('VmHWM:'))

    @classmethod
    def reach(cls, share):
        wait_for(lambda: cls.progress()['progress']['delivered'] >= CUSTOMERS * share or
                 cls.progress()['status'] == 'finished', PATIENCE_S, f'{share:.0%} delivered')

    @classmethod
    def watch(cls):
        """Three kills and a pause on the way, then the end."""
        cls.reach(0.1)
        cls.hub.restart()
        cls.reach(0.3)
        cls.pause()
        cls.reach(0.5)
        cls.hub.restart()
        cls.reach(0.7)
        cls.hub.restart()
        wait_for(lambda: cls.progress()['status'] == 'finished', PATIENCE_S, 'the end')
        cls.seconds = time.monotonic() - cls.began - cls.paused_s

    @classmethod
    def deliveries(cls):
        with open(cls.record, encoding='ascii') as record:
            return [line.split() for line in record if line.endswith('\n')]

    @classmethod
    def pause(cls):
        began = time.monotonic()
        answer = cls.hub.ask('PUT', '/campaign/spring/pause')
        assert answer.status == 200 and answer.json['status'] == 'paused', answer
        time.sleep(1)  # what is promised: nothing goes out any more after this
        cls.at_pause = len(cls.deliveries())
        time.sleep(1)
        cls.after_pause = len(cls.deliveries())
        cls.standing_at_pause = cls.progress()
        resumed = cls.hub.post('/campaign/spring/resume', None)
        assert resumed.status == 200, resumed
        cls.paused_s = time.monotonic() - began

    @classmethod
    def recipients(cls):
        found, cursor = [], ''
        while True:
            page = cls.hub.get(f'/campaign/spring/recipients?limit=1000{cursor}').json
            found += page['recipients']
            if 'next_cursor' not in page:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    @staticmethod
    def number(recipient):
        return int(recipient['customer_id'].rsplit('-', 1)[1])

    def test_1_everybody_in_the_audience_is_a_recipient_in_a_final_state(self):
        wanted = {number for number in range(CUSTOMERS) if kind_of(number) != 'outside'}
        found = self.recipients()
        self.assertEqual(sorted(self.number(recipient) for recipient in found), sorted(wanted))
        self.assertEqual(self.segment['size'], len(wanted))
        statuses = collections.Counter(recipient['status'] for recipient in found)
        self.assertLessEqual(set(statuses), FINAL)
        counts = self.progress()['progress']
        for status in FINAL:
            self.assertEqual(counts[status], statuses[status])
        self.assertEqual(counts['recipients'], len(wanted))
        self.assertGreater(counts['failures'], 0)
        print(f"{CUSTOMERS} customers, {len(found)} recipients: {dict(statuses)}, {counts['attempts']} attempts of which "
              f"{counts['failures']} failed; {self.seconds:.1f} s with 3 kills: {len(found) / self.seconds:.0f} recipients/s; "
              f'peak memory {self.memory_kb / 1024:.0f} MiB', file=sys.stderr)

    def test_2_each_recipient_came_to_its_final_state_once(self):
        finals, recipients = collections.Counter(), self.progress()['progress']['recipients']
        self.hub.client.close()  # reading the log takes longer than an idle connection lives
        command = [BINARY, 'replay', '--data', self.hub.data, '--type', 'recipient_moved', '--json']
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment()) as replay:
            for line in replay.stdout:
                event = json.loads(line)
                finals[event['entity']] += event['payload']['status'] in FINAL
        self.assertEqual(replay.returncode, 0)
        self.assertEqual(set(finals.values()), {1})
        self.assertEqual(len(finals), recipients)

    def test_3_no_effect_is_delivered_twice_and_nobody_gets_two_messages(self):
        delivered = self.deliveries()
        effects = collections.Counter(line[0] for line in delivered)
        self.assertEqual([effect for effect, times in effects.items() if times > 1], [])
        sessions = {recipient['session_id'] for recipient in self.recipients() if 'session_id' in recipient}
        messages = collections.Counter(line[2] for line in delivered if line[2] in sessions)
        self.assertEqual([session for session, times in messages.items() if times > 1], [])
        self.assertEqual(len(messages), self.progress()['progress']['delivered'])

    def test_4_nobody_who_said_no_or_sleeps_is_contacted(self):
        contacted = {line[2]: line[1] for line in self.deliveries()}
        for recipient in self.recipients():
            kind, session = kind_of(self.number(recipient)), recipient.get('session_id')
            if kind in ('said no', 'said stop', 'asleep'):
                self.assertEqual(recipient['status'], 'suppressed', recipient)
                self.assertEqual(recipient['reason'], 'quiet_hours' if kind == 'asleep' else 'consent')
                self.assertEqual(recipient['attempts'], 0)
                self.assertNotIn(session, contacted)
            elif kind == 'said no to sms':
                self.assertNotEqual(contacted.get(session), 'sms')
            else:
                self.assertIn(recipient['status'], ('delivered', 'exhausted'))

    def test_5_a_pause_stops_it_within_a_second(self):
        if self.standing_at_pause['status'] == 'finished':
            self.skipTest('it was over before the pause')
        self.assertEqual(self.after_pause, self.at_pause)
        self.assertEqual(self.standing_at_pause['progress']['attempted'], 0)

    def test_6_the_log_is_whole(self):
        self.hub.client.close()
        verified = run('audit', 'verify', '--data', self.hub.data, timeout=600)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)


if __name__ == '__main__':
    unittest.main()
