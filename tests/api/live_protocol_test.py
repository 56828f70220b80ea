#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""RFC 6455, as a server must keep it: framing, pings, reserved bits, opcodes, fragmentation, UTF-8, closing, limits.

The cases are those of a WebSocket conformance suite that concern a server; each is a socket of its own, and after each the
hub still serves."""

import os
import struct
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))

from running import KEY, Hub  # noqa: E402
from websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Closed, Refused, WebSocket  # noqa: E402

PROTOCOL_ERROR, UNSUPPORTED, NOT_TEXT, POLICY, TOO_BIG = 1002, 1003, 1007, 1008, 1009
VALID_CLOSE_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
INVALID_CLOSE_CODES = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535)
BAD_UTF8 = (b'\xff', b'\xc0\xaf', b'\xe0\x80\xaf', b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed',
            b'\xf8\x88\x80\x80\x80', b'\xc3')


class Protocol(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()

    @classmethod
    def tearDownClass(cls):
        assert cls.hub.get('/health').status == 200
        assert cls.hub.stop() == 0, cls.hub.complaints()
        cls.hub.__exit__()

    def open(self, path='/ws/dashboard', **more):
        socket = WebSocket(self.hub.port, path, KEY, **more)
        self.addCleanup(socket.sock.close)
        self.assertEqual(socket.read()['type'], 'connected')
        return socket

    def closes(self, socket, *codes):
        """It is closed by one of these codes, whatever is said before."""
        with self.assertRaises(Closed) as caught:
            while True:
                socket.read()
        self.assertIn(caught.exception.code, codes)

    def lives(self, socket, mark='still here'):
        socket.say(type='ping', payload={'timestamp': mark})
        self.assertEqual(socket.read_until('pong')['payload'].get('timestamp'), mark)

    # --- framing ---

    def test_messages_of_every_length_of_length_are_taken(self):
        socket = self.open()
        for size in (0, 1, 125, 126, 127, 128, 65535 - 200, 60000):
            with self.subTest(size=size):
                socket.send_text('x' * size)
                self.assertEqual(socket.read()['payload']['code'], 'malformed_json')
        self.lives(socket)

    def test_a_frame_may_arrive_byte_by_byte(self):
        socket = self.open()
        payload = b'{"type":"ping","payload":{"timestamp":"slow"}}'
        frame = bytes([0x81, 0x80 | len(payload)]) + b'\0\0\0\0' + payload
        for i in range(len(frame)):
            socket.sock.sendall(frame[i:i + 1])
        self.assertEqual(socket.read_until('pong')['payload']['timestamp'], 'slow')

    def test_many_messages_may_arrive_at_once(self):
        socket = self.open()
        payload = b'{"type":"ping"}'
        frame = bytes([0x81, 0x80 | len(payload)]) + b'\0\0\0\0' + payload
        socket.sock.sendall(frame * 20)
        for _ in range(20):
            socket.read_until('pong')

    def test_a_frame_that_is_not_masked_closes(self):
        socket = self.open()
        socket.send_frame(TEXT, b'{"type":"ping"}', mask=False)
        self.closes(socket, PROTOCOL_ERROR)

    def test_lengths_that_are_not_the_shortest_close(self):
        for head in (bytes([0x81, 0x80 | 126, 0, 5]), bytes([0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 5]),
                     bytes([0x81, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0])):
            with self.subTest(head=head):
                socket = self.open()
                socket.sock.sendall(head + b'\0\0\0\0hello')
                self.closes(socket, PROTOCOL_ERROR)

    # --- pings ---

    def test_pings_are_answered_with_what_they_carry(self):
        socket = self.open()
        for payload in (b'', b'hello', bytes(range(125)), b'\xff\xfe'):
            with self.subTest(payload=payload):
                socket.send_frame(PING, payload)
                self.assertEqual(socket.read_frame(), (PONG, payload))

    def test_pongs_that_nobody_asked_for_are_passed_over(self):
        socket = self.open()
        socket.send_frame(PONG, b'unasked')
        self.lives(socket)

    def test_control_frames_that_are_too_long_close(self):
        for opcode in (PING, PONG, CLOSE):
            socket = self.open()
            socket.send_frame(opcode, b'\x03\xe8' + b'x' * 124)
            self.closes(socket, PROTOCOL_ERROR)

    def test_control_frames_in_pieces_close(self):
        for opcode in (PING, PONG, CLOSE):
            socket = self.open()
            socket.send_frame(opcode, b'', fin=False)
            self.closes(socket, PROTOCOL_ERROR)

    # --- reserved bits and opcodes ---

    def test_reserved_bits_close(self):
        for rsv in (1, 2, 3, 4, 5, 6, 7):
            for opcode in (TEXT, PING):
                with self.subTest(rsv=rsv, opcode=opcode):
                    socket = self.open()
                    socket.send_frame(opcode, b'{}', rsv=rsv)
                    self.closes(socket, PROTOCOL_ERROR)

    def test_reserved_opcodes_close(self):
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            with self.subTest(opcode=opcode):
                socket = self.open()
                socket.send_frame(opcode, b'x')
                self.closes(socket, PROTOCOL_ERROR)

    def test_binary_is_not_spoken_here(self):
        for payload in (b'', b'\0\1\2', b'{"type":"ping"}'):
            socket = self.open()
            socket.send_frame(BINARY, payload)
            self.closes(socket, UNSUPPORTED)

    # --- fragmentation ---

    def test_a_message_in_pieces_is_one_message(self):
        socket = self.open()
        text = b'{"type":"ping","payload":{"timestamp":"pieces"}}'
        socket.send_frame(TEXT, text[:10], fin=False)
        socket.send_frame(CONTINUATION, b'', fin=False)
        socket.send_frame(PING, b'between')
        self.assertEqual(socket.read_frame(), (PONG, b'between'))
        socket.send_frame(CONTINUATION, text[10:20], fin=False)
        socket.send_frame(CONTINUATION, text[20:])
        self.assertEqual(socket.read_until('pong')['payload']['timestamp'], 'pieces')
        self.lives(socket)

    def test_a_continuation_of_nothing_closes(self):
        for fin in (True, False):
            socket = self.open()
            socket.send_frame(CONTINUATION, b'x', fin=fin)
            self.closes(socket, PROTOCOL_ERROR)

    def test_a_new_message_inside_of_another_closes(self):
        socket = self.open()
        socket.send_frame(TEXT, b'{"type":', fin=False)
        socket.send_frame(TEXT, b'"ping"}')
        self.closes(socket, PROTOCOL_ERROR)

    # --- UTF-8 ---

    def test_text_that_is_no_utf8_closes(self):
        for bad in BAD_UTF8:
            with self.subTest(bad=bad):
                socket = self.open()
                socket.send_frame(TEXT, b'{"type":"' + bad)
                self.closes(socket, NOT_TEXT)

    def test_text_that_is_no_utf8_closes_in_pieces_too(self):
        socket = self.open()
        socket.send_frame(TEXT, b'{"type":"\xce', fin=False)
        socket.send_frame(CONTINUATION, b'\xff"}')
        self.closes(socket, NOT_TEXT)

    def test_a_character_may_be_cut_between_pieces(self):
        socket = self.open()
        text = '{"type":"ping","payload":{"timestamp":"κόσμε 🎈"}}'.encode()
        for i in range(len(text)):
            socket.send_frame(TEXT if i == 0 else CONTINUATION, text[i:i + 1], fin=i == len(text) - 1)
        self.assertEqual(socket.read_until('pong')['payload']['timestamp'], 'κόσμε 🎈')

    # --- closing ---

    def test_a_close_is_answered_with_its_code(self):
        for code in VALID_CLOSE_CODES:
            with self.subTest(code=code):
                self.assertEqual(self.open().close(code, 'bye'), code)

    def test_a_close_without_a_code_is_answered(self):
        socket = self.open()
        socket.send_frame(CLOSE)
        self.closes(socket, 1000, 1005)

    def test_a_close_with_a_code_that_is_none_is_an_error(self):
        for code in INVALID_CLOSE_CODES:
            with self.subTest(code=code):
                socket = self.open()
                socket.send_frame(CLOSE, struct.pack('>H', code))
                self.closes(socket, PROTOCOL_ERROR)

    def test_a_close_of_one_byte_is_an_error(self):
        socket = self.open()
        socket.send_frame(CLOSE, b'\x03')
        self.closes(socket, PROTOCOL_ERROR)

    def test_a_close_whose_reason_is_no_text_is_an_error(self):
        socket = self.open()
        socket.send_frame(CLOSE, b'\x03\xe8\xce\xff')
        self.closes(socket, NOT_TEXT, PROTOCOL_ERROR)

    def test_what_is_said_after_a_close_is_not_heard(self):
        socket = self.open()
        socket.send_frame(CLOSE, struct.pack('>H', 1000))
        try:
            socket.say(type='ping', payload={'timestamp': 'after'})
        except OSError:
            pass
        with self.assertRaises(Closed) as caught:
            while True:
                self.assertNotEqual(socket.read()['type'], 'pong')
        self.assertEqual(caught.exception.code, 1000)

    def test_a_client_may_vanish_at_any_moment(self):
        for cut in (b'', b'\x81', b'\x81\xfe', b'\x81\xfe\x01\x00\0\0\0\0half'):
            socket = self.open()
            socket.sock.sendall(cut)
            socket.sock.close()
        self.lives(self.open())

    # --- limits ---

    def test_a_message_that_is_too_big_closes(self):
        socket = self.open()
        try:
            socket.send_frame(TEXT, b'{"type":"' + b'x' * 70000 + b'"}')
        except OSError:
            pass
        self.closes(socket, TOO_BIG)

    def test_a_message_that_only_says_that_it_is_big_closes(self):
        socket = self.open()
        socket.send_frame(TEXT, b'{', length=1 << 62)
        self.closes(socket, TOO_BIG, PROTOCOL_ERROR)

    def test_a_message_that_grows_in_pieces_closes(self):
        socket = self.open()
        try:
            socket.send_frame(TEXT, b'{', fin=False)
            for _ in range(20):
                socket.send_frame(CONTINUATION, b'x' * 5000, fin=False)
        except OSError:
            pass
        self.closes(socket, TOO_BIG)

    def test_who_says_too_much_at_once_is_closed(self):
        socket = self.open()
        frame = bytes([0x89, 0x80]) + b'\0\0\0\0'
        try:
            socket.sock.sendall(frame * 1000)
        except OSError:
            pass
        self.closes(socket, POLICY)

    # --- the handshake ---

    def test_a_handshake_that_is_none_is_refused(self):
        for headers in ({'Sec-WebSocket-Version': '8'}, {'Sec-WebSocket-Version': None}, {'Sec-WebSocket-Key': None},
                        {'Sec-WebSocket-Key': 'short'}, {'Upgrade': 'h2c'}):
            with self.subTest(headers=headers):
                with self.assertRaises(Refused) as caught:
                    self.open(headers=headers)
                self.assertIn(caught.exception.status, (400, 426))

    def test_what_comes_with_the_handshake_is_heard(self):
        import socket as sockets
        with sockets.create_connection(('127.0.0.1', self.hub.port)) as plain:
            plain.settimeout(30)
            payload = b'{"type":"ping"}'
            plain.sendall((f'GET /ws/dashboard HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                           f'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n'
                           f'Authorization: Bearer {KEY}\r\n\r\n').encode() +
                          bytes([0x81, 0x80 | len(payload)]) + b'\0\0\0\0' + payload)
            got = b''
            while b'"pong"' not in got:
                more = plain.recv(65536)
                self.assertTrue(more, got)
                got += more


if __name__ == '__main__':
    unittest.main(verbosity=2)
