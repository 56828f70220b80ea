# SPDX-License-Identifier: AGPL-3.0-or-later
"""An HTTP/2 client for black-box tests: frames as they are (RFC 9113), headers without compression, and able to do what the
protocol forbids."""

import json
import socket
import ssl
import struct

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
CANCEL = 8
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
KNOWN_STATUS = {0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500}


class Closed(Exception):
    """The other side closed the connection."""


def frame(kind, flags, stream, payload=b''):
    return struct.pack('>I', len(payload))[1:] + bytes((kind, flags)) + struct.pack('>I', stream) + payload


def text(value):
    """A string of HPACK as it is; short of 127 bytes, or up to 16,510."""
    value = value.encode()
    if len(value) < 127:
        return bytes((len(value),)) + value
    rest = len(value) - 127
    return bytes((127, rest & 127 | 128, rest >> 7)) + value


def pack(headers):
    """Headers that are not indexed."""
    return b''.join(b'\0' + text(name) + text(value) for name, value in headers)


class Reply:
    """What came of a stream: its status, its body, or that it was reset."""

    def __init__(self):
        self.status, self.body, self.reset, self.is_whole = None, b'', None, False

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f'{self.status} {self.body[:300]!r} reset={self.reset}'


class Connection:
    """One connection over TLS. `ask` begins a stream; `take` reads frames until a condition holds."""

    def __init__(self, port, key=None, timeout=60, window=None, protocols=('h2',)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(list(protocols))
        self.sock = context.wrap_socket(socket.create_connection(('127.0.0.1', port), timeout))
        self.protocol = self.sock.selected_alpn_protocol()
        self.key, self.next, self.rest = key, 1, b''
        self.replies, self.goaways = {}, []
        if self.protocol == 'h2':
            settings = struct.pack('>HI', 4, window) if window is not None else b''
            self.sock.sendall(PREFACE + frame(SETTINGS, 0, 0, settings) + frame(WINDOW_UPDATE, 0, 0, struct.pack('>I', 1 << 30)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def head(self, method, path, headers=(), has_body=False):
        """The frames that begin a stream: its number, and the bytes."""
        stream, self.next = self.next, self.next + 2
        fields = [(':method', method), (':scheme', 'https'), (':authority', 'localhost'), (':path', path)]
        fields += [('authorization', f'Bearer {self.key}')] if self.key else []
        fields += [('content-type', 'application/json')] if has_body else []
        block = pack(fields + list(headers))
        self.replies[stream] = Reply()
        data = frame(HEADERS, (0 if has_body else END_STREAM) | (END_HEADERS if len(block) <= 16384 else 0), stream, block[:16384])
        for at in range(16384, len(block), 16384):
            data += frame(CONTINUATION, END_HEADERS if at + 16384 >= len(block) else 0, stream, block[at:at + 16384])
        return stream, data

    def request(self, method, path, body=None, headers=()):
        stream, data = self.head(method, path, headers, has_body=body is not None)
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            pieces = [body[at:at + 16384] for at in range(0, len(body), 16384)] or [b'']
            data += b''.join(frame(DATA, END_STREAM if i == len(pieces) - 1 else 0, stream, piece) for i, piece in enumerate(pieces))
        return stream, data

    def begin(self, method, path, body=None, headers=()):
        stream, data = self.request(method, path, body, headers)
        self.send(data)
        return stream

    def ask(self, method, path, body=None, headers=()):
        stream = self.begin(method, path, body, headers)
        self.take(lambda: self.is_over(stream))
        return self.replies[stream]

    def reset(self, stream, code=CANCEL):
        self.send(frame(RST_STREAM, 0, stream, struct.pack('>I', code)))

    def is_over(self, *streams):
        return all(self.replies[stream].is_whole or self.replies[stream].reset is not None for stream in streams)

    def take(self, condition):
        """Read until it holds; `Closed` when the other side ends first."""
        while not condition():
            self._take_frame()

    def _read(self, count):
        while len(self.rest) < count:
            try:
                more = self.sock.recv(65536)
            except (ConnectionError, ssl.SSLError) as error:
                raise Closed(str(error)) from None
            if not more:
                raise Closed('end of file')
            self.rest += more
        data, self.rest = self.rest[:count], self.rest[count:]
        return data

    def _take_frame(self):
        head = self._read(9)
        length, kind, flags = int.from_bytes(head[:3], 'big'), head[3], head[4]
        stream = int.from_bytes(head[5:], 'big') & 0x7fffffff
        payload = self._read(length)
        reply = self.replies.get(stream)
        if kind == HEADERS:
            reply.status = KNOWN_STATUS.get(payload[0]) or int(payload[2:5])
            reply.is_whole = bool(flags & END_STREAM)
        elif kind == DATA:
            reply.body += payload
            reply.is_whole = bool(flags & END_STREAM)
        elif kind == RST_STREAM:
            reply.reset = int.from_bytes(payload, 'big')
        elif kind == GOAWAY:
            self.goaways.append((int.from_bytes(payload[4:8], 'big'), payload[8:].decode()))
        elif kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
