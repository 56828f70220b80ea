#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the shells complete: asked of bash, zsh and fish themselves, as far as they are installed."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import run  # noqa: E402

TABLE = {row['command']: [option['option'] for option in row['options']]
         for row in json.loads(run('help', '--json').stdout)['commands']}
FIRST = {name.split()[0] for name in TABLE}

# Where a shell has no screen, it is asked in its own way; the last of the words is what is being written.
ASK_BASH = '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _omnihub; printf "%s\\n" "${COMPREPLY[@]}"'
ASK_ZSH = r'''
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1="a"sk:; unsetopt zle_bracketed_paste; fpath=('"$1"' $fpath); autoload -Uz compinit; compinit -u -D'
zpty -w z "zstyle ':completion:*' list-colors ''; LISTMAX=10000; bindkey '^I' list-choices; print rea''dy"
zpty -r z line '*ready*ask:*'
zpty -w -n z "$2"$'\t'
zpty -w -n z $'\C-u'"print do''ne"$'\n'
zpty -r z line '*done*'
print -r -- "$line"
'''


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for shell, name in (('bash', 'omnihub'), ('zsh', '_omnihub'), ('fish', 'omnihub.fish')):
            with open(os.path.join(cls.folder.name, name), 'w', encoding='utf-8') as file:
                file.write(run('schema', f'completion-{shell}').stdout)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def shell(self, name):
        if not shutil.which(name):
            self.skipTest(f'{name} is not installed here')
        return name

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def asked(self, *command, **more):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def bash(self, *words, **more):
        return set(self.asked(self.shell('bash'), '-c', ASK_BASH, 'bash', self.path('omnihub'), 'omnihub', *words, **more).split())

    def fish(self, *words):
        said = self.asked(self.shell('fish'), '--no-config', '-c',
                          f'source {self.path("omnihub.fish")}; complete -C "omnihub {" ".join(words)}"')
        return {line.split('\t')[0] for line in said.splitlines()}

    def test_bash_knows_every_command_and_option(self):
        self.assertEqual(self.bash(''), FIRST | {'--help', '--version'})
        for name, options in TABLE.items():
            self.assertEqual(self.bash(*name.split(), '--'), {f'--{option}' for option in options} | {'--help'}, name)
        self.assertEqual(self.bash('audit', 'ver'), {'verify'})
        self.assertEqual(self.bash('sch'), {'schema'})

    def test_bash_knows_values_and_operands(self):
        self.assertEqual(self.bash('replay', '--format', ''), {'table', 'json', 'ndjson', 'csv', 'msgpack'})
        self.assertEqual(self.bash('export', '--format', 's'), {'sqlite'})
        self.assertEqual(self.bash('replay', '--stream', ''), set())
        self.assertEqual(self.bash('schema', 'completion-'), {'completion-bash', 'completion-zsh', 'completion-fish'})
        self.assertEqual(self.bash('help', ''), FIRST | {'exit-codes'})
        os.mkdir(self.path('a folder'))
        with open(self.path('a file'), 'w', encoding='utf-8'):
            pass
        self.assertEqual(self.bash('replay', '--data', 'a f', cwd=self.folder.name), {'a', 'folder'})
        self.assertEqual(self.bash('audit', 'check', 'a fi', cwd=self.folder.name), {'a', 'file'})

    def test_zsh_knows_commands_options_and_values(self):
        self.shell('zsh')
        for line, there, elsewhere in (('omnihub ', FIRST, {'verify', '--data'}),
                                       ('omnihub audit ', {name.split()[1] for name in TABLE if name.startswith('audit ')}, {'serve'}),
                                       ('omnihub audit verify --', {'--data', '--json'}, {'--listen'}),
                                       ('omnihub replay --format=', {'table', 'csv', 'msgpack'}, {'html'}),
                                       ('omnihub schema ', {'openapi', 'manual'}, {'serve'})):
            said = self.asked('zsh', '-f', '-c', ASK_ZSH, 'zsh', self.folder.name, line, env={**os.environ, 'TERM': 'dumb'})
            words = set(re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', ' ', said).replace('=', ' ').split())
            self.assertLessEqual(there, words, (line, said))
            self.assertFalse(elsewhere & words, (line, said))

    def test_fish_knows_every_command_and_option(self):
        self.assertEqual({word for word in self.fish("''") if not word.startswith('-')}, FIRST)
        for name, options in TABLE.items():
            self.assertEqual(self.fish(name, '--'), {f'--{option}' for option in options} | {'--help'}, name)
        self.assertEqual(self.fish('replay', '--format', "''"), {'table', 'json', 'ndjson', 'csv', 'msgpack'})
        self.assertEqual(self.fish('audit', 'ver'), {'verify'})


if __name__ == '__main__':
    unittest.main()
