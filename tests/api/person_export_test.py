#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that is held about a person over REST: what `audit export` writes, in pages, for admins and auditors."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))

import conformity  # noqa: E402
from running import Client, Hub, run  # noqa: E402

conformity.watch()

PATH = '/customer/person_1/export'


class PersonExport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.addClassCleanup(cls.hub.remove)
        cls.addClassCleanup(cls.hub.kill)
        for person in ('person_1', 'person_2'):
            cls.hub.create_session(person, f'session_of_{person}')
            for number in range(5):
                cls.hub.say(person, f'session_of_{person}', f'words {number} of {person}')
        keys = {role: cls.hub.post('/api-keys', {'name': role, 'role': role}).json['api_key']
                for role in ('service', 'auditor', 'supervisor', 'agent', 'analyst')}
        cls.clients = {role: Client(cls.hub.port, key=key) for role, key in keys.items()}
        cls.auditor = cls.clients['auditor']

    def pages(self, path=PATH, limit=1000):
        """All of them, as one."""
        answer = self.auditor.get(f'{path}?limit={limit}')
        self.assertEqual(answer.status, 200, answer)
        whole, page = answer.json, answer.json
        while 'next_cursor' in page:
            self.assertEqual(len(page['events']), limit)
            page = self.auditor.get(f"{path}?limit={limit}&cursor={page['next_cursor']}").json
            self.assertEqual(page['customer'], whole['customer'])
            whole['events'] += page['events']
        whole.pop('next_cursor', None)
        return whole

    def written(self, *words):
        """What the tool hands out."""
        path = os.path.join(self.hub.made, 'person.json')
        done = run('audit', 'export', *words, '--to', path, '--data', self.hub.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(path, encoding='utf-8') as file:
            return json.load(file)

    @staticmethod
    def events(whole):
        return [event for event in whole['events'] if 'sequence' in event]

    def test_it_is_what_the_tool_hands_out(self):
        shown, written = self.pages(), self.written('person_1')
        self.assertEqual(self.events(shown), self.events(written))
        self.assertEqual({**shown, 'events': []}, {**written, 'events': []})
        self.assertIn('words 4 of person_1', json.dumps(shown))
        self.assertNotIn('person_2', json.dumps(shown))
        self.assertEqual(shown['state']['customer_id'], 'person_1')

    def test_pages_leave_nothing_out_and_repeat_nothing(self):
        whole = self.pages()
        for limit in (1, 2, 3, 7):
            parts = self.pages(limit=limit)
            self.assertEqual(self.events(parts), self.events(whole))
            readings = [json.dumps(event, sort_keys=True) for event in parts['events'] if 'sequence' not in event]
            self.assertEqual(len(readings), len(set(readings)), 'each has its time')
            self.assertGreater(len(readings), 0)

    def test_who_read_is_in_it(self):
        self.auditor.get(PATH, headers={'Hub-Purpose': 'Article 15'})
        readings = [event for event in self.pages()['events'] if 'sequence' not in event]
        self.assertIn(('access_entry', 'Article 15', 'GET /customer/{customer_id}/export', "key 'auditor' (auditor)"),
                      [(event['type'], event['payload'].get('purpose'), event['payload']['what'], event['who']) for event in readings])

    def test_an_earlier_moment(self):
        at = self.hub.get(f'/events?type=message_received&limit=1&customer_id=person_1').json['events'][0]
        shown = self.auditor.get(f"{PATH}?at={at['position']}").json
        self.assertEqual(shown['events'][-1]['type'], 'message_received')
        self.assertEqual({**shown, 'events': []}, {**self.written('person_1', '--as-of', str(shown['as_of'])), 'events': []})
        self.assertEqual(self.auditor.get(f'{PATH}?at=2001-01-01T00:00:00Z').status, 404)

    def test_a_large_history_comes_in_bounded_pages(self):
        self.hub.create_session('person_3', 'session_3')
        for number in range(300):
            self.hub.say('person_3', 'session_3', f'{number:4}' + 16000 * 'x')
        answer = self.auditor.get('/customer/person_3/export')
        self.assertIn('next_cursor', answer.json)
        self.assertLess(len(answer.body), 5 << 20)
        rest = self.auditor.get(f"/customer/person_3/export?cursor={answer.json['next_cursor']}").json
        said = [event['payload']['content'][:4] for event in answer.json['events'] + rest['events'] if event['type'] == 'message_received']
        self.assertEqual(said, [f'{number:4}' for number in range(300)])

    def test_only_admins_and_auditors_of_the_company(self):
        for role, client in self.clients.items():
            self.assertEqual(client.get(PATH).status, 200 if role == 'auditor' else 403, role)
        self.assertEqual(self.hub.get(PATH).status, 200)
        other = self.hub.post('/companies', {'name': 'Other', 'admin_email': 'admin@other.example'})
        self.assertEqual(other.status, 201, other)
        stranger = Client(self.hub.port, key=other.json['api_key'])
        for name in ('person_1', self.pages()['customer']):
            self.assertEqual(stranger.get(f'/customer/{name}/export').status, 404)

    def test_what_is_wrong_is_said(self):
        answer = self.auditor.get('/customer/nobody/export')
        self.assertEqual((answer.status, answer.json['errors'][0]['pointer']), (404, '/customer_id'))
        at = self.hub.get('/status').json['position']
        for query in ('cursor=x', 'cursor=x~1~2~3', 'cursor=~1~2~3', f'cursor={at}', f'cursor={at}~1~2', f'cursor={at}~1~~3', f'cursor={at}~1~2~x',
                      f'cursor={at}~1~2~3~4', f"cursor={at}~1~2~{19 * '9'}", 'limit=0', 'limit=1001', 'more=1'):
            answer = self.auditor.get(f'{PATH}?{query}')
            self.assertEqual(answer.status, 400, (query, answer))

    def test_who_was_erased_is_there_without_a_word(self):
        self.hub.create_session('person_4', 'session_4')
        self.hub.say('person_4', 'session_4', 'nobody shall know')
        mine = self.pages('/customer/person_4/export')['customer']
        erased = self.hub.post('/customer/person_4/erase', {'reason': 'case 1', 'end_sessions': True, 'confirm': 'person_4'})
        self.assertEqual(erased.status, 200, erased)
        self.assertEqual(self.auditor.get('/customer/person_4/export').status, 404)
        shown = self.pages(f'/customer/{mine}/export')
        self.assertNotIn('nobody shall know', json.dumps(shown))
        self.assertIn('[erased]', json.dumps(shown))
        self.assertIn('customer_erased', [event.get('type') for event in shown['events']])
        self.assertEqual(self.events(shown), self.events(self.written(mine, '--as-of', str(shown['as_of']))))


if __name__ == '__main__':
    unittest.main()
