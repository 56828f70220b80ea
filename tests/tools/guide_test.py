#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The guides' commands, run on the log that they were written with, print what the guides show.

In a block that begins with ```console each line that begins with "$ " is a command, what follows is what it prints: a line that ends in
"…" is the beginning of one, and a line "..." stands for any number of them. A line that begins with "$ " and has <<'END' goes on up to END.
Before a block, <!-- after: serve --> lets a hub start on the directory and stop again, and <!-- while: serve --> lets it run for that
block, with its address and a key in the environment; what depends on how far it came, numbers and positions, is then compared by
shape."""

import contextlib
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, os.pardir, 'data'))
sys.path.insert(0, os.path.join(HERE, os.pardir, 'e2e'))
import golden  # noqa: E402
from running import BINARY, KEY, Hub, clean_environment  # noqa: E402

GUIDES = ('analyst-guide.md',)
BLOCK = re.compile(r'(?:<!-- (after|while): serve -->\n)?```console\n(.*?)```\n', re.S)


def commands(text):
    """(command, lines it prints, when a hub serves) for each of a guide."""
    for when, block in BLOCK.findall(text):
        for part in ('\n' + block).split('\n$ ')[1:]:
            command, *lines = part.rstrip('\n').split('\n')
            if "<<'END'" in command:
                end = lines.index('END') + 1
                command, lines = '\n'.join([command, *lines[:end]]), lines[end:]
            yield command, lines, when


def shape(line):
    return re.sub(r' *\d[\d,]*', ' 0', re.sub(r'"position":"[A-Za-z0-9_-]{26}"', '"position":""', line))


def is_like(line, shown):
    return line.startswith(shown[:-1]) if shown.endswith('…') else line == shown


class Guides(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory(prefix='omnihub-guide-')
        self.addCleanup(self.place.cleanup)
        os.symlink(os.path.abspath(BINARY), os.path.join(self.place.name, 'omnihub'))
        golden.unpack('journey', os.path.join(self.place.name, 'journey'))
        self.env = {}

    def run_command(self, command):
        place = self.place.name
        done = subprocess.run(['sh', '-c', command], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120, check=False, stdin=subprocess.DEVNULL,
                              env=clean_environment({'OMNIHUB_DATA': './journey', 'PATH': f'{place}:{os.environ["PATH"]}', **self.env}))
        return [line.rstrip() for line in done.stdout.splitlines()]

    def serve_once(self):
        with Hub(data=os.path.join(self.place.name, 'journey')) as hub:
            self.assertEqual(hub.get('/customer/customer_1/unified-view').status, 200)  # its views are there
            self.assertEqual(hub.stop(), 0)

    @contextlib.contextmanager
    def serving(self):
        """A hub on a copy, so that the log that the page speaks of stays as it is."""
        copy = os.path.join(self.place.name, 'served')
        shutil.copytree(os.path.join(self.place.name, 'journey'), copy)
        with Hub(data=copy) as hub:
            self.env = {'OMNIHUB_URL': f'http://127.0.0.1:{hub.port}', 'OMNICHANNEL_API_KEY': KEY}
            yield
            self.env = {}

    def compare(self, command, printed, shown):
        at = 0
        for i, line in enumerate(shown):
            if line == '...':
                rest = shown[i + 1:]
                at = next((j for j in range(at, len(printed) + 1)
                           if (not rest and j == len(printed)) or (rest and j < len(printed) and is_like(printed[j], rest[0]))),
                          len(printed))
                continue
            self.assertLess(at, len(printed), f'{command}: {line} is not printed')
            self.assertTrue(is_like(printed[at], line), f'{command}\n  prints {printed[at]}\n  shown  {line}')
            at += 1
        self.assertEqual(printed[at:], [], command)

    def test_every_command_prints_what_the_guide_shows(self):
        for guide in GUIDES:
            with open(os.path.join(ROOT, 'docs', guide), encoding='utf-8') as file:
                found = list(commands(file.read()))
            self.assertGreater(len(found), 10, guide)
            was_served = False
            for when, group in itertools.groupby(found, key=lambda row: row[2]):
                if when == 'after' and not was_served:
                    self.serve_once()
                    was_served = True
                with self.serving() if when == 'while' else contextlib.nullcontext():
                    for command, shown, _ in group:
                        printed = self.run_command(command)
                        if when:
                            printed, shown = [shape(line) for line in printed], [shape(line) for line in shown]
                        self.compare(command, printed, shown)


if __name__ == '__main__':
    unittest.main()
