#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Routing over the API: the table and its dry run, decisions with receipts now and as of then, analyses, performance."""

import json
import os
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))

from running import KEY, Hub, run, wait_for  # noqa: E402
from websocket import WebSocket  # noqa: E402


def table(name='angry', when="sentiment >= 'negative'", **more):
    return {'rules': [{'name': name, 'when': when, 'points': 10, 'ageing': 1, 'needs': {'queue': 'complaints'},
                       'targets': [{'channel': 'voice', 'reason': 'A person for {mood} people', 'minutes_min': 5,
                                    'minutes_max': 10}]}], **more}


class Routing(unittest.TestCase):
    def setUp(self):
        self.hub = Hub()
        self.addCleanup(self.hub.remove)
        self.addCleanup(self.hub.kill)

    def made(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def refused(self, answer, status, code, pointer=None):
        self.assertEqual((answer.status, answer.json['code']), (status, code), answer)
        if pointer is not None:
            self.assertEqual(answer.json['errors'][0]['pointer'], pointer, answer)

    def put(self, body, query='', **headers):
        return self.hub.ask('PUT', '/routing/rules' + query, body, headers=headers)

    def decide(self, customer, **more):
        return self.made(self.hub.post('/routing/decision', {'customer_id': customer, **more}))['decision']

    def test_the_table_is_versioned_checked_and_run_dry(self):
        first = self.hub.get('/routing/rules')
        self.assertEqual((self.made(first)['version'], first.json['is_default'], first.headers['ETag']), (1, True, '"1"'))
        self.assertEqual(first.json['rules'][0]['name'], 'documents_on_voice')
        self.hub.create_session('c-rules', 's-rules')
        for mood in ('angry', 'positive', 'frustrated'):
            self.decide('c-rules', sentiment=mood, assign=False)
        before = self.hub.get('/health').position
        for dry in (self.put(table(), '?dry_run=true'), self.put(table(dry_run=True))):
            run = self.made(dry)['dry_run']
            self.assertEqual((run['decisions'], run['changed'], run['changed_rule']), (3, 2, 2))
        self.assertEqual(self.hub.get('/health').position, before)
        self.refused(self.put(table(), '?dry_run=perhaps'), 400, 'invalid_query')
        self.refused(self.put(table(), '?dry=true'), 400, 'invalid_query')
        stored = self.put(table(), **{'If-Match': '"1"'})
        self.assertEqual((self.made(stored)['version'], stored.headers['ETag']), (2, '"2"'))
        self.assertEqual(stored.json['dry_run']['changed'], 2)
        self.refused(self.put(table(), **{'If-Match': '"1"'}), 412, 'precondition_failed')
        self.assertEqual(self.made(self.hub.get('/routing/rules'))['version'], 2)
        then = self.made(self.hub.get(f'/routing/rules?at={before}'))
        self.assertEqual((then['version'], then['is_default']), (1, True))
        self.hub.restart()
        self.assertEqual(self.made(self.hub.get('/routing/rules'))['rules'][0]['name'], 'angry')

    def test_a_wrong_table_is_refused_with_its_place(self):
        wrong = table(when="sentiment >= 'mad'")
        answer = self.put(wrong)
        self.refused(answer, 400, 'invalid_field', '/rules/0/when')
        self.assertIn('byte 13: A value for sentiment must be one of', answer.json['detail'])
        calendar = {'name': 'office', 'timezone': 'Europe/Nowhere', 'hours': []}
        self.refused(self.put(table(calendars=[calendar])), 400, 'invalid_field', '/calendars/0/timezone')
        self.assertEqual(self.made(self.hub.get('/routing/rules'))['version'], 1)

    def test_time_zones_are_data_of_the_table(self):
        days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
        calendar = {'name': 'always', 'timezone': 'Europe/Berlin', 'hours': [{'days': days, 'from': '00:00', 'to': '24:00'}]}
        stored = self.made(self.put(table(when='is_open and hour < 24', calendars=[calendar])))
        zone = stored['zones'][0]
        self.assertEqual(zone['timezone'], 'Europe/Berlin')
        self.assertEqual({shift['offset_s'] for shift in zone['shifts']}, {3600, 7200})
        self.assertGreaterEqual(len(zone['shifts']), 10)
        self.assertTrue(all(shift['from'].endswith('T01:00:00.000000Z') for shift in zone['shifts'][1:]))
        self.hub.create_session('c-zone', 's-zone')
        self.assertEqual(self.decide('c-zone', assign=False)['rule'], 'angry')

    def test_a_decision_knows_what_the_hub_knows_and_leaves_a_receipt(self):
        self.hub.create_session('c-know', 's-know', customer_profile={'tier': 'enterprise', 'language': 'de'})
        self.hub.say('c-know', 's-know', 'I am furious, everything is down, this is an emergency')
        before = self.hub.get('/health').position
        answer = self.hub.post('/routing/decision', {'customer_id': 'c-know', 'assign': False})
        receipt = self.made(answer)['decision']
        inputs = receipt['inputs']
        self.assertEqual((inputs['channel'], inputs['sentiment'], inputs['urgency'], inputs['tier'], inputs['language']),
                         ('chat', 'angry', 'critical', 'enterprise', 'de'))
        self.assertEqual((receipt['rule'], receipt['channel'], receipt['outcome']),
                         ('frustrated_enterprise', 'voice', 'advised'))
        self.assertEqual(receipt['rules'][0]['explanation'],
                         "Does not apply: this part of its condition does not hold: channel == 'voice'")
        path = f'/routing/decisions/{receipt["decision_id"]}'
        self.assertEqual(self.made(self.hub.get(path))['decision'], receipt)
        self.assertEqual(self.made(self.hub.get(f'{path}?at={answer.position}'))['decision'], receipt)
        self.refused(self.hub.get(f'{path}?at={before}'), 404, 'not_found')
        history = self.made(self.hub.get('/customer/c-know/history'))
        self.assertEqual(self.made(self.hub.get(f'/customer/c-know/history?at={answer.position}')), history)
        self.refused(self.hub.post('/routing/decision', {'customer_id': 'nobody-knows'}), 404, 'not_found', '/customer_id')

    def test_who_finds_nobody_waits_and_who_is_transferred_moves(self):
        self.hub.create_session('c-wait', 's-wait')
        receipt = self.decide('c-wait', session_id='s-wait', sentiment='neutral')
        self.assertEqual(receipt['outcome'], 'queued')
        self.assertIn('Nobody who fits has room, so the customer waits', receipt['summary'])
        wait_for(lambda: self.hub.get('/session/s-wait').json['status'] == 'waiting')
        self.hub.create_session('c-move', 's-move')
        moved = self.decide('c-move', session_id='s-move', sentiment='angry', urgency='critical', transfer=True,
                            assign=False)
        self.assertEqual((moved['channel'], moved['transferred']), ('voice', True))
        wait_for(lambda: self.hub.get('/session/s-move').json['channel'] == 'voice')
        performance = self.made(self.hub.get('/routing/performance'))
        self.assertEqual((performance['total']['decided'], performance['total']['queued']), (2, 1))
        self.assertEqual([share['rule'] for share in performance['by_rule']], ['scored', 'frustrated'])

    def agent(self, email, **more):
        body = {'email': email, 'password': 'correct horse', **more}
        return self.made(self.hub.post('/agents', body), 201)['agent_id']

    def settled(self, receipt):
        path = f'/routing/decisions/{receipt["decision_id"]}'
        return wait_for(lambda: (lambda now: now if 'end' in now else None)(self.made(self.hub.get(path))['decision']))

    def test_room_is_counted_in_one_place(self):
        one = self.agent('agent_1@example.com', skills=['calm'], capacity=[{'channel': 'chat', 'limit': 1}])
        other = self.agent('agent_2@example.com')
        self.made(self.put({'rules': [{
            'name': 'all', 'needs': {'queue': 'all', 'skills': ['calm']}, 'points': 1,
            'targets': [{'channel': 'chat', 'reason': 'In writing', 'minutes_min': 1, 'minutes_max': 2}]}]}))
        for agent in (one, other):
            self.made(self.hub.ask('PUT', f'/agents/{agent}/presence', {'presence': 'available'}))
        for name in ('a', 'b'):
            self.hub.create_session(f'c-{name}', f's-{name}')
        first = self.settled(self.decide('c-a'))
        self.assertEqual((first['end'], first['agent_id']), ('accepted', one))
        second = self.decide('c-b')
        self.assertEqual(second['outcome'], 'queued')
        why = {candidate['agent_id']: candidate['explanation'] for candidate in second['agents']}
        self.assertEqual(why[one], 'Has no room: 1 of 1 conversations on chat.')
        self.assertEqual(why[other], 'Lacks the required skill calm.')
        wait_for(lambda: self.hub.get('/session/s-a').json['status'] == 'active')
        self.made(self.hub.ask('PUT', f'/agents/{other}', {'skills': ['calm']}))
        done = self.settled(second)
        self.assertEqual((done['end'], done['agent_id']), ('accepted', other))
        self.assertIn('assigned_at', done)
        total = self.made(self.hub.get('/routing/performance'))
        self.assertEqual((total['assignments'], total['total']['accepted']), (2, 2))
        self.assertLessEqual(total['assignment_seconds_p50'], total['assignment_seconds_p90'])

    def told(self, customer):
        """What became of a customer's decisions, as the customer's own history has it."""
        done = run('audit', 'history', customer, '--format', 'json', '--data', self.hub.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(line) for line in done.stdout.splitlines()[1:]]
        return [row for row in rows if row['type'].startswith('routing_')]

    def test_a_customer_s_history_tells_who_got_the_customer(self):
        one = self.agent('agent_1@example.com')
        for name in ('a', 'b', 'gone'):
            self.hub.create_session(f'c-{name}', f's-{name}')
        first, gone = self.decide('c-a', session_id='s-a'), self.decide('c-gone', session_id='s-gone')
        ours = self.told('c-gone')[0]['payload']['customer']
        self.made(self.hub.post('/customer/c-gone/erase', {'reason': 'case 1', 'end_sessions': True, 'confirm': 'c-gone'}))
        left = wait_for(lambda: [row for row in self.told(ours) if row['type'] == 'routing_settled'])
        self.assertEqual([(row['payload']['end'], row['payload']['decision']) for row in left], [('gone', gone['decision_id'])])
        self.made(self.hub.ask('PUT', f'/agents/{one}/presence', {'presence': 'available'}))
        self.settled(first)
        rows = self.told('c-a')
        self.assertEqual([row['type'] for row in rows], ['routing_decided', 'routing_assigned', 'routing_settled'])
        self.assertEqual({row['payload']['decision'] for row in rows}, {first['decision_id']})
        self.assertEqual([row['payload'].get('agent') for row in rows], [None, one, one])
        other = self.settled(self.decide('c-b', session_id='s-b'))
        self.assertEqual({row['payload']['decision'] for row in self.told('c-b')}, {other['decision_id']})
        for path in ('/customer/c-a/export', '/events?customer_id=c-a&limit=1000'):
            types = [event.get('type') for event in self.made(self.hub.get(path))['events']]
            self.assertEqual([name for name in types if str(name).startswith('routing_')], [row['type'] for row in rows])
        self.hub.stop()
        for words in (('audit', 'verify'), ('replay', '--verify')):
            done = run(*words, '--data', self.hub.data)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_an_analysis_explains_itself_and_writes_nothing(self):
        before = self.hub.get('/health').position
        analysis = self.made(self.hub.post('/routing/analyze-context', {
            'text': 'Ich bin nicht zufrieden, bitte dringend um Rückruf', 'current_channel': 'email'}))
        self.assertEqual((analysis['sentiment'], analysis['urgency'], analysis['intent']), ('negative', 'high', 'human'))
        self.assertEqual([row['words'] for row in analysis['evidence']], ['nicht', 'zufrieden', 'dringend', 'rückruf'])
        self.assertEqual(analysis['context']['channel'], 'email')
        advice = self.made(self.hub.post('/intelligent-routing', {'customer_id': 'x', 'urgency': 'critical'}))
        self.assertEqual(advice['intelligent_routing']['rule'], 'critical')
        self.assertEqual(advice['intelligent_routing']['rules'][-1]['won'], True)
        self.assertEqual(self.hub.get('/health').position, before)

    def test_a_decision_is_heard_at_once(self):
        self.hub.create_session('c-hear', 's-hear')
        socket = WebSocket(self.hub.port, '/ws/s-hear', KEY)
        self.addCleanup(socket.sock.close)
        socket.read_until('connected')
        receipt = self.decide('c-hear', sentiment='angry', urgency='high', assign=False)
        frame = socket.read_until('routing_recommendation')
        self.assertEqual(frame['payload']['recommendation'],
                         'voice: Immediate human connection for angry customer.')
        self.assertEqual((frame['payload']['decisionId'], frame['sessionId']), (receipt['decision_id'], 's-hear'))


if __name__ == '__main__':
    unittest.main()
