#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Start the hub with `make run`, ask it for its health, stop it with SIGINT as a person would.

usage: tests/checks/smoke.py
"""

import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE_S = 600  # make run may have to build first


def wait_for_address(process, deadline):
    """Echo what the hub prints until its address is there."""
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    text = b''
    while time.monotonic() < deadline:
        if not selector.select(timeout=1):
            continue
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            break
        sys.stdout.write(piece.decode(errors='replace'))
        sys.stdout.flush()
        text += piece
        match = re.search(rb'http://127\.0\.0\.1:([1-9]\d*)\b', text)
        if match:
            return match.group().decode()
    raise SystemExit('smoke: the hub never printed its address')


def main():
    data = tempfile.mkdtemp(prefix='omnihub-smoke-')
    deadline = time.monotonic() + PATIENCE_S
    process = subprocess.Popen(['make', 'run', f'DATA={data}/var', 'LISTEN=127.0.0.1:0'], cwd=ROOT,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    try:
        address = wait_for_address(process, deadline)
        with urllib.request.urlopen(address + '/health', timeout=30) as answer:
            print('smoke: GET /health', answer.status, answer.read(300).decode())
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=120)
    print('smoke: the hub answered and stopped')


if __name__ == '__main__':
    sys.exit(main())
