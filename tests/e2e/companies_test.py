#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nothing crosses from one company to another: ids of another company are unknown (404), and nothing is written (I10, I12)."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import conformity  # noqa: E402
from running import KEY, Client, Hub, run  # noqa: E402

conformity.watch()

CUSTOMER, SESSION = 'customer_a', 'session_a'


def add_company(hub, name, key=KEY):
    return run('company', 'add', name, '--url', f'http://127.0.0.1:{hub.port}', '--email', f'{name}@test.example',
               env={'OMNICHANNEL_API_KEY': key})


class Companies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        hub = cls.hub
        first = hub.create_session(CUSTOMER, SESSION, 'voice')
        message = hub.say(CUSTOMER, SESSION, 'A secret of company A', 'voice')
        moved = hub.post('/transfer/channel', {'customer_id': CUSTOMER, 'session_id': SESSION, 'to_channel': 'video'})
        cls.message, cls.transfer = message.json['message_id'], moved.json['transfer_id']
        cls.ours = cls.message.rsplit('-m', 1)[0]  # the hub's own id of the session
        assert first.status == 201 and re.fullmatch('[0-9A-Z]{26}', cls.ours), cls.message
        added = add_company(hub, 'Second')
        assert added.returncode == 0, added.stderr
        cls.said = added.stdout
        cls.key = re.search(r'api key\s+(\S+)', added.stdout).group(1)
        cls.other = Client(hub.port, key=cls.key)

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def position(self):
        return self.hub.get('/status').json['position']

    def test_add_prints_key_and_password_once(self):
        self.assertRegex(self.said, r'company\s+[0-9A-Z]{26}\s+name\s+Second')
        self.assertRegex(self.key, r'^ohk_[A-Za-z0-9_-]{43}$')
        self.assertRegex(self.said, r'password\s+\S{16,}')

    def test_without_an_address_the_admin_gets_one(self):
        with Hub() as hub:
            for name, address in (('Solar World & Sons!', 'admin@solar-world-sons.localhost'), ('Two', 'admin@two.localhost'),
                                  ('Žluťoučký', 'admin@lu-ou-k.localhost'), ('日本', 'admin@localhost')):
                added = run('company', 'add', name, '--url', f'http://127.0.0.1:{hub.port}', '--key', KEY)
                self.assertEqual(added.returncode, 0, added.stderr)
                self.assertIn(f'admin     {address}\n', added.stdout)
                password = re.search(r'password\s+(\S+)', added.stdout).group(1)
                login = Client(hub.port, key=None).post('/auth/login', {'email': address, 'password': password})
                self.assertEqual(login.status, 200, login)
            again = run('company', 'add', 'Two', '--url', f'http://127.0.0.1:{hub.port}', '--key', KEY)
            self.assertEqual(again.returncode, 1)
            self.assertIn('logs in by this address already', again.stderr)

    def test_list_names_both(self):
        listed = run('company', 'list', '--url', f'http://127.0.0.1:{self.hub.port}', '--key', KEY)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertRegex(listed.stdout, r'(?m)^[0-9A-Z]{26}  Default +yes$')
        self.assertRegex(listed.stdout, r'(?m)^[0-9A-Z]{26}  Second +no$')

    def test_only_the_company_that_runs_the_hub_may_add_one(self):
        before = self.position()
        refused = add_company(self.hub, 'Third', self.key)
        self.assertEqual(refused.returncode, 5)
        self.assertIn('refused', refused.stderr)
        self.assertEqual(self.position(), before)

    def test_reading_another_companys_ids_is_404(self):
        before = self.position()
        for session in (SESSION, self.ours):
            for path in (f'/session/{session}', f'/session/{session}/messages'):
                self.assert_unknown('GET', path)
        for path in (f'/message/{self.message}', f'/transfer/{self.transfer}/status', f'/customer/{CUSTOMER}/sessions',
                     f'/customer/{CUSTOMER}/unified-view', f'/customer/{CUSTOMER}/history'):
            self.assert_unknown('GET', path)
        self.assertEqual(self.position(), before)

    def test_writing_to_another_companys_ids_is_404(self):
        before = self.position()
        for session in (SESSION, self.ours):
            self.assert_unknown('PUT', f'/session/{session}', {'priority': 'urgent'})
            self.assert_unknown('DELETE', f'/session/{session}')
            self.assert_unknown('POST', f'/session/{session}/transfer', {'to_channel': 'chat'})
            self.assert_unknown('POST', '/transfer/channel', {'session_id': session, 'to_channel': 'chat'})
            self.assert_unknown('POST', '/message/respond', {'session_id': session, 'channel': 'chat', 'content': 'x'})
        self.assert_unknown('PUT', f'/message/{self.message}', {'status': 'read'})
        self.assertEqual(self.position(), before)

    def test_lists_show_ones_own_only(self):
        self.assertEqual(self.other.get('/sessions/active').json, [])

    def test_the_same_own_id_is_another_customer_there(self):
        made = self.other.post('/session/create', {'customer_id': CUSTOMER, 'channel': 'chat', 'session_id': 'session_b'})
        self.assertEqual(made.status, 201, made)
        theirs = self.other.get(f'/customer/{CUSTOMER}/unified-view', headers={'Hub-Min-Position': made.position})
        self.assertNotIn(b'A secret', theirs.body)
        ours = self.hub.get(f'/customer/{CUSTOMER}/unified-view', headers={'Hub-Min-Position': made.position})
        self.assertIn(b'A secret', ours.body)
        self.assertEqual(self.hub.get('/session/session_b').status, 404)

    def test_what_the_machine_does_is_not_shown_to_another_company(self):
        status = self.other.get('/status').json
        self.assertEqual(set(status), {'status', 'version', 'uptime_seconds', 'position'})
        self.assertLess(set(status), set(self.hub.get('/status').json))
        for method, path, body in (('GET', '/metrics', None), ('POST', '/diagnostics', {})):
            answer = self.other.ask(method, path, body)
            self.assertEqual((answer.status, answer.json['code']), (403, 'forbidden'), path)
            self.assertEqual(self.hub.ask(method, path, body).status, 200)

    def assert_unknown(self, method, path, body=None):
        answer = self.other.ask(method, path, body)
        self.assertEqual((answer.status, answer.json.get('code')), (404, 'not_found'), f'{method} {path}: {answer!r}')


if __name__ == '__main__':
    unittest.main()
