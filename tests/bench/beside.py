# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the long tools cost a hub that serves: requests at a fixed rate, due whatever the hub does, without and with each of them."""

import os
import shutil
import subprocess
import threading
import time

from hub import API_KEY, MESSAGE, Hub
from measure import PATH_POST, Load, Target
from processes import Failed

CONNECTIONS = 32
TOOLS = (
    ('replay --verify', ('replay', '--verify', '--data', '{data}')),
    ('audit verify', ('audit', 'verify', '--data', '{data}')),
    ('export', ('export', '--to', '{new}.db', '--data', '{data}')),
    ('backup', ('backup', '--data', '{data}', '--passphrase-file', '{words}', '{new}')),
    ('replay', ('replay', '--data', '{data}', '--where', 'channel == "voice"')),
    ('view rebuild', ('view', 'rebuild', 'messages', '--url', '{url}')),
)


class Loop:
    """A tool that is started again whenever it ends, until it is told to stop; then it is interrupted."""

    def __init__(self, bench, words, places):
        self.bench, self.words, self.places = bench, words, places
        self.rounds, self.wrong = 0, None
        self.is_over = False
        self.process = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.is_over and not self.wrong:
            new = os.path.join(self.bench.folder, f'new-{self.bench.next_counter()}')
            words = [word.format(new=new, **self.places) for word in self.words]
            self.process = subprocess.Popen([os.path.join(self.bench.build, 'omnihub'), *words], stdout=subprocess.DEVNULL,
                                            stderr=subprocess.PIPE, env={**os.environ, 'OMNICHANNEL_API_KEY': API_KEY})
            said = self.process.stderr.read().decode()
            if self.process.wait() == 0:
                self.rounds += 1
            elif 'one at a time' in said:  # the hub builds the view itself, and goes on when the command has ended
                time.sleep(0.1)
            elif not self.is_over:
                self.wrong = f'omnihub {" ".join(words)} ended with {self.process.returncode}: {said.strip()}'
            for path in (new, new + '.db'):
                shutil.rmtree(path, ignore_errors=True)
                if os.path.exists(path):
                    os.remove(path)

    def end(self):
        self.is_over = True
        while self.thread.is_alive():
            if self.process and self.process.poll() is None:
                self.process.terminate()
            self.thread.join(0.2)
        if self.wrong:
            raise Failed(self.wrong)


def middle(values):
    return sorted(values)[len(values) // 2]


def measure_beside(bench, servers, options, data, rows):
    """Rows of a table: (tool, requests/s, p50 us, p99 us, p99 in p99 alone, times it ran to its end). The first is the hub alone."""
    own = os.path.join(bench.folder, 'beside')
    shutil.copytree(data, own)
    places = {'data': own, 'words': os.path.join(bench.folder, 'words')}
    with open(places['words'], 'w', encoding='ascii') as file:
        file.write('a passphrase for this measurement\n')
    hub = Hub(servers, os.path.join(bench.build, 'omnihub'), 'hub beside', own, is_new=False)
    places['url'] = hub.url
    load = Load(bench, 'POST', PATH_POST, rows, MESSAGE)
    target = Target('hub', hub.url)

    def put():
        return load.put(target, CONNECTIONS, options.seconds, '--rate', str(options.rate), '--warmup', '0.5')

    results = {name: [] for name, _ in TOOLS}
    alone, rounds = [], dict.fromkeys(results, 0)
    put()
    for _ in range(options.rounds):
        for name, words in TOOLS:
            alone.append(put())
            loop = Loop(bench, words, places)
            results[name].append((put(), alone[-1]))
            loop.end()
            rounds[name] += loop.rounds
    servers.stop(hub.server)
    yield ('none', middle([r['rate'] for r in alone]), middle([r['p50_us'] for r in alone]), middle([r['p99_us'] for r in alone]), 1.0, 0)
    for name, pairs in results.items():
        yield (name, middle([r['rate'] for r, _ in pairs]), middle([r['p50_us'] for r, _ in pairs]), middle([r['p99_us'] for r, _ in pairs]),
               middle([r['p99_us'] / max(1, before['p99_us']) for r, before in pairs]), rounds[name])
