#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`log archive`: payloads of sessions that ended lie in files beside the log, and nobody can tell by what they read."""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import BINARY, Hub, clean_environment, run, wait_for  # noqa: E402

DONE, USAGE, UNSOUND, ABSENT, FULL, TAKEN, INTERRUPTED = 0, 2, 3, 4, 6, 8, 130
WORDS, ENDED, OPEN = 'SecretWordsOfACustomer', ('ended_1', 'ended_2'), 'open_session'
EVERYTHING = ('--older-than', '0s')


def fill(hub, turn):
    """Sessions whose events lie among each other; two of them end."""
    sessions = [f'{name}_{turn}' for name in (*ENDED, OPEN)]
    for session in sessions:
        hub.create_session(f'customer_of_{session}', session, customer_profile={'name': 'Nobody'})
    for number in range(6):
        for session in sessions:
            hub.say(f'customer_of_{session}', session, f'{WORDS} {session} {number}')
            if number % 3 == 0:
                answer = hub.post('/message/respond', {'session_id': session, 'content': f'An answer {number}'})
                message = f"/message/{answer.json['message_id']}"
                wait_for(lambda: hub.get(message).json['message']['status'] == 'delivered', what='the delivery')
    for session in sessions[:2]:
        answer = hub.ask('DELETE', f'/session/{session}')
        assert answer.status in (200, 204), answer


def said(*words):
    done = run(*words)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def archive(data, *words, status=DONE):
    done = run('log', 'archive', '--data', data, '--json', *(words or EVERYTHING))
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if status == DONE else done.stderr


def files_of(data):
    return sorted(os.path.basename(path) for path in glob.glob(os.path.join(data, 'archive', '*')))


def archives_of(data):
    return json.loads(said('log', 'info', '--json', '--data', data))['archives']


def seen_on_disk(data, place):
    """All that tools show, but for who read it."""
    target, shown = os.path.join(place, 'export'), []
    shutil.rmtree(place, ignore_errors=True)
    os.mkdir(place)
    for words in (('replay', '--json'), ('replay', '--hashes'), ('audit', 'verify'),
                  ('export', '--format', 'json', '--to', target),
                  ('audit', 'history', f'customer_of_{ENDED[0]}_0', '--format', 'json'),
                  ('replay', '--state', f'session/{ENDED[1]}_1'), ('replay', '--session', f'{ENDED[0]}_1')):
        shutil.rmtree(os.path.join(data, 'access'), ignore_errors=True)
        lines = said(*words, '--data', data).splitlines(keepends=True)
        shown.append(''.join(line for line in lines if '"type":"access_entry"' not in line))
    with open(target, encoding='utf-8') as file:
        shown.append(file.read())
    return shown


def seen_over_rest(hub, at):
    shown = []
    for session in (f'{name}_{turn}' for name in (*ENDED, OPEN) for turn in (0, 1)):
        for path in (f'/session/{session}', f'/session/{session}/messages?limit=100',
                     f'/session/{session}/messages?limit=100&at={at}', f'/customer/customer_of_{session}/unified-view?at={at}',
                     f'/customer/customer_of_{session}/unified-view'):
            answer = hub.get(path)
            shown.append((path, answer.status, answer.body))
    assert {status for _, status, _ in shown} == {200, 404}, shown  # what began later was not there then
    return [*shown, hub.get('/events?limit=1000').body]


class Archive(unittest.TestCase):
    """One log, of which each test has a copy."""

    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.made = cls.hub.made
        fill(cls.hub, 0)
        cls.at = json.loads(said('log', 'info', '--json', '--data', cls.hub.data))['position']
        fill(cls.hub, 1)
        assert cls.hub.stop() == 0, cls.hub.complaints()
        cls.count = 0
        cls.before = seen_on_disk(cls.hub.data, os.path.join(cls.made, 'seen'))
        cls.events = [json.loads(line) for line in cls.before[0].splitlines()]

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    def fresh(self, name='place'):
        type(self).count += 1
        return os.path.join(self.made, f'{name}-{self.count}')

    def copy(self, data=None):
        return shutil.copytree(data or self.hub.data, self.fresh('copy'))

    def archived(self):
        data = self.copy()
        return data, archive(data)

    def path_of(self, data):
        return glob.glob(os.path.join(data, 'archive', '*.arc'))[0]

    def same(self, data):
        self.assertEqual(seen_on_disk(data, os.path.join(self.made, 'seen')), self.before)

    def same_events(self, data):
        self.assertEqual(said('replay', '--json', '--data', data), self.before[0])

    # --- what is seen ---

    def test_whoever_reads_sees_what_was_there_before(self):
        data, report = self.archived()
        ended = {event['entity'] for event in self.events
                 if event['type'] == 'session_moved' and event['payload'].get('status') == 'ended'}
        rows = [event for event in self.events if event['entity'] in ended]
        self.assertEqual((report['sessions'], report['events']), (4, len(rows)))
        self.assertEqual([(row['first'], row['last'], row['events']) for row in archives_of(data)],
                         [(rows[0]['sequence'], rows[-1]['sequence'], len(rows))])
        self.assertEqual(files_of(data), [report['archives'][0]['archive'], 'lock'])
        self.same(data)
        self.assertIn('All is as the log says', said('replay', '--verify', '--data', data))
        with open(self.path_of(data), 'rb') as file:
            self.assertNotIn(WORDS.encode(), file.read())
        said('log', 'compact', '--data', data)
        self.same(data)

    def test_a_served_archive_is_read_like_the_log(self):
        data, untouched = self.copy(), self.copy()
        with Hub(data=untouched) as hub:
            before = seen_over_rest(hub, self.at)
        archive(data)
        shutil.rmtree(os.path.join(data, 'views'))
        with Hub(data=data) as hub:
            self.assertEqual(seen_over_rest(hub, self.at), before)
            refused = hub.post('/message/respond', {'session_id': f'{ENDED[0]}_0', 'content': 'Too late'})
            self.assertEqual(refused.status, 409, refused)

    def test_the_hub_that_serves_takes_archives_in(self):
        data = self.copy()
        with Hub(data=data) as hub:
            before = seen_over_rest(hub, self.at)
            report = archive(data)
            self.assertGreater(report['events'], 0)
            self.assertEqual(seen_over_rest(hub, self.at), before)
            self.assertEqual(len(archives_of(data)), 1)
            self.assertEqual(archive(data)['events'], 0)
            fill(hub, 2)
            wait_for(lambda: archive(data, *EVERYTHING, '--dry-run')['sessions'] == 2, what='a witness of what was said')
            self.assertEqual(archive(data)['sessions'], 2)
            self.assertEqual(hub.stop(), 0, hub.complaints())
            self.assertNotIn('damaged', hub.complaints())
        self.assertEqual(len(archives_of(data)), 2)
        said('replay', '--verify', '--data', data)

    def test_proofs_are_what_they_were(self):
        data, _ = self.archived()
        proof, key = self.fresh('proof'), os.path.join(data, 'checkpoint.pub')
        at = archives_of(data)[0]['first']
        with open(proof, 'w', encoding='utf-8') as file:
            file.write(said('audit', 'prove', str(at), '--data', data))
        said('audit', 'check', proof, '--key', key)

    # --- which sessions ---

    def test_only_what_is_old_and_over_is_taken(self):
        data = self.copy()
        moment = next(event['time'] for event in self.events if event['position'] == self.at)
        self.assertEqual(archive(data, '--before', moment, '--dry-run')['sessions'], 2)
        self.assertEqual(archive(data, '--older-than', '1d')['sessions'], 0)
        self.assertFalse(glob.glob(os.path.join(data, 'archive', '*.arc')))
        first = archive(data, '--before', moment)
        self.assertEqual((first['sessions'], first['dry_run']), (2, False))
        self.assertEqual(archive(data)['sessions'], 2)
        self.assertEqual(len(archives_of(data)), 2)
        self.same_events(data)

    def test_a_wrong_command_line_is_explained(self):
        for words in ((), ('--older-than', '90d', '--before', '2026-01-01T00:00:00Z'), ('--older-than', 'long'),
                      ('--older-than', '-1d'), ('--before', 'yesterday')):
            done = run('log', 'archive', '--data', self.hub.data, *words)
            self.assertEqual((done.returncode, done.stdout, len(done.stderr.splitlines())), (USAGE, '', 1), (words, done))
        done = run('log', 'archive', '--data', '/nowhere', *EVERYTHING)
        self.assertEqual((done.returncode, done.stderr), (ABSENT, 'omnihub: there is no log in /nowhere\n'))

    # --- erasure, backup ---

    def test_i11_who_is_erased_cannot_be_read_from_an_archive(self):
        data, _ = self.archived()
        customer = f'customer_of_{ENDED[0]}_0'
        with Hub(data=data) as hub:
            messages = hub.get(f'/session/{ENDED[0]}_0/messages').body
            self.assertIn(WORDS.encode(), messages)
            answer = hub.post(f'/customer/{customer}/erase', {'reason': 'asked for it', 'confirm': customer})
            self.assertEqual(answer.status, 200, answer)
            erased = answer.json['customer']
            self.assertEqual(hub.stop(), 0)
        mine = [event for event in map(json.loads, said('replay', '--json', '--customer', erased, '--data', data).splitlines())]
        self.assertIn('[erased]', json.dumps(mine))
        self.assertNotIn(WORDS, json.dumps(mine))
        said('audit', 'verify', '--data', data)

    def test_a_backup_brings_archives_and_copies_each_once(self):
        data, report = self.archived()
        there, secret, target = self.fresh('backups'), self.fresh('secret'), self.fresh('restored')
        with open(secret, 'w', encoding='utf-8') as file:
            file.write('correct horse battery\n')
        lock = ('--passphrase-file', secret)
        said('backup', there, '--data', data, *lock)
        with open(self.path_of(data), 'rb') as file:
            content = file.read()
        kept = [path for path in glob.glob(os.path.join(there, 'files', '*')) if os.path.getsize(path) == len(content)]
        self.assertEqual(len(kept), 1)
        stamp = os.stat(kept[0]).st_mtime_ns
        said('backup', there, '--data', data, *lock)
        self.assertEqual(os.stat(kept[0]).st_mtime_ns, stamp)
        said('backup', '--verify', there, *lock)
        said('restore', there, '--data', target, *lock)
        self.assertEqual([row['archive'] for row in archives_of(target)], [report['archives'][0]['archive']])
        said('audit', 'verify', '--data', target)
        self.assertEqual(said('replay', '--hashes', '--data', target), self.before[1])

    def passphrase(self):
        secret = self.fresh('secret')
        with open(secret, 'w', encoding='utf-8') as file:
            file.write('correct horse battery\n')
        return '--passphrase-file', secret

    def test_archives_on_another_disk_are_backed_up(self):
        data, elsewhere, there, target = self.copy(), self.fresh('disk'), self.fresh('backups'), self.fresh('restored')
        os.mkdir(elsewhere)
        os.symlink(elsewhere, os.path.join(data, 'archive'))
        archive(data)
        self.assertEqual(len(glob.glob(os.path.join(elsewhere, '*.arc'))), 1)
        lock = self.passphrase()
        said('backup', there, '--data', data, *lock)
        said('backup', '--verify', there, *lock)
        said('restore', there, '--data', target, *lock)
        said('audit', 'verify', '--data', target)
        self.same_events(data)

    def test_a_backup_that_lacks_an_archive_is_none(self):
        data, _ = self.archived()
        path, there, lock = self.path_of(data), self.fresh('backups'), self.passphrase()
        said('backup', there, '--data', data, *lock)
        with open(path, 'rb') as file:
            size = len(file.read())
        os.truncate(path, size - 1)
        for missing in (False, True):
            if missing:
                os.remove(path)
            done = run('backup', there, '--data', data, *lock)
            self.assertEqual(done.returncode, UNSOUND, done.stderr)
            self.assertIn(f'needs the file archive/{os.path.basename(path)} with {size} bytes, and it is not there', done.stderr)
        self.assertEqual(len(json.loads(said('backup', '--list', there, '--json'))['backups']), 1)

    def test_what_lacks_an_archive_is_not_restored(self):
        data, _ = self.archived()
        there, target, lock = self.fresh('backups'), self.fresh('restored'), self.passphrase()
        said('backup', there, '--data', data, *lock)
        note = os.path.join(there, 'backups', '000001.json')
        with open(note, encoding='utf-8') as file:
            said_ = json.load(file)
        said_['files'] = [file for file in said_['files'] if not file['name'].startswith('archive/')]
        with open(note, 'w', encoding='utf-8') as file:
            json.dump(said_, file)
        done = run('restore', there, '--data', target, *lock)
        self.assertEqual(done.returncode, UNSOUND, done.stderr)
        self.assertIn(f'Backup 1 lacks payloads: the archive {os.path.basename(self.path_of(data))} is missing.', done.stderr)
        self.assertFalse(os.path.exists(target))

    def test_a_moment_before_an_archive_ended_is_restored_from_it(self):
        data, _ = self.archived()
        there, lock = self.fresh('backups'), self.passphrase()
        said('backup', there, '--data', data, *lock)
        row = archives_of(data)[0]
        for to in ((row['first'] + row['last']) // 2, row['last']):  # the last event of a log lies in no archive
            target = self.fresh('restored')
            said('restore', there, '--data', target, *lock, '--to', str(to))
            self.assertEqual(archives_of(target), [])
            self.assertEqual(glob.glob(os.path.join(target, 'archive', '*.arc')), [])
            said('audit', 'verify', '--data', target)
            for name in ('sequence', 'payload', 'hash', 'time'):
                self.assertEqual([json.loads(line).get(name) for line in said('replay', '--json', '--data', target).splitlines()],
                                 [event.get(name) for event in self.events[:to]])

    def test_a_file_that_was_not_taken_in_is_not_in_the_way_of_a_restored_log(self):
        done, data, there, target = self.archived()[0], self.copy(), self.fresh('backups'), self.fresh('restored')
        row, lock = archives_of(done)[0], self.passphrase()
        os.mkdir(os.path.join(data, 'archive'))
        shutil.copy(self.path_of(done), os.path.join(data, 'archive'))
        said('backup', there, '--data', data, *lock)
        said('restore', there, '--data', target, *lock, '--to', str((row['first'] + row['last']) // 2))
        self.assertGreater(archive(target)['events'], 0)
        said('audit', 'verify', '--data', target)

    # --- what is not as it should be ---

    def found(self, data):
        done = run('audit', 'verify', '--data', data)
        self.assertEqual(done.returncode, UNSOUND, done.stderr)
        return done.stderr

    def flip(self, path, at):
        with open(path, 'r+b') as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 4]))

    def test_a_flipped_bit_is_found_at_its_position(self):
        data, _ = self.archived()
        path = self.path_of(data)
        with open(path, 'rb') as file:
            content = file.read()
        at, rows = 64, []
        index_at = int.from_bytes(content[56:64], 'big')
        while at < index_at:
            length = int.from_bytes(content[at + 8:at + 12], 'big')
            rows.append((int.from_bytes(content[at:at + 8], 'big'), at, length))
            at += 12 + length
        for sequence, start, length in (rows[0], rows[len(rows) // 2], rows[-1]):
            self.flip(path, start + 11 + length)
            self.assertIn(f'position {sequence}: its payload is not the one that its digest names', self.found(data))
            self.flip(path, start + 11 + length)
        for place in (0, index_at, len(content) - 1):
            self.flip(path, place)
            self.assertRegex(self.found(data), rf'position {rows[0][0]}: .*the archive {os.path.basename(path)} ')
            self.flip(path, place)
        said('audit', 'verify', '--data', data)

    def test_a_file_that_is_gone_cut_short_or_of_another_log_is_named(self):
        data, _ = self.archived()
        path, first = self.path_of(data), archives_of(data)[0]['first']
        with open(path, 'rb') as file:
            content = file.read()
        with Hub() as other:
            fill(other, 0)
            self.assertEqual(other.stop(), 0)
            archive(other.data)
            with open(self.path_of(other.data), 'rb') as file:
                strange = file.read()
        strange = content[:8] + strange[8:24] + content[24:]
        for replacement, words in ((None, 'is missing'), (content[:-1], 'is not as long as it was'),
                                   (content + b'x', 'is not as long as it was'), (b'', 'is not as long as it was'),
                                   (strange, 'belongs to another log')):
            os.remove(path)
            if replacement is not None:
                with open(path, 'wb') as file:
                    file.write(replacement)
            said_ = self.found(data)
            self.assertIn(f'position {first}: ', said_)
            self.assertIn(f'the archive {os.path.basename(path)} {words}', said_)
            if words != 'belongs to another log':  # a start looks at names and sizes
                with Hub(data=data, start=False) as hub:
                    with self.assertRaisesRegex(AssertionError, f'Payloads of the log in .* cannot be read: the archive .* {words}'):
                        hub.start()
            if replacement is None:
                with open(path, 'wb') as file:
                    file.write(content)

    def test_a_strange_file_is_not_taken_in(self):
        data, _ = self.archived()
        path = self.path_of(data)
        strange = os.path.join(data, 'archive', '1-9.arc')
        shutil.copy(path, strange)
        self.assertIn('it belongs to another one, or has another name', archive(data, status=UNSOUND))
        with open(strange, 'wb') as file:
            file.write(b'HUBARCH1')
        self.assertIn(f'{strange} is no archive of this log: it is damaged. It was not taken in.',
                      archive(data, status=UNSOUND))
        with Hub(data=data):
            self.assertIn('it is damaged', archive(data, status=UNSOUND))
        os.remove(strange)
        self.assertEqual(archive(data)['events'], 0)
        self.same_events(data)

    def test_a_directory_that_cannot_be_used_is_not_taken_for_another_run(self):
        for make in (lambda path: open(path, 'wb').close(), lambda path: os.symlink('/nowhere/at/all', path)):
            data = self.copy()
            make(os.path.join(data, 'archive'))
            self.assertRegex(archive(data, status=FULL), r'^omnihub: The lock \S+/archive/lock cannot be taken: ')

    def test_two_runs_at_once_are_one(self):
        data = self.copy()
        with Hub(data=data) as hub:
            hub.process.send_signal(signal.SIGSTOP)
            try:
                first = self.start(data)
                wait_for(lambda: os.path.exists(os.path.join(data, 'archive', 'take')), what='the wait for the hub')
                self.assertIn('Another run is archiving', archive(data, status=TAKEN))
            finally:
                hub.process.send_signal(signal.SIGCONT)
            out, errors = first.communicate(timeout=60)
            self.assertEqual(first.returncode, DONE, errors)
            self.assertGreater(json.loads(out)['events'], 0)

    def start(self, data, **more):
        return subprocess.Popen([BINARY, 'log', 'archive', '--data', data, '--json', *EVERYTHING], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment(), **more)

    def test_a_run_that_is_stopped_while_the_hub_sleeps_is_gone_on_with(self):
        for number, status in ((signal.SIGINT, INTERRUPTED), (signal.SIGKILL, -signal.SIGKILL)):
            data = self.copy()
            with Hub(data=data) as hub:
                hub.process.send_signal(signal.SIGSTOP)
                try:
                    process = self.start(data)
                    wait_for(lambda: os.path.exists(os.path.join(data, 'archive', 'take')), what='the wait for the hub')
                    process.send_signal(number)
                    _, errors = process.communicate(timeout=60)
                    self.assertEqual(process.returncode, status, errors)
                finally:
                    hub.process.send_signal(signal.SIGCONT)
                archive(data)
                self.assertEqual(len(archives_of(data)), 1)
                self.assertEqual(hub.stop(), 0, hub.complaints())
            said('audit', 'verify', '--data', data)

    def test_when_the_hub_dies_the_run_takes_over(self):
        data = self.copy()
        with Hub(data=data) as hub:
            hub.process.send_signal(signal.SIGSTOP)
            process = self.start(data)
            wait_for(lambda: os.path.exists(os.path.join(data, 'archive', 'take')), what='the wait for the hub')
            hub.kill()
            out, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, DONE, errors)
            self.assertGreater(json.loads(out)['events'], 0)
        self.assertEqual(len(archives_of(data)), 1)
        said('audit', 'verify', '--data', data)

    def test_without_room_nothing_is_written(self):
        data = self.copy()
        self.assertRegex(archive(data, *EVERYTHING, '--reserve-mb', '1048576', status=FULL),
                         r'needs \d+ free bytes and a reserve of 1099511627776, but there are \d+; it was not written\.')
        self.assertEqual(files_of(data), ['lock'])
        self.same_events(data)


if __name__ == '__main__':
    unittest.main()
