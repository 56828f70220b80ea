#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""tests/bench/tools on a small log: every figure is there, and nothing is left behind. The figures themselves are not looked at."""

import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.dirname(os.path.abspath(os.environ.get('OMNIHUB', 'build/omnihub')))
FIGURES = ('replay --verify, of the raw scan by one thread', 'replay --state --at, cold', 'audit history, of', 'inclusion proof, in an open log',
           'inclusion proof, hashes', 'export to SQLite, events/s', 'export to CSV, events/s', 'export to NDJSON, events/s',
           'memory of export to SQLite', 'memory of replay --verify', 'none  ', 'backup  ', 'view rebuild  ')


class Tools(unittest.TestCase):
    def run_tools(self, *options):
        return subprocess.run([os.path.join(HERE, 'tools'), '--build', BUILD, '--runs', '2', *options], capture_output=True, text=True,
                              timeout=300, check=False)

    def test_every_figure_is_printed_and_nothing_stays(self):
        before = set(os.listdir(BUILD))
        done = self.run_tools('--events', '2500', '--sessions', '50', '--customers', '20', '--history', '100',
                              '--seconds', '0.2', '--rounds', '1', '--rate', '200')
        self.assertEqual(done.returncode, 0, done.stderr)
        for figure in FIGURES:
            self.assertRegex(done.stdout, rf'(?m)^{figure}.*\d', done.stdout)
        self.assertEqual([name for name in set(os.listdir(BUILD)) - before if name.startswith('bench-tools-')], [])

    def test_a_log_that_is_none_is_quoted(self):
        done = self.run_tools('--data', os.path.join(HERE, 'no-such-log'))
        self.assertEqual(done.returncode, 1)
        self.assertIn('There is no log' if 'There is no log' in done.stderr else 'cannot be opened', done.stderr)


if __name__ == '__main__':
    sys.exit(unittest.main())
