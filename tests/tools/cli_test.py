#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command line: help for everything, wrong words, and which setting wins."""

import json
import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'e2e'))
from running import run  # noqa: E402

LISTED = re.compile(r'^  ([a-z]+(?: [a-z]+)?)  +\S', re.M)


def commands():
    return LISTED.findall(run('help').stdout)


class Words(unittest.TestCase):
    def test_help_lists_the_commands_and_is_the_default(self):
        listed = commands()
        for name in ('serve', 'demo', 'company add', 'company list', 'replay', 'audit verify', 'schema', 'config', 'bench',
                     'help', 'version'):
            self.assertIn(name, listed)
        self.assertEqual(run().stdout, run('help').stdout)
        self.assertEqual(run('--help').stdout, run('help').stdout)

    def test_every_command_explains_itself(self):
        for name in commands():
            if name == 'bench':
                continue
            by_flag = run(*name.split(), '--help')
            self.assertEqual(by_flag.returncode, 0, name)
            self.assertTrue(by_flag.stdout.startswith(f'usage: omnihub {name}'), name)
            self.assertIn('exit status: 0 done; 1', by_flag.stdout)
            self.assertEqual(by_flag.stdout, run('help', *name.split()).stdout)

    def test_the_first_of_two_words_explains_its_commands(self):
        for word in {name.split()[0] for name in commands() if ' ' in name}:
            by_flag = run(word, '--help')
            self.assertEqual((by_flag.returncode, by_flag.stderr), (0, ''), word)
            self.assertTrue(by_flag.stdout.startswith(f'usage: omnihub {word} COMMAND'), word)
            self.assertEqual(LISTED.findall(by_flag.stdout), [name for name in commands() if name.startswith(f'{word} ')])
            self.assertEqual(by_flag.stdout, run('help', word).stdout)

    def test_version_is_one_line(self):
        for words in (('version',), ('--version',)):
            self.assertRegex(run(*words).stdout, r'\Aomnihub \d+\.\d+\.\d+\n\Z')

    def test_wrong_words_end_with_2_and_a_hint(self):
        for words, hint in (
                (('sevre',), "did you mean 'serve'?"),
                (('audit', 'verfy'), "did you mean 'audit verify'?"),
                (('audit',), "did you mean 'audit verify'?"),
                (('no-such-thing-at-all',), "'omnihub help' lists them"),
                (('serve', '--dta', 'x'), 'did you mean --data?'),
                (('serve', '--quite-unknown-flag'), "'omnihub help serve' lists them"),
                (('serve', '-d'), 'options have two dashes'),
                (('serve', 'operand'), "serve takes no 'operand'"),
                (('serve', '--data'), '--data needs a value'),
                (('serve', '--workers', 'many'), 'whole number'),
                (('serve', '--workers', '65'), 'whole number'),
                (('serve', '--workers', '-1'), 'whole number'),
                (('serve', '--log-level', 'loud'), 'error|info|debug'),
                (('serve', '--supervise=perhaps'), 'yes or no'),
                (('serve', '--listen', 'nowhere'), 'ADDR:PORT'),
                (('serve', '--listen', '127.0.0.1:70000'), 'ADDR:PORT'),
                (('serve', '--tls-cert', 'x.pem'), 'belong together'),
                (('serve', '--admin-email', 'somebody'), 'flag --admin-email: an e-mail address'),
                (('serve', '--admin-email', '@'), 'e-mail address'),
                (('serve', '--admin-email', 'a b@example.com'), 'e-mail address'),
                (('serve', '--admin-email', 'a@' + 320 * 'b'), 'e-mail address'),
                (('replay', '--at', '5'), '--at belongs to --state'),
                (('schema', 'poem'), 'schema takes one of openapi|'),
                (('company', 'list'), 'OMNICHANNEL_API_KEY'),
                (('demo', '--url', 'http://127.0.0.1:1'), 'needs --key')):
            done = run(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(hint, done.stderr, words)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertEqual(done.stdout, '', words)

    def test_what_cannot_be_done_ends_with_1_and_one_sentence(self):
        done = run('serve', '--data', '/dev/null/x', '--listen', '127.0.0.1:0')
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        self.assertTrue(done.stderr.startswith('omnihub: '), done.stderr)

    def test_hidden_options_stay_out_of_the_help(self):
        self.assertNotIn('unsafe-no-sync', run('help', 'serve').stdout)
        self.assertEqual(run('config', '--unsafe-no-sync').returncode, 0)


class Settings(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, text):
        path = os.path.join(self.folder.name, 'hub.conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def config(self, *words, env=None):
        done = run('config', '--json', *words, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_flag_beats_environment_beats_file_beats_default(self):
        path = self.file('# settings\n\n data =  /from/file \nworkers=3\nlisten = [::1]:1\n')
        env = {'OMNIHUB_WORKERS': '2', 'OMNIHUB_LISTEN': '127.0.0.1:2'}
        found = self.config('--config', path, '--listen=127.0.0.1:3', env=env)
        self.assertEqual(found['listen'], {'value': '127.0.0.1:3', 'source': 'flag --listen'})
        self.assertEqual(found['workers'], {'value': 2, 'source': 'environment OMNIHUB_WORKERS'})
        self.assertEqual(found['data'], {'value': '/from/file', 'source': f'file {path}:3'})
        self.assertEqual(found['reserve-mb'], {'value': 256, 'source': 'default'})

    def test_the_file_may_be_named_in_the_environment(self):
        path = self.file('supervise = yes')
        self.assertEqual(self.config(env={'OMNIHUB_CONFIG': path})['supervise'],
                         {'value': True, 'source': f'file {path}:1'})

    def test_repeated_options_gather_within_one_source(self):
        path = self.file('cors-origin = https://a\ncors-origin = https://b\n')
        self.assertEqual(self.config('--config', path)['cors-origin']['value'], ['https://a', 'https://b'])
        self.assertEqual(self.config('--config', path, '--cors-origin', 'https://c')['cors-origin']['value'], ['https://c'])
        self.assertEqual(self.config(env={'OMNIHUB_CORS_ORIGIN': 'https://d,https://e'})['cors-origin']['value'],
                         ['https://d', 'https://e'])

    def test_secrets_are_masked(self):
        env = {'OMNICHANNEL_API_KEY': 'very-secret-key', 'OMNIHUB_ADMIN_PASSWORD': 'very-secret-word'}
        for words in ((), ('--json',)):
            shown = run('config', *words, env=env).stdout
            self.assertNotIn('very-secret', shown)
            self.assertEqual(shown.count('***'), 2)

    def test_an_empty_variable_counts_as_none(self):
        self.assertEqual(self.config(env={'OMNIHUB_DATA': ''})['data'], {'value': './var', 'source': 'default'})

    def test_a_wrong_file_is_refused_with_its_line(self):
        for text, hint in (('data = x\nno-such = 1\n', ":2: there is no setting 'no-such'"), ('rubbish\n', ':1: a line is'),
                           ('workers = x\n', 'workers cannot be'), ('unsafe_no_sync = 1\n', 'no setting')):
            done = run('config', '--config', self.file(text))
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(hint, done.stderr)
        self.assertEqual(run('config', '--config', '/no/such/file').returncode, 2)

    def test_what_config_prints_is_a_file_of_settings(self):
        first = run('config', '--data', '/somewhere', '--workers', '5', '--cors-origin', 'https://a').stdout
        lines = [line.split('  # ')[0].rstrip() for line in first.splitlines()]
        again = self.config('--config', self.file('\n'.join(line for line in lines if not line.endswith('='))))
        self.assertEqual((again['data']['value'], again['workers']['value'], again['cors-origin']['value']),
                         ('/somewhere', 5, ['https://a']))


if __name__ == '__main__':
    unittest.main()
