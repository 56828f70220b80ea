#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`export` onto a disk that fails, is full, or loses power, and killed at a write: the next run goes on, and what comes of it is
what one whole run writes."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import BINARY, Hub, clean_environment, run  # noqa: E402

SHIM = os.environ.get('FAULT_SHIM')
FORMATS = ('sqlite', 'csv')  # json goes the way of csv
EVENTS = 60
POINTS = 5  # of each sweep, and the last calls, which are the commit's
LAST = 4
FAULTS = (('any', 'enospc'), ('any', 'cut'), ('write', 'tear'))
FULL = 6


def content(path):
    if path.endswith('sqlite'):
        with contextlib.closing(sqlite3.connect(path)) as base:
            return list(base.iterdump())
    with open(path, 'rb') as file:
        return file.read()


@unittest.skipUnless(SHIM, 'FAULT_SHIM names no library')
class ExportFault(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = os.path.realpath(tempfile.mkdtemp(prefix='omnihub-export-fault-'))
        cls.early, cls.late = os.path.join(cls.place, 'early'), os.path.join(cls.place, 'late')
        hub = Hub(data=cls.late)
        try:
            hub.create_session('customer_004', 'omni_session_004')
            for number in range(EVENTS):
                hub.say('customer_004', 'omni_session_004', f'Message {number}' + 200 * ' x')
            hub.stop()
            shutil.copytree(cls.late, cls.early, ignore=shutil.ignore_patterns('lock'))
            hub.start()
            for number in range(EVENTS):
                hub.say('customer_004', 'omni_session_004', f'More {number}')
        finally:
            hub.stop()
        for name in FORMATS:
            for data in (cls.early, cls.late):
                done = run('export', '--to', f'{data}.{name}', '--data', data, '--format', name)
                assert done.returncode == 0, done

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place, ignore_errors=True)

    def fresh(self, name, begins):
        """A folder for the target, which holds an older export or nothing."""
        folder = os.path.join(self.place, 'disk', 'out')
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        target = os.path.join(folder, f'target.{name}')
        if not begins:
            for end in ('', '.position'):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copy(f'{self.early}.{name}{end}', target + end)
        return target

    def export(self, target, name, **fault):
        env = clean_environment({'LD_PRELOAD': SHIM, 'FAULT_DIR': os.path.join(self.place, 'disk'), **fault} if fault else None)
        return subprocess.run([BINARY, 'export', '--to', target, '--data', self.late, '--format', name], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=120, env=env)

    def count(self, name, begins, call):
        counter = os.path.join(self.place, 'count')
        done = self.export(self.fresh(name, begins), name, FAULT_CALL=call, FAULT_AT='0', FAULT_COUNT=counter)
        self.assertEqual(done.returncode, 0, done)
        with open(counter, encoding='ascii') as file:
            return int(file.read())

    def once(self, name, begins, call, kind, at):
        target = self.fresh(name, begins)
        done = self.export(target, name, FAULT_CALL=call, FAULT_KIND=kind, FAULT_AT=str(at))
        what = (name, begins, call, kind, at, done)
        if kind in ('cut', 'tear') and 'shim: truncate' not in done.stderr:  # to cut a file only fails
            self.assertEqual(done.returncode, -signal.SIGKILL, what)
        elif done.returncode != 0:  # some calls are made in vain
            self.assertEqual((done.returncode, 'cannot be written' in done.stderr), (FULL, True), what)
            self.assertFalse([file for file in os.listdir(os.path.dirname(target)) if file.endswith('-journal')], what)
            if not begins:  # whether a commit that failed happened is not known, but it is all or nothing
                self.assertIn(content(target), [content(f'{data}.{name}') for data in (self.early, self.late)], what)
        if begins and os.path.exists(target):  # under its name only when it is whole
            self.assertEqual(content(target), content(f'{self.late}.{name}'), what)
        again = self.export(target, name)
        self.assertEqual(again.returncode, 0, (what, again))
        self.assertEqual(content(target), content(f'{self.late}.{name}'), what)
        left = set(os.listdir(os.path.dirname(target))) - {os.path.basename(target), os.path.basename(target) + '.position'}
        self.assertFalse({file for file in left if not file.endswith('.position.new')}, what)

    def sweep(self, name, begins):
        for call, kind in FAULTS:
            count = self.count(name, begins, call)
            self.assertGreater(count, 1)
            points = {1 + i * count // POINTS for i in range(POINTS)} | set(range(max(1, count - LAST + 1), count + 1))
            for at in sorted(points):
                self.once(name, begins, call, kind, at)

    def test_a_first_run_that_fails_anywhere_is_made_good_by_the_next(self):
        for name in FORMATS:
            self.sweep(name, True)

    def test_a_second_run_that_fails_anywhere_is_made_good_by_the_next(self):
        for name in FORMATS:
            self.sweep(name, False)


if __name__ == '__main__':
    unittest.main()
