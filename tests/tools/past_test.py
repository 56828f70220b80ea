#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`replay --state`, `--diff` and `--lineage`: an entity as it was, what changed between two moments, where a value comes from."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from reading_test import unpack  # noqa: E402
from running import Hub, run  # noqa: E402

CUSTOMER, SESSION = 'customer_021', 'omni_session_021'
NAME = f'session/{SESSION}'


class Past(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        hub = cls.hub
        hub.create_session(CUSTOMER, SESSION, 'chat', customer_profile={'name': 'First Name'})
        hub.say(CUSTOMER, SESSION, 'Where is my parcel?')
        hub.create_session('customer_022', 'omni_session_022', 'sms')
        answer = hub.ask('PUT', f'/session/{SESSION}', {'status': 'resolved'})
        assert answer.status == 200, answer
        cls.all = [json.loads(line) for line in cls.printed('--json').splitlines()]
        cls.own = [event for event in cls.all if event['kind'] == 'session' and
                   event['entity'] == next(e['entity'] for e in cls.all if e['type'] == 'session_opened')]

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    @classmethod
    def printed(cls, *words, data=None):
        done = run('replay', '--data', data or cls.hub.data, *words)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def rows(self, *words, **more):
        return [json.loads(line) for line in self.printed('--json', *words, **more).splitlines()]

    def state(self, at):
        return json.loads(self.printed('--state', NAME, '--at', str(at)))['state']

    # --- as it was ---

    def test_a_state_prints_in_every_format(self):
        state = json.loads(self.printed('--state', NAME))['state']
        self.assertEqual(json.loads(self.printed('--state', NAME, '--format', 'ndjson'))['state'], state)
        rows = list(csv.DictReader(io.StringIO(self.printed('--state', NAME, '--format', 'csv'), newline='')))
        self.assertEqual({row['path'][1:]: json.loads(row['value']) for row in rows}, state)
        done = subprocess.run([os.environ['OMNIHUB'], 'replay', '--data', self.hub.data, '--state', NAME, '--format', 'msgpack'],
                              stdout=subprocess.PIPE, timeout=60, check=True)
        at, packed = 0, {}
        while at < len(done.stdout):
            row, at = unpack(done.stdout, at)
            packed[row[b'path'].decode()[1:]] = json.loads(row[b'value'])
        self.assertEqual(packed, state)

    # --- differences ---

    def test_a_difference_names_path_values_and_events(self):
        first, last = self.own[0]['sequence'], self.own[-1]['sequence']
        rows = self.rows('--diff', str(first), str(last), '--state', NAME)
        before, after = self.state(first), self.state(last)
        paths = {row['path'] for row in rows}
        for name in before.keys() | after.keys():
            changed = before.get(name) != after.get(name)
            self.assertEqual(changed, any(path == f'/{name}' or path.startswith(f'/{name}/') for path in paths), name)
        status = next(row for row in rows if row['path'] == '/status')
        self.assertEqual((status['before'], status['after']), ('active', 'resolved'))
        moves = [event for event in self.own if event['type'] == 'session_moved']
        self.assertEqual(status['events'], [{'position': event['sequence'], 'type': 'session_moved'} for event in moves])
        self.assertEqual({row['entity'] for row in rows}, {f'session/{self.own[0]["entity"]}'})

    def test_from_the_very_start_everything_is_new(self):
        last = self.own[-1]['sequence']
        rows = self.rows('--diff', '0', str(last), '--state', NAME)
        self.assertEqual({row['path'][1:]: row['after'] for row in rows}, self.state(last))
        self.assertEqual({row['before'] for row in rows}, {None})

    def test_many_entities_are_narrowed_as_events_are(self):
        entity = lambda rows: {row['entity'].split('/')[0] for row in rows}  # noqa: E731
        end = str(self.all[-1]['sequence'])
        self.assertEqual(entity(self.rows('--diff', '0', end, '--session', SESSION)) & {'company', 'agent'}, set())
        self.assertEqual({row['entity'] for row in self.rows('--diff', '0', end, '--where', 'type == "session_opened"')},
                         {f'session/{event["entity"]}' for event in self.all if event['type'] == 'session_opened'})
        theirs = {row['entity'] for row in self.rows('--diff', '0', end, '--customer', CUSTOMER)}
        self.assertEqual({name.split('/')[0] for name in theirs}, {'customer', 'session'})
        self.assertEqual(len(theirs), 2)
        self.assertEqual(self.rows('--diff', end, end), [])

    def test_times_are_moments_too(self):
        by_time = self.rows('--diff', self.own[0]['time'], self.own[-1]['time'], '--state', NAME)
        self.assertEqual(by_time, self.rows('--diff', str(self.own[0]['sequence']), str(self.own[-1]['sequence']), '--state', NAME))

    # --- where a value comes from ---

    def test_a_value_has_the_events_that_made_it(self):
        for field in ('status', '/status'):
            rows = self.rows('--state', NAME, '--lineage', field)
            self.assertEqual([(row['event'], row['before'], row['after']) for row in rows],
                             [('session_opened', None, 'active'), ('session_moved', 'active', 'resolved')])
            self.assertEqual([row['position'] for row in rows],
                             [event['sequence'] for event in self.own if event['type'] in ('session_opened', 'session_moved')])
            self.assertTrue(all(row['by'] for row in rows))
        early = self.rows('--state', NAME, '--lineage', 'status', '--at', str(self.own[-1]['sequence'] - 1))
        self.assertEqual([row['after'] for row in early], ['active'])

    def test_values_of_people_are_shown_where_there_are_keys(self):
        paths = {row['path']: row['after'] for row in self.rows('--diff', '0', str(self.all[-1]['sequence']), '--customer', CUSTOMER)}
        self.assertIn('First Name', json.dumps(paths))
        copy = os.path.join(self.hub.made, 'without-keys')
        shutil.copytree(self.hub.data, copy, ignore=shutil.ignore_patterns('keys'))
        try:
            entity = next(event['entity'] for event in self.all if event['kind'] == 'customer')
            text = self.printed('--diff', '0', str(self.all[-1]['sequence']), '--state', f'customer/{entity}', data=copy)
            self.assertIn('[sealed]', text)
            self.assertNotIn('First Name', text)
        finally:
            shutil.rmtree(copy)

    def test_rows_print_in_every_format(self):
        words = ('--state', NAME, '--lineage', 'status')
        rows = self.rows(*words)
        table = self.printed(*words).splitlines()
        self.assertEqual(table[0].split(), ['position', 'time', 'event', 'by', 'path', 'before', 'after'])
        self.assertEqual(len(table), 1 + len(rows))
        self.assertEqual([(int(row['position']), row['after']) for row in
                          csv.DictReader(io.StringIO(self.printed(*words, '--format', 'csv'), newline=''))],
                         [(row['position'], json.dumps(row['after'])) for row in rows])
        done = subprocess.run([os.environ['OMNIHUB'], 'replay', '--data', self.hub.data, *words, '--format', 'msgpack'],
                              stdout=subprocess.PIPE, timeout=60, check=True)
        at, packed = 0, []
        while at < len(done.stdout):
            row, at = unpack(done.stdout, at)
            packed.append(row)
        self.assertEqual([row[b'before'] or None for row in packed], [None, b'"active"'])
        self.assertEqual([row[b'event'].decode() for row in packed], [row['event'] for row in rows])

    # --- what is refused ---

    def test_what_does_not_fit_is_said(self):
        end = str(self.all[-1]['sequence'])
        for words, status, hint in (
                (('--state', NAME, '--at', '99999999'), 4, 'position 99999999 is past the end of the log, which has '),
                (('--state', NAME, '--at', '2000-01-01T00:00:00Z'), 4, 'nothing was there yet at 2000-01-01T00:00:00Z'),
                (('--state', NAME, '--at', '1'), 4, f'there was no {NAME} at that moment'),
                (('--state', 'session/nobody'), 4, "there is no session 'nobody'"),
                (('--state', 'nobody'), 2, 'KIND/ID'),
                (('--state', NAME, '--at', 'yesterday'), 2, 'neither a position'),
                (('--state', NAME, '--company', 'x'), 2, '26 characters'),
                (('--state', NAME, '--company', '01ARZ3NDEKTSV4RRFFQ69G5FAV'), 4, 'there is no company'),
                (('--at', '3'), 2, '--at belongs to --state and --lineage'),
                (('--diff', '1', end, '--state', NAME, '--at', '3'), 2, '--at belongs to --state and --lineage'),
                (('--diff', '3'), 2, '--diff takes two moments: --diff A B'),
                (('--diff', '5', '3'), 2, '--diff 5 lies behind 3'),
                (('--diff', '5', '99999999'), 4, 'is past the end of the log'),
                (('--diff', '2000-01-01T00:00:00Z', '3'), 4, 'nothing was there yet'),
                (('--diff', '0', end, '--session', 'nobody'), 4, "there is no session 'nobody'"),
                (('--diff', '0', end, '--where', 'chanel == "x"'), 2, 'byte 0:'),
                (('--diff', '0', end, '--follow'), 2, '--follow shows events'),
                (('3',), 2, "replay takes no '3'"),
                (('--lineage', 'status'), 2, 'add --state KIND/ID'),
                (('--state', NAME, '--lineage', 'stattus'), 2, "there is no 'stattus'; did you mean 'status'?"),
                (('--state', NAME, '--lineage', 'transfers.first.status'), 2, "there is no 'first'"),
                (('--state', NAME, '--lineage', 'status', '--at', '1'), 4, 'there was no'),
                (('--state', NAME, '--lineage', 'ended_at'), 4, "no event had given"),
                (('--state', NAME, '--lineage', 'status', '--at', '99999999'), 4, 'past the end')):
            done = run('replay', '--data', self.hub.data, *words)
            self.assertEqual((done.returncode, done.stdout), (status, ''), (words, done.stderr))
            self.assertIn(hint, done.stderr)


class Unflushed(unittest.TestCase):
    """Part of the log in tables, the rest in the write-ahead log, as beside a busy hub: each moment looks the same, whichever is read."""

    def test_a_state_is_the_same_before_and_after_a_flush(self):
        with Hub() as hub:
            hub.create_session(CUSTOMER, SESSION, 'chat')
            hub.say(CUSTOMER, SESSION, 'In a table.')
            assert hub.stop() == 0
            hub.start()
            hub.say(CUSTOMER, SESSION, 'In the write-ahead log.')
            hub.create_session('customer_022', 'omni_session_022', 'sms')
            hub.kill()
            shutil.copytree(hub.data, os.path.join(hub.made, 'killed'))
            hub.start()
            assert hub.stop() == 0
            events = [json.loads(line) for line in Past.printed('--json', data=hub.data).splitlines()]
            for event in events:
                position = str(event['sequence'])
                for name, at in ((NAME, position), (NAME, event['time']), ('session/omni_session_022', position)):
                    words = ('replay', '--state', name, '--at', at)
                    before = run(*words, '--data', os.path.join(hub.made, 'killed'))
                    after = run(*words, '--data', hub.data)
                    self.assertEqual((before.returncode, before.stdout), (after.returncode, after.stdout), (words, before.stderr))
            self.assertEqual(after.returncode, 0, after.stderr)


if __name__ == '__main__':
    unittest.main()
