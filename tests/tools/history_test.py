#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`audit history`: what was known about a customer at a moment, and who did what, for people and for programs."""

import html.parser
import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import Client, Hub, run, wait_for  # noqa: E402

TRICKY = '<script>alert("1")</script> & more'


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.terms, self.term, self.depth = [], [], [], None, 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.term = tag if tag in ('dt', 'dd') else self.term
        if tag in ('dt', 'dd'):
            self.terms.append('')

    def handle_endtag(self, tag):
        if tag in ('dt', 'dd'):
            self.term = None

    def handle_data(self, data):
        if self.term:
            self.terms[-1] += data


def is_own(row):
    """A reading by these tools."""
    return row['type'] == 'access_entry' and row['payload']['what'].startswith('omnihub ')


class History(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        hub = cls.hub
        hub.create_session('customer_004', 'omni_session_004', 'voice', customer_profile={'name': TRICKY, 'tier': 'premium'})
        cls.middle = hub.say('customer_004', 'omni_session_004', TRICKY, 'voice')
        hub.post('/customer/customer_004/context', {'context': {'later': True}, 'profile': {'tier': 'enterprise'}})
        hub.create_session('customer_005', 'omni_session_005', 'chat', customer_profile={'name': 'somebody else'})

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def history(self, *words, status=0, data=None):
        done = run('audit', 'history', *words, '--data', data or self.hub.data)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout if status == 0 else done.stderr

    def events(self):
        lines = run('replay', '--customer', 'customer_004', '--data', self.hub.data, '--json').stdout.splitlines()
        return [json.loads(line) for line in lines]

    def test_json_has_the_customer_and_then_every_event(self):
        first, *rest = [json.loads(line) for line in self.history('customer_004', '--format', 'json').splitlines()]
        self.assertEqual((first['state']['profile'], first['state']['context']),
                         ({'name': TRICKY, 'tier': 'enterprise'}, {'later': True}))
        own, rest = ([event for event in rest if is_own(event) is wanted] for wanted in (True, False))
        self.assertTrue(own, 'asking is a reading, too')
        self.assertEqual([(event['sequence'], event['type'], event['payload']) for event in rest],
                         [(event['sequence'], event['type'], event['payload']) for event in self.events()])
        self.assertEqual({event['who'] for event in rest}, {"key 'first key' (admin)"})

    def test_at_an_earlier_moment_nothing_later_is_known(self):
        for event in self.events():
            for point in (str(event['sequence']), event['time']):
                first, *rest = [json.loads(line) for line in
                                self.history('customer_004', '--format', 'json', '--as-of', point).splitlines()]
                self.assertEqual(first['as_of'], event['sequence'])
                self.assertEqual([row for row in rest if not is_own(row)][-1]['sequence'], event['sequence'])
                if event['sequence'] < self.events()[-1]['sequence']:
                    self.assertNotIn('context', first['state'])

    def test_the_page_shows_all_of_it_and_needs_nothing_else(self):
        text = self.history('customer_004', '--format', 'html')
        page = Page(text)
        self.assertEqual([terms for terms in zip(page.terms[::2], page.terms[1::2]) if terms[0] in ('content', 'profile.name')],
                         [('profile.name', TRICKY), ('profile.name', TRICKY), ('content', TRICKY)])
        self.assertFalse({'script', 'link', 'img', 'iframe'} & set(page.tags))
        self.assertFalse({'src', 'href'} & set(page.attributes))
        self.assertNotIn('somebody else', text)
        self.assertTrue(text.startswith('<!doctype html>') and text.endswith('</html>\n'))

    def test_the_table_names_who_did_it(self):
        text = self.history('customer_004')
        self.assertIn('profile.tier: enterprise', text)
        self.assertEqual(text.count("    by key 'first key' (admin)\n"), len(self.events()))

    def test_what_a_customer_wrote_forges_no_line_and_moves_no_cursor(self):
        forged = '2026-01-01T00:00:00.000000Z  5  The customer said something.\n    by admin@test.example (admin)'
        self.hub.say('customer_forger', 'omni_session_forger', f'hello\x1b[2J\u009b2J\n{forged}')
        shown = self.history('customer_forger')
        self.assertNotIn('\n2026-01-01', shown)
        self.assertNotIn('\n    by admin@', shown)
        self.assertIn('content: hello?[2J?2J\n        2026-01-01', shown)
        done = run('replay', '--data', self.hub.data, '--customer', 'customer_forger', '--reason', f'because\n{forged}')
        self.assertIn('hello\\u001b[2J?2J\\n2026', done.stdout)
        self.assertNotIn('\n2026-01-01', run('audit', 'reads', '--data', self.hub.data).stdout)
        done = run('audit', 'history', f'\x1b[2J\u202e\n{forged}', '--data', self.hub.data)
        self.assertIn("omnihub: there is no customer '?[2J?\n  2026-01-01", done.stderr)

    def test_a_state_moves_no_cursor_and_is_what_it_was(self):
        name = 'Name \u009b2J \u202e \x7f \u2028'
        self.hub.create_session('customer_name', 'omni_session_name', customer_profile={'name': name})
        shown = run('replay', '--data', self.hub.data, '--state', 'customer/customer_name').stdout
        self.assertIn('Name \\u009b2J \\u202e \\u007f \\u2028', shown)
        self.assertEqual(json.loads(shown)['state']['profile']['name'], name)

    def test_the_longest_name_is_shown_whole(self):
        name = 'x' + '\U0001f600' * 99
        key = self.hub.post('/api-keys', {'name': name, 'role': 'admin'}).json
        client = Client(self.hub.port, key['api_key'])
        self.addCleanup(client.close)
        client.post('/message/process', {'customer_id': 'customer_007', 'channel': 'chat', 'content': 'hello'})
        for who in (f"key '{name}' (admin)", f"key '{name}' (admin, removed since)"):
            self.assertEqual(self.rows('customer_007')[0]['who'], who)
            self.assertEqual(self.hub.get('/customer/customer_007/export').json['events'][0]['who'], who)
            self.hub.ask('DELETE', f"/api-keys/{key['key_id']}")

    def test_without_keys_personal_values_are_sealed(self):
        there = os.path.join(self.hub.made, 'history-without-keys')
        shutil.copytree(self.hub.data, there, ignore=shutil.ignore_patterns('keys', 'lock'))
        ours = self.events()[0]['subject']
        text = self.history(ours, data=there)
        self.assertIn('content: [sealed]', text)
        self.assertNotIn('script', text)

    def test_who_read_is_shown_where_it_happened_and_who_is_gone_has_a_name(self):
        hub = self.hub
        hub.create_session('customer_006', 'omni_session_006', 'chat', customer_profile={'name': 'Read by others'})
        made = hub.post('/api-keys', {'name': 'a program of before', 'role': 'service'}).json
        asks = hub.post('/api-keys', {'name': 'an auditor', 'role': 'auditor'}).json
        program, auditor = Client(hub.port, made['api_key']), Client(hub.port, asks['api_key'])
        said = program.post('/message/process', {'customer_id': 'customer_006', 'channel': 'chat', 'content': 'by a program'})
        self.assertEqual(said.status, 200, said)
        self.assertEqual(auditor.get('/customer/customer_006/unified-view', headers={'Hub-Purpose': 'case 4711'}).status, 200)
        hub.say('customer_006', 'omni_session_006', 'after the reading', 'chat')
        for client, key in ((program, made), (auditor, asks)):
            client.close()
            self.assertEqual(hub.ask('DELETE', f"/api-keys/{key['key_id']}").status, 200)
        rows = wait_for(lambda: [rows for rows in [self.rows('customer_006')] if any(row['type'] == 'access_entry' and not is_own(row) for row in rows)])[0]
        rows = [row for row in rows if not is_own(row)]
        types = [row['type'] for row in rows]
        self.assertEqual(types[-3:], ['message_received', 'access_entry', 'message_received'])
        self.assertEqual([row['who'] for row in rows[-3:]], ["key 'a program of before' (service, removed since)",
                                                             "key 'an auditor' (auditor, removed since)", "key 'first key' (admin)"])
        position = rows[-2]['payload'].pop('position')
        self.assertIn(position, range(rows[-3]['sequence'], rows[-1]['sequence']))
        self.assertEqual(rows[-2]['payload'], {'role': 'auditor', 'what': 'GET /customer/{customer_id}/unified-view',
                                               'purpose': 'case 4711'})
        self.assertIn('Somebody read personal data.', self.history('customer_006', '--format', 'html'))
        before = str(rows[-3]['sequence'])
        self.assertNotIn('access_entry', [row['type'] for row in self.rows('customer_006', '--as-of', before)])
        reading = [row for row in self.rows('customer_006') if row['type'] == 'access_entry'][-1]
        self.assertTrue(is_own(reading), reading)
        self.assertEqual(self.rows('customer_006', '--as-of', reading['time'])[-1], reading)
        self.assertEqual(self.rows('customer_006', '--as-of', str(rows[-1]['sequence']))[-1], rows[-1])
        self.assertEqual([row for row in self.rows('customer_004') if row['type'] == 'access_entry' and not is_own(row)], [])

    def rows(self, customer, *words):
        return [json.loads(line) for line in self.history(customer, '--format', 'json', *words).splitlines()[1:]]

    def test_what_is_not_there_is_said(self):
        self.assertIn("no customer 'nobody'", self.history('nobody', status=4))
        self.assertIn('was not known yet at 2', self.history('customer_004', '--as-of', '2', status=4))
        self.assertIn('nothing was there yet', self.history('customer_004', '--as-of', '2000-01-01T00:00:00Z', status=4))
        self.assertIn('neither a position', self.history('customer_004', '--as-of', 'then', status=2))
        self.assertIn('takes one CUSTOMER', self.history(status=2))
        self.assertIn('table', self.history('customer_004', '--format', 'pdf', status=2))
        self.assertIn('26 characters', self.history('customer_004', '--company', 'x', status=2))
        self.assertIn('there is no company', self.history('customer_004', '--company', '01ARZ3NDEKTSV4RRFFQ69G5FAV', status=4))


if __name__ == '__main__':
    unittest.main()
