#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calls that have no bound, keep hidden state or start a shell are not made.

usage: tests/checks/banned.py [ROOT]
"""

import re
import sys

from source import Finding, blank, files, line_of, main, read

INSTEAD = {
    'strcpy': 'hub_buf or memcpy with a checked length',
    'strcat': 'hub_buf',
    'sprintf': 'snprintf or hub_buf',
    'vsprintf': 'vsnprintf or hub_buf',
    'gets': 'fgets or read',
    'strtok': 'the span functions',
    'system': 'no shell is started',
    'popen': 'no shell is started',
}
CALL = re.compile(r'(?<![\w.>])(' + '|'.join(INSTEAD) + r')\s*\(')


def check(root):
    findings = []
    for path in files(root, '.c', '.h', '.def'):
        text = blank(read(root, path) or '')
        for match in CALL.finditer(text):
            name = match.group(1)
            findings.append(Finding(path, line_of(text, match.start()), f'{name}() is banned: {INSTEAD[name]}'))
    return findings


if __name__ == '__main__':
    sys.exit(main(check, __doc__))
