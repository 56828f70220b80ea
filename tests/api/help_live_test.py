#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The dashboard's WebSocket: customers who want a person, as each agent sees them, and what agents say about them."""

import os
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))

import conformity  # noqa: E402
from running import Client, Hub, wait_for  # noqa: E402
from websocket import WebSocket  # noqa: E402

conformity.watch()

PASSWORD = 'a password of an agent'
PATH = '/api/dashboard/ws'
ROW = {'customer_id', 'page_id', 'customer_name', 'last_message', 'time_since_last_conversation', 'is_assigned', 'agent_name',
       'is_assigned_to_me'}


class HelpLive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub(options=['--agent-gone', '1'])
        cls.addClassCleanup(cls.hub.remove)
        cls.addClassCleanup(cls.hub.kill)
        cls.ids, cls.cookies = {}, {}
        for name in ('agent_1', 'agent_2'):
            made = cls.hub.post('/agents', {'email': f'{name}@test.example', 'password': PASSWORD, 'name': name})
            assert made.status == 201, made
            cls.ids[name] = made.json['agent_id']
            entered = Client(cls.hub.port, key=None).post('/auth/login', {'email': f'{name}@test.example', 'password': PASSWORD})
            cls.cookies[name] = entered.headers['Set-Cookie'].split(';')[0]

    def listen(self, who, path=PATH):
        socket = WebSocket(self.hub.port, path, headers={'Cookie': self.cookies[who]})
        self.addCleanup(socket.sock.close)
        connected = socket.read()
        self.assertEqual((connected['type'], connected['user_id']), ('connected', self.ids[who]))
        return socket

    def both(self):
        return self.listen('agent_1'), self.listen('agent_2')

    def about(self, socket, kind, customer):
        """The next frame of that type about a customer; its rows are always whole."""
        frame = socket.find(lambda frame: frame['type'] == kind and
                            customer in (frame['data'].get('customer_id'), frame['data'].get('customer', {}).get('customer_id')))
        if 'customer' in frame['data']:
            self.assertLessEqual(ROW, set(frame['data']['customer']), frame)
        return frame['data']

    def stop(self, customer, stop=True):
        answer = self.hub.ask('PUT', f'/customer/{customer}/stop', {'stop': stop, 'reason': 'the bot is stuck'})
        self.assertEqual(answer.status, 200, answer)

    def test_a_request_is_heard_taken_and_seen_by_each_in_their_own_way(self):
        first, second = self.both()
        self.hub.say('heard', 's-heard', 'My invoice is wrong')
        for socket in (first, second):
            said = self.about(socket, 'new_message', 'heard')
            self.assertEqual((said['message'], said['is_human'], said['page_id']), ('My invoice is wrong', False, 'chat'))
        self.stop('heard')
        for socket in (first, second):
            asked = self.about(socket, 'agent_requested', 'heard')
            self.assertEqual((asked['customer_name'], asked['reason']), ('heard', 'the bot is stuck'))
            stopped = self.about(socket, 'customer_stop_status_changed', 'heard')
            self.assertEqual((stopped['stop'], stopped['customer']['is_assigned']), (True, False))
        first.say(type='assign_agent', data={'customer_id': 'heard', 'page_id': 'chat'})
        mine = self.about(first, 'agent_assigned', 'heard')['customer']
        self.assertEqual((mine['is_assigned'], mine['is_assigned_to_me'], mine['agent_name']), (True, True, 'agent_1'))
        for socket, is_mine in ((first, True), (second, False)):
            changed = self.about(socket, 'agent_assignment_changed', 'heard')
            self.assertEqual((changed['action'], changed['agent_name'], changed['customer']['is_assigned_to_me']),
                             ('assigned', 'agent_1', is_mine))
        second.say(type='assign_agent', data={'customer_id': 'heard', 'page_id': 'chat'})
        error = second.read_until('error')
        self.assertIn('already assigned', error['error'])
        second.say(type='send_message', customer_id='heard', page_id='chat', message='me too')
        self.assertIn('already assigned', second.read_until('error')['error'])
        first.say(type='send_message', customer_id='heard', page_id='chat', message='Hello, how can I help you?')
        self.assertTrue(first.read_until('message_sent')['success'])
        said = second.read_until(lambda frame: frame['type'] == 'new_message' and frame['data']['is_human'])['data']
        self.assertEqual((said['message'], said['customer_id'], said['agent_id']), ('Hello, how can I help you?', 'heard', self.ids['agent_1']))
        wrapping = Client(self.hub.port, key=None).post('/customer/heard/wrap-up', {}, headers={'Cookie': self.cookies['agent_1']})
        self.assertEqual(wrapping.status, 200, wrapping)
        changed = self.about(second, 'agent_assignment_changed', 'heard')
        self.assertEqual((changed['action'], changed['customer']['status']), ('assigned', 'wrapping'))
        first.say(type='unassign_agent', data={'customer_id': 'heard', 'page_id': 'chat'})
        self.assertFalse(self.about(first, 'agent_unassigned', 'heard')['customer']['is_assigned'])
        for socket in (first, second):
            changed = self.about(socket, 'agent_assignment_changed', 'heard')
            while changed['action'] == 'assigned':
                changed = self.about(socket, 'agent_assignment_changed', 'heard')
            self.assertEqual((changed['action'], changed['customer']['is_assigned']), ('unassigned', False))
        self.stop('heard', False)
        for socket in (first, second):
            self.assertFalse(self.about(socket, 'customer_stop_status_changed', 'heard')['stop'])

    def test_the_list_is_asked_for_by_page_and_in_parts(self):
        first, second = self.both()
        for i in range(4):
            self.hub.create_session(f'listed-{i}', channel='sms', page_id='list-page')
            self.stop(f'listed-{i}')
        second.say(type='assign_agent', data={'customer_id': 'listed-0', 'page_id': 'list-page'})
        self.about(second, 'agent_assigned', 'listed-0')
        first.say(type='get_stopped_customers', data={'page_id': None, 'limit': 100})
        everything = [row['customer_id'] for row in first.read_until('stopped_customers')['data']['customers']]
        self.assertLessEqual({f'listed-{i}' for i in range(4)}, set(everything))
        first.say(type='get_stopped_customers', data={'page_id': 'list-page', 'limit': 2, 'skip': 1})
        listed = first.read_until('stopped_customers')['data']
        self.assertEqual([row['customer_id'] for row in listed['customers']], ['listed-2', 'listed-3'])
        self.assertEqual(listed['total'], 4)
        first.say(type='get_stopped_customers', data={'page_id': 'list-page', 'skip': 3})
        row = first.read_until('stopped_customers')['data']['customers'][0]
        self.assertEqual((row['customer_id'], row['is_assigned'], row['agent_name'], row['is_assigned_to_me']),
                         ('listed-0', True, 'agent_2', False))
        for i in range(4):
            self.stop(f'listed-{i}', False)

    def test_a_message_takes_a_customer_whom_nobody_has(self):
        first, second = self.both()
        self.hub.say('written', 's-written', 'hello?')
        self.stop('written')
        first.say(type='send_message', customer_id='written', page_id='chat', message='I am here')
        first.read_until('message_sent')
        changed = self.about(second, 'agent_assignment_changed', 'written')
        self.assertEqual((changed['action'], changed['agent_id']), ('assigned', self.ids['agent_1']))
        self.stop('written', False)

    def test_what_is_wrong_is_told_in_words(self):
        first, _ = self.both()
        for said, code in (({'type': 'assign_agent', 'data': {'page_id': 'chat'}}, 'invalid_field'),
                           ({'type': 'assign_agent', 'data': {'customer_id': 'nobody', 'page_id': 'chat'}}, 'not_found'),
                           ({'type': 'unassign_agent', 'data': {'customer_id': 'nobody'}}, 'not_found'),
                           ({'type': 'send_message', 'data': {'customer_id': 'nobody', 'message': 'x'}}, 'invalid_field'),
                           ({'type': 'get_stopped_customers', 'data': {'limit': 0}}, 'invalid_field')):
            first.say(**said)
            error = first.read_until('error')
            self.assertEqual((error['code'], error['request']), (code, said['type']), error)

    def test_who_resumes_gets_every_change_once_and_rows_of_now(self):
        first, second = self.both()
        self.hub.say('resumed', 's-resumed', 'hello?')
        self.stop('resumed')
        at = self.about(first, 'customer_stop_status_changed', 'resumed') and first
        position = None
        second.say(type='ping')
        first.say(type='assign_agent', data={'customer_id': 'resumed', 'page_id': 'chat'})
        frame = second.read_until(lambda frame: frame['type'] == 'customer_stop_status_changed' and frame['data']['customer_id'] == 'resumed')
        position = frame['position']
        second.sock.close()
        self.about(at, 'agent_assigned', 'resumed')
        again = self.listen('agent_2', f'{PATH}?since={position}')
        changed = self.about(again, 'agent_assignment_changed', 'resumed')
        self.assertEqual((changed['action'], changed['customer']['is_assigned_to_me']), ('assigned', False))
        mine = self.listen('agent_1', f'{PATH}?since={position}')
        self.assertTrue(self.about(mine, 'agent_assignment_changed', 'resumed')['customer']['is_assigned_to_me'])
        self.stop('resumed', False)

    def test_an_agent_who_vanishes_gives_the_customer_back_after_the_grace_period(self):
        answer = self.hub.ask('PUT', '/company/settings', {'lost_grace_s': 1})
        self.assertEqual(answer.status, 200, answer)
        made = self.hub.post('/agents', {'email': 'vanisher@test.example', 'password': PASSWORD, 'name': 'vanisher'}).json
        self.ids['vanisher'] = made['agent_id']
        entered = Client(self.hub.port, key=None).post('/auth/login', {'email': 'vanisher@test.example', 'password': PASSWORD})
        self.cookies['vanisher'] = entered.headers['Set-Cookie'].split(';')[0]
        vanisher, watcher = self.listen('vanisher'), self.listen('agent_2')
        for name in ('waits-longer', 'left-alone'):
            self.hub.say(name, f's-{name}', 'hello?')
            self.stop(name)
        vanisher.say(type='assign_agent', data={'customer_id': 'left-alone', 'page_id': 'chat'})
        row = self.about(vanisher, 'agent_assigned', 'left-alone')['customer']
        vanisher.sock.close()
        changed = self.about(watcher, 'agent_assignment_changed', 'left-alone')
        while changed['action'] == 'assigned':
            changed = self.about(watcher, 'agent_assignment_changed', 'left-alone')
        self.assertEqual((changed['customer']['waiting_since'], changed['customer']['queue_position']), (row['waiting_since'], 1))
        wait_for(lambda: self.hub.get(f"/agents/{made['agent_id']}").json['presence'] == 'offline', what='the agent offline')
        for name in ('waits-longer', 'left-alone'):
            self.stop(name, False)
        self.hub.ask('PUT', '/company/settings', {'lost_grace_s': 60})


if __name__ == '__main__':
    unittest.main()
