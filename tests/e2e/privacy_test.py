#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nothing personal lies readable in the data directory: not while the hub runs, not after it stopped."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import KEY, SECRETS, Hub, wait_for  # noqa: E402

MARKER = 'MarkerTextThatStandsNowhereElse7493'
CUSTOMER = 'customer-marker-82364-private'
SESSION = 'session-marker-55128-private'
NAME, CONTEXT, REASON = 'NameMarker31415 Johnson', 'ContextMarker92653', 'ReasonMarker58979'
CLEAR = (MARKER, CUSTOMER, SESSION, NAME, CONTEXT, REASON, SECRETS['OMNIHUB_ADMIN_EMAIL'],
         SECRETS['OMNIHUB_ADMIN_PASSWORD'], KEY)


def grep(data, text):
    """Files of the directory that hold a text, as `grep -ra` finds it."""
    found = subprocess.run(['grep', '-raFl', '--', text, data], capture_output=True, text=True, check=False)
    assert found.returncode in (0, 1), found.stderr
    return found.stdout.split()


class Privacy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        hub = cls.hub
        hub.create_session(CUSTOMER, SESSION, 'voice', customer_profile={'name': NAME}, metadata={'note': CONTEXT})
        hub.say(CUSTOMER, SESSION, f'This is {MARKER}, said once', 'voice', metadata={'note': CONTEXT})
        hub.post(f'/customer/{CUSTOMER}/context', {'context': {'note': CONTEXT}})
        hub.post('/transfer/channel', {'customer_id': CUSTOMER, 'session_id': SESSION, 'to_channel': 'video',
                                       'reason': REASON, 'context_data': {'note': CONTEXT}},
                 headers={'Idempotency-Key': MARKER})
        sent = hub.post('/message/respond', {'session_id': SESSION, 'channel': 'email', 'content': MARKER})
        wait_for(lambda: hub.get(f"/message/{sent.json['message_id']}").json['message']['status'] == 'delivered')

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def assert_nothing_is_readable(self):
        for text in CLEAR:
            self.assertEqual(grep(self.hub.data, text), [], text)

    def test_1_the_search_finds_what_is_there(self):
        path = os.path.join(self.hub.data, 'control')
        with open(path, 'wb') as file:
            file.write(b'\0\1' + MARKER.encode() + b'\0')
        try:
            self.assertEqual(grep(self.hub.data, MARKER), [path])
        finally:
            os.remove(path)

    def test_2_the_api_shows_what_was_said(self):
        messages = self.hub.get(f'/session/{SESSION}/messages').body.decode()
        view = self.hub.get(f'/customer/{CUSTOMER}/unified-view').body.decode()
        self.assertIn(MARKER, messages)
        for text in (MARKER, CUSTOMER, NAME, CONTEXT, REASON):
            self.assertIn(text, view)

    def test_3_nothing_is_readable_while_it_runs(self):
        self.assert_nothing_is_readable()

    def test_4_nothing_is_readable_after_it_stopped(self):
        self.assertEqual(self.hub.stop(), 0)
        self.assert_nothing_is_readable()

    def test_5_nothing_is_readable_after_a_crash_and_a_rebuild(self):
        self.hub.start()
        self.hub.say(CUSTOMER, SESSION, MARKER + ' again', 'video')
        self.hub.restart()
        self.assert_nothing_is_readable()

    def test_6_keys_are_for_their_owner_only(self):
        for folder, _, names in os.walk(os.path.join(self.hub.data, 'keys')):
            self.assertEqual(os.stat(folder).st_mode & 0o077, 0, folder)
            for name in names:
                self.assertEqual(os.stat(os.path.join(folder, name)).st_mode & 0o077, 0, name)


if __name__ == '__main__':
    unittest.main()
