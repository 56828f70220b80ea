#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""cppcheck over every compiled file; a finding that is wrong gets `// cppcheck-suppress id` and a reason.

usage: tests/checks/cppcheck.py [ROOT]

Needs build-clang/compile_commands.json (`make check` sets it up).
"""

import os
import re
import subprocess
import sys

from source import Finding, main

DATABASE = 'build-clang'
ROW = re.compile(r'^(.+?):(\d+): (.*)$', re.M)


def check(root, database=DATABASE):
    root = os.path.abspath(root)
    database = os.path.join(root, database, 'compile_commands.json')
    if os.path.getsize(database) < 10:
        return []  # nothing is compiled yet
    done = subprocess.run(
        ['cppcheck', f'--project={database}', '--enable=warning,performance,portability', '--inline-suppr', '--quiet',
         '--error-exitcode=1', '-j', str(os.cpu_count() or 2), '--template={file}:{line}: {id}: {message}',
         '--suppress=*:/usr/*', '--suppress=unmatchedSuppression', '--suppress=missingIncludeSystem'],
        cwd=root, capture_output=True, text=True, check=False)
    findings = sorted({Finding(os.path.relpath(os.path.join(root, path), root), int(line), what)
                       for path, line, what in ROW.findall(done.stderr)})
    if done.returncode != 0 and not findings:
        findings.append(Finding('cppcheck', 1, (done.stderr or done.stdout).strip()[:300]))
    return findings


if __name__ == '__main__':
    sys.exit(main(check, __doc__))
