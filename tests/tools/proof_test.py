#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`audit checkpoint`, `audit prove` and `audit check`: proofs from a running hub's data, checked without hub and data."""

import http.server
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import BINARY, Hub, clean_environment, run  # noqa: E402


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


class Witness(http.server.HTTPServer):
    """Takes what is posted."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers['Content-Length']))
            self.server.taken.append((self.path, self.headers['Content-Type'], body))
            self.send_response(self.server.status)
            self.end_headers()
            while self.server.is_endless:
                try:
                    self.wfile.write(bytes(1 << 20))
                except OSError:
                    break

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(('127.0.0.1', 0), self.Handler)
        self.taken, self.status, self.is_endless = [], 200, False
        self.url = f'http://127.0.0.1:{self.server_address[1]}'
        self.thread = threading.Thread(target=self.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
        self.thread.join()


class Proof(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.hub.create_session('customer_004', 'omni_session_004', 'chat')
        cls.talk(5)
        cls.apart = os.path.join(cls.hub.made, 'apart')
        os.mkdir(cls.apart)
        cls.key = cls.keep('key', read(os.path.join(cls.hub.data, 'checkpoint.pub')))

    @classmethod
    def tearDownClass(cls):
        cls.hub.__exit__()

    @classmethod
    def talk(cls, count):
        for i in range(count):
            cls.hub.say('customer_004', 'omni_session_004', f'message {i}')

    @classmethod
    def keep(cls, name, text):
        path = os.path.join(cls.apart, name)
        with open(path, 'w', encoding='utf-8') as out:
            out.write(text)
        return path

    def audit(self, *words, status=0):
        done = run('audit', *words)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout if status == 0 else done.stderr

    def prove(self, *words, name='proof'):
        return self.keep(name, self.audit('prove', *words, '--data', self.hub.data))

    def test_every_event_proves_itself(self):
        end = int(self.audit('checkpoint', '--data', self.hub.data).splitlines()[1])
        for position in (1, 2, end // 2, end):
            said = self.audit('check', self.prove(str(position)), '--key', self.key)
            self.assertIn(f'position {position} of ', said)

    def test_a_log_that_grew_proves_that_it_only_grew(self):
        kept = self.keep('kept', self.audit('checkpoint', '--data', self.hub.data))
        before = read(kept).splitlines()[1]
        self.talk(3)
        now = self.audit('checkpoint', '--data', self.hub.data).splitlines()[1]
        self.assertGreater(int(now), int(before))
        proof = self.prove('--between', before, now)
        verifier = read(self.key).strip()
        said = self.audit('check', proof, '--key', verifier, '--checkpoint', kept)
        self.assertIn(f'the {now} events begin with the {before} of before', said)

    def test_another_history_is_told_apart(self):
        with Hub() as other:
            other.create_session('customer_004', 'omni_session_004', 'chat')
            mine = self.keep('mine', self.audit('checkpoint', '--data', self.hub.data))
            size = read(mine).splitlines()[1]
            theirs = self.keep('theirs', self.audit('prove', '1', '--data', other.data))
            said = self.audit('check', theirs, '--key', self.key, status=5)
            self.assertIn('and the key given is that of ' + read(self.key).split('+')[0], said)
            said = self.audit('check', self.prove('1'), '--key', self.key, '--checkpoint',
                              self.keep('foreign', self.audit('checkpoint', '--data', other.data)), status=5)
            self.assertIn('is signed by the key of', said)
            # The thief of the key signs for a log of his own.
            stolen = os.path.join(self.apart, 'stolen')
            shutil.copytree(other.data, stolen, ignore=shutil.ignore_patterns('lock'))
            shutil.copy(os.path.join(self.hub.data, 'checkpoint.key'), stolen)
            self.assertIn('past the end', self.audit('prove', size, '--data', stolen, status=4))
            proof = self.keep('stolen-proof', self.audit('prove', '2', '--data', stolen))
            self.assertIn('is signed by the key of', self.audit('check', proof, '--key', self.key, status=5))

    def test_a_proof_for_another_moment_is_not_taken_for_the_one_kept(self):
        kept = self.keep('kept-3', self.audit('checkpoint', '--data', self.hub.data))
        proof = self.prove('--between', '2', '4')
        said = self.audit('check', proof, '--key', self.key, '--checkpoint', kept, status=3)
        self.assertIn('the proof starts at 2', said)

    def test_a_witness_file_of_many_checkpoints_is_a_checkpoint_that_was_kept(self):
        path = os.path.join(self.apart, 'many')
        notes = []
        for _ in range(3):
            notes.append(self.audit('checkpoint', '--data', self.hub.data, '--witness', path))
            self.talk(2)
        sizes = [note.splitlines()[1] for note in notes]
        now = self.audit('checkpoint', '--data', self.hub.data).splitlines()[1]
        for size in sizes:
            proof = self.prove('--between', size, now)
            self.assertIn('unaltered', self.audit('check', proof, '--key', self.key, '--checkpoint', path))
        proof = self.prove('--between', sizes[1], now)
        other = notes[0].splitlines()[2]
        for wrong, words in ((notes[0] + '\n' + notes[2], f'the proof starts at {sizes[1]}'),
                             (notes[0] + '\n' + notes[1].replace(notes[1].splitlines()[2], other), 'damaged'),
                             (notes[1] + '\n' + notes[2][:60], 'damaged'), ('', 'no checkpoint'), ('\n\n', 'no checkpoint')):
            kept = self.keep('wrong', wrong)
            self.assertIn(words, self.audit('check', proof, '--key', self.key, '--checkpoint', kept, status=3))

    def test_what_is_no_proof_is_refused(self):
        proof_file = self.prove('3')
        proof = json.loads(read(proof_file))
        for name, value in (('path', proof['path'][4:]), ('position', 4), ('payload', proof['header']),
                            ('checkpoint', 'x'), ('previous', 'AAAA'), ('kind', 'other'), ('more', 1)):
            bad = self.keep('bad', json.dumps({**proof, name: value}))
            self.audit('check', bad, '--key', self.key, status=3)
        for text in ('', '{', '[]', '{}', '\0'):
            self.audit('check', self.keep('bad', text), '--key', self.key, status=3)
        damaged = self.keep('bad', json.dumps({**proof, 'checkpoint': proof['checkpoint'].replace('\n3', '\n4')
                                               .replace('= ', 'A ')[:-6] + 'AAAAA\n'}))
        self.assertIn('damaged', self.audit('check', damaged, '--key', self.key, status=3))
        kept = self.audit('checkpoint', '--data', self.hub.data)
        damaged = self.keep('bad', kept[:20] + ('0' if kept[20] != '0' else '1') + kept[21:])
        self.assertIn('damaged', self.audit('check', proof_file, '--key', self.key, '--checkpoint', damaged, status=3))
        self.assertIn('no such file', self.audit('check', '/nonexistent', '--key', self.key, status=4))
        self.assertIn('no verifier key', self.audit('check', self.key, '--key', proof_file, status=5))

    def test_a_wrong_command_line_is_explained(self):
        data = ('--data', self.hub.data)
        self.assertIn('POSITION', self.audit('prove', *data, status=2))
        self.assertIn('neither a position', self.audit('prove', 'yesterday', *data, status=2))
        self.assertIn('comes first', self.audit('prove', '--between', '4', '2', *data, status=2))
        self.assertIn('position 999999 is past the end of the log', self.audit('prove', '999999', *data, status=4))
        self.assertIn('needs --key', self.audit('check', self.key, status=2))
        self.assertIn('audit check has no option --data', self.audit('check', 'x', '--data', 'y', status=2))

    def test_without_a_signing_key_it_says_so(self):
        there = os.path.join(self.apart, 'without')
        shutil.copytree(self.hub.data, there, ignore=shutil.ignore_patterns('lock', 'checkpoint.key'))
        self.assertIn('no signing key', self.audit('checkpoint', '--data', there, status=1))

    def test_a_checkpoint_is_handed_to_a_witness(self):
        path = os.path.join(self.apart, 'witness')
        said = [self.audit('checkpoint', '--data', self.hub.data, '--witness', path) for _ in range(2)]
        self.assertEqual(read(path), ''.join(text + '\n' for text in said))
        with Witness() as witness:
            self.assertEqual(self.audit('checkpoint', '--data', self.hub.data, '--witness', f'{witness.url}/add'),
                             witness.taken[0][2].decode())
            self.assertEqual(witness.taken[0][:2], ('/add', 'text/plain; charset=utf-8'))
            witness.status = 409
            self.assertIn('did not take the checkpoint: it answered 409',
                          self.audit('checkpoint', '--data', self.hub.data, '--witness', witness.url, status=1))
            witness.is_endless = True
            self.assertIn('the answer is longer than 64 MiB',
                          self.audit('checkpoint', '--data', self.hub.data, '--witness', witness.url, status=7))
        self.assertIn(witness.url, self.audit('checkpoint', '--data', self.hub.data, '--witness', witness.url, status=7))
        self.assertIn('cannot be written', self.audit('checkpoint', '--data', self.hub.data, '--witness', self.apart, status=6))

    def test_a_witness_file_that_finds_no_room_is_as_it_was(self):
        kept = (self.audit('checkpoint', '--data', self.hub.data) + '\n') * 4000  # longer than what RocksDB writes meanwhile
        path = self.keep('full', kept)

        def little_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(kept.encode()) + 50,) * 2)

        done = subprocess.run([BINARY, 'audit', 'checkpoint', '--data', self.hub.data, '--witness', path], capture_output=True,
                              text=True, check=False, timeout=60, env=clean_environment(), preexec_fn=little_room)
        self.assertEqual((done.returncode, done.stdout), (6, ''), done.stderr)
        self.assertEqual(read(path), kept)

    def test_a_hub_that_stops_leaves_a_checkpoint_that_needs_no_tree_file(self):
        with Hub() as hub:
            hub.create_session('customer_004', 'omni_session_004', 'chat')
            hub.stop()
            self.assertIn('1 checkpoint', self.audit('verify', '--data', hub.data))
            kept = read(os.path.join(hub.data, 'checkpoints'))
            self.assertTrue(kept.endswith(self.audit('checkpoint', '--data', hub.data) + '\n'))
            path = os.path.join(hub.data, 'checkpoints')
            self.keep(path, kept.replace('=', 'A', 1))
            self.assertIn('not signed', self.audit('verify', '--data', hub.data, status=3))
            self.keep(path, kept)
            os.remove(os.path.join(hub.data, 'tree'))
            self.assertTrue(kept.endswith(self.audit('checkpoint', '--data', hub.data) + '\n'))


if __name__ == '__main__':
    unittest.main()
