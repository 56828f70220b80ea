#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`watch` prints what happens, of what was asked for, and goes on by itself across the death of the hub."""

import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import BINARY, KEY, Hub, clean_environment, run  # noqa: E402


class Watch(unittest.TestCase):
    def watch(self, hub, *words):
        watching = subprocess.Popen([BINARY, 'watch', '--url', f'http://127.0.0.1:{hub.port}', *words], text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    env=clean_environment({'OMNICHANNEL_API_KEY': KEY}))
        self.addCleanup(self.end, watching)
        return watching

    @staticmethod
    def end(watching):
        if watching.poll() is None:
            watching.kill()
        watching.communicate()

    def test_it_prints_a_line_for_each_frame(self):
        with Hub() as hub:
            watching = self.watch(hub)
            self.assertIn(' connected ', watching.stdout.readline())
            hub.create_session('customer_a', 'session_a')
            hub.say('customer_a', 'session_a', 'Is anybody there?')
            line = ''
            while ' new_message ' not in line:
                line = watching.stdout.readline()
                self.assertTrue(line)
            self.assertIn('"Is anybody there?"', line)

    def test_it_resumes_across_the_death_of_the_hub(self):
        with Hub(options=['--supervise']) as hub:
            hub.create_session('customer_a', 'session_a')
            watching = self.watch(hub, '--json', '--session', 'session_a')
            self.assertEqual(json.loads(watching.stdout.readline())['type'], 'connected')
            heard = []

            def hear(count):
                while len(heard) < count:
                    frame = json.loads(watching.stdout.readline())
                    if frame['type'] == 'new_message':
                        heard.append(frame['payload']['content'])

            for number in range(3):
                hub.say('customer_a', 'session_a', str(number))
            hear(3)
            children = open(f'/proc/{hub.process.pid}/task/{hub.process.pid}/children').read().split()
            os.kill(int(children[0]), 9)
            for number in range(3, 6):
                self.say_somehow(hub, number)
            hear(6)
            self.assertEqual(heard, [str(number) for number in range(6)])

    def say_somehow(self, hub, number):
        """The hub may be away for a moment; said twice with one key is said once."""
        while True:
            try:
                answer = hub.post('/message/process', {'customer_id': 'customer_a', 'session_id': 'session_a',
                                                       'channel': 'chat', 'content': str(number)},
                                  headers={'Idempotency-Key': f'watch-{number}'})
                if answer.status == 200:
                    return
            except Exception:  # noqa: BLE001
                pass

    def test_what_is_not_there_ends_it(self):
        with Hub() as hub:
            for words in (('--session', 'nobody'), ('--key', 'wrong-key-0123456789')):
                done = run('watch', '--url', f'http://127.0.0.1:{hub.port}', *words, env={'OMNICHANNEL_API_KEY': KEY})
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, r'answered 40[14]')

    def test_it_needs_a_key(self):
        self.assertEqual(run('watch').returncode, 2)


if __name__ == '__main__':
    unittest.main(verbosity=2)
