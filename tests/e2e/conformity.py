# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the hub says is what it describes: every answer that a test sees is held against /openapi.json, every frame of a
WebSocket against /asyncapi.json.

A test's file says conformity.watch() once; what did not conform is its failure at the end."""

import json
import re
import unittest
from decimal import Decimal

from json_schema import Checker
from running import Client, run
from websocket import WebSocket

METHODS = ('get', 'post', 'put', 'delete')


def pattern_of(path):
    return re.compile(re.sub(r'\\\{\w+\\\}', '[^/]+', re.escape(path)))


class Conformity:
    """Holds answers against a description and remembers what was wrong, once for every operation and sentence."""

    def __init__(self, document):
        self.document = document
        self.checker = Checker(document)
        self.paths = sorted(((pattern_of(path), operations) for path, operations in document['paths'].items()),
                            key=lambda row: '[^/]+' in row[0].pattern)
        self.wrong = {}
        self.seen = set()

    def operation(self, method, target):
        path = target.split('?')[0]
        for pattern, operations in self.paths:
            if pattern.fullmatch(path):
                return operations.get(method.lower())
        return None

    def see(self, method, target, answer):
        if method.lower() not in METHODS:
            return
        operation = self.operation(method, target)
        where = f'{method} {target.split("?")[0]} -> {answer.status}'
        if answer.status >= 400:
            described = self.document['components']['responses']['problem']
        elif operation is None:
            return self.note(where, 'no operation of the description answers this')
        else:
            self.seen.add(operation['operationId'])
            described = operation['responses'].get(str(answer.status))
        for sentence in self.check(described, answer):
            self.note(where, sentence)
        return None

    def check(self, described, answer):
        if described is None:
            return [f'the status {answer.status} is not described']
        missing = [name for name in described.get('headers', {}) if name not in answer.headers]
        media = (answer.headers['Content-Type'] or '').split(';')[0]
        content = described.get('content', {}).get(media)
        if content is None:
            return [f'{media or "no media type"} is not described: {answer.body[:80]!r}']
        if not media.endswith('json'):
            return [f'{name} is missing' for name in missing]
        value = json.loads(answer.body, parse_float=Decimal)
        return [f'{name} is missing' for name in missing] + list(self.checker.check(value, content['schema']))

    def note(self, where, sentence):
        self.wrong.setdefault((re.sub(r'[0-9A-Z]{26}|\d+', '*', sentence)), f'{where}: {sentence}')


class FrameConformity:
    """The same for frames: a type of frame may have several shapes, and a frame has to fit one."""

    def __init__(self, document):
        self.checker = Checker(document)
        self.channels = [(pattern_of(channel['address']), self.shapes(document, channel)) for channel in document['channels'].values()]
        self.channels.sort(key=lambda row: '[^/]+' in row[0].pattern)
        self.wrong = {}

    def shapes(self, document, channel):
        """What the hub sends there, by type."""
        shapes = {}
        for name, message in channel['messages'].items():
            while '$ref' in message:
                message = self.checker.resolve(message['$ref'])
            if not name.endswith('_said'):
                shapes.setdefault(message['name'], []).append(message['payload'])
        return shapes

    def see(self, target, frame):
        path = target.split('?')[0]
        shapes = next(shapes for pattern, shapes in self.channels if pattern.fullmatch(path))
        faults = [list(self.checker.check(frame, shape)) for shape in shapes.get(frame.get('type'), [])]
        if not faults:
            faults = [['no frame of this type is described']]
        if [] not in faults:
            sentence = f'{path} {frame.get("type")}: {faults[0][0]}'
            self.wrong.setdefault(re.sub(r'[0-9A-Z]{26}|\d+', '*', sentence), sentence)


def watch():
    """Look at all answers and frames that come from now on; the module's tests fail at their end if one did not conform."""
    answers = Conformity(json.loads(run('schema', 'openapi').stdout))
    frames = FrameConformity(json.loads(run('schema', 'asyncapi').stdout))
    Client.observers.append(answers.see)
    WebSocket.observers.append(frames.see)

    def report():
        assert answers.seen, 'nothing was answered'
        wrong = {**answers.wrong, **frames.wrong}
        assert not wrong, '\n'.join(wrong.values())

    unittest.addModuleCleanup(report)
