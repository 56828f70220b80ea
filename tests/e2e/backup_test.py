#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The drill: a hub is backed up while it works, and comes back from the backup as it was at any moment that is asked for."""

import glob
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import BINARY, KEY, Client, Hub, clean_environment, run, wait_for  # noqa: E402
from websocket import WebSocket  # noqa: E402

DONE, FAILED, USAGE, UNSOUND, ABSENT, DENIED, FULL, TAKEN, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 8, 130
CUSTOMER, SESSION, ERASED = 'customer_004', 'omni_session_004', 'erased_customer'
WORDS = 'SecretWordsOfACustomer'


def lines_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def hashes(data):
    """Hashes of all states and views, folded afresh."""
    done = run('replay', '--hashes', '--data', data)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Talk(threading.Thread):
    """A customer who goes on writing, and what was acknowledged."""

    def __init__(self, hub):
        super().__init__(daemon=True)
        self.port, self.count, self.failed, self.stopping = hub.port, 0, None, threading.Event()

    def run(self):
        client = Client(self.port)
        while not self.stopping.is_set():
            answer = client.post('/message/process', {'customer_id': CUSTOMER, 'session_id': SESSION, 'channel': 'chat',
                                                      'content': f'{WORDS} {self.count}'})
            if answer.status != 200:
                self.failed = answer
                return
            self.count += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.join(60)


class Backup(unittest.TestCase):
    """One hub with three backups, each test with directories of its own."""

    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.made = cls.hub.made
        cls.passphrase, cls.other = cls.file('passphrase', 'correct horse battery\n'), cls.file('other', 'something else entirely\n')
        cls.private, cls.public = os.path.join(cls.made, 'private.pem'), os.path.join(cls.made, 'public.pem')
        subprocess.run(['openssl', 'genpkey', '-algorithm', 'X25519', '-out', cls.private], check=True, capture_output=True)
        subprocess.run(['openssl', 'pkey', '-in', cls.private, '-pubout', '-out', cls.public], check=True, capture_output=True)
        cls.dir, cls.count = os.path.join(cls.made, 'backups'), 0
        cls.hub.create_session(CUSTOMER, SESSION, 'chat', customer_profile={'name': 'Sarah Johnson'})
        cls.hub.create_session(ERASED, 'session_of_erased', 'chat', customer_profile={'name': 'Nobody'})
        cls.before = cls.hub.say(ERASED, 'session_of_erased', WORDS).position
        with Talk(cls.hub) as talk:
            wait_for(lambda: talk.count >= 20 or talk.failed, what='some load')
            cls.first = cls.backup_of(cls.hub.data)
            so_far = talk.count
            wait_for(lambda: talk.count >= so_far + 20 or talk.failed, what='more load')
        assert talk.failed is None, talk.failed
        cls.customer = cls.hub.post(f'/customer/{ERASED}/erase', {'reason': 'asked for it', 'confirm': ERASED,
                                                                 'end_sessions': True}).json['customer']
        cls.second = cls.backup_of(cls.hub.data)
        cls.third = cls.backup_of(cls.hub.data)

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    @classmethod
    def file(cls, name, text):
        path = os.path.join(cls.made, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    @classmethod
    def fresh(cls, name='restored'):
        cls.count += 1
        return os.path.join(cls.made, f'{name}-{cls.count}')

    @classmethod
    def backup_of(cls, data, *words, to=None):
        done = run('backup', to or cls.dir, '--data', data, '--passphrase-file', cls.passphrase, '--json', *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def restored(self, *words, data=None):
        data = data or self.fresh()
        done = run('restore', self.dir, '--data', data, '--passphrase-file', self.passphrase, '--json', *words)
        self.assertEqual(done.returncode, DONE, done.stderr)
        return data, json.loads(done.stdout)

    def refused(self, status, sentence, *words, **more):
        done = run(*words, **more)
        self.assertEqual((done.returncode, done.stdout), (status, ''), (words, done.stderr))
        self.assertIn(sentence, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def events(self, data):
        """Without positions as text, in which an incarnation says who it is."""
        return [{name: value for name, value in event.items() if name != 'position'}
                for event in lines_of(run('replay', '--data', data, '--json'))]

    # --- the drill ---

    def test_what_comes_back_is_what_was_there(self):
        data, said = self.restored()
        self.assertEqual((said['backup'], said['position']), (3, self.third['position']))
        self.assertGreater(said['incarnation'], 1)
        self.assertEqual(run('audit', 'verify', '--data', data).stderr, '')
        self.assertEqual(hashes(data), hashes(self.hub.data))
        self.assertEqual(self.events(data), self.events(self.hub.data))
        with Hub(data=data) as hub:
            shown = hub.get(f'/session/{SESSION}/messages?limit=5').json
            self.assertIn(WORDS, json.dumps(shown))
            hub.say(CUSTOMER, SESSION, 'It goes on')
            self.assertEqual(hub.stop(), 0, hub.complaints())
            self.assertIn('campaigns send nothing while', hub.complaints())
        self.assertEqual(run('audit', 'verify', '--data', data).stderr, '')

    def test_who_read_comes_back_and_is_gone_on_with(self):
        reads, there = ('audit', 'reads', '--json', '--data'), self.fresh('backups')
        run('audit', 'history', CUSTOMER, '--data', self.hub.data, '--reason', 'before the backup')
        self.backup_of(self.hub.data, to=there)
        kept = json.loads(run(*reads, self.hub.data).stdout)['accesses']
        self.assertEqual(kept[-1]['purpose'], 'before the backup')
        run('audit', 'history', CUSTOMER, '--data', self.hub.data, '--reason', 'behind the backup')
        data = self.fresh()
        self.assertEqual(run('restore', there, '--data', data, '--passphrase-file', self.passphrase).returncode, DONE)
        self.assertEqual(json.loads(run(*reads, data).stdout)['accesses'], kept)
        self.assertGreaterEqual(json.loads(run('audit', 'verify', '--data', data, '--json').stdout)['accesses'], len(kept))
        run('audit', 'history', CUSTOMER, '--data', data, '--reason', 'of the restored one')
        noted = json.loads(run(*reads, data).stdout)['accesses']
        self.assertEqual((noted[:len(kept)], noted[-1]['purpose']), (kept, 'of the restored one'))

    def test_a_moment_between_two_backups_comes_back_with_the_hashes_of_then(self):
        to = (self.first['position'] + self.second['position']) // 2
        data, said = self.restored('--to', str(to))
        self.assertEqual((said['backup'], said['position']), (2, to))
        self.assertEqual(said['removed_events'], self.second['position'] - to)
        self.assertEqual(run('audit', 'verify', '--data', data).stderr, '')
        self.assertEqual(self.state(data, to), self.state(self.hub.data, to))
        with Hub(data=data) as hub:
            moment = lines_of(run('replay', '--data', self.hub.data, '--from', str(to), '--limit', '1', '--json'))[0]
            was = self.hub.get(f"/session/{SESSION}/messages?limit=100&at={moment['position']}").json
            self.assertEqual(hub.get(f'/session/{SESSION}/messages?limit=100').json['messages'], was['messages'])
            hub.say(CUSTOMER, SESSION, 'another history')

    def state(self, data, to):
        done = run('replay', '--state', f'session/{SESSION}', '--at', str(to), '--data', data)
        self.assertEqual(done.returncode, DONE, done.stderr)
        return done.stdout

    def test_a_log_that_was_cut_is_the_log_that_was_backed_up_then(self):
        whole, _ = self.restored('--backup', '1')
        cut, said = self.restored('--backup', '2', '--to', str(self.first['position']))
        self.assertGreater(said['removed_events'], 0)
        self.assertEqual(self.events(cut), self.events(whole))
        self.assertEqual(hashes(cut), hashes(whole))

    def test_a_time_stands_for_the_last_event_up_to_then(self):
        event = self.events(self.hub.data)[self.first['position'] // 2]
        data, said = self.restored('--to', event['time'])
        self.assertEqual((said['position'], said['time']), (event['sequence'], event['time']))
        self.assertEqual(len(self.events(data)), event['sequence'])

    def test_who_was_erased_later_stays_erased(self):
        data, said = self.restored('--backup', '1')
        self.assertEqual(said['ids_forgotten'], 2)
        self.assertIn('[erased]', json.dumps(self.events(data)))
        with Hub(data=data) as hub:
            self.assertEqual(hub.get(f'/customer/{ERASED}/sessions').status, 404)
            self.assertEqual(hub.get('/session/session_of_erased').status, 404)
            self.assertNotIn(WORDS, json.dumps(hub.get(f'/customer/{self.customer}/unified-view').json))
            self.assertEqual(hub.get(f'/session/{SESSION}').status, 200)

    def test_who_was_erased_after_the_last_backup_is_named_by_a_list(self):
        customer = next(event['entity'] for event in self.events(self.hub.data)
                        if event['kind'] == 'customer' and event['entity'] != self.customer)
        data, said = self.restored('--erased', self.file('list', f'# certificate 4711\n{customer} asked for it\n'))
        self.assertEqual(said['keys_destroyed'], 1)
        self.assertNotIn(WORDS, json.dumps(self.events(data)))

    def test_clients_of_the_old_incarnation_are_told_to_reload(self):
        data, _ = self.restored()
        with Hub(data=data) as hub:
            gone = hub.get(f'/session/{SESSION}', headers={'Hub-Min-Position': self.before})
            self.assertEqual((gone.status, gone.json['code']), (410, 'position_gone'), gone)
            socket = WebSocket(hub.port, f'/ws/dashboard?since={self.before}', KEY)
            self.assertEqual(socket.read_until('reload')['payload']['reason'], 'position_gone')
            socket.close()

    def test_the_second_run_copies_what_is_new(self):
        self.assertLess(self.third['new_bytes'], 2000)
        self.assertEqual(self.third['position'], self.second['position'])
        listed = json.loads(run('backup', '--list', self.dir, '--json').stdout)['backups']
        self.assertEqual([row['backup'] for row in listed], [1, 2, 3])

    def test_a_stopped_hub_is_backed_up_likewise(self):
        data, _ = self.restored()
        made = self.backup_of(data, to=self.fresh('backups'))
        self.assertEqual(made['position'], self.third['position'])

    def test_nothing_personal_lies_open_in_a_backup(self):
        for folder, _, names in os.walk(self.dir):
            for name in names:
                with open(os.path.join(folder, name), 'rb') as file:
                    self.assertNotIn(WORDS.encode(), file.read(), name)

    def test_a_recipient_opens_what_was_locked_for_it(self):
        there = self.fresh('backups')
        self.assertEqual(run('backup', there, '--data', self.hub.data, '--recipient', self.public).returncode, DONE)
        self.assertEqual(run('backup', '--verify', there, '--identity', self.private).returncode, DONE)
        self.refused(DENIED, 'The passphrase does not open the keys', 'restore', there, '--data', self.fresh(),
                     '--passphrase-file', self.passphrase)

    def test_the_backup_is_tried_in_a_scratch_directory(self):
        scratch = self.fresh('scratch')
        os.mkdir(scratch)
        done = run('backup', '--verify', self.dir, '--passphrase-file', self.passphrase, '--scratch', scratch)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn('can be put back', done.stdout)
        self.assertEqual(os.listdir(scratch), [])
        self.refused(DENIED, 'does not open', 'backup', '--verify', self.dir, '--passphrase-file', self.other)

    def test_keys_can_be_kept_elsewhere_or_left_out(self):
        there, box = self.fresh('backups'), os.path.join(self.made, 'elsewhere.box')
        self.backup_of(self.hub.data, '--keys', box, to=there)
        self.assertNotIn('keys.box', os.listdir(there))
        data = self.fresh()
        done = run('restore', there, '--data', data, '--keys', box, '--passphrase-file', self.passphrase)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn(WORDS, json.dumps(self.events(data)))
        done = run('restore', there, '--data', self.fresh(), '--without-keys')
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn('personal values stay closed', done.stdout)

    # --- what is wrong is said ---

    def test_a_log_with_many_files_beside_it_is_backed_up_again_and_again(self):
        data, there = self.restored()[0], self.fresh('backups')
        os.mkdir(os.path.join(data, 'many'))
        for number in range(10001):  # as many archives as hourly runs make in a year
            os.symlink('../hold', os.path.join(data, 'many', f'file-{number:031}'))
        for number in (1, 2):
            self.assertEqual(self.backup_of(data, to=there)['backup'], number)

    def test_nothing_of_a_restore_that_was_killed_is_in_the_next_one(self):
        target = os.path.join(self.made, 'after-a-kill')
        left = os.path.join(f'{target}.restoring', 'access')
        os.makedirs(left)
        for path in (os.path.join(left, 'entries-0000000000001000'), os.path.join(f'{target}.restoring', 'notes')):
            with open(path, 'wb') as file:
                file.write(b'of a later backup')
        done = run('restore', self.dir, '--data', target, '--passphrase-file', self.passphrase)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertFalse(os.path.exists(os.path.join(target, 'access', 'entries-0000000000001000')))
        self.assertFalse(os.path.exists(os.path.join(target, 'notes')))
        self.assertEqual(run('audit', 'verify', '--data', target).returncode, DONE)

    def test_bad_input_changes_nothing(self):
        target = self.fresh()
        restore = ('restore', self.dir, '--data', target, '--passphrase-file', self.passphrase)
        self.refused(ABSENT, 'the newest ends at position', *restore, '--to', str(self.third['position'] + 1))
        self.refused(ABSENT, 'The log begins later than that', *restore, '--to', '2001-01-01T00:00:00Z')
        self.refused(ABSENT, 'No backup in', *restore, '--to', '2101-01-01T00:00:00Z')
        self.refused(ABSENT, 'There is no backup 9', *restore, '--backup', '9')
        self.refused(ABSENT, 'before the first event', *restore, '--to', '0')
        self.refused(USAGE, 'neither a position', *restore, '--to', 'yesterday')
        self.refused(USAGE, '26 characters', *restore, '--erased', self.file('bad', 'customer_004\n'))
        self.refused(DENIED, 'The passphrase does not open', 'restore', self.dir, '--data', target, '--passphrase-file', self.other)
        self.refused(DENIED, 'The private key does not open', 'restore', self.dir, '--data', target, '--identity', self.private)
        self.refused(USAGE, 'or else --without-keys', 'restore', self.dir, '--data', target)
        self.refused(ABSENT, 'There are no backups', 'restore', self.made, '--data', target, '--without-keys')
        self.refused(USAGE, 'is no private X25519 key', 'restore', self.dir, '--data', target, '--identity', self.public)
        self.refused(TAKEN, 'is not empty', 'restore', self.dir, '--data', self.hub.data, '--passphrase-file', self.passphrase)
        self.assertEqual(glob.glob(target + '*'), [])

    def test_a_backup_that_cannot_be_made_is_refused(self):
        there = self.fresh('backups')
        self.refused(USAGE, 'leave the machine locked', 'backup', there, '--data', self.hub.data)
        self.refused(USAGE, 'is no public X25519 key', 'backup', there, '--data', self.hub.data, '--recipient', self.private)
        self.refused(USAGE, 'at least', 'backup', there, '--data', self.hub.data, '--passphrase-file', self.file('short', 'x\n'))
        self.refused(ABSENT, 'cannot be read', 'backup', there, '--data', self.hub.data, '--passphrase-file', there)
        self.refused(ABSENT, 'cannot be copied aside', 'backup', there, '--data', self.made, '--passphrase-file', self.passphrase)
        data = self.fresh('other')
        with Hub(data=data) as other:
            other.create_session('x', 'y')
            self.refused(FAILED, 'another log', 'backup', self.dir, '--data', data, '--passphrase-file', self.passphrase)

    def test_a_damaged_backup_is_recognised(self):
        for pattern in ('log/shared_checksum/*.sst', 'log/meta/*', 'backups/000003.json', 'keys.box'):
            copy = self.fresh('damaged')
            shutil.copytree(self.dir, copy)
            for path in glob.glob(os.path.join(copy, pattern)):
                with open(path, 'r+b') as file:
                    file.seek(os.path.getsize(path) // 2)
                    byte = file.read(1)
                    file.seek(-1, os.SEEK_CUR)
                    file.write(bytes([byte[0] ^ 0x10]))
            self.refused(UNSOUND, 'damaged', 'restore', copy, '--data', self.fresh(), '--passphrase-file', self.passphrase)

    # --- what is cut short ---

    def start(self, *words, limit=None, **more):
        def less():
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return subprocess.Popen([BINARY, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                env=clean_environment(), preexec_fn=less, **more)

    def test_a_full_disk_leaves_the_backups_as_they_were(self):
        there, before = self.fresh('backups'), sorted(os.listdir(os.path.join(self.dir, 'backups')))
        for words in (('backup', there, '--data', self.hub.data, '--passphrase-file', self.passphrase),
                      ('restore', self.dir, '--data', self.fresh(), '--passphrase-file', self.passphrase)):
            process = self.start(*words, limit=8192, stderr=subprocess.PIPE)
            _, said = process.communicate(timeout=120)
            self.assertEqual(process.returncode, FULL, said)
        self.assertEqual(glob.glob(os.path.join(there, 'backups', '*')), [])
        self.assertFalse(os.path.exists(os.path.join(there, 'keys.box')))
        self.assertEqual(self.backup_of(self.hub.data, to=there)['backup'], 1)
        self.assertEqual(sorted(os.listdir(os.path.join(self.dir, 'backups'))), before)
        self.assertEqual(glob.glob(os.path.join(self.made, '*.restoring')), [])

    def test_an_interrupted_backup_is_none_and_the_next_one_goes_on(self):
        """The hub sleeps, so the run waits for its flush; there it is interrupted."""
        for number, status in ((signal.SIGINT, INTERRUPTED), (signal.SIGKILL, -signal.SIGKILL)):
            there = self.fresh('backups')
            self.hub.process.send_signal(signal.SIGSTOP)
            try:
                process = self.start('backup', there, '--data', self.hub.data, '--passphrase-file', self.passphrase,
                                     stderr=subprocess.PIPE)
                wait_for(lambda: os.path.exists(os.path.join(self.hub.data, 'pinned', 'flush')), what='the wait for the hub')
                process.send_signal(number)
            finally:
                self.hub.process.send_signal(signal.SIGCONT)
            _, said = process.communicate(timeout=120)
            self.assertEqual(process.returncode, status, said)
            self.assertIn('run it again' if number == signal.SIGINT else '', said)
            self.taken_up_again(there)

    def test_a_backup_that_is_killed_before_its_note_is_none(self):
        """The log is copied by then, and the keys wait for somebody who reads them."""
        there, box = self.fresh('backups'), os.path.join(self.made, 'waiting.box')
        os.mkfifo(box + '.new')
        process = self.start('backup', there, '--data', self.hub.data, '--passphrase-file', self.passphrase, '--keys', box,
                             stderr=subprocess.DEVNULL)
        wait_for(lambda: glob.glob(os.path.join(there, 'log', 'meta', '1')), what='the copy of the log')
        process.kill()
        process.communicate(timeout=60)
        self.assertFalse(os.path.exists(box))
        self.taken_up_again(there)

    def taken_up_again(self, there):
        self.assertEqual(glob.glob(os.path.join(there, 'backups', '*')), [])
        self.refused(ABSENT, 'There are no backups', 'restore', there, '--data', self.fresh(), '--without-keys')
        again = ('backup', there, '--data', self.hub.data, '--passphrase-file', self.passphrase)
        self.assertIn('Backup 1 in', wait_for(lambda: run(*again).stdout, what='a backup, once the other is gone'))
        self.assertEqual(run('backup', '--verify', there, '--passphrase-file', self.passphrase).returncode, DONE)


class Timers(unittest.TestCase):
    """A timer that fires between the moment that is asked for and the backup is one that waits, as of that moment."""

    def status(self, hub, session):
        return hub.get(f'/session/{session}').json['status']

    def test_a_timer_that_fired_in_between_fires_again(self):
        with Hub() as hub, tempfile.TemporaryDirectory() as made:
            passphrase, there, data = (os.path.join(made, name) for name in ('passphrase', 'backups', 'data'))
            with open(passphrase, 'w', encoding='utf-8') as file:
                file.write('correct horse battery\n')
            asks = ('--passphrase-file', passphrase, '--json')
            for name in ('fired', 'waits', 'awake', 'idle'):
                hub.create_session(f'customer_{name}', name, **({'idle_s': 3} if name == 'idle' else {}))
            soon = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 3))
            for name, until in (('fired', soon), ('waits', '2100-01-01T00:00:00Z'), ('awake', soon)):
                self.assertEqual(hub.ask('PUT', f'/session/{name}', {'status': 'snoozed', 'snoozed_until': until}).status, 200)
            then = hub.ask('PUT', '/session/awake', {'status': 'active'})
            self.assertEqual(then.status, 200, then)
            last = json.loads(run('log', 'tail', '--last', '1', '--json', '--data', hub.data).stdout)['sequence']
            wait_for(lambda: self.status(hub, 'fired') == 'active' and self.status(hub, 'idle') == 'ended', what='both timers')
            hub.say('customer_waits', 'waits', 'still snoozed, and has lost an event')
            self.assertEqual(run('backup', there, '--data', hub.data, *asks).returncode, DONE)
            done = run('restore', there, '--data', data, '--to', str(last), *asks)
            self.assertEqual(done.returncode, DONE, done.stderr)
            said = json.loads(done.stdout)
            self.assertEqual((said['waiting'], said['timers_again']), (1, 2), said)
            self.assertEqual(run('audit', 'verify', '--data', data).stderr, '')
            with Hub(data=data) as again:
                wait_for(lambda: self.status(again, 'fired') == 'active' and self.status(again, 'idle') == 'ended',
                         what='both timers again')
                self.assertEqual((self.status(again, 'waits'), self.status(again, 'awake')), ('snoozed', 'active'))
                answer = again.ask('PUT', '/session/awake', {'status': 'snoozed', 'snoozed_until': '2100-01-01T00:00:00Z'})
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(again.stop(), 0, again.complaints())
            self.assertEqual(run('audit', 'verify', '--data', data).stderr, '', 'a timer of the second incarnation')


class Held(unittest.TestCase):
    def test_i8_what_was_on_its_way_is_sent_by_nobody_but_a_person(self):
        """The old hub's gateway fails, so its message waits for the next attempt; the new one's works and notes what it gets."""
        with Hub(options=('--loopback-failures', '100')) as hub:
            there, data, record, secret = (os.path.join(hub.made, name) for name in ('there', 'data', 'record', 'secret'))
            with open(secret, 'w', encoding='utf-8') as file:
                file.write('correct horse battery\n')
            hub.create_session(CUSTOMER, SESSION, 'chat')
            hub.post('/message/respond', {'session_id': SESSION, 'channel': 'email', 'content': 'on its way'})
            made = run('backup', there, '--data', hub.data, '--passphrase-file', secret)
            self.assertEqual(made.returncode, DONE, made.stderr)
            hub.kill()
            done = run('restore', there, '--data', data, '--passphrase-file', secret, '--json')
            self.assertEqual(json.loads(done.stdout)['held_effects'], 1, done)
            with Hub(data=data, options=('--loopback-record', record)) as new:
                wait_for(lambda: b'omnihub_dead_letters 1' in new.get('/metrics').body, what='the dead letter')
                self.deliver(new, 'after the restore')
                self.assertEqual(self.sent(record), 1)
                self.campaign_waits(new, os.path.join(data, 'hold'))
                self.assertEqual(self.sent(record), 4)

    def deliver(self, hub, words):
        sent = hub.post('/message/respond', {'session_id': SESSION, 'channel': 'email', 'content': words}).json['message_id']
        wait_for(lambda: hub.get(f'/message/{sent}').json['message']['status'] == 'delivered', what='the delivery')

    def sent(self, record):
        with open(record, encoding='utf-8') as file:
            return len(file.readlines())

    def campaign_waits(self, hub, hold):
        answer = hub.post('/campaign/omnichannel-launch', {
            'campaign_id': 'spring', 'customers': [{'customer_id': 'c1'}, {'customer_id': 'c2'}], 'channels': ['chat', 'sms'],
            'messages': [{'content': 'news'}], 'quiet_hours': {'none': True}})
        self.assertEqual(answer.status, 200, answer)
        self.deliver(hub, 'while the campaign is held')
        status = hub.get('/campaign/spring/status').json
        self.assertEqual(status['progress']['attempts'], 0, status)
        os.remove(hold)
        wait_for(lambda: hub.get('/campaign/spring/status').json['status'] == 'finished', what="the campaign's end")


if __name__ == '__main__':
    unittest.main(verbosity=2)
