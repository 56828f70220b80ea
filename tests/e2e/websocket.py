# SPDX-License-Identifier: AGPL-3.0-or-later
"""A WebSocket client for black-box tests: small, blocking, and able to do what the protocol forbids."""

import base64
import decimal
import hashlib
import json
import os
import socket
import struct
import time

GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Refused(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, status, body):
        super().__init__(f'{status} {body[:300]!r}')
        self.status, self.body = status, body


class Closed(Exception):
    """The other side closed: with a code and a reason, or without a word (code None)."""

    def __init__(self, code=None, reason=''):
        super().__init__(f'closed {code} {reason!r}')
        self.code, self.reason = code, reason


class WebSocket:
    """One connection, through TLS when a context is given. Frames are read whole; pings are answered unless told otherwise."""

    observers = []  # called with path and message

    def __init__(self, port, path, key=None, headers=None, timeout=30, receive_buffer=None, tls=None):
        self.path = path
        self.answers_pings = True
        self.pings = 0
        self.rest = b''
        self.patience_s = 2 * timeout
        self.passed = []
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        try:
            self.sock.connect(('127.0.0.1', port))
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                self.sock = tls.wrap_socket(self.sock, server_hostname='127.0.0.1')
            self._shake_hands(port, path, key, headers or {})
        except BaseException:
            self.sock.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def _shake_hands(self, port, path, key, headers):
        nonce = base64.b64encode(os.urandom(16)).decode()
        given = {'Host': f'127.0.0.1:{port}', 'Upgrade': 'websocket', 'Connection': 'Upgrade',
                 'Sec-WebSocket-Key': nonce, 'Sec-WebSocket-Version': '13'}
        if key:
            given['Authorization'] = f'Bearer {key}'
        given.update(headers)
        lines = [f'GET {path} HTTP/1.1'] + [f'{name}: {value}' for name, value in given.items() if value is not None]
        self.sock.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode())
        while b'\r\n\r\n' not in self.rest:
            self._more()
        head, self.rest = self.rest.split(b'\r\n\r\n', 1)
        lines = head.decode().split('\r\n')
        self.headers = {name.strip().lower(): value.strip()
                        for name, value in (line.split(':', 1) for line in lines[1:])}
        status = int(lines[0].split()[1])
        if status != 101:
            self._take(int(self.headers.get('content-length', 0)) - len(self.rest), keep=True)
            raise Refused(status, self.rest)
        expected = base64.b64encode(hashlib.sha1((nonce + GUID).encode()).digest()).decode()
        assert self.headers['sec-websocket-accept'] == expected, self.headers

    def _more(self):
        got = self.sock.recv(65536)
        if not got:
            raise Closed()
        self.rest += got

    def _take(self, count, keep=False):
        while len(self.rest) < count:
            self._more()
        if keep:
            return b''
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    # --- out ---

    def send_frame(self, opcode, payload=b'', fin=True, mask=True, rsv=0, length=None):
        """One frame, as wrong as wanted. length: to lie about it."""
        count = len(payload) if length is None else length
        head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
        bit = 0x80 if mask else 0
        if count < 126:
            head += bytes([bit | count])
        elif count < 65536:
            head += bytes([bit | 126]) + struct.pack('>H', count)
        else:
            head += bytes([bit | 127]) + struct.pack('>Q', count)
        if mask:
            key = os.urandom(4)
            head += key
            whole = int.from_bytes(payload, 'big') ^ int.from_bytes((key * (len(payload) // 4 + 1))[:len(payload)], 'big')
            payload = whole.to_bytes(len(payload), 'big')
        self.sock.sendall(head + payload)

    def send_text(self, text):
        self.send_frame(TEXT, text.encode() if isinstance(text, str) else text)

    def say(self, **frame):
        self.send_text(json.dumps(frame))

    def close(self, code=1000, reason=''):
        """Say goodbye and wait for the answer; returns its code."""
        self.send_frame(CLOSE, struct.pack('>H', code) + reason.encode())
        try:
            while True:
                self.read()
        except Closed as closed:
            return closed.code
        finally:
            self.sock.close()

    # --- in ---

    def read_frame(self):
        """The next frame: opcode and payload."""
        first, second = self._take(2)
        assert first & 0x80 and not first & 0x70 and not second & 0x80, 'a server sends whole, plain, unmasked frames'
        count = second & 0x7f
        if count == 126:
            count = struct.unpack('>H', self._take(2))[0]
        elif count == 127:
            count = struct.unpack('>Q', self._take(8))[0]
        return first & 0x0f, self._take(count)

    def read(self):
        """The next message as JSON. Raises Closed at the end, and TimeoutError when nothing but pings comes."""
        deadline = time.monotonic() + self.patience_s
        while time.monotonic() < deadline:
            opcode, payload = self.read_frame()
            if opcode == TEXT:
                message = json.loads(payload.decode(), parse_float=decimal.Decimal)
                for observe in self.observers:
                    observe(self.path, message)
                return message
            if opcode == CLOSE:
                if len(payload) >= 2:
                    raise Closed(struct.unpack('>H', payload[:2])[0], payload[2:].decode())
                raise Closed(1005)
            if opcode == PING:
                self.pings += 1
                if self.answers_pings:
                    self.send_frame(PONG, payload)
            else:
                assert opcode == PONG, opcode
        raise TimeoutError(f'nothing but pings for {self.patience_s} s')

    def read_until(self, wanted):
        """Read messages until one is wanted; returns it. wanted: a type, or a function."""
        is_wanted = wanted if callable(wanted) else lambda frame: frame['type'] == wanted
        while True:
            frame = self.read()
            if is_wanted(frame):
                return frame

    def find(self, wanted):
        """As read_until, but what it passes over can be found later: an answer and what everybody hears come in either order."""
        for at, frame in enumerate(self.passed):
            if wanted(frame):
                return self.passed.pop(at)
        return self.read_until(lambda frame: wanted(frame) or self.passed.append(frame))
