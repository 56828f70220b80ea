#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The server's manners on the wire: connections, limits, TLS, origins, positions of elsewhere, stopping."""

import base64
import contextlib
import http.client
import itertools
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))

import conformity  # noqa: E402
from running import KEY, Client, Hub, wait_for  # noqa: E402
from websocket import WebSocket  # noqa: E402

conformity.watch()

MESSAGE = {'customer_id': 'c-1', 'session_id': 's-1', 'channel': 'chat', 'content': 'hello'}


def request_bytes(path='/message/process', body=None, more=''):
    body = json.dumps(MESSAGE if body is None else body)
    return (f'POST {path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n'
            f'Content-Length: {len(body)}\r\n{more}\r\n{body}').encode()


def later(position, by):
    """The position so many events later."""
    raw = base64.urlsafe_b64decode(position + '==')
    raw = raw[:10] + (int.from_bytes(raw[10:18], 'big') + by).to_bytes(8, 'big')
    check = 0
    for byte in raw:
        check ^= byte
        for _ in range(8):
            check = (check << 1 ^ (0x07 if check & 0x80 else 0)) & 0xff
    return base64.urlsafe_b64encode(raw + bytes([check])).decode().rstrip('=')


class OneHub(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.addClassCleanup(cls.hub.remove)
        cls.addClassCleanup(cls.hub.kill)

    def connect(self):
        connection = socket.create_connection(('127.0.0.1', self.hub.port), timeout=30)
        self.addCleanup(connection.close)
        return connection

    def figure(self, name):
        text = self.hub.get('/metrics').body.decode()
        return int(re.search(rf'^{name} (\d+)$', text, re.M).group(1))

    def test_requests_in_a_row_are_answered_in_a_row(self):
        connection = self.connect()
        count = 50
        bodies = [{**MESSAGE, 'session_id': 's-row', 'content': str(i)} for i in range(count)]
        connection.sendall(b''.join(request_bytes(body=body) for body in bodies))
        stream = connection.makefile('rb')
        numbers = []
        for _ in range(count):
            self.assertEqual(stream.readline(), b'HTTP/1.1 200 OK\r\n')
            headers = http.client.parse_headers(stream)
            answer = json.loads(stream.read(int(headers['Content-Length'])))
            numbers.append(int(answer['message_id'].rsplit('-m', 1)[1]))
        self.assertEqual(numbers, list(range(1, count + 1)))

    def test_metrics_tell_how_long_each_stage_of_a_command_took(self):
        stages = {'parse': 'parsed_commands', 'queue': 'timed_commands', 'decide': 'timed_commands', 'log': 'timed_commands',
                  'log_sync': 'log_batches', 'reply': 'timed_replies'}
        before = {name: self.figure(f'omnihub_{name}_total') for name in stages.values()}
        for number in range(40):  # at least two of them are timed
            self.assertEqual(self.hub.post('/message/process', {**MESSAGE, 'content': str(number)}).status, 200)
        for stage, count in stages.items():
            with self.subTest(stage):
                self.assertGreaterEqual(self.figure(f'omnihub_{count}_total') - before[count], 2)
                self.assertGreater(self.figure(f'omnihub_{stage}_microseconds_total'), 0)

    def test_a_target_may_name_its_host(self):
        connection = self.connect()
        stream = connection.makefile('rb')
        for target, status in (('http://hub.example/health', 200), ('HTTP://hub.example/sessions/active?limit=1', 200),
                               ('http://hub.example/session/none', 404), ('http://hub.example', 200),
                               ('http:///health', 404), ('ftp://hub.example/health', 404)):
            head = f'GET {target} HTTP/1.1\r\nHost: other.example\r\nAuthorization: Bearer {KEY}\r\n\r\n'
            connection.sendall(head.encode())
            self.assertEqual(int(stream.readline().split()[1]), status, target)
            stream.read(int(http.client.parse_headers(stream)['Content-Length']))

    def test_clients_that_hang_up_leave_nothing_behind(self):
        for i in range(200):
            connection = self.connect()
            connection.sendall(request_bytes(body={**MESSAGE, 'content': f'gone {i}'}))
            if i % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\0\0\0\0\0\0\0')
            connection.close()
        wait_for(lambda: self.figure('omnihub_http_under_way') == 1, what='the end of all requests')
        self.assertEqual(self.hub.post('/message/process', MESSAGE).status, 200)

    guesses = itertools.count()

    def begin_login(self):
        """A connection whose request takes a while: its password is hashed by a helper. The body lies in h2o's buffer."""
        connection = self.connect()
        email = f'a{next(self.guesses):03}@hub.example'  # each has so many attempts only
        connection.sendall(request_bytes('/auth/login', {'email': email, 'password': 'not the one'}))
        return connection

    def test_what_comes_while_a_request_waits_is_answered_after_it(self):
        count = 3
        connections = [self.begin_login() for _ in range(count)]
        whole = request_bytes(body={**MESSAGE, 'content': 'x' * 15000})
        for at in range(0, len(whole), 5000):
            for connection in connections:
                connection.sendall(whole[at:at + 5000])
        for connection in connections:
            stream = connection.makefile('rb')
            for status in (b'HTTP/1.1 401 Unauthorized\r\n', b'HTTP/1.1 200 OK\r\n'):
                self.assertEqual(stream.readline(), status)
                headers = http.client.parse_headers(stream)
                self.assertIn(b'"success":', stream.read(int(headers['Content-Length'])))

    def test_what_comes_while_a_query_waits_does_not_move_it(self):
        position = later(self.hub.get('/health').position, 1000000)
        connection = self.connect()
        connection.sendall(f'GET /sessions/active HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {KEY}\r\n'
                           f'Hub-Min-Position: {position}\r\n\r\n'.encode())
        wait_for(lambda: self.figure('omnihub_http_under_way') == 2, what='the query')
        whole = request_bytes(body={**MESSAGE, 'content': 'x' * 15000})
        connection.sendall(whole[:9000])
        others = [self.connect() for _ in range(30)]  # they would get the memory that was left
        for other in others:
            other.sendall(b'x' * 3000)
        self.assertEqual(self.hub.get('/health').status, 200)
        connection.sendall(whole[9000:])
        stream = connection.makefile('rb')
        for status, word in ((b'HTTP/1.1 503 Service Unavailable\r\n', b'"instance":"/sessions/active"'),
                             (b'HTTP/1.1 200 OK\r\n', b'"success":true')):
            self.assertEqual(stream.readline(), status)
            headers = http.client.parse_headers(stream)
            self.assertIn(word, stream.read(int(headers['Content-Length'])))

    def test_a_client_that_ends_its_side_still_gets_its_answer(self):
        for connection in [self.begin_login() for _ in range(3)]:
            connection.shutdown(socket.SHUT_WR)
            answer = b''
            while piece := connection.recv(65536):
                answer += piece
            self.assertTrue(answer.startswith(b'HTTP/1.1 401 '), answer)

    def test_a_client_that_goes_while_its_request_waits_leaves_nothing_behind(self):
        for i, connection in enumerate([self.begin_login() for _ in range(8)]):
            connection.sendall(request_bytes())
            if i % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\0\0\0\0\0\0\0')
            connection.close()
        wait_for(lambda: self.figure('omnihub_http_under_way') == 1, what='the end of all requests')
        self.assertEqual(self.hub.post('/message/process', MESSAGE).status, 200)

    def test_a_body_may_come_in_chunks(self):
        connection = self.connect()
        body = json.dumps({**MESSAGE, 'content': 'in chunks'}).encode()
        head = (f'POST /message/process HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {KEY}\r\n'
                f'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n').encode()
        chunks = b''.join(b'%x\r\n%s\r\n' % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7))
        connection.sendall(head + chunks + b'0\r\n\r\n')
        self.assertTrue(connection.recv(65536).startswith(b'HTTP/1.1 200 OK'))

    def test_if_match_may_come_in_several_lines(self):
        version = self.hub.post('/session/create', {'customer_id': 'c-lines', 'session_id': 's-lines',
                                                    'channel': 'chat'}).headers['ETag']

        def put(*tags):
            lines = ''.join(f'If-Match: {tag}\r\n' for tag in tags)
            whole = request_bytes('/session/s-lines', {'priority': 'high'}, lines).replace(b'POST', b'PUT', 1)
            connection = self.connect()
            connection.sendall(whole)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status

        self.assertEqual(put('"98"', '"99"'), 412)
        self.assertEqual(put('"98"', 'nonsense'), 400)
        self.assertEqual(put('"98"', version), 200)

    def test_a_body_in_unknown_coding_is_a_problem(self):
        connection = self.connect()
        connection.sendall(b'POST /message/process HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: gzip\r\n\r\n')
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        problem = json.loads(answer.read())
        self.assertEqual((answer.status, answer.headers['Content-Type']), (400, 'application/problem+json'))
        self.assertEqual((problem['success'], problem['status']), (False, 400))

    def test_a_client_may_ask_before_it_sends(self):
        connection = self.connect()
        whole = request_bytes(more='Expect: 100-continue\r\n')
        at = whole.index(b'\r\n\r\n') + 4
        connection.sendall(whole[:at])
        self.assertEqual(connection.recv(64), b'HTTP/1.1 100 Continue\r\n\r\n')
        connection.sendall(whole[at:])
        self.assertTrue(connection.recv(65536).startswith(b'HTTP/1.1 200 OK'))

    def test_what_is_no_http_ends_the_connection(self):
        for garbage in (b'\x16\x03\x01\x02\x00\x01\x00', b'nonsense\r\n\r\n', b'GET\r\n\r\n', b'\r\n' * 10,
                        b'GET / HTTP/9.9\r\n\r\n', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'):
            with self.subTest(garbage=garbage):
                connection = self.connect()
                connection.sendall(garbage)
                connection.shutdown(socket.SHUT_WR)
                received = b''
                try:
                    while piece := connection.recv(4096):
                        received += piece
                except ConnectionResetError:
                    pass
                self.assertTrue(received == b'' or received.startswith(b'HTTP/1.1 400 '), received)
        self.assertEqual(self.hub.get('/health').status, 200)

    def test_a_refusal_is_json_whatever_it_quotes(self):
        face = '%F0%9F%98%80'
        for pad in range(4):
            refused = self.hub.get('/events?' + 'y' * pad + face * 40 + '=1')
            self.assertEqual((refused.status, refused.json['code']), (400, 'invalid_query'))
        with socket.create_connection(('127.0.0.1', self.hub.port), 30) as sock:
            sock.sendall(b'G\xffT /events HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n')
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            self.assertEqual(answer.status, 405)
            self.assertIn('the method G?T.', json.loads(answer.read())['detail'])

    def test_a_client_that_stops_in_the_middle_stops_nobody_else(self):
        slow = [self.connect() for _ in range(50)]
        for connection in slow:
            connection.sendall(request_bytes()[:60])
        for _ in range(20):
            self.assertEqual(self.hub.post('/message/process', MESSAGE).status, 200)

    def test_many_clients_at_once_get_their_own_answers(self):
        failures = []

        def work(number):
            client = Client(self.hub.port)
            for i in range(40):
                own = f'c-many-{number}-{i % 5}'
                done = client.post('/message/process', {'customer_id': own, 'session_id': f's-{own}', 'channel': 'chat',
                                                        'content': f'{number} {i}'})
                shown = client.get(f'/message/{done.json["message_id"]}').json['message']
                if shown['content'] != f'{number} {i}' or shown['session_id'] != f's-{own}':
                    failures.append((number, i, shown))
            client.close()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_a_position_of_another_hub_is_gone(self):
        with Hub() as other:
            position = other.get('/health').position
        for answer in (self.hub.get(f'/sessions/active?at={position}'),
                       self.hub.get(f'/sessions/active?min_position={position}'),
                       self.hub.get('/sessions/active', headers={'Hub-Min-Position': position})):
            self.assertEqual((answer.status, answer.json['code']), (410, 'position_gone'))


class Settings(unittest.TestCase):
    """Each starts a hub of its own."""

    def test_only_listed_origins_may_call_from_a_browser(self):
        with Hub(options=['--cors-origin', 'https://a.example', '--cors-origin', 'https://b.example']) as hub:
            preflight = {'Origin': 'https://b.example', 'Access-Control-Request-Method': 'PUT'}
            asked = hub.ask('OPTIONS', '/session/x', headers=preflight)
            self.assertEqual(asked.status, 204)
            self.assertEqual(asked.headers['Access-Control-Allow-Origin'], 'https://b.example')
            self.assertEqual(asked.headers['Access-Control-Allow-Credentials'], 'true')
            self.assertIn('PUT', asked.headers['Access-Control-Allow-Methods'])
            self.assertIn('Authorization', asked.headers['Access-Control-Allow-Headers'])
            answer = hub.get('/health', headers={'Origin': 'https://a.example'})
            self.assertEqual((answer.headers['Access-Control-Allow-Origin'], answer.headers['Vary']),
                             ('https://a.example', 'Origin'))
            self.assertIn('Hub-Position', answer.headers['Access-Control-Expose-Headers'])
            for origin in ('https://c.example', 'https://a.example.evil.example', 'null'):
                refused = hub.get('/health', headers={'Origin': origin})
                self.assertNotIn('Access-Control-Allow-Origin', refused.headers)
                self.assertEqual(refused.headers['Vary'], 'Origin')

    def test_too_many_requests_are_told_when_to_come_back(self):
        with Hub(options=['--rate-limit', '5']) as hub:
            answers = [hub.get('/status') for _ in range(30)]
            statuses = [answer.status for answer in answers]
            self.assertEqual(statuses[0], 200)
            self.assertIn(429, statuses)
            first, refused = answers[0], answers[statuses.index(429)]
            limit = int(first.headers['RateLimit-Limit'])
            self.assertEqual(int(first.headers['RateLimit-Remaining']), limit - 1)
            self.assertGreaterEqual(int(first.headers['RateLimit-Reset']), 1)
            self.assertEqual((refused.json['code'], refused.headers['RateLimit-Remaining']), ('limit_reached', '0'))
            self.assertGreaterEqual(int(refused.headers['Retry-After']), 1)
            self.assertEqual(hub.get('/health').status, 200)
            wait_for(lambda: hub.get('/status').status == 200, what='a free place in the bucket')

    @contextlib.contextmanager
    def with_tls(self):
        """A hub with a certificate, what a client needs to believe it, and a connection."""
        if not shutil.which('openssl'):
            self.skipTest('needs the openssl command to make a certificate')
        with tempfile.TemporaryDirectory() as folder:
            cert, key = os.path.join(folder, 'cert.pem'), os.path.join(folder, 'key.pem')
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                            '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2',
                            '-keyout', key, '-out', cert], check=True, capture_output=True)
            with Hub(options=['--tls-cert', cert, '--tls-key', key]) as hub:
                context = ssl.create_default_context(cafile=cert)
                connection = http.client.HTTPSConnection('127.0.0.1', hub.port, timeout=30, context=context)
                self.addCleanup(connection.close)
                yield hub, context, connection

    def send_message(self, connection, **more):
        connection.request('POST', '/message/process', json.dumps({**MESSAGE, **more}),
                           {'Authorization': f'Bearer {KEY}', 'Content-Type': 'application/json'})
        answer = connection.getresponse()
        self.assertEqual((answer.status, json.loads(answer.read())['success']), (200, True))
        return answer

    def test_tls_is_served_with_a_certificate(self):
        with self.with_tls() as (_, _, connection):
            for _ in range(3):
                answer = self.send_message(connection)
                self.assertIn('max-age', answer.headers['Strict-Transport-Security'])
            self.assertIn(connection.sock.version(), ('TLSv1.2', 'TLSv1.3'))

    def test_all_that_a_socket_hears_over_tls_is_encrypted(self):
        with self.with_tls() as (hub, context, connection):
            listener = WebSocket(hub.port, '/ws/dashboard', KEY, tls=context)
            self.addCleanup(listener.sock.close)
            listener.read_until('connected')
            for number in range(5):  # the first may come from the log, the later ones as they happen
                self.send_message(connection, content=str(number))
                self.assertEqual(listener.read_until('new_message')['payload']['content'], str(number))

    def test_several_loops_share_a_port_and_find_their_own_requests(self):
        with Hub(options=['--loops', '3']) as hub:
            failures = []

            def work(number):
                for i in range(30):
                    client = Client(hub.port)
                    body = {**MESSAGE, 'session_id': f's-{number}', 'customer_id': f'c-{number}', 'content': f'{number} {i}'}
                    done = client.post('/message/process', body)
                    shown = client.get(f'/message/{done.json["message_id"]}', headers={'Hub-Min-Position': done.position})
                    if shown.json['message']['content'] != f'{number} {i}':
                        failures.append((number, i, shown))
                    client.close()

            threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])
            self.assertEqual(hub.stop(), 0)

    def test_stopping_answers_what_is_under_way(self):
        with Hub() as hub:
            connections = []
            for i in range(20):
                connection = socket.create_connection(('127.0.0.1', hub.port), timeout=30)
                connections.append(connection)
                connection.sendall(request_bytes(body={**MESSAGE, 'content': f'last {i}'}))
            idle = socket.create_connection(('127.0.0.1', hub.port), timeout=30)
            for connection in connections:
                self.assertTrue(connection.recv(65536).startswith(b'HTTP/1.1 200 OK'))
                connection.sendall(request_bytes())
            hub.process.send_signal(signal.SIGTERM)
            for connection in connections:
                received = b''
                try:
                    while piece := connection.recv(65536):
                        received += piece
                except ConnectionResetError:
                    pass
                # One that h2o had not read yet may go without an answer; none is cut off in the middle.
                self.assertTrue(received == b'' or received.startswith((b'HTTP/1.1 200', b'HTTP/1.1 503')), received)
                connection.close()
            idle.close()
            self.assertEqual(hub.process.wait(60), 0)
            with self.assertRaises(OSError):
                socket.create_connection(('127.0.0.1', hub.port), timeout=5)


if __name__ == '__main__':
    unittest.main()
