#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with a question ends every tool alike: one sentence on stderr, nothing on stdout, an exit status of its own."""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, 'data'))
sys.path.insert(0, os.path.join(HERE, os.pardir, 'e2e'))
import golden  # noqa: E402
from running import BINARY, Hub, clean_environment, run  # noqa: E402

USAGE, UNSOUND, ABSENT, DENIED, FULL, TAKEN = 2, 3, 4, 5, 6, 8
EVENTS = 191
SESSION = 'session/01M7Z0J8W1NA1HSH4QTN0WKFNB'
LONG_AGO, LATER = '2001-01-01T00:00:00Z', '2101-01-01T00:00:00Z'
PAST_THE_END = f'position 999 is past the end of the log, which has {EVENTS} events'
NOTHING_YET = f'nothing was there yet at {LONG_AGO}'


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        place = tempfile.TemporaryDirectory(prefix='omnihub-bad-')
        cls.addClassCleanup(place.cleanup)
        cls.place = place.name
        cls.data = cls.path('data')
        golden.unpack('journey', cls.data)
        for name, what in (('secret', 'a good passphrase\n'), ('other-secret', 'another passphrase\n'), ('rules', '{"rules": []}')):
            cls.keep(name, what)
        os.chmod(cls.keep('other-master', 32 * 'x'), 0o600)
        os.chmod(cls.keep('short-master', 'x'), 0o600)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.place, name)

    @classmethod
    def keep(cls, name, text):
        with open(cls.path(name), 'w', encoding='utf-8') as out:
            out.write(text)
        return cls.path(name)

    def everything(self):
        """All files and their sizes, but those in the data directory, where who reads is noted, and the number of the next
        incarnation, which is taken before keys are tried."""
        return {os.path.join(folder, name): os.path.getsize(os.path.join(folder, name))
                for folder, _, names in os.walk(self.place) for name in names
                if '/data/' not in folder + '/' and name != 'incarnation'}

    def refused(self, status, sentence, *words, data=True):
        with self.subTest(words):
            before = self.everything()
            done = run(*words, *(('--data', self.data) if data else ()))
            self.assertEqual((done.returncode, done.stdout), (status, ''), done.stderr)
            self.assertIn(sentence, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertEqual(self.everything(), before)

    def test_somebody_who_is_not_known(self):
        there_is_none = "there is no customer 'nobody'"
        for words in (('replay', '--customer', 'nobody'), ('replay', '--state', 'customer/nobody'),
                      ('replay', '--diff', '1', '9', '--customer', 'nobody'),
                      ('replay', '--state', 'customer/nobody', '--lineage', 'version'),
                      ('replay', '--stream', 'customer/nobody'),
                      ('audit', 'history', 'nobody'), ('audit', 'export', 'nobody', '--to', self.path('person')),
                      ('audit', 'erase', 'nobody', '--dry-run'), ('audit', 'erase', 'nobody', '--reason', 'x', '--yes'),
                      ('audit', 'reads', 'nobody')):
            self.refused(ABSENT, there_is_none, *words)

    def test_a_position_past_the_end(self):
        for words in (('replay', '--from', '999'), ('replay', '--to', '999'), ('replay', '--from', '999', '--follow'),
                      ('replay', '--state', SESSION, '--at', '999'), ('replay', '--diff', '1', '999'),
                      ('replay', '--diff', '999', '9'), ('replay', '--state', SESSION, '--lineage', 'channel', '--at', '999'),
                      ('whatif', '--capacity', 'chat=1', '--from', '999'), ('whatif', '--rules', self.path('rules'), '--to', '999'),
                      ('audit', 'history', 'customer_1', '--as-of', '999'),
                      ('audit', 'export', 'customer_1', '--as-of', '999', '--to', self.path('person')),
                      ('audit', 'verify', '--from', '999'), ('audit', 'verify', '--to', '999'), ('audit', 'prove', '999'),
                      ('audit', 'prove', '--between', '5', '999'), ('audit', 'prove', '--between', '999', '5')):
            self.refused(ABSENT, PAST_THE_END, *words)

    def test_a_time_before_the_log(self):
        for words in (('replay', '--to', LONG_AGO), ('replay', '--state', SESSION, '--at', LONG_AGO),
                      ('replay', '--diff', LONG_AGO, '9'), ('replay', '--state', SESSION, '--lineage', 'channel', '--at', LONG_AGO),
                      ('whatif', '--capacity', 'chat=1', '--to', LONG_AGO), ('audit', 'history', 'customer_1', '--as-of', LONG_AGO),
                      ('audit', 'export', 'customer_1', '--as-of', LONG_AGO, '--to', self.path('person.json')),
                      ('audit', 'verify', '--to', LONG_AGO), ('audit', 'prove', LONG_AGO),
                      ('audit', 'prove', '--between', LONG_AGO, '9')):
            self.refused(ABSENT, NOTHING_YET, *words)
        self.refused(ABSENT, 'there was no ' + SESSION, 'replay', '--state', SESSION, '--at', '5')
        self.refused(ABSENT, 'was not known yet at 3', 'audit', 'history', 'customer_1', '--as-of', '3')
        self.refused(ABSENT, f'no routing decision from {LATER} to the end', 'whatif', '--capacity', 'chat=1', '--from', LATER)

    def test_points_and_options_that_do_not_go_together(self):
        for words in (('replay', '--from', '9', '--to', '5'), ('whatif', '--capacity', 'chat=1', '--from', '9', '--to', '5'),
                      ('audit', 'verify', '--from', '9', '--to', '5')):
            self.refused(USAGE, '--from 9 lies behind --to 5', *words)
        for flag in ('--hashes', '--verify'):
            self.refused(USAGE, f'{flag} folds the whole log; it goes with no --to', 'replay', flag, '--to', '5')
            self.refused(USAGE, f'{flag} folds the whole log; it goes with no --customer', 'replay', flag, '--customer', 'x')
            self.refused(USAGE, "replay takes no 'x'", 'replay', flag, 'x')

    def test_no_log(self):
        for words in (('replay',), ('replay', '--hashes'), ('replay', '--verify'), ('replay', '--state', SESSION),
                      ('whatif', '--capacity', 'chat=1'), ('export', '--to', self.path('out')), ('audit', 'history', 'x'),
                      ('audit', 'export', 'x', '--to', self.path('out')), ('audit', 'verify'), ('audit', 'checkpoint'),
                      ('audit', 'prove', '1'), ('audit', 'reads'), ('audit', 'erase', 'x', '--dry-run'), ('log', 'info'),
                      ('log', 'tail'), ('log', 'compact'), ('view', 'status'), ('view', 'rebuild')):
            self.refused(ABSENT, 'there is no log in /nowhere', *words, '--data', '/nowhere', data=False)

    def test_a_master_key_of_another_store(self):
        for words in (('replay',), ('replay', '--state', SESSION), ('whatif', '--capacity', 'chat=1'),
                      ('export', '--to', self.path('out')), ('audit', 'history', 'customer_1'),
                      ('audit', 'export', 'customer_1', '--to', self.path('out')), ('audit', 'verify'), ('audit', 'reads'),
                      ('audit', 'erase', 'customer_1', '--dry-run'), ('log', 'tail')):
            self.refused(DENIED, 'The master key does not open the keys', *words, '--master-key', self.path('other-master'))
        self.refused(DENIED, 'neither 32 bytes nor', 'replay', '--master-key', self.path('short-master'))
        self.refused(ABSENT, 'the master key /nowhere cannot be read', 'replay', '--master-key', '/nowhere')
        hub = Hub(data=self.data, options=['--master-key', self.path('other-master')], start=False)
        hub.spawn()
        self.assertEqual(hub.process.wait(60), DENIED, hub.complaints())

    # --- proofs ---

    def check(self, status, sentence, proof, *words):
        self.refused(status, sentence, 'audit', 'check', self.keep('proof', proof), *words, data=False)

    def said(self, *words):
        done = run(*words, '--data', self.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_damaged_proof_is_not_a_wrong_key_nor_the_other_way(self):
        key = ('--key', os.path.join(self.data, 'checkpoint.pub'))
        with Hub() as other:
            other_key = ('--key', os.path.join(other.data, 'checkpoint.pub'))
            self.keep('kept', self.said('audit', 'checkpoint'))
            for proof in (self.said('audit', 'prove', '10'), self.said('audit', 'prove', '--between', '5', '100')):
                self.check(DENIED, 'the proof shows nothing: it is signed by the key of omnihub/', proof, *other_key)
                for at in range(0, len(proof) - 2, 61):
                    self.damaged(proof, at, *key)
            self.refused(DENIED, 'is signed by the key of', 'audit', 'check',
                         self.keep('proof', run('audit', 'prove', '1', '--data', other.data).stdout), *other_key,
                         '--checkpoint', self.path('kept'), data=False)
        self.check(DENIED, 'holds no verifier key', self.said('audit', 'prove', '10'), '--key', self.path('kept'))

    def damaged(self, proof, at, *key):
        """A byte is another one: it shows nothing, or what it shows is what it showed (a blank in the JSON)."""
        other = proof[:at] + ('B' if proof[at] == 'A' else 'A') + proof[at + 1:]
        done = run('audit', 'check', self.keep('proof', other), *key)
        self.assertEqual((done.returncode, done.stdout), (UNSOUND, ''), (at, done.stderr))

    # --- disks ---

    def test_an_output_that_is_full_is_no_success(self):
        for words in (('replay',), ('replay', '--format', 'csv'), ('replay', '--format', 'msgpack'), ('replay', '--hashes'),
                      ('replay', '--state', SESSION), ('replay', '--diff', '0', '20'),
                      ('replay', '--state', SESSION, '--lineage', 'channel'), ('whatif', '--capacity', 'chat=1'),
                      ('audit', 'history', 'customer_1'), ('audit', 'history', 'customer_1', '--format', 'html'),
                      ('audit', 'checkpoint'), ('audit', 'prove', '5'), ('audit', 'verify'), ('audit', 'reads'), ('log', 'info'),
                      ('log', 'tail'), ('export', '--to', '/dev/full', '--format', 'csv'),
                      ('audit', 'export', 'customer_1', '--to', '/dev/full/x.json')):
            with self.subTest(words), open('/dev/full', 'w', encoding='utf-8') as full:
                done = subprocess.run([BINARY, *words, '--data', self.data], stdout=full, stderr=subprocess.PIPE, text=True,
                                      check=False, timeout=120, env=clean_environment())
                self.assertEqual((done.returncode, len(done.stderr.splitlines())), (FULL, 1), done.stderr)

    def test_a_disk_that_is_full_while_reading_is_said(self):
        """RocksDB wants a little room in TMPDIR, and ends the process where there is none."""
        def no_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

        for words in (('replay',), ('audit', 'verify'), ('audit', 'history', 'customer_1'), ('replay', '--state', SESSION)):
            done = subprocess.run([BINARY, *words, '--data', self.data], capture_output=True, text=True, check=False, timeout=120,
                                  env={**clean_environment(), 'TMPDIR': self.place}, preexec_fn=no_room)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (FULL, 1), (words, done.stderr))
        self.assertEqual([name for name in os.listdir(self.place) if name.startswith('omnihub-follow')], [])

    def test_what_is_printed_goes_into_no_file_that_was_opened_instead_of_stdout(self):
        table = self.path('table.csv')
        for words in (('replay',), ('audit', 'verify'), ('export', '--to', table, '--format', 'csv')):
            done = subprocess.run([BINARY, *words, '--data', self.data], stderr=subprocess.PIPE, text=True, check=False, timeout=120,
                                  env=clean_environment(), preexec_fn=lambda: os.close(1))
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (FULL, 1), done.stderr)
        with open(table, encoding='utf-8') as file:
            self.assertTrue(file.readline().startswith('sequence,'))

    def test_a_place_where_nothing_can_be_written(self):
        there = os.path.join(self.keep('a-file', ''), 'x')
        lock = ('--passphrase-file', self.path('secret'))
        kept = self.path('kept-backups')
        self.said('backup', kept, *lock)
        for words in (('backup', there, *lock), ('backup', self.path('a-file'), *lock), ('backup', kept, *lock, '--keys', there),
                      ('export', '--to', there), ('export', '--to', there, '--format', 'csv'),
                      ('audit', 'export', 'customer_1', '--to', there), ('audit', 'export', 'customer_1', '--to', there + '.json')):
            self.refused(FULL, self.path('a-file'), *words)
        for words in (('restore', kept, '--data', there, *lock), ('restore', kept, '--data', self.path('a-file'), *lock),
                      ('backup', '--verify', kept, *lock, '--scratch', there)):
            self.refused(FULL, self.path('a-file'), *words, data=False)
        for words in (('replay',), ('audit', 'reads'), ('log', 'info'), ('view', 'status')):
            done = run(*words, '--data', self.data, env={'TMPDIR': there})
            self.assertEqual((done.returncode, done.stdout, len(done.stderr.splitlines())), (FULL, '', 1), done.stderr)
            self.assertIn(there, done.stderr)

    def test_a_directory_that_a_hub_has(self):
        with Hub() as hub:
            hub.create_session('customer_1', 'session_1')
            for words in (('log', 'compact'), ('view', 'rebuild'), ('audit', 'erase', 'customer_1', '--reason', 'x', '--yes'),
                          ('serve', '--listen', '127.0.0.1:0'), ('serve', '--supervise', '--listen', '127.0.0.1:0')):
                self.refused(TAKEN, 'Another hub is using', *words, '--data', hub.data, data=False)

    # --- backups ---

    def test_a_passphrase_that_does_not_fit(self):
        backups = self.path('backups')
        self.said('backup', backups, '--passphrase-file', self.path('secret'))
        other = ('--passphrase-file', self.path('other-secret'))
        self.refused(DENIED, 'The passphrase does not open', 'restore', backups, '--data', self.path('new'), *other, data=False)
        self.refused(DENIED, 'The passphrase does not open', 'backup', '--verify', backups, *other, data=False)
        self.refused(ABSENT, 'There is no', 'restore', backups, '--data', self.path('new'), '--to', '999',
                     '--passphrase-file', self.path('secret'), '--backup', '9', data=False)
        self.refused(ABSENT, 'The log begins later', 'restore', backups, '--data', self.path('new'), '--to', LONG_AGO,
                     '--passphrase-file', self.path('secret'), data=False)
        self.refused(ABSENT, 'cannot be read', 'restore', backups, '--data', self.path('new'), '--passphrase-file', '/nowhere',
                     data=False)
        self.refused(TAKEN, 'is not empty', 'restore', backups, '--data', self.place, '--passphrase-file', self.path('secret'),
                     data=False)

    def test_what_is_asked_of_a_running_hub(self):
        with Hub() as hub:
            there = ('--url', f'http://127.0.0.1:{hub.port}')
            for status, words in ((ABSENT, ('dead', 'show', '01M7Z0JC17W646WYRAPG5FWART')),
                                  (ABSENT, ('dead', 'drop', '01M7Z0JC17W646WYRAPG5FWART', '--reason', 'no use')),
                                  (USAGE, ('dead', 'drop', '01M7Z0JC17W646WYRAPG5FWART', '--reason', 'y')),
                                  (ABSENT, ('audit', 'erase', 'nobody', '--dry-run'))):
                self.refused(status, 'the hub refused: ', *words, *there, '--key', hub.client.key, data=False)
            for words in (('dead', 'list'), ('view', 'status'), ('audit', 'erase', 'nobody', '--dry-run')):
                self.refused(DENIED, '', *words, *there, '--key', 'wrong', data=False)
                self.refused(7, '127.0.0.1:1', *words, '--url', 'http://127.0.0.1:1', '--key', 'wrong', data=False)
            self.assertEqual(json.loads(run('dead', 'list', *there, '--key', hub.client.key, '--json').stdout)['letters'], [])


if __name__ == '__main__':
    unittest.main()
