#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`replay --verify`: on a running hub, on its directory at rest, on one that was changed, interrupted, without room."""

import contextlib
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import BINARY, Hub, clean_environment, run, wait_for  # noqa: E402


def verify(data, *words, env=None):
    return run('replay', '--data', data, '--verify', *words, env=env)


class Verify(unittest.TestCase):
    def setUp(self):
        self.hub = Hub()
        for number in range(12):
            customer, session = f'customer_{number % 5}', f'omni_session_{number}'
            self.hub.create_session(customer, session, 'chat')
            for text in ('Where is my parcel?', 'It should have come yesterday', 'Thank you'):
                self.hub.say(customer, session, text, 'chat')

    def tearDown(self):
        self.hub.__exit__()

    def at_rest(self):
        self.assertEqual(self.hub.stop(), 0)
        return self.hub.data

    def copy(self):
        copy = os.path.join(self.hub.made, 'copy')
        shutil.copytree(self.hub.data, copy)
        return copy

    def test_a_directory_at_rest_is_compared_whole(self):
        data = self.at_rest()
        events = len(run('replay', '--data', data, '--json').stdout.splitlines())  # which is itself noted as a reading
        before = {path: os.stat(path).st_mtime_ns for path in glob.glob(data + '/**', recursive=True)}
        done = verify(data)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        report = json.loads(verify(data, '--json').stdout)
        self.assertIn(f'All is as the log says: {events} events, their chain, {report["states"]} states and '
                      f'{len(report["views"])} views.', done.stdout)
        self.assertEqual((report['sound'], report['events']), (True, events))
        self.assertGreater(report['position'], 0)  # a hub that stops need not fold the last events
        self.assertGreater(next(view for view in report['views'] if view['view'] == 'messages')['stored_rows'], 0)
        for view in report['views']:
            self.assertEqual((view['stored_rows'], view['differences'], view['parked_streams']), (view['folded_rows'], 0, 0))
            self.assertRegex(done.stdout, rf'(?m)^{view["view"]} +{view["stored_rows"]} ')
        after = {path: os.stat(path).st_mtime_ns for path in glob.glob(data + '/**', recursive=True)}
        self.assertEqual(after, before)

    def test_beside_a_running_hub_what_is_on_disk_is_compared(self):
        report = json.loads(verify(self.hub.data, '--json').stdout)
        self.assertTrue(report['sound'])
        self.assertLessEqual(report['position'], report['events'])
        done = verify(self.hub.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        if report['position'] < report['events']:
            self.assertIn('were checked for their chain only', done.stdout)

    def test_beside_a_running_hub_it_stands_back_and_the_end_of_its_child_is_told(self):
        deadline = time.monotonic() + 60
        while not self.stands_back_and_is_killed():
            self.assertLess(time.monotonic(), deadline, 'no child was seen that stands back')

    def stands_back_and_is_killed(self):
        """False when it was through before anybody looked."""
        tool = subprocess.Popen([BINARY, 'replay', '--verify', '--data', self.hub.data], env=clean_environment(), text=True,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with tool:
            with contextlib.suppress(OSError):
                while tool.poll() is None:
                    with open(f'/proc/{tool.pid}/task/{tool.pid}/children', encoding='ascii') as children:
                        child = int((children.read().split() or [0])[0])
                    if child and os.sched_getscheduler(child) == os.SCHED_IDLE:
                        os.kill(child, signal.SIGKILL)
                        break
            said = tool.stderr.read()
        if tool.returncode == 0:
            return False
        self.assertEqual((tool.returncode, said), (1, 'omnihub: replay was ended by signal 9\n'))
        self.assertEqual(os.sched_getscheduler(0), os.SCHED_OTHER)
        return True

    def test_beside_a_running_hub_an_interrupt_ends_what_does_not_ask_for_it(self):
        deadline = time.monotonic() + 60
        while not self.is_interrupted('audit', 'verify'):
            self.assertLess(time.monotonic(), deadline, 'no child was seen that could be interrupted')

    def is_interrupted(self, *words):
        """False when it was through before anybody looked."""
        tool = subprocess.Popen([BINARY, *words, '--data', self.hub.data], env=clean_environment(), text=True,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with tool:
            child = 0
            with contextlib.suppress(OSError):
                while not child and tool.poll() is None:
                    with open(f'/proc/{tool.pid}/task/{tool.pid}/children', encoding='ascii') as children:
                        child = int((children.read().split() or [0])[0])
            with contextlib.suppress(OSError):
                os.kill(child or tool.pid, signal.SIGSTOP)
            if not child or wait_for(lambda: 'TZX'.find(self.status_of(child, 'State')) + 1) > 1:
                return False
            tool.send_signal(signal.SIGINT)
            wait_for(lambda: int(self.status_of(child, 'ShdPnd'), 16) >> (signal.SIGINT - 1) & 1)
            os.kill(child, signal.SIGCONT)
            said = tool.stderr.read()
        self.assertEqual((tool.returncode, said), (130, 'omnihub: interrupted\n'))
        return True

    @staticmethod
    def status_of(process, what):
        """Of a process that is gone: X."""
        with contextlib.suppress(OSError), open(f'/proc/{process}/status', encoding='ascii') as status:
            return next(line for line in status if line.startswith(what + ':')).split()[1]
        return 'X'

    def test_who_starts_it_without_asking_how_children_end_is_told_all_the_same(self):
        for words in (('backup', '--data', self.hub.made + '/nothing', self.hub.made + '/backup'),
                      ('export', '--to', self.hub.made + '/a/b/c.csv', '--data', self.hub.data)):
            refused = run(*words)
            self.assertNotEqual(refused.returncode, 0)
            ignored = run(*words, before=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
            self.assertEqual((ignored.returncode, ignored.stderr), (refused.returncode, refused.stderr))

    def test_after_a_kill_what_is_on_disk_is_compared(self):
        self.hub.kill()
        self.assertTrue(json.loads(verify(self.hub.data, '--json').stdout)['sound'])

    def test_views_of_another_log_and_none_at_all_are_told(self):
        other = Hub()
        try:
            other.create_session('customer_1', 'omni_session_1', 'chat')
            self.assertEqual(other.stop(), 0)
            data = self.at_rest()
            shutil.rmtree(data + '/views')
            done = verify(data)
            self.assertEqual(done.returncode, 3)
            self.assertIn('cannot be compared with the log: there are none in', done.stderr)
            shutil.copytree(other.data + '/views', data + '/views')
            done = verify(data)
            self.assertEqual((done.returncode, done.stdout), (3, ''))
            self.assertIn('cannot be compared with the log: they belong to another log', done.stderr)
        finally:
            other.__exit__()

    def test_a_damaged_view_is_told(self):
        data = self.at_rest()
        path = max(glob.glob(data + '/views/*.sst'), key=os.path.getsize)
        with open(path, 'r+b') as file:
            file.seek(200)
            byte = file.read(1)
            file.seek(200)
            file.write(bytes([byte[0] ^ 1]))
        done = verify(data)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, 'cannot be opened|cannot be read|not what the log folds to')

    def test_a_place_without_room_for_its_files_is_told(self):
        data = self.at_rest()
        done = verify(data, env={'TMPDIR': '/nowhere'})
        self.assertEqual((done.returncode, done.stdout), (6, ''))
        self.assertIn('/nowhere', done.stderr)

    def test_it_can_be_interrupted(self):
        data = self.at_rest()
        with subprocess.Popen([BINARY, 'replay', '--data', data, '--verify'], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=clean_environment(), preexec_fn=lambda: signal.pthread_sigmask(
                                  signal.SIG_BLOCK, [signal.SIGINT])) as process:
            process.send_signal(signal.SIGINT)  # waits, blocked, until it is asked for
            out, _ = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (130, b''))
        self.assertEqual(glob.glob(data + '/rows-*'), [])


if __name__ == '__main__':
    unittest.main()
