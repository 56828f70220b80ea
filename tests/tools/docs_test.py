#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What README and docs/ promise is there: printed pages are as the program prints them, and what they name exists."""

import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
from running import run  # noqa: E402

PRINTED = {'docs/events.md': 'events', 'docs/session-states.md': 'states',
           'docs/campaign-states.md': 'campaign-states', 'docs/export.md': 'export', 'docs/roles.md': 'roles', 'docs/man/omnihub.1': 'manual'}
PAGES = ['README.md', 'CONTRIBUTING.md'] + sorted(
    os.path.join(folder, name)[len(ROOT) + 1:]
    for folder, _, names in os.walk(os.path.join(ROOT, 'docs')) for name in names if name.endswith('.md'))


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        return file.read()


class Docs(unittest.TestCase):
    def test_printed_pages_are_as_the_program_prints_them(self):
        for path, what in PRINTED.items():
            printed = run('schema', what)
            self.assertEqual(printed.returncode, 0, printed.stderr)
            self.assertEqual(read(path), printed.stdout, f'{path}: omnihub schema {what} > {path}')

    def test_links_lead_somewhere(self):
        for page in PAGES:
            for link in re.findall(r'\]\(([^)#:]+?)(?:#[^)]*)?\)', read(page)):
                there = os.path.normpath(os.path.join(ROOT, os.path.dirname(page), link))
                self.assertTrue(os.path.exists(there), f'{page}: {link}')

    def test_files_that_are_named_exist(self):
        for page in PAGES:
            for path in re.findall(r'`((?:tests|api|log|actors|base|replay|tools)/[\w./]+\.(?:c|h|def|py|sh))`', read(page)):
                self.assertTrue(os.path.exists(os.path.join(ROOT, path)), f'{page}: {path}')

    def test_make_targets_that_are_named_exist(self):
        targets = set(re.findall(r'^([a-z-]+):', read('Makefile'), re.M))
        for page in PAGES:
            for target in re.findall(r'(?:`|^)make ([a-z-]+)(?=[`\s])', read(page), re.M):
                self.assertIn(target, targets, page)

    def test_commands_and_options_that_are_named_exist(self):
        commands = re.findall(r'(?m)^  ([a-z]+(?: [a-z]+)?) ', run('help').stdout)
        for page in PAGES:
            for words in re.findall(r'`(?:build/)?omnihub ([^`]+)`', read(page)):
                fitting = [name for name in commands if re.match(rf'{name}(?![a-z-])', words)]
                self.assertTrue(fitting, f'{page}: {words}')
                command = max(fitting, key=len)
                if command == 'bench':
                    continue
                options = run('help', *command.split()).stdout
                for option in re.findall(r'--[a-z-]+', words):
                    self.assertIn(f'  {option} ', options, f'{page}: {words}')

    def test_variables_that_are_named_exist(self):
        helped = run('help', 'serve').stdout
        for page in ('README.md', 'docs/operating.md'):
            for name in set(re.findall(r'`(OMNI(?:HUB|CHANNEL)_[A-Z_]+)`', read(page))):
                self.assertIn(name, helped, page)

    def test_invariants_have_tests_that_name_them(self):
        rows = re.findall(r'^\| (I\d+) \| .*? \| (.*) \|$', read('docs/architecture.md'), re.M)
        self.assertEqual([name for name, _ in rows], [f'I{number}' for number in range(1, 14)])
        for name, tests in rows:
            paths = re.findall(r'`(tests/[^`]+)`', tests)
            texts = [read(path) for path in paths]
            self.assertTrue(any(re.search(rf'\b{name}\b', text, re.I) or f'{name.lower()}_' in text for text in texts),
                            f'{name}: none of {paths} names it')

    def test_the_manual_page_is_well_formed(self):
        try:
            done = subprocess.run(['man', '--warnings', '-l', os.path.join(ROOT, 'docs/man/omnihub.1')], capture_output=True,
                                  text=True, check=False, env={**os.environ, 'MANPAGER': 'cat', 'LC_ALL': 'C'})
        except FileNotFoundError:
            self.skipTest('there is no man here')
        self.assertEqual((done.returncode, done.stderr), (0, ''))


if __name__ == '__main__':
    unittest.main()
