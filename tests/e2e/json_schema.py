# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks a value against a JSON Schema (2020-12), as far as the hub's own descriptions use it; another keyword is an error."""

import base64
import binascii
import re
from decimal import Decimal

SILENT = {'description', 'examples', 'title', 'default', 'deprecated', 'readOnly', 'writeOnly', 'discriminator'}
DATE_TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)')
ULID = re.compile(r'[0-7][0-9A-HJKMNP-TV-Z]{25}')
FORMATS = {'date-time': DATE_TIME.fullmatch, 'int64': None, 'uint32': None, 'uint64': None, 'ulid': ULID.fullmatch, 'uri': None, 'uri-reference': None}


def is_number(value):
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


TYPES = {
    'object': lambda value: isinstance(value, dict),
    'array': lambda value: isinstance(value, list),
    'string': lambda value: isinstance(value, str),
    'boolean': lambda value: isinstance(value, bool),
    'null': lambda value: value is None,
    'number': is_number,
    'integer': lambda value: is_number(value) and value == int(value),
}


def is_base64(value):
    try:
        return base64.b64decode(value, validate=True) is not None
    except binascii.Error:
        return False


class Checker:
    """Schemas of one document, in which references are looked up. Numbers with a point must be read as Decimal."""

    def __init__(self, document):
        self.document = document

    def resolve(self, reference):
        node = self.document
        for part in reference.removeprefix('#/').split('/'):
            node = node[part.replace('~1', '/').replace('~0', '~')]
        return node

    def check(self, value, schema, at=''):
        """Yields a sentence for everything that is wrong."""
        if schema is True:
            return
        for keyword, bound in schema.items():
            if keyword in SILENT or keyword.startswith('x-'):
                continue
            yield from getattr(self, 'check_' + keyword.strip('$'))(value, bound, schema, at)

    def __getattr__(self, name):
        raise AssertionError(f'the checker does not know the keyword of {name}')

    def check_ref(self, value, reference, _, at):
        yield from self.check(value, self.resolve(reference), at)

    def check_type(self, value, kinds, _, at):
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not any(TYPES[kind](value) for kind in kinds):
            yield f'{at}: {value!r:.100} is not of type {" or ".join(kinds)}'

    def check_enum(self, value, words, _, at):
        if value not in words:
            yield f'{at}: {value!r:.100} is none of {words}'

    def check_const(self, value, word, _, at):
        if value != word:
            yield f'{at}: {value!r:.100} is not {word!r}'

    def check_format(self, value, name, _, at):
        matches = FORMATS[name]
        if matches and isinstance(value, str) and not matches(value):
            yield f'{at}: {value!r:.100} is not in the format {name}'

    def check_contentEncoding(self, value, name, _, at):
        if isinstance(value, str) and not (name == 'base64' and is_base64(value)):
            yield f'{at}: {value!r:.100} is not {name}'

    def check_pattern(self, value, pattern, _, at):
        if isinstance(value, str) and not re.search(pattern, value):
            yield f'{at}: {value!r:.100} does not match {pattern}'

    def bounds(self, value, is_kind, size, holds, what):
        if is_kind(value) and not holds(size(value)):
            yield what

    def check_minLength(self, value, least, _, at):
        yield from self.bounds(value, TYPES['string'], len, lambda n: n >= least, f'{at}: shorter than {least}')

    def check_maxLength(self, value, most, _, at):
        yield from self.bounds(value, TYPES['string'], len, lambda n: n <= most, f'{at}: longer than {most}')

    def check_minItems(self, value, least, _, at):
        yield from self.bounds(value, TYPES['array'], len, lambda n: n >= least, f'{at}: fewer than {least} items')

    def check_maxItems(self, value, most, _, at):
        yield from self.bounds(value, TYPES['array'], len, lambda n: n <= most, f'{at}: more than {most} items')

    def check_minimum(self, value, least, _, at):
        yield from self.bounds(value, is_number, lambda n: n, lambda n: n >= least, f'{at}: {value} is below {least}')

    def check_maximum(self, value, most, _, at):
        yield from self.bounds(value, is_number, lambda n: n, lambda n: n <= most, f'{at}: {value} is above {most}')

    def check_multipleOf(self, value, step, _, at):
        if is_number(value) and Decimal(value) % Decimal(str(step)) != 0:
            yield f'{at}: {value} is no multiple of {step}'

    def check_uniqueItems(self, value, wanted, _, at):
        if wanted and isinstance(value, list) and any(value[i] in value[:i] for i in range(len(value))):
            yield f'{at}: an item is there twice'

    def check_items(self, value, schema, _, at):
        if isinstance(value, list):
            for i, item in enumerate(value):
                yield from self.check(item, schema, f'{at}/{i}')

    def check_required(self, value, names, _, at):
        if isinstance(value, dict):
            for name in names:
                if name not in value:
                    yield f'{at}: {name} is missing'

    def check_properties(self, value, schemas, _, at):
        if isinstance(value, dict):
            for name, schema in schemas.items():
                if name in value:
                    yield from self.check(value[name], schema, f'{at}/{name}')

    def check_additionalProperties(self, value, schema, around, at):
        if isinstance(value, dict):
            for name in value.keys() - around.get('properties', {}).keys():
                if schema is False:
                    yield f'{at}: {name} is not described'
                else:
                    yield from self.check(value[name], schema, f'{at}/{name}')

    def check_oneOf(self, value, schemas, _, at):
        wrong = [list(self.check(value, schema, at)) for schema in schemas]
        if wrong.count([]) != 1:
            yield f'{at}: fits {wrong.count([])} of {len(schemas)} shapes: {[one[:1] for one in wrong]!s:.300}'

    def check_anyOf(self, value, schemas, _, at):
        if not any(not list(self.check(value, schema, at)) for schema in schemas):
            yield f'{at}: fits no shape'

    def check_allOf(self, value, schemas, _, at):
        for schema in schemas:
            yield from self.check(value, schema, at)
