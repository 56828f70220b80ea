#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The company's events over the API: pages, filters, long polls, and consumers whose positions the hub keeps."""

import base64
import http.client
import os
import re
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))

import conformity  # noqa: E402
from running import Client, Hub, wait_for  # noqa: E402

conformity.watch()

LONG_AGO, LATER = '2001-01-01T00:00:00Z', '2031-01-01T00:00:00Z'


class Follower(threading.Thread):
    """A program that wants each event once, and knows nothing but its consumer's name."""

    def __init__(self, hub, name, limit):
        super().__init__(daemon=True)
        self.hub, self.name_, self.limit = hub, name, limit
        self.got, self.again, self.stopping = [], 0, threading.Event()
        assert hub.ask('PUT', f'/events/consumers/{name}', {}).status == 200
        self.start()

    def stop(self):
        self.stopping.set()
        self.join(30)

    def run(self):
        while not self.stopping.is_set():
            client = Client(self.hub.port)
            try:
                page = client.get(f'/events?consumer={self.name_}&limit={self.limit}&wait=1').json
                fresh = [event['position'] for event in page['events'] if event['position'] not in self.got]
                self.again += len(page['events']) - len(fresh)
                self.got += fresh
                client.ask('PUT', f'/events/consumers/{self.name_}', {'position': page['position']})
            except (OSError, http.client.HTTPException):
                self.stopping.wait(0.05)  # the hub is away
            finally:
                client.close()


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.addClassCleanup(cls.hub.remove)
        cls.addClassCleanup(cls.hub.kill)
        for customer, session in (('customer_1', 's1'), ('customer_2', 's2'), ('customer_1', 's3')):
            cls.hub.create_session(customer, session)
            cls.hub.say(customer, session, f'hello from {session}')

    def ask(self, query, **more):
        answer = self.hub.get(f'/events?{query}', **more)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def refused(self, query, status, sentence):
        answer = self.hub.get(f'/events?{query}')
        self.assertEqual(answer.status, status, answer)
        self.assertIn(sentence, answer.json['error'])

    # --- what is shown ---

    def test_pages_together_are_all_events_in_order_and_each_once(self):
        whole = self.ask('limit=1000')
        self.assertNotIn('next_cursor', whole)
        for limit in (1, 3, 7):
            events, path = [], f'/events?limit={limit}'
            while path:
                answer = self.hub.get(path)
                self.assertLessEqual(len(answer.json['events']), limit)
                events += answer.json['events']
                link = re.fullmatch(r'<(.*)>; rel="next"', answer.headers.get('Link') or '')
                path = link.group(1) if link else None
            self.assertEqual([event['position'] for event in events], [event['position'] for event in whole['events']])

    def test_filters_show_what_fits_and_nothing_else(self):
        messages = self.ask('type=message_received&limit=3')['events']
        self.assertEqual([event['payload']['content'] for event in messages], [f'hello from s{i}' for i in (1, 2, 3)])
        first = self.ask('customer_id=customer_1&type=message_received')['events']
        self.assertEqual([event['payload']['content'] for event in first], ['hello from s1', 'hello from s3'])
        subjects = {event['subject'] for event in self.ask('customer_id=customer_1')['events']}
        self.assertEqual(subjects, {first[0]['subject']})
        stream = self.ask('stream=session/s2')['events']
        self.assertEqual([event['version'] for event in stream], list(range(1, len(stream) + 1)))
        self.assertEqual({event['kind'] for event in stream}, {'session'})
        by_our_id = self.ask(f"stream=session/{stream[0]['id']}")['events']
        self.assertEqual(by_our_id, stream)
        self.assertEqual(self.ask(f"stream=session/s2&from={stream[1]['position']}")['events'], stream[1:])
        self.assertEqual(self.ask(f"stream=session/s2&cursor={stream[0]['position']}")['events'], stream[1:])
        self.assertEqual(self.ask('stream=session/s2&customer_id=customer_1')['events'], [])

    def test_times_and_positions_are_where_it_begins(self):
        whole = self.ask('limit=1000')['events']
        self.assertEqual(self.ask(f'limit=1000&from={LONG_AGO}')['events'][:5], whole[:5])
        self.assertEqual(self.ask(f"limit=1&from={whole[4]['time']}")['events'], [whole[4]])
        self.assertEqual(self.ask(f"limit=1&from={whole[4]['position']}")['events'], [whole[4]])
        self.assertEqual(self.ask(f"limit=1&cursor={whole[4]['position']}")['events'], [whole[5]])
        self.assertEqual(self.ask(f'from={LATER}')['events'], [])
        then = self.ask(f"limit=1000&at={whole[6]['position']}")['events']
        self.assertEqual(then, whole[:7])

    def test_secrets_are_not_shown(self):
        for event in self.ask('limit=1000')['events']:
            self.assertNotIn('password', event['payload'])
            self.assertNotIn('digest', event['payload'])

    # --- long polls ---

    def later(self, content):
        """Say something once the question is on its way; what was there before does not end it."""
        client = Client(self.hub.port)
        timer = threading.Timer(0.2, client.post, ('/message/process', {
            'customer_id': 'customer_2', 'session_id': 's2', 'channel': 'chat', 'content': content}))
        timer.start()
        self.addCleanup(client.close)
        self.addCleanup(timer.join)

    def test_a_long_poll_answers_as_soon_as_something_fits(self):
        end = self.ask('limit=1000')['position']
        self.later('news')
        events = self.ask(f'cursor={end}&type=message_received&wait=30')['events']
        self.assertEqual([event['payload']['content'] for event in events], ['news'])

    def test_a_long_poll_ends_with_nothing_and_says_how_far_it_looked(self):
        end = self.ask('limit=1000')['position']
        self.later('something else')
        page = self.ask(f'cursor={end}&customer_id=customer_1&wait=1')
        self.assertEqual(page['events'], [])
        self.assertNotEqual(page['position'], end)
        self.assertNotIn('next_cursor', page)

    def test_a_long_poll_for_a_time_to_come_shows_nothing_from_before(self):
        self.later('too early')
        self.assertEqual(self.ask('from=2099-01-01T00:00:00Z&wait=1')['events'], [])
        end = self.ask('limit=1000')['position']
        self.later('in time')
        events = self.ask(f'from=2000-01-01T00:00:00Z&cursor={end}&type=message_received&wait=30')['events']
        self.assertEqual([event['payload']['content'] for event in events], ['in time'])

    def test_a_hub_that_stops_answers_who_waits(self):
        with Hub() as hub:
            hub.create_session('customer_1', 's1')
            end = hub.get('/events?limit=1000').json['position']
            answers = []
            client = Client(hub.port, timeout=60)
            thread = threading.Thread(target=lambda: answers.append(client.get(f'/events?cursor={end}&wait=30')))
            thread.start()
            self.addCleanup(client.close)
            wait_for(lambda: b'omnihub_http_under_way 2' in hub.get('/metrics').body)
            self.assertEqual(hub.stop(), 0, hub.complaints())
            thread.join(30)
            self.assertEqual([(answer.status, answer.json.get('events')) for answer in answers], [(200, [])])

    # --- consumers ---

    def put(self, name, **body):
        return self.hub.ask('PUT', f'/events/consumers/{name}', body)

    def test_a_consumer_goes_on_where_it_acknowledged_also_after_a_death(self):
        self.assertEqual(self.put('warehouse').json['sequence'], 0)
        first = self.ask('consumer=warehouse&limit=4')
        self.assertEqual(first['events'], self.ask('limit=4')['events'])
        self.assertEqual(self.ask('consumer=warehouse&limit=4'), first)
        moved = self.put('warehouse', position=first['position'])
        self.assertEqual(moved.json['position'], first['position'])
        second = self.ask('consumer=warehouse&limit=4')
        self.assertEqual(second['events'], self.ask(f"cursor={first['position']}&limit=4")['events'])
        self.hub.restart()
        self.assertEqual(self.ask('consumer=warehouse&limit=4'), second)
        self.assertEqual(self.ask(f'consumer=warehouse&limit=1&from={LONG_AGO}')['events'], first['events'][:1])
        self.assertEqual(self.hub.ask('DELETE', '/events/consumers/warehouse').status, 200)
        self.refused('consumer=warehouse', 404, 'There is no such consumer')
        answer = self.hub.ask('DELETE', '/events/consumers/warehouse')
        self.assertEqual((answer.status, answer.json['error']), (404, 'There is no such consumer.'))

    def test_two_programs_each_get_everything_once_across_deaths_of_the_hub(self):
        """Each polls and acknowledges what it has put away; what it got twice is what it could not acknowledge."""
        with Hub() as hub:
            hub.create_session('customer_1', 's1')
            programs = {name: Follower(hub, name, limit) for name, limit in (('warehouse', 3), ('reports', 50))}
            for death in range(2):
                for number in range(10):
                    hub.say('customer_1', 's1', f'{death} {number}')
                wait_for(lambda: all(len(program.got) > 10 * death for program in programs.values()), what='some events')
                hub.restart()
            end = len(hub.get('/events?limit=1000').json['events'])
            for name, program in programs.items():
                wait_for(lambda: len(program.got) >= end, what=f'all events for {name}')
                program.stop()
                shown = hub.get('/events?limit=1000').json['events']
                self.assertEqual(program.got, [event['position'] for event in shown][:len(program.got)], name)
                self.assertLessEqual(program.again, 2 * program.limit, 'a page for each death at most')

    def test_acknowledging_is_nothing_to_acknowledge(self):
        self.put('clerk', position=self.ask('limit=1000')['position'])
        self.assertEqual(self.ask('consumer=clerk')['events'], [])
        shown = self.ask('type=company_consumer_moved&limit=1000')['events']
        self.assertEqual(shown[-1]['payload']['consumer'], 'clerk')
        before = self.hub.get('/events/consumers').json['consumers']
        head = self.put('clerk', position=before[-1]['position']).position
        self.assertEqual(self.put('clerk', position=before[-1]['position']).position, head, 'said again it is no event')
        self.hub.ask('DELETE', '/events/consumers/clerk')

    def test_consumers_are_listed_and_there_are_not_too_many(self):
        names = [f'consumer {i}' for i in range(64)]
        for name in names:
            self.assertEqual(self.put(name.replace(' ', '%20')).status, 200)
        self.assertEqual([row['consumer'] for row in self.hub.get('/events/consumers').json['consumers']], names)
        answer = self.put('another')
        self.assertEqual((answer.status, answer.json['error']), (429, 'A company has at most 64 consumers.'))
        for name in names:
            self.hub.ask('DELETE', f"/events/consumers/{name.replace(' ', '%20')}")
        self.assertEqual(self.hub.get('/events/consumers').json['consumers'], [])

    # --- what cannot be ---

    def test_what_cannot_be_is_refused_with_what_it_should_be(self):
        other = 'AAAAAAAAAAEAAAAAAAAAAAABAA'
        for query, status, sentence in (
                ('from=yesterday', 400, 'It must be a position of this hub or a time as in RFC 3339.'),
                ('cursor=yesterday', 400, 'it was not given by this hub'),
                ('type=message_eaten', 400, 'There is no event of this type.'),
                ('stream=s1', 400, 'must be at least 3 characters'),
                ('stream=session', 400, 'A stream is KIND/ID, like session/omni_session_001.'),
                ('stream=planet/s1', 400, 'A stream is KIND/ID, like session/omni_session_001.'),
                ('stream=customer/customer_1&customer_id=customer_2', 400, 'cannot be asked for at once'),
                ('stream=session/unknown', 404, 'There is no such session.'),
                ('customer_id=nobody', 404, 'There is no such customer.'),
                ('consumer=nobody', 404, 'There is no such consumer; PUT /events/consumers/{consumer} makes one.'),
                (f'from={other}', 400, 'It must be a position'), ('wait=31', 400, 'from 0 to 30'),
                ('limit=0', 400, 'from 1 to 1000')):
            with self.subTest(query=query):
                self.refused(query, status, sentence)

    def test_a_position_that_is_none_or_not_reached_is_not_acknowledged(self):
        head = self.hub.get('/status').json['position']
        for position, sentence in (('nowhere', '/position must be a position of this hub'),
                                   (self.made(12, b'\1'), '/position is not reached yet')):
            answer = self.put('reader', position=position)
            self.assertEqual((answer.status, answer.json['error']), (400, sentence))
        self.assertEqual(self.hub.get('/status').json['position'], head)

    def made(self, at, value):
        """The hub's position with another byte in it, and a right check (docs/log-format.md §3)."""
        made = bytearray(base64.urlsafe_b64decode(self.hub.get('/status').json['position'] + '=='))
        made[at:at + 1] = value
        check = 0
        for byte in made[:18]:
            check ^= byte
            for _ in range(8):
                check = (check << 1 ^ 7) & 0xff if check & 0x80 else check << 1
        made[18] = check
        return base64.urlsafe_b64encode(bytes(made)).decode().rstrip('=')

    def test_a_position_of_before_a_restore_is_gone(self):
        gone = self.made(7, b'\xfe')
        self.refused(f'from={gone}', 410, 'It belongs to another incarnation of the log.')
        answer = self.put('reader', position=gone)
        self.assertEqual((answer.status, answer.json['error']), (410, '/position belongs to another incarnation of the log'))


if __name__ == '__main__':
    unittest.main()
