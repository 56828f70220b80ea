#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every command of the table explains itself, prints JSON, refuses what it does not know, and ends with a documented status."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import BINARY, KEY, Hub, clean_environment, run, wait_for  # noqa: E402

TABLE = {row['command']: row for row in json.loads(run('help', '--json').stdout)['commands']}
EXITS = {row['number'] for row in json.loads(run('help', 'exit-codes', '--json').stdout)['exit_codes']}
ENDLESS = ('serve', 'watch')  # go on until they are stopped


def letter(hub):
    """A message that was given up."""
    def listed():
        letters = hub.get('/dead-letters').json['letters']
        return letters and letters[0]['letter_id']

    if not listed():
        hub.post('/message/respond', {'session_id': 'omni_session_001', 'content': 'To nowhere'})
    return wait_for(listed, what='a dead letter')


def copy_of(hub, folder):
    """A data directory at rest: what a crash now would leave."""
    there = f'{folder}/at-rest'
    shutil.rmtree(there, ignore_errors=True)
    shutil.copytree(hub.data, there, ignore=shutil.ignore_patterns('views'))
    return there


def words_of(name, hub, folder):
    """A command line that works; every command of the table has its row here."""
    data, there = ('--data', hub.data), ('--url', f'http://127.0.0.1:{hub.port}', '--key', KEY)
    return {
        'serve': ('--data', f'{folder}/var', '--listen', '127.0.0.1:0'),
        'demo': (),
        'watch': there,
        'company add': ('Another', *there),
        'company list': there,
        'replay': data,
        'export': (*data, '--to', f'{folder}/hub.db'),
        'audit verify': data,
        'audit history': ('customer_001', *data),
        'audit reads': ('customer_001', *data),
        'audit checkpoint': data,
        'audit prove': ('1', *data),
        'audit check': (f'{folder}/proof', '--key', f'{hub.data}/checkpoint.pub'),
        'audit export': ('customer_001', *data, '--to', f'{folder}/person'),
        'audit erase': ('customer_001', '--dry-run', *there),
        'backup': (f'{folder}/backups', *data, '--passphrase-file', f'{folder}/passphrase'),
        'restore': (f'{folder}/backups', '--data', f'{folder}/restored', '--passphrase-file', f'{folder}/passphrase'),
        'whatif': (*data, '--capacity', 'chat=3'),
        'view list': (),
        'view status': there,
        'view rebuild': ('--data', copy_of(hub, folder)),
        'log info': data,
        'log tail': data,
        'log compact': ('--data', copy_of(hub, folder)),
        'log archive': ('--data', copy_of(hub, folder), '--older-than', '0s'),
        'dead list': there,
        'dead show': (letter(hub), *there),
        'dead retry': (letter(hub), '--reason', 'to see it work', *there),
        'dead drop': (letter(hub), '--reason', 'to see it work', *there),
        'schema': ('manual',),
        'config': (),
        'help': (),
        'version': (),
    }[name]


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='omnihub-test-')
        cls.hub = Hub(options=('--loopback-failures', '100', '--loopback-gives-up'))
        cls.hub.create_session('customer_001', 'omni_session_001')
        cls.hub.post('/routing/decision', {'customer_id': 'customer_001', 'session_id': 'omni_session_001'})
        with open(f'{cls.folder}/passphrase', 'w', encoding='utf-8') as file:
            file.write('correct horse battery\n')
        with open(f'{cls.folder}/proof', 'w', encoding='utf-8') as file:
            file.write(run('audit', 'prove', '1', '--data', cls.hub.data).stdout)

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()
        shutil.rmtree(cls.folder)

    def each(self):
        for name, row in TABLE.items():
            if name != 'bench':  # its measurements read their own options
                with self.subTest(name):
                    yield name, row

    def test_help_names_every_option(self):
        for name, row in self.each():
            done = run(*name.split(), '--help')
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            for option in row['options']:
                self.assertIn(f'  --{option["option"]} ', done.stdout)

    def test_an_unknown_option_ends_with_2_and_the_nearest_one(self):
        for name, row in self.each():
            longest = max((option['option'] for option in row['options']), key=len)
            done = run(*name.split(), f'--{longest}x')
            self.assertEqual((done.returncode, done.stdout), (2, ''))
            self.assertIn(f'did you mean --{longest}?', done.stderr)

    def test_json_is_one_document_a_line(self):
        for name, _ in self.each():
            words = [BINARY, *name.split(), *words_of(name, self.hub, self.folder), '--json']
            with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                  env=clean_environment()) as process:
                if name in ENDLESS:
                    if name == 'watch':
                        self.hub.say('customer_001', 'omni_session_001', 'Somebody is listening')
                    first = process.stdout.readline()
                    process.send_signal(signal.SIGTERM)
                    said = first + process.communicate(timeout=60)[0]
                else:
                    said, errors = process.communicate(timeout=120)
                    self.assertEqual(process.returncode, 0, errors)
            lines = said.splitlines()
            self.assertTrue(lines)
            for line in lines:
                self.assertIsInstance(json.loads(line), dict)

    def test_what_goes_wrong_has_a_status_of_its_own(self):
        data, hub, folder = ('--data', self.hub.data), self.hub, self.folder
        with open(f'{folder}/no-proof', 'w', encoding='utf-8') as file:
            file.write('{}')
        for status, words in (
                (4, ('replay', '--data', f'{folder}/nowhere')),
                (4, ('audit', 'verify', '--data', f'{folder}/nowhere')),
                (2, ('replay', *data, '--from', 'yesterday')),
                (2, ('replay', *data, '--stream', 'nonsense')),
                (3, ('audit', 'check', f'{folder}/no-proof', '--key', f'{hub.data}/checkpoint.pub')),
                (4, ('audit', 'check', f'{folder}/nowhere', '--key', f'{hub.data}/checkpoint.pub')),
                (4, ('replay', *data, '--customer', 'nobody')),
                (4, ('replay', *data, '--session', 'nothing')),
                (4, ('replay', *data, '--state', 'session/nothing')),
                (4, ('replay', *data, '--state', 'session/omni_session_001', '--at', '1')),
                (4, ('replay', *data, '--state', 'session/omni_session_001', '--at', '2001-01-01T00:00:00Z')),
                (4, ('audit', 'history', 'nobody', *data)),
                (4, ('audit', 'history', 'customer_001', '--as-of', '2001-01-01T00:00:00Z', *data)),
                (4, ('audit', 'prove', '999999', *data)),
                (4, ('audit', 'prove', '2001-01-01T00:00:00Z', *data)),
                (5, ('audit', 'check', f'{folder}/proof', '--key', f'{folder}/proof')),
                (5, ('company', 'list', '--url', f'http://127.0.0.1:{hub.port}', '--key', 'wrong')),
                (7, ('company', 'list', '--url', 'http://127.0.0.1:1', '--key', KEY))):
            with self.subTest(words):
                done = run(*words)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(done.returncode, EXITS)
                self.assertEqual((len(done.stderr.splitlines()), done.stdout), (1, ''), done.stderr)

    def test_stdout_that_is_full_is_no_success(self):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            done = subprocess.run([BINARY, 'help', 'exit-codes'], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                                  timeout=60)
        self.assertEqual(done.returncode, 6)
        self.assertIn('could not be written to stdout', done.stderr)


if __name__ == '__main__':
    unittest.main()
