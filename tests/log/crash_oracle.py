# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the crash tests of the log share: running the driver, remembering what it acknowledged, checking afterwards."""

import os
import subprocess

DRIVER = os.environ['APPEND_DRIVER']
SHIM = os.environ.get('FAULT_SHIM', '')
FATAL, REFUSED = 70, 3


class Oracle:
    """Remembers acknowledged events in a file of its own, synced before it counts them."""

    def __init__(self, path):
        self.file = open(path, 'a+', encoding='ascii')
        self.acked = {}

    def take(self, lines):
        fresh = [line.split() for line in lines if line.startswith('ack ') and line.endswith('\n')]
        for _, position, digest in fresh:
            assert int(position) not in self.acked, f'position {position} was acknowledged twice'
            self.acked[int(position)] = digest
            self.file.write(f'{position} {digest}\n')
        self.file.flush()
        os.fsync(self.file.fileno())
        return len(fresh)

    def compare(self, events):
        """None when every acknowledged event is there byte for byte, else a sentence."""
        for position, digest in self.acked.items():
            if events.get(position) != digest:
                found = 'is missing' if position not in events else 'has changed'
                return f'acknowledged event {position} {found}'
        return None


def run(data, count, *options, env=None):
    """Let the driver append; (exit code, lines, what it said on stderr)."""
    done = subprocess.run([DRIVER, 'run', data, str(count), *options], capture_output=True, text=True, timeout=120,
                          env={**os.environ, **(env or {})}, check=False)
    return done.returncode, done.stdout.splitlines(keepends=True), done.stderr


def check(data):
    """Open what is left and verify it; (exit code, {position: digest}, what it said)."""
    done = subprocess.run([DRIVER, 'check', data], capture_output=True, text=True, timeout=120, check=False)
    events = {}
    for line in done.stdout.splitlines():
        words = line.split()
        if words[0] == 'event':
            events[int(words[1])] = words[2]
    assert sorted(events) == list(range(1, len(events) + 1)), 'the positions have a hole'
    return done.returncode, events, done.stderr
