#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Agents and whom they help: profiles, presence, passwords, the waiting list and every move of a customer in it."""

import os
import shutil
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))

from running import SECRETS, Client, Hub, wait_for  # noqa: E402

PASSWORD = 'a password of an agent'


def login(hub, email, password=PASSWORD):
    """A client with that person's cookie."""
    client = Client(hub.port, key=None)
    answer = client.post('/auth/login', {'email': email, 'password': password})
    assert answer.status == 200, answer
    cookie = answer.headers['Set-Cookie'].split(';')[0]
    ask = client.ask
    client.ask = lambda method, path, body=None, headers=None: ask(method, path, body, {'Cookie': cookie, **(headers or {})})
    return client


class People(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.addClassCleanup(cls.hub.remove)
        cls.addClassCleanup(cls.hub.kill)
        cls.admin = login(cls.hub, SECRETS['OMNIHUB_ADMIN_EMAIL'], SECRETS['OMNIHUB_ADMIN_PASSWORD'])
        cls.ids, cls.people = {}, {}
        for name, role in (('agent_1', 'agent'), ('agent_2', 'agent'), ('supervisor', 'supervisor')):
            cls.ids[name] = cls.add(name, role)
            cls.people[name] = login(cls.hub, f'{name}@test.example')
        cls.agent, cls.other, cls.supervisor = (cls.people[name] for name in ('agent_1', 'agent_2', 'supervisor'))

    @classmethod
    def add(cls, name, role='agent', **more):
        answer = cls.hub.post('/agents', {'email': f'{name}@test.example', 'password': PASSWORD, 'role': role,
                                          'name': name, **more})
        assert answer.status == 201, answer
        assert answer.headers['Location'] == f"/agents/{answer.json['agent_id']}", answer.headers
        return answer.json['agent_id']

    def refused(self, answer, status, code, pointer=None):
        self.assertEqual((answer.status, answer.json['code']), (status, code), answer)
        if pointer is not None:
            self.assertEqual([error['pointer'] for error in answer.json['errors']], [pointer], answer)

    def fine(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def comes(self, path, **expected):
        """What follows from a command on another entity comes a moment after its answer."""
        wait_for(lambda: expected.items() <= self.fine(self.hub.get(path)).items(), what=f'{path} {expected}')

    def listed(self, customer):
        return next(row for row in self.fine(self.hub.get('/customers/stopped'))['customers'] if row['customer_id'] == customer)

    def customer(self, name, words='Nobody answers me'):
        """A customer who waits."""
        self.hub.say(name, f's-{name}', words)
        return self.fine(self.hub.ask('PUT', f'/customer/{name}/stop', {'stop': True, 'reason': 'the bot is stuck'}))['customer']

    # --- agents ---

    def test_an_agent_is_added_read_changed_and_listed(self):
        made = self.fine(self.hub.post('/agents', {
            'email': 'expert@test.example', 'name': 'expert', 'skills': ['billing'], 'languages': ['de', 'en'],
            'capacity': [{'channel': 'chat', 'limit': 2}], 'devices': [{'device_id': 'd1', 'kind': 'browser'}]}), 201)
        self.assertEqual((made['role'], made['presence'], made['conversations']), ('agent', 'offline', 0))
        self.assertEqual(len(made['password']), 24)
        loads = {load['channel']: load for load in made['capacity']}
        self.assertEqual((loads['chat']['limit'], loads['voice']['limit'], loads['email']['limit']), (2, 1, 5))
        path = f"/agents/{made['agent_id']}"
        read = self.hub.get(path)
        self.assertEqual({**read.json, 'password': made['password']}, made)
        self.assertEqual(read.headers['ETag'], f'"{made["version"]}"')
        changed = self.fine(self.hub.ask('PUT', path, {'skills': ['billing', 'refunds']}, headers={'If-Match': read.headers['ETag']}))
        self.assertEqual((changed['skills'], changed['languages']), (['billing', 'refunds'], ['de', 'en']))
        self.refused(self.hub.ask('PUT', path, {'skills': []}, headers={'If-Match': read.headers['ETag']}), 412, 'precondition_failed')
        listed = self.fine(self.hub.get('/agents'))['agents']
        self.assertIn(changed, listed)
        self.assertIn('admin', [agent['role'] for agent in listed])
        self.assertEqual(self.fine(self.hub.get(f'{path}?at={read.position}')), read.json)
        self.refused(self.hub.post('/agents', {'email': 'expert@test.example'}), 409, 'already_exists', '/email')
        self.refused(self.hub.post('/agents', {'email': 'p@test.example', 'role': 'service'}), 400, 'invalid_field', '/role')

    def test_a_repeated_request_shows_the_same_password(self):
        key = {'Idempotency-Key': 'add-a-person'}
        first, again = (self.fine(self.hub.post('/agents', {'email': 'twice@test.example'}, headers=key), 201) for _ in range(2))
        self.assertEqual(first, again)
        login(self.hub, 'twice@test.example', first['password'])

    def test_lists_of_agents_are_paged_and_filtered(self):
        everybody = self.fine(self.hub.get('/agents'))['agents']
        paged, link = [], '/agents?limit=2'
        while link:
            answer = self.hub.get(link)
            paged += answer.json['agents']
            link = answer.headers['Link'].split('>')[0][1:] if 'Link' in answer.headers else None
        self.assertEqual(paged, everybody)
        self.fine(self.agent.ask('PUT', f"/agents/{self.ids['agent_1']}/presence", {'presence': 'busy', 'reason': 'training'}))
        busy = self.fine(self.hub.get('/agents?presence=busy'))['agents']
        self.assertEqual([(agent['agent_id'], agent['presence_reason']) for agent in busy], [(self.ids['agent_1'], 'training')])
        self.fine(self.agent.ask('PUT', f"/agents/{self.ids['agent_1']}/presence", {'presence': 'available'}))

    def test_agents_change_themselves_and_those_who_lead_change_others(self):
        own, others = f"/agents/{self.ids['agent_2']}", f"/agents/{self.ids['agent_1']}"
        self.assertEqual(self.fine(self.other.ask('PUT', own, {'languages': ['fr']}))['languages'], ['fr'])
        self.refused(self.other.ask('PUT', others, {'name': 'x'}), 403, 'forbidden')
        self.refused(self.other.ask('PUT', own, {'skills': ['all']}), 403, 'forbidden', '/skills')
        self.refused(self.other.ask('PUT', f'{others}/presence', {'presence': 'away'}), 403, 'forbidden')
        self.refused(self.supervisor.ask('PUT', own, {'role': 'admin'}), 403, 'forbidden', '/role')
        self.fine(self.supervisor.ask('PUT', own, {'skills': ['all']}))
        self.refused(self.hub.ask('PUT', '/agents/nobody', {'name': 'x'}), 404, 'not_found')

    def test_a_role_counts_at_once_and_one_admin_stays(self):
        promoted = self.add('promoted')
        person = login(self.hub, 'promoted@test.example')
        self.refused(person.post('/agents', {'email': 'x@test.example'}), 403, 'forbidden')
        self.fine(self.admin.ask('PUT', f'/agents/{promoted}', {'role': 'admin', 'name': 'new name'}))
        self.assertEqual(self.fine(person.get('/auth/me'))['role'], 'admin')
        self.fine(person.ask('PUT', f'/agents/{promoted}', {'role': 'auditor'}))
        self.assertEqual(self.fine(person.get('/auth/me'))['role'], 'auditor')
        admin = self.fine(self.admin.get('/auth/me'))['principal_id']
        self.refused(self.admin.ask('PUT', f'/agents/{admin}', {'role': 'agent'}), 409, 'conflict', '/role')
        self.refused(self.admin.ask('DELETE', f'/agents/{admin}'), 409, 'conflict')

    def test_who_is_removed_is_out_and_may_come_back(self):
        leaver = self.add('leaver')
        person = login(self.hub, 'leaver@test.example')
        self.customer('of-leaver')
        self.fine(person.post('/customer/of-leaver/assign', {}))
        self.fine(self.hub.ask('DELETE', f'/agents/{leaver}'))
        self.assertEqual(person.get('/auth/me').status, 401)
        self.assertEqual(Client(self.hub.port, key=None).post('/auth/login', {'email': 'leaver@test.example', 'password': PASSWORD}).status, 401)
        self.refused(self.hub.get(f'/agents/{leaver}'), 404, 'not_found')
        self.assertNotIn(leaver, [agent['agent_id'] for agent in self.fine(self.hub.get('/agents'))['agents']])
        wait_for(lambda: not self.listed('of-leaver')['is_assigned'], what='the conversation back in the queue')
        row = self.listed('of-leaver')
        self.assertEqual((row['is_assigned'], row['queue_position']), (False, 1))  # the head of the queue
        self.assertEqual(self.add('leaver'), leaver)
        self.assertEqual(person.get('/auth/me').status, 401)  # that login is over all the same
        login(self.hub, 'leaver@test.example')
        self.fine(self.hub.ask('PUT', '/customer/of-leaver/stop', {'stop': False}))

    # --- passwords ---

    def test_passwords_are_changed_by_who_knows_them_and_set_by_admins(self):
        agent = self.add('forgetful')
        person, elsewhere = (login(self.hub, 'forgetful@test.example') for _ in range(2))
        path = f'/agents/{agent}/password'
        self.refused(person.ask('PUT', path, {'password': 'another password'}), 400, 'invalid_field', '/old_password')
        self.refused(person.ask('PUT', path, {'password': 'another password', 'old_password': 'wrong'}), 403, 'forbidden', '/old_password')
        self.fine(person.ask('PUT', path, {'password': 'another password', 'old_password': PASSWORD}))
        self.assertEqual((person.get('/auth/me').status, elsewhere.get('/auth/me').status), (200, 401))
        login(self.hub, 'forgetful@test.example', 'another password')
        self.refused(self.other.ask('PUT', path, {'password': 'taken over!!'}), 403, 'forbidden')
        self.fine(self.admin.ask('PUT', path, {'password': 'a third password'}))
        self.assertEqual(person.get('/auth/me').status, 401)
        login(self.hub, 'forgetful@test.example', 'a third password')

    def test_guessing_is_slowed_down_by_account(self):
        self.add('guessed')
        nobody = Client(self.hub.port, key=None)
        answers = [nobody.post('/auth/login', {'email': 'guessed@test.example', 'password': f'guess {i}'}) for i in range(11)]
        self.assertEqual([answer.status for answer in answers], [401] * 10 + [429])
        self.refused(answers[-1], 429, 'limit_reached')
        self.assertIn(int(answers[-1].headers['Retry-After']), range(1, 31))
        self.assertEqual(nobody.post('/auth/login', {'email': 'guessed@test.example', 'password': PASSWORD}).status, 429)
        login(self.hub, 'agent_1@test.example')  # others are not concerned
        for _ in range(15):
            login(self.hub, 'agent_2@test.example')  # nor is who knows the password

    # --- what a company settles ---

    def test_settings_and_inboxes_are_read_and_changed(self):
        settings = self.fine(self.hub.get('/company/settings'))
        self.assertEqual(settings, {'idle_s': 0, 'lost_grace_s': 60, 'over_capacity': False})
        self.assertEqual(self.fine(self.hub.ask('PUT', '/company/settings', {'lost_grace_s': 30}))['lost_grace_s'], 30)
        self.refused(self.agent.ask('PUT', '/company/settings', {'idle_s': 1}), 403, 'forbidden')
        self.fine(self.hub.ask('PUT', '/company/pages/page_456', {'channel': 'whatsapp', 'name': 'Support'}))
        self.assertEqual(self.fine(self.agent.get('/company/pages'))['pages'],
                         [{'page_id': 'page_456', 'channel': 'whatsapp', 'name': 'Support'}])
        self.refused(self.hub.ask('PUT', '/company/pages/page_456', {'channel': 'sms', 'name': 'x'}), 409, 'conflict', '/channel')

    def test_the_idle_time_of_the_company_reaches_new_sessions(self):
        self.fine(self.hub.ask('PUT', '/company/settings', {'idle_s': 1}))
        self.hub.say('idler', 's-idler', 'hello')
        self.fine(self.hub.ask('PUT', '/company/settings', {'idle_s': 0}))
        self.comes('/session/s-idler', status='ended', end_reason='inactivity')

    # --- help ---

    def test_a_customer_from_stopped_to_done(self):
        row = self.customer('journey', 'My invoice is wrong')
        self.assertLessEqual({
            'customer_id': 'journey', 'page_id': 'chat', 'customer_name': 'journey', 'last_message': 'My invoice is wrong',
            'time_since_last_conversation': 'less than a minute', 'is_assigned': False, 'agent_name': '',
            'is_assigned_to_me': False, 'stop': True, 'status': 'waiting', 'cause': 'stopped', 'reason': 'the bot is stuck',
            'session_id': 's-journey', 'channel': 'chat'}.items(), row.items())
        self.comes('/session/s-journey', status='waiting')
        taken = self.fine(self.agent.post('/customer/journey/assign', {'page_id': 'chat'}))['customer']
        self.assertEqual((taken['is_assigned'], taken['agent_name'], taken['is_assigned_to_me'], taken['agent_id']),
                         (True, 'agent_1', True, self.ids['agent_1']))
        self.assertEqual(taken['waiting_since'], row['waiting_since'])
        seen = next(row for row in self.fine(self.other.get('/customers/stopped'))['customers'] if row['customer_id'] == 'journey')
        self.assertEqual({**taken, 'is_assigned_to_me': False, 'time_since_last_conversation_seconds': 0},
                         {**seen, 'time_since_last_conversation_seconds': 0})
        again = self.other.post('/customer/journey/assign', {'page_id': 'chat'})
        self.refused(again, 409, 'already_assigned')
        self.assertIn('already assigned', again.json['error'])
        self.refused(self.other.post('/customer/journey/message', {'message': 'me too'}), 409, 'already_assigned')
        sent = self.fine(self.agent.post('/customer/journey/message', {'message': 'How can I help?'}))
        self.assertEqual(self.fine(self.hub.get(f"/message/{sent['message_id']}"))['message']['author'], 'agent')
        back = self.fine(self.agent.post('/customer/journey/release', {}))['customer']
        self.assertEqual((back['is_assigned'], back['waiting_since']), (False, row['waiting_since']))
        self.fine(self.other.post('/customer/journey/message', {'message': 'I am here now'}))
        self.refused(self.other.post('/customer/journey/transfer', {'agent_id': 'nobody'}), 404, 'not_found', '/agent_id')
        self.fine(self.agent.ask('PUT', f"/agents/{self.ids['agent_1']}/presence", {'presence': 'available'}))
        moved = self.fine(self.other.post('/customer/journey/transfer', {'agent_id': self.ids['agent_1'], 'note': 'asked twice'}))
        self.assertEqual((moved['customer']['agent_name'], moved['customer']['is_assigned_to_me']), ('agent_1', False))
        self.assertEqual(self.fine(self.agent.post('/customer/journey/wrap-up', {}))['customer']['status'], 'wrapping')
        done = self.fine(self.agent.post('/customer/journey/done', {'code': 'refunded'}))['customer']
        self.assertEqual((done['stop'], done['is_assigned'], done['agent_name']), (False, False, ''))
        self.comes('/session/s-journey', status='resolved')
        self.assertNotIn('journey', [row['customer_id'] for row in self.fine(self.hub.get('/customers/stopped'))['customers']])

    def test_a_customer_who_asks_for_a_person_waits_for_one(self):
        self.hub.say('asker', 's-asker', 'I want to talk to a human agent')
        rows = wait_for(lambda: {row['customer_id']: row for row in self.fine(self.agent.get('/customers/stopped'))['customers']
                                 if row['customer_id'] == 'asker'}, what='the customer in the list')
        self.assertEqual((rows['asker']['cause'], rows['asker']['status']), ('asked', 'waiting'))
        self.fine(self.hub.ask('PUT', '/customer/asker/stop', {'stop': False}))

    def test_what_cannot_be_is_refused(self):
        self.refused(self.hub.ask('PUT', '/customer/nobody/stop', {'stop': True}), 404, 'not_found', '/customer_id')
        self.hub.say('quiet', 's-quiet', 'hello')
        for move in ('release', 'transfer', 'wrap-up', 'done'):
            self.refused(self.agent.post(f'/customer/quiet/{move}', {}), 409, 'conflict')
        self.refused(self.hub.post('/customer/quiet/assign', {}), 400, 'invalid_field', '/agent_id')
        self.refused(self.hub.post('/customer/quiet/message', {'message': 'hello'}), 400, 'invalid_field', '/agent_id')
        self.refused(self.agent.post('/customer/quiet/assign', {'agent_id': self.ids['agent_2']}), 403, 'forbidden', '/agent_id')
        self.hub.ask('DELETE', '/session/s-quiet')
        self.refused(self.hub.ask('PUT', '/customer/quiet/stop', {'stop': True}), 409, 'conflict')

    def test_of_two_who_grab_at_once_one_wins(self):
        names = [f'grabbed-{i}' for i in range(30)]
        self.fine(self.hub.ask('PUT', '/company/settings', {'over_capacity': True}))
        for name in names:
            self.customer(name)
        taken = {'agent_1': [], 'agent_2': []}
        lost = {'agent_1': [], 'agent_2': []}
        before = {who: self.fine(self.hub.get(f'/agents/{self.ids[who]}'))['conversations'] for who in taken}
        start = threading.Barrier(2)

        def grab(who):
            for name in names:
                start.wait(30)
                answer = self.people[who].post(f'/customer/{name}/assign', {'page_id': 'chat'})
                (taken if answer.status == 200 else lost)[who].append((name, answer))

        threads = [threading.Thread(target=grab, args=(who,)) for who in taken]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        won = [name for who in taken for name, _ in taken[who]]
        self.assertEqual(sorted(won), sorted(names))
        for _, answer in lost['agent_1'] + lost['agent_2']:
            self.refused(answer, 409, 'already_assigned')
        for who in taken:
            load = self.fine(self.hub.get(f'/agents/{self.ids[who]}'))['conversations']
            self.assertEqual(load - before[who], len(taken[who]))
        for name in names:
            self.fine(self.hub.ask('PUT', f'/customer/{name}/stop', {'stop': False}))
        for who in taken:
            self.comes(f'/agents/{self.ids[who]}', conversations=before[who])
        self.fine(self.hub.ask('PUT', '/company/settings', {'over_capacity': False}))

    def test_an_agent_takes_no_more_than_the_capacity(self):
        small = self.add('small', capacity=[{'channel': 'chat', 'limit': 1}])
        person = login(self.hub, 'small@test.example')
        self.customer('first')
        self.customer('second')
        self.fine(person.post('/customer/first/assign', {}))
        full = person.post('/customer/second/assign', {})
        self.refused(full, 409, 'conflict', '/agent_id')
        self.assertIn('1 of at most 1', full.json['error'])
        rows = {row['customer_id']: row for row in self.fine(person.get('/customers/stopped'))['customers']}
        self.assertEqual((rows['first']['is_assigned_to_me'], rows['second']['is_assigned']), (True, False))
        self.fine(self.hub.ask('PUT', '/company/settings', {'over_capacity': True}))
        self.fine(person.post('/customer/second/assign', {}))
        self.fine(self.hub.ask('PUT', '/company/settings', {'over_capacity': False}))
        self.assertEqual(self.fine(self.hub.get(f'/agents/{small}'))['conversations'], 2)
        for name in ('first', 'second'):
            self.fine(person.post(f'/customer/{name}/done', {}))

    def test_queues_are_in_order_and_known_by_inbox(self):
        names = [f'queued-{i}' for i in range(5)]
        for name in names:
            self.hub.create_session(name, channel='sms', page_id='queue-page')
            self.fine(self.hub.ask('PUT', f'/customer/{name}/stop', {'stop': True, 'page_id': 'queue-page'}))
        page = '/customers/stopped?page_id=queue-page'
        listed = self.fine(self.hub.get(page))
        self.assertEqual([row['customer_id'] for row in listed['customers']], names)
        self.assertEqual([row['queue_position'] for row in listed['customers']], [1, 2, 3, 4, 5])
        self.assertEqual(listed['total'], 5)
        part = self.fine(self.hub.get(f'{page}&limit=2&skip=1'))
        self.assertEqual([(row['customer_id'], row['queue_position']) for row in part['customers']], [(names[1], 2), (names[2], 3)])
        for name in names[:3]:
            self.fine(self.agent.post(f'/customer/{name}/assign', {}))
            self.fine(self.agent.post(f'/customer/{name}/done', {}))
        queue = self.fine(self.hub.get('/queues?page_id=queue-page'))['queues'][0]
        self.assertEqual((queue['page_id'], queue['channel'], queue['waiting'], queue['assigned'], queue['handled']),
                         ('queue-page', 'sms', 2, 0, 3))
        self.assertEqual(queue['longest_waiting_since'], listed['customers'][3]['waiting_since'])
        self.assertIn('estimated_wait_seconds', queue)
        row = self.fine(self.hub.get(page))['customers'][0]
        self.assertEqual((row['customer_id'], row['queue_position'], 'estimated_wait_seconds' in row), (names[3], 1, True))
        everything = self.fine(self.hub.get('/customers/stopped'))['customers']
        self.assertEqual({row['customer_id']: row['queue_position'] for row in everything if row['page_id'] == 'queue-page'},
                         {names[3]: 1, names[4]: 2})
        for name in names[3:]:
            self.fine(self.hub.ask('PUT', f'/customer/{name}/stop', {'stop': False}))

    # --- the past ---

    def test_z_lists_of_the_past_are_as_they_were(self):
        moments = []

        def look(*paths):
            for path in paths:
                answer = self.hub.get(path)
                moments.append((path, answer.json.get('as_of', answer.position), answer.body))

        paths = ('/customers/stopped', '/queues', '/agents')
        self.customer('past-1')
        look(*paths)
        self.customer('past-2')
        self.fine(self.agent.post('/customer/past-1/assign', {}))
        look(*paths)
        self.fine(self.agent.post('/customer/past-1/message', {'message': 'hello'}))
        self.hub.say('past-2', 's-past-2', 'still there?')
        look(*paths)
        self.fine(self.agent.post('/customer/past-1/done', {}))
        self.fine(self.hub.ask('PUT', '/customer/past-2/stop', {'stop': False}))
        look(*paths)
        for _ in range(2):
            for path, at, body in moments:
                answer = self.hub.get(f'{path}?at={at}')
                self.assertEqual((answer.status, answer.body), (200, body), (path, at))
            self.assertEqual(self.hub.stop(), 0)
            shutil.rmtree(os.path.join(self.hub.data, 'views'))
            self.hub.start()


if __name__ == '__main__':
    unittest.main()
