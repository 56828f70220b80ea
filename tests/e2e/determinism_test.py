#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same log gives the same hashes of states and views: again, without keys, and by another compiler's binary (I5, I7)."""

import json
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import BINARY, Hub, clean_environment, wait_for  # noqa: E402

OTHER = os.environ.get('OMNIHUB_OTHER')
CHANNELS = ('voice', 'video', 'chat', 'email', 'sms', 'whatsapp', 'mobile_app', 'social')


RULES = {'rules': [{'name': 'open', 'when': "is_open and channel in ['chat', 'voice']", 'points': 5, 'ageing': 1,
                    'needs': {'queue': 'all', 'skills': ['any']},
                    'targets': [{'channel': 'video', 'reason': 'See each other', 'minutes_min': 5, 'minutes_max': 9}]}],
         'calendars': [{'name': 'office', 'timezone': 'Europe/Berlin', 'holidays': ['2026-12-25'],
                        'hours': [{'days': ['monday', 'thursday', 'saturday'], 'from': '00:00', 'to': '24:00'}]}]}


def fill(hub):
    for number, channel in enumerate(CHANNELS):
        customer, session = f'customer_{number}', f'session_{number}'
        hub.create_session(customer, session, channel, customer_profile={'name': f'Name {number}', 'tier': 'premium'})
        for index in range(5):
            hub.say(customer, session, f'Message {index} of {number}', channel, sentiment='concerned')
        hub.post('/transfer/channel', {'session_id': session, 'to_channel': CHANNELS[number - 1], 'reason': 'Test'})
        sent = hub.post('/message/respond', {'session_id': session, 'content': 'An answer'}).json['message_id']
        wait_for(lambda: hub.get(f'/message/{sent}').json['message']['status'] == 'delivered')
        assert hub.post('/routing/decision', {'customer_id': customer, 'session_id': session}).status == 200
        if number == 3:
            assert hub.ask('PUT', '/routing/rules', RULES).status == 200
        if number % 2:
            hub.ask('DELETE', f'/session/{session}')


def hashes(data, binary=BINARY):
    done = subprocess.run([binary, 'replay', '--hashes', '--data', data], capture_output=True, text=True, check=False,
                          timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr
    return done.stdout


class Determinism(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        fill(cls.hub)
        assert cls.hub.stop() == 0
        cls.expected = hashes(cls.hub.data)

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def copy(self, *without):
        there = os.path.join(self.hub.made, 'copy')
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(self.hub.data, there, ignore=shutil.ignore_patterns(*without) if without else None)
        return there

    def test_hashes_name_states_and_views(self):
        self.assertRegex(self.expected, r'(?m)^view\s+messages\b.*\b[0-9a-f]{64}$')
        self.assertRegex(self.expected, r'(?m)^state\s+session\b.*\b[0-9a-f]{64}$')
        self.assertRegex(self.expected, r'(?m)^view\s+routing\b.*\b[0-9a-f]{64}$')
        self.assertRegex(self.expected, r'(?m)^state\s+routing\b.*\b[0-9a-f]{64}$')

    def test_for_programs_they_are_one_document(self):
        said = json.loads(subprocess.run([BINARY, 'replay', '--hashes', '--json', '--data', self.hub.data], capture_output=True,
                                         text=True, check=True, timeout=120).stdout)
        lines = ([f"state {row['state']} {row['entities']} {row['hash']}" for row in said['states']] +
                 [f"view {row['view']} {row['hash']}" for row in said['views']])
        self.assertEqual(lines, [' '.join(line.split()) for line in self.expected.splitlines()])

    def test_again(self):
        self.assertEqual(hashes(self.hub.data), self.expected)

    def test_with_keys_absent(self):
        there = self.copy('keys', 'views')
        self.assertFalse(os.path.exists(os.path.join(there, 'keys')))
        self.assertEqual(hashes(there), self.expected)

    def test_another_event_gives_other_hashes(self):
        hub = Hub(data=self.copy())
        try:
            hub.say('customer_0', 'session_0', 'One more')
            hub.stop()
        finally:
            hub.kill()
        self.assertNotEqual(hashes(hub.data), self.expected)

    @unittest.skipUnless(OTHER, 'OMNIHUB_OTHER names no other binary')
    def test_by_another_compilers_binary(self):
        self.assertEqual(hashes(self.hub.data, OTHER), self.expected)


if __name__ == '__main__':
    unittest.main()
