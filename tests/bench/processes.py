# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starts servers and measuring programs, and stops every one of them by its process id."""

import contextlib
import os
import queue
import re
import signal
import socket
import subprocess
import threading
import time

ADDRESS = re.compile(r'(?:\b(https?)://)?(127\.0\.0\.1|\[::1\]|localhost):([1-9]\d*)\b')
START_S = 30
STOP_S = 20


class Failed(Exception):
    """Something cannot be measured; the text says why."""


@contextlib.contextmanager
def uninterrupted():
    """Ctrl-C waits for the end of the block: a process is not lost between its start and the note of its id."""
    came = []
    before = signal.signal(signal.SIGINT, lambda *_: came.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def free_port():
    """A port that was free a moment ago, for servers that cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Server:
    """A server that prints its address once it is ready, which wait_until_ready waits for."""

    def __init__(self, name, command, log_path, env=None):
        self.name = name
        self.log_path = log_path
        self.lines = queue.Queue()
        with open(log_path, 'ab') as log:
            # A session of its own: Ctrl-C reaches the driver only, which stops its servers in order.
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                            text=True, errors='replace', start_new_session=True,
                                            env={**os.environ, **(env or {})})
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.host = self.port = None
        self.scheme = 'http'

    def wait_until_ready(self, port=None):
        """Until it printed its address, or takes connections at the port that it was given."""
        self.host, self.port = self._wait_for_address() if port is None else self._wait_for_port(port)

    @property
    def url(self):
        return f'{self.scheme}://{self.host}:{self.port}'

    @property
    def pid(self):
        return self.process.pid

    def _read(self):
        with open(self.log_path, 'a', encoding='utf-8') as log:
            for line in self.process.stdout:
                log.write(line)
                log.flush()
                self.lines.put(line)
        self.lines.put(None)

    def _wait_for_address(self):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                break
            if line is None:
                raise Failed(f'{self.name} ended before it was ready:\n{self.log_tail()}')
            found = ADDRESS.search(line)
            if found:
                self.scheme = found.group(1) or 'http'
                return found.group(2).strip('[]'), int(found.group(3))
        raise Failed(f'{self.name} printed no address within {START_S} s:\n{self.log_tail()}')

    def _wait_for_port(self, port):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            self.check()
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                return '127.0.0.1', port
            except OSError:
                time.sleep(0.02)
        raise Failed(f'{self.name} takes no connections at port {port}:\n{self.log_tail()}')

    def log_tail(self, lines=15):
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return ''.join('    ' + line for line in log.readlines()[-lines:]) or '    (it said nothing)'

    def check(self):
        """Raise if it is not running any more."""
        if self.process.poll() is not None:
            raise Failed(f'{self.name} ended with status {self.process.returncode}:\n{self.log_tail()}')

    def resident_bytes(self):
        """What the process holds in memory, its own and shared."""
        with open(f'/proc/{self.pid}/status', encoding='ascii', errors='replace') as status:
            for line in status:
                if line.startswith('VmRSS:'):
                    return int(line.split()[1]) * 1024
        raise Failed(f'{self.name} has no VmRSS')

    def stop(self):
        """Ask it to end, then make it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(1)


class Servers:
    """All servers of one run; leaving the block stops those that still run, the youngest first."""

    def __init__(self, folder):
        self.folder = folder
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        while self.running:
            self.running.pop().stop()

    def start(self, name, command, env=None, port=None):
        with uninterrupted():
            server = Server(name, command, os.path.join(self.folder, re.sub(r'\W+', '-', name) + '.log'), env)
            self.running.append(server)
        server.wait_until_ready(port)
        return server

    def stop(self, server):
        self.running.remove(server)
        server.stop()


def key_values(text):
    """{key: number or text} of key=value lines; other lines are passed over."""
    values = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition('=')
        if not equals or not re.fullmatch(r'[A-Za-z]\w*', key):
            continue
        try:
            values[key] = float(value)
        except ValueError:
            values[key] = value
    return values


def run_tool(command, timeout_s):
    """Run a program that prints key=value lines and ends."""
    return key_values(run_text(command, timeout_s))


def run_text(command, timeout_s, cwd=None, env=None):
    """Run a program to its end; returns what it printed."""
    name = ' '.join(os.path.basename(word) for word in command[:3])
    process = None
    try:
        with uninterrupted():
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, errors='replace', cwd=cwd,
                                       env={**os.environ, **(env or {})})
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise Failed(f'{name} took longer than {timeout_s} s') from None
    except OSError as error:
        raise Failed(f'{name}: {error.strerror}') from None
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode != 0:
        said = (err.strip() or out.strip() or 'it said nothing').splitlines()[0]
        raise Failed(f'{name} ended with status {process.returncode}: {said}')
    return out
