# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hub as the benchmark sees it: sessions, messages, and how far its views are behind."""

import json
import os
import re
import time

from http1 import ask
from processes import Failed

API_KEY = 'bench-key-0123456789abcdef0123456789abcdef'
ENVIRONMENT = {
    'OMNICHANNEL_API_KEY': API_KEY,
    'OMNIHUB_ADMIN_EMAIL': 'admin@bench.example',
    'OMNIHUB_ADMIN_PASSWORD': 'correct horse battery staple',
}
HEADERS = (f'Authorization: Bearer {API_KEY}', 'Content-Type: application/json')
METRIC = re.compile(r'^(omnihub_commit_position|omnihub_view_position)(?:\{([^}]*)\})?\s+(\d+)', re.M)
CATCH_UP_S = 60

# {1} is the session and {2} its customer; {n} makes every message different. About 100 bytes of text.
CONTENT = 'Message {n}: my last bill shows the same amount twice, could you look into it and tell me what happened?'
MESSAGE = json.dumps({'customer_id': '{2}', 'session_id': '{1}', 'channel': 'chat', 'content': CONTENT},
                     separators=(',', ':'))
SESSION = json.dumps({'customer_id': '{2}', 'channel': 'chat', 'session_id': '{1}'}, separators=(',', ':'))


def write_rows(path, count, prefix='bench', first=0):
    """A file with one session and its customer a line; returns the first."""
    with open(path, 'w', encoding='ascii') as rows:
        for number in range(first, first + count):
            rows.write(f'session_{prefix}_{number:07d}\tcustomer_{prefix}_{number:07d}\n')
    return f'session_{prefix}_{first:07d}', f'customer_{prefix}_{first:07d}'


def fill(template, session, customer):
    return template.replace('{1}', session).replace('{2}', customer).replace('{n}', f'{0:010d}').encode()


class Hub:
    """One running hub on its own data directory."""

    def __init__(self, servers, binary, name, data, options=(), is_new=True):
        self.name = name
        self.data = data
        os.makedirs(data, exist_ok=not is_new)
        command = [binary, 'serve', '--data', data, '--listen', '127.0.0.1:0', *options]
        self.server = servers.start(name, command, ENVIRONMENT)

    @property
    def url(self):
        return self.server.url

    def get(self, path):
        return ask(self.server, 'GET', path, headers=HEADERS)

    def post(self, path, body):
        return ask(self.server, 'POST', path, body, HEADERS)

    def positions(self):
        """(commit position, {view: position}) from /metrics."""
        answer = self.get('/metrics')
        commit, views = None, {}
        for name, labels, value in METRIC.findall(answer.body.decode(errors='replace')):
            if name == 'omnihub_commit_position':
                commit = max(commit or 0, int(value))
            else:
                views[labels] = int(value)
        if answer.status != 200 or commit is None or not views:
            raise Failed(f'{self.name}: GET /metrics ({answer.status}) shows no omnihub_commit_position and '
                         'omnihub_view_position')
        return commit, views

    def behind(self):
        """How many events the slowest view has before it, and the commit position."""
        commit, views = self.positions()
        return max(0, commit - min(views.values())), commit

    def catch_up(self, commit):
        """Wait until every view is at `commit`; returns the seconds it took."""
        began = time.monotonic()
        while time.monotonic() - began < CATCH_UP_S:
            _, views = self.positions()
            if min(views.values()) >= commit:
                return time.monotonic() - began
            self.server.check()
            time.sleep(0.01)
        raise Failed(f'{self.name}: the views did not catch up within {CATCH_UP_S} s')
