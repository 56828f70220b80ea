#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""base <- log <- actors <- {replay, api} <- tools: who may include whom.

usage: tests/checks/arrows.py [ROOT]

Includes are written from the project's root. RocksDB is known to log/rocks*.[ch] only and h2o to api/ only; tests/ may
include everything.
"""

import re
import sys

from source import LAYERS, Finding, blank, files, line_of, main, read

MAY_INCLUDE = {
    'base': {'base'},
    'log': {'base', 'log'},
    'actors': {'base', 'log', 'actors'},
    'replay': {'base', 'log', 'actors', 'replay'},
    'api': {'base', 'log', 'actors', 'replay', 'api'},
    'tools': set(LAYERS),
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"\n]+)[>"]', re.M)


def foreign(path, header):
    """A sentence when this third-party header may not be included here."""
    if header.startswith('rocksdb/') and not path.startswith('log/rocks'):
        return 'only log/rocks*.[ch] may include RocksDB'
    if re.match(r'h2o([./]|$)', header) and not path.startswith('api/'):
        return 'only api/ may include h2o'
    return None


def local(layer, header):
    """A sentence when this header of ours may not be included from this layer."""
    target = header.split('/')[0]
    if '/' not in header or target not in LAYERS:
        return f'"{header}" is not a path from the root of the project'
    if target not in MAY_INCLUDE[layer]:
        return f'{layer}/ may not include {target}/ ("{header}")'
    return None


def check(root):
    findings = []
    for path in files(root, '.c', '.h', '.def'):
        layer = path.split('/')[0]
        if layer not in LAYERS:
            continue
        text = blank(read(root, path) or '', strings=False)
        for match in INCLUDE.finditer(text):
            header = match.group(2)
            what = foreign(path, header)
            if what is None and match.group(1) == '"':
                what = local(layer, header)
            if what:
                findings.append(Finding(path, line_of(text, match.start(1)), what))
    return findings


if __name__ == '__main__':
    sys.exit(main(check, __doc__))
