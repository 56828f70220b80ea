#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Live streams: what is heard on which socket, who may listen, how one gets in, and what is refused."""

import json
import os
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))

import conformity  # noqa: E402
from running import KEY, SECRETS, Hub, run, wait_for  # noqa: E402
from websocket import Closed, Refused, WebSocket  # noqa: E402

conformity.watch()


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def listen(self, path='/ws/dashboard', key=KEY, **more):
        socket = WebSocket(self.hub.port, path, key, **more)
        self.addCleanup(socket.sock.close)
        return socket

    def refused(self, path, key=KEY, **more):
        with self.assertRaises(Refused) as caught:
            self.listen(path, key, **more)
        return caught.exception.status

    # --- what is heard ---

    def test_a_message_is_heard_by_company_session_and_customer(self):
        self.hub.create_session('heard_customer', 'heard_session')
        self.hub.create_session('other_customer', 'other_session')
        sockets = [self.listen(path) for path in ('/ws/dashboard', '/ws/heard_session', '/ws/customer/heard_customer')]
        other = self.listen('/ws/other_session')
        self.assertEqual([socket.read()['type'] for socket in [*sockets, other]], ['connected'] * 4)
        self.hub.say('heard_customer', 'heard_session', 'Is anybody there?')
        self.hub.say('other_customer', 'other_session', 'Somebody else')
        for socket in sockets:
            frame = socket.read_until(lambda frame: frame['type'] == 'new_message')
            self.assertEqual(set(frame), {'type', 'payload', 'timestamp', 'sessionId', 'customerId', 'position'})
            self.assertEqual((frame['sessionId'], frame['customerId']), ('heard_session', 'heard_customer'))
            self.assertEqual(frame['payload']['content'], 'Is anybody there?')
            self.assertEqual(frame['payload']['author'], 'customer')
        frame = other.read_until('new_message')
        self.assertEqual(frame['payload']['content'], 'Somebody else')

    def test_what_is_announced_is_there_for_a_get(self):
        self.hub.create_session('there_customer', 'there_session')
        socket = self.listen('/ws/there_session')
        socket.read_until('connected')
        self.hub.say('there_customer', 'there_session', 'one')
        frame = socket.read_until('new_message')
        answer = self.hub.get('/message/' + frame['payload']['messageId'])
        self.assertEqual(answer.json['message']['content'], 'one')

    def test_a_transfer_is_told_with_both_channels(self):
        self.hub.create_session('moved_customer', 'moved_session', 'voice')
        socket = self.listen('/ws/moved_session')
        answer = self.hub.post('/transfer/channel', {'session_id': 'moved_session', 'to_channel': 'video'})
        self.assertEqual(answer.json['websocket_url'], f'ws://127.0.0.1:{self.hub.port}/ws/moved_session')
        frame = socket.read_until('channel_transfer')
        self.assertEqual(frame['payload']['fromChannel'], 'voice')
        self.assertEqual(frame['payload']['toChannel'], 'video')

    def test_a_resumed_socket_hears_what_it_missed_once_and_then_goes_on(self):
        self.hub.create_session('away_customer', 'away_session')
        with self.listen('/ws/away_session') as socket:
            self.hub.say('away_customer', 'away_session', '0')
            position = socket.read_until('new_message')['position']
        for number in range(1, 6):
            self.hub.say('away_customer', 'away_session', str(number))
        socket = self.listen(f'/ws/away_session?since={position}')
        for number in range(6, 9):
            self.hub.say('away_customer', 'away_session', str(number))
        said = [socket.read_until('new_message')['payload']['content'] for _ in range(8)]
        self.assertEqual(said, [str(number) for number in range(1, 9)])

    def test_a_resume_frame_does_what_since_does(self):
        self.hub.create_session('frame_customer', 'frame_session')
        with self.listen('/ws/frame_session') as socket:
            position = socket.read_until('connected')['position']
        self.hub.say('frame_customer', 'frame_session', 'missed')
        socket = self.listen('/ws/frame_session')
        socket.say(type='resume', position=position)
        self.assertEqual(socket.read_until('new_message')['payload']['content'], 'missed')

    def test_a_resume_that_comes_late_brings_what_was_missed_and_repeats_nothing(self):
        self.hub.create_session('late_customer', 'late_session')
        with self.listen('/ws/late_session') as socket:
            position = socket.read_until('connected')['position']
        for number in range(5):
            answer = self.hub.say('late_customer', 'late_session', f'missed {number}')
        self.hub.get('/session/late_session', headers={'Hub-Min-Position': answer.headers['Hub-Position']})
        for path in ('/ws/late_session', '/ws/dashboard'):
            socket = self.listen(path)
            socket.read_until('connected')
            for number in range(5):
                self.hub.say('late_customer', 'late_session', f'{path} {number}')
            heard = [socket.read_until('new_message') for _ in range(3)]  # so nothing is held back any more
            socket.say(type='resume', position=position)
            socket.say(type='resume', position=heard[0]['position'])  # of what this socket was sent, nothing comes again
            self.hub.say('late_customer', 'late_session', f'{path} last')
            while f'{path} last' not in [frame['payload']['content'] for frame in heard]:
                heard.append(socket.read_until('new_message'))
            said = [frame['payload']['content'] for frame in heard if frame['sessionId'] == 'late_session']
            self.assertEqual(len(said), len(set(said)), said)
            self.assertLessEqual({f'missed {number}' for number in range(5)}, set(said))
            self.assertLessEqual({f'{path} {number}' for number in range(5)}, set(said))
            self.assertEqual([text for text in said if text.startswith('missed')], [f'missed {n}' for n in range(5)])
            self.assertEqual([text for text in said if text.startswith(path)],
                             [f'{path} {n}' for n in range(5)] + [f'{path} last'])

    def test_a_client_that_answers_no_ping_is_closed_and_one_that_does_is_not(self):
        with Hub(options=['--ping', '1']) as hub:
            dead, alive = (WebSocket(hub.port, '/ws/dashboard', KEY) for _ in range(2))
            with dead, alive, ThreadPoolExecutor() as others:
                heard = others.submit(alive.read_until, 'new_message')
                dead.answers_pings = False
                with self.assertRaises(Closed) as closed:
                    while True:
                        dead.read()
                self.assertIsNone(closed.exception.code)  # nobody is there to be told
                self.assertEqual(dead.pings, 2)
                hub.say('silent_customer', 'silent_session', 'Is anybody there?')
                self.assertEqual(heard.result()['customerId'], 'silent_customer')
                self.assertGreaterEqual(alive.pings, 2)

    def test_figures_come_without_a_position_and_end_with_the_newest(self):
        dashboard = self.listen()
        dashboard.read_until('connected')
        for _ in range(5):
            self.hub.say('figures_customer', 'figures_session', 'count me', 'social')
        wanted = self.hub.get('/analytics/channel-performance').json['social']['traffic']['messages_in']
        frame = dashboard.read_until(lambda frame: frame['type'] == 'performance_update' and
                                     frame['payload']['social']['traffic']['messagesIn'] >= wanted)
        self.assertEqual(set(frame), {'type', 'payload', 'timestamp'})
        self.assertLessEqual({'voice', 'video', 'chat', 'email', 'sms', 'whatsapp', 'mobileApp', 'social'}, set(frame['payload']))

    # --- who may listen ---

    def test_nobody_listens_to_what_is_not_there(self):
        self.assertEqual(self.refused('/ws/no_such_session'), 404)
        self.assertEqual(self.refused('/ws/customer/no_such_customer'), 404)
        self.assertEqual(self.refused('/ws/agent/01M7YME5WKMSSX8H4373KF7WM2'), 404)

    def test_wrong_credentials_are_refused_at_the_door(self):
        self.assertEqual(self.refused('/ws/dashboard', 'wrong'), 401)
        self.assertEqual(self.refused('/ws/dashboard?access_token=wrong', None), 401)
        self.assertEqual(self.refused('/ws/dashboard', None, headers={'Cookie': 'omnihub_session=wrong'}), 401)

    def test_a_key_may_come_in_the_address_or_as_a_subprotocol(self):
        self.listen(f'/ws/dashboard?access_token={KEY}', None).read_until('connected')
        socket = self.listen(key=None, headers={'Sec-WebSocket-Protocol': f'bearer, {KEY}'})
        self.assertEqual(socket.headers['sec-websocket-protocol'], 'bearer')
        socket.read_until('connected')

    def test_a_key_may_come_in_the_first_frame(self):
        socket = self.listen(key=None)
        socket.say(type='auth', payload={'token': KEY})
        socket.read_until('connected')

    def test_nothing_else_is_done_before(self):
        socket = self.listen(key=None)
        socket.say(type='typing', payload={'typing': True})
        self.assertEqual(socket.read()['payload']['code'], 'unauthenticated')

    def test_a_wrong_key_in_the_first_frame_closes(self):
        for payload in ({'token': 'wrong'}, {'sessionId': 's', 'timestamp': 't'}):
            socket = self.listen(key=None)
            socket.say(type='auth', payload=payload)
            with self.assertRaises(Closed) as caught:
                socket.read()
            self.assertEqual(caught.exception.code, 4401)

    def test_what_is_not_there_closes_after_the_first_frame(self):
        socket = self.listen('/ws/no_such_session', key=None)
        socket.say(type='auth', payload={'token': KEY})
        with self.assertRaises(Closed) as caught:
            socket.read()
        self.assertEqual(caught.exception.code, 4404)

    def test_a_page_of_another_site_may_not_listen(self):
        self.assertEqual(self.refused('/ws/dashboard', headers={'Origin': 'https://elsewhere.example'}), 403)
        self.listen(headers={'Origin': f'http://127.0.0.1:{self.hub.port}'}).read_until('connected')

    def test_a_plain_request_is_told_to_upgrade(self):
        self.assertEqual(self.hub.get('/ws/dashboard').status, 426)
        self.assertEqual(self.hub.get('/api/dashboard/ws').status, 426)

    def test_the_second_contract_says_who_listens(self):
        frame = self.listen('/api/dashboard/ws').read()
        self.assertEqual(frame['type'], 'connected')
        self.assertIn('user_id', frame)

    # --- who is there ---

    def test_an_agent_is_seen_with_the_first_socket_and_lost_after_the_last(self):
        with Hub(options=['--agent-gone', '1']) as hub:
            login = hub.post('/auth/login', {'email': SECRETS['OMNIHUB_ADMIN_EMAIL'],
                                             'password': SECRETS['OMNIHUB_ADMIN_PASSWORD']})
            user, cookie = login.json['user_id'], login.headers['Set-Cookie'].split(';')[0]

            def presence():
                lines = run('replay', '--data', hub.data, '--type', 'agent_presence_changed', '--json').stdout.splitlines()
                return json.loads(lines[-1])['payload']['presence'] if lines else None

            with WebSocket(hub.port, '/ws/dashboard', KEY) as other:
                other.read_until('connected')
                with WebSocket(hub.port, '/api/dashboard/ws', headers={'Cookie': cookie}) as socket:
                    self.assertEqual(socket.read()['user_id'], user)
                    frame = other.read_until('presence')
                    self.assertEqual((frame['payload']['userId'], frame['payload']['online']), (user, True))
                    wait_for(lambda: presence() == 'available', what='being seen')
                    with WebSocket(hub.port, f'/ws/agent/{user}', headers={'Cookie': cookie}) as second:
                        second.read()
                self.assertFalse(other.read_until('presence')['payload']['online'])
                wait_for(lambda: presence() == 'away', what='being lost')
                with WebSocket(hub.port, '/ws/dashboard', headers={'Cookie': cookie}):
                    wait_for(lambda: presence() == 'available', what='being seen again')
            hub.restart()
            wait_for(lambda: presence() == 'away', what='being missed after the hub died')

    # --- what is said ---

    def test_a_ping_is_answered(self):
        socket = self.listen()
        socket.say(type='ping', payload={'timestamp': '12:00'}, timestamp='12:00')
        frame = socket.read_until('pong')
        self.assertEqual(frame['payload']['timestamp'], '12:00')
        self.assertIn('position', frame)

    def test_what_is_not_understood_is_told(self):
        socket = self.listen()
        for text, code in (('{', 'malformed_json'), ('[]', 'malformed_json'), ('{}', 'invalid_field'),
                           ('{"type":"sing"}', 'invalid_field'), ('{"type":"ping","payload":7}', 'malformed_json'),
                           ('{"type":"resume","position":"here"}', 'invalid_query'),
                           ('{"type":"typing","payload":{"typing":true}}', 'invalid_field')):
            with self.subTest(text=text):
                socket.send_text(text)
                self.assertEqual(socket.read_until('error')['payload']['code'], code)

    def test_typing_is_heard_by_others_of_the_session(self):
        self.hub.create_session('typing_customer', 'typing_session')
        one, two = self.listen('/ws/typing_session'), self.listen('/ws/typing_session')
        for socket in (one, two):
            socket.say(type='ping')
            socket.read_until('pong')
        one.say(type='typing', payload={'typing': True})
        frame = two.read_until('typing')
        self.assertTrue(frame['payload']['typing'])
        self.assertNotIn('position', frame)


if __name__ == '__main__':
    unittest.main(verbosity=2)
