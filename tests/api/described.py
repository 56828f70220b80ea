# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is asked of every document that the program prints of itself."""

import json
import os

from running import run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def walk(node):
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(child)


class Described:
    """Mixed into a TestCase. NAME: what stands behind `omnihub schema`."""

    NAME = ''

    @classmethod
    def setUpClass(cls):
        printed = run('schema', cls.NAME)
        assert printed.returncode == 0, printed.stderr
        cls.printed = printed.stdout
        cls.document = json.loads(printed.stdout)

    def test_docs_have_what_the_program_prints(self):
        with open(os.path.join(ROOT, 'docs', f'{self.NAME}.json'), encoding='utf-8') as file:
            self.assertEqual(file.read(), self.printed, f'run: omnihub schema {self.NAME} > docs/{self.NAME}.json')

    def test_references_lead_somewhere(self):
        references = {node['$ref'] for node in walk(self.document) if isinstance(node, dict) and '$ref' in node}
        self.assertGreater(len(references), 30)
        for reference in references:
            node = self.document
            for part in reference.removeprefix('#/').split('/'):
                self.assertIn(part, node, reference)
                node = node[part]
