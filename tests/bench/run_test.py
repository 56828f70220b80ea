#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tests of tests/bench/run with a program that answers like the hub: the figures are not looked at, the manners are."""

import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from counters import compare  # noqa: E402
from flame import by_thread, draw, stacks  # noqa: E402
from growth import exponent  # noqa: E402
from peers import Absent, find  # noqa: E402
from processes import Failed  # noqa: E402
from protocols import rate_of  # noqa: E402
from record import BEGIN, END, write_record  # noqa: E402
from report import Results, Row, table  # noqa: E402
from write_ahead import batches  # noqa: E402

BUILD = os.path.dirname(os.path.abspath(os.environ.get('OMNIHUB', 'build/omnihub')))
TOOLS = ('tools/bench/bench-load', 'tools/bench/bench-disk', 'tools/bench/bench-zactor', 'tools/bench/bench-ears', 'tests/bench/bench-hello',
         'tests/bench/bench-batches', 'tests/bench/bench-echo')
PATIENCE_S = 120


def children_in(folder):
    """Ids of the processes that have a path below the folder on their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as line:
                if folder.encode() in line.read() and int(pid) != os.getpid():
                    found.append(int(pid))
        except OSError:
            pass  # it ended meanwhile
    return found


class Driver(unittest.TestCase):

    def setUp(self):
        self.build = tempfile.mkdtemp(prefix='hub-bench-test-')
        self.addCleanup(shutil.rmtree, self.build)
        for tool in TOOLS:
            os.makedirs(os.path.dirname(os.path.join(self.build, tool)), exist_ok=True)
            os.symlink(os.path.join(BUILD, tool), os.path.join(self.build, tool))
        os.symlink(os.path.join(HERE, 'fake_hub.py'), os.path.join(self.build, 'omnihub'))

    def start(self, *options, mode=''):
        command = [sys.executable, os.path.join(HERE, 'run'), '--short', '--build', self.build, '--rounds', '2',
                   '--seconds', '0.1', '--connections', '1,64', *options]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, 'FAKE_HUB': mode})

    def run_whole(self, *options, mode=''):
        process = self.start(*options, mode=mode)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(children_in(self.build), [])
        self.assertEqual([name for name in os.listdir(self.build) if name.startswith('bench-')], [])
        return process.returncode, out, err

    def test_a_run_prints_every_ratio_and_leaves_nothing_behind(self):
        status, out, err = self.run_whole()
        self.assertEqual((status, err), (0, ''))
        for line in ('durable POST, 1 connection, of hello', 'durable POST, 64 connections, of hello',
                     'durable POST, 64 connections, of sync=0', 'GET session, 64 connections, of hello',
                     'replay (decode + fold), of raw scan', 'activating 1,000 events, with snapshot',
                     'bytes per active session of 20 messages', 'views behind at the end'):
            self.assertIn(line, out)
        self.assertRegex(out, r'fold\), of raw scan +\| +\| +0\.45 \| +\| +>= 0\.50 \| +\*\*missed')
        self.assertRegex(out, r'of 20 messages +\| +\| +9000 \| +\| +<= 8192 \| +\*\*missed\*\*')

    def test_a_missed_bar_is_an_error_only_when_asked(self):
        status, out, _ = self.run_whole('--strict')
        self.assertEqual(status, 1)
        self.assertIn('**missed**', out)

    def test_a_refused_request_ends_the_run(self):
        status, out, err = self.run_whole(mode='refuse')
        self.assertEqual((status, out), (1, ''))
        self.assertRegex(err, r"failed: \{'status_503': \d+\}")

    def test_what_was_measured_before_a_failure_is_printed(self):
        status, out, _ = self.run_whole(mode='forget')
        self.assertEqual(status, 1)
        self.assertIn('durable POST, 64 connections, of hello', out)
        self.assertIn('**get was not measured:** GET /session/{1} was answered HTTP/1.1 404', out)

    def test_a_hub_that_does_not_start_is_quoted(self):
        status, _, err = self.run_whole(mode='die')
        self.assertEqual(status, 1)
        self.assertIn('cannot open the log', err)

    def test_ctrl_c_stops_every_server(self):
        process = self.start('--seconds', '20')
        deadline = time.monotonic() + PATIENCE_S
        while not any('bench-hello' in self.command(pid) for pid in children_in(self.build)):
            self.assertLess(time.monotonic(), deadline, 'bench-hello was never started')
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 130)
        self.assertIn('stopped', err)
        self.assertEqual(children_in(self.build), [])
        self.assertEqual([name for name in os.listdir(self.build) if name.startswith('bench-')], [])

    @staticmethod
    def command(pid):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as line:
                return line.read().decode(errors='replace')
        except OSError:
            return ''


class Report(unittest.TestCase):

    def test_the_median_decides_about_a_bar(self):
        self.assertTrue(Row('x', [0.1, 0.5, 0.4], 0.4).is_met)
        self.assertFalse(Row('x', [0.1, 0.5, 0.39], 0.4).is_met)
        self.assertTrue(Row('x', [9, 3, 99], 10, at_most=True).is_met)
        self.assertFalse(Row('x', [11], 10, at_most=True).is_met)
        self.assertIsNone(Row('x', [1]).is_met)

    def test_columns_line_up(self):
        lines = table(['a', 'b'], [['long one', 1], ['x', 1000]]).splitlines()
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertTrue(all(re.fullmatch(r'\|.*\|', line) for line in lines))


    def test_a_peer_that_is_not_installed_is_named_with_its_package(self):
        with self.assertRaisesRegex(Absent, r'no-such-server is not installed \(package some-server; tools/setup --bench'):
            find('no-such-server', 'some-server', '/nowhere/*/no-such-server')

    def test_the_rate_of_h2load_counts_when_all_was_answered(self):
        said = ('finished in 2.03s, 4143.50 req/s, 501.75KB/s\nrequests: 8287 total, 8287 started, 8287 done, 8287 succeeded, '
                '0 failed, 0 errored, 0 timeout\nstatus codes: 8287 2xx, 0 3xx, 0 4xx, 0 5xx\n')
        self.assertEqual(rate_of(said), 4143.5)
        for wrong in (said.replace('0 errored', '1 errored'), said.replace('0 5xx', '3 5xx'), 'it could not connect'):
            self.assertRaises(Failed, rate_of, wrong)

    def test_the_exponent_tells_what_is_constant_from_what_is_a_straight_line(self):
        self.assertAlmostEqual(exponent([(1, 5), (10, 5), (100, 5)]), 0)
        self.assertAlmostEqual(exponent([(10, 20), (100, 200)]), 1)
        self.assertAlmostEqual(exponent([(1, 3), (2, 12), (4, 48)]), 2)

    def test_stacks_of_perf_become_boxes_as_wide_as_their_share(self):
        script = ('hub-loop \n\tffff0001 read+0x10 (/lib/libc.so.6)\n\taaaa0001 hub_a+0x5 (/omnihub)\n\n'
                  'hub-loop \n\taaaa0002 std::map<int, x<y> >::find(int)+0x5 (/usr/lib/librocksdb.so)\n\taaaa0001 hub_a+0x9 (/omnihub)\n\n'
                  'hub-log \n\tbbbb [unknown] (/usr/lib/librocksdb.so)\n')
        found = stacks(script)
        self.assertEqual(found, {('hub-loop', 'hub_a', 'read'): 1, ('hub-loop', 'hub_a', 'std::map::find'): 1,
                                 ('hub-log', '[librocksdb.so]'): 1})
        self.assertEqual([thread for thread, _ in by_thread(found)], ['hub-loop', 'hub-log'])
        self.assertIn('<title>hub_a: 66.7 %</title>', draw(found, 'all'))

    def test_a_record_replaces_what_was_measured_and_leaves_the_rest(self):
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, 'performance.md')
            with open(page, 'w', encoding='ascii') as file:
                file.write(f'before\n{BEGIN}\nold\n{END}\nafter\n')
            results = Results()
            results.pictures['flame.svg'] = '<svg/>'
            for _ in range(2):
                write_record(results, '# Benchmark\n\n## Part\n\nnew\n', folder)
            with open(page, encoding='ascii') as file:
                text = file.read()
            self.assertRegex(text, rf'(?s)^before\n{BEGIN}.*### Part\n\nnew.*performance/flame.svg.*{END}\nafter\n$')
            self.assertEqual((text.count(BEGIN), 'old' in text), (1, False))


class Counters(unittest.TestCase):

    def compared(self, values, baseline):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            return compare(values, baseline), out.getvalue()

    def test_a_counter_that_is_three_percent_worse_is_told_from_one_that_is_better(self):
        baseline = {'a': 100.0, 'b': 100.0, 'c': 100.0, 'd': 100.0}
        found, out = self.compared({'a': 102.9, 'b': 103.1, 'c': 97.1, 'd': 96.9}, baseline)
        self.assertEqual(found, (1, 1))
        self.assertRegex(out, r'b +\| +100 \| +103.1 \| +\+3.1% \| +\*\*worse')

    def test_a_counter_that_only_one_side_has_is_a_failure(self):
        self.assertEqual(self.compared({'a': 1.0}, {'b': 1.0})[0], (2, 0))

    def test_batches_of_a_write_ahead_log_are_counted_across_blocks(self):
        def record(kind, text):
            return bytes(4) + len(text).to_bytes(2, 'little') + bytes([kind]) + text

        batch = bytes(8) + (5).to_bytes(4, 'little') + b'x' * 40000
        with tempfile.NamedTemporaryFile() as file:
            first = record(2, batch[:32768 - 7 - 7 - 12])  # behind a whole batch without a row
            file.write(record(1, bytes(12)) + first + record(4, batch[32768 - 7 - 7 - 12:]))
            file.flush()
            self.assertEqual([keys for _, keys in batches(file.name)], [0, 5])


if __name__ == '__main__':
    unittest.main(verbosity=2)
