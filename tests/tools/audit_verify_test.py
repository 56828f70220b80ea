#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`audit verify` on the kept journey: ranges, keys, witness and checkpoints, each sentence once."""

import json
import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, 'data'))
sys.path.insert(0, os.path.join(HERE, os.pardir, 'e2e'))
import golden  # noqa: E402
from running import run  # noqa: E402


class Verify(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix='omnihub-verify-')
        self.addCleanup(place.cleanup)
        self.data = os.path.join(place.name, 'data')
        golden.unpack('journey', self.data)

    def verify(self, status, words, *options):
        done = run('audit', 'verify', '--data', self.data, *options)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr if status else done.stdout, words)
        return done.stdout

    def path(self, name):
        return os.path.join(self.data, name)

    def flip(self, name, at):
        with open(self.path(name), 'r+b') as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1]))

    def test_the_whole_log_and_parts_of_it(self):
        self.verify(0, r'The log is sound: 191 events; chain, density, versions, indexes, keys, witness and \d+ checkpoint')
        self.verify(0, r'sound from 5 to 9: .* of 5 events are right', '--from', '5', '--to', '9')
        self.verify(0, r'sound from 191 to 191: .* of 1 event are right|of 1 event ', '--from', '191')
        self.verify(0, r'sound from 1 to 20: ', '--to', '20')
        self.assertEqual(json.loads(self.verify(0, 'sound', '--from', '2', '--to', '4', '--json'))['events'], 3)

    def test_a_range_that_holds_nothing(self):
        self.verify(4, 'there is nothing from 2100-01-01T00:00:00Z to its end: the log has the positions 1 to 191', '--from',
                    '2100-01-01T00:00:00Z')
        self.verify(2, '--from 9 lies behind --to 5', '--from', '9', '--to', '5')
        self.verify(4, 'position 500 is past the end of the log, which has 191 events', '--to', '500')
        self.verify(2, 'is neither a position', '--from', 'yesterday')

    def test_a_key_that_is_missing(self):
        self.flip('keys/keys-000000', 10)
        self.verify(3, r'position \d+: keys/ has no key for its subject, and no event says that it was erased')

    def test_a_key_store_without_its_master_key(self):
        os.rename(self.path('keys/master'), self.path('elsewhere'))
        self.verify(3, 'position 1: keys/ has no master key that can be read')
        self.verify(0, 'indexes, keys, witness', '--master-key', self.path('elsewhere'))

    def test_a_copy_without_keys_says_what_it_did_not_look_at(self):
        for name in ('master', 'companies', 'keys-000000'):
            os.remove(self.path(f'keys/{name}'))
        self.verify(0, 'versions, indexes, witness and')

    def test_witnesses(self):
        with open(self.path('witness'), 'rb') as file:
            witness = file.read()
        os.remove(self.path('witness'))
        self.verify(0, 'There is no witness')
        with open(self.path('witness'), 'wb') as file:
            file.write(witness[:70])
        self.verify(1, r'witness')

    def test_a_public_key_that_is_not_the_one_that_signs(self):
        self.flip('checkpoint.pub', 60)
        self.verify(3, 'checkpoint.pub is not the key that checkpoints are signed with')


if __name__ == '__main__':
    unittest.main()
