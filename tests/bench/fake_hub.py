#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers like the hub as far as tests/bench/run can see, so that the driver itself can be tested.

FAKE_HUB=refuse answers every 50th message with 503; FAKE_HUB=lag keeps its views at position 0;
FAKE_HUB=die ends before it is ready; FAKE_HUB=forget knows no session.
"""

import asyncio
import os
import re
import signal
import sys

MODE = os.environ.get('FAKE_HUB', '')
LENGTH = re.compile(rb'content-length: *(\d+)', re.I)
MEASURED = {
    'replay': 'scan_events_per_s=1000000\nfold_events_per_s=450000\nchain_events_per_s=300000',
    'activation': 'without_snapshot_us=900\nwith_snapshot_us=40',
    'memory': 'bytes_per_session_20=9000\nbytes_per_session_1000=100000',
}


class Client(asyncio.Protocol):
    position = 0

    def connection_made(self, transport):
        self.transport = transport
        self.text = b''

    def data_received(self, data):
        self.text += data
        head, end, rest = self.text.partition(b'\r\n\r\n')
        length = LENGTH.search(head)
        need = int(length.group(1)) if length else 0
        if end and len(rest) >= need:
            self.text = rest[need:]
            self.answer(*head.split(b' ', 2)[:2])

    def answer(self, method, path):
        status, body = b'200 OK', b'{"success":true}'
        if path == b'/metrics':
            views = 0 if MODE == 'lag' else Client.position
            body = (f'# TYPE omnihub_commit_position gauge\nomnihub_commit_position {Client.position}\n'
                    f'omnihub_view_position{{view="session"}} {views}\n'
                    f'omnihub_view_position{{view="messages"}} {Client.position}\n').encode()
        elif method == b'POST':
            Client.position += 1
            status = b'201 Created' if path == b'/session/create' else b'200 OK'
            if MODE == 'refuse' and path == b'/message/process' and Client.position % 50 == 0:
                status = b'503 Service Unavailable'
        elif MODE == 'forget':
            status = b'404 Not Found'
        self.transport.write(b'HTTP/1.1 ' + status + b'\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n'
                             b'Connection: keep-alive\r\nContent-Length: ' + str(len(body)).encode() +
                             b'\r\nServer: fake\r\ncontent-type: application/json\r\nHub-Position: 0-1-1\r\n\r\n' + body)


async def serve():
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(Client, '127.0.0.1', 0, backlog=512)
    print(f'omnihub listens on http://127.0.0.1:{server.sockets[0].getsockname()[1]}', flush=True)
    await stop.wait()


def main():
    if sys.argv[1] == 'bench':
        print(MEASURED[sys.argv[2]])
        return 0
    if MODE == 'die':
        print('cannot open the log', file=sys.stderr)
        return 1
    asyncio.run(serve())
    return 0


if __name__ == '__main__':
    sys.exit(main())
