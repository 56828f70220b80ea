#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""C files look as .clang-format says (`make format` makes them so).

usage: tests/checks/layout.py [ROOT]
"""

import re
import subprocess
import sys

from source import Finding, files, main


def check(root):
    paths = files(root, '.c', '.h')
    if not paths:
        return []
    done = subprocess.run(['clang-format', '--style=file', '--dry-run', '-Werror', *paths],
                          cwd=root, capture_output=True, text=True, check=False)
    first = {}
    for match in re.finditer(r'^(\S+?):(\d+):\d+: error: ', done.stderr, re.M):
        first.setdefault(match.group(1), int(match.group(2)))
    findings = [Finding(path, line, 'is laid out differently from here on: make format')
                for path, line in sorted(first.items())]
    if done.returncode != 0 and not findings:
        findings.append(Finding('.clang-format', 1, done.stderr.strip()[:300]))
    return findings


if __name__ == '__main__':
    sys.exit(main(check, __doc__))
