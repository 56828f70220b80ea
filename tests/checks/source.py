# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the checks share: the files of a tree, C text without comments and literals, findings and exceptions."""

import os
import re
import subprocess
import sys
from collections import namedtuple

LAYERS = ('base', 'log', 'actors', 'replay', 'api', 'tools')

Finding = namedtuple('Finding', 'path line what')


def files(root, *suffixes):
    """Paths relative to root that git would commit (in a plain folder: all), sorted; only these suffixes if given."""
    if os.path.exists(os.path.join(root, '.git')):
        listing = subprocess.run(['git', '-C', root, 'ls-files', '-coz', '--exclude-standard'],
                                 stdout=subprocess.PIPE, check=True)
        names = [os.fsdecode(name) for name in listing.stdout.split(b'\0') if name]
    else:
        names = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, inside in os.walk(root) for name in inside]
    names = [name for name in names if os.path.isfile(os.path.join(root, name))]
    return sorted(name for name in set(names) if not suffixes or name.endswith(suffixes))


def read(root, path):
    """The text of a file; None when it is not text."""
    with open(os.path.join(root, path), 'rb') as file:
        data = file.read()
    try:
        return None if b'\0' in data else data.decode('utf-8')
    except UnicodeDecodeError:
        return None


C_PIECE = re.compile(r'''
    (?P<comment> /\*.*?\*/ | //[^\n]* )
  | (?P<string>  "(?:\\.|[^"\\\n])*" )
  | (?P<char>    '(?:\\.|[^'\\\n])*' )
''', re.S | re.X)


def blank(text, strings=True):
    """C text with comments (and the inside of literals) as spaces: offsets and lines stay as they were."""
    def replace(match):
        piece = match.group()
        if match.lastgroup == 'comment':
            return re.sub(r'[^\n]', ' ', piece)
        if not strings:
            return piece
        return piece[0] + ' ' * (len(piece) - 2) + piece[-1]
    return C_PIECE.sub(replace, text)


def blank_directives(text):
    """The same for preprocessor lines, continued ones included."""
    return re.sub(r'^[ \t]*#(?:\\\n|[^\n])*', lambda m: re.sub(r'[^\n]', ' ', m.group()), text, flags=re.M)


def literals(text):
    """(offset, raw inside) of every string literal outside comments."""
    return [(m.start(), m.group()[1:-1]) for m in C_PIECE.finditer(text) if m.lastgroup == 'string']


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def main(check, doc):
    """A check's command line: [root]; prints findings, exits 1 when there are any."""
    if len(sys.argv) > 2 or '--help' in sys.argv:
        print(doc.strip(), file=sys.stderr)
        return 2
    root = sys.argv[1] if len(sys.argv) == 2 else '.'
    findings = check(root)
    for finding in findings:
        print(f'{finding.path}:{finding.line}: {finding.what}')
    return 1 if findings else 0
