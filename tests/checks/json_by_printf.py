#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON is written by base's walker: no string literal outside tests/ may hold a piece of an object.

usage: tests/checks/json_by_printf.py [ROOT]
"""

import re
import sys

from source import LAYERS, Finding, files, line_of, literals, main, read

# {"  or  ":  or  ", "  as they look inside a C literal.
PIECE = re.compile(r'\{\s*\\"|\\"\s*:|\\"\s*,\s*\\"')


def check(root):
    findings = []
    for path in files(root, '.c', '.h'):
        if path.split('/')[0] not in LAYERS:
            continue
        text = read(root, path) or ''
        for offset, inside in literals(text):
            if PIECE.search(inside):
                findings.append(Finding(path, line_of(text, offset), f'JSON glued by hand: "{inside[:60]}"'))
    return findings


if __name__ == '__main__':
    sys.exit(main(check, __doc__))
