#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`serve` as a process: what it prints, its signals, a second writer, its supervisor."""

import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import ADDRESS, BINARY, KEY, SECRETS, Client, Hub, clean_environment, run, wait_for  # noqa: E402


def children(pid):
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
        return [int(word) for word in file.read().split()]


def signals_of(pid, which):
    """The set of signal numbers in one of the masks of /proc/PID/status."""
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        mask = int(re.search(rf'^{which}:\s*([0-9a-f]+)$', file.read(), re.M).group(1), 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


class FirstStart(unittest.TestCase):
    def test_with_the_three_variables_it_prints_one_line_and_answers(self):
        with Hub() as hub:
            self.assertEqual(len(hub.said), 1)
            self.assertRegex(hub.said[0], ADDRESS)
            self.assertEqual(hub.ask('GET', '/health').json['status'], 'ok')
            self.assertEqual(hub.get('/auth/me').status, 200)
            login = hub.post('/auth/login', {'email': 'admin@test.example', 'password': 'correct horse battery staple'})
            self.assertEqual(login.status, 200, login)
            self.assertEqual(hub.stop(), 0)
            self.assertEqual(hub.lines.get(timeout=5), None, 'it printed more')

    def test_without_them_it_makes_and_prints_them_once(self):
        with Hub(secrets=False) as hub:
            said = '\n'.join(hub.said)
            key = re.search(r'api key\s+(ohk_[A-Za-z0-9_-]{43})$', said, re.M).group(1)
            password = re.search(r'password\s+(\S{20,})$', said, re.M).group(1)
            self.assertRegex(said, r'(?m)admin\s+admin@localhost$')
            self.assertEqual(Client(hub.port, key=key).get('/auth/me').status, 200)
            self.assertEqual(Client(hub.port, key=key[:-1] + '!').get('/auth/me').status, 401)
            login = Client(hub.port, key=None).post('/auth/login', {'email': 'admin@localhost', 'password': password})
            self.assertEqual(login.status, 200, login)
            self.assertEqual(hub.stop(), 0)
            hub.start()
            self.assertEqual(len(hub.said), 1)
            self.assertEqual(Client(hub.port, key=key).get('/auth/me').status, 200)

    def test_another_key_in_the_environment_works_after_the_next_start(self):
        with Hub() as hub:
            self.assertEqual(hub.stop(), 0)
            hub.env['OMNICHANNEL_API_KEY'] = 'another-key-that-is-also-long-enough'
            hub.start()
            self.assertEqual(len(hub.said), 1)
            self.assertEqual(Client(hub.port, key='another-key-that-is-also-long-enough').get('/auth/me').status, 200)
            position = hub.client.ask('GET', '/health').position
            self.assertEqual(hub.stop(), 0)
            hub.start()
            again = Client(hub.port, key='another-key-that-is-also-long-enough')
            self.assertEqual(again.get('/auth/me').status, 200)
            self.assertEqual(again.get('/health').position, position)

    def test_a_key_that_can_never_work_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            for key in ('with blank', 'x' * 257, 'ümlaut'):
                done = run('serve', '--data', f'{folder}/var', '--listen', '127.0.0.1:0', env={'OMNICHANNEL_API_KEY': key})
                self.assertEqual((done.returncode, done.stdout), (2, ''), key)
                self.assertIn('visible ASCII', done.stderr)
                self.assertNotIn(key, done.stderr)
            self.assertFalse(os.path.exists(f'{folder}/var'))

    def test_the_data_directory_is_for_its_owner_only(self):
        with Hub() as hub:
            self.assertEqual(os.stat(hub.data).st_mode & 0o077, 0)

    def test_port_zero_takes_a_free_one_and_a_taken_one_is_refused(self):
        with Hub() as hub, tempfile.TemporaryDirectory() as folder:
            there = ('serve', '--data', f'{folder}/var', '--listen', f'127.0.0.1:{hub.port}')
            done = run(*there)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, r'api key   ohk_\S{43}\n.*\npassword  \S+\n$')  # made, so it is shown
            done = run(*there, env={'OMNICHANNEL_API_KEY': KEY})
            self.assertEqual((done.returncode, done.stdout), (1, ''))
            self.assertIn(str(hub.port), done.stderr)

    def test_systemd_is_told(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(f'{folder}/notify')
            listener.settimeout(30)
            with Hub(env={'NOTIFY_SOCKET': f'{folder}/notify'}) as hub:
                self.assertEqual(listener.recv(100), b'READY=1')
                self.assertEqual(hub.stop(), 0)
                self.assertEqual(listener.recv(100), b'STOPPING=1')


class Places(unittest.TestCase):
    def test_the_master_key_may_lie_elsewhere(self):
        with tempfile.TemporaryDirectory() as folder, Hub(options=['--master-key', f'{folder}/master']) as hub:
            hub.create_session('customer_1', 'session_1')
            self.assertEqual(os.stat(f'{folder}/master').st_mode & 0o177, 0)
            self.assertFalse(os.path.exists(f'{hub.data}/keys/master'))
            found = run('replay', '--data', hub.data, '--customer', 'customer_1', '--master-key', f'{folder}/master')
            self.assertIn('"session_id":"session_1"', found.stdout, found.stderr)
            sealed = run('replay', '--data', hub.data)
            self.assertEqual(sealed.returncode, 0, sealed.stderr)
            self.assertNotIn('session_1', sealed.stdout)
            self.assertIn('[sealed]', sealed.stdout)
            self.assertEqual(hub.stop(), 0)
            hub.start()
            self.assertEqual(hub.get('/session/session_1').status, 200)

    @unittest.skipUnless(shutil.which('openssl'), 'there is no openssl here')
    def test_with_a_certificate_it_answers_over_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
                            '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', f'{folder}/key', '-out', f'{folder}/cert'],
                           check=True, capture_output=True)
            with Hub(options=['--tls-cert', f'{folder}/cert', '--tls-key', f'{folder}/key']) as hub:
                self.assertTrue(hub.said[-1].startswith('omnihub listening on https://127.0.0.1:'))
                context = ssl.create_default_context(cafile=f'{folder}/cert')
                connection = http.client.HTTPSConnection('127.0.0.1', hub.port, timeout=30, context=context)
                connection.request('GET', '/auth/me', headers={'Authorization': f'Bearer {KEY}'})
                self.assertEqual(connection.getresponse().status, 200)
                connection.close()
                self.assertEqual(hub.stop(), 0)

    def test_an_address_of_version_six(self):
        try:
            with socket.create_server(('::1', 0), family=socket.AF_INET6):
                pass
        except OSError:
            self.skipTest('there is no IPv6 here')
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen([BINARY, 'serve', '--data', f'{folder}/var', '--listen', '[::1]:0'], text=True,
                                       stdout=subprocess.PIPE, env=clean_environment(SECRETS))
            try:
                found = ADDRESS.match(process.stdout.readline().rstrip('\n'))
                connection = http.client.HTTPConnection('::1', int(found.group(3)), timeout=30)
                connection.request('GET', '/health')
                self.assertEqual(connection.getresponse().status, 200)
                connection.close()
            finally:
                process.terminate()
                self.assertEqual(process.wait(30), 0)
                process.stdout.close()


class Stopping(unittest.TestCase):
    def test_a_second_writer_is_refused_with_a_sentence(self):
        with Hub() as hub:
            done = run('serve', '--data', hub.data, '--listen', '127.0.0.1:0')
            self.assertEqual(done.returncode, 8)
            self.assertEqual(done.stdout, '')
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(hub.data, done.stderr)
            self.assertEqual(hub.get('/health').status, 200)

    def test_both_signals_end_it_with_0_within_ten_seconds(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Hub() as hub:
                hub.create_session('customer_1', 'session_1')
                began = time.monotonic()
                hub.process.send_signal(number)
                self.assertEqual(hub.process.wait(20), 0)
                self.assertLess(time.monotonic() - began, 10)

    def test_requests_under_way_are_answered(self):
        with Hub() as hub:
            answers, stopping = [], threading.Event()

            def load():
                client = Client(hub.port)
                number = 0
                while True:
                    number += 1
                    body = {'customer_id': f'c{number % 50}', 'channel': 'chat', 'content': 'x'}
                    try:
                        answers.append(client.post('/message/process', body).status)
                    except ConnectionRefusedError:
                        return
                    except (OSError, http.client.HTTPException):
                        if stopping.is_set():
                            return
                        answers.append('lost')
                        return

            loaders = [threading.Thread(target=load, daemon=True) for _ in range(8)]
            for loader in loaders:
                loader.start()
            wait_for(lambda: len(answers) > 50)
            stopping.set()
            self.assertEqual(hub.stop(), 0)
            for loader in loaders:
                loader.join(20)
            self.assertLessEqual(set(answers), {200, 503})
            self.assertLessEqual(answers.count(503), len(loaders))  # what came later may be told to come again, once

    def test_an_idle_connection_does_not_hold_it_up(self):
        with Hub() as hub, socket.create_connection(('127.0.0.1', hub.port)) as idle:
            idle.sendall(b'GET /health HTTP/1.1\r\nHost: x\r\n')  # never finished
            began = time.monotonic()
            self.assertEqual(hub.stop(), 0)
            self.assertLess(time.monotonic() - began, 10)

    def test_signals_are_ours_in_every_thread(self):
        with Hub() as hub:
            pid = hub.process.pid
            for task in os.listdir(f'/proc/{pid}/task'):
                if task == str(pid):
                    continue  # it waits for them, and the kernel shows what it waits for as not blocked
                blocked = signals_of(f'{pid}/task/{task}', 'SigBlk')
                self.assertLessEqual({signal.SIGTERM, signal.SIGINT}, blocked, task)
            self.assertFalse({signal.SIGTERM, signal.SIGINT} & signals_of(pid, 'SigCgt'), 'somebody installed handlers')
            self.assertIn(signal.SIGPIPE, signals_of(pid, 'SigIgn'))


class Supervised(unittest.TestCase):
    def test_it_starts_again_on_the_same_port_after_kill_nine(self):
        with Hub(options=['--supervise']) as hub:
            hub.create_session('customer_1', 'session_1')
            parent = hub.process.pid
            for _ in range(3):
                child = wait_for(lambda: children(parent))[0]
                os.kill(child, signal.SIGKILL)
                wait_for(lambda: children(parent) not in ([], [child]), what='another child')

                def answers():
                    try:
                        return hub.get('/session/session_1').status == 200
                    except (OSError, http.client.HTTPException):
                        return False

                wait_for(answers, what='an answer')
            self.assertEqual(hub.stop(), 0)
            self.assertEqual(hub.lines.get(timeout=5), None, 'it printed its address again')
            self.assertEqual(hub.complaints().count('starting again'), 3)

    def test_its_child_does_not_outlive_it(self):
        with Hub(options=['--supervise']) as hub:
            child = wait_for(lambda: children(hub.process.pid))[0]
            hub.kill()
            wait_for(lambda: not os.path.exists(f'/proc/{child}') or
                     open(f'/proc/{child}/stat', encoding='ascii').read().split()[2] == 'Z', what="the child's end")

    def test_what_cannot_start_is_not_tried_again(self):
        with Hub() as hub:
            began = time.monotonic()
            done = run('serve', '--supervise', '--data', hub.data, '--listen', '127.0.0.1:0')
            self.assertEqual(done.returncode, 8)
            self.assertLess(time.monotonic() - began, 20)
            self.assertNotIn('starting again', done.stderr)


class Limits(unittest.TestCase):
    def test_it_raises_its_file_limit(self):
        command = 'ulimit -S -n 512; exec "$0" serve --data "$1" --listen 127.0.0.1:0'
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(['bash', '-c', command, BINARY, f'{folder}/var'], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True, env=clean_environment(SECRETS))
            try:
                self.assertRegex(process.stdout.readline().rstrip('\n'), ADDRESS)
                with open(f'/proc/{process.pid}/limits', encoding='ascii') as file:
                    soft, hard = re.search(r'Max open files\s+(\S+)\s+(\S+)', file.read()).groups()
                self.assertEqual(soft, hard)
            finally:
                process.terminate()
                self.assertEqual(process.wait(30), 0)
                process.stdout.close()


if __name__ == '__main__':
    unittest.main()
