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
from running import BINARY, KEY, Hub, clean_environment  # noqa: E402

# What another day, another signature and another machine change.
MASKS = ((r'\d{4}-\d\d-\d\dT[\d:.]+Z', 'TIME'), (r'[A-Za-z0-9+/]{40,}={0,2}', 'BYTES'), (r'\d+ checkpoints', 'N checkpoints'),
         (r'(position \d+ of) \d+', r'\1 N'))


def steps():
    """Commands of the page, each with the lines that it shows for it, and whether a hub serves meanwhile."""
    with open(os.path.join(ROOT, 'docs', 'auditor-guide.md'), encoding='utf-8') as file:
        blocks = re.findall(r'(?ms)^(<!-- while: serve -->\n)?```console\n(.*?)^```', file.read())
    for is_served, block in blocks:
        for part in re.split(r'(?m)^\$ ', block)[1:]:
            command, _, shown = part.partition('\n')
            yield command, shown, bool(is_served)


def pattern(shown):
    """A line of three dots stands for any lines, "…" for the rest of one."""
    parts = re.split(r'(?m)^\.\.\.\n', masked(shown))
    return r'(?s)\A' + '.*'.join(re.escape(part).replace('…', r'[^\n]*') for part in parts) + r'\Z'


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
            done, hub = 0, None
            for command, shown, is_served in steps():
                if is_served and hub is None:
                    hub = Hub(data=os.path.join(place, 'var'))
                    self.addCleanup(hub.kill)
                    env.update({'OMNIHUB_URL': f'http://127.0.0.1:{hub.port}', 'OMNICHANNEL_API_KEY': KEY})
                said = subprocess.run(['sh', '-c', f'exec 2>&1; {command}'], cwd=place, env=env, text=True, timeout=120,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False).stdout
                said += '\n' if said and not said.endswith('\n') else ''
                self.assertRegex(masked(said), pattern(shown), command)
                done += 1
            hub.kill()
            self.assertGreater(done, 15)
            with open(os.path.join(place, 'page.html'), encoding='utf-8') as page:
                self.assertIn('Sarah Johnson', page.read())


if __name__ == '__main__':
    unittest.main()
