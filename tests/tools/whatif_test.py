#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`whatif`: the past routed again by other rules and with other room, writing nothing."""

import hashlib
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'e2e'))
from running import Hub, run, wait_for  # noqa: E402

TARGET = {'reason': 'In writing', 'minutes_min': 1, 'minutes_max': 2}


def rules(channel, **more):
    return {'rules': [{'name': f'all_{channel}', 'targets': [{'channel': channel, **TARGET}], **more}]}


class WhatIf(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One agent with room for one chat, another who lacks the skill; two customers want a person, one asks for advice."""
        cls.hub = hub = Hub()
        cls.addClassCleanup(hub.remove)
        cls.addClassCleanup(hub.kill)
        assert hub.ask('PUT', '/routing/rules', rules('chat', needs={'queue': 'all', 'skills': ['calm']})).status == 200
        for name, more in (('one', {'skills': ['calm'], 'capacity': [{'channel': 'chat', 'limit': 1}]}), ('two', {})):
            agent = hub.post('/agents', {'email': f'{name}@example.com', 'password': 'correct horse', **more}).json['agent_id']
            assert hub.ask('PUT', f'/agents/{agent}/presence', {'presence': 'available'}).status == 200
        for name in ('a', 'b', 'c'):
            hub.create_session(f'c-{name}', f's-{name}')
            body = {'customer_id': f'c-{name}', 'assign': name != 'c'}
            decision = hub.post('/routing/decision', body).json['decision']
            if name == 'a':
                path = f'/routing/decisions/{decision["decision_id"]}'
                wait_for(lambda: hub.get(path).json['decision'].get('end') == 'accepted')
        assert decision['outcome'] == 'advised'
        assert hub.stop() == 0
        cls.other = os.path.join(hub.made, 'rules.json')

    def whatif(self, *words, table=None):
        if table is not None:
            with open(self.other, 'w', encoding='utf-8') as file:
                file.write(table if isinstance(table, str) else json.dumps(table))
            words = ('--rules', self.other, *words)
        return run('whatif', '--data', self.hub.data, *words)

    def told(self, *words, **more):
        done = self.whatif('--json', *words, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        return found, {row.pop('run'): row for row in found['runs']}

    def refused(self, status, words, *given, **more):
        done = self.whatif(*given, **more)
        self.assertEqual((done.returncode, done.stdout), (status, ''), done.stderr)
        self.assertIn(words, done.stderr)

    def files(self):
        digests = {}
        for name in ('log', 'keys'):
            for folder, _, names in os.walk(os.path.join(self.hub.data, name)):
                for path in (os.path.join(folder, name) for name in names):
                    with open(path, 'rb') as file:
                        digests[path] = hashlib.sha256(file.read()).hexdigest()
        return digests

    def test_the_rules_of_then_come_out_as_they_did(self):
        _, runs = self.told('--capacity', 'voice=7')
        for name in ('recorded', 'before', 'after'):
            self.assertEqual([runs[name][key] for key in ('decisions', 'wanted', 'given')], [3, 2, 1], name)

    def test_more_room_takes_who_waited(self):
        found, runs = self.told('--capacity', 'chat=2')
        self.assertEqual((runs['before']['given'], runs['after']['given'], runs['after']['within']), (1, 2, 2))
        self.assertEqual((found['changed_rule'], found['changed_channel']), (0, 0))
        self.assertEqual(self.told('--capacity', 'chat=0')[1]['after']['given'], 0)

    def test_other_rules_change_channels_and_who_fits(self):
        before = self.files()
        found, runs = self.told(table=rules('email'))
        self.assertEqual((found['decisions'], found['changed_rule'], found['changed_channel']), (3, 3, 3))
        self.assertEqual((runs['before']['given'], runs['after']['given']), (1, 2))
        shares = {row['figure']: (row['recorded'], row['before'], row['after']) for row in found['figures']}
        self.assertEqual(shares['channel email'], ('0.0 %', '0.0 %', '100.0 %'))
        self.assertEqual(shares['channel chat'], ('100.0 %', '100.0 %', '0.0 %'))
        self.assertEqual(shares['taken at all'], ('50.0 %', '50.0 %', '100.0 %'))
        self.assertIn('who asked, when and with what inputs', found['held_fixed'])
        self.assertEqual(self.files(), before)

    def test_people_read_a_table(self):
        done = self.whatif('--within', '5', table=rules('email'))
        self.assertEqual(done.returncode, 0, done.stderr)
        for words in (r'channel email +0.0 % +0.0 % +100.0 %', r'taken within 5 s +', r"agents' occupancy", r'mean wait', r'held fixed'):
            self.assertRegex(done.stdout, words)

    def test_what_cannot_be_replayed_is_said(self):
        self.refused(2, 'needs --rules FILE or --capacity')
        self.refused(2, "'chat' is not like chat=3,voice=1", '--capacity', 'chat')
        self.refused(2, "'pigeon=3' is not like", '--capacity', 'pigeon=3')
        self.refused(4, 'there is no such file', '--rules', self.other + '.none')
        self.refused(2, 'rules.json: ', table='{"rules": [')
        self.refused(2, '/rules/0/when: byte ', table=rules('email', when='tier = 3'))
        self.refused(2, '/rules/0/targets/0/channel', table=rules('pigeon'))
        self.refused(2, '/calendars/0/timezone: This time zone is not known here.',
                     table={**rules('email'), 'calendars': [{'name': 'x', 'timezone': 'Moon/Base', 'hours': []}]})
        self.refused(4, 'there is no routing decision from the start to 2', '--to', '2', table=rules('email'))
        self.refused(4, 'there is no company', '--company', '01ARZ3NDEKTSV4RRFFQ69G5FAV', table=rules('email'))
        self.refused(2, '--company takes an id', '--company', 'x', table=rules('email'))
        self.refused(2, 'is neither a position', '--from', 'yesterday', table=rules('email'))


if __name__ == '__main__':
    unittest.main()
