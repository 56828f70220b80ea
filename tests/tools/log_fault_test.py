#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`log archive` and `log compact` where the disk fails, is full, or the power goes at one file operation after the other: the log has
every event afterwards, nothing half written has a final name, and a second run goes on."""

import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import BINARY, Hub, clean_environment, run  # noqa: E402

SHIM = os.environ.get('FAULT_SHIM')
DONE, FULL, INTERRUPTED = 0, 6, 130
SAID = (1, 3, 6, 70)  # with a sentence
RUNS = 12  # of a sweep over the files of the log; those of the archive are few, and each is taken
ARCHIVE = ('archive', '--older-than', '0s')


def ignore_interrupts():
    """An interrupt waits from the start on, which the command finds when it first looks."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.kill(os.getpid(), signal.SIGINT)


@unittest.skipUnless(SHIM, 'FAULT_SHIM names no library')
class LogFault(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = os.path.realpath(tempfile.mkdtemp(prefix='omnihub-fault-'))
        cls.base, cls.data = os.path.join(cls.place, 'base'), os.path.join(cls.place, 'data')
        with Hub(data=cls.base) as hub:
            for number in range(6):
                hub.create_session(f'customer_{number}', f'session_{number}')
                for turn in range(4):
                    hub.say(f'customer_{number}', f'session_{number}', f'Message {turn}')
                if number % 2 == 0:
                    assert hub.ask('DELETE', f'/session/session_{number}').status in (200, 204)
            assert hub.stop() == 0, hub.complaints()
        cls.events = cls.events_of(cls.base)
        assert 'Message 3' in cls.events

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place, ignore_errors=True)

    @staticmethod
    def events_of(data):
        done = run('replay', '--json', '--data', data)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fresh(self, *words):
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.base, self.data)
        if words:
            self.assertEqual(run('log', *words, '--data', self.data).returncode, DONE)

    def log(self, *words, folder='', call='any', kind='eio', at=0, counter=''):
        """One run, with one fault below a folder of the data directory."""
        env = {'LD_PRELOAD': SHIM, 'FAULT_DIR': os.path.join(self.data, folder) if folder else self.data, 'FAULT_CALL': call,
               'FAULT_KIND': kind, 'FAULT_AT': str(at), 'FAULT_COUNT': counter}
        return run('log', *words, '--data', self.data, env=env)

    def count(self, *words, **where):
        self.fresh()
        counter = os.path.join(self.place, 'count')
        done = self.log(*words, counter=counter, **where)
        self.assertEqual(done.returncode, DONE, done.stderr)
        with open(counter, encoding='ascii') as file:
            return int(file.read())

    def assert_whole(self, where):
        """Every event is there; so it is after the next run, which leaves nothing over."""
        for path in glob.glob(os.path.join(self.data, 'archive', '*.arc')):
            self.assertGreater(os.path.getsize(path), 64, where)
        self.assertEqual(self.events_of(self.data), self.events, where)
        again = run('log', *ARCHIVE, '--data', self.data)
        self.assertEqual(again.returncode, DONE, f'{where}: {again.stderr}')
        self.assertEqual(len(glob.glob(os.path.join(self.data, 'archive', '*.arc'))), 1, where)
        self.assertEqual(glob.glob(os.path.join(self.data, 'archive', '*.new')), [], where)
        audit = run('audit', 'verify', '--data', self.data)
        self.assertEqual(audit.returncode, DONE, f'{where}: {audit.stderr}')
        self.assertEqual(self.events_of(self.data), self.events, where)

    def sweep(self, *words, folder, call, kind, most=None):
        """Fail each call in turn, or some of them. Every status seen, with how often."""
        calls, statuses = self.count(*words, folder=folder, call=call), {}
        self.assertGreater(calls, 0)
        for at in range(1, calls + 1, 1 if most is None else max(1, calls // most)):
            with self.subTest(f'{kind} at {call} {at} below {folder}'):
                self.fresh()
                done = self.log(*words, folder=folder, call=call, kind=kind, at=at)
                statuses[done.returncode] = statuses.get(done.returncode, 0) + 1
                if done.returncode not in (DONE, -signal.SIGKILL, -signal.SIGABRT):
                    self.assertIn(done.returncode, SAID, done.stderr)
                    self.assertRegex(done.stderr, r'(?m)^omnihub: \S.*')
                self.assert_whole(f'{words[0]}: {kind} at {call} {at} below {folder}')
        print(f'{words[0]}, {kind} at {call} below {folder}: {statuses}', file=sys.stderr)
        return statuses

    def killed(self, *words, **where):
        """The last calls of a run are not always made."""
        statuses = self.sweep(*words, **where)
        self.assertIn(-signal.SIGKILL, statuses)
        self.assertLessEqual(set(statuses), {-signal.SIGKILL, DONE})

    def full(self, *words, **where):
        """RocksDB's own assertions may end the process."""
        statuses = self.sweep(*words, **where)
        self.assertIn(FULL, statuses)
        self.assertLessEqual(set(statuses), {FULL, DONE, -signal.SIGABRT})

    # --- archive ---

    def test_an_archive_on_a_full_disk_is_none(self):
        for kind in ('enospc', 'short'):
            self.assertEqual(set(self.sweep(*ARCHIVE, folder='archive', call='write', kind=kind)), {FULL})

    def test_an_archive_that_cannot_be_synced_or_renamed_is_none(self):
        for call in ('sync', 'rename'):
            self.assertNotIn(DONE, self.sweep(*ARCHIVE, folder='archive', call=call, kind='eio'))

    def test_a_power_cut_while_an_archive_is_written_loses_nothing(self):
        self.assertEqual(set(self.sweep(*ARCHIVE, folder='archive', call='any', kind='cut')), {-signal.SIGKILL})
        self.assertEqual(set(self.sweep(*ARCHIVE, folder='archive', call='write', kind='tear')), {-signal.SIGKILL})

    def test_what_an_earlier_run_left_is_synced_before_the_log_relies_on_it(self):
        place = os.path.join(self.data, 'archive')
        self.fresh(*ARCHIVE)
        left = glob.glob(os.path.join(place, '*.arc'))[0]
        kept = shutil.copy(left, self.place)
        for at in (1, 2):  # the file, its directory
            self.fresh()
            os.mkdir(place)
            shutil.copy(kept, left)
            done = self.log(*ARCHIVE, folder='archive', call='sync', at=at)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn('cannot be synced', done.stderr)
            self.assert_whole(f'sync {at}')

    def test_a_power_cut_while_an_archive_is_taken_in_loses_nothing(self):
        self.killed(*ARCHIVE, folder='log', call='any', kind='cut', most=RUNS)

    def test_a_log_that_cannot_be_written_keeps_its_payloads(self):
        self.full(*ARCHIVE, folder='log', call='write', kind='enospc', most=RUNS)

    # --- compact ---

    def test_packing_on_a_full_disk_leaves_the_log_as_it_was(self):
        self.full('compact', folder='log', call='write', kind='enospc', most=RUNS)

    def test_a_power_cut_while_packing_loses_nothing(self):
        self.killed('compact', folder='log', call='any', kind='cut', most=RUNS)

    # --- both ---

    def test_an_interrupted_run_says_so_and_the_next_one_goes_on(self):
        for words in (('compact',), ARCHIVE):
            self.fresh()
            process = subprocess.Popen([BINARY, 'log', *words, '--data', self.data], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment(),
                                       preexec_fn=ignore_interrupts)
            _, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, INTERRUPTED, (words, said))
            self.assertIn('interrupted', said)
            self.assert_whole(f'{words[0]} interrupted')


if __name__ == '__main__':
    unittest.main()
