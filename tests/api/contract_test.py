#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the platform's own clients send and read works as they expect: paths, verbs, names of fields, forms of answers."""

import os
import re
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))

import conformity  # noqa: E402
from running import SECRETS, Client, Hub, wait_for  # noqa: E402

conformity.watch()

RFC3339 = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$')
CHANNELS = ['voice', 'video', 'chat', 'email', 'sms', 'whatsapp', 'mobile_app', 'social']


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.addClassCleanup(cls.hub.remove)
        cls.addClassCleanup(cls.hub.kill)

    def made(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers['Content-Type'], 'application/json')
        self.assertEqual(int(answer.headers['Content-Length']), len(answer.body))
        self.assertTrue(answer.position)
        return answer.json

    # --- sessions ---

    def test_a_session_begins_with_the_guide_s_payload(self):
        answer = self.hub.post('/session/create', {
            'customer_id': 'customer_002', 'channel': 'video',
            'customer_profile': {'name': 'Sarah Johnson', 'company': 'Tech Innovations Inc',
                                 'communication_preference': 'visual'}})
        session = self.made(answer, 201)
        self.assertEqual(session['customer_id'], 'customer_002')
        self.assertEqual((session['status'], session['channel'], session['channels']), ('active', 'video', ['video']))
        self.assertRegex(session['created_at'], RFC3339)
        self.assertEqual(answer.headers['Location'], f'/session/{session["session_id"]}')
        self.assertEqual(answer.headers['ETag'], f'"{session["version"]}"')
        again = self.hub.get(answer.headers['Location'])
        self.assertEqual((self.made(again), again.headers['ETag']), (session, answer.headers['ETag']))
        view = self.made(self.hub.get('/customer/customer_002/unified-view'))
        self.assertEqual(view['customer_profile']['name'], 'Sarah Johnson')

    def test_a_client_s_own_ids_come_back_whatever_they_are(self):
        for own in ('omni session/004?x=1&y=%', 'Zürich +41 44 123', 'a' * 128, '☎'):
            with self.subTest(own=own):
                made = self.hub.post('/session/create', {'customer_id': f'of {own}'[:128], 'session_id': own,
                                                         'channel': 'chat'})
                session = self.made(made, 201)
                self.assertEqual(session['session_id'], own)
                quoted = urllib.parse.quote(own, safe='')
                self.assertEqual(urllib.parse.unquote(made.headers['Location']), f'/session/{own}')
                self.assertEqual(self.made(self.hub.get(f'/session/{quoted}')), session)

    def test_a_session_is_changed_and_ended(self):
        self.made(self.hub.post('/session/create', {'customer_id': 'c-put', 'session_id': 's-put', 'channel': 'sms'}), 201)
        changed = self.hub.ask('PUT', '/session/s-put', {'priority': 'urgent', 'labels': ['vip'], 'metadata': {'k': [1]}})
        session = self.made(changed)
        self.assertEqual((session['priority'], session['labels'], session['metadata']), ('urgent', ['vip'], {'k': [1]}))
        fresh = self.hub.ask('PUT', '/session/s-put', {'priority': 'low'}, headers={'If-Match': f'"1", W/"2", {changed.headers["ETag"]}'})
        self.assertEqual(self.made(fresh)['priority'], 'low')
        ended = self.made(self.hub.ask('DELETE', '/session/s-put', headers={'If-Match': '*'}))
        self.assertEqual((ended['status'], ended['end_reason']), ('ended', 'completed'))
        self.assertRegex(ended['ended_at'], RFC3339)

    def test_active_sessions_are_a_bare_array_with_paging_in_headers(self):
        for i in range(5):
            self.hub.post('/session/create', {'customer_id': f'c-list-{i}', 'session_id': f's-list-{i}', 'channel': 'social'})
        whole = self.made(self.hub.get('/sessions/active?limit=500&channel=social'))
        self.assertIsInstance(whole, list)
        self.assertEqual({s['channel'] for s in whole}, {'social'})
        self.assertEqual({s['session_id'] for s in whole}, {f's-list-{i}' for i in range(5)})
        pages, path = [], '/sessions/active?limit=2&channel=social'
        while path:
            answer = self.hub.get(path)
            pages.append(self.made(answer))
            link = answer.headers.get('Link')
            path = re.match(r'^<([^>]+)>; rel="next"$', link).group(1) if link else None
        self.assertEqual([s for page in pages for s in page], whole)
        self.assertEqual([len(page) for page in pages], [2, 2, 1])

    # --- messages ---

    def test_a_message_is_taken_in_and_found_again(self):
        done = self.made(self.hub.post('/message/process', {
            'customer_id': 'c-msg', 'channel': 'chat', 'content': 'grüezi 😀', 'page_id': 'page-1',
            'metadata': {'nested': {'a': [1, 2.5, None]}}}))
        self.assertEqual(set(done), {'success', 'message_id', 'session_id', 'status', 'position'})
        self.assertIs(done['success'], True)
        shown = self.made(self.hub.get(f'/message/{done["message_id"]}'))['message']
        self.assertEqual((shown['content'], shown['channel'], shown['page_id']), ('grüezi 😀', 'chat', 'page-1'))
        self.assertEqual(shown['metadata'], {'nested': {'a': [1, 2.5, None]}})
        history = self.made(self.hub.get(f'/session/{done["session_id"]}/messages'))
        self.assertEqual([m['message_id'] for m in history['messages']], [done['message_id']])
        self.assertEqual(history['total'], 1)
        again = self.made(self.hub.post('/message/process', {'customer_id': 'c-msg', 'channel': 'chat', 'content': 'b'}))
        self.assertEqual(again['session_id'], done['session_id'])

    def test_every_channel_takes_messages(self):
        for channel in CHANNELS:
            with self.subTest(channel=channel):
                done = self.made(self.hub.post('/message/process', {'customer_id': f'c-{channel}', 'channel': channel,
                                                                    'content': 'x'}))
                self.assertEqual(done['status'], 'received')

    def test_an_answer_is_delivered_and_its_status_never_goes_back(self):
        self.hub.post('/session/create', {'customer_id': 'c-out', 'session_id': 's-out', 'channel': 'email'})
        sent = self.made(self.hub.post('/message/respond', {'session_id': 's-out', 'channel': 'email',
                                                            'content': 'resolved', 'subject': 'Your bill'}))
        path = f'/message/{sent["message_id"]}'
        wait_for(lambda: self.hub.get(path).json['message']['status'] == 'delivered', what='delivery')
        read = self.made(self.hub.ask('PUT', path, {'status': 'read'}))
        self.assertEqual(read, {'success': True, 'message_id': sent['message_id'], 'status': 'read'})
        self.assertEqual(self.made(self.hub.ask('PUT', path, {'status': 'sent'}))['status'], 'read')

    def test_bulk_messages_are_answered_in_order(self):
        items = [{'customer_id': f'c-bulk-{i % 7}', 'channel': 'chat', 'content': f'number {i}'} for i in range(300)]
        done = self.made(self.hub.post('/message/bulk-process', {'messages': items}))
        self.assertEqual((done['success'], done['succeeded'], done['failed'], len(done['results'])), (True, 300, 0, 300))
        for i in (0, 6, 7, 299):
            shown = self.hub.get(f'/message/{done["results"][i]["message_id"]}').json['message']
            self.assertEqual(shown['content'], f'number {i}')

    def test_a_bulk_request_with_a_key_is_done_once(self):
        items = [{'customer_id': f'c-once-{i}', 'channel': 'chat', 'content': 'x'} for i in range(20)]
        headers = {'Idempotency-Key': 'bulk-once'}
        first = self.made(self.hub.post('/message/bulk-process', {'messages': items}, headers=headers))
        again = self.made(self.hub.post('/message/bulk-process', {'messages': items}, headers=headers))
        self.assertEqual([r['message_id'] for r in first['results']], [r['message_id'] for r in again['results']])

    # --- transfers and routing ---

    def transfer(self, path, body):
        done = self.made(self.hub.post(path, body))
        self.assertIs(done['success'], True)
        self.assertIs(done['transfer_completed'], True)
        return done

    def test_a_transfer_keeps_the_context(self):
        self.hub.post('/session/create', {'customer_id': 'customer_004', 'session_id': 'omni_session_004',
                                          'channel': 'voice', 'customer_profile': {'tier': 'enterprise'}})
        self.hub.post('/message/process', {'customer_id': 'customer_004', 'session_id': 'omni_session_004',
                                           'channel': 'voice', 'content': 'I have to show you a bill'})
        context = {'conversation_summary': 'Customer needs to upload billing documents',
                   'issue_type': 'document_verification', 'agent_notes': 'Has the invoice ready'}
        done = self.transfer('/transfer/channel', {
            'customer_id': 'customer_004', 'session_id': 'omni_session_004', 'from_channel': 'voice',
            'to_channel': 'chat', 'context_data': context, 'reason': 'Document sharing needed'})
        there = done['new_channel_session']
        self.assertEqual((there['channel'], there['session_id']), ('chat', 'omni_session_004'))
        kept = there['preserved_context']
        self.assertEqual([m['content'] for m in kept['conversation_history']], ['I have to show you a bill'])
        self.assertEqual(kept['customer_profile']['tier'], 'enterprise')
        self.assertEqual(kept['issue_context'], context)
        self.assertEqual(done['websocket_url'], f'ws://127.0.0.1:{self.hub.port}/ws/omni_session_004')
        status = self.made(self.hub.get(f'/transfer/{done["transfer_id"]}/status'))
        self.assertEqual((status['status'], status['from_channel'], status['to_channel']), ('completed', 'voice', 'chat'))
        self.transfer('/session/omni_session_004/transfer', {'to_channel': 'video'})
        self.assertEqual(self.hub.get('/session/omni_session_004').json['channel'], 'video')

    def test_the_session_in_the_path_wins(self):
        for name in ('s-path', 's-body'):
            self.hub.post('/session/create', {'customer_id': f'c-{name}', 'session_id': name, 'channel': 'voice'})
        self.transfer('/session/s-path/transfer', {'session_id': 's-body', 'to_channel': 'chat'})
        self.assertEqual(self.hub.get('/session/s-path').json['channel'], 'chat')
        self.assertEqual(self.hub.get('/session/s-body').json['channel'], 'voice')

    def test_a_transfer_without_context_has_an_empty_one(self):
        self.hub.post('/session/create', {'customer_id': 'plain_1', 'session_id': 'plain_session_1', 'channel': 'chat'})
        done = self.transfer('/transfer/channel', {'customer_id': 'plain_1', 'session_id': 'plain_session_1',
                                                   'to_channel': 'sms'})
        self.assertEqual(done['new_channel_session']['preserved_context']['issue_context'], {})

    def test_a_transfer_of_an_unknown_session_of_a_named_customer_opens_it_first(self):
        asked = {'customer_id': 'c-new', 'session_id': 's-new', 'from_channel': 'voice', 'to_channel': 'voice'}
        self.assertEqual(self.hub.post('/transfer/channel', asked).status, 409)
        self.assertEqual(self.hub.get('/customer/c-new/unified-view').status, 404)
        key = {'Idempotency-Key': 'transfer-that-opens'}
        done = [self.made(self.hub.post('/transfer/channel', {**asked, 'to_channel': 'chat', 'reason': 'Documents'},
                                        headers=key)) for _ in range(2)]
        self.assertEqual(done[0], done[1])
        self.assertEqual(done[0]['new_channel_session']['session_id'], 's-new')
        session = self.made(self.hub.get('/session/s-new'))
        self.assertEqual((session['customer_id'], session['channel'], session['transfer_count']), ('c-new', 'chat', 1))
        self.assertEqual(self.made(self.hub.get('/customer/c-new/sessions'))['total'], 1)
        for member in ('customer_id', 'from_channel'):
            lacking = {name: value for name, value in asked.items() if name != member}
            refused = self.hub.post('/transfer/channel', {**lacking, 'session_id': 's-newer', 'to_channel': 'chat'})
            self.assertEqual((refused.status, refused.json['code']), (404, 'not_found'), member)

    def test_bulk_transfers_fail_one_by_one(self):
        self.hub.post('/session/create', {'customer_id': 'c-bt', 'session_id': 's-bt', 'channel': 'voice'})
        done = self.made(self.hub.post('/transfer/bulk', {'transfers': [
            {'session_id': 's-bt', 'to_channel': 'chat'}, {'session_id': 's-nobody', 'to_channel': 'chat'}]}))
        self.assertEqual((done['success'], done['succeeded'], done['failed']), (False, 1, 1))
        self.assertEqual([r['success'] for r in done['results']], [True, False])
        self.assertEqual(done['results'][1]['code'], 'not_found')

    def test_bulk_transfers_of_one_session_are_done_in_their_order(self):
        self.hub.post('/session/create', {'customer_id': 'c-chain', 'session_id': 's-chain', 'channel': 'voice'})
        way = ['voice', 'chat', 'video', 'email', 'sms', 'voice'] * 20
        done = self.made(self.hub.post('/transfer/bulk', {'transfers': [
            {'session_id': 's-chain', 'from_channel': a, 'to_channel': b} for a, b in zip(way, way[1:]) if a != b]}))
        self.assertTrue(done['success'], done)
        numbers = [int(result['transfer_id'].rsplit('-t', 1)[1]) for result in done['results']]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_routing_advises_and_writes_nothing(self):
        before = self.hub.get('/health').position
        answer = self.made(self.hub.post('/intelligent-routing', {
            'customer_id': 'customer_003', 'current_channel': 'chat', 'sentiment': 'frustrated', 'urgency': 'high',
            'interaction_context': {'issue_type': 'billing_dispute', 'previous_channel_attempts': ['email', 'chat'],
                                    'customer_tier': 'enterprise', 'anything_else': [1, 2]}}))
        best, second = answer['intelligent_routing']['recommended_channels'][:2]
        self.assertEqual((best['channel'], best['priority']), ('voice', 1))
        self.assertEqual((second['channel'], second['priority']), ('video', 2))
        self.assertTrue(best['reason'])
        self.assertRegex(best['estimated_resolution_time'], r'^\d+-\d+ minutes$')
        self.assertEqual(self.hub.get('/health').position, before)

    # --- customers ---

    def test_the_unified_view_has_the_guide_s_fields(self):
        for channel in ('voice', 'chat'):
            self.hub.post('/message/process', {'customer_id': 'c-view', 'channel': channel, 'content': f'by {channel}',
                                               'sentiment': 'concerned'})
        view = self.made(self.hub.get('/customer/c-view/unified-view'))
        self.assertLessEqual({'customer_id', 'active_sessions', 'active_channels', 'total_interactions',
                              'interaction_timeline', 'engagement_metrics'}, set(view))
        messages = [entry for entry in view['interaction_timeline'] if entry['type'] == 'message']
        self.assertEqual([m['content'] for m in messages], ['by voice', 'by chat'])
        self.assertEqual({m['ai_sentiment'] for m in messages}, {'concerned'})
        self.assertLessEqual({'total_channels_used', 'average_response_time', 'resolution_rate'},
                             set(view['engagement_metrics']))

    def test_context_and_profile_are_updated(self):
        done = self.made(self.hub.post('/customer/c-ctx/context', {
            'context': {'mood': 'calm'}, 'profile': {'language': 'de'},
            'identities': [{'channel': 'sms', 'address': '+41790000000'}]}))
        self.assertEqual((done['success'], done['customer_id']), (True, 'c-ctx'))
        view = self.made(self.hub.get('/customer/c-ctx/unified-view'))
        self.assertEqual((view['context'], view['customer_profile']), ({'mood': 'calm'}, {'language': 'de'}))
        self.assertEqual(view['identities'], [{'channel': 'sms', 'address': '+41790000000'}])

    # --- time ---

    def test_the_past_is_what_was_live_then(self):
        paths = ['/session/s-past', '/session/s-past/messages', '/customer/c-past/history',
                 '/customer/c-past/unified-view', '/customer/c-past/sessions', '/sessions/active?limit=500']
        self.hub.post('/session/create', {'customer_id': 'c-past', 'session_id': 's-past', 'channel': 'voice'})
        seen = []
        for step in range(4):
            self.hub.post('/message/process', {'customer_id': 'c-past', 'session_id': 's-past', 'channel': 'voice',
                                               'content': f'step {step}'})
            for path in paths:
                answer = self.hub.get(path)
                seen.append((path, answer.position, answer.body))
        self.hub.ask('DELETE', '/session/s-past')
        for path, position, body in seen:
            with self.subTest(path=path, position=position):
                then = self.hub.get(f'{path}{"&" if "?" in path else "?"}at={position}')
                self.assertEqual((then.status, then.body, then.position), (200, body, position))

    def test_a_time_is_a_moment_too(self):
        self.hub.post('/session/create', {'customer_id': 'c-time', 'session_id': 's-time', 'channel': 'voice'})
        before = self.hub.get('/session/s-time')
        moment = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime()) + f'.{time.time_ns() // 1000 % 1000000:06}Z'
        self.hub.ask('PUT', '/session/s-time', {'priority': 'urgent'})
        self.assertEqual(self.hub.get(f'/session/s-time?at={moment}').body, before.body)
        self.assertEqual(self.hub.get('/session/s-time?at=2001-01-01T00:00:00Z').status, 404)

    def test_a_repeated_request_gets_the_same_headers_too(self):
        asked = {'customer_id': 'c-again', 'session_id': 's-again', 'channel': 'voice'}
        first, again = (self.hub.post('/session/create', asked, headers={'Idempotency-Key': 'again'}) for _ in range(2))
        self.assertEqual((first.status, first.headers['ETag'], first.body), (201, '"1"', again.body))
        for name in ('ETag', 'Location', 'Hub-Position'):
            self.assertEqual(again.headers[name], first.headers[name], name)

    def test_what_is_not_there_is_refused_in_the_same_words_now_and_as_of_now(self):
        for path in ('/session/s-none', '/session/s-none/messages', '/customer/c-none/history'):
            now = self.hub.get(path)
            then = self.hub.get(f'{path}?at={now.position}')
            self.assertEqual((then.status, then.body), (404, now.body), path)

    def test_a_client_reads_its_own_writes(self):
        for i in range(50):
            done = self.hub.post('/message/process', {'customer_id': 'c-own', 'session_id': 's-own', 'channel': 'chat',
                                                      'content': str(i)})
            shown = self.hub.get('/session/s-own/messages?limit=1000', headers={'Hub-Min-Position': done.position})
            self.assertEqual(shown.json['total'], i + 1)
            self.assertEqual(self.hub.get('/session/s-own/messages?limit=1000').json['total'], i + 1)

    # --- figures ---

    def figures(self, **params):
        asked = ''.join(f'&{name}={value}' for name, value in params.items()).replace('&', '?', 1)
        return self.made(self.hub.get('/analytics/dashboard' + asked))

    def test_the_dashboard_counts_what_happens(self):
        before = self.figures(channel='social')
        self.hub.post('/session/create', {'customer_id': 'c-fig', 'session_id': 's-fig', 'channel': 'social'})
        self.hub.post('/message/process', {'customer_id': 'c-fig', 'session_id': 's-fig', 'channel': 'social', 'content': '?'})
        self.hub.post('/message/respond', {'session_id': 's-fig', 'channel': 'social', 'content': '!'})
        ended = self.hub.ask('DELETE', '/session/s-fig', {'satisfaction': 5})
        self.assertEqual(ended.status, 200, ended)
        after = self.figures(channel='social')
        self.assertEqual(after['active_sessions'], before['active_sessions'])
        for period in ('last_hour', 'today', 'last_24_hours', 'last_7_days'):
            then, now = before[period]['total'], after[period]['total']
            for name in ('sessions_created', 'sessions_ended', 'messages_in', 'messages_out'):
                self.assertEqual(now[name], then[name] + 1, (period, name))
            self.assertEqual(now['response_time']['n'], then['response_time']['n'] + 1)
            self.assertEqual(now['resolution']['n'], then['resolution']['n'] + 1)
            self.assertEqual(now['satisfaction'], {'n': 1, 'mean': 5, 'ratio': 1})
        self.assertEqual([one['channel'] for one in after['today']['by_channel']], ['social'])
        channels = self.made(self.hub.get('/analytics/channel-performance?period=today'))
        self.assertLessEqual(set(CHANNELS), set(channels))
        self.assertEqual(channels['social']['traffic'], after['today']['by_channel'][0])

    def test_figures_of_a_moment_stay_what_they_were(self):
        self.hub.post('/message/process', {'customer_id': 'c-fig2', 'session_id': 's-fig2', 'channel': 'sms', 'content': '?'})
        live = self.hub.get('/analytics/dashboard')
        position = self.hub.get(f'/analytics/dashboard?at={live.position}').json
        self.hub.post('/transfer/channel', {'session_id': 's-fig2', 'to_channel': 'chat'})
        self.assertEqual(self.hub.get(f"/analytics/dashboard?at={live.json['as_of']}").body, live.body)
        self.assertEqual(self.hub.get(f'/analytics/dashboard?at={live.position}').json, position)
        self.assertLess(position['as_of'], live.json['as_of'])
        past = self.hub.get('/analytics/dashboard?at=2001-01-01T00:00:00Z')
        self.assertEqual((past.json['active_sessions'], past.json['last_7_days']['by_channel']), (0, []))

    # --- the hub itself ---

    def test_what_needs_no_credentials_is_there(self):
        nobody = Client(self.hub.port, key=None)
        self.addCleanup(nobody.close)
        self.assertEqual(self.made(nobody.get('/health'))['status'], 'ok')
        self.assertEqual(self.made(nobody.get('/version'))['name'], 'omnihub')
        self.assertEqual(self.made(nobody.get('/openapi.json'))['openapi'], '3.1.0')
        page = nobody.get('/')
        self.assertEqual((page.status, page.headers.get_content_type()), (200, 'text/html'))
        self.assertIn("default-src 'none'", page.headers['Content-Security-Policy'])

    def test_the_hub_tells_how_it_is(self):
        self.assertEqual(self.made(self.hub.get('/capabilities'))['channels'], CHANNELS)
        status = self.made(self.hub.get('/status'))
        self.assertIn('entities', [view['name'] for view in status['views']])
        found = self.made(self.hub.post('/diagnostics', {}))
        self.assertGreater(len(found['checks']), 5)
        only = self.made(self.hub.post('/diagnostics', {'checks': ['disk']}))
        self.assertEqual([check['name'] for check in only['checks']], ['disk'])
        figures = self.hub.get('/metrics').body.decode()
        self.assertRegex(figures, r'(?m)^omnihub_view_position\{view="messages"\} \d+$')

    def test_head_is_get_without_a_body(self):
        whole, head = self.hub.get('/capabilities'), self.hub.ask('HEAD', '/capabilities')
        self.assertEqual((head.status, head.body), (200, b''))
        self.assertEqual(head.headers['Content-Length'], whole.headers['Content-Length'])

    def test_options_names_the_methods(self):
        answer = self.hub.ask('OPTIONS', '/session/x')
        self.assertEqual(answer.status, 204)
        self.assertEqual(set(answer.headers['Allow'].split(', ')), {'GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'})
        self.assertNotIn('Access-Control-Allow-Origin', answer.headers)

    # --- people and keys ---

    def login(self):
        return Client(self.hub.port, key=None).post('/auth/login', {
            'email': SECRETS['OMNIHUB_ADMIN_EMAIL'], 'password': SECRETS['OMNIHUB_ADMIN_PASSWORD']})

    def test_a_person_logs_in_by_cookie_and_out_again(self):
        answer = self.login()
        self.assertEqual((self.made(answer)['success'], answer.json['role']), (True, 'admin'))
        cookie = answer.headers['Set-Cookie']
        self.assertLessEqual({'HttpOnly', 'SameSite=Lax', 'Path=/'}, set(cookie.split('; ')))
        person = Client(self.hub.port, key=None)
        self.addCleanup(person.close)
        headers = {'Cookie': cookie.split(';')[0]}
        self.assertEqual(self.made(person.get('/auth/me', headers=headers))['email'], SECRETS['OMNIHUB_ADMIN_EMAIL'])
        elsewhere = {**headers, 'Origin': 'https://elsewhere.example'}
        self.assertEqual(person.post('/auth/logout', {}, headers=elsewhere).status, 403)
        ours = {**headers, 'Origin': f'http://127.0.0.1:{self.hub.port}'}
        left = person.post('/auth/logout', {}, headers=ours)
        self.assertEqual(self.made(left), {'success': True})
        self.assertIn('Max-Age=0', left.headers['Set-Cookie'])
        self.assertEqual(person.get('/auth/me', headers=headers).status, 401)

    def test_a_wrong_password_and_an_unknown_address_are_answered_alike(self):
        nobody = Client(self.hub.port, key=None)
        self.addCleanup(nobody.close)
        answers = [nobody.post('/auth/login', {'email': email, 'password': 'not the password'})
                   for email in (SECRETS['OMNIHUB_ADMIN_EMAIL'], 'nobody@test.example')]
        self.assertEqual([a.status for a in answers], [401, 401])
        self.assertEqual(answers[0].json, answers[1].json)
        self.assertNotIn('Set-Cookie', answers[0].headers)

    def test_a_key_works_from_its_answer_on_until_it_is_removed(self):
        for i in range(5):
            made = self.made(self.hub.post('/api-keys', {'name': f'key {i}', 'role': 'agent'}), 201)
            client = Client(self.hub.port, key=made['api_key'])
            self.addCleanup(client.close)
            self.assertEqual(self.made(client.get('/auth/me'))['credential_id'], made['key_id'])
            self.assertEqual(self.made(self.hub.ask('DELETE', f'/api-keys/{made["key_id"]}')), {'success': True})
            self.assertEqual(client.get('/auth/me').status, 401)

    def test_a_token_is_shown_once_and_again_only_for_the_same_key(self):
        headers = {'Idempotency-Key': 'one-token'}
        first = self.made(self.hub.post('/api-keys', {'name': 'once'}, headers=headers), 201)
        again = self.made(self.hub.post('/api-keys', {'name': 'once'}, headers=headers), 201)
        self.assertEqual(first, again)
        listed = self.made(self.hub.get('/api-keys'))['keys']
        self.assertEqual([key['name'] for key in listed].count('once'), 1)
        self.assertFalse(any('api_key' in key for key in listed))

    def test_a_company_is_added_with_its_admin_and_key(self):
        asked = {'name': 'Example Ltd', 'admin_email': 'boss@example.com'}
        made = self.made(self.hub.post('/companies', asked), 201)
        theirs = Client(self.hub.port, key=made['api_key'])
        self.addCleanup(theirs.close)
        me = self.made(theirs.get('/auth/me'))
        self.assertEqual((me['company_id'], me['role'], me['operator']), (made['company_id'], 'admin', False))
        person = Client(self.hub.port, key=None)
        self.addCleanup(person.close)
        entered = person.post('/auth/login', {'email': 'boss@example.com', 'password': made['admin_password']})
        self.assertEqual(self.made(entered)['company_id'], made['company_id'])
        listed = self.made(self.hub.get('/companies'))['companies']
        self.assertIn((made['company_id'], 'Example Ltd', False),
                      [(c['company_id'], c['name'], c['operator']) for c in listed])
        self.assertEqual(self.hub.post('/companies', asked).status, 409)

    # --- manners ---

    def test_a_trace_goes_with_the_answer(self):
        trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
        self.assertEqual(self.hub.get('/health', headers={'traceparent': trace}).headers['traceparent'], trace)
        self.assertNotIn('traceparent', self.hub.get('/health', headers={'traceparent': 'nonsense'}).headers)

    def test_answers_are_not_kept_or_guessed_at_by_browsers(self):
        headers = self.hub.get('/status').headers
        self.assertEqual((headers['Cache-Control'], headers['X-Content-Type-Options']), ('no-store', 'nosniff'))
        self.assertNotIn('Server', headers)

    def test_many_requests_go_over_one_connection(self):
        for _ in range(200):
            self.assertEqual(self.hub.get('/health').status, 200)
        self.assertEqual(self.hub.get('/health').headers['Connection'], 'keep-alive')


if __name__ == '__main__':
    unittest.main()
