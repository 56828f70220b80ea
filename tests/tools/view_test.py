#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`view`: how far and how large the views are, and folding them afresh, on a running hub and on a data directory at rest."""

import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import KEY, Hub, run, wait_for  # noqa: E402


class View(unittest.TestCase):
    def setUp(self):
        self.hub = Hub()
        self.addCleanup(self.hub.__exit__)
        self.hub.create_session('customer_004', 'omni_session_004')
        for number in range(5):
            self.hub.say('customer_004', 'omni_session_004', f'Message {number}')

    def view(self, *words, status=0):
        done = run('view', *words)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stderr if status else json.loads(done.stdout) if '--json' in words else done.stdout

    def there(self, key=KEY):
        return ('--url', f'http://127.0.0.1:{self.hub.port}', '--key', key)

    def stored(self):
        return {row['view']: row for row in self.view('status', '--data', self.hub.data, '--json')['views']}

    def stop(self):
        """With views that are as far as the log: a stop does not wait for them."""
        wait_for(lambda: {row['behind'] for row in self.view('status', '--json', *self.there())['views']} == {0},
                 what='views that are not behind')
        self.assertEqual(self.hub.stop(), 0)

    def total(self):
        return self.hub.get('/session/omni_session_004/messages?limit=1000').json['total']

    def test_the_list_names_every_view(self):
        listed = [row['view'] for row in self.view('list', '--json')['views']]
        self.assertIn('messages', listed)
        self.assertEqual(listed, [row['view'] for row in self.view('status', '--json', *self.there())['views']])

    def test_a_running_hub_says_how_far_its_views_are(self):
        self.stop()
        self.hub.start()
        other = self.hub.post('/companies', {'name': 'Second', 'admin_email': 'second@test.example'}).json['api_key']
        self.assertIn('runs the hub alone', self.view('status', *self.there(other), status=5))
        self.assertIn('http://127.0.0.1:1', self.view('status', '--url', 'http://127.0.0.1:1', '--key', KEY, status=7))

    def test_at_rest_rows_and_bytes_are_counted(self):
        self.stop()
        rows = self.stored()
        self.assertEqual((rows['messages']['rows'], rows['messages']['state']), (5, 'stored'))
        self.assertGreater(rows['messages']['bytes'], 5 * 20)
        whole = self.view('status', '--data', self.hub.data, '--json')
        self.assertEqual(whole['behind'], 0)

    def test_views_that_a_hub_has_in_memory_alone_are_asked_of_it(self):
        self.assertIn('the hub there has them in its memory', self.view('status', '--data', self.hub.data, status=4))
        self.assertIn('messages', self.view('status', *self.there()))

    def test_a_running_hub_rebuilds_beside_the_view_that_answers(self):
        self.assertIn('is built afresh', self.view('rebuild', 'messages', *self.there()))
        wait_for(lambda: not any(row['rebuilding'] for row in self.view('status', '--json', *self.there())['views']),
                 what='the end of the rebuild')
        self.assertEqual(self.total(), 5)
        self.assertIn('one view at a time', self.view('rebuild', *self.there(), status=2))
        self.assertIn('Another hub is using', self.view('rebuild', 'messages', '--data', self.hub.data, status=8))
        self.assertEqual(self.hub.post('/views/nonsense/rebuild', {}).status, 404)
        self.assertEqual(self.hub.post('/views/messages/retry', {}).status, 200)
        self.assertEqual(self.hub.post('/views/nonsense/retry', {}).status, 404)

    def test_at_rest_one_or_all_are_folded_afresh_to_the_same_rows(self):
        self.stop()
        before = self.stored()
        self.assertRegex(self.view('rebuild', 'messages', '--data', self.hub.data), r'^messages folded afresh from \d+ events\.$')
        self.assertEqual(self.stored(), before)
        for path in os.listdir(os.path.join(self.hub.data, 'views')):
            with open(os.path.join(self.hub.data, 'views', path), 'wb') as file:
                file.write(b'rubbish')
        self.assertEqual(self.view('rebuild', '--data', self.hub.data, '--json')['view'], 'all')
        self.assertEqual(self.stored(), before)
        self.hub.start()
        self.assertEqual(self.total(), 5)

    def test_what_is_not_there_is_said(self):
        self.stop()
        self.assertIn("there is no view 'nonsense'", self.view('rebuild', 'nonsense', '--data', self.hub.data, status=4))
        self.assertIn('one view at most', self.view('rebuild', 'a', 'b', status=2))
        self.assertIn('there is no log in', self.view('rebuild', '--data', '/nowhere', status=4))
        shutil.rmtree(os.path.join(self.hub.data, 'views'))
        self.assertRegex(self.view('status', '--data', self.hub.data, status=4), 'there are no views in .*; the next start folds them')


if __name__ == '__main__':
    unittest.main()
