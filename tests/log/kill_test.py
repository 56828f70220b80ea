#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""I1: kill -9 while events are appended, again and again; every acknowledged event is there afterwards.

OMNIHUB_KILLS says how often (20).
"""

import os
import random
import subprocess
import tempfile
import time
import unittest

import crash_oracle

KILLS = int(os.environ.get('OMNIHUB_KILLS', '20'))


class Kill(unittest.TestCase):
    def kill_once(self, data, oracle, seconds):
        driver = subprocess.Popen([crash_oracle.DRIVER, 'run', data, '0'], stdout=subprocess.PIPE, text=True)
        first = driver.stdout.readline()  # it is at work
        self.assertTrue(first.startswith('ack '), first)
        oracle.take([first])
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            oracle.take([driver.stdout.readline()])
        driver.kill()
        oracle.take(driver.stdout.readlines())  # what it had said before it died
        driver.wait()
        driver.stdout.close()

    def test_i1_acknowledged_events_survive_kill_nine(self):
        seed = int(os.environ.get('OMNIHUB_SEED', time.time_ns() % 1000000))
        print(f'seed {seed}, {KILLS} kills')
        chance = random.Random(seed)
        with tempfile.TemporaryDirectory(prefix='omnihub-kill-') as place:
            data = os.path.join(place, 'data')
            oracle = crash_oracle.Oracle(os.path.join(place, 'oracle'))
            for kill in range(KILLS):
                self.kill_once(data, oracle, chance.uniform(0.0, 0.3))
                code, events, words = crash_oracle.check(data)
                self.assertEqual(code, 0, f'after kill {kill}: {words}')
                self.assertIsNone(oracle.compare(events))
            oracle.file.close()
            print(f'{len(oracle.acked)} acknowledged, {len(events)} there')
            self.assertGreater(len(oracle.acked), KILLS)


if __name__ == '__main__':
    unittest.main()
