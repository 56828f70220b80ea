#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""docs/auditor-guide.md, done as it says on the journey's log: what is printed has the shape that the page shows."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, os.pardir, 'data'))
sys.path.insert(0, os.path.join(HERE, os.pardir, 'e2e'))
import golden  # noqa: E402
from running import BINARY, clean_environment  # noqa: E402

# What another day, another signature and another machine change.
MASKS = ((r'\d{4}-\d\d-\d\dT[\d:.]+Z', 'TIME'), (r'[A-Za-z0-9+/]{40,}={0,2}', 'BYTES'), (r'\d+ checkpoints', 'N checkpoints'),
         (r'(position \d+ of) \d+', r'\1 N'))


def steps():
    """Commands of the page, each with the lines that it shows for it."""
    with open(os.path.join(ROOT, 'docs', 'auditor-guide.md'), encoding='utf-8') as file:
        blocks = re.findall(r'(?ms)^```console\n(.*?)^```', file.read())
    for block in blocks:
        for part in re.split(r'(?m)^\$ ', block)[1:]:
            command, _, shown = part.partition('\n')
            yield command, shown


def pattern(shown):
    """A line of three dots stands for any lines."""
    parts = re.split(r'(?m)^\.\.\.\n', masked(shown))
    return r'(?s)\A' + '.*'.join(re.escape(part) for part in parts) + r'\Z'


def masked(text):
    for found, mask in MASKS:
        text = re.sub(found, mask, text)
    return text


class Guide(unittest.TestCase):
    def test_every_command_prints_what_the_page_shows(self):
        with tempfile.TemporaryDirectory(prefix='omnihub-guide-') as place:
            golden.unpack('journey', os.path.join(place, 'var'))
            os.mkdir(os.path.join(place, 'bin'))
            os.symlink(os.path.abspath(BINARY), os.path.join(place, 'bin', 'omnihub'))
            env = clean_environment({'PATH': os.path.join(place, 'bin') + ':' + os.environ['PATH']})
            done = 0
            for command, shown in steps():
                said = subprocess.run(['sh', '-c', f'exec 2>&1; {command}'], cwd=place, env=env, text=True, timeout=120,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False).stdout
                self.assertRegex(masked(said), pattern(shown), command)
                done += 1
            self.assertGreater(done, 15)
            with open(os.path.join(place, 'page.html'), encoding='utf-8') as page:
                self.assertIn('Sarah Johnson', page.read())


if __name__ == '__main__':
    unittest.main()
