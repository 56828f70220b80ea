#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages that could not be delivered: listed, shown, sent again, given up, with who and why in the log."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import KEY, Client, Hub, run, wait_for  # noqa: E402

FAILING = ('--loopback-failures', '100', '--loopback-gives-up')
NOWHERE = 26 * '0' + '04' + 36 * '0'


class Dead(unittest.TestCase):
    def setUp(self):
        self.hub = Hub(options=FAILING)
        self.addCleanup(self.hub.__exit__)
        self.hub.create_session('customer_004', 'omni_session_004')

    def dead(self, *words, status=0, key=KEY):
        done = run('dead', *words, '--url', f'http://127.0.0.1:{self.hub.port}', env={'OMNICHANNEL_API_KEY': key})
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stderr if status else done.stdout

    def letters(self):
        return json.loads(self.dead('list', '--json'))['letters']

    def fail_to_say(self, *texts):
        """Messages of ours, all of them given up."""
        messages = []
        for text in texts:
            answer = self.hub.post('/message/respond', {'session_id': 'omni_session_004', 'content': text})
            self.assertEqual(answer.status, 200, answer)
            messages.append(answer.json['message_id'])
        wait_for(lambda: len(self.letters()) == len(texts), what='the dead letters')
        return messages

    def work_again(self):
        self.assertEqual(self.hub.stop(), 0)
        self.hub.options.clear()
        self.hub.start()

    def settled(self):
        said = run('replay', '--data', self.hub.data, '--type', 'letter_settled', '--json').stdout
        return [json.loads(line) for line in said.splitlines()]

    def test_what_was_given_up_is_listed_and_shown_with_its_words(self):
        message, = self.fail_to_say('The invoice is corrected')
        letter, = self.letters()
        self.assertEqual((letter['message'], letter['channel'], letter['failure']), (message, 'chat', 'loopback_failed'))
        self.assertNotIn('The invoice', self.dead('list'))
        self.assertIn(letter['letter'], self.dead('list'))
        shown = json.loads(self.dead('show', letter['letter'], '--json'))
        self.assertEqual((shown['message'], shown['content']), (message, 'The invoice is corrected'))
        self.assertIn('content      The invoice is corrected\n', self.dead('show', letter['letter']))

    def test_who_reads_the_words_is_noted(self):
        self.fail_to_say('The invoice is corrected')
        letter, = self.letters()
        self.hub.get(f"/dead-letters/{letter['letter']}", headers={'Hub-Purpose': 'complaint'})
        self.assertIn('GET /dead-letters/{letter_id}', [row['what'] for row in self.hub.get('/audit/reads').json['accesses']])

    def test_a_retry_delivers_and_stands_in_the_log(self):
        message, = self.fail_to_say('The invoice is corrected')
        letter = self.letters()[0]['letter']
        self.work_again()
        self.assertEqual(self.dead('retry', letter, '--reason', 'the provider is back'), f'{letter}: is sent again.\n')
        wait_for(lambda: self.hub.get(f'/message/{message}').json['message']['status'] == 'delivered', what='the delivery')
        self.assertIn('No message was given up.', self.dead('list'))
        event, = self.settled()
        self.assertEqual(event['payload'], {'index': 1, 'action': 'retry', 'reason': 'the provider is back'})
        self.assertTrue(event['principal'])
        self.assertIn('no such dead letter', self.dead('retry', letter, '--reason', 'once more', status=4))
        self.assertEqual(run('audit', 'verify', '--data', self.hub.data).returncode, 0)

    def test_what_fails_again_is_a_dead_letter_again(self):
        self.fail_to_say('The invoice is corrected')
        letter = self.letters()[0]['letter']
        self.dead('retry', letter, '--reason', 'perhaps now')
        wait_for(lambda: [row['letter'] for row in self.letters()] not in ([], [letter]), what='another dead letter')

    def test_what_is_dropped_is_gone_for_good(self):
        first, second = self.fail_to_say('One', 'Two')
        rows = {row['message']: row['letter'] for row in self.letters()}
        self.dead('drop', rows[first], '--reason', 'said on the telephone')
        self.work_again()
        self.assertEqual([row['message'] for row in self.letters()], [second])
        self.assertEqual([event['payload']['action'] for event in self.settled()], ['drop'])
        self.assertEqual(self.hub.get(f'/message/{first}').json['message']['status'], 'queued')

    def test_repeating_the_request_settles_once(self):
        self.fail_to_say('One', 'Two')
        letters = [row['letter'] for row in self.letters()]
        answers = [self.hub.post(f'/dead-letters/{letters[0]}/drop', {'reason': 'not needed'},
                                 headers={'Idempotency-Key': 'drop-1'}) for _ in range(2)]
        self.assertEqual([answer.status for answer in answers], [200, 200])
        self.assertEqual(answers[0].json, answers[1].json)
        self.assertEqual((len(self.settled()), len(self.letters())), (1, 1))
        other = self.hub.post(f'/dead-letters/{letters[0]}/drop', {'reason': 'not needed'}, headers={'Idempotency-Key': 'drop-2'})
        self.assertEqual(other.status, 404)

    def test_what_is_not_there_or_not_allowed_changes_nothing(self):
        self.fail_to_say('One')
        letter = self.letters()[0]['letter']
        agent = self.hub.post('/api-keys', {'name': 'an agent', 'role': 'agent'}).json['api_key']
        other = self.hub.post('/companies', {'name': 'Second', 'admin_email': 'second@test.example'}).json['api_key']
        for words, status, hint in ((('show', NOWHERE), 4, 'no such dead letter'),
                                    (('show', 'x'), 4, 'no such dead letter'),
                                    (('show', 'a/b'), 2, 'takes one id'),
                                    (('show',), 2, 'takes one id'),
                                    (('drop', letter), 2, 'needs --reason'),
                                    (('drop', letter, '--reason', 'x'), 2, 'reason'),
                                    (('retry', 16 * '0', '--reason', 'try it'), 4, 'No such input'),
                                    (('retry', 16 * 'x', '--reason', 'try it'), 4, 'No such input')):
            self.assertIn(hint, self.dead(*words, status=status), words)
        for key, status in ((agent, 5), ('wrong', 5), (other, 4)):
            self.dead('drop', letter, '--reason', 'because', key=key, status=status)
        self.assertIn('No message was given up.', self.dead('list', key=other))
        self.dead('list', '--inputs', key=other, status=5)
        self.assertEqual(json.loads(self.dead('list', '--inputs', '--json')), {'inputs': []})
        self.assertEqual((len(self.letters()), self.settled()), (1, []))
        self.assertEqual(Client(self.hub.port, key=agent).get('/dead-letters').status, 403)


class ParkedInputs(unittest.TestCase):
    def test_an_input_is_released_with_a_reason(self):
        with Hub() as hub:
            self.assertEqual(hub.stop(), 0)
            with open(os.path.join(hub.data, 'inputs'), 'r+b') as file:  # as three crashes leave it: actors/crash.c
                file.seek(8)
                file.write((1).to_bytes(8, 'little'))
                file.seek(16 + 64 * 8)
                file.write((0xABCDEF).to_bytes(8, 'little') + (3).to_bytes(8, 'little'))
            hub.start()
            there = ('--url', f'http://127.0.0.1:{hub.port}', '--key', KEY, '--json')
            listed = json.loads(run('dead', 'list', '--inputs', *there).stdout)
            self.assertEqual(listed, {'inputs': [{'input': '0000000000abcdef', 'crashes': 3}]})
            done = run('dead', 'retry', '0000000000abcdef', '--reason', 'fixed by the new release', *there)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(run('dead', 'list', '--inputs', *there).stdout), {'inputs': []})
            event, = [json.loads(line) for line in
                      run('replay', '--data', hub.data, '--type', 'parked_input_released', '--json').stdout.splitlines()]
            self.assertEqual(event['payload']['reason'], 'fixed by the new release')


if __name__ == '__main__':
    unittest.main()
