#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An erased person is unreadable everywhere, and everything else is as it was (I11)."""

import json
import os
import shutil
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import KEY, Client, Hub, run, wait_for  # noqa: E402
from privacy_test import grep  # noqa: E402
from websocket import WebSocket  # noqa: E402

MARKER, NAME = 'ErasedMarker90210', 'NameOfErased55'
CUSTOMER, SESSION = 'erased-person@example.test', 'session-of-erased-person'
OTHER = 'somebody-else@example.test'
ERASED = '[erased]'
REASON = 'Article 17 (1) b, case 4711'


def fill(hub, customer=CUSTOMER, session=SESSION, marker=MARKER):
    """A customer with values in every place that has some."""
    hub.create_session(customer, session, 'chat', customer_profile={'name': NAME, 'email': customer}, metadata={'m': marker})
    hub.say(customer, session, f'words {marker}')
    hub.post(f'/customer/{customer}/context', {'context': {'c': marker}})
    assert hub.ask('PUT', f'/customer/{customer}/stop', {'stop': True, 'reason': marker}).status == 200
    moved = hub.post('/transfer/channel', {'session_id': session, 'to_channel': 'email', 'reason': marker})
    assert moved.status == 200, moved
    sent = hub.post('/message/respond', {'session_id': session, 'content': f'answer {marker}'}).json['message_id']
    wait_for(lambda: hub.get(f'/message/{sent}').json['message']['status'] == 'delivered')
    return sent


def erase(hub, customer=CUSTOMER, **more):
    return hub.post(f'/customer/{customer}/erase', {'reason': REASON, 'confirm': customer, 'end_sessions': True, **more})


def hashes(data, *words):
    done = run('replay', '--hashes', '--data', data, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Erasure(unittest.TestCase):
    """One hub; the tests go through a life in their order."""

    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.message = fill(cls.hub)
        fill(cls.hub, OTHER, 'session-of-somebody-else', 'kept words')
        cls.session = cls.hub.get(f'/session/{SESSION}').json
        cls.copy = os.path.join(cls.hub.made, 'before')

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def refused(self, answer, status, code, words):
        self.assertEqual((answer.status, answer.json['code']), (status, code), answer)
        self.assertIn(words, answer.json['detail'])

    def test_1_what_is_asked_wrongly_is_refused_and_changes_nothing(self):
        hub, path = self.hub, f'/customer/{CUSTOMER}/erase'
        before = hub.get(f'/customer/{CUSTOMER}/unified-view').body
        right = {'reason': REASON, 'confirm': CUSTOMER}
        self.refused(hub.post(path, {**right, 'confirm': OTHER}), 400, 'invalid_field', "the customer's id again")
        self.refused(hub.post(path, {**right, 'reason': f'because {CUSTOMER} asked'}), 400, 'invalid_field', 'must not stand in it')
        self.refused(hub.post(path, right), 409, 'conflict', 'Open sessions of the customer: 1')
        self.refused(hub.post(path, {'confirm': CUSTOMER}), 400, 'invalid_field', 'reason')
        self.refused(hub.post(path, {'reason': REASON}), 400, 'invalid_field', 'confirm')
        self.refused(hub.post(path, {**right, 'version': 3}), 400, 'invalid_field', 'version')
        self.refused(hub.post('/customer/nobody/erase', {**right, 'confirm': 'nobody'}), 404, 'not_found', 'no such customer')
        self.refused(hub.get('/customer/nobody/erasure'), 404, 'not_found', 'no such customer')
        self.refused(hub.get(f'/customer/{CUSTOMER}/erasure?x=1'), 400, 'invalid_query', 'no query parameters')
        for role in ('agent', 'supervisor', 'analyst', 'auditor', 'service'):
            made = hub.post('/api-keys', {'name': role, 'role': role}).json
            client = Client(hub.port, made['api_key'])
            self.refused(client.post(path, right), 403, 'forbidden', '')
            self.assertEqual(client.get(f'/customer/{CUSTOMER}/erasure').status, 200 if role == 'auditor' else 403)
            client.close()
        self.assertEqual(hub.get(f'/customer/{CUSTOMER}/unified-view').body, before)

    def test_2_the_preview_counts_what_is_held(self):
        shown = self.hub.get(f'/customer/{CUSTOMER}/erasure').json
        self.assertFalse(shown['is_erased'])
        self.assertNotIn('certificate', shown)
        held = shown['held']
        self.assertEqual((held['messages'], held['sessions'], held['open_sessions'], held['names'], held['under_way']),
                         (2, 1, 1, 2, 0))
        events = [json.loads(line) for line in
                  run('replay', '--customer', CUSTOMER, '--data', self.hub.data, '--json').stdout.splitlines()]
        self.assertEqual(held['events'], len(events))
        self.assertGreater(held['personal_values'], 10)

    def test_3_it_is_done_and_certified(self):
        hub = self.hub
        hub.stop()
        shutil.copytree(hub.data, self.copy)
        hub.start()
        held = hub.get(f'/customer/{CUSTOMER}/erasure').json['held']
        for path in (f'/session/{SESSION}', f'/customer/{CUSTOMER}/unified-view'):  # ids that were opened are remembered
            self.assertIn(CUSTOMER, hub.get(path).body.decode())
        type(self).before = {path: hub.get(path).json for path in ('/analytics/dashboard',)}
        key = {'Idempotency-Key': 'erase-once'}
        body = {'reason': REASON, 'confirm': CUSTOMER, 'end_sessions': True}
        socket = WebSocket(hub.port, '/ws/dashboard', KEY)
        answer = hub.post(f'/customer/{CUSTOMER}/erase', body, headers=key)
        self.assertEqual(answer.status, 200, answer)
        type(self).shown = answer.json
        type(self).customer = answer.json['customer']
        self.assertTrue(answer.json['is_erased'])
        self.assertEqual((answer.json['held'], answer.json['certificate']['destroyed'], answer.json['certificate']['reason']),
                         (held, held, REASON))
        again = hub.post(f'/customer/{CUSTOMER}/erase', body, headers=key)
        self.assertEqual((again.status, again.json['customer']), (200, self.customer), again)
        self.refused(erase(hub), 404, 'not_found', 'no such customer')
        self.refused(erase(hub, self.customer), 410, 'erased', 'erased')
        later = hub.get(f'/customer/{self.customer}/erasure').json
        self.assertEqual((later['is_erased'], later['held'], later['certificate']['hash']),
                         (True, held, answer.json['certificate']['hash']))
        heard = socket.read_until(lambda frame: 'ended' in repr(frame))
        self.assertNotIn(MARKER, repr(heard))
        socket.close()

    def test_4_every_answer_shows_the_mark_and_no_value(self):
        hub = self.hub
        session = wait_for(lambda: hub.get(f'/customer/{self.customer}/sessions').json['sessions'])[0]
        ours = self.message.split('-m')[0]
        self.assertEqual(session['status'], 'ended')
        paths = [f'/customer/{self.customer}/{what}' for what in ('unified-view', 'sessions', 'history', 'consent')]
        paths += [f'/session/{ours}', f'/session/{ours}/messages', f'/message/{self.message}', f'/transfer/{ours}-t1/status']
        for path in paths:
            answer = hub.get(path)
            self.assertEqual(answer.status, 200, (path, answer))
            for text in (MARKER, NAME, CUSTOMER, SESSION):
                self.assertNotIn(text, answer.body.decode(), path)
        view = hub.get(paths[0]).json
        self.assertEqual((view['customer_id'], view['customer_profile']['name'], view['context'] if 'context' in view else ERASED),
                         (ERASED, ERASED, ERASED))
        self.assertEqual({entry['content'] for entry in view['interaction_timeline'] if 'content' in entry}, {ERASED})
        for path in ('/sessions/active', '/customers/stopped', '/agents'):
            self.assertNotIn(self.customer, hub.get(path).body.decode(), path)
        self.assertEqual(hub.get(f'/session/{SESSION}').status, 404)

    def test_5_the_others_are_as_they_were(self):
        view = self.hub.get(f'/customer/{OTHER}/unified-view').body.decode()
        self.assertIn('kept words', view)
        now, then = self.hub.get('/analytics/dashboard').json, self.before['/analytics/dashboard']
        self.assertEqual([key for key in then if key not in now], [])

    def test_6_the_same_id_is_somebody_new(self):
        self.assertEqual(self.hub.get(f'/customer/{CUSTOMER}/unified-view').status, 404)
        self.hub.say(CUSTOMER, SESSION, 'I am new here')
        view = self.hub.get(f'/customer/{CUSTOMER}/unified-view').json
        self.assertEqual((view['customer_id'], view['total_interactions']), (CUSTOMER, 1))
        self.assertNotIn('customer_profile', view)

    def test_7_nobody_writes_to_who_was_erased(self):
        hub, ours = self.hub, self.message.split('-m')[0]
        for method, path, body in (('POST', '/session/create', {'customer_id': self.customer, 'channel': 'chat'}),
                                   ('POST', '/message/process', {'customer_id': self.customer, 'channel': 'chat', 'content': 'x'}),
                                   ('POST', f'/customer/{self.customer}/context', {'context': {}}),
                                   ('PUT', f'/customer/{self.customer}/stop', {'stop': True}),
                                   ('PUT', f'/customer/{self.customer}/consent', {'channel': 'sms', 'status': 'opted_in'})):
            self.refused(hub.ask(method, path, body), 410, 'erased', 'erased')
        self.assertEqual(hub.post('/message/respond', {'session_id': ours, 'content': 'x'}).status, 409)

    def test_8_nothing_can_be_read_from_the_directory(self):
        hub = self.hub
        self.assertEqual(hub.stop(), 0, hub.complaints()[-3000:])
        for text in (MARKER, NAME, 'session-of-erased'):
            self.assertEqual(grep(hub.data, text), [])
        self.assertIn('The log is sound', run('audit', 'verify', '--data', hub.data).stdout)
        told = run('replay', '--customer', self.customer, '--data', hub.data, '--json')
        self.assertNotIn(MARKER, told.stdout)
        self.assertIn(ERASED, told.stdout)

    def test_9_folds_are_what_they_were_with_and_without_keys(self):
        expected = hashes(self.hub.data)
        without = os.path.join(self.hub.made, 'without-keys')
        shutil.copytree(self.hub.data, without, ignore=shutil.ignore_patterns('keys', 'views'))
        self.assertEqual(hashes(without), expected)
        position = str(self.shown['certificate']['position'] - 1)
        ours = f'customer/{self.customer}'
        for_both = [run('replay', '--state', ours, '--at', position, '--data', data).stdout for data in (self.copy, self.hub.data)]
        self.assertIn(NAME, for_both[0])
        self.assertNotIn(NAME, for_both[1])

    def test_A_old_keys_do_not_bring_anybody_back(self):
        hub = self.hub
        shutil.rmtree(os.path.join(hub.data, 'keys'))
        shutil.copytree(os.path.join(self.copy, 'keys'), os.path.join(hub.data, 'keys'))
        hub.start()
        self.assertEqual(hub.get(f'/customer/{self.customer}/unified-view').json['customer_id'], ERASED)
        hub.stop()
        self.assertNotIn(NAME, run('replay', '--customer', self.customer, '--data', hub.data, '--json').stdout)


class Unfinished(unittest.TestCase):
    def test_an_erasure_that_was_killed_is_complete_after_the_restart(self):
        """Killed while it is asked for, again and again: it was done, or it was not, and what was done is whole."""
        done = 0
        with Hub() as hub:
            for number in range(6):
                customer, session = f'victim{number}@example.test', f'session-of-{number}'
                hub.create_session(customer, session, customer_profile={'name': f'{NAME} {number}'})
                hub.say(customer, session, f'{MARKER} {number}')
                ours = hub.get(f'/customer/{customer}/erasure').json['customer']
                pid = os.fork()
                if pid == 0:
                    try:
                        erase(hub, customer)
                    finally:
                        os._exit(0)
                wait_for(lambda: number == 0 or 'customer_erased' in run('replay', '--stream', f'customer/{ours}',
                                                                         '--data', hub.data).stdout)
                hub.process.send_signal(signal.SIGKILL)
                os.waitpid(pid, 0)
                hub.restart()
                erased = 'customer_erased' in run('replay', '--stream', f'customer/{ours}', '--data', hub.data).stdout
                view = hub.get(f'/customer/{ours}/unified-view').json
                self.assertEqual(view['customer_id'], ERASED if erased else customer)
                if erased:
                    done += 1
                    wait_for(lambda: hub.get(f'/customer/{ours}/unified-view').json['active_sessions'] == 0)
                    self.assertEqual(hub.get(f'/customer/{customer}/unified-view').status, 404)
            self.assertGreaterEqual(done, 5)
            hub.stop()
            self.assertIn('The log is sound', run('audit', 'verify', '--data', hub.data).stdout)


class UnderWay(unittest.TestCase):
    def test_what_is_still_to_be_sent_is_dropped_with_a_reason(self):
        with Hub(options=['--loopback-failures', '100']) as hub:
            hub.create_session(CUSTOMER, SESSION)
            sent = hub.post('/message/respond', {'session_id': SESSION, 'content': MARKER}).json['message_id']
            wait_for(lambda: 'loopback_failed' in run('replay', '--data', hub.data, '--json').stdout)
            self.assertEqual(hub.get(f'/customer/{CUSTOMER}/erasure').json['held']['under_way'], 1)
            self.assertEqual(erase(hub).status, 200)
            wait_for(lambda: '"failure":"erased"' in run('replay', '--data', hub.data, '--json').stdout.replace(' ', ''))
            message = hub.get(f'/message/{sent}').json['message']
            self.assertNotEqual(message['status'], 'delivered')
            self.assertEqual(message['content'], ERASED)


if __name__ == '__main__':
    unittest.main()
