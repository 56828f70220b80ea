#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Twenty kill -9 during load over HTTP lose nothing that was acknowledged and do nothing twice (I1, I2, I3, I4, I6).

The hub is killed; this process is the oracle: it keeps what was acknowledged, byte for byte. A request that got no answer is
repeated with the same Idempotency-Key until there is one.
"""

import http.client
import json
import os
import random
import shutil
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import Client, Hub, run, wait_for  # noqa: E402

KILLS = int(os.environ.get('OMNIHUB_TEST_KILLS', '20'))
LOADERS = 6
SEED = 20260101


class Oracle:
    """What was acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.messages = {}  # content: (session, body of the answer)
        self.sent = set()   # contents that went to the customer
        self.sessions = {}  # key: (customer, body of the answer)
        self.repeated = 0   # answers to a key that had been answered before
        self.unanswered = 0

    def counts(self):
        with self.lock:
            return len(self.messages), len(self.sessions)


class Loader(threading.Thread):
    """One client: opens sessions, writes into them, repeats now and then what it did already."""

    def __init__(self, number, oracle, where):
        super().__init__(daemon=True)
        self.number, self.oracle, self.where = number, oracle, where
        self.random = random.Random(SEED + number)
        self.client, self.wrong, self.made = None, [], 0
        self.is_over = threading.Event()

    def ask(self, path, body, key):
        """Repeat until there is an answer that is not "try again"."""
        while True:
            port = self.where['port']
            if self.client is None or self.client.port != port:
                self.client = Client(port, timeout=20)
            try:
                answer = self.client.post(path, body, headers={'Idempotency-Key': key})
                if answer.status != 503:
                    return answer
            except (OSError, http.client.HTTPException):
                with self.oracle.lock:
                    self.oracle.unanswered += 1
            time.sleep(0.005)

    def expect(self, answer, status, what):
        if answer.status != status:
            self.wrong.append(f'{what}: {answer!r}')
            self.is_over.set()
        return answer.status == status

    def open_session(self):
        self.made += 1
        key = f'create-{self.number}-{self.made}'
        customer = f'customer-{self.number}-{self.made % 3}'
        body = {'customer_id': customer, 'channel': 'chat'}
        answer = self.ask('/session/create', body, key)
        if not self.expect(answer, 201, 'create'):
            return None, None
        with self.oracle.lock:
            self.oracle.sessions[key] = (customer, answer.body)
        if self.random.random() < 0.5:
            self.repeat('/session/create', body, key, answer, 201)
        return customer, answer.json['session_id']

    def write(self, customer, session):
        self.made += 1
        content = f'message {self.number}/{self.made}: {self.random.random()}'
        body = {'customer_id': customer, 'session_id': session, 'channel': 'chat', 'content': content}
        key = f'message-{self.number}-{self.made}'
        to_customer = self.random.random() < 0.2
        path = '/message/respond' if to_customer else '/message/process'
        answer = self.ask(path, body, key)
        if not self.expect(answer, 200, 'message'):
            return
        with self.oracle.lock:
            self.oracle.messages[content] = (session, answer.body)
            self.oracle.sent.update([content] if to_customer else [])
        if self.random.random() < 0.1:
            self.repeat(path, body, key, answer, 200)

    def repeat(self, path, body, key, first, status):
        again = self.ask(path, body, key)
        if self.expect(again, status, 'repetition') and again.body != first.body:
            self.wrong.append(f'another answer to the same key: {first!r} {again!r}')
        with self.oracle.lock:
            self.oracle.repeated += 1

    def run(self):
        while not self.is_over.is_set():
            customer, session = self.open_session()
            for _ in range(self.random.randint(1, 40)):
                if session and not self.is_over.is_set():
                    self.write(customer, session)


def all_messages(hub, session):
    found, cursor = [], ''
    while True:
        page = hub.get(f'/session/{session}/messages?limit=1000{cursor}').json
        found += page['messages']
        if 'next_cursor' not in page:
            return found
        cursor = f"&cursor={page['next_cursor']}"


class KillNine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.oracle = Oracle()
        where = {'port': cls.hub.port}
        cls.loaders = [Loader(number, cls.oracle, where) for number in range(LOADERS)]
        for loader in cls.loaders:
            loader.start()
        pauses = random.Random(SEED)
        for _ in range(KILLS):
            before = cls.oracle.counts()
            deadline = time.monotonic() + 30
            while cls.oracle.counts() == before and time.monotonic() < deadline:
                time.sleep(0.005)  # something is acknowledged between any two kills
            time.sleep(pauses.uniform(0, 0.4))
            cls.hub.restart()
            where['port'] = cls.hub.port
        for loader in cls.loaders:
            loader.is_over.set()
        for loader in cls.loaders:
            loader.join(60)

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def test_1_the_load_was_a_load(self):
        for loader in self.loaders:
            self.assertFalse(loader.is_alive())
            self.assertEqual(loader.wrong, [])
        messages, sessions = self.oracle.counts()
        print(f'{KILLS} kills: {messages} messages, {sessions} sessions acknowledged, {self.oracle.unanswered} requests '
              f'without an answer, {self.oracle.repeated} repeated after one', file=sys.stderr)
        self.assertGreater(messages, KILLS)
        self.assertGreater(self.oracle.unanswered, 0)
        self.assertGreater(self.oracle.repeated, 0)

    def test_2_no_acknowledged_message_is_missing_changed_or_doubled(self):
        sessions = {json.loads(body)['session_id'] for _, body in self.oracle.sessions.values()}
        seen = {}
        for session in sessions:
            for index, message in enumerate(all_messages(self.hub, session), 1):
                self.assertEqual(message['index'], index)
                seen.setdefault(message['content'], []).append((session, message['message_id']))
        for content, (session, body) in self.oracle.messages.items():
            self.assertEqual(seen.get(content), [(session, json.loads(body)['message_id'])])
        self.assertEqual(len(seen), len(self.oracle.messages))

    def test_3_a_repeated_create_made_one_session(self):
        made = {}
        for customer, body in self.oracle.sessions.values():
            made.setdefault(customer, set()).add(json.loads(body)['session_id'])
        self.assertEqual(sum(len(ids) for ids in made.values()), len(self.oracle.sessions))
        for customer, ids in made.items():
            answer = self.hub.get(f'/customer/{customer}/sessions?limit=1000').json
            self.assertEqual({session['session_id'] for session in answer['sessions']}, ids)

    def test_4_every_acknowledged_position_holds_that_event(self):
        events = {}
        replayed = run('replay', '--data', self.hub.data, '--json')
        self.assertEqual(replayed.returncode, 0, replayed.stderr)
        for number, line in enumerate(replayed.stdout.splitlines(), 1):
            event = json.loads(line)
            self.assertEqual(event['sequence'], number)
            events[event['position']] = event
        for content, (_, body) in self.oracle.messages.items():
            event = events[json.loads(body)['position']]
            kind = 'message_sent' if content in self.oracle.sent else 'message_received'
            self.assertEqual((event['type'], event['payload']['content']), (kind, content))

    def test_5_what_was_sent_was_delivered_once(self):
        def all_delivered():
            done = run('replay', '--data', self.hub.data, '--json', '--type', 'message_status_changed')
            found = {}
            for line in done.stdout.splitlines():
                event = json.loads(line)
                if event['payload'].get('status') == 'delivered':
                    place = (event['entity'], event['payload']['index'])
                    found[place] = found.get(place, 0) + 1
            return found if len(found) >= len(self.oracle.sent) else None

        found = wait_for(all_delivered, what='the last delivery')
        self.assertEqual(len(found), len(self.oracle.sent))
        self.assertEqual(set(found.values()), {1})

    def test_6_the_chain_verifies(self):
        audit = run('audit', 'verify', '--data', self.hub.data)
        self.assertEqual(audit.returncode, 0, audit.stderr)

    def test_7_the_views_equal_a_fresh_rebuild(self):
        customers = sorted({customer for customer, _ in self.oracle.sessions.values()})
        paths = [f'/customer/{customer}/{what}?limit=1000' for customer in customers
                 for what in ('sessions', 'history', 'unified-view')] + ['/sessions/active?limit=500']
        commit = self.hub.get('/status').json['position']
        before = [self.hub.get(path, headers={'Hub-Min-Position': commit}).body for path in paths]
        self.assertEqual(self.hub.stop(), 0)
        shutil.rmtree(os.path.join(self.hub.data, 'views'))
        self.hub.start()
        after = [self.hub.get(path, headers={'Hub-Min-Position': commit}).body for path in paths]
        self.assertEqual(before, after)


if __name__ == '__main__':
    unittest.main()
