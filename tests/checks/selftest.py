#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every check finds the bad sample that it is fed, and nothing in the good one.

usage: tests/checks/selftest.py
"""

import importlib.machinery
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import unittest

import arrows
import banned
import contracts
import cppcheck
import json_by_printf
import layout
import lengths
import tidy
import words

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SPDX = '/* SPDX-License-Identifier: AGPL-3.0-or-later */\n'


class Tree(unittest.TestCase):
    """A folder with a few sample files in it."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix='omnihub-checks-')
        self.addCleanup(shutil.rmtree, self.root)
        for name in ('.clang-format', '.clang-tidy'):
            shutil.copy(os.path.join(ROOT, name), self.root)

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)

    def compile_database(self, *paths):
        rows = [{'directory': os.path.join(self.root, 'build-clang'), 'file': f'../{path}',
                 'command': f'clang -std=gnu11 -I.. -c ../{path}'} for path in paths]
        self.write('build-clang/compile_commands.json', json.dumps(rows))

    def found(self, module):
        """(path, line) of what the check finds, in order."""
        return [(finding.path, finding.line) for finding in module.check(self.root)]


class Arrows(Tree):
    def test_an_include_against_the_arrow_is_found(self):
        self.write('base/a.c', '#include "base/a.h"\n#include "log/b.h"\n')
        self.assertEqual(self.found(arrows), [('base/a.c', 2)])

    def test_siblings_do_not_include_each_other(self):
        self.write('replay/a.c', '#include "api/b.h"\n')
        self.assertEqual(self.found(arrows), [('replay/a.c', 1)])

    def test_tables_are_checked_too(self):
        self.write('log/a.h', '#include "actors/session/session.def"\n')
        self.assertEqual(self.found(arrows), [('log/a.h', 1)])

    def test_rocksdb_and_h2o_have_one_home(self):
        for path in ('log/rocks.c', 'log/other.c', 'replay/a.c', 'tests/a.c'):
            self.write(path, '#include <rocksdb/c.h>\n')
        for path in ('api/a.c', 'tools/a.c'):
            self.write(path, '#include <h2o.h>\n')
        self.assertEqual(self.found(arrows), [('log/other.c', 1), ('replay/a.c', 1), ('tools/a.c', 1)])

    def test_a_path_that_does_not_start_at_the_root_is_found(self):
        self.write('log/a.c', '#include "chain.h"\n')
        self.assertEqual(self.found(arrows), [('log/a.c', 1)])

    def test_a_commented_include_and_a_downward_one_are_fine(self):
        self.write('api/a.c', '/*\n#include "tools/x.h"\n*/\n#include "base/a.h"\n#include "replay/b.h"\n')
        self.assertEqual(self.found(arrows), [])


class Lengths(Tree):
    def function(self, lines):
        return 'int f(void)\n{\n' + '    g();\n' * (lines - 3) + '}\n'

    def test_a_function_of_61_lines_is_found_and_one_of_60_is_not(self):
        self.write('base/long.c', self.function(61))
        self.write('base/short.c', self.function(60))
        self.assertEqual(self.found(lengths), [('base/long.c', 1)])

    def test_a_file_of_701_lines_is_found(self):
        self.write('base/long.c', '\n' * 701)
        self.write('base/short.c', '\n' * 700)
        self.assertEqual(self.found(lengths), [('base/long.c', 1)])

    def test_six_parameters_are_found_and_five_with_a_callback_are_not(self):
        self.write('base/six.c', 'int f(int a, int b, int c, int d, int e, int g)\n{\n    return a;\n}\n')
        self.write('base/five.c', 'int f(int a, int b, int c, int d, int (*e)(int, int))\n{\n    return a;\n}\n')
        self.assertEqual(self.found(lengths), [('base/six.c', 1)])

    def test_four_levels_are_found_and_three_with_data_inside_are_not(self):
        four = 'if (a) { while (b) { for (;;) { if (c) { d(); } } } }'
        three = 'if (a) { while (b) { for (;;) { d((struct e){ { 1 }, { 2 } }); int f[] = { { 1 } }; } } }'
        self.write('base/four.c', 'void f(void)\n{\n' + four + '\n}\n')
        self.write('base/three.c', 'void f(void)\n{\n' + three + '\n}\n')
        self.assertEqual(self.found(lengths), [('base/four.c', 1)])

    def test_an_exception_holds_for_its_exact_measure_only(self):
        self.write('base/long.c', self.function(61))
        self.write(lengths.EXCEPTIONS, 'function base/long.c f 61\n')
        self.assertEqual(self.found(lengths), [])
        self.write('base/long.c', self.function(62))
        self.assertEqual(self.found(lengths), [('base/long.c', 1)])

    def test_an_exception_that_is_no_longer_needed_is_found(self):
        self.write('base/short.c', self.function(60))
        self.write(lengths.EXCEPTIONS, '# why\nfunction base/short.c f 61\n')
        self.assertEqual(self.found(lengths), [(lengths.EXCEPTIONS, 2)])


class Contracts(Tree):
    def test_a_prototype_without_a_contract_is_found(self):
        self.write('log/a.h', SPDX + '/* Good. */\nint hub_a(void);\n\nint hub_b(int a,\n          int b);\n')
        self.assertEqual(self.found(contracts), [('log/a.h', 5)])

    def test_an_empty_line_between_contract_and_prototype_is_found(self):
        self.write('log/a.h', SPDX + '/* Far. */\n\nint hub_a(void);\n')
        self.assertEqual(self.found(contracts), [('log/a.h', 4)])

    def test_prototypes_after_types_and_bodies_are_seen(self):
        self.write('base/a.h', SPDX + 'struct a {\n    int (*on_b)(int);\n};\nenum b { c, d };\n'
                   'static inline int e(void)\n{\n    return 1;\n}\nstruct a *hub_f(void);\n')
        self.assertEqual(self.found(contracts), [('base/a.h', 10)])

    def test_prototypes_in_a_row_share_a_contract_and_types_need_none(self):
        self.write('base/a.h', SPDX + 'typedef int (*hub_fn)(int);\nextern const int hub_x;\n'
                   '/* All. */\nstruct hub_y;\nint hub_a(int a,\n          int b);\nint hub_b(void);\n#define HUB_C(x) hub_c(x)\n')
        self.assertEqual(self.found(contracts), [])

    def test_a_file_without_its_licence_line_is_found(self):
        self.write('base/a.c', '/* Something. */\n')
        self.write('base/b.c', SPDX)
        self.write('tools/script', '#!/bin/sh\n')
        self.assertEqual(self.found(contracts), [('base/a.c', 1), ('tools/script', 1)])


class JsonByPrintf(Tree):
    def test_pieces_of_objects_are_found(self):
        self.write('api/a.c', 'f("{\\"a\\": %d}", 1);\ng("\\"b\\":");\nh("x\\",\\"y");\n')
        self.assertEqual(self.found(json_by_printf), [('api/a.c', 1), ('api/a.c', 2), ('api/a.c', 3)])

    def test_quoted_words_comments_and_tests_are_fine(self):
        self.write('api/a.c', '/* "{\\"a\\":1}" */\nf("no such stream \\"%s\\"", a);\n')
        self.write('tests/a.c', 'f("{\\"a\\": 1}");\n')
        self.assertEqual(self.found(json_by_printf), [])


class Banned(Tree):
    def test_every_banned_call_is_found(self):
        for name in banned.INSTEAD:
            self.write(f'base/{name}.c', f'void f(void)\n{{\n    {name} (a);\n}}\n')
        self.assertEqual(self.found(banned), [(f'base/{name}.c', 3) for name in sorted(banned.INSTEAD)])

    def test_names_that_only_look_like_them_are_fine(self):
        self.write('base/a.c', 'snprintf(a); my_system(b); c->system(d); /* strcpy(e) */ f("gets(x)");\n')
        self.assertEqual(self.found(banned), [])


class Words(Tree):
    def test_unfinished_work_is_found(self):
        for at, word in enumerate(('TO' 'DO', 'FIX' 'ME', 'X' 'XX', 'not ' 'implemented', 'Not-' 'Implemented')):
            self.write(f'docs/{at}.md', f'fine\n{word} later\n')
        self.assertEqual(self.found(words), [(f'docs/{at}.md', 2) for at in range(5)])

    def test_paths_of_a_machine_and_registry_hosts_are_found(self):
        bad = ('/wo' 'rk/main', '"/tmp/te' 'am/x"', '../sha' 'red/a.md', '/ho' 'me/me/x', 'https://pypi' '.org/x')
        for at, word in enumerate(bad):
            self.write(f'docs/{at}.md', f'{word}\n')
        self.assertEqual(self.found(words), [(f'docs/{at}.md', 1) for at in range(len(bad))])

    def test_near_misses_are_fine(self):
        self.write('docs/a.md', 'mkstemp("x.' + 'X' * 6 + '"), api/work, GET /workers, /tmp/teams, share, https://e.org/work/1\n')
        self.assertEqual(self.found(words), [])


class Layout(Tree):
    def test_a_file_laid_out_otherwise_is_found(self):
        self.write('base/good.c', 'int f(int a)\n{\n    return a;\n}\n')
        self.write('base/bad.c', 'int a;\nint f(int a) {\n  return a; }\n')
        self.assertEqual(self.found(layout), [('base/bad.c', 2)])


class Tidy(Tree):
    def test_a_null_dereference_is_found(self):
        self.write('base/a.c', 'int f(int *a)\n{\n    if (!a)\n        return *a;\n    return 0;\n}\n')
        self.write('base/b.c', 'int g(int *a);\nint g(int *a)\n{\n    return a ? *a : 0;\n}\n')
        self.compile_database('base/a.c', 'base/b.c')
        self.assertEqual(self.found(tidy), [('base/a.c', 4)])

    def test_a_file_that_does_not_compile_is_found(self):
        self.write('base/a.c', 'int f(void) { return x; }\n')
        self.compile_database('base/a.c')
        self.assertEqual(self.found(tidy), [('base/a.c', 1)])


class Cppcheck(Tree):
    def test_a_read_beyond_the_end_is_found(self):
        self.write('base/a.c', 'int f(void)\n{\n    int a[2] = { 1, 2 };\n    return a[2];\n}\n')
        self.write('base/b.c', 'int g(void)\n{\n    return 0;\n}\n')
        self.compile_database('base/a.c', 'base/b.c')
        self.assertEqual(self.found(cppcheck), [('base/a.c', 4)])


class Counting(unittest.TestCase):
    """tests/run-all, which says how many tests passed."""

    def setUp(self):
        sys.dont_write_bytecode = True
        loader = importlib.machinery.SourceFileLoader('run_all', os.path.join(ROOT, 'tests', 'run-all'))
        spec = importlib.util.spec_from_loader('run_all', loader)
        self.run_all = importlib.util.module_from_spec(spec)
        loader.exec_module(self.run_all)

    def count(self, result, stdout='', stderr=''):
        return self.run_all.count_program({'result': result, 'stdout': stdout, 'stderr': stderr})

    def test_cases_of_cmocka_are_counted(self):
        self.assertEqual(self.count('OK', '1..3\nok 1 - a\nok 2 - b\nnot ok 3 # SKIP c\n'), (2, 0, 1))
        self.assertEqual(self.count('FAIL', '1..2\nok 1 - a\nnot ok 2 - b\n# why\n'), (1, 1, 0))

    def test_cases_of_unittest_are_counted(self):
        self.assertEqual(self.count('OK', '', 'Ran 4 tests in 0.1s\n\nOK (skipped=1)\n'), (3, 0, 1))
        self.assertEqual(self.count('FAIL', '', 'Ran 4 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n'), (2, 2, 0))

    def test_a_program_that_ends_badly_is_a_failure_whatever_it_printed(self):
        self.assertEqual(self.count('FAIL', 'ok 1 - a\n'), (1, 1, 0))
        self.assertEqual(self.count('TIMEOUT'), (0, 1, 0))
        self.assertEqual(self.count('ERROR'), (0, 1, 0))

    def test_a_failed_case_is_a_failure_even_when_the_program_ends_well(self):
        self.assertEqual(self.count('OK', 'not ok 1 - a\n'), (0, 1, 0))

    def test_a_program_that_prints_no_cases_is_one(self):
        self.assertEqual(self.count('OK', 'hello\n'), (1, 0, 0))
        self.assertEqual(self.count('SKIP'), (0, 0, 1))


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    unittest.main()
