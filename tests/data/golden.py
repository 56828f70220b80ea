#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logs that are kept for ever: every later version must fold them to the same states and views.

usage: golden.py unpack NAME DIR    make a data directory of it, to be read or served (needs ROWS_DRIVER, or a build/)
       golden.py make NAME          write a new one; an old one is never made again (needs OMNIHUB too)

NAME/rows.gz holds the rows of the log as `rows_driver dump` prints them, so that no version of RocksDB matters. Beside it
lie the other files as they are, and `hashes`: what `omnihub replay --hashes` said of it.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS_DRIVER = os.environ.get('ROWS_DRIVER', 'build/tests/log/rows_driver')
FILES = ('witness', 'checkpoints', 'checkpoint.key', 'checkpoint.pub', 'keys/master', 'keys/companies',
         'keys/keys-000000')
SECRET = ('checkpoint.key', 'keys/master')


def unpack(name, data):
    """A data directory that is as the hub left it, without its views, which are made anew."""
    os.makedirs(os.path.join(data, 'keys'))
    for file in FILES:
        shutil.copyfile(os.path.join(HERE, name, file), os.path.join(data, file))
    for file in SECRET:
        os.chmod(os.path.join(data, file), 0o600)
    with gzip.open(os.path.join(HERE, name, 'rows.gz')) as rows:
        subprocess.run([ROWS_DRIVER, 'load', data], input=rows.read(), check=True, timeout=60)


def expected(name):
    with open(os.path.join(HERE, name, 'hashes'), encoding='ascii') as file:
        return file.read()


def pack(data, name):
    there = os.path.join(HERE, name)
    os.makedirs(os.path.join(there, 'keys'))
    for file in FILES:
        shutil.copyfile(os.path.join(data, file), os.path.join(there, file))
    rows = subprocess.run([ROWS_DRIVER, 'dump', data], stdout=subprocess.PIPE, check=True, timeout=60).stdout
    with open(os.path.join(there, 'rows.gz'), 'wb') as file:
        file.write(gzip.compress(rows, mtime=0))


def fill(hub):
    """A table of rules, decisions by it, who waits; repeated requests; somebody who was erased."""
    rules = {'rules': [{'name': 'upset', 'when': "sentiment >= 'frustrated' and tier in ['premium', 'enterprise']",
                        'targets': [{'channel': 'voice', 'reason': 'A person for {mood} {tier} customers',
                                     'minutes_min': 5, 'minutes_max': 10}],
                        'needs': {'queue': 'complaints', 'skills': ['calm']}, 'points': 50, 'ageing': 2}]}
    assert hub.ask('PUT', '/routing/rules', rules).status == 200
    for number in range(4):
        customer, session = f'customer_{number}', f'session_{number}'
        key = {'Idempotency-Key': f'golden-{number}'}
        body = {'customer_id': customer, 'session_id': session, 'channel': 'chat',
                'customer_profile': {'name': f'Name {number}', 'tier': 'premium'}}
        assert {hub.post('/session/create', body, headers=key).status for _ in range(2)} == {201}
        hub.say(customer, session, 'This is the third time. I am really angry!')
        assert hub.post('/routing/decision', {'customer_id': customer, 'session_id': session}).status == 200
    body = {'reason': 'Asked for it', 'confirm': 'customer_3', 'end_sessions': True}
    assert hub.post('/customer/customer_3/erase', body).status < 300


def make(name):
    """The guide's journey, and then what else happens in a company: agents, routing, a campaign, a person erased."""
    sys.path.insert(0, os.path.join(HERE, os.pardir, 'e2e'))
    from running import BINARY, KEY, Hub, run
    with tempfile.TemporaryDirectory(prefix='omnihub-golden-') as place:
        data = os.path.join(place, 'data')
        with Hub(data=data) as hub:
            for words in (['demo'], ['demo', '--load', '4', '--seed', '7']):
                done = run(*words, '--url', f'http://127.0.0.1:{hub.port}', '--key', KEY, timeout=300)
                assert done.returncode == 0, done.stderr
            fill(hub)
            assert hub.stop() == 0
        pack(data, name)
        done = run('replay', '--hashes', '--data', data)
        assert done.returncode == 0, done.stderr
        with open(os.path.join(HERE, name, 'hashes'), 'w', encoding='ascii') as file:
            file.write(done.stdout)
        print(f'{name}: made by {BINARY}')


if __name__ == '__main__':
    if len(sys.argv) == 4 and sys.argv[1] == 'unpack':
        unpack(sys.argv[2], sys.argv[3])
    elif len(sys.argv) == 3 and sys.argv[1] == 'make':
        make(sys.argv[2])
    else:
        sys.exit(__doc__)
