#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two companies, every role, every route and every socket: each may do exactly what the table says, and no row, count, id or
frame of one company reaches the other (I10). What there is to try comes from the hub's own descriptions."""

import concurrent.futures
import json
import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import conformity  # noqa: E402
from running import KEY, Client, Hub, wait_for  # noqa: E402
from websocket import Refused, WebSocket  # noqa: E402

conformity.watch()

ROLES = ('admin', 'supervisor', 'agent', 'analyst', 'auditor', 'service')
COMPANIES = ('first', 'second')
ULID = re.compile(rb'[0-7][0-9A-HJKMNP-TV-Z]{25}')
MOVING = re.compile(rb'"(as_of|from|position|uptime_seconds|waiting_seconds|time_since_last_conversation_seconds|time|server_time)":("[^"]*"|\d+)')
# Questions that need a body; and one's own login and password, which are everybody's own to change.
ASKS = {'/intelligent-routing': {'customer_id': 'x', 'urgency': 'critical'},
        '/routing/analyze-context': {'text': 'I am angry'}}
OWN = {('POST', '/auth/logout'): 409, ('PUT', '/agents/{agent_id}/password'): 403}
# Asking is noted there.
NOTED = ('/audit/reads', '/customer/{customer_id}/export')
NOBODY = '01ARYZ6S41TSV4RRFFQ69G5FAV'


class Company:
    """One company with a key for each role, and what it has: ids by the name of the parameter that takes them."""

    def __init__(self, hub, name, key, letter):
        self.name, self.mark = name, f'{name}mark'
        self.admin = Client(hub.port, key=key)
        self.id = self.admin.get('/auth/me').json['company_id']
        self.keys = {role: self.made('/api-keys', {'name': role, 'role': role})['api_key'] for role in ROLES}
        self.clients = {role: Client(hub.port, key=key) for role, key in self.keys.items()}
        self.ids, self.letter = {}, letter

    def made(self, path, body, method='POST'):
        answer = self.admin.ask(method, path, body)
        assert answer.status in (200, 201), (path, answer)
        return answer.json

    def live(self, steps=1):
        """Things happen that leave rows everywhere."""
        customer, session = f'{self.mark}-customer', f'{self.mark}-session'
        if not self.ids:
            self.made('/session/create', {'customer_id': customer, 'session_id': session, 'channel': 'chat', 'page_id': self.mark,
                                          'customer_profile': {'name': f'{self.mark} name'}, 'metadata': {'note': self.mark}})
        for step in range(steps):
            said = self.made('/message/process', {'customer_id': customer, 'session_id': session, 'channel': 'chat',
                                                  'content': f'{self.mark} says {step}'})
            self.made('/message/respond', {'session_id': session, 'content': f'{self.mark} is told {step}'})
            channel = self.admin.get(f'/session/{session}').json['channel']
            moved = self.made('/transfer/channel', {'session_id': session, 'to_channel': 'sms' if channel == 'chat' else 'chat',
                                                    'reason': self.mark, 'context_data': {'issue': self.mark}})
        self.ids.update(customer_id=customer, session_id=session, message_id=said['message_id'],
                        transfer_id=moved['transfer_id'])
        self.more()

    def more(self):
        """One of each other thing that a path can name, made once."""
        if 'key_id' in self.ids:
            return
        customer, session, mark = self.ids['customer_id'], self.ids['session_id'], self.mark
        self.ids['key_id'] = self.made('/api-keys', {'name': f'{mark} key', 'role': 'agent'})['key_id']
        self.ids['agent_id'] = self.made('/agents', {'email': f'{mark}@test.example', 'name': f'{mark} agent'})['agent_id']
        self.ids['page_id'] = mark
        self.ids['consumer'] = 'follower'
        self.made('/events/consumers/follower', {}, 'PUT')
        self.ids['letter_id'] = self.letter
        self.ids['view_name'] = 'messages'
        self.ids['input_id'] = 16 * '0'  # nothing is set aside
        self.made(f'/company/pages/{mark}', {'channel': 'chat', 'name': f'{mark} page'}, 'PUT')
        decided = self.made('/routing/decision', {'customer_id': customer, 'session_id': session, 'current_channel': 'chat'})
        self.ids['decision_id'] = decided['decision']['decision_id']
        self.ids['campaign_id'] = f'{mark}-campaign'
        self.made('/campaign/omnichannel-launch', {
            'campaign_id': self.ids['campaign_id'], 'customers': [{'customer_id': customer}], 'channels': ['chat'],
            'quiet_hours': {'none': True}, 'messages': [{'content': f'{mark} news'}]})
        wait_for(lambda: self.admin.get(f"/campaign/{self.ids['campaign_id']}/status").json['status'] == 'finished',
                 what='the campaign')
        self.made(f'/customer/{customer}/stop', {'stop': True, 'reason': f'{mark} wants a person'}, 'PUT')
        self.made(f'/customer/{customer}/assign', {'agent_id': self.ids['agent_id']})


def lose_a_message(hub, name, key):
    """A dead letter of a company, while nothing is delivered."""
    admin = Client(hub.port, key=key)
    session = f'{name}mark-lost'
    made = admin.post('/session/create', {'customer_id': session, 'session_id': session, 'channel': 'chat'})
    assert made.status == 201, made
    said = admin.post('/message/respond', {'session_id': session, 'content': f'{name}mark is lost'})
    assert said.status == 200, said
    letters = wait_for(lambda: admin.get('/dead-letters').json['letters'], what='the dead letter')
    admin.close()
    return letters[0]['letter_id']


def without_time(body):
    return MOVING.sub(b'', body)


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub(options=('--loopback-failures', '100', '--loopback-gives-up'))
        added = cls.hub.post('/companies', {'name': 'second', 'admin_email': 'second@test.example'})
        assert added.status == 201, added
        keys = {'first': KEY, 'second': added.json['api_key']}
        letters = {name: lose_a_message(cls.hub, name, key) for name, key in keys.items()}
        assert cls.hub.stop() == 0
        cls.hub.options = []
        cls.hub.start()
        cls.companies = {name: Company(cls.hub, name, key, letters[name]) for name, key in keys.items()}
        for company in cls.companies.values():
            company.live()
        document = cls.hub.get('/openapi.json').json
        cls.operations = [(method.upper(), path, about) for path, methods in document['paths'].items()
                          for method, about in methods.items()]
        spoken = cls.hub.get('/asyncapi.json').json
        messages = spoken['components']['messages']
        cls.said = {channel['address']: {messages[name]['name']: messages[name]['x-roles'] for name in channel['messages']
                                         if name.endswith('_said')} for channel in spoken['channels'].values()}
        cls.sockets = [(channel['address'], channel['x-roles'])
                       for channel in cls.hub.get('/asyncapi.json').json['channels'].values()]

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def fill(self, path, ids):
        """The path with these ids in it; nothing that a path names may be unknown to this test."""
        return re.sub(r'\{(\w+)\}', lambda found: ids[found.group(1)], path)

    def test_this_test_can_name_whatever_a_path_names(self):
        names = {name for _, path, _ in self.operations for name in re.findall(r'\{(\w+)\}', path)}
        self.assertEqual(names - set(self.companies['first'].ids), set(), 'make one of these in Company.more')

    # --- roles ---

    def ask_as(self, company, role):
        """Ask everything with one key. A body that no route takes is refused only after the question who may."""
        client, wrong = Client(self.hub.port, key=company.keys[role]), []
        for method, path, about in self.operations:
            if 'x-roles' not in about or path == '/auth/logout':
                continue
            body = {'no such member': 1} if 'requestBody' in about else None
            if method == 'DELETE' and body is None:
                continue
            target = re.sub(r'\{(\w+)\}', lambda found: company.ids.get(found.group(1), NOBODY), path)
            answer = client.ask(method, target, body)
            may = role in about['x-roles'] and (company.name == 'first' or not about.get('x-operator-only'))
            if (answer.status in (401, 403)) is may or (body is not None and may and answer.status not in (400, 404)):
                wrong.append(f'{role} of {company.name}: {method} {path} -> {answer!r}')
        client.close()
        return wrong

    def test_each_role_may_do_exactly_what_the_table_says(self):
        pairs = [(company, role) for company in self.companies.values() for role in ROLES]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            wrong = [line for lines in pool.map(lambda pair: self.ask_as(*pair), pairs) for line in lines]
        self.assertEqual(wrong, [])

    def test_without_credentials_there_is_only_what_the_table_leaves_open(self):
        for key in (None, 'wrong'):
            client = Client(self.hub.port, key=key)
            for method, path, about in self.operations:
                target = re.sub(r'\{\w+\}', NOBODY, path)
                answer = client.ask(method, target, {'no such member': 1} if 'requestBody' in about else None)
                with self.subTest(operation=f'{method} {path}', key=key):
                    self.assertEqual(answer.status == 401, about.get('security') != [], answer)
            client.close()

    # --- who only reads ---

    def try_everything(self, role):
        """Ask all routes with a key of a role that reads. What it reads is there, what would change something is refused."""
        company, wrong = self.companies['first'], []
        for method, path, about in self.operations:
            roles, body = about.get('x-roles'), ASKS.get(path, {}) if 'requestBody' in about else None
            if (method, path) in OWN and body is not None:
                body = {'password': 'another password', 'old_password': 'the one before'}
            if roles is None:
                continue
            status = company.clients[role].ask(method, self.fill(path, company.ids), body).status
            reads = method == 'GET' or path in ASKS
            fine = (status == OWN[method, path] if (method, path) in OWN else
                    status in (200, 404) and role in roles if reads and (role in roles or role == 'auditor' and
                                                                         not about.get('x-operator-only')) else
                    status == 403 and role not in roles)
            if not fine:
                wrong.append(f'{role}: {method} {path} -> {status}')
        return wrong

    def say_everything(self, role):
        """The same for sockets, and for all that may be said over them."""
        company, wrong = self.companies['first'], []
        for path, _ in self.sockets:
            socket = self.listen(company, role, path)
            socket.read_until('connected')
            for name, roles in self.said[path].items():
                if role not in roles:
                    data = {'customer_id': company.ids['customer_id'], 'content': 'x', 'typing': True}
                    socket.say(type=name, **{'data' if path.startswith('/api') else 'payload': data})
                    frame = socket.read_until('error')
                    if 'forbidden' not in json.dumps(frame, default=str):
                        wrong.append(f'{role}: {name} on {path} -> {frame}')
            socket.sock.close()
        return wrong

    def test_who_only_reads_reads_everything_and_changes_nothing(self):
        head = lambda: self.companies['first'].admin.get('/status').json['position']
        for role in ('auditor', 'analyst'):
            before = head()
            self.assertEqual(self.try_everything(role), [])
            self.assertEqual(self.say_everything(role), [])
            self.assertEqual(head(), before, role)

    # --- companies ---

    def marks_of(self, company):
        """What stands for a company wherever it is read: its mark and all ids that the hub gave it."""
        found = {company.mark.encode(), company.id.encode()}
        for method, path, _ in self.operations:
            if method == 'GET' and path not in ('/openapi.json', '/', '/companies', '/metrics'):
                found |= set(ULID.findall(company.admin.get(self.fill(path, company.ids)).body))
        return found

    def test_ids_of_another_company_are_unknown(self):
        first, second = (self.companies[name] for name in COMPANIES)
        named = sorted((row for row in self.operations if '{' in row[1]), key=lambda row: row[0] != 'GET')
        before = {path: without_time(first.admin.get(self.fill(path, first.ids)).body) for method, path, _ in named
                  if method == 'GET' and path not in NOTED}
        for method, path, about in named:
            answer = second.admin.ask(method, self.fill(path, first.ids), {} if 'requestBody' in about else None)
            with self.subTest(operation=f'{method} {path}'):
                # A client's own id of a customer is each company's own: writing there makes one of the second's.
                # So does taking one over, and what cannot be done with that one is a conflict.
                # A consumer's name is each company's own, too.
                own = '{customer_id}' in path or '{consumer}' in path
                makes = method != 'GET' and own and answer.status in (200, 409)
                closed = answer.status == 403 and about.get('x-operator-only')
                self.assertTrue(makes or closed or answer.status in (400, 404), answer)
                self.assertNotIn(f'{first.mark} '.encode(), answer.body)
        for path, body in before.items():
            self.assertEqual(without_time(first.admin.get(self.fill(path, first.ids)).body), body, path)

    def test_no_answer_to_one_company_shows_anything_of_the_other(self):
        for one, other in (COMPANIES, COMPANIES[::-1]):
            one, other = self.companies[one], self.companies[other]
            marks = self.marks_of(other) - self.marks_of(one)
            self.assertGreater(len(marks), 4)
            for method, path, about in self.operations:
                if method != 'GET' or about.get('x-operator-only'):
                    continue
                for role in about.get('x-roles', ('admin',)):
                    answer = one.clients[role].get(self.fill(path, one.ids))
                    # What it tried itself with the other's names stands in its own log.
                    own = {other.mark.encode()} if path == '/events' else set()
                    shown = [mark for mark in marks - own if mark in answer.body]
                    self.assertEqual(shown, [], f'{role} of {one.name}: GET {path}')

    def test_no_count_moves_with_what_another_company_does(self):
        first, second = (self.companies[name] for name in COMPANIES)
        paths = [self.fill(path, second.ids) for method, path, about in self.operations
                 if method == 'GET' and 'x-roles' in about and not about.get('x-operator-only')
                 and path not in NOTED]
        before = {path: without_time(second.admin.get(path).body) for path in paths}
        first.live(5)
        for path in paths:
            self.assertEqual(without_time(second.admin.get(path).body), before[path], path)

    # --- sockets ---

    def listen(self, company, role, path):
        return WebSocket(self.hub.port, self.fill(path, company.ids), company.keys[role])

    def test_every_role_listens_to_its_own_company_only(self):
        first, second = (self.companies[name] for name in COMPANIES)
        sockets = []
        for role in ROLES:
            for path, roles in self.sockets:
                try:
                    self.assertIn(role, roles)
                    sockets.append((role, path, self.listen(second, role, path)))
                except Refused as refused:
                    # Who is not that person and may not see others' work.
                    self.assertEqual((path, refused.status), ('/ws/agent/{agent_id}', 403), role)
                if '{' in path:
                    with self.assertRaises(Refused, msg=f'{role} {path}') as caught:
                        WebSocket(self.hub.port, self.fill(path, first.ids), second.keys[role])
                    self.assertIn(caught.exception.status, (403, 404))
        first.live(3)
        marks = self.marks_of(first) - self.marks_of(second)
        fence = f'{second.mark} fence {time.monotonic()}'
        second.made('/message/process', {'customer_id': second.ids['customer_id'], 'session_id': second.ids['session_id'],
                                         'channel': 'chat', 'content': fence})
        for role, path, socket in sockets:
            if path in ('/ws/agent/{agent_id}', '/api/dashboard/ws'):
                socket.say(type='ping')
                last = lambda frame: frame['type'] == 'pong'
            else:
                last = lambda frame: frame.get('payload', {}).get('content') == fence
            heard = []
            socket.read_until(lambda frame: heard.append(json.dumps(frame, ensure_ascii=False, default=str)) or last(frame))
            shown = [mark for mark in marks for text in heard if mark.decode() in text]
            self.assertEqual(shown, [], f'{role} {path}')
            socket.sock.close()


if __name__ == '__main__':
    unittest.main()
