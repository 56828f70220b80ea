#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`audit erase` and `audit export`: told first, asked, done, certified; and everything about a person handed out."""

import json
import os
import pty
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import BINARY, KEY, Hub, clean_environment, run  # noqa: E402

WORDS, NAME = 'WordsOfThePerson', '<b>Name & Co</b>'


class Erase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        for number in range(1, 6):
            cls.hub.create_session(f'person_{number}', f'talk_{number}', customer_profile={'name': NAME})
            cls.hub.say(f'person_{number}', f'talk_{number}', WORDS)
        cls.there = ('--url', f'http://127.0.0.1:{cls.hub.port}', '--key', KEY)
        cls.apart = os.path.join(cls.hub.made, 'apart')
        os.mkdir(cls.apart)
        cls.public = shutil.copy(os.path.join(cls.hub.data, 'checkpoint.pub'), cls.apart)

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def audit(self, *words, status=0):
        done = run('audit', *words)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout if status == 0 else done.stderr

    def typed(self, person, answer):
        """On a terminal."""
        ours, theirs = pty.openpty()
        words = [BINARY, 'audit', 'erase', person, '--reason', 'case 1', '--end-sessions', *self.there]
        with subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=clean_environment()) as process:
            os.write(ours, f'{answer}\n'.encode())
            out, errors = process.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)
        return process.returncode, out, errors

    def path(self, name):
        return os.path.join(self.apart, name)

    def keep(self, name, document):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            json.dump(document, file)
        return self.path(name)

    def test_1_the_preview_destroys_nothing(self):
        shown = json.loads(self.audit('erase', 'person_1', '--dry-run', '--json', *self.there))
        self.assertEqual((shown['is_erased'], shown['messages'], shown['sessions'], shown['open_sessions'], shown['names']),
                         (False, 1, 1, 1, 2))
        self.assertIn('personal values', self.audit('erase', 'person_1', '--dry-run', *self.there))
        self.assertIn(WORDS, run('replay', '--customer', 'person_1', '--data', self.hub.data).stdout)

    def test_2_a_person_is_asked_and_must_type_the_id(self):
        status, out, errors = self.typed('person_1', 'person_2')
        self.assertEqual((status, out), (1, ''))
        self.assertIn('nothing was erased', errors)
        status, out, errors = self.typed('person_1', 'person_1')
        self.assertEqual(status, 0, errors)
        self.assertIn('1 messages, 1 sessions (1 open)', errors)
        self.assertEqual(json.loads(out)['reason'], 'case 1')
        self.assertIn("there is no customer 'person_1'", run('replay', '--customer', 'person_1', '--data', self.hub.data).stderr)

    def test_3_what_goes_wrong_is_said(self):
        yes = ('--reason', 'case 1', '--yes')
        self.assertIn('needs --reason', self.audit('erase', 'person_2', *self.there, status=2))
        self.assertIn('takes one CUSTOMER', self.audit('erase', *yes, *self.there, status=2))
        self.assertIn('say --yes', self.audit('erase', 'person_2', '--reason', 'x', *self.there, status=2))
        self.assertIn('Open sessions of the customer: 1', self.audit('erase', 'person_2', *yes, *self.there, status=1))
        self.assertIn('must not stand in it', self.audit('erase', 'person_2', '--reason', 'person_2 left', '--yes',
                                                         '--end-sessions', *self.there, status=2))
        self.assertIn('no such customer', self.audit('erase', 'nobody', *yes, *self.there, status=4))
        self.assertIn('key is needed', self.audit('erase', 'person_2', *yes, '--url', self.there[1], status=2))
        self.audit('erase', 'person_2', *yes, '--url', self.there[1], '--key', 'wrong', status=5)
        weak = self.hub.post('/api-keys', {'name': 'weak', 'role': 'supervisor'}).json['api_key']
        self.audit('erase', 'person_2', *yes, '--url', self.there[1], '--key', weak, status=5)
        self.audit('erase', 'person_2', *yes, '--url', 'http://127.0.0.1:1', '--key', KEY, status=7)
        self.assertIn('told with --url', self.audit('erase', 'person_2', *yes, '--data', self.hub.data, status=8))
        self.assertIn('there is no log', self.audit('erase', 'person_2', *yes, '--data', self.path('none'), status=4))
        self.assertFalse(os.path.exists(self.path('none')))

    def test_4_the_certificate_is_checked_without_hub_and_data(self):
        cert = self.path('certificate')
        self.audit('erase', 'person_2', '--reason', 'case 2', '--yes', '--end-sessions', '--to', cert, *self.there)
        self.assertIn('was erased at', self.audit('check', cert, '--key', self.public))
        said = json.loads(self.audit('check', cert, '--key', self.public, '--json'))
        with open(cert, encoding='utf-8') as file:
            right = json.load(file)
        self.assertEqual((said['position'], said['reason'], said['personal_values']),
                         (right['position'], 'case 2', right['destroyed']['personal_values']))
        for member, wrong in (('reason', 'case 3'), ('erased_at', '2001-01-01T00:00:00Z'), ('position', 1),
                              ('customer', right['company']), ('by', right['customer']), ('hash', right['proof']['previous']),
                              ('destroyed', {**right['destroyed'], 'messages': 0})):
            damaged = self.keep('damaged', {**right, member: wrong})
            self.assertIn('something else than the event', self.audit('check', damaged, '--key', self.public, status=3))
        self.assertIn('no certificate', self.audit('check', self.keep('damaged', {'proof': {}}), '--key', self.public, status=3))
        other = json.loads(self.audit('prove', '2', '--data', self.hub.data))
        self.assertIn('not of an erasure', self.audit('check', self.keep('damaged', {**right, 'proof': other}),
                                                      '--key', self.public, status=3))
        with Hub() as stranger:
            key = os.path.join(stranger.data, 'checkpoint.pub')
            self.assertIn('is signed by the key of', self.audit('check', cert, '--key', key, status=5))

    def test_5_everything_about_a_person_is_handed_out(self):
        there = self.path('person')
        self.audit('export', 'person_3', '--to', there, '--data', self.hub.data)
        with open(os.path.join(there, 'person.json'), encoding='utf-8') as file:
            data = json.load(file)
        events = [json.loads(line) for line in
                  run('replay', '--customer', 'person_3', '--data', self.hub.data, '--json').stdout.splitlines()]
        happened = [event for event in data['events'] if event['type'] != 'access_entry']
        self.assertEqual([(event['sequence'], event['payload']) for event in happened],
                         [(event['sequence'], event['payload']) for event in events])
        self.assertEqual(data['state']['profile']['name'], NAME)
        with open(os.path.join(there, 'person.html'), encoding='utf-8') as file:
            page = file.read()
        self.assertTrue(page.startswith('<!doctype html>') and page.endswith('</html>\n'))
        self.assertIn(WORDS, page)
        self.assertNotIn('<b>Name', page)
        self.assertEqual(sorted(os.listdir(there)), ['person.html', 'person.json'])
        for name in os.listdir(there):
            self.assertEqual(os.stat(os.path.join(there, name)).st_mode & 0o077, 0)
        only = json.loads(self.audit('export', 'person_3', '--to', self.path('only.json'), '--data', self.hub.data, '--json'))
        self.assertEqual(only, {'data': self.path('only.json')})
        before = str(happened[-1]['sequence'] - 1)
        self.audit('export', 'person_3', '--to', self.path('then.json'), '--as-of', before, '--data', self.hub.data)
        with open(self.path('then.json'), encoding='utf-8') as file:
            self.assertEqual([event['sequence'] for event in json.load(file)['events']],
                             [event['sequence'] for event in happened[:-1]])

    def test_5_a_certificate_that_finds_no_room_is_still_to_be_had(self):
        name = '\u5ba2' * 128
        self.hub.create_session(name, 'talk_long')
        with open('/dev/full', 'w', encoding='utf-8') as full:
            done = subprocess.run([BINARY, 'audit', 'erase', name, '--reason', 'case 5', '--yes', '--end-sessions', *self.there],
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=120, env=clean_environment())
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn('could not be written to stdout', done.stderr)
        where = done.stderr.split('it is done all the same; GET ')[1].split()[0]
        certificate = self.hub.get(where).json['certificate']
        self.assertIn('was erased', self.audit('check', self.keep('long', certificate), '--key', self.public))

    def test_6_an_export_that_cannot_be_leaves_nothing(self):
        data = ('--data', self.hub.data)
        self.assertIn('--to says where', self.audit('export', 'person_3', *data, status=2))
        self.assertIn("no customer 'nobody'", self.audit('export', 'nobody', '--to', self.path('x.json'), *data, status=4))
        self.assertIn("no customer 'nobody'", self.audit('export', 'nobody', '--to', self.path('x'), *data, status=4))
        self.assertIn('cannot be written', self.audit('export', 'person_3', '--to', '/dev/full/x.json', *data, status=6))
        self.assertIn('cannot be made', self.audit('export', 'person_3', '--to', '/dev/null/x', *data, status=6))
        without = self.path('without-keys')
        shutil.copytree(self.hub.data, without, ignore=shutil.ignore_patterns('keys', 'lock'))
        self.assertIn('keys/ cannot be read', self.audit('export', 'person_3', '--to', self.path('x.json'), '--data', without, status=5))
        self.assertEqual([name for name in os.listdir(self.apart) if name.startswith('x')], [])

    def test_7_at_rest_it_works_alone_and_nothing_goes_out(self):
        hub = self.hub
        self.assertEqual(hub.stop(), 0)
        data, yes = ('--data', hub.data), ('--reason', 'case 4', '--yes', '--end-sessions')
        ours = json.loads(self.audit('erase', 'person_4', '--dry-run', '--json', *data))['customer']
        self.assertIn('cannot be written', self.audit('erase', 'person_4', *yes, *data, '--to', '/dev/null/x', status=6))
        self.assertEqual(json.loads(self.audit('erase', 'person_4', '--dry-run', '--json', *data))['is_erased'], False)
        certificate = json.loads(self.audit('erase', 'person_4', *yes, *data))
        self.assertEqual((certificate['customer'], 'by' in certificate), (ours, False))
        self.assertIn('was erased', self.audit('check', self.keep('rest', certificate), '--key', self.public))
        self.assertIn("no customer 'person_4'", self.audit('erase', 'person_4', *yes, *data, status=4))
        self.assertIn('was erased', self.audit('erase', ours, *yes, *data, status=4))
        self.assertIn("no customer", self.audit('erase', 'nobody', *yes, *data, status=4))
        self.assertIn('26 characters', self.audit('erase', 'person_5', *yes, *data, '--company', 'x', status=2))
        self.assertIn('there is no company', self.audit('erase', 'person_5', *yes, *data, '--company', '01ARZ3NDEKTSV4RRFFQ69G5FAV', status=4))
        self.assertIn('The log is sound', self.audit('verify', *data))
        told = self.audit('history', ours, *data)
        self.assertIn('[erased]', told)
        self.assertIn('reason: case 4', told)
        self.assertNotIn(WORDS, told)
        hub.start()
        self.assertEqual(hub.get(f'/customer/{ours}/unified-view').json['active_sessions'], 0)
        self.assertEqual(hub.get('/customer/person_5/unified-view').json['active_sessions'], 1)


if __name__ == '__main__':
    unittest.main()
