#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tools note whose personal data they show before they show it, and `audit reads` lists who read what."""

import glob
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import BINARY, Hub, clean_environment, run, wait_for  # noqa: E402

MANY, A_FILE = 150000, 15000
ROOM_KB = 64 * 1024


class Accesses(unittest.TestCase):
    def setUp(self):
        self.hub = Hub()
        self.addCleanup(self.hub.remove)
        self.addCleanup(self.hub.kill)
        for i in range(1, 4):
            self.hub.create_session(f'customer_{i}', f's{i}')
            self.hub.say(f'customer_{i}', f's{i}', f'hello from {i}')
        self.data = ('--data', self.hub.data)
        self.ours = {i: self.hub.get(f'/events?stream=customer/customer_{i}&limit=1').json['events'][0]['id'] for i in range(1, 4)}

    def reads(self, *words):
        done = run('audit', 'reads', *words, '--json', *self.data)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return [row for row in json.loads(done.stdout)['accesses'] if row['what'].startswith('omnihub') and
                row['what'] != 'omnihub audit reads']

    def tool(self, *words, expected=0):
        done = run(*words, *self.data)
        self.assertEqual(done.returncode, expected, done.stderr)
        return done

    def test_what_one_customer_s_data_are_read_by_is_noted_with_whose_and_why(self):
        self.tool('audit', 'history', 'customer_1', '--reason', 'complaint 7')
        self.tool('replay', '--session', 's2', '--json')
        self.tool('replay', '--state', 'session/s3')
        rows = self.reads()
        self.assertEqual([(row['what'], row['whose']) for row in rows],
                         [('omnihub audit history', self.ours[1]), ('omnihub replay', self.ours[2]),
                          ('omnihub replay', self.ours[3])])
        self.assertEqual(rows[0]['purpose'], 'complaint 7')
        self.assertTrue(all(row['who'] for row in rows))
        self.assertEqual(self.reads('customer_2'), rows[1:2])
        self.assertEqual(self.reads(self.ours[2]), rows[1:2])

    def test_a_reading_of_everybody_is_noted_so_and_counts_for_each(self):
        for i in range(4, 12):
            self.hub.create_session(f'customer_{i}', f's{i}')
        self.tool('export', '--to', os.path.join(self.hub.data, 'out.db'), '--reason', 'the yearly report')
        rows = self.reads()
        self.assertEqual([row['whose'] for row in rows[:3]], [self.ours[i] for i in (1, 2, 3)])
        self.assertEqual((len(rows), rows[-1]['whose'], rows[-1]['purpose']), (9, 'everybody', 'the yearly report'))
        self.assertEqual(self.reads('customer_11'), rows[-1:])

    def test_api_and_tools_are_in_one_list(self):
        self.tool('audit', 'history', 'customer_1')
        self.hub.get('/customer/customer_1/history')
        self.tool('audit', 'history', 'customer_1')
        whats = lambda: [row['what'] for row in json.loads(run('audit', 'reads', 'customer_1', '--json', *self.data).stdout)['accesses']]
        path = 'GET /customer/{customer_id}/history'
        wait_for(lambda: path in whats())
        self.assertEqual(whats().count('omnihub audit history'), 2)
        listed = [row['what'] for row in self.hub.get('/audit/reads?customer_id=customer_1').json['accesses']]
        self.assertEqual((listed.count(path), listed.count('omnihub audit history')), (1, 2))
        verified = self.tool('audit', 'verify', '--json')
        self.assertGreaterEqual(json.loads(verified.stdout)['accesses'], 3)

    def most_memory(self, *words):
        """What a command takes at most, in kB, and how long what it printed is."""
        with subprocess.Popen([BINARY, *words, *self.data], stdout=subprocess.PIPE,
                              env=clean_environment({'ASAN_OPTIONS': 'quarantine_size_mb=1'})) as process:
            size = sum(len(part) for part in iter(lambda: process.stdout.read(1 << 20), b''))
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return usage.ru_maxrss, size

    def note_again(self, count):
        """The first entry, so many times, as docs/log-format.md §7 has it."""
        path = glob.glob(os.path.join(self.hub.data, 'access', 'entries-*'))[0]
        with open(path, 'rb') as file:
            kept = file.read()
        length = struct.unpack('>I', kept[48:52])[0]
        entry, last = kept[56:56 + length], kept[16:48]
        for first in range(1, count, A_FILE):
            frames = [kept[:8], struct.pack('>Q', first), last]
            for number in range(first, first + A_FILE):
                last = hashlib.sha256(last + struct.pack('>Q', number) + entry).digest()
                frames.append(struct.pack('>II', length, length ^ 0xffffffff) + entry + last)
            with open(f'{path[:-16]}{first:016x}', 'wb') as file:
                file.write(b''.join(frames))

    def test_any_number_of_readings_is_listed_in_the_same_memory(self):
        self.tool('audit', 'history', 'customer_1', '--reason', 'complaint 7')
        self.hub.stop()
        before = {words: self.most_memory('audit', 'reads', *words) for words in ((), ('--json',))}
        self.note_again(MANY)
        for words, (least, size) in before.items():
            most, larger = self.most_memory('audit', 'reads', *words)
            self.assertGreater(larger, size + 50 * MANY)
            self.assertLess(most, least + ROOM_KB)

    def test_tools_that_open_nothing_note_nothing(self):
        self.tool('replay', '--hashes')
        self.tool('audit', 'verify')
        self.tool('audit', 'checkpoint')
        self.tool('replay', '--stream', 'company/' + self.hub.get('/auth/me').json['company_id'])
        self.assertEqual(self.reads(), [])

    def test_without_keys_there_is_nothing_to_note(self):
        self.hub.stop()
        shutil.rmtree(os.path.join(self.hub.data, 'keys'))
        shutil.rmtree(os.path.join(self.hub.data, 'access'), ignore_errors=True)
        done = self.tool('replay', '--json')
        self.assertIn('[sealed]', done.stdout)
        self.assertFalse(os.path.exists(os.path.join(self.hub.data, 'access')))

    def test_what_cannot_be_noted_stays_sealed(self):
        self.hub.stop()
        folder = os.path.join(self.hub.data, 'access')
        shutil.rmtree(folder, ignore_errors=True)
        with open(folder, 'w', encoding='utf-8'):
            pass
        done = self.tool('replay', '--json')
        self.assertIn('what is personal stays sealed, as reading it cannot be noted', done.stderr)
        self.assertNotIn('hello from', done.stdout)
        self.assertIn('[sealed]', done.stdout)

    def test_a_damaged_note_is_found_with_how_far_the_log_was(self):
        for _ in range(2):
            self.tool('audit', 'history', 'customer_1')
            self.hub.say('customer_1', 's1', 'One more event')
        first, second = self.reads()
        self.assertGreater(second['position'], first['position'])
        self.hub.stop()
        folder = os.path.join(self.hub.data, 'access')
        name, = (name for name in os.listdir(folder) if name.startswith('entries'))
        path = os.path.join(folder, name)
        with open(path, 'rb') as file:
            whole = file.read()
        at = whole.rindex(b'omnihub audit history')
        self.damage(path, whole, at)
        done = self.tool('audit', 'verify', expected=3)
        self.assertIn(f'position {first["position"]}: the notes of accesses from here on are not sound '
                      f'behind entry {second["number"] - 1}', done.stderr)
        self.damage(path, whole, 70)
        done = self.tool('audit', 'verify', expected=3)
        self.assertIn('position 1: the notes of accesses from here on are not sound behind entry 0', done.stderr)

    @staticmethod
    def damage(path, whole, at):
        with open(path, 'wb') as file:
            file.write(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])

    def test_what_cannot_be_is_refused(self):
        for words, status, sentence in (
                (('audit', 'reads', 'a', 'b'), 2, 'audit reads takes one CUSTOMER at most'),
                (('audit', 'reads', 'nobody'), 4, "there is no customer 'nobody'"),
                (('audit', 'reads', '--from', 'yesterday'), 2, '--from takes a time like'),
                (('audit', 'reads', '--company', 'x'), 2, '--company takes an id of 26 characters'),
                (('audit', 'reads', '--company', '01ARZ3NDEKTSV4RRFFQ69G5FAV'), 4, 'there is no company'),
                (('replay', '--reason', 'x' * 301), 2, '--reason takes at most 300 bytes of UTF-8'),
                (('export', '--to', '/dev/null/x', '--reason', 'x' * 301), 2, '--reason takes at most'),
                (('audit', 'history', 'customer_1', '--reason', 'x' * 301), 2, '--reason takes at most'),
                (('replay', '--state', 'session/s1', '--reason', 'x' * 301), 2, '--reason takes at most')):
            with self.subTest(words=words):
                self.assertIn(sentence, self.tool(*words, expected=status).stderr)


if __name__ == '__main__':
    unittest.main()
