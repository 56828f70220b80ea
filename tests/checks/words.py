#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nothing unfinished and nothing about one machine stands in the tree.

usage: tests/checks/words.py [ROOT]
"""

import re
import sys

from source import Finding, files, line_of, main, read

# The patterns are written in pieces so that this file does not find itself.
UNFINISHED = re.compile(r'\b(?:TO' r'DO|FIX' r'ME|X' r'XX|HA' r'CK)\b|\bnot' r'[ -]implemented\b', re.I)
MACHINE = re.compile(r'(?<![\w./~-])/(?:wo' r'rk|tmp/te' r'am|root/\.|ho' r'me/[a-z]\w*|Us' r'ers/\w+)(?=[/\s"\'`),;:.]|$)'
                     r'|\.\./sha' r'red\b', re.M)
HOSTS = re.compile(r'\b(?:(?:deb|ftp|snapshot|security)\.deb' r'ian\.org|pypi' r'\.org|files\.python' r'hosted\.org'
                   r'|registry\.np' r'mjs\.org|registry\.yar' r'npkg\.com|cra' r'tes\.io|proxy\.gol' r'ang\.org'
                   r'|doc' r'ker\.io|gh' r'cr\.io|quay' r'\.io)\b', re.I)
RULES = (
    (UNFINISHED, 'unfinished work: "{}"'),
    (MACHINE, 'a path of one machine: "{}"'),
    (HOSTS, 'the host of a registry: "{}"'),
)
SKIP = {'LICENSE'}


def check(root):
    findings = []
    for path in files(root):
        text = None if path in SKIP else read(root, path)
        if text is None:
            continue
        for pattern, what in RULES:
            for match in pattern.finditer(text):
                findings.append(Finding(path, line_of(text, match.start()), what.format(match.group())))
    return findings


if __name__ == '__main__':
    sys.exit(main(check, __doc__))
