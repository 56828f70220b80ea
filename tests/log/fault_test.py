#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""I1: below RocksDB every file operation of a short run fails once, or the power fails at it.

The process stops with a sentence, nothing unacknowledged is claimed, and a restart finds every acknowledged event byte
for byte. To show that the power cut is one: without syncing it does lose acknowledged events.
"""

import glob
import os
import shutil
import tempfile
import unittest

import crash_oracle

EVENTS = 24
EVENTS_OF_FILES = 96  # with little memory, of several files of the WAL


class Fault(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix='omnihub-fault-')
        self.data = os.path.join(self.place, 'data')
        self.lost = None
        self.events = EVENTS

    def tearDown(self):
        shutil.rmtree(self.place)

    def shim(self, call, kind, at, **more):
        return {'LD_PRELOAD': crash_oracle.SHIM, 'FAULT_DIR': self.data, 'FAULT_CALL': call, 'FAULT_KIND': kind,
                'FAULT_AT': str(at), **more}

    def count(self, call, *options):
        """How many such calls a whole run makes."""
        shutil.rmtree(self.data, ignore_errors=True)
        counter = os.path.join(self.place, 'count')
        code, _, words = crash_oracle.run(self.data, self.events, *options,
                                          env=self.shim(call, 'eio', 0, FAULT_COUNT=counter))
        self.assertEqual(code, 0, words)
        with open(counter, encoding='ascii') as file:
            return int(file.read())

    def once(self, call, kind, at, *options, **more):
        """One run with one fault, and the restart after it. Returns the exit code of the run."""
        shutil.rmtree(self.data, ignore_errors=True)
        where = f'{kind} at {call} {at}'
        oracle_path = os.path.join(self.place, 'oracle')
        if os.path.exists(oracle_path):
            os.unlink(oracle_path)
        oracle = crash_oracle.Oracle(oracle_path)
        code, lines, words = crash_oracle.run(self.data, self.events, *options, env=self.shim(call, kind, at, **more))
        oracle.take(lines)
        if code > 0:
            self.assertIn(code, (crash_oracle.FATAL, crash_oracle.REFUSED), f'{where}: {words}')
            self.assertRegex(words, r'(omnihub|append_driver): [A-Z].*\.\n', where)
        check, events, said = crash_oracle.check(self.data)
        self.lost = oracle.compare(events)
        if 'no-sync' not in options:
            self.assertEqual(check, 0, f'{where}: {said}')
            self.assertIsNone(self.lost, where)
        oracle.file.close()
        return code

    def sweep(self, call, kind, *options, step=1, **more):
        """Fail each call in turn. Every code seen, with how often."""
        codes = {}
        for at in range(1, self.count(call, *options) + 1, step):
            code = self.once(call, kind, at, *options, **more)
            codes[code] = codes.get(code, 0) + 1
        print(f'{kind} at {call}: exit codes {codes}')
        return codes

    def test_a_failed_write_stops_the_process(self):
        codes = self.sweep('write', 'eio')
        self.assertGreater(codes[crash_oracle.FATAL], 0)

    def test_a_full_disk_below_rocksdb_stops_the_process(self):
        codes = self.sweep('write', 'enospc', step=2)
        self.assertGreater(codes[crash_oracle.FATAL], 0)

    def test_a_short_write_stops_the_process(self):
        codes = self.sweep('write', 'short')
        self.assertGreater(codes[crash_oracle.FATAL], 0)

    def test_a_failed_sync_stops_the_process(self):
        codes = self.sweep('sync', 'eio')
        self.assertGreater(codes[crash_oracle.FATAL], 0)

    def test_a_failed_rename_stops_the_process(self):
        self.sweep('rename', 'eio')

    def test_a_torn_write_loses_nothing_acknowledged(self):
        self.sweep('write', 'tear')

    def test_a_power_cut_loses_nothing_acknowledged(self):
        self.sweep('any', 'cut', step=2)

    def test_a_power_cut_that_keeps_half_loses_nothing_acknowledged(self):
        self.sweep('any', 'cut', step=3, FAULT_KEEP='50')

    def test_a_sync_reaches_what_was_written_to_an_earlier_file(self):
        self.events = EVENTS_OF_FILES
        self.sweep('sync', 'cut', 'small-memory', step=7)
        self.count('sync', 'small-memory')
        self.assertGreater(len(glob.glob(os.path.join(self.data, 'log', '*.log'))), 2)

    def test_without_syncing_the_same_cut_does_lose(self):
        calls = self.count('write')
        for at in range(calls, 0, -1):
            self.once('write', 'cut', at, 'no-sync')
            if self.lost is not None:
                return
        self.fail('the cut never lost anything, so it proves nothing')


if __name__ == '__main__':
    unittest.main()
