#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`export`: a running hub's events in SQLite, CSV and JSON; a second run adds exactly what is new."""

import contextlib
import csv
import fcntl
import json
import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import Hub, clean_environment, run, wait_for  # noqa: E402

KINDS = ('sqlite', 'csv', 'json')
TOUCHING = ('session_opened', 'session_moved', 'session_changed', 'message_received', 'message_sent', 'transfer_moved')
BATCH = 512  # events; a signal is looked for behind each
USAGE, UNSOUND, FULL, TAKEN, INTERRUPTED = 2, 3, 6, 8, 130


def interrupt_at_once():
    """For the new process: a signal that waits already."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.kill(os.getpid(), signal.SIGINT)


def content(path):
    """Of a database everything in it, of a text its bytes."""
    if not path.endswith('sqlite'):
        with open(path, 'rb') as file:
            return file.read()
    with contextlib.closing(sqlite3.connect(path)) as base:
        return list(base.iterdump())


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.hub.create_session('customer_004', 'omni_session_004', 'voice', customer_profile={'tier': 'enterprise'})
        cls.talk('I have a billing issue')
        cls.hub.post('/transfer/channel', {'customer_id': 'customer_004', 'session_id': 'omni_session_004',
                                           'from_channel': 'voice', 'to_channel': 'video', 'reason': 'documents'})
        cls.launch()
        cls.files = 0

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    @classmethod
    def launch(cls):
        """A campaign that is over, and one that waits for its time."""
        launch = {'customers': [{'customer_id': f'lead_{i}'} for i in range(3)], 'channels': ['email', 'sms'],
                  'quiet_hours': {'none': True}, 'messages': [{'content': 'our new plans are there'}]}
        for name, more in (('spring', {}), ('summer', {'schedule_at': '2099-01-01T00:00:00Z', 'ends_at': '2099-02-01T00:00:00Z'})):
            answer = cls.hub.post('/campaign/omnichannel-launch', {**launch, **more, 'campaign_id': name, 'name': f'The {name} one'})
            assert answer.status == 200, answer
        wait_for(lambda: cls.hub.get('/campaign/spring/status').json['status'] == 'finished', what='the end of a campaign')

    @classmethod
    def talk(cls, text):
        cls.hub.say('customer_004', 'omni_session_004', text, 'voice')

    def fresh(self, suffix):
        type(self).files += 1
        return os.path.join(self.hub.made, f'export-{self.files}.{suffix}')

    def export(self, path, *words, data=None, status=0):
        done = run('export', '--to', path, '--data', data or self.hub.data, *words)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout if status == 0 else done.stderr

    def events(self):
        return [json.loads(line) for line in run('replay', '--data', self.hub.data, '--json').stdout.splitlines()]

    def test_the_database_holds_what_the_log_and_the_api_say(self):
        path = self.fresh('db')
        self.export(path)
        base = sqlite3.connect(path)
        for row, event in zip(base.execute('SELECT sequence, time, kind, entity, version, type, subject, principal, hash, payload'
                                           ' FROM events ORDER BY sequence'), self.events(), strict=True):
            self.assertEqual(row[:9], (event['sequence'], event['time'], event['kind'], event['entity'], event['version'],
                                       event['type'], event.get('subject'), event.get('principal'), event['hash']))
            self.assertEqual(json.loads(row[9]), event['payload'])
        session = self.hub.get('/session/omni_session_004').json
        self.assertEqual(base.execute("SELECT session_id, first_channel, channel, status, priority FROM sessions"
                                      " WHERE session_id = 'omni_session_004'").fetchall(),
                         [('omni_session_004', 'voice', session['channel'], session['status'], session['priority'])])
        self.assertEqual(base.execute("SELECT customer_id, tier FROM customers WHERE customer_id = 'customer_004'").fetchall(),
                         [('customer_004', 'enterprise')])
        touched = {}
        for event in self.events():
            if event['type'] in TOUCHING and not (event['type'] == 'transfer_moved' and event['payload']['status'] != 'completed'):
                touched[event['entity']] = event['time']
        self.assertEqual(dict(base.execute('SELECT session, last_activity_at FROM sessions')), touched)
        messages = self.hub.get('/session/omni_session_004/messages').json['messages']
        self.assertEqual(base.execute("SELECT number, content, messages.channel, author FROM messages JOIN sessions USING (session)"
                                      " WHERE session_id = 'omni_session_004' ORDER BY number LIMIT 100").fetchall(),
                         [(m['index'], m['content'], m['channel'], m['author']) for m in messages])
        self.assertEqual(base.execute('SELECT from_channel, to_channel, reason, status FROM transfers').fetchall(),
                         [('voice', 'video', 'documents', 'completed')])
        base.close()

    def test_campaigns_and_recipients_are_what_the_api_says(self):
        path = self.fresh('db')
        self.export(path)
        with contextlib.closing(sqlite3.connect(path)) as base:
            base.row_factory = sqlite3.Row
            for name in ('spring', 'summer'):
                campaign = base.execute('SELECT * FROM campaigns WHERE campaign_id = ?', (name,)).fetchone()
                said = self.hub.get(f'/campaign/{name}/status').json
                for member in ('status', 'name', 'purpose', 'starts_at', 'ends_at'):
                    self.assertEqual(campaign[member], said.get(member), (name, member))
                self.assertEqual(campaign['channels'].split(','), said['channels'])
                self.assertEqual(campaign['over_at'] is None, 'over_at' not in said)
                shown = self.hub.get(f'/campaign/{name}/recipients').json['recipients']
                rows = base.execute('SELECT customer_id, recipients.status, step, attempts, sessions.session_id AS session, reason, failure, due_at,'
                                    ' recipients.moved_at, recipients.channel FROM recipients LEFT JOIN customers USING (customer)'
                                    ' LEFT JOIN sessions USING (session) WHERE campaign = ? ORDER BY 1', (campaign['campaign'],)).fetchall()
                self.assertEqual(len(rows), 3)
                for row, recipient in zip(rows, sorted(shown, key=lambda r: r['customer_id']), strict=True):
                    for member in ('customer_id', 'step', 'attempts', 'reason', 'failure', 'due_at', 'moved_at'):
                        self.assertEqual(row[member], recipient.get(member), (name, member))
                    self.assertIn(row['channel'], (recipient['channel'], None))
            self.assertEqual(base.execute("SELECT count(*) FROM recipients WHERE status = 'delivered'").fetchone()[0], 3)

    def test_every_format_holds_each_event_with_its_hash(self):
        hashes = [(event['sequence'], event['hash']) for event in self.events()]
        paths = {name: self.fresh(name) for name in KINDS}
        for name, path in paths.items():
            self.export(path, '--format', name)
        with contextlib.closing(sqlite3.connect(paths['sqlite'])) as base:
            self.assertEqual(base.execute('SELECT sequence, hash FROM events ORDER BY 1').fetchall(), hashes)
        with open(paths['csv'], encoding='utf-8', newline='') as file:
            self.assertEqual([(int(row['sequence']), row['hash']) for row in csv.DictReader(file)], hashes)
        with open(paths['json'], encoding='utf-8') as file:
            self.assertEqual([(row['sequence'], row['hash']) for row in map(json.loads, file)], hashes)
        other = self.fresh('json')
        self.export(other, '--format', 'ndjson')
        self.assertEqual(content(other), content(paths['json']))

    def test_a_directory_gets_a_file_by_the_format(self):
        folder = self.fresh('dir')
        os.mkdir(folder)
        names = {'sqlite': 'omnihub.sqlite', 'csv': 'events.csv', 'json': 'events.ndjson'}
        for name in KINDS:
            path = self.fresh(name)
            self.export(path, '--format', name)
            self.export(folder, '--format', name)
            self.assertIn('0 of them new', self.export(folder + '/', '--format', name))
            self.assertEqual(content(os.path.join(folder, names[name])), content(path))

    def test_a_second_run_adds_exactly_what_is_new(self):
        paths = {name: self.fresh(name) for name in KINDS}
        for name, path in paths.items():
            self.export(path, '--format', name)
        before = len(self.events())
        self.assertIn('0 of them new', self.export(paths['csv'], '--format', 'csv'))
        self.talk('Once more')
        now = len(self.events())
        for name, path in paths.items():
            self.assertIn(f'{now} events, {now - before} of them new', self.export(path, '--format', name))
            whole = self.fresh(name)
            self.export(whole, '--format', name)
            self.assertEqual(content(path), content(whole))
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_an_interrupted_run_is_gone_on_with_and_has_no_name_before_it_is_through(self):
        for number in range(BATCH + 100):
            self.talk(f'Message {number}')
        for name in KINDS:
            path, whole = self.fresh(name), self.fresh(name)
            runs = 0
            while (done := self.export_in(path, name, interrupt_at_once)).returncode == INTERRUPTED:
                self.assertRegex(done.stderr, r'interrupted at event \d+ of \d+; run it again to go on')
                self.assertFalse(os.path.exists(path))
                runs += 1
            self.assertGreater(runs, 0)
            self.assertEqual((done.returncode, os.path.exists(path + '.part')), (0, False), done)
            self.export(whole, '--format', name)
            self.assertEqual(content(path), content(whole))
            self.assertFalse([left for left in os.listdir(self.hub.made) if left.startswith(os.path.basename(path) + '-')])

    def export_in(self, path, name, begin):
        """An export in a process that begins with something."""
        return subprocess.run([os.environ['OMNIHUB'], 'export', '--to', path, '--data', self.hub.data, '--format', name],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
                              env=clean_environment(), preexec_fn=begin)

    def test_what_a_crash_left_half_written_is_cut_off(self):
        path, whole = self.fresh('csv'), self.fresh('csv')
        self.export(path, '--format', 'csv')
        with open(path, 'ab') as file:
            file.write(b'99999,half a li')
        self.talk('After the crash')
        self.export(path, '--format', 'csv')
        self.export(whole, '--format', 'csv')
        with open(path, encoding='utf-8', newline='') as one, open(whole, encoding='utf-8', newline='') as other:
            self.assertEqual(list(csv.reader(one)), list(csv.reader(other)))

    def test_a_full_disk_is_said_and_loses_nothing(self):
        for _ in range(50):
            self.talk(16000 * 'x')
        for name in KINDS:
            path, whole, late = self.fresh(name), self.fresh(name), self.fresh(name)
            bound = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))  # noqa: E731
            done = self.export_in(path, name, bound)
            self.assertEqual((done.returncode, 'cannot be written' in done.stderr, path in done.stderr), (FULL, True, True), done)
            self.assertFalse([left for left in os.listdir(self.hub.made) if left.startswith(os.path.basename(path))])
            self.export(path, '--format', name)
            self.export(whole, '--format', name)
            self.assertEqual(content(path), content(whole))
            shutil.copy(whole, late)
            if name != 'sqlite':
                shutil.copy(whole + '.position', late + '.position')
            before = content(late)
            self.talk(16000 * 'y')
            bound = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(whole) + 100,) * 2)  # noqa: E731
            done = self.export_in(late, name, bound)
            self.assertEqual((done.returncode, content(late) == before), (FULL, True), done)
            self.export(late, '--format', name)
            self.export(whole, '--format', name)
            self.assertEqual(content(late), content(whole))

    def test_what_cannot_be_added_to_is_refused_and_stays_as_it_is(self):
        with Hub() as other:
            for name in KINDS:
                path = self.fresh(name)
                self.export(path, '--format', name)
                before = content(path)
                self.assertIn('another log', self.export(path, '--format', name, data=other.data, status=TAKEN))
                self.assertEqual(content(path), before)
        for name in KINDS:
            for place in ('', '.part'):
                taken = self.fresh(name)
                with open(taken + place, 'w', encoding='utf-8') as file:
                    file.write('mine\n' * 1000)
                self.assertIn('is no export', self.export(taken, '--format', name, status=TAKEN))
                with open(taken + place, encoding='utf-8') as file:
                    self.assertEqual(file.read(), 'mine\n' * 1000)
        for mine in ('CREATE TABLE mine (a)', 'CREATE TABLE export_position (log, sequence)',
                     'CREATE VIEW export_position AS SELECT 1 AS log, 2 AS incarnation, 3 AS sequence'):
            self.assertIn('is no export', self.export(self.database(mine), status=TAKEN))
        for name in ('csv', 'json'):
            for other in ('csv', 'json', 'sqlite'):
                path = self.fresh(name)
                self.export(path, '--format', name)
                if other != name:
                    before = content(path)
                    self.export(path, '--format', other, status=TAKEN)
                    self.assertEqual(content(path), before)
        old = self.database('CREATE TABLE mine (a)')
        self.export(self.fresh('db'))
        with contextlib.closing(sqlite3.connect(old)) as base:
            self.assertEqual([row[0] for row in base.execute('SELECT name FROM sqlite_schema')], ['mine'])

    def test_what_another_release_wrote_is_refused(self):
        path = self.fresh('db')
        self.export(path)
        with contextlib.closing(sqlite3.connect(path)) as base:
            base.execute('PRAGMA user_version = 1')
        self.assertIn('the tables of another release', self.export(path, status=TAKEN))
        path = self.fresh('csv')
        self.export(path, '--format', 'csv')
        self.assertIn('columns of another format', self.swapped_head(path))

    def swapped_head(self, path):
        with open(path, 'r+b') as file:
            file.write(b'SEQ')
        return self.export(path, '--format', 'csv', status=TAKEN)

    def database(self, *statements):
        path = self.fresh('db')
        with contextlib.closing(sqlite3.connect(path)) as base:
            for statement in statements:
                base.execute(statement)
            base.commit()
        return path

    def test_one_run_at_a_time_is_at_a_file(self):
        for name in KINDS:
            path = self.fresh(name)
            self.export(path, '--format', name)
            with open(path, 'rb') as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self.assertIn('another run is at', self.export(path, '--format', name, status=TAKEN))
            self.export(path, '--format', name)
        path = self.fresh('db')
        self.export(path)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as base:
            base.execute('BEGIN EXCLUSIVE')
            self.assertIn('another program is at', self.export(path, status=TAKEN))
        self.export(path)

    def test_where_nothing_can_be_written_is_said(self):
        for name in KINDS:
            self.assertIn('/nonexistent/x', self.export('/nonexistent/x', '--format', name, status=FULL))
        done = run('export', '--data', self.hub.data)
        self.assertEqual((done.returncode, '--to FILE' in done.stderr), (USAGE, True))

    def test_a_text_that_lost_what_was_said_to_be_whole_is_refused(self):
        path = self.fresh('csv')
        self.export(path, '--format', 'csv')
        size = os.path.getsize(path)
        os.truncate(path, size - 1)
        self.assertIn('is shorter than', self.export(path, '--format', 'csv', status=UNSOUND))
        with open(path + '.position', 'w', encoding='ascii') as file:
            file.write('nonsense\n')
        self.assertIn('.position cannot be read', self.export(path, '--format', 'csv', status=UNSOUND))

    def test_secrets_and_what_is_sealed_stay_closed(self):
        path = self.fresh('json')
        self.export(path, '--format', 'json')
        with open(path, encoding='utf-8') as file:
            text = file.read()
        self.assertNotIn('argon2id', text)
        self.assertIn('"password":"[secret]"', text)
        there = os.path.join(self.hub.made, 'export-without-keys')
        shutil.copytree(self.hub.data, there, ignore=shutil.ignore_patterns('keys', 'lock'))
        path = self.fresh('db')
        self.export(path, data=there)
        base = sqlite3.connect(path)
        self.assertEqual(set(base.execute('SELECT content FROM messages')), {('[sealed]',)})
        base.close()


if __name__ == '__main__':
    unittest.main()
