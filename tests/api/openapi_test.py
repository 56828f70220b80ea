#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The description of the API is sound, is what the hub serves, and is the one in docs/."""

import json
import os
import re
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))

from described import Described  # noqa: E402
from running import Hub  # noqa: E402


class OpenApi(Described, unittest.TestCase):
    NAME = 'openapi'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operations = [(path, method, about) for path, methods in cls.document['paths'].items()
                          for method, about in methods.items()]

    def test_the_hub_serves_what_the_program_prints(self):
        with Hub() as hub:
            self.assertEqual(hub.get('/openapi.json').json, self.document)

    def test_nothing_is_described_that_nobody_refers_to(self):
        text = json.dumps(self.document)
        for name in self.document['components']['schemas']:
            self.assertIn(f'"#/components/schemas/{name}"', text)

    def test_operations_have_names_of_their_own_and_words(self):
        names = [about['operationId'] for _, _, about in self.operations]
        self.assertEqual(len(names), len(set(names)))
        for path, method, about in self.operations:
            with self.subTest(path=path, method=method):
                self.assertTrue(about['summary'].endswith('.'))
                self.assertTrue(about['tags'])
                self.assertIn('default', about['responses'])
                self.assertNotEqual(about.get('security') == [], 'x-roles' in about)

    def test_parts_of_a_path_are_parameters_and_nothing_else_is(self):
        for path, method, about in self.operations:
            with self.subTest(path=path, method=method):
                named = [p['name'] for p in about['parameters'] if p['in'] == 'path']
                self.assertEqual(named, re.findall(r'\{(\w+)\}', path))
                schema = about.get('requestBody', {}).get('content', {}).get('application/json', {}).get('schema', {})
                self.assertFalse(set(named) & set(schema.get('properties', ())))

    def test_no_body_shows_what_only_the_hub_fills(self):
        for path, method, about in self.operations:
            with self.subTest(path=path, method=method):
                self.assertNotIn('Internal', json.dumps(about.get('requestBody', {})))


if __name__ == '__main__':
    unittest.main()
