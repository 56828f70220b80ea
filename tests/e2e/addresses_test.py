#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many ask for one login address at once: one gets it, and who is told that it is taken is told so for good (I1)."""

import http.client
import os
import re
import shutil
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from running import KEY, Client, Hub, run  # noqa: E402

SHIM = os.environ.get('FAULT_SHIM')
CLIENTS = 8
PASSWORD = 'correct horse battery staple'
OTHER_ADMIN = 'admin@other.example'


def add_company(hub):
    """Returns its first key."""
    words = ['--url', f'http://127.0.0.1:{hub.port}', '--key', KEY]
    added = run('company', 'add', 'Other', *words, '--email', OTHER_ADMIN)
    return re.search(r'api key\s+(\S+)', added.stdout).group(1)


def ask_at_once(port, email, keys):
    """Each key's holder asks for the address at the same moment. Returns the statuses; None for no answer."""
    statuses, barrier = [], threading.Barrier(len(keys))

    def ask(key):
        client = Client(port, key=key)
        barrier.wait()
        try:
            statuses.append(client.post('/agents', {'email': email, 'password': PASSWORD, 'role': 'agent'}).status)
        except (OSError, http.client.HTTPException):
            statuses.append(None)
        client.close()

    threads = [threading.Thread(target=ask, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


class Addresses(unittest.TestCase):
    def test_one_of_many_gets_an_address(self):
        with Hub() as hub:
            for round_ in range(4):
                statuses = ask_at_once(hub.port, f'agent_{round_}@test.example', [KEY] * CLIENTS)
                self.assertEqual(sorted(statuses), [201] + [409] * (CLIENTS - 1))

    def test_one_of_two_companies_gets_an_address(self):
        with Hub() as hub:
            other = add_company(hub)
            for round_ in range(8):
                statuses = ask_at_once(hub.port, f'agent_{round_}@test.example', [KEY, other])
                self.assertEqual(sorted(statuses), [201, 409])

    @unittest.skipUnless(SHIM, 'FAULT_SHIM names no library')
    def test_an_address_that_was_taken_is_taken_after_a_power_cut(self):
        place = tempfile.mkdtemp(prefix='omnihub-addresses-')
        self.addCleanup(shutil.rmtree, place, True)
        for at in (4, 6, 8):
            data = os.path.join(os.path.realpath(place), str(at))
            with Hub(data=data) as hub:
                other = add_company(hub)
                self.assertEqual(hub.stop(), 0)
            env = {'LD_PRELOAD': SHIM, 'FAULT_DIR': f'{data}/log', 'FAULT_CALL': 'sync', 'FAULT_KIND': 'cut',
                   'FAULT_AT': str(at)}
            told = self.ask_until_it_dies(Hub(data=data, start=False, env=env), [KEY, other] * 4)
            with Hub(data=data) as hub:
                for email in told:
                    again = hub.ask('POST', '/agents', {'email': email, 'password': PASSWORD, 'role': 'agent'})
                    self.assertEqual(again.status, 409, f'{email} at sync {at}')

    def ask_until_it_dies(self, hub, keys):
        """Returns the addresses of which somebody was told that they are taken, whoever has them."""
        told = set()
        self.addCleanup(hub.kill)
        hub.spawn()
        try:
            hub.wait_until_ready()
        except AssertionError:
            return told
        for round_ in range(32):
            email = f'agent_{round_}@test.example'
            statuses = ask_at_once(hub.port, email, keys)
            if 201 in statuses or 409 in statuses:
                told.add(email)
            if None in statuses:
                break
        return told


if __name__ == '__main__':
    unittest.main()
