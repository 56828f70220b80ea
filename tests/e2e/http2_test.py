#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTP/2: the same hub by another wire. Streams and connections may end at any moment, and nothing else does."""

import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import unittest

from http2 import (CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE,
                   Closed, Connection, frame)
from running import KEY, Hub, run, wait_for

MESSAGE = {'customer_id': 'customer_h2', 'session_id': 'session_h2', 'channel': 'chat', 'content': 'Hello over HTTP/2.'}
STREAMS = 100  # that h2o lets a connection have open


def setUpModule():
    """A certificate for all."""
    if not shutil.which('openssl'):
        raise unittest.SkipTest('needs the openssl command to make a certificate')
    global folder, TLS
    folder = tempfile.mkdtemp(prefix='omnihub-test-')
    cert, key = os.path.join(folder, 'cert.pem'), os.path.join(folder, 'key.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                    '-subj', '/CN=localhost', '-days', '2', '-keyout', key, '-out', cert], check=True, capture_output=True)
    TLS = ['--tls-cert', cert, '--tls-key', key]


def tearDownModule():
    shutil.rmtree(folder, ignore_errors=True)


def message(number, session='session_h2'):
    return {**MESSAGE, 'session_id': session, 'content': f'Message {number}.'}


class Offered(unittest.TestCase):
    def test_http2_is_off_unless_asked_for(self):
        with Hub(options=TLS) as hub, Connection(hub.port, protocols=('h2', 'http/1.1')) as connection:
            self.assertIsNone(connection.protocol)

    def test_http2_without_tls_is_refused_with_a_sentence(self):
        ended = run('serve', '--http2', 'on', '--data', os.path.join(folder, 'none'))
        self.assertEqual(ended.returncode, 2)
        self.assertIn('--http2 on needs --tls-cert', ended.stderr)

    def test_clear_text_stays_http1(self):
        with Hub() as hub, socket.create_connection(('127.0.0.1', hub.port), 30) as sock:
            sock.sendall(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
            self.assertTrue(sock.recv(4096).startswith(b'HTTP/1.1 400'))


class Served(unittest.TestCase):
    """One hub for the tests that leave it as it was."""

    @classmethod
    def setUpClass(cls):
        cls.hub = Hub(options=[*TLS, '--http2', 'on'])
        cls.addClassCleanup(cls.hub.__exit__)

    def connect(self, key=KEY, **more):
        connection = Connection(self.hub.port, key, **more)
        self.addCleanup(connection.sock.close)
        return connection

    def metric(self, name):
        body = self.connect().ask('GET', '/metrics').body.decode()
        return int(re.search(rf'^{name} (\d+)$', body, re.M).group(1))

    def test_a_client_that_knows_only_http1_is_served_on_the_same_port(self):
        connection = self.connect(protocols=('http/1.1',))
        self.assertEqual(connection.protocol, 'http/1.1')
        connection.send(b'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
        self.assertTrue(connection.sock.recv(4096).startswith(b'HTTP/1.1 200 OK'))

    def test_a_hundred_streams_are_answered_each_with_its_own(self):
        connection = self.connect()
        streams = {connection.begin('POST', '/session/create', {'customer_id': f'customer_{i}', 'channel': 'chat',
                                                                'session_id': f'session_many_{i}'}): i for i in range(STREAMS)}
        connection.take(lambda: connection.is_over(*streams))
        for stream, i in streams.items():
            self.assertEqual(connection.replies[stream].status, 201, connection.replies[stream])
        shown = {connection.begin('GET', f'/session/session_many_{i}'): i for i in range(STREAMS)}
        connection.take(lambda: connection.is_over(*shown))
        for stream, i in shown.items():
            self.assertIn(f'"session_many_{i}"', connection.replies[stream].body.decode())

    def test_what_is_wrong_is_told_as_over_http1(self):
        connection = self.connect()
        for status, code, asked in (
                (404, 'not_found', ('GET', '/nowhere')),
                (405, 'method_not_allowed', ('DELETE', '/session/create')),
                (400, 'invalid_field', ('POST', '/message/process', {**MESSAGE, 'channel': 'pigeon'})),
                (400, None, ('POST', '/message/process', b'{"customer_id": ')),
                (413, 'body_too_large', ('POST', '/message/process', b'{"x": "' + b'x' * (1 << 20) + b'"}')),
                (400, 'invalid_query', ('GET', '/session/x', None, [('x-long', 'x' * 4000)] * 5)),
                (400, 'invalid_query', ('GET', '/session/x', None, [('hub-purpose', 'a'), ('hub-purpose', 'b')])),
                (400, 'invalid_query', ('GET', '/session/x', None, [('x-control', '\x01')])),
                (426, 'upgrade_required', ('GET', '/ws/dashboard')),
        ):
            reply = connection.ask(*asked)
            self.assertEqual(reply.status, status, f'{asked[:2]}: {reply}')
            self.assertEqual(reply.json['status'], status)
            self.assertEqual(reply.json['code'], code or reply.json['code'])
        self.assertEqual(self.connect(key=None).ask('GET', '/status').status, 401)

    def test_cookies_may_come_in_lines_of_their_own(self):
        body = {'email': 'admin@test.example', 'password': 'correct horse battery staple'}
        plain = http.client.HTTPSConnection('127.0.0.1', self.hub.port, timeout=60, context=ssl._create_unverified_context())
        self.addCleanup(plain.close)
        plain.request('POST', '/auth/login', json.dumps(body), {'Content-Type': 'application/json'})
        cookie = plain.getresponse().headers['Set-Cookie'].split(';')[0]
        for lines in ([cookie], ['a=b', cookie, 'c=d']):
            reply = self.connect(key=None).ask('GET', '/status', headers=[('cookie', line) for line in lines])
            self.assertEqual(reply.status, 200, reply)

    def test_resets_in_the_middle_leave_nothing_behind(self):
        """Whoever resets does not hear whether it was done; it was wholly, or not at all."""
        connection, other = self.connect(), self.connect()
        begun = 0
        for _ in range(8):
            streams = []
            for _ in range(12):
                begun += 1
                stream, data = connection.request('POST', '/message/process', message(begun, 'session_reset'))
                connection.send(data)
                streams.append(stream)
            for stream in streams[::2]:
                connection.reset(stream)
            connection.take(lambda streams=streams: connection.is_over(*streams[1::2]))
            self.assertEqual({connection.replies[stream].status for stream in streams[1::2]}, {200})
        self.assertEqual(other.ask('GET', '/health').status, 200)
        wait_for(lambda: self.metric('omnihub_http_under_way') == 1, what='no request under way but the one that asks')
        count = other.ask('GET', '/session/session_reset').json['message_count']
        self.assertTrue(begun // 2 <= count <= begun, count)

    def test_connections_that_end_with_streams_under_way_end_alone(self):
        other = self.connect()
        for number in range(12):
            connection = Connection(self.hub.port, KEY)
            for i in range(40):
                connection.begin('POST', '/message/process', message(i, f'session_gone_{number}'))
            if number % 3 == 0:
                connection.send(frame(GOAWAY, 0, 0, bytes(8)))
            if number % 3 == 1:
                connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
            connection.sock.close()
            self.assertEqual(other.ask('GET', '/health').status, 200)
        wait_for(lambda: self.metric('omnihub_http_under_way') == 1, what='no request under way but the one that asks')

    def test_who_begins_and_gives_up_is_shut_out_and_the_others_are_served(self):
        other, before = self.connect(), self.metric('omnihub_http2_shut_total')
        connection = self.connect()
        flood = b''
        for i in range(3000):
            stream, data = connection.request('POST', '/message/process', message(i, 'session_flood'))
            flood += data + frame(3, 0, stream, bytes((0, 0, 0, 8)))
        try:
            connection.send(flood)
            connection.take(lambda: False)
        except (Closed, ConnectionError, ssl.SSLError):
            pass
        self.assertEqual(self.metric('omnihub_http2_shut_total'), before + 1)
        reply = other.ask('GET', '/session/session_flood')
        count = reply.json['message_count'] if reply.status == 200 else 0
        self.assertLess(count, 500)

    def test_frames_that_are_not_allowed_end_their_connection_only(self):
        other = self.connect()
        for bad in (frame(DATA, 0, 0, b'x'), frame(HEADERS, END_HEADERS | END_STREAM, 2, b''), frame(CONTINUATION, 0, 1, b''),
                    frame(HEADERS, END_HEADERS | END_STREAM, 1, b'\xff\xff\xff\xff\xff'), frame(5, 4, 1, bytes(4)),
                    b'\xff\xff\xff' + bytes(6), frame(8, 0, 0, bytes(4)), frame(4, 0, 0, bytes(5))):
            connection = self.connect()
            connection.send(bad)
            self.assertRaises(Closed, connection.take, lambda: False)
            self.assertEqual(other.ask('GET', '/health').status, 200)

    def test_frames_at_random_end_at_most_their_own_connection(self):
        choice, other = random.Random(7), self.connect()
        for _ in range(40):
            connection = Connection(self.hub.port, KEY, window=choice.choice((None, 0, 100, 65535)))
            try:
                for _ in range(choice.randrange(1, 30)):
                    connection.send(b''.join(self.some_frames(choice, connection) for _ in range(choice.randrange(1, 10))))
            except (ConnectionError, ssl.SSLError):
                pass
            connection.sock.close()
        self.assertEqual(other.ask('GET', '/health').status, 200)
        wait_for(lambda: self.metric('omnihub_http_under_way') == 1, what='no request under way but the one that asks')

    @staticmethod
    def some_frames(choice, connection):
        """Mostly what a client may send, for streams that are open, over or not there yet."""
        stream = max(1, connection.next - 2 * choice.randrange(-1, 8))
        payload = choice.randbytes(choice.randrange(40))
        kind = choice.randrange(10)
        if kind < 4:
            body = message(kind, 'session_random') if kind < 2 else None
            return connection.request('POST' if body else 'GET', choice.choice(('/message/process', '/session/x', '', '*', '//')), body)[1]
        if kind == 4:
            return connection.head('POST', '/message/process', has_body=True)[1] + frame(DATA, choice.randrange(2), stream, payload)
        if kind == 5:
            return frame(RST_STREAM, 0, stream, bytes((0, 0, 0, 8)))
        if kind == 6:
            return frame(WINDOW_UPDATE, 0, choice.choice((0, stream)), (choice.randrange(1, 1 << 16)).to_bytes(4, 'big'))
        if kind == 7:
            return frame(PRIORITY, 0, stream, choice.randrange(1 << 30).to_bytes(4, 'big') + b'\x10')
        if kind == 8:
            return frame(SETTINGS, 0, 0, struct.pack('>HI', choice.randrange(1, 7), choice.choice((0, 1, 100, 16384, 65535))))
        return frame(choice.randrange(11), choice.randrange(256), stream, payload) if choice.random() < 0.1 else b''


class Stopping(unittest.TestCase):
    def test_sigterm_says_goaway_and_answers_what_is_under_way(self):
        with Hub(options=[*TLS, '--http2', 'on']) as hub, Connection(hub.port, KEY) as connection, Connection(hub.port) as idle:
            self.assertEqual(idle.ask('GET', '/health').status, 200)
            stream = connection.begin('GET', '/events?type=message_received&wait=2')
            self.assertEqual(connection.ask('GET', '/health').status, 200)
            hub.process.send_signal(signal.SIGTERM)
            connection.take(lambda: connection.is_over(stream))
            self.assertEqual(connection.replies[stream].status, 200, connection.replies[stream])
            for each in (connection, idle):
                self.assertRaises(Closed, each.take, lambda: False)
                self.assertEqual(each.goaways, [(0, 'graceful shutdown')])
            self.assertEqual(hub.process.wait(60), 0, hub.complaints())

    def test_requests_of_one_key_are_limited_whatever_they_come_by(self):
        with Hub(options=[*TLS, '--http2', 'on', '--rate-limit', '5']) as hub, Connection(hub.port, KEY) as connection:
            streams = [connection.begin('GET', '/status') for _ in range(40)]
            connection.take(lambda: connection.is_over(*streams))
            statuses = [connection.replies[stream].status for stream in streams]
            self.assertEqual(set(statuses), {200, 429})


if __name__ == '__main__':
    unittest.main()
