#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages in a real browser against the hub: installs what package-lock.json names, then runs every *_test.mjs here.

A browser, Node or a package that cannot be had is a failure, not a skip: `tools/setup --browser` brings the first two.
"""

import glob
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
STAMP = os.path.join(HERE, 'node_modules', '.package-lock.json')
LOCK = os.path.join(HERE, 'package-lock.json')
CHROMIUM = os.environ.get('CHROMIUM', '/usr/bin/chromium')
INSTALL_S, RUN_S = 300, 240


def fail(reason):
    print(f'not ok 1 - {reason}')
    sys.exit(1)


def install():
    """What the lock names is installed once; npm says so itself by its own copy of the lock."""
    if os.path.exists(STAMP) and os.path.getmtime(STAMP) >= os.path.getmtime(LOCK):
        return
    done = subprocess.run(['npm', 'ci', '--loglevel=error'], cwd=HERE, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=INSTALL_S, check=False)
    if done.returncode != 0:
        fail(f'npm ci ended with {done.returncode}: {done.stderr.strip()[-2000:]}')


def main():
    for program in ('node', 'npm', CHROMIUM):
        if not shutil.which(program):
            fail(f'{program} is missing; tools/setup --browser installs it')
    install()
    failed = False
    for script in sorted(glob.glob(os.path.join(HERE, '*_test.mjs'))):
        print(f'# {os.path.basename(script)}', flush=True)
        failed |= subprocess.run(['node', '--test-reporter=tap', script], cwd=HERE, stdin=subprocess.DEVNULL,
                                 timeout=RUN_S, check=False).returncode != 0
    sys.exit(failed)


if __name__ == '__main__':
    main()
