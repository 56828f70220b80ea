# SPDX-License-Identifier: AGPL-3.0-or-later
"""One request at a time, and the answer exactly as it came."""

import socket
import ssl

from processes import Failed

PATIENCE_S = 30
OF_THE_SERVER = {'date', 'connection', 'content-length', 'server', 'transfer-encoding'}


class Answer:
    """Status line, header lines and body of one answer."""

    def __init__(self, head, body):
        lines = head.decode('latin-1').split('\r\n')
        self.status_line = lines[0]
        self.headers = lines[1:]
        self.body = body

    @property
    def status(self):
        return int(self.status_line.split()[1])

    @property
    def status_text(self):
        """'201 Created'"""
        return self.status_line.split(' ', 1)[1]

    def header(self, name):
        for line in self.headers:
            key, _, value = line.partition(':')
            if key.lower() == name.lower():
                return value.strip()
        return None

    def own_headers(self):
        """The lines that the program behind h2o wrote, not h2o itself."""
        return [line for line in self.headers if line.partition(':')[0].lower() not in OF_THE_SERVER]

    def shape(self):
        """All that two answers must have in common to cost the same: every byte but those of the date."""
        headers = sorted('date' if line.lower().startswith('date:') else line for line in self.headers)
        return self.status_line, headers, self.body


def ask(server, method, path, body=None, headers=()):
    """Send one request and read its answer; the connection is closed after it."""
    lines = [f'{method} {path} HTTP/1.1', f'Host: {server.host}:{server.port}', *headers]
    if body is not None:
        lines.append(f'Content-Length: {len(body)}')
    with _connect(server) as connection:
        connection.sendall('\r\n'.join(lines).encode() + b'\r\n\r\n' + (body or b''))
        return _read_answer(connection, f'{method} {path}')


def _connect(server):
    """Over TLS where the server's address says so; its certificate was made a moment ago."""
    connection = socket.create_connection((server.host, server.port), PATIENCE_S)
    if server.scheme == 'http':
        return connection
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connection)


def _read_answer(connection, what):
    text = b''
    while b'\r\n\r\n' not in text:
        text += _more(connection, what)
    head, _, body = text.partition(b'\r\n\r\n')
    answer = Answer(head, body)
    length = answer.header('Content-Length')
    if length is None:
        raise Failed(f'{what} was answered without a Content-Length, which bench-hello cannot repeat')
    while len(answer.body) < int(length):
        answer.body += _more(connection, what)
    return answer


def _more(connection, what):
    piece = connection.recv(65536)
    if not piece:
        raise Failed(f'{what}: the connection ended before the answer did')
    return piece
