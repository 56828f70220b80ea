#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who reads personal data is noted, and who does not is not: by route, by credential, with the purpose, within one's company."""

import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))

import conformity  # noqa: E402
from running import Client, Hub, wait_for  # noqa: E402
from websocket import Refused, WebSocket  # noqa: E402

conformity.watch()

PASSWORD = 'a password of an agent'
PURPOSE = {'Hub-Purpose': 'complaint 7 of Grünau'.encode()}


def login(hub, email):
    """A client with that person's cookie, and the cookie."""
    client = Client(hub.port, key=None)
    answer = client.post('/auth/login', {'email': email, 'password': PASSWORD})
    assert answer.status == 200, answer
    cookie = answer.headers['Set-Cookie'].split(';')[0]
    ask = client.ask
    client.ask = lambda method, path, body=None, headers=None: ask(method, path, body, {'Cookie': cookie, **(headers or {})})
    return client, cookie


class Accesses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.addClassCleanup(cls.hub.remove)
        cls.addClassCleanup(cls.hub.kill)
        for customer, session in (('customer_1', 's1'), ('customer_2', 's2')):
            cls.hub.create_session(customer, session)
            cls.message = cls.hub.say(customer, session, f'hello from {session}').json['message_id']
        made = cls.hub.post('/agents', {'email': 'agent_1@test.example', 'password': PASSWORD, 'name': 'agent 1'})
        assert made.status == 201, made
        cls.agent_id = made.json['agent_id']
        cls.agent, cls.cookie = login(cls.hub, 'agent_1@test.example')
        cls.keys = {role: cls.hub.post('/api-keys', {'name': role, 'role': role}).json['api_key']
                    for role in ('service', 'auditor', 'supervisor')}
        cls.auditor = Client(cls.hub.port, key=cls.keys['auditor'])
        cls.ids = {name: cls.hub.get(f'/events?customer_id={name}&limit=1').json['events'][0]['subject']
                   for name in ('customer_1', 'customer_2')}

    def accesses(self, query=''):
        """All that is noted, but for this asking."""
        answer = self.auditor.get(f'/audit/reads?limit=1000{query}')
        self.assertEqual(answer.status, 200, answer)
        return [row for row in answer.json['accesses'] if row['what'] != 'GET /audit/reads']

    def noted(self, act):
        """What is noted while something is done."""
        before = len(self.accesses())
        act()
        return self.accesses()[before:]

    # --- who ---

    def test_what_a_person_reads_is_noted_with_who_whose_what_and_why(self):
        row, = self.noted(lambda: self.agent.get('/session/s1', headers=PURPOSE))
        me = self.agent.get('/auth/me').json
        self.assertEqual(row['principal'], me['principal_id'])
        self.assertEqual(row['credential'], me['credential_id'])
        self.assertEqual(row['role'], 'agent')
        self.assertEqual(row['what'], 'GET /session/{session_id}')
        self.assertEqual(row['customers'], [self.ids['customer_1']])
        self.assertEqual(row['purpose'], 'complaint 7 of Grünau')
        self.assertNotIn('everybody', row)

    def test_a_program_s_reading_of_the_moment_is_not_noted_unless_it_says_why(self):
        for key in (self.hub.client, Client(self.hub.port, key=self.keys['service'])):
            for path in ('/session/s1', '/session/s1/messages', f'/message/{self.message}', '/sessions/active',
                         '/customer/customer_1/unified-view'):
                self.assertEqual(self.noted(lambda: key.get(path)), [], path)
                row, = self.noted(lambda: key.get(path, headers=PURPOSE))
                self.assertEqual(row['purpose'], 'complaint 7 of Grünau')

    def test_histories_are_noted_of_all_but_service_keys(self):
        service = Client(self.hub.port, key=self.keys['service'])
        for path in ('/customer/customer_1/history', '/customer/customer_1/sessions',
                     '/customer/customer_1/consent', '/events?customer_id=customer_1'):
            row, = self.noted(lambda: self.hub.get(path))
            self.assertEqual((row['role'], row['customers']), ('admin', [self.ids['customer_1']]), path)
            self.assertEqual(self.noted(lambda: service.get(path)), [], path)
        for path in ('/customer/customer_1/export', '/customer/customer_1/erasure', f"/customer/{self.ids['customer_1']}/erasure"):
            for client in (self.hub, self.auditor):
                row, = self.noted(lambda: client.get(path, headers=PURPOSE))
                self.assertIn(self.ids['customer_1'], row['customers'], path)  # and agents whose addresses are in it
                self.assertEqual(row['purpose'], 'complaint 7 of Grünau', path)
        self.assertEqual(self.noted(lambda: self.hub.get('/customer/nobody/erasure')), [])

    def test_a_key_of_a_person_s_role_is_a_person(self):
        row, = self.noted(lambda: self.auditor.get('/session/s1'))
        self.assertEqual(row['role'], 'auditor')
        row, = self.noted(lambda: Client(self.hub.port, key=self.keys['supervisor']).get('/session/s2'))
        self.assertEqual((row['role'], row['customers']), ('supervisor', [self.ids['customer_2']]))

    def test_what_shows_nothing_is_not_noted(self):
        for path in ('/session/unknown', '/customer/nobody/history', '/analytics/dashboard', '/agents', '/status', '/queues'):
            self.assertEqual(self.noted(lambda: self.agent.get(path)), [], path)
        self.assertEqual(self.noted(lambda: self.agent.post('/message/process', {
            'customer_id': 'customer_1', 'session_id': 's1', 'channel': 'chat', 'content': 'x'})), [], 'is an event')

    # --- whose ---

    def test_a_list_is_noted_with_all_whom_it_shows(self):
        row, = self.noted(lambda: self.agent.get('/sessions/active'))
        self.assertEqual(set(row['customers']), set(self.ids.values()))

    def test_an_answer_that_is_kept_for_programs_is_noted_for_people(self):
        for path in ('/sessions/active', '/customer/customer_2/unified-view'):
            for _ in range(3):
                self.assertEqual(self.noted(lambda: self.hub.get(path)), [])
                self.assertEqual(len(self.noted(lambda: self.agent.get(path))), 1, path)

    def test_the_past_is_noted_like_the_present(self):
        at = self.hub.get('/status').json['position']
        row, = self.noted(lambda: self.agent.get(f'/session/s1?at={at}'))
        self.assertEqual(row['customers'], [self.ids['customer_1']])
        row, = self.noted(lambda: self.agent.get(f'/customer/customer_2/history?at={at}'))
        self.assertEqual(row['customers'], [self.ids['customer_2']])

    def test_sockets_are_noted_when_they_open(self):
        for path, expected in (('/ws/s1', 'customer_1'), ('/ws/customer/customer_2', 'customer_2'), ('/ws/dashboard', None),
                               (f'/ws/agent/{self.agent_id}', None), ('/api/dashboard/ws', None)):
            def listen(**how):
                socket = WebSocket(self.hub.port, path, **how)
                if not how['key'] and 'headers' not in how:
                    socket.say(type='auth', **{'data' if path.startswith('/api') else 'payload': {'token': self.keys['auditor']}})
                socket.read_until('connected')
                socket.sock.close()
            for how in ({'key': None, 'headers': {'Cookie': self.cookie}}, {'key': self.keys['auditor']}, {'key': None}):
                row, = self.noted(lambda: listen(**how))
                self.assertEqual(row.get('customers'), [self.ids[expected]] if expected else None, (path, how))
                self.assertEqual(row.get('everybody', False), expected is None)
            self.assertEqual(self.noted(lambda: listen(key=self.keys['service'])), [], path)

    def test_who_may_have_been_read_is_found_by_customer(self):
        self.agent.get('/session/s1')
        self.agent.get('/session/s2')
        for name, own in self.ids.items():
            rows = self.accesses(f'&customer_id={name}')
            self.assertTrue(rows)
            for row in rows:
                self.assertTrue(own in row.get('customers', []) or row.get('everybody'), row)
            self.assertEqual(rows, self.accesses(f'&customer_id={own}'))

    # --- reading it ---

    def test_pages_together_are_everything(self):
        whole = self.accesses()
        self.assertGreater(len(whole), 1)
        found, path = [], '/audit/reads?limit=1'
        while len(found) < len(whole):
            page = self.auditor.get(path).json
            found += [row for row in page['accesses'] if row['what'] != 'GET /audit/reads']
            path = f"/audit/reads?limit=1&cursor={page['next_cursor']}"
        self.assertEqual(found, whole)
        self.assertEqual(self.accesses('&from=2031-01-01T00:00:00Z'), [])
        self.assertEqual(self.accesses(f"&from={whole[-1]['time']}")[0]['number'], whole[-1]['number'])
        self.assertEqual(self.accesses('&at=2001-01-01T00:00:00Z'), [])

    def test_only_admins_and_auditors_read_it_and_that_is_noted_too(self):
        for role, key in self.keys.items():
            self.assertEqual(Client(self.hub.port, key=key).get('/audit/reads').status, 200 if role == 'auditor' else 403)
        self.auditor.get('/audit/reads?customer_id=customer_1')
        self.assertIn('GET /audit/reads', [row['what'] for row in self.auditor.get('/audit/reads?limit=1000').json['accesses']])

    def test_another_company_sees_nothing_of_it(self):
        added = self.hub.post('/companies', {'name': 'second', 'admin_email': 'second@test.example'}).json
        other = Client(self.hub.port, key=added['api_key'])
        self.assertEqual(other.get('/audit/reads').json, {'accesses': []})

    def test_a_purpose_that_is_none_is_refused(self):
        for purpose in (b'', b'x' * 301, b'\xff\xfe'):
            answer = self.agent.get('/session/s1', headers={'Hub-Purpose': purpose})
            self.assertEqual((answer.status, answer.json['code']), (400, 'invalid_query'), purpose)
            self.assertIn('Hub-Purpose must be 1 to 300 bytes', answer.json['error'])


class OnDisk(unittest.TestCase):
    def test_the_files_name_nobody_and_are_whole_after_a_death(self):
        with Hub() as hub:
            hub.create_session('customer_1', 's1')
            hub.get('/customer/customer_1/history', headers=PURPOSE)
            rows = hub.get('/audit/reads').json['accesses']
            self.assertEqual(rows[0]['purpose'], 'complaint 7 of Grünau')
            hub.restart()
            self.assertEqual(hub.get('/audit/reads').json['accesses'][:1], rows)
            folder = os.path.join(hub.data, 'access')
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), 'rb') as file:
                    content = file.read()
                for word in (b'customer_1', 'Grünau'.encode()):
                    self.assertNotIn(word, content)


class Failing(unittest.TestCase):
    def test_people_read_nothing_while_it_cannot_be_noted(self):
        with Hub() as hub:
            hub.create_session('customer_1', 's1')
            key = hub.post('/api-keys', {'name': 'auditor', 'role': 'auditor'}).json['api_key']
            auditor = Client(hub.port, key=key)
            folder = os.path.join(hub.data, 'access')
            shutil.rmtree(folder, ignore_errors=True)
            with open(folder, 'w', encoding='utf-8'):
                pass
            answer = wait_for(lambda: (lambda got: got if got.status != 200 else None)(auditor.get('/session/s1')))
            self.assertEqual((answer.status, answer.json['code']), (503, 'overloaded'), answer)
            self.assertIn('Reading personal data is noted, and that cannot be written now', answer.json['error'])
            self.assertEqual(hub.get('/session/s1').status, 200, 'programs go on')
            with self.assertRaises(Refused) as refused:
                WebSocket(hub.port, '/ws/s1', key)
            self.assertEqual(refused.exception.status, 503)
            socket = WebSocket(hub.port, '/ws/s1', None)
            socket.say(type='auth', payload={'token': key})
            with self.assertRaises(Exception) as closed:
                socket.read_until('connected')
            self.assertEqual(closed.exception.code, 1013)
            self.assertIn(b'omnihub_accesses_failing 1', hub.get('/metrics').body)
            found = {row['name']: row for row in hub.post('/diagnostics', {}).json['checks']}
            self.assertFalse(found['accesses']['ok'])
            os.remove(folder)
            wait_for(lambda: auditor.get('/session/s1').status == 200)
            wait_for(lambda: b'omnihub_accesses_failing 0' in hub.get('/metrics').body)
            said = hub.complaints()
            self.assertIn('accesses to personal data cannot be noted, so people are refused them', said)
            self.assertIn('accesses to personal data are noted again', said)


if __name__ == '__main__':
    unittest.main()
