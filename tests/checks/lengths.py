#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files of at most 700 lines; functions of at most 60 lines, 5 parameters and a nesting of 3.

usage: tests/checks/lengths.py [ROOT]

tests/checks/exceptions.txt lists what may be longer for now, by its exact measure. The list only shrinks: a row that
is no longer needed is a finding, and so is one whose subject has grown.
"""

import json
import os
import re
import subprocess
import sys

from source import Finding, blank, blank_directives, files, main, read

LIMITS = {'file': 700, 'function': 60, 'parameters': 5, 'nesting': 3}
UNIT = {'file': 'lines', 'function': 'lines', 'parameters': 'parameters', 'nesting': 'levels'}
EXCEPTIONS = 'tests/checks/exceptions.txt'
CALLED = re.compile(r'(\w+)\s*$')


def functions(root, paths):
    """(path, name, first line, last line, signature) of every function defined in these C files."""
    if not paths:
        return
    command = ['ctags', '--options=NONE', '--languages=C', '--langmap=C:.c.h', '--kinds-C=f', '--fields=+neS',
               '--output-format=json', '-L', '-', '-f', '-']
    done = subprocess.run(command, cwd=root, input='\n'.join(paths), capture_output=True, text=True, check=True)
    for row in done.stdout.splitlines():
        tag = json.loads(row)
        if tag.get('_type') == 'tag' and 'end' in tag:
            yield tag['path'], tag['name'], tag['line'], tag['end'], tag.get('signature', '()')


def parameters(signature):
    depth, count = 0, 1
    inside = signature.strip()[1:-1].strip()
    if inside in ('', 'void'):
        return 0
    for sign in inside:
        depth += sign in '([{'
        depth -= sign in ')]}'
        count += sign == ',' and depth == 0
    return count - inside.endswith('...')


def opens_block(before):
    """Whether a brace after this text opens a block and not an initialiser or a compound literal."""
    before = before.rstrip()
    if re.search(r'(\belse|\bdo|[;{}:]|^)$', before):
        return True
    if not before.endswith(')'):
        return False
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        depth += before[at] == ')'
        depth -= before[at] == '('
        if depth == 0:
            called = CALLED.search(before[:at])
            return bool(called) and called.group(1) not in ('return', 'sizeof', 'typeof')
    return False


def nesting(body):
    """How deep blocks stand in each other inside a function's outer braces."""
    deepest, stack = 0, []
    for match in re.finditer(r'[{}]', body):
        if match.group() == '}':
            if stack:
                stack.pop()
            continue
        inside_data = bool(stack) and not stack[-1]
        stack.append(not inside_data and opens_block(body[:match.start()]))
        deepest = max(deepest, sum(stack) - 1)
    return deepest


def measures(root):
    """(kind, path, name, line, number) of everything that has a limit."""
    c_files = files(root, '.c', '.h')
    lines = {}
    for path in files(root, '.c', '.h', '.def', '.py', '.sh'):
        text = read(root, path) or ''
        yield 'file', path, '-', 1, text.count('\n')
        if path in c_files:
            lines[path] = blank_directives(blank(text)).split('\n')
    for path, name, first, last, signature in functions(root, c_files):
        body = '\n'.join(lines[path][first - 1:last])
        start = body.find('{')
        yield 'function', path, name, first, last - first + 1
        yield 'parameters', path, name, first, parameters(signature)
        yield 'nesting', path, name, first, nesting(body[start:]) if start >= 0 else 0


def exceptions(root):
    """{(kind, path, name): (line, number)} and what is wrong with the list itself."""
    rows, findings = {}, []
    path = os.path.join(root, EXCEPTIONS)
    if not os.path.exists(path):
        return rows, findings
    with open(path, encoding='utf-8') as file:
        for number, row in enumerate(file, 1):
            words = row.split('#')[0].split()
            if not words:
                continue
            if len(words) != 4 or words[0] not in LIMITS or not words[3].isdigit():
                findings.append(Finding(EXCEPTIONS, number, 'a row is: kind path name number'))
                continue
            rows[tuple(words[:3])] = (number, int(words[3]))
    return rows, findings


def check(root):
    allowed, findings = exceptions(root)
    needed = set()
    for kind, path, name, line, number in measures(root):
        limit = LIMITS[kind]
        key = (kind, path, name)
        if number <= limit:
            continue
        needed.add(key)
        subject = path if name == '-' else name
        if key not in allowed:
            findings.append(Finding(path, line, f'{subject}: {number} {UNIT[kind]}, at most {limit} ({kind})'))
        elif number != allowed[key][1]:
            findings.append(Finding(path, line, f'{subject}: {number} {UNIT[kind]} ({kind}), but {EXCEPTIONS} '
                                                f'says {allowed[key][1]}'))
    for key, (line, _) in allowed.items():
        if key not in needed:
            findings.append(Finding(EXCEPTIONS, line, f'no longer needed: {" ".join(key)}'))
    return findings


if __name__ == '__main__':
    sys.exit(main(check, __doc__))
