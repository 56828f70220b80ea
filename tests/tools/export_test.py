#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`export`: a running hub's events in SQLite, CSV and JSON; a second run adds exactly what is new."""

import csv
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import Hub, run  # noqa: E402


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.hub.create_session('customer_004', 'omni_session_004', 'voice', customer_profile={'tier': 'enterprise'})
        cls.talk('I have a billing issue')
        cls.hub.post('/transfer/channel', {'customer_id': 'customer_004', 'session_id': 'omni_session_004',
                                           'from_channel': 'voice', 'to_channel': 'video', 'reason': 'documents'})
        cls.files = 0

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

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
        for row, event in zip(base.execute('SELECT sequence, time, kind, entity, version, type, subject, principal, payload'
                                           ' FROM events ORDER BY sequence'), self.events(), strict=True):
            self.assertEqual(row[:8], (event['sequence'], event['time'], event['kind'], event['entity'], event['version'],
                                       event['type'], event.get('subject'), event.get('principal')))
            self.assertEqual(json.loads(row[8]), event['payload'])
        session = self.hub.get('/session/omni_session_004').json
        self.assertEqual(base.execute('SELECT session_id, first_channel, channel, status, priority FROM sessions').fetchall(),
                         [('omni_session_004', 'voice', session['channel'], session['status'], session['priority'])])
        self.assertEqual(base.execute('SELECT customer_id, tier FROM customers').fetchall(), [('customer_004', 'enterprise')])
        messages = self.hub.get('/session/omni_session_004/messages').json['messages']
        self.assertEqual(base.execute('SELECT number, content, channel, author FROM messages ORDER BY number').fetchall(),
                         [(m['index'], m['content'], m['channel'], m['author']) for m in messages])
        self.assertEqual(base.execute('SELECT from_channel, to_channel, reason, status FROM transfers').fetchall(),
                         [('voice', 'video', 'documents', 'completed')])
        base.close()

    def test_a_second_run_adds_exactly_what_is_new(self):
        paths = {name: self.fresh(name) for name in ('sqlite', 'csv', 'json')}
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
            if name == 'sqlite':
                dumps = []
                for file in (path, whole):
                    base = sqlite3.connect(file)
                    dumps.append(list(base.iterdump()))
                    base.close()
                self.assertEqual(*dumps)
            else:
                with open(path, 'rb') as one, open(whole, 'rb') as other:
                    self.assertEqual(one.read(), other.read())

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
        for name in ('csv', 'json', 'sqlite'):
            path, whole = self.fresh(name), self.fresh(name)
            done = subprocess.run([os.environ['OMNIHUB'], 'export', '--to', path, '--data', self.hub.data, '--format', name],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)))
            self.assertEqual(done.returncode, 6, done)
            self.assertIn(path, done.stderr)
            self.export(path, '--format', name)
            self.export(whole, '--format', name)
            if name != 'sqlite':
                with open(path, 'rb') as one, open(whole, 'rb') as other:
                    self.assertEqual(one.read(), other.read())

    def test_what_cannot_be_added_to_is_refused(self):
        with Hub() as other:
            for name in ('sqlite', 'csv', 'json'):
                path = self.fresh(name)
                self.export(path, '--format', name)
                self.assertIn('another log', self.export(path, '--format', name, data=other.data, status=8))
        taken = self.fresh('csv')
        with open(taken, 'w', encoding='utf-8') as file:
            file.write('mine\n')
        self.assertIn('is no export', self.export(taken, '--format', 'csv', status=8))
        with open(taken, encoding='utf-8') as file:
            self.assertEqual(file.read(), 'mine\n')
        self.assertIn('/nonexistent/x', self.export('/nonexistent/x', status=6))
        done = run('export', '--data', self.hub.data)
        self.assertEqual((done.returncode, '--to FILE' in done.stderr), (2, True))

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
