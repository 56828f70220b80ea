#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every public prototype has its contract in a comment directly above it; every source file its SPDX line.

usage: tests/checks/contracts.py [ROOT]

Prototypes that follow each other without an empty line share the comment above the first. Inline functions show their
body and need none.
"""

import re
import sys

from source import Finding, blank, blank_directives, files, line_of, main, read

WITH_CONTRACTS = ('base/', 'log/', 'actors/', 'replay/', 'api/')
PROTOTYPE = re.compile(r'^(?!\s*(?:typedef|return|else)\b)[\w\s*]+?[\s*](\w+)\s*\(')
SPDX = 'SPDX-License-Identifier: AGPL-3.0-or-later'
SPDX_SUFFIXES = ('.c', '.h', '.def', '.py', '.sh', '.build', 'Makefile')


def statements(text):
    """(offset, text) of every declaration at file level; braces and what they hold are left out of the text."""
    depth, start, piece = 0, 0, []
    for at, sign in enumerate(text):
        if sign == '{':
            depth += 1
        elif sign == '}':
            depth -= 1
        elif depth == 0:
            piece.append(sign)
        if depth == 0 and sign in ';}':
            # "struct x { ... } y;" and "enum { ... };" go on to their semicolon; a function's body ends here.
            if sign == '}' and not re.search(r'\)\s*$', ''.join(piece)):
                continue
            body = ''.join(piece)
            yield start + len(body) - len(body.lstrip()), body.strip()
            start, piece = at + 1, []


def prototypes(text):
    """(line, name) of every prototype in a header."""
    clean = blank_directives(blank(text))
    for offset, body in statements(clean):
        match = PROTOTYPE.match(body)
        if match and '=' not in body.split('(')[0] and '(*' not in body[:match.end()]:
            end = clean.find(';', offset)
            brace = clean.find('{', offset)
            if end >= 0 and not 0 <= brace < end:
                yield line_of(clean, offset), match.group(1)


def has_contract(lines, number):
    """Whether a comment ends directly above this line (from 1), or above the declarations that it stands in a row with."""
    for line in reversed(lines[:number - 1]):
        line = line.strip()
        if line.endswith('*/'):
            return True
        if not line or line.startswith('#') or '{' in line or '}' in line:
            return False
    return False


def bare_prototypes(path, text):
    lines = text.split('\n')
    for first, name in prototypes(text):
        if not has_contract(lines, first):
            yield Finding(path, first, f'{name}() has no contract directly above it')


def check(root):
    findings = []
    for path in files(root):
        text = read(root, path)
        if text is None:
            continue
        script = text.startswith('#!')
        if (path.endswith(SPDX_SUFFIXES) or script) and SPDX not in '\n'.join(text.split('\n')[:2]):
            findings.append(Finding(path, 1, f'the first line is to say {SPDX}'))
        if path.endswith('.h') and path.startswith(WITH_CONTRACTS):
            findings += bare_prototypes(path, text)
    return findings


if __name__ == '__main__':
    sys.exit(main(check, __doc__))
