#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`replay` and `audit verify` read the data directory of a running hub, with and without its keys."""

import csv
import glob
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import Client, Hub, run  # noqa: E402

CUSTOMER, SESSION = 'customer_004', 'omni_session_004'


def unpack(data, at):
    """One msgpack value as the log writes it, and where it ends."""
    first = data[at]
    at += 1
    if first < 0x80:
        return first, at
    if first in (0xc2, 0xc3):
        return first == 0xc3, at
    if 0xcc <= first <= 0xd3:
        size = 1 << (first - 0xcc) % 4
        return int.from_bytes(data[at:at + size], 'big', signed=first >= 0xd0), at + size
    if first >= 0xe0:
        return first - 256, at
    wide = {0xc4: 1, 0xc5: 2, 0xc6: 4, 0xd9: 1, 0xda: 2, 0xdb: 4, 0xdc: 2, 0xdd: 4, 0xde: 2, 0xdf: 4}.get(first, 0)
    count = int.from_bytes(data[at:at + wide], 'big') if wide else first & (0x1f if first >= 0xa0 else 0x0f)
    at += wide
    if first in (0xc4, 0xc5, 0xc6, 0xd9, 0xda, 0xdb) or 0xa0 <= first < 0xc0:
        return data[at:at + count], at + count
    is_map = first < 0x90 or first in (0xde, 0xdf)
    items = []
    for _ in range(count * 2 if is_map else count):
        item, at = unpack(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if is_map else items), at


class Reading(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        hub = cls.hub
        hub.create_session(CUSTOMER, SESSION, 'voice', customer_profile={'name': 'Sarah Johnson'})
        cls.message = hub.say(CUSTOMER, SESSION, 'The first message', 'voice')
        hub.create_session('customer_005', 'omni_session_005', 'chat')
        hub.say('customer_005', 'omni_session_005', 'Of somebody else')

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def replay(self, *words, data=None):
        done = run('replay', '--data', data or self.hub.data, *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def events(self, *words, data=None):
        return [json.loads(line) for line in self.replay('--json', *words, data=data).splitlines()]

    def test_everything_is_dense_and_in_order(self):
        events = self.events()
        self.assertEqual([event['sequence'] for event in events], list(range(1, len(events) + 1)))
        times = [event['time'] for event in events]
        self.assertEqual(times, sorted(set(times)))
        self.assertIn(self.message.json['position'], [event['position'] for event in events])

    def test_it_sees_what_is_written_meanwhile(self):
        before = len(self.events())
        self.hub.say(CUSTOMER, SESSION, 'Another message', 'voice')
        after = self.events()
        self.assertEqual([event['payload']['content'] for event in after[before:] if event['type'] == 'message_received'],
                         ['Another message'])

    def test_a_customer_is_found_by_the_clients_id_and_by_ours(self):
        theirs = self.events('--customer', CUSTOMER)
        ours = {event['subject'] for event in theirs}
        self.assertEqual(len(ours), 1)
        self.assertEqual(self.events('--customer', ours.pop()), theirs)
        self.assertIn('message_received', [event['type'] for event in theirs])
        self.assertNotIn('Of somebody else', json.dumps(theirs))

    def test_a_session_and_a_stream(self):
        session = self.events('--session', SESSION)
        stream = self.events('--stream', f'session/{SESSION}')
        self.assertEqual([event['version'] for event in stream], list(range(1, len(stream) + 1)))
        self.assertEqual({event['kind'] for event in stream}, {'session'})
        self.assertLessEqual({event['sequence'] for event in stream}, {event['sequence'] for event in session})

    def test_types_points_and_limits(self):
        everything = self.events()
        self.assertEqual(self.events('--type', 'session_opened'),
                         [event for event in everything if event['type'] == 'session_opened'])
        self.assertEqual(self.events('--from', '3', '--to', '5'), everything[2:5])
        self.assertEqual(self.events('--from', everything[3]['time'], '--to', everything[5]['time']), everything[3:6])
        self.assertEqual(self.events('--from', '2000-01-01T00:00:00Z')[:len(everything)], everything)
        self.assertEqual(self.events('--from', '2100-01-01T00:00:00Z'), [])
        for points in (('5', '3'), ('2100-01-02T00:00:00Z', '2100-01-01T00:00:00Z'), ('2100-01-01T00:00:00Z', '3')):
            done = run('replay', '--data', self.hub.data, '--from', points[0], '--to', points[1])
            self.assertEqual((done.returncode, done.stdout), (2, ''))
            self.assertIn(f'--from {points[0]} lies behind --to {points[1]}', done.stderr)
        self.assertEqual(self.events('--limit', '2'), everything[:2])
        self.assertEqual(self.events('--session', SESSION, '--type', 'message_received', '--limit', '1')[0]['payload']['content'],
                         'The first message')

    def test_the_table_has_a_line_for_each_event(self):
        lines = self.replay('--to', '5').splitlines()
        self.assertEqual(len(lines), 6)
        self.assertTrue(lines[0].startswith('position time'))

    def test_a_condition_picks_events_by_envelope_and_payload(self):
        everything = self.events()
        voice = [event for event in everything if event['payload'].get('channel') == 'voice']
        self.assertTrue(voice)
        self.assertEqual(self.events('--where', 'channel == "voice"'), voice)
        self.assertEqual(self.events('--channel', 'voice'), voice)
        self.assertEqual(self.events('--where', 'channel == "voice" and type == "message_received"', '--limit', '1'),
                         [event for event in voice if event['type'] == 'message_received'][:1])
        self.assertEqual(self.events('--where', 'payload.index >= 1 and kind == "session" and sequence > 3'),
                         [event for event in everything if event['payload'].get('index', 0) >= 1 and event['sequence'] > 3])
        author = self.message.json and next(event['principal'] for event in voice if event.get('principal'))
        self.assertEqual(self.events('--actor', author),
                         [event for event in everything if event.get('principal') == author])
        self.assertEqual(self.events('--where', 'time > now'), [])

    def test_a_wrong_condition_is_shown_where_it_is_wrong(self):
        for where, at, hint in (('chanel == "voice"', 0, 'chanel'), ('channel == "vioce"', 11, 'voice'),
                                ('channel = "voice"', 8, ''), ('(type == "x"', 12, ''),
                                ('payload.content == "x"', 8, '')):
            done = run('replay', '--data', self.hub.data, '--where', where)
            self.assertEqual(done.returncode, 2, where)
            lines = done.stderr.splitlines()
            self.assertIn(f'byte {at}:', lines[0])
            self.assertIn(hint, lines[0])
            self.assertEqual(lines[1:], ['  ' + where, '  ' + ' ' * at + '^'])
        for words in (('--channel', 'nowhere'), ('--channel', 'a"b'), ('--format', 'xml'),
                      ('--follow', '--to', '5')):
            self.assertEqual(run('replay', '--data', self.hub.data, *words).returncode, 2, words)

    def test_csv_has_a_row_for_each_event(self):
        rows = list(csv.DictReader(io.StringIO(self.replay('--format', 'csv'), newline='')))
        for row, event in zip(rows, self.events(), strict=True):
            self.assertEqual((int(row['sequence']), row['time'], row['kind'], row['type'], row['subject']),
                             (event['sequence'], event['time'], event['kind'], event['type'], event.get('subject', '')))
            self.assertEqual(json.loads(row['payload']), event['payload'])

    def test_msgpack_has_header_and_payload_of_each_event(self):
        done = subprocess.run([os.environ['OMNIHUB'], 'replay', '--data', self.hub.data, '--format', 'msgpack'],
                              stdout=subprocess.PIPE, timeout=60, check=True)
        at, events = 0, []
        while at < len(done.stdout):
            event, at = unpack(done.stdout, at)
            events.append(event)
        self.assertEqual([header[2] for header, _ in events], [event['sequence'] for event in self.events()])
        self.assertTrue(all(isinstance(payload, dict) for _, payload in events))

    def test_following_prints_what_comes_until_it_is_interrupted(self):
        words = [os.environ['OMNIHUB'], 'replay', '--data', self.hub.data, '--follow', '--json', '--from',
                 str(len(self.events()) + 1), '--type', 'message_received']
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as follower:
            try:
                for text in ('While somebody follows', 'Once more'):
                    self.hub.say(CUSTOMER, SESSION, text, 'voice')
                    self.assertEqual(json.loads(follower.stdout.readline())['payload']['content'], text)
            finally:
                follower.send_signal(signal.SIGINT)
            self.assertEqual(follower.wait(timeout=30), 0)

    def test_what_is_not_there_is_said(self):
        for words, status, hint in ((('--customer', 'nobody'), 4, "there is no customer 'nobody'"),
                                    (('--stream', 'nonsense'), 2, 'KIND/ID'),
                                    (('--type', 'nonsense'), 2, 'omnihub schema events'),
                                    (('--from', 'yesterday'), 2, 'neither a position'),
                                    (('--company', 'x'), 2, '26 characters'),
                                    (('--company', '01ARZ3NDEKTSV4RRFFQ69G5FAV'), 4, 'there is no company'),
                                    (('--state', f'session/{SESSION}', '--at', '1'), 4, 'there was no')):
            done = run('replay', '--data', self.hub.data, *words)
            self.assertEqual(done.returncode, status, (words, done.stderr))
            self.assertIn(hint, done.stderr)

    def test_an_entity_is_folded_as_of_then(self):
        stream = self.events('--stream', f'session/{SESSION}')
        for event in stream:
            state = json.loads(self.replay('--state', f'session/{SESSION}', '--at', str(event['sequence'])))
            self.assertEqual((state['kind'], state['version'], state['state']['version']),
                             ('session', event['version'], event['version']))
        self.assertEqual(state['state']['session_id'], SESSION)
        by_time = json.loads(self.replay('--state', f'session/{SESSION}', '--at', stream[0]['time']))
        self.assertEqual(by_time['version'], 1)

    def test_without_keys_personal_values_are_sealed(self):
        there = os.path.join(self.hub.made, 'without-keys')
        shutil.copytree(self.hub.data, there, ignore=shutil.ignore_patterns('keys', 'lock'))
        events = self.events(data=there)
        received = [event for event in events if event['type'] == 'message_received']
        self.assertEqual({event['payload']['content'] for event in received}, {'[sealed]'})
        self.assertNotIn(SESSION, json.dumps(events))
        done = run('replay', '--data', there, '--customer', CUSTOMER)
        self.assertEqual(done.returncode, 5)
        self.assertIn('without keys/', done.stderr)

    def test_reading_changes_nothing(self):
        def files():
            found = {}
            for folder, _, names in os.walk(os.path.join(self.hub.data, 'keys')):
                for name in names:
                    path = os.path.join(folder, name)
                    with open(path, 'rb') as file:
                        found[path] = file.read()
            return found

        before = files()
        self.replay()
        run('audit', 'verify', '--data', self.hub.data)
        self.replay('--hashes')
        self.assertEqual(files(), before)

    def test_the_log_is_sound(self):
        done = run('audit', 'verify', '--data', self.hub.data)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertRegex(done.stdout, r'^The log is sound: \d+ events')


class Actors(unittest.TestCase):
    """`replay --actor`, by what people know of who did it."""

    def setUp(self):
        self.hub = Hub()
        self.addCleanup(self.hub.__exit__)

    def replay(self, *words, status=0, data=None):
        done = run('replay', '--json', '--data', data or self.hub.data, *words)
        self.assertEqual(done.returncode, status, (words, done.stderr))
        return [json.loads(line) for line in done.stdout.splitlines()] if status == 0 else done.stderr

    def add_key(self, name):
        return self.hub.post('/api-keys', {'name': name, 'role': 'service'}).json

    def ask(self, method, path, body, key=None, **more):
        client = Client(self.hub.port, key)
        self.addCleanup(client.close)
        answer = client.ask(method, path, body, **more)
        self.assertEqual(answer.status, 200, answer)
        return answer

    def assert_did(self, who, ids):
        ours = self.replay('--actor', who)
        self.assertEqual({event['principal'] for event in ours}, ids, who)
        self.assertEqual(ours, [event for event in self.replay() if event.get('principal') in ids])

    def test_a_person_by_address_and_keys_by_name_also_such_that_are_gone(self):
        login, name = {'email': 'agent_1@example.com', 'password': 'correct horse'}, 'the "one" for orders'
        keys = [self.add_key(name) for _ in range(2)]
        for key in keys:
            self.ask('POST', '/message/process', {'customer_id': 'c', 'channel': 'chat', 'content': 'x'}, key['api_key'])
        self.assertEqual(self.hub.ask('DELETE', f"/api-keys/{keys[0]['key_id']}").status, 200)
        agent = self.hub.post('/agents', login).json['agent_id']
        cookie = self.ask('POST', '/auth/login', login).headers['Set-Cookie'].split(';')[0]
        self.ask('PUT', f'/agents/{agent}/presence', {'presence': 'available'}, headers={'Cookie': cookie})
        self.assertEqual(self.hub.ask('DELETE', f'/agents/{agent}').status, 200)
        for who, ids in ((login['email'], {agent}), (agent, {agent}), (name, {key['key_id'] for key in keys})):
            self.assert_did(who, ids)
        company = self.replay('--limit', '1')[0]['company']
        self.assertEqual(self.replay('--actor', name, '--company', company), self.replay('--actor', name))

    def test_who_is_nobody_is_told(self):
        self.hub.create_session('c', 's')
        nobody = "nobody logs in as 'nobody', and no API key is called that"
        self.assertIn(nobody, self.replay('--actor', 'nobody', status=4))
        company = self.replay('--limit', '1')[0]['company']
        self.assertIn(nobody, self.replay('--actor', 'nobody', '--company', company, status=4))
        for _ in range(101):
            self.add_key('one of many')
        self.assertIn('more than 100 keys are called', self.replay('--actor', 'one of many', status=2))
        there = os.path.join(self.hub.made, 'without-keys')
        shutil.copytree(self.hub.data, there, ignore=shutil.ignore_patterns('keys', 'lock'))
        self.assertIn("without keys/ a person is found by the hub's own id only",
                      self.replay('--actor', 'admin@test.example', data=there, status=5))
        self.assertEqual([event['type'] for event in self.replay('--actor', 'first key', data=there)],
                         [event['type'] for event in self.replay('--actor', 'first key')])


class Damaged(unittest.TestCase):
    def setUp(self):
        self.hub = Hub()
        self.addCleanup(self.hub.__exit__)
        self.hub.create_session(CUSTOMER, SESSION)
        for number in range(50):
            self.hub.say(CUSTOMER, SESSION, f'Message {number}')
        self.assertEqual(self.hub.stop(), 0)

    def assert_refused(self):
        self.hub.spawn()
        self.assertEqual(self.hub.process.wait(60), 1)
        said = self.hub.complaints()
        self.assertEqual(len(said.splitlines()), 1, said)
        return said

    def test_a_log_that_lost_its_end_is_refused(self):
        log, earlier = f'{self.hub.data}/log', f'{self.hub.data}/earlier'
        shutil.copytree(log, earlier)
        self.hub.start()
        self.hub.say(CUSTOMER, SESSION, 'The last message')
        self.assertEqual(self.hub.stop(), 0)
        shutil.rmtree(log)
        os.rename(earlier, log)
        self.assertIn('but the witness saw', self.assert_refused())
        done = run('audit', 'verify', '--data', self.hub.data)
        self.assertEqual(done.returncode, 3)
        self.assertIn('but the witness saw', done.stderr)

    def test_a_changed_byte_is_found(self):
        self.hub.start()
        self.assertEqual(self.hub.stop(), 0)
        tables = sorted(glob.glob(f'{self.hub.data}/log/*.sst'), key=os.path.getsize)
        self.assertTrue(tables)
        for path in tables:
            with open(path, 'r+b') as file:
                file.seek(os.path.getsize(path) // 3)
                byte = file.read(1)
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte[0] ^ 0x40]))
        done = run('audit', 'verify', '--data', self.hub.data)
        self.assertIn(done.returncode, (1, 3))  # not readable at all, or not as it was
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_a_witness_of_another_log_is_found(self):
        with Hub() as other:
            for number in range(3):
                other.create_session(f'customer_{number}')
            self.assertEqual(other.stop(), 0)
            shutil.copy(os.path.join(other.data, 'witness'), os.path.join(self.hub.data, 'witness'))
        done = run('audit', 'verify', '--data', self.hub.data)
        self.assertEqual(done.returncode, 3)
        self.assertIn('the witness is of another log', done.stderr)

    def test_views_that_are_damaged_are_no_loss(self):
        for path in glob.glob(f'{self.hub.data}/views/*'):
            with open(path, 'wb') as file:
                file.write(b'rubbish')
        self.hub.start()
        self.assertEqual(self.hub.get(f'/session/{SESSION}/messages?limit=1000').json['total'], 50)

    def test_views_of_another_log_are_rebuilt(self):
        with Hub() as other:
            other.create_session('stranger', 'strange_session')
            self.assertEqual(other.stop(), 0)
            shutil.rmtree(os.path.join(self.hub.data, 'views'))
            shutil.copytree(os.path.join(other.data, 'views'), os.path.join(self.hub.data, 'views'))
        self.hub.start()
        self.assertEqual(self.hub.get(f'/session/{SESSION}/messages?limit=1000').json['total'], 50)
        self.assertEqual([session['session_id'] for session in self.hub.get('/sessions/active').json], [SESSION])


if __name__ == '__main__':
    unittest.main()
