#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A damaged end of the write-ahead log: it opens with nothing acknowledged missing, or it is refused; never a hole."""

import glob
import os
import shutil
import tempfile
import unittest

import crash_oracle

EVENTS = 16
BLOCK = 32768  # no record of a WAL crosses the end of one


class Torn(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix='omnihub-torn-')
        self.data = os.path.join(self.place, 'data')
        self.copy = os.path.join(self.place, 'copy')
        self.oracle = crash_oracle.Oracle(os.path.join(self.place, 'oracle'))
        code, lines, words = crash_oracle.run(self.data, EVENTS)
        self.assertEqual(code, 0, words)
        self.assertEqual(self.oracle.take(lines), EVENTS)

    def tearDown(self):
        self.oracle.file.close()
        shutil.rmtree(self.place)

    def wal(self, data):
        return max(path for path in glob.glob(os.path.join(data, 'log', '*.log')) if os.path.getsize(path) > 0)

    def outcome(self, change):
        """Change the last WAL of a copy and open it."""
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.data, self.copy)
        with open(self.wal(self.copy), 'r+b') as file:
            change(file, os.path.getsize(self.wal(self.copy)))
        code, events, words = crash_oracle.check(self.copy)
        if code == crash_oracle.REFUSED:
            self.assertRegex(words, r'append_driver: The log in .*\.\n')
        else:
            self.assertEqual(code, 0, words)
            self.assertIsNone(self.oracle.compare(events))
        return code

    def offsets(self, size):
        return [*range(1, min(size, 40)), *range(40, min(size, 4000), 97)]

    def test_a_cut_end_is_refused(self):
        size = os.path.getsize(self.wal(self.data))
        for cut in self.offsets(size):
            code = self.outcome(lambda file, size, cut=cut: file.truncate(size - cut))
            self.assertEqual(code, crash_oracle.REFUSED, f'{cut} bytes short')

    def test_a_flipped_byte_is_refused(self):
        size = os.path.getsize(self.wal(self.data))

        def flip(file, size, back):
            file.seek(size - back)
            byte = file.read(1)[0]
            file.seek(size - back)
            file.write(bytes([byte ^ 0x40]))

        for back in self.offsets(size):
            code = self.outcome(lambda file, size, back=back: flip(file, size, back))
            self.assertEqual(code, crash_oracle.REFUSED, f'{back} bytes before the end')

    def test_an_unfinished_record_behind_the_end_costs_nothing(self):
        with open(self.wal(self.data), 'rb') as file:
            record = file.read(7)  # CRC, length, kind
            length_of_first = 7 + int.from_bytes(record[4:6], 'little')
            record += file.read(length_of_first - 7)
        room = BLOCK - os.path.getsize(self.wal(self.data)) % BLOCK
        empty = bytes(room if room < length_of_first else 0)
        for length in (1, 6, 7, 8, length_of_first // 2, length_of_first - 1):
            code = self.outcome(lambda file, size, length=length: (file.seek(size), file.write(empty + record[:length])))
            self.assertEqual(code, 0, f'{length} bytes of another record')

    def test_zeros_behind_the_end_cost_nothing(self):
        for length in (1, 7, 512, 40000):
            code = self.outcome(lambda file, size, length=length: (file.seek(size), file.write(bytes(length))))
            self.assertEqual(code, 0, f'{length} zeros')


if __name__ == '__main__':
    unittest.main()
