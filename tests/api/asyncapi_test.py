#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The description of the live streams is sound, is what the hub serves, is the one in docs/; and what is sent conforms to it."""

import os
import re
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))

from described import Described  # noqa: E402
from json_schema import Checker  # noqa: E402
from running import KEY, Hub  # noqa: E402
from websocket import WebSocket  # noqa: E402


class AsyncApi(Described, unittest.TestCase):
    NAME = 'asyncapi'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.checker = Checker(cls.document)
        cls.messages = cls.document['components']['messages']

    def test_every_socket_is_a_channel_with_its_parts(self):
        for channel in self.document['channels'].values():
            self.assertEqual(set(re.findall(r'\{(\w+)\}', channel['address'])), set(channel['parameters']))
            self.assertIn('since', channel['bindings']['ws']['query']['properties'])

    def test_the_seeds_types_are_there(self):
        for name in ('session_update', 'channel_transfer', 'new_message', 'performance_update', 'system_alert',
                     'customer_activity', 'auth_said', 'ping_said'):
            self.assertIn('a_' + name, self.messages)
        for name in ('connected', 'error'):
            self.assertIn('b_' + name, self.messages)

    def faults(self, contract, frame):
        return list(self.checker.check(frame, self.messages[f'{contract}_{frame["type"]}']['payload']))

    def conforms(self, contract, frame):
        self.assertEqual(self.faults(contract, frame), [], frame)

    def test_what_is_sent_conforms(self):
        with Hub() as hub:
            self.assertEqual(hub.get('/asyncapi.json').json, self.document)
            with WebSocket(hub.port, '/ws/dashboard', KEY) as a, WebSocket(hub.port, '/api/dashboard/ws', KEY) as b:
                seen = set()

                def hear(socket, contract, wanted):
                    while wanted not in seen:
                        frame = socket.read()
                        self.conforms(contract, frame)
                        seen.add((contract, frame['type']))
                        if (contract, frame['type']) == (contract, wanted):
                            return

                hear(a, 'a', 'connected')
                hear(b, 'b', 'connected')
                a.say(type='resume', position='here')
                hear(a, 'a', 'error')
                b.say(type='sing')
                hear(b, 'b', 'error')
                a.say(type='ping', payload={})
                hear(a, 'a', 'pong')
                hub.create_session('customer_a', 'session_a', metadata={'from': 'a test'},
                                   customer_profile={'name': 'Customer A', 'tier': 'premium'})
                hear(a, 'a', 'session_update')
                hub.post('/message/respond', {'session_id': 'session_a', 'content': 'Good morning'})
                hear(a, 'a', 'customer_activity')
                hub.say('customer_a', 'session_a', 'Hello', sentiment='positive', metadata={'n': [1, {'x': None}]})
                hub.post('/transfer/channel', {'session_id': 'session_a', 'to_channel': 'video', 'reason': 'to see'})
                hear(a, 'a', 'channel_transfer')
                hub.ask('PUT', '/session/session_a', {'labels': ['one', 'two'], 'priority': 'high'})
                hub.ask('DELETE', '/session/session_a', {'satisfaction': 5})
                while True:
                    frame = a.read()
                    self.conforms('a', frame)
                    if frame['payload'].get('endReason'):
                        break
                self.assertLessEqual({('a', 'new_message'), ('a', 'customer_activity'), ('a', 'channel_transfer')}, seen)

    def test_what_does_not_conform_is_found(self):
        frame = {'type': 'pong', 'payload': {'timestamp': 'x'}, 'timestamp': '2026-01-01T00:00:00.000000Z'}
        self.conforms('a', frame)
        for wrong in ({**frame, 'more': 1}, {**frame, 'payload': {'timestamp': 7}}, {**frame, 'timestamp': 7},
                      {'type': 'pong'}):
            self.assertNotEqual(self.faults('a', wrong), [], wrong)


if __name__ == '__main__':
    unittest.main(verbosity=2)
