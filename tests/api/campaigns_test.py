#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Campaigns, audiences and consent over HTTP: the guide's launch unchanged, what is refused, and what comes of it."""

import datetime
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
import conformity  # noqa: E402
from running import KEY, Hub, wait_for  # noqa: E402
from websocket import WebSocket  # noqa: E402

conformity.watch()

GUIDE = {
    'campaign_id': 'enterprise_outreach_2025',
    'customers': [
        {'customer_id': 'ent_001', 'preferred_channel': 'voice',
         'profile': {'company': 'Fortune 500 Corp', 'decision_maker': True, 'timezone': 'PST'}},
        {'customer_id': 'ent_002', 'preferred_channel': 'video',
         'profile': {'company': 'Tech Startup', 'technical_focus': True, 'timezone': 'EST'}}],
    'channels': ['voice', 'video', 'chat', 'email', 'sms'],
}
AWAKE = {'quiet_hours': {'none': True}}


class Campaigns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def made(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def refused(self, answer, status, pointer):
        self.assertEqual(answer.status, status, answer)
        self.assertFalse(answer.json['success'])
        self.assertEqual([error['pointer'] for error in answer.json.get('errors', [{'pointer': ''}])], [pointer], answer)

    def launch(self, name, customers, **more):
        body = {'campaign_id': name, 'customers': [{'customer_id': customer} for customer in customers], 'channels': ['chat', 'sms'],
                'messages': [{'content': f'news of {name}'}], **AWAKE, **more}
        return self.made(self.hub.post('/campaign/omnichannel-launch', body))

    def standing(self, name):
        return self.made(self.hub.get(f'/campaign/{name}/status'))

    def until(self, name, status):
        return wait_for(lambda: self.standing(name)['status'] == status and self.standing(name), 30, f'{name} is {status}')

    def recipients(self, name, query=''):
        return self.made(self.hub.get(f'/campaign/{name}/recipients{query}'))['recipients']

    def words(self, session):
        return [message['content'] for message in self.made(self.hub.get(f'/session/{session}/messages'))['messages']]

    # --- launching ---

    def test_the_guides_launch_works_unchanged(self):
        answer = self.made(self.hub.post('/campaign/omnichannel-launch', GUIDE, headers={'Idempotency-Key': 'guide'}))
        self.assertTrue(answer['success'])
        self.assertEqual(answer['campaign_id'], GUIDE['campaign_id'])
        self.assertEqual(answer['omnichannel_features'],
                         {'cross_channel_fallback': True, 'unified_tracking': True, 'intelligent_routing': True})
        first, second = answer['launched_sessions']
        self.assertEqual((first['customer_id'], first['primary_channel'], first['backup_channels']),
                         ('ent_001', 'voice', ['video', 'chat', 'email']))
        self.assertEqual((second['customer_id'], second['primary_channel']), ('ent_002', 'video'))
        self.assertEqual(first['campaign_context']['campaign_id'], GUIDE['campaign_id'])
        again = self.hub.post('/campaign/omnichannel-launch', GUIDE, headers={'Idempotency-Key': 'guide'})
        self.assertEqual(self.made(again), answer)
        self.refused(self.hub.post('/campaign/omnichannel-launch', GUIDE), 409, '/campaign_id')
        session = wait_for(lambda: self.hub.get(f"/session/{first['session_id']}").status == 200 and
                           self.hub.get(f"/session/{first['session_id']}").json, 30, 'the session')
        self.assertEqual((session['customer_id'], session['channel']), ('ent_001', 'voice'))
        profile = self.made(self.hub.get('/customer/ent_001/unified-view'))['customer_profile']
        self.assertEqual((profile['timezone'], profile['attributes']), ('PST', {'decision_maker': True}))
        self.assertEqual(sorted(one['customer_id'] for one in self.recipients(GUIDE['campaign_id'])), ['ent_001', 'ent_002'])

    def test_what_cannot_be_launched_is_refused_and_leaves_nothing(self):
        for change, pointer in (
                ({'customers': []}, '/customers'), ({'channels': ['chat', 'chat']}, '/channels'),
                ({'channels': ['pigeon']}, '/channels/0'), ({'timezone': 'Mars/Olympus'}, '/timezone'),
                ({'quiet_hours': {'from': '9 pm', 'until': '08:00'}}, '/quiet_hours'),
                ({'conditions': 'tier == "gold"'}, '/conditions'), ({'conditions': 'email exists'}, '/conditions'),
                ({'segment_id': 'nobody'}, '/segment_id'), ({'segment_id': 'a', 'conditions': 'sessions > 1'}, '/conditions'),
                ({'ends_at': '2020-01-01T00:00:00Z'}, '/ends_at'), ({'recipients': []}, '/recipients'),
                ({'throttle': [{'channel': 'chat', 'per_second': 0}]}, '/throttle/0/per_second'),
                ({'customers': [{'customer_id': 'x', 'profile': {'tier': 'gold'}}]}, '/customers/0/profile/tier'),
                ({'customers': [{'customer_id': 'x'}, {'customer_id': '..'}]}, '/customers/1/customer_id'),
                ({'customers': [{'customer_id': 'x\0'}]}, '/customers/0/customer_id')):
            body = {'campaign_id': 'wrong', 'customers': [{'customer_id': 'x'}], 'channels': ['chat'], **change}
            with self.subTest(change=change):
                answer = self.hub.post('/campaign/omnichannel-launch', body)
                self.assertIn(answer.status, (400, 404, 422), answer)
                self.assertEqual([error['pointer'] for error in answer.json['errors']], [pointer], answer)
        self.assertEqual(self.hub.get('/campaign/wrong/status').status, 404)

    def test_a_registered_campaign_is_launched_with_its_channels(self):
        registered = self.hub.post('/campaign/register', {'campaign_id': 'solar_leads_q4', 'target_channels': ['email', 'chat'],
                                                          'customer_segments': ['owners', {'roof': 'south'}]})
        self.assertEqual(self.made(registered, 201)['status'], 'draft')
        self.assertEqual(registered.headers['Location'], '/campaign/solar_leads_q4/status')
        self.refused(self.hub.post('/campaign/register', {'campaign_id': 'solar_leads_q4'}), 409, '/campaign_id')
        launched = self.made(self.hub.post('/campaign/omnichannel-launch', {
            'campaign_id': 'solar_leads_q4', 'customers': [{'customer_id': 'roof-1'}], **AWAKE}))
        self.assertEqual(launched['launched_sessions'][0]['primary_channel'], 'email')
        standing = self.until('solar_leads_q4', 'finished')
        self.assertEqual(standing['progress']['launched'], 1)  # it says nothing: the session is all
        self.assertEqual(self.words(launched['launched_sessions'][0]['session_id']), [])

    def test_a_launch_reaches_customers_and_an_audience_once_each(self):
        for number in range(5):
            self.made(self.hub.post(f'/customer/member-{number}/context', {'profile': {'language': 'eo'}}))
        segment = self.made(self.hub.post('/campaign/audience-segment', {
            'segment_id': 'esperanto', 'conditions': 'language == "eo"'}), 201)
        self.assertEqual((segment['size'], segment['is_complete']), (5, True))
        self.refused(self.hub.post('/campaign/audience-segment', {'conditions': 'language = "eo"'}), 400, '/conditions')
        unnamed = self.made(self.hub.post('/campaign/audience-segment', {'conditions': 'language == "eo" and messages > 0'}), 201)
        self.assertEqual(unnamed['size'], 0)
        socket = WebSocket(self.hub.port, '/ws/dashboard', KEY)
        self.addCleanup(socket.sock.close)
        socket.read_until('connected')
        self.launch('saluton', ['member-1', 'stranger'], segment_id='esperanto', throttle=[{'channel': 'chat', 'per_second': 50}])
        standing = self.until('saluton', 'finished')
        self.assertEqual((standing['progress']['recipients'], standing['progress']['delivered']), (6, 6))
        self.assertEqual((standing['is_compared'], standing['matched']), (True, 5))
        for one in self.recipients('saluton'):
            self.assertEqual(self.words(one['session_id']), ['news of saluton'])
        page = self.made(self.hub.get('/campaign/saluton/recipients?limit=4'))
        self.assertEqual(len(page['recipients']), 4)
        rest = self.made(self.hub.get(f"/campaign/saluton/recipients?limit=4&cursor={page['next_cursor']}"))
        self.assertEqual((len(rest['recipients']), 'next_cursor' in rest), (2, False))
        self.assertEqual(self.recipients('saluton', '?status=suppressed'), [])
        for path in ('/campaign/saluton/status', '/campaign/saluton/recipients', '/customer/member-1/consent'):
            live = self.hub.get(path)
            self.assertEqual(self.hub.get(f'{path}?at={live.position}').body, live.body)
        statuses = []
        while 'finished' not in statuses:
            frame = socket.read_until('campaign_update')['payload']
            statuses += [frame['status']] if frame['campaignId'] == 'saluton' else []
        self.assertEqual(statuses[0], 'running')

    # --- moving ---

    def test_pause_resume_and_cancel(self):
        hour = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime('%Y-%m-%dT%H:%M:%SZ')
        launched = self.launch('later', ['patient-1'], schedule_at=hour)
        self.assertEqual((launched['status'], 'starts_at' in launched), ('scheduled', True))
        self.assertIn('later', [one['campaign_id'] for one in self.made(self.hub.get('/campaigns/active'))['campaigns']])
        self.assertEqual(self.made(self.hub.ask('PUT', '/campaign/later/pause'))['status'], 'paused')
        self.assertEqual(self.made(self.hub.post('/campaign/later/resume', None))['status'], 'scheduled')
        self.assertEqual(self.made(self.hub.ask('DELETE', '/campaign/later'))['status'], 'cancelled')
        wait_for(lambda: self.recipients('later')[0]['status'] == 'cancelled', 30, 'the recipient is told')
        self.refused(self.hub.ask('PUT', '/campaign/later/pause'), 409, '')
        self.refused(self.hub.ask('PUT', '/campaign/nowhere/pause'), 404, '/campaign_id')
        self.refused(self.hub.post('/campaign/nowhere/resume', None), 404, '/campaign_id')
        self.refused(self.hub.get('/campaign/nowhere/status'), 404, '/campaign_id')
        self.refused(self.hub.get('/campaign/nowhere/recipients'), 404, '/campaign_id')
        self.assertNotIn('later', [one['campaign_id'] for one in self.made(self.hub.get('/campaigns/active'))['campaigns']])

    def test_a_reply_and_a_success_are_the_campaigns(self):
        session = self.launch('spring', ['buyer'])['launched_sessions'][0]['session_id']
        self.until('spring', 'finished')
        self.hub.say('buyer', session, 'tell me more')
        wait_for(lambda: self.standing('spring')['progress']['replied'] == 1, 30, 'the reply')
        converted = self.hub.post('/campaign/spring/conversion', {'customer_id': 'buyer'})
        self.assertEqual(self.made(converted)['status'], 'converted')
        self.assertEqual(self.standing('spring')['progress']['converted'], 1)
        self.refused(self.hub.post('/campaign/spring/conversion', {'customer_id': 'somebody'}), 404, '/customer_id')

    # --- consent ---

    def test_stop_start_and_help_work_on_any_text(self):
        self.hub.create_session('quiet', 'quiet-1', 'sms')
        self.hub.say('quiet', 'quiet-1', 'Stop!', 'sms')
        wait_for(lambda: len(self.words('quiet-1')) == 2, 30, 'the confirmation')
        self.assertIn('START', self.words('quiet-1')[1])
        line = self.made(self.hub.get('/customer/quiet/consent'))['consents'][0]
        self.assertEqual((line['channel'], line['status'], line['source']), ('sms', 'opted_out', 'customer'))
        self.launch('unwanted', ['quiet'], channels=['sms'])
        self.until('unwanted', 'finished')
        self.assertEqual([(one['status'], one['reason']) for one in self.recipients('unwanted')], [('suppressed', 'consent')])
        self.hub.say('quiet', 'quiet-1', 'START', 'sms')
        wait_for(lambda: self.made(self.hub.get('/customer/quiet/consent'))['consents'][0]['status'] == 'opted_in', 30, 'the word')
        self.launch('wanted', ['quiet'], channels=['sms'])
        self.assertEqual(self.until('wanted', 'finished')['progress']['delivered'], 1)
        self.hub.say('quiet', 'quiet-1', ' help ', 'sms')
        self.assertIn('STOP', self.words('quiet-1')[-1])
        self.hub.say('quiet', 'quiet-1', 'please stop the noise in my phone', 'sms')
        self.assertEqual(self.made(self.hub.get('/customer/quiet/consent'))['consents'][0]['status'], 'opted_in')

    def test_consent_is_entered_by_channel_and_purpose(self):
        answer = self.hub.ask('PUT', '/customer/choosy/consent', {'status': 'opted_out', 'purpose': 'marketing'})
        self.assertEqual(self.made(answer)['status'], 'opted_out')
        self.launch('ad', ['choosy'])
        self.launch('note', ['choosy'], purpose='service')
        self.assertEqual(self.until('ad', 'finished')['progress']['no_consent'], 1)
        self.assertEqual(self.until('note', 'finished')['progress']['delivered'], 1)
        self.launch('strict', ['choosy'], purpose='transactional', consent='given')
        self.assertEqual(self.until('strict', 'finished')['progress']['no_consent'], 1)
        self.refused(self.hub.ask('PUT', '/customer/choosy/consent', {'status': 'opted_in', 'identity': 1}), 400, '/identity')
        self.refused(self.hub.ask('PUT', '/customer/choosy/consent', {'status': 'perhaps'}), 400, '/status')
        self.refused(self.hub.get('/customer/unheard-of/consent'), 404, '/customer_id')

    def test_nobody_is_contacted_at_night_or_too_often(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        night = {'from': (now - datetime.timedelta(hours=1)).strftime('%H:%M'), 'until': (now + datetime.timedelta(hours=3)).strftime('%H:%M')}
        self.launch('night', ['owl'], quiet_hours=night)
        owl = wait_for(lambda: [one for one in self.recipients('night') if one['status'] == 'deferred'], 30, 'the owl waits')[0]
        self.assertEqual((owl['reason'], owl['attempts']), ('quiet_hours', 0))
        self.assertGreater(owl['due_at'], now.strftime('%Y-%m-%dT%H:%M:%S'))
        soon = (now + datetime.timedelta(minutes=5)).strftime('%Y-%m-%dT%H:%M:%SZ')
        self.launch('short night', ['owl'], quiet_hours=night, ends_at=soon)
        self.assertEqual(self.until('short%20night', 'finished')['progress']['no_time'], 1)
        cap = {'frequency_cap': {'max': 1, 'per_s': 3600}}
        self.launch('first', ['busy'], **cap)
        self.until('first', 'finished')
        self.launch('second', ['busy'], **cap)
        busy = wait_for(lambda: [one for one in self.recipients('second') if one['status'] == 'deferred'], 30, 'it waits')[0]
        self.assertEqual(busy['reason'], 'frequency_cap')


if __name__ == '__main__':
    unittest.main()
