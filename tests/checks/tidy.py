#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""clang-tidy over every compiled file, as .clang-tidy says.

usage: tests/checks/tidy.py [ROOT]

Needs build-clang/compile_commands.json (`make check` sets it up).
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from source import Finding, main

DATABASE = 'build-clang'
WARNING = re.compile(r'^(/?\S+?):(\d+):\d+: (?:warning|error): (.*)$', re.M)


def compiled(root, database):
    """Absolute paths of the C files that the build compiles."""
    with open(os.path.join(root, database, 'compile_commands.json'), encoding='utf-8') as file:
        rows = json.load(file)
    paths = {os.path.normpath(os.path.join(row['directory'], row['file'])) for row in rows}
    return sorted(path for path in paths if path.endswith('.c'))


def tidy(root, database, path):
    """Findings in one file and the headers it includes."""
    done = subprocess.run(['clang-tidy', '--quiet', '-p', os.path.join(root, database), path],
                          cwd=root, capture_output=True, text=True, check=False)
    # It names files as the database does: absolute, or as seen from the build directory.
    findings = {Finding(os.path.relpath(os.path.join(root, database, found), root), int(line), what)
                for found, line, what in WARNING.findall(done.stdout)}
    if done.returncode != 0 and not findings:
        findings.add(Finding(os.path.relpath(path, root), 1, (done.stderr or done.stdout).strip()[:300]))
    return findings


def check(root, database=DATABASE):
    root = os.path.abspath(root)
    findings = set()
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for found in pool.map(lambda path: tidy(root, database, path), compiled(root, database)):
            findings |= found
    return sorted(findings)


if __name__ == '__main__':
    sys.exit(main(check, __doc__))
