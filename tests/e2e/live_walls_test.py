#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What live streams keep apart and bounded: companies, credentials that end, readers that do not read, the end of the hub."""

import json
import os
import re
import socket as sockets
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import KEY, Client, Hub, run, wait_for  # noqa: E402
from websocket import Closed, Refused, WebSocket  # noqa: E402


def metric(hub, name):
    return int(re.search(rf'^{name} (\d+)$', hub.get('/metrics').body.decode(), re.M).group(1))


def add_company(hub, name):
    """The new company's API key and its admin's password."""
    done = run('company', 'add', name, '--url', f'http://127.0.0.1:{hub.port}', '--email', f'{name}@test.example',
               env={'OMNICHANNEL_API_KEY': KEY})
    assert done.returncode == 0, done.stderr
    return re.search(r'api key\s+(\S+)', done.stdout).group(1)


def sockets_of_routes(hub):
    """The paths of the WebSockets, as /asyncapi.json has them."""
    channels = json.loads(run('schema', 'asyncapi').stdout)['channels']
    return sorted(channel['address'] for channel in channels.values())


class Walls(unittest.TestCase):
    def test_no_frame_of_one_company_reaches_another(self):
        with Hub() as hub:
            other = Client(hub.port, add_company(hub, 'other'))
            hub.create_session('customer_a', 'session_a')
            first = hub.say('customer_a', 'session_a', 'A secret of the first company')
            ours = first.json['message_id'].rsplit('-m', 1)[0]
            user = hub.get('/auth/me').json['principal_id']
            names = {'session_id': ('session_a', ours), 'customer_id': ('customer_a',), 'agent_id': (user,)}
            heard = {}
            for path in sockets_of_routes(hub):
                part = re.search(r'\{(\w+)\}', path)
                for name in names[part.group(1)] if part else ('',):
                    with self.subTest(path=path, name=name):
                        address = path.replace(part.group(0), name) if part else path
                        if part:
                            with self.assertRaises(Refused) as caught:
                                WebSocket(hub.port, address, other.key)
                            self.assertEqual(caught.exception.status, 404)
                        else:
                            heard[path] = WebSocket(hub.port, address, other.key)
            since = heard['/ws/dashboard'].read()['position']
            for content in ('Another secret', 'And one more'):
                hub.say('customer_a', 'session_a', content)
            other.post('/session/create', {'customer_id': 'customer_a', 'session_id': 'session_a', 'channel': 'chat'})
            other.post('/message/process', {'customer_id': 'customer_a', 'session_id': 'session_a', 'channel': 'chat',
                                            'content': 'Ours'})
            resumed = WebSocket(hub.port, f'/ws/dashboard?since={since}', other.key)
            for socket in (heard['/ws/dashboard'], resumed):
                frames = []
                while not frames or frames[-1]['type'] != 'new_message':
                    frames.append(socket.read())
                self.assertEqual(frames[-1]['payload']['content'], 'Ours')
                text = json.dumps(frames)
                self.assertNotIn('secret', text)
                self.assertNotIn(ours, text)
            second = heard['/api/dashboard/ws']
            second.say(type='ping')
            frames = []
            while not frames or frames[-1]['type'] != 'pong':
                frames.append(second.read())
            self.assertNotIn('secret', json.dumps(frames))
            for socket in (*heard.values(), resumed):
                socket.sock.close()
            other.close()

    def test_a_key_that_is_taken_away_ends_its_sockets(self):
        with Hub() as hub:
            made = hub.post('/api-keys', {'name': 'for a while', 'role': 'service'})
            self.assertEqual(made.status, 201, made)
            with WebSocket(hub.port, '/ws/dashboard', made.json['api_key']) as socket:
                socket.read()
                self.assertEqual(hub.ask('DELETE', '/api-keys/' + made.json['key_id']).status, 200)
                with self.assertRaises(Closed) as caught:
                    while True:
                        socket.read()
                self.assertEqual(caught.exception.code, 4401)

    def test_who_does_not_read_is_closed_and_delays_nobody(self):
        with Hub() as hub:
            for number in range(4):
                hub.create_session(f'customer_{number}', f'session_{number}')
            slow = WebSocket(hub.port, '/ws/dashboard', KEY, receive_buffer=4096)
            position = slow.read()['position']
            quick = WebSocket(hub.port, '/ws/dashboard', KEY)
            quick.read()
            count, heard = 120, []
            listener = threading.Thread(target=lambda: heard.extend(quick.read_until('new_message') for _ in range(count)))
            listener.start()
            for number in range(count):
                wait_for(lambda number=number: len(heard) > number - 15, what='the quick one')
                hub.say(f'customer_{number % 4}', f'session_{number % 4}', f'{number} ' + 'x' * 15000)
            listener.join(60)
            self.assertEqual(len(heard), count)
            self.assertEqual(metric(hub, 'omnihub_live_slow_sockets_total'), 1)
            with self.assertRaises(Closed) as caught:
                while True:
                    position = slow.read().get('position', position)
            self.assertEqual(caught.exception.code, 1013)
            self.assertIn('resume', caught.exception.reason)
            with WebSocket(hub.port, f'/ws/dashboard?since={position}', KEY) as again:
                rest = heard[[frame['position'] for frame in heard].index(position) + 1:] if position in (
                    frame['position'] for frame in heard) else heard
                for frame in rest:
                    self.assertEqual(again.read_until('new_message')['position'], frame['position'])
            slow.sock.close()
            quick.sock.close()

    def test_a_position_of_another_log_is_answered_with_a_picture_of_now(self):
        with Hub() as first, Hub() as second:
            first.create_session('customer_a', 'session_a')
            with WebSocket(first.port, '/ws/dashboard', KEY) as socket:
                foreign = socket.read()['position']
            second.create_session('customer_b', 'session_b')
            second.get('/sessions/active')
            for path, by_frame in ((f'/ws/dashboard?since={foreign}', False), ('/ws/dashboard', True),
                                   (f'/ws/session_b?since={foreign}', False),
                                   (f'/ws/customer/customer_b?since={foreign}', False)):
                with self.subTest(path=path), WebSocket(second.port, path, KEY) as socket:
                    if by_frame:
                        socket.say(type='resume', position=foreign)
                    self.assertEqual(socket.read_until('reload')['payload']['reason'], 'position_gone')
                    frame = socket.read()
                    self.assertEqual((frame['type'], frame['payload']['sessionId']), ('session_update', 'session_b'))
                    second.say('customer_b', 'session_b', path)
                    self.assertEqual(socket.read_until('new_message')['payload']['content'], path)

    def test_the_end_of_the_hub_is_told(self):
        with Hub() as hub:
            listening = [WebSocket(hub.port, path, KEY) for path in ('/ws/dashboard', '/api/dashboard/ws')]
            unknown = WebSocket(hub.port, '/ws/dashboard')
            for socket in listening:
                socket.read()
            codes = []

            def wait_for_end(socket):
                try:
                    while True:
                        socket.read()
                except Closed as closed:
                    codes.append(closed.code)

            threads = [threading.Thread(target=wait_for_end, args=(socket,)) for socket in (*listening, unknown)]
            for thread in threads:
                thread.start()
            self.assertEqual(hub.stop(), 0, hub.complaints())
            for thread in threads:
                thread.join(30)
            self.assertEqual(codes, [1001] * 3)
            for socket in (*listening, unknown):
                socket.sock.close()

    def test_sockets_that_come_and_go_leave_nothing(self):
        with Hub() as hub:
            hub.create_session('customer_a', 'session_a')
            open_files = f'/proc/{hub.process.pid}/fd'
            before = len(os.listdir(open_files))
            for number in range(60):
                with WebSocket(hub.port, ('/ws/dashboard', '/ws/session_a', '/api/dashboard/ws')[number % 3], KEY) as socket:
                    socket.read()
                    if number % 2:
                        socket.sock.shutdown(sockets.SHUT_RDWR)
            wait_for(lambda: metric(hub, 'omnihub_live_sockets') == 0, what='the end of all sockets')
            wait_for(lambda: len(os.listdir(open_files)) <= before + 2, what='the end of all files')
            self.assertEqual(metric(hub, 'omnihub_live_sockets_total'), 60)


if __name__ == '__main__':
    unittest.main(verbosity=2)
