# SPDX-License-Identifier: AGPL-3.0-or-later
"""What black-box tests need: a hub on a directory of its own, requests to it, and waiting for conditions."""

import http.client
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

BINARY = os.environ.get('OMNIHUB', 'build/omnihub')
KEY = 'test-key-0123456789abcdef0123456789abcdef'
ADDRESS = re.compile(r'^omnihub listening on (https?)://(127\.0\.0\.1|\[::1\]):(\d+)$')
START_S = 120
STOP_S = 60
IDLE_S = 10  # a hub closes a connection that is silent for 30
SECRETS = {
    'OMNICHANNEL_API_KEY': KEY,
    'OMNIHUB_ADMIN_EMAIL': 'admin@test.example',
    'OMNIHUB_ADMIN_PASSWORD': 'correct horse battery staple',
}


def clean_environment(extra=None):
    """The caller's environment without settings of a hub, and what is given on top."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(('OMNIHUB_', 'OMNICHANNEL_')) and name != 'NOTIFY_SOCKET'}
    return {**kept, **(extra or {})}


def wait_for(condition, seconds=30, what='the condition'):
    """Ask until the condition holds; returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'{what} did not come about within {seconds} s')
        time.sleep(0.01)


def run(*words, env=None, timeout=120, stdin=None, before=None):
    """Run a command of the binary to its end; `before`: called in its process first."""
    return subprocess.run([BINARY, *words], stdin=stdin or subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          timeout=timeout, env=clean_environment(env), preexec_fn=before)


class Answer:
    """An HTTP answer: status, headers, body and what the body says as JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def position(self):
        return self.headers.get('Hub-Position')

    def __repr__(self):
        return f'{self.status} {self.body[:400]!r}'


class Client:
    """One connection, opened again when it was closed, or silent for so long that the hub may be closing it."""

    observers = []  # called with method, path and answer

    def __init__(self, port, key=KEY, timeout=30):
        self.port, self.key, self.timeout = port, key, timeout
        self.connection = None
        self.used = time.monotonic()

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def ask(self, method, path, body=None, headers=None):
        """Raises OSError or HTTPException when no answer comes."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        given = {'Content-Type': 'application/json'} if body is not None else {}
        if self.key:
            given['Authorization'] = f'Bearer {self.key}'
        given.update(headers or {})
        if time.monotonic() - self.used > IDLE_S:
            self.close()
        self.used = time.monotonic()
        if self.connection is None:
            self.connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=self.timeout)
        try:
            self.connection.request(method, path, body, given)
            answer = Answer(self.connection.getresponse())
        except BaseException:
            self.close()
            raise
        for observe in self.observers:
            observe(method, path, answer)
        return answer

    def get(self, path, **more):
        return self.ask('GET', path, **more)

    def post(self, path, body, **more):
        return self.ask('POST', path, body, **more)


class Hub:
    """A running hub. Leaving the block stops it and removes its directory, unless that was given."""

    def __init__(self, data=None, options=(), env=None, secrets=True, start=True, binary=None):
        self.made = tempfile.mkdtemp(prefix='omnihub-test-') if data is None else None
        self.data = data or os.path.join(self.made, 'var')
        self.options, self.env, self.secrets = list(options), dict(env or {}), secrets
        self.binary = binary or BINARY
        self.process, self.port, self.client = None, None, None
        self.said = []
        if start:
            try:
                self.start()
            except BaseException:
                self.remove()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.remove()

    def remove(self):
        if self.made:
            shutil.rmtree(self.made, ignore_errors=True)

    def spawn(self):
        """Start the process without waiting for it."""
        command = [self.binary, 'serve', '--data', self.data, '--listen', '127.0.0.1:0', *self.options]
        environment = clean_environment({**(SECRETS if self.secrets else {}), **self.env})
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors,
                                        text=True, env=environment)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stdout, self.lines), daemon=True).start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line.rstrip('\n'))
        stream.close()
        lines.put(None)

    def start(self):
        self.spawn()
        self.wait_until_ready()
        return self

    def wait_until_ready(self):
        self.said = []
        deadline = time.monotonic() + START_S
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f'no address within {START_S} s') from None
            if line is None:
                self.process.wait()
                raise AssertionError(f'the hub ended with {self.process.returncode}: {self.complaints()}')
            self.said.append(line)
            found = ADDRESS.match(line)
            if found:
                self.port = int(found.group(3))
                break
        if self.client:
            self.client.close()
        self.client = Client(self.port)

    def complaints(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors='replace')

    def ask(self, *words, **more):
        return self.client.ask(*words, **more)

    def get(self, path, **more):
        return self.client.get(path, **more)

    def post(self, path, body, **more):
        return self.client.post(path, body, **more)

    def stop(self):
        """SIGTERM; returns the exit status."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)

    def kill(self):
        """SIGKILL, whether it runs or not."""
        if self.client:
            self.client.close()
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def restart(self):
        self.kill()
        return self.start()

    # --- what tests say again and again ---

    def create_session(self, customer, session=None, channel='chat', **more):
        body = {'customer_id': customer, 'channel': channel, **more}
        if session:
            body['session_id'] = session
        answer = self.post('/session/create', body)
        assert answer.status == 201, answer
        return answer

    def say(self, customer, session, content, channel='chat', **more):
        answer = self.post('/message/process', {'customer_id': customer, 'session_id': session, 'channel': channel,
                                                'content': content, **more})
        assert answer.status == 200, answer
        return answer
