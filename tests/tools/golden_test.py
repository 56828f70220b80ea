#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logs of earlier versions, in tests/data: today's code folds them to the states and views that were fixed then (I5)."""

import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, 'data'))
sys.path.insert(0, os.path.join(HERE, os.pardir, 'e2e'))
import golden  # noqa: E402
from running import Hub, run  # noqa: E402

LOGS = sorted(entry.name for entry in os.scandir(golden.HERE) if os.path.exists(os.path.join(entry.path, 'hashes')))


class Golden(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory(prefix='omnihub-golden-')
        self.addCleanup(self.place.cleanup)

    def unpacked(self, name):
        data = os.path.join(self.place.name, name)
        golden.unpack(name, data)
        return data

    def said(self, *words):
        done = run(*words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_there_is_the_journey(self):
        self.assertIn('journey', LOGS)

    def test_states_and_views_come_out_as_they_were_fixed(self):
        """A new view or kind may join; none of the old ones may change."""
        for name in LOGS:
            found = self.said('replay', '--hashes', '--data', self.unpacked(name)).splitlines()
            for line in golden.expected(name).splitlines():
                self.assertIn(line, found, name)

    def test_they_are_sound(self):
        for name in LOGS:
            self.assertIn('is sound', self.said('audit', 'verify', '--data', self.unpacked(name)))

    def test_a_hub_serves_them_and_shows_what_it_showed(self):
        data = self.unpacked('journey')
        with Hub(data=data) as hub:
            answer = hub.get('/customer/customer_1/unified-view')
            self.assertEqual(answer.status, 200, answer)
            self.assertIn(b'Name 1', answer.body)
            self.assertEqual(hub.get('/customer/customer_3/unified-view').status, 404)  # was erased
            self.assertEqual(hub.stop(), 0)
        self.assertIn('is sound', self.said('audit', 'verify', '--data', data))


if __name__ == '__main__':
    unittest.main()
