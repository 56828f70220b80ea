#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bad input changes nothing and is told what, where and why (I12), on every route that /openapi.json lists."""

import http.client
import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))

import conformity  # noqa: E402
from running import Client, Hub, wait_for  # noqa: E402

conformity.watch()

ROLES = ('admin', 'supervisor', 'agent', 'analyst', 'auditor', 'service')
PROBLEM_MEMBERS = {'type', 'title', 'status', 'detail', 'code', 'success', 'error'}
MALFORMED = (b'', b'{', b'{"a":1', b'[]', b'"text"', b'{"a":1}x', b'{"a":1,}', b"{'a':1}", b'{"a":NaN}', b'{"a":01}',
             b'{"a":"\xff"}', b'{"a":"\\ud800"}', b'\xef\xbb\xbf{}', b'{"a":"\x00"}',
             b'{"a":' + b'[' * 40 + b']' * 40 + b'}')


class Schema:
    """The components of the description, and values made of them."""

    def __init__(self, document):
        self.document = document

    def resolve(self, schema):
        while '$ref' in schema:
            node = self.document
            for part in schema['$ref'].lstrip('#/').split('/'):
                node = node[part]
            schema = node
        return schema

    def example(self, schema):
        """A value that the schema takes."""
        outer, schema = schema, self.resolve(schema)
        for candidate in (outer, schema):
            if candidate.get('examples'):
                return candidate['examples'][0]
        if 'enum' in schema:
            return schema['enum'][0]
        kind = schema.get('type')
        if kind == 'object':
            return {name: self.example(schema['properties'][name]) for name in schema.get('required', ())}
        if kind == 'array':
            return [self.example(schema['items'])] * max(1, schema.get('minItems', 0))
        if kind == 'integer':
            return max(1, schema.get('minimum', 0))
        if kind == 'boolean':
            return True
        if kind == 'string':
            return self.text(schema)
        return {'free': [1, 'two', None]}

    @staticmethod
    def text(schema):
        if schema.get('format') == 'date-time':
            return '2031-01-01T00:00:00Z'
        if schema.get('format') == 'ulid':
            return '01ARYZ6S41TSV4RRFFQ69G5FAV'
        return 'x' * max(1, schema.get('minLength', 0))

    def spoilt(self, schema):
        """(what is wrong, value) of values that the schema refuses."""
        schema = self.resolve(schema)
        kind = schema.get('type')
        if kind == 'string':
            yield from self.spoilt_text(schema)
        elif kind in ('integer', 'number'):
            yield from (('text', 'x'), ('a fraction', 1.5), ('an exponent', '1e3'), ('a list', [1]))
            if 'minimum' in schema:
                yield 'too small', schema['minimum'] - 1
            if 'maximum' in schema:
                yield 'too large', schema['maximum'] + 1
        elif kind == 'boolean':
            yield from (('text', 'yes'), ('a number', 1))
        elif kind == 'array':
            yield from (('an object', {}), ('text', 'x'))
            if 'maxItems' in schema and schema['maxItems'] <= 1000:
                yield 'too long', [self.example(schema['items'])] * (schema['maxItems'] + 1)
            if schema.get('minItems'):
                yield 'too short', []
        elif kind == 'object':
            yield from (('text', 'x'), ('a list', []))
        elif 'x-max-bytes' in schema:
            yield 'too long', 'x' * (schema['x-max-bytes'] + 1)

    @staticmethod
    def spoilt_text(schema):
        yield from (('a number', 5), ('a list', ['x']), ('an object', {}), ('a truth', True))
        if 'enum' in schema:
            yield from (('an unknown word', 'no such word'), ('another case', schema['enum'][0].upper()))
        if schema.get('format') == 'date-time':
            yield 'no time', 'yesterday'
        if schema.get('format') == 'ulid':
            yield 'no id', 'nobody'
        if schema.get('minLength'):
            yield 'too short', 'x' * (schema['minLength'] - 1)
        if schema.get('maxLength', 1 << 20) <= 1 << 17:
            yield 'too long', 'x' * (schema['maxLength'] + 1)


class Operation:
    """One method of one path."""

    def __init__(self, path, method, about):
        self.path, self.method, self.about = path, method.upper(), about
        self.public = about.get('security') == []
        self.roles = about.get('x-roles', [])
        self.operator_only = about.get('x-operator-only', False)
        body = about.get('requestBody')
        self.body = body['content']['application/json']['schema'] if body else None

    def url(self, value='nobody'):
        return re.sub(r'\{\w+\}', value, self.path)

    def parameters(self, place):
        return [p for p in self.about['parameters'] if p['in'] == place]

    def __str__(self):
        return f'{self.method} {self.path}'


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hub = Hub()
        cls.addClassCleanup(cls.hub.remove)
        cls.addClassCleanup(cls.hub.kill)
        document = cls.hub.get('/openapi.json').json
        cls.schema = Schema(document)
        cls.operations = [Operation(path, method, about) for path, methods in document['paths'].items()
                          for method, about in methods.items()]
        cls.keys = {}
        for role in ROLES:
            made = cls.hub.post('/api-keys', {'name': f'a key of the role {role}', 'role': role})
            assert made.status == 201, made
            cls.keys[role] = made.json['api_key']
        other = cls.hub.post('/companies', {'name': 'Another', 'admin_email': 'boss@another.example'})
        assert other.status == 201, other
        cls.other_key = other.json['api_key']
        opened = cls.hub.post('/session/create', {'customer_id': 'c-1', 'session_id': 's-1', 'channel': 'chat'})
        assert opened.status == 201, opened

    def commit(self):
        figures = self.hub.get('/metrics').body.decode()
        return int(re.search(r'^omnihub_commit_position (\d+)$', figures, re.M).group(1))

    def setUp(self):
        self.before = self.commit()

    def assert_refused(self, answer, status, code=None, pointer=None):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers['Content-Type'], 'application/problem+json', answer)
        problem = answer.json
        self.assertLessEqual(PROBLEM_MEMBERS, set(problem), answer)
        self.assertEqual(problem['status'], status)
        self.assertIs(problem['success'], False)
        self.assertTrue(problem['detail'] and problem['error'] and problem['title'])
        self.assertTrue(answer.position, answer)
        if code:
            self.assertEqual(problem['code'], code, answer)
        if pointer is not None:
            self.assertIn(pointer, [error['pointer'] for error in problem.get('errors', [])], answer)

    def assert_nothing_written(self):
        self.assertEqual(self.commit(), self.before)

    def send(self, operation, body=None, **more):
        return self.hub.ask(operation.method, operation.url(), body, **more)

    # --- bodies ---

    def spoil(self, operation, schema, body, place):
        """Every way to spoil one object of a body: (what, the spoilt object, the pointer that must be named)."""
        schema = self.schema.resolve(schema)
        for name in schema.get('required', ()):
            yield f'{name} is missing', {k: v for k, v in body.items() if k != name}, f'{place}/{name}'
        for name, about in schema['properties'].items():
            for what, value in self.schema.spoilt(about):
                yield f'{name} is {what}', {**body, name: value}, f'{place}/{name}'
            inner = self.schema.resolve(about)
            if inner.get('type') == 'object':
                for what, value, pointer in self.spoil(operation, inner, self.schema.example(inner), f'{place}/{name}'):
                    yield f'{name}: {what}', {**body, name: value}, pointer
            if inner.get('type') == 'array' and self.schema.resolve(inner['items']).get('type') == 'object':
                item = self.schema.resolve(inner['items'])
                for what, value, pointer in self.spoil(operation, item, self.schema.example(item), f'{place}/{name}/1'):
                    yield f'{name}[1]: {what}', {**body, name: [self.schema.example(item), value]}, pointer
        if schema.get('additionalProperties') is False:
            yield 'a member is unknown', {**body, 'no_such_member': 1}, f'{place}/no_such_member'

    def test_every_field_of_every_body_is_checked(self):
        count = 0
        for operation in self.operations:
            if operation.body is None:
                continue
            body = self.schema.example(operation.body)
            for what, spoilt, pointer in self.spoil(operation, operation.body, body, ''):
                with self.subTest(operation=str(operation), what=what):
                    self.assert_refused(self.send(operation, spoilt), 400, 'invalid_field', pointer)
                    count += 1
        self.assertGreater(count, 300)
        self.assert_nothing_written()

    def test_what_is_no_json_object_is_refused(self):
        for operation in self.operations:
            if operation.body is None:
                continue
            for body in MALFORMED:
                if body == b'':
                    continue
                with self.subTest(operation=str(operation), body=body[:20]):
                    self.assert_refused(self.send(operation, body), 400, None)
        self.assert_nothing_written()

    def test_an_empty_body_is_an_empty_object(self):
        for operation in self.operations:
            required = operation.body and self.schema.resolve(operation.body).get('required')
            if required:
                with self.subTest(operation=str(operation)):
                    self.assert_refused(self.send(operation, b''), 400, 'invalid_field', f'/{required[0]}')
        self.assert_nothing_written()

    def test_another_type_of_body_is_refused(self):
        for operation in self.operations:
            if operation.body is None:
                continue
            for kind in ('text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', ''):
                with self.subTest(operation=str(operation), kind=kind):
                    answer = self.send(operation, b'{}', headers={'Content-Type': kind})
                    self.assert_refused(answer, 415, 'unsupported_media')
        self.assert_nothing_written()

    def test_a_body_too_large_is_refused(self):
        body = b'{"a":"' + b'x' * (1 << 20) + b'"}'
        for operation in self.operations:
            if operation.body is not None:
                with self.subTest(operation=str(operation)):
                    self.assert_refused(self.send(operation, body), 413, 'body_too_large')
        self.assert_nothing_written()

    def test_a_body_far_too_large_is_refused_before_it_is_read(self):
        connection = http.client.HTTPConnection('127.0.0.1', self.hub.port, timeout=30)
        connection.putrequest('POST', '/message/process')
        connection.putheader('Authorization', f'Bearer {self.hub.client.key}')
        connection.putheader('Content-Type', 'application/json')
        connection.putheader('Content-Length', str(1 << 40))
        connection.endheaders()
        answer = connection.getresponse()
        problem = json.loads(answer.read())
        connection.close()
        self.assertEqual((answer.status, problem['code'], problem['success']), (413, 'body_too_large', False))
        self.assertEqual(answer.headers['Content-Type'], 'application/problem+json')
        self.assert_nothing_written()

    # --- paths, methods, queries, headers ---

    def test_an_unknown_path_is_not_found(self):
        for path in ('/nope', '/session', '/session/', '/session//messages', '/health/', '//', '/message/process/x',
                     '/Session/create', '/session/a/b/c/d/e/f/g', '/%2e%2e/health'):
            with self.subTest(path=path):
                self.assert_refused(self.hub.get(path), 404, 'not_found')
        self.assert_nothing_written()

    def test_another_method_is_refused_with_those_that_are_allowed(self):
        allowed = {}
        for operation in self.operations:
            allowed.setdefault(operation.path, set()).add(operation.method)
        for operation in self.operations:
            for method in {'GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'BREW'} - allowed[operation.path]:
                with self.subTest(operation=str(operation), method=method):
                    answer = self.hub.ask(method, operation.url())
                    self.assert_refused(answer, 405, 'method_not_allowed')
                    named = set(answer.headers['Allow'].split(', '))
                    self.assertEqual(named - {'HEAD', 'OPTIONS'}, allowed[operation.path])
        self.assert_nothing_written()

    def test_unknown_query_parameters_are_refused(self):
        for operation in self.operations:
            with self.subTest(operation=str(operation)):
                body = None if operation.body is None else self.schema.example(operation.body)
                answer = self.hub.ask(operation.method, operation.url() + '?no_such_parameter=1', body)
                self.assert_refused(answer, 400, 'invalid_query')
        self.assert_nothing_written()

    def test_every_query_parameter_is_checked(self):
        for operation in self.operations:
            for parameter in operation.parameters('query'):
                name, schema = parameter['name'], self.schema.resolve(parameter['schema'])
                values = ['%', '%zz', '%ff', 'a&' + name + '=b']
                if schema.get('type') == 'integer':
                    values += ['x', '', '1.5', str(schema['minimum'] - 1), str(schema['maximum'] + 1)]
                if 'enum' in schema:
                    values += ['nope', '', schema['enum'][0].upper()]
                if name in ('at', 'min_position'):
                    values += ['', 'nonsense', '0', '2026-13-01T00:00:00Z']
                for value in values:
                    with self.subTest(operation=str(operation), parameter=name, value=value):
                        answer = self.hub.get(f'{operation.url()}?{name}={value}')
                        self.assert_refused(answer, 400, 'invalid_query')
        self.assert_nothing_written()

    def test_path_parts_are_checked(self):
        for operation in self.operations:
            if not operation.parameters('path') or operation.method == 'POST':
                continue
            for value, statuses in (('x' * 200, (400, 404)), ('%', (404,)), ('%ff', (404,)), ('%00', (404,))):
                with self.subTest(operation=str(operation), value=value[:8]):
                    body = None if operation.body is None else self.schema.example(operation.body)
                    answer = self.hub.ask(operation.method, operation.url(value), body)
                    self.assertIn(answer.status, statuses, answer)
                    self.assert_refused(answer, answer.status)
        self.assert_nothing_written()

    def test_headers_are_checked(self):
        create = {'customer_id': 'c-9', 'channel': 'chat'}
        for key in ('', 'x' * 256, 'a b', 'ä'.encode()):
            with self.subTest(key=key):
                answer = self.hub.post('/session/create', create, headers={'Idempotency-Key': key})
                self.assert_refused(answer, 400, 'invalid_query')
        for tag in ('12', '"x', '"1" "2"', ',', '"1", *', ', '.join(f'"{i}"' for i in range(1, 10))):
            with self.subTest(tag=tag):
                answer = self.hub.ask('PUT', '/session/s-1', {'priority': 'high'}, headers={'If-Match': tag})
                self.assert_refused(answer, 400, 'invalid_query')
        answer = self.hub.get('/sessions/active', headers={'Hub-Min-Position': 'nonsense'})
        self.assert_refused(answer, 400, 'invalid_query')
        answer = self.hub.get('/sessions/active', headers={'X-Long': 'x' * 20000})
        self.assert_refused(answer, 400, 'invalid_query')
        self.assert_nothing_written()

    def test_a_session_is_not_called_like_a_path(self):
        good = {'customer_id': 'c-9', 'session_id': 's-9', 'channel': 'chat', 'content': 'x'}
        for word in ('create', '.', '..'):
            bad = {**good, 'session_id': word}
            for path, body in (('/session/create', {name: bad[name] for name in ('customer_id', 'session_id', 'channel')}),
                               ('/message/process', bad), ('/message/bulk-process', {'messages': [good, bad]})):
                with self.subTest(word=word, path=path):
                    answer = self.hub.post(path, body)
                    self.assert_refused(answer, 400, 'invalid_field')
        self.assert_nothing_written()

    def test_an_id_that_no_path_can_name_is_refused(self):
        good = {'customer_id': 'c-9', 'session_id': 's-9', 'channel': 'chat', 'content': 'x'}
        for name in ('customer_id', 'session_id'):
            for word in ('\0', 'c-9\0', 'c\0-9'):
                bad = {**good, name: word}
                for path, body in (('/session/create', {key: bad[key] for key in ('customer_id', 'session_id', 'channel')}),
                                   ('/message/process', bad), ('/message/bulk-process', {'messages': [good, bad]})):
                    with self.subTest(name=name, word=word, path=path):
                        answer = self.hub.post(path, body)
                        self.assert_refused(answer, 400, 'invalid_field')
                        self.assertIn('U+0000', answer.json['error'])
        self.assert_nothing_written()

    def test_an_answer_in_another_form_is_not_acceptable(self):
        for operation in self.operations:
            with self.subTest(operation=str(operation)):
                body = None if operation.body is None else self.schema.example(operation.body)
                self.assert_refused(self.send(operation, body, headers={'Accept': 'image/png'}), 406, 'not_acceptable')
        self.assert_nothing_written()

    # --- who may ---

    def test_without_credentials_there_is_nothing(self):
        nobody = Client(self.hub.port, key=None)
        self.addCleanup(nobody.close)
        wrong = ({}, {'Authorization': 'Bearer wrong'}, {'Authorization': 'Basic dGVzdDp0ZXN0'}, {'Authorization': ''},
                 {'Cookie': 'omnihub_session=wrong'})
        for operation in self.operations:
            for headers in wrong:
                with self.subTest(operation=str(operation), headers=headers):
                    body = None if operation.body is None else self.schema.example(operation.body)
                    answer = nobody.ask(operation.method, operation.url(), body, headers=headers)
                    if operation.path == '/auth/login':
                        self.assert_refused(answer, 401, 'unauthenticated')
                        break
                    if operation.public:
                        self.assertEqual(answer.status, 200, answer)
                    else:
                        self.assert_refused(answer, 401, 'unauthenticated')
                        self.assertIn('Bearer', answer.headers['WWW-Authenticate'])
        self.assert_nothing_written()

    def test_another_role_is_forbidden(self):
        clients = {role: Client(self.hub.port, key=key) for role, key in self.keys.items()}
        refused = 0
        for operation in self.operations:
            for role in set(ROLES) - set(operation.roles):
                if operation.public:
                    continue
                with self.subTest(operation=str(operation), role=role):
                    body = None if operation.body is None else self.schema.example(operation.body)
                    answer = clients[role].ask(operation.method, operation.url(), body)
                    self.assert_refused(answer, 403, 'forbidden')
                    refused += 1
        for client in clients.values():
            client.close()
        self.assertGreater(refused, 30)
        self.assert_nothing_written()

    def test_only_the_hub_s_own_company_manages_companies(self):
        stranger = Client(self.hub.port, key=self.other_key)
        self.addCleanup(stranger.close)
        for operation in self.operations:
            if operation.operator_only:
                with self.subTest(operation=str(operation)):
                    body = None if operation.body is None else self.schema.example(operation.body)
                    self.assert_refused(stranger.ask(operation.method, operation.url(), body), 403, 'forbidden')
        self.assert_nothing_written()

    # --- what the state does not allow ---

    def test_what_belongs_to_another_company_is_not_there(self):
        ours = self.hub.post('/message/process', {'customer_id': 'c-2', 'session_id': 's-2', 'channel': 'voice',
                                                  'content': 'hello'}).json
        moved = self.hub.post('/transfer/channel', {'session_id': 's-2', 'to_channel': 'chat'}).json
        key = self.hub.get('/api-keys').json['keys'][1]['key_id']
        session = re.sub(r'-m\d+$', '', ours['message_id'])
        before = self.commit()
        stranger = Client(self.hub.port, key=self.other_key)
        self.addCleanup(stranger.close)
        asked = [('GET', f'/session/{session}', None), ('GET', f'/session/{session}/messages', None),
                 ('GET', '/session/s-2', None), ('GET', '/session/s-2/messages', None),
                 ('PUT', f'/session/{session}', {'priority': 'high'}), ('DELETE', f'/session/{session}', None),
                 ('POST', f'/session/{session}/transfer', {'to_channel': 'email'}),
                 ('POST', '/transfer/channel', {'session_id': session, 'to_channel': 'email'}),
                 ('POST', '/message/respond', {'session_id': session, 'content': 'x'}),
                 ('GET', f'/message/{ours["message_id"]}', None),
                 ('PUT', f'/message/{ours["message_id"]}', {'status': 'read'}),
                 ('GET', f'/transfer/{moved["transfer_id"]}/status', None),
                 ('GET', '/customer/c-2/sessions', None), ('GET', '/customer/c-2/unified-view', None),
                 ('GET', '/customer/c-2/history', None), ('DELETE', f'/api-keys/{key}', None)]
        for method, path, body in asked:
            with self.subTest(method=method, path=path):
                self.assert_refused(stranger.ask(method, path, body), 404, 'not_found')
        self.assertEqual(self.commit(), before)
        # The same ids may be another company's own: they lead to its own session, and ours does not change.
        same = {'customer_id': 'c-2', 'session_id': session, 'channel': 'chat', 'content': 'x'}
        stranger.post('/message/process', same)
        shown = self.hub.get('/session/s-2/messages').json
        self.assertEqual([message['content'] for message in shown['messages']], ['hello'])

    def test_a_stale_version_is_refused(self):
        version = self.hub.get('/session/s-1').headers['ETag']
        stale = f'"{int(version.strip(chr(34))) + 1}"'
        before = self.commit()
        for method, body in (('PUT', {'priority': 'high'}), ('DELETE', None)):
            for tags in (stale, f'W/{version}', f'{stale}, W/{version}', '"x"', '""'):
                with self.subTest(method=method, tags=tags):
                    answer = self.hub.ask(method, '/session/s-1', body, headers={'If-Match': tags})
                    self.assert_refused(answer, 412, 'precondition_failed')
        self.assertEqual(self.commit(), before)

    def test_an_illegal_move_is_refused(self):
        self.hub.post('/session/create', {'customer_id': 'c-3', 'session_id': 's-3', 'channel': 'chat'})
        # It ends, and the customer's actor notes that it did.
        before = self.commit() + 2
        self.assertEqual(self.hub.ask('DELETE', '/session/s-3').status, 200)
        wait_for(lambda: self.commit() == before, what='the end of the session')
        for body in ({'status': 'active'}, {'priority': 'high'}):
            with self.subTest(body=body):
                self.assert_refused(self.hub.ask('PUT', '/session/s-3', body), 409)
        self.assert_refused(self.hub.post('/transfer/channel', {'session_id': 's-3', 'to_channel': 'voice'}), 409)
        self.assertEqual(self.commit(), before)

    def test_a_key_with_another_body_is_refused(self):
        headers = {'Idempotency-Key': 'one-key'}
        body = {'customer_id': 'c-4', 'channel': 'chat'}
        first = self.hub.post('/session/create', body, headers=headers)
        self.assertEqual(first.status, 201)
        before = self.commit()
        again = self.hub.post('/session/create', body, headers=headers)
        self.assertEqual((again.status, again.json), (201, first.json))
        other = self.hub.post('/session/create', {**body, 'channel': 'voice'}, headers=headers)
        self.assert_refused(other, 422, 'key_reused')
        self.assertEqual(self.commit(), before)


if __name__ == '__main__':
    unittest.main()
