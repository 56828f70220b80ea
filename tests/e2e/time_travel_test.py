#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every view asked for a moment of the past says, byte for byte, what it said when that moment was now (I5, I6)."""

import json
import os
import shutil
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import Client, Hub, run, wait_for  # noqa: E402

CUSTOMER, SESSION = 'customer_004', 'omni_session_004'
VIEWS = (
    f'/session/{SESSION}',
    f'/session/{SESSION}/messages',
    f'/customer/{CUSTOMER}/sessions',
    f'/customer/{CUSTOMER}/history',
    f'/customer/{CUSTOMER}/unified-view',
    '/sessions/active',
    '/agents',
)


def journey(hub):
    """One customer's journey; yields after every step the answer that carries its position."""
    yield hub.create_session(CUSTOMER, SESSION, 'voice',
                             customer_profile={'name': 'Sarah Johnson', 'company': 'Tech Innovations Inc'})
    yield hub.say(CUSTOMER, SESSION, 'I have a complex billing issue', 'voice', sentiment='frustrated')
    yield hub.post(f'/customer/{CUSTOMER}/context', {'context': {'open_invoice': '#12345'}, 'profile': {'tier': 'enterprise'}})
    yield hub.post('/transfer/channel', {'customer_id': CUSTOMER, 'session_id': SESSION, 'from_channel': 'voice',
                                         'to_channel': 'video', 'reason': 'Document review',
                                         'context_data': {'issue_type': 'billing_dispute'}})
    yield hub.say(CUSTOMER, SESSION, 'Now you can see the invoice', 'video')
    sent = hub.post('/message/respond', {'session_id': SESSION, 'channel': 'email', 'content': 'It is settled'})
    path = f"/message/{sent.json['message_id']}"
    wait_for(lambda: hub.get(path).json['message']['status'] == 'delivered', what='the delivery')
    yield hub.get(path)
    second = hub.create_session(CUSTOMER, None, 'chat')
    yield second
    yield hub.say(CUSTOMER, second.json['session_id'], 'One more thing')
    yield hub.ask('PUT', f'/session/{SESSION}', {'status': 'resolved'})
    yield hub.ask('DELETE', f'/session/{SESSION}')


def parts_of(answer):
    """Paths of what an answer says it made: a message, a transfer."""
    made = answer.json.get('message', answer.json)
    if 'transfer_id' in made:
        yield f"/transfer/{made['transfer_id']}/status"
    if 'message_id' in made:
        yield f"/message/{made['message_id']}"


def look(hub, position, paths):
    """What every view says now, having reached a position."""
    seen = {}
    for path in paths:
        answer = hub.get(path, headers={'Hub-Min-Position': position})
        assert answer.status == 200, (path, answer)
        seen[path] = (answer.status, answer.body)
    return seen


class TimeTravel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.moments = []  # (position, {path: what it said})
        cls.parts = []  # paths of messages and transfers, as they came to be
        for answer in journey(cls.hub):
            assert answer.status < 300, answer
            cls.parts += parts_of(answer)
            seen = look(cls.hub, answer.position, [*VIEWS, *cls.parts])
            # What was seen is as of the position that the last view had reached: nothing else writes here.
            cls.moments.append((cls.hub.get(VIEWS[1]).position, seen))

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def assert_past_is_as_it_was(self):
        for number, (position, seen) in enumerate(self.moments):
            for path, expected in seen.items():
                answer = self.hub.get(f'{path}?at={position}')
                self.assertEqual((answer.status, answer.body), expected, f'step {number}, {path}')

    def test_1_every_earlier_position_equals_what_was_live_then(self):
        self.assertGreater(len({body for _, seen in self.moments for _, body in seen.values()}), 30)
        self.assert_past_is_as_it_was()

    def test_2_also_after_a_restart(self):
        self.assertEqual(self.hub.stop(), 0)
        self.hub.start()
        self.assert_past_is_as_it_was()

    def test_3_also_after_views_was_deleted(self):
        self.assertEqual(self.hub.stop(), 0)
        shutil.rmtree(os.path.join(self.hub.data, 'views'))
        self.hub.start()
        self.assert_past_is_as_it_was()
        position, seen = self.moments[-1]
        self.assertEqual(look(self.hub, position, [*VIEWS, *self.parts]), seen)

    def test_4_before_the_customer_was_there_is_nothing(self):
        position = self.moments[0][0]
        self.assertEqual(self.hub.get(f'/customer/unknown/unified-view?at={position}').status, 404)

    def test_4_a_part_is_unknown_before_it_came_to_be(self):
        self.assertEqual(len(self.parts), 5)
        for position, seen in self.moments:
            for path in self.parts:
                if path not in seen:
                    self.assertEqual(self.hub.get(f'{path}?at={position}').status, 404, path)

    def test_4_a_time_stands_for_the_last_position_up_to_then(self):
        replayed = run('replay', '--data', self.hub.data, '--json')
        times = {event['position']: event['time'] for event in map(json.loads, replayed.stdout.splitlines())}
        for position, seen in self.moments:
            for path, expected in seen.items():
                answer = self.hub.get(f'{path}?at={times[position]}')
                self.assertEqual((answer.status, answer.body), expected, f'{times[position]}, {path}')

    def test_5_a_position_that_is_none_is_refused(self):
        answer = self.hub.get(f'/session/{SESSION}?at=garbage')
        self.assertEqual((answer.status, answer.json['code']), (400, 'invalid_query'))

    def test_6_the_unified_view_has_every_message_and_transfer_in_order(self):
        view = self.hub.get(f'/customer/{CUSTOMER}/unified-view').json
        kinds = [(entry['type'], entry.get('channel') or entry.get('to')) for entry in view['interaction_timeline']]
        self.assertEqual(kinds, [('message', 'voice'), ('transfer', 'video'), ('message', 'video'), ('message', 'email'),
                                 ('message', 'chat')])


class UnderLoad(unittest.TestCase):
    """What is read while others write names the position that it is true of."""

    WRITES, WRITERS, READERS, COMPARED = 60, 3, 2, 400

    def write(self, number):
        client = Client(self.hub.port)
        for i in range(self.WRITES):
            customer, session = f'kundin/{(number + i) % 4} ü', f's.{(number + i) % 4}/x'
            for path, body in (
                    ('/message/process', {'customer_id': customer, 'session_id': session, 'channel': 'chat', 'content': f'{number}/{i}'}),
                    ('/transfer/channel', {'session_id': session, 'to_channel': ('voice', 'sms', 'email')[i % 3]}),
                    ('/message/respond', {'session_id': session, 'content': f'{number}/{i} answered'})):
                answer = client.post(path, body)
                assert answer.status in (200, 409), answer  # two may move a session to the same channel
        client.close()

    def read(self, number):
        client = Client(self.hub.port)
        count = 0
        while not self.written.is_set():
            count += 1
            customer, session = (quote(text.format((number + count) % 4), safe='') for text in ('kundin/{} ü', 's.{}/x'))
            for path in (f'/session/{session}', f'/session/{session}/messages', f'/customer/{customer}/history',
                         f'/customer/{customer}/sessions', f'/customer/{customer}/unified-view', '/sessions/active'):
                answer = client.get(path)
                self.seen.append((path, answer.position, answer.status, answer.body))
        client.close()

    def test_what_was_read_meanwhile_is_as_of_its_position(self):
        self.seen, self.written = [], threading.Event()
        with Hub() as self.hub:
            for i in range(4):
                self.hub.create_session(f'kundin/{i} ü', f's.{i}/x', 'chat')
            with ThreadPoolExecutor() as pool:
                reading = [pool.submit(self.read, number) for number in range(self.READERS)]
                try:
                    list(pool.map(self.write, range(self.WRITERS)))
                finally:
                    self.written.set()
                for done in reading:
                    done.result()
            self.assertGreater(len({position for _, position, _, _ in self.seen}), 20)
            self.assertEqual(self.hub.stop(), 0)
            shutil.rmtree(os.path.join(self.hub.data, 'views'))
            self.hub.start()
            for path, position, *said in self.seen[::len(self.seen) // self.COMPARED + 1]:
                answer = self.hub.get(f'{path}?at={position}')
                self.assertEqual([answer.status, answer.body], said, f'{path} at {position}')


if __name__ == '__main__':
    unittest.main()
