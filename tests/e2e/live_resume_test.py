#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client that resumes by position hears everything once and in each session's order: while its socket is killed at random,
while the hub is killed, and while it is restarted in good order.

LIVE_RESUME_MESSAGES and LIVE_RESUME_KILLS make it larger or smaller."""

import collections
import os
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import KEY, Client, Hub, wait_for  # noqa: E402
from websocket import Closed, Refused, WebSocket  # noqa: E402

MESSAGES = int(os.environ.get('LIVE_RESUME_MESSAGES', '5000'))
KILLS = int(os.environ.get('LIVE_RESUME_KILLS', '200'))
HUB_KILLS = 3
SPEAKERS = 8
PATIENCE_S = 120


class Listener:
    """Hears /ws/dashboard until it is told to stop, over as many sockets as it takes; keeps what it heard."""

    def __init__(self, hub, seed):
        self.hub, self.random = hub, random.Random(seed)
        self.heard = []                      # (session, index) in order
        self.position = None
        self.socket, self.sockets = None, 0
        self.lock = threading.Lock()
        self.stops = False
        self.failure = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _open(self):
        path = '/ws/dashboard' + (f'?since={self.position}' if self.position else '')
        socket = WebSocket(self.hub.port, path, KEY, timeout=30)
        with self.lock:
            self.socket = socket
            self.sockets += 1
        return socket

    def _hear(self, socket):
        while not self.stops:
            frame = socket.read()
            assert frame['type'] != 'reload', frame
            if frame['type'] == 'new_message':
                self.heard.append((frame['sessionId'], frame['payload']['content']))
            self.position = frame.get('position', self.position)

    def _run(self):
        while not self.stops:
            try:
                with self._open() as socket:
                    self._hear(socket)
            except (Closed, OSError, Refused):
                time.sleep(0.005)
            except BaseException as failure:
                self.failure = failure
                return

    def kill(self):
        """As a network does it: the socket is gone, whatever was on its way is lost."""
        with self.lock:
            if self.socket:
                try:
                    self.socket.sock.shutdown(2)
                except OSError:
                    pass

    def stop(self):
        self.stops = True
        self.kill()
        self.thread.join(PATIENCE_S)


class Speaker:
    """Sends numbered messages to a session of its own, each with a key of its own so that none is there twice."""

    def __init__(self, hub, number, count):
        self.hub, self.number, self.count = hub, number, count
        self.said = 0
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        client = Client(self.hub.port)
        while self.said < self.count:
            try:
                client.port = self.hub.port
                answer = client.post('/message/process',
                                     {'customer_id': f'speaker_{self.number}', 'session_id': f'session_{self.number}',
                                      'channel': 'chat', 'content': str(self.said)},
                                     headers={'Idempotency-Key': f'speaker-{self.number}-{self.said}'})
                self.said += answer.status == 200
            except Exception:  # noqa: BLE001 (the hub is away; the connection is closed)
                time.sleep(0.01)
        client.close()


class Resume(unittest.TestCase):
    def hear_all(self, hub, disturb):
        each = MESSAGES // SPEAKERS
        for number in range(SPEAKERS):
            hub.create_session(f'speaker_{number}', f'session_{number}')
        listeners = [Listener(hub, seed) for seed in range(2)]
        for listener in listeners:
            listener.thread.start()
            wait_for(lambda listener=listener: listener.position, what='the first position')
        speakers = [Speaker(hub, number, each) for number in range(SPEAKERS)]
        for speaker in speakers:
            speaker.thread.start()
        disturb(listeners, lambda: sum(speaker.said for speaker in speakers))
        for speaker in speakers:
            speaker.thread.join(PATIENCE_S)
        for listener in listeners:
            wait_for(lambda listener=listener: listener.failure or len(listener.heard) >= each * SPEAKERS, PATIENCE_S,
                     'every message')
            listener.stop()
            self.assertIsNone(listener.failure)
            self.check(listener, each)
        return listeners

    def check(self, listener, each):
        of_session = collections.defaultdict(list)
        for session, content in listener.heard:
            of_session[session].append(int(content))
        self.assertEqual(len(of_session), SPEAKERS)
        for session, numbers in of_session.items():
            self.assertEqual(numbers, list(range(each)), session)

    def test_sockets_that_are_killed_hear_everything_once(self):
        def disturb(listeners, said):
            chance = random.Random(7)
            for number in range(KILLS):
                wait_for(lambda number=number: said() >= MESSAGES * number // KILLS * 9 // 10, PATIENCE_S, 'messages')
                chance.choice(listeners).kill()

        with Hub() as hub:
            listeners = self.hear_all(hub, disturb)
            self.assertGreaterEqual(sum(listener.sockets for listener in listeners), KILLS // 2)

    def test_nothing_is_lost_or_doubled_across_deaths_and_a_restart_of_the_hub(self):
        def disturb(listeners, said):
            for number in range(1, HUB_KILLS + 2):
                wait_for(lambda number=number: said() >= MESSAGES * number // (HUB_KILLS + 2), PATIENCE_S, 'messages')
                if number <= HUB_KILLS:
                    hub.restart()
                else:
                    self.assertEqual(hub.stop(), 0, hub.complaints())
                    hub.start()

        with Hub() as hub:
            self.hear_all(hub, disturb)


if __name__ == '__main__':
    unittest.main(verbosity=2)
