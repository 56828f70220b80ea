# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a user might pick instead: other programs of Debian, each started here with its durable setting and stopped again.

Each is asked to keep the same bytes as the hub's message, from 64 clients at once and from one. What they leave out (HTTP, JSON,
a decision, indexes, a chain of hashes) is theirs to win with.
"""

import glob
import os
import re
import shutil
import subprocess
from statistics import median

from hub import MESSAGE
from http1 import ask
from measure import Load, Target
from processes import Failed, free_port, run_text, run_tool
from report import Row, table

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = 64
STREAMS = 4096
PAYLOAD = MESSAGE.replace('{1}', 'session_bench_0000001').replace('{2}', 'customer_bench_0000001').replace('{n}', '0' * 10)
FIGURES = re.compile(r'(?:"[\d.]+",){6}"[\d.]+"\s*\Z')  # rate, then latencies in ms: mean, least, p50, p95, p99, most
SYSTEM_PYTHON = '/usr/bin/python3'  # the one that Debian's python3-* packages are for


class Absent(Failed):
    """A peer that is not installed; the text says what to do."""


def find(program, package, *places):
    path = shutil.which(program) or next((path for place in places for path in sorted(glob.glob(place))), None)
    if not path:
        raise Absent(f'{program} is not installed (package {package}; tools/setup --bench brings it)')
    return path


class Redis:
    """Redis Streams, every XADD synced before it is answered."""
    name, bar = 'Redis XADD, appendfsync always', 0.5

    def start(self, bench, servers):
        server = find('redis-server', 'redis-server')
        self.benchmark = find('redis-benchmark', 'redis-tools')
        data, self.port = os.path.join(bench.folder, 'redis'), free_port()
        os.mkdir(data)
        command = [server, '--port', str(self.port), '--bind', '127.0.0.1', '--dir', data, '--appendonly', 'yes',
                   '--appendfsync', 'always', '--save', '', '--daemonize', 'no']
        self.version = run_text([server, '--version'], 10).split()[2].removeprefix('v=')
        return servers.start('redis', command, port=self.port)

    def load(self, clients, seconds, guess):
        command = [self.benchmark, '-p', str(self.port), '-c', str(clients), '-n', str(max(1000, int(guess * seconds))),
                   '-r', str(STREAMS), '--csv', 'XADD', 'stream:__rand_int__', '*', 'body', PAYLOAD]
        found = FIGURES.search(run_text(command, 120))
        if not found:
            raise Failed('redis-benchmark printed no figures')
        rate, _, _, p50, _, p99, _ = (float(cell.strip('"\n')) for cell in found.group().split(','))
        return {'rate': rate, 'p50_us': p50 * 1000, 'p99_us': p99 * 1000}


class Postgres:
    """One table of events with a unique (stream, version), every insert committed synchronously."""
    name, bar = 'PostgreSQL insert, synchronous_commit on', 3.0
    places = '/usr/lib/postgresql/*/bin/'
    schema = ('create table event (position bigserial primary key, stream bigint not null, version bigint not null, '
              'at timestamptz not null default now(), body text not null, unique (stream, version)); '
              'create sequence version;')
    script = ('\\set stream random(1, {streams})\n'
              "insert into event (stream, version, body) values (:stream, nextval('version'), '{body}');\n")

    def as_postgres(self, *command):
        """The server refuses to run as root."""
        if os.geteuid() != 0:
            return list(command)
        return ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--', *command]

    def start(self, bench, servers):
        initdb = find('initdb', 'postgresql', self.places + 'initdb')
        self.pgbench = find('pgbench', 'postgresql', self.places + 'pgbench')
        data, self.port = os.path.join(bench.folder, 'postgres'), free_port()
        os.mkdir(data, 0o700)
        os.chmod(bench.folder, 0o711)
        if os.geteuid() == 0:
            shutil.chown(data, 'postgres', 'postgres')
        run_text(self.as_postgres(initdb, '-D', data, '-A', 'trust', '-U', 'bench', '--no-instructions'), 60, cwd='/')
        command = self.as_postgres(os.path.join(os.path.dirname(initdb), 'postgres'), '-D', data, '-p', str(self.port),
                                   '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=',
                                   '-c', 'synchronous_commit=on', '-c', 'fsync=on', '-c', 'shared_buffers=256MB',
                                   '-c', 'max_wal_size=4GB')
        server = servers.start('postgres', command, port=self.port)
        self.version = run_text([initdb, '--version'], 10).split()[2]
        self.file = os.path.join(bench.folder, 'insert.sql')
        with open(self.file, 'w', encoding='ascii') as file:
            file.write(self.script.format(streams=STREAMS, body=PAYLOAD))
        psql = find('psql', 'postgresql-client', self.places + 'psql')
        run_text([psql, *self.where(), '-q', '-c', self.schema], 30)
        self.folder = bench.folder
        return server

    def where(self):
        return ['-h', '127.0.0.1', '-p', str(self.port), '-U', 'bench', 'postgres']

    def load(self, clients, seconds, guess):
        del guess
        prefix = os.path.join(self.folder, f'pgbench-{clients}')
        out = run_text([self.pgbench, *self.where(), '-n', '-M', 'prepared', '-f', self.file, '-c', str(clients), '-j',
                        str(min(2, clients)), '-T', str(max(1, round(seconds))), '-l', '--log-prefix', prefix], 120)
        latencies = []
        for path in glob.glob(prefix + '*'):
            with open(path, encoding='ascii') as log:
                latencies += [int(line.split()[2]) for line in log]
        latencies.sort()
        return {'rate': float(re.search(r'tps = ([\d.]+)', out).group(1)),
                'p50_us': latencies[len(latencies) // 2], 'p99_us': latencies[len(latencies) * 99 // 100]}


class Nats:
    """JetStream with file storage. The version of Debian 12 cannot sync each message: it syncs every two minutes."""
    name, bar = 'NATS JetStream, files (not synced for each message)', None

    def start(self, bench, servers):
        server = find('nats-server', 'nats-server')
        self.tool = os.path.join(bench.build, 'tests/bench/bench-nats')
        if not os.access(self.tool, os.X_OK):
            raise Absent('bench-nats was not built (package libnats-dev; tools/setup --bench, then meson setup --reconfigure build)')
        self.port = free_port()
        self.version = run_text([server, '--version'], 10).split()[-1].removeprefix('v')
        return servers.start('nats', [server, '-a', '127.0.0.1', '-p', str(self.port), '-js', '-sd',
                                      os.path.join(bench.folder, 'nats')], port=self.port)

    def load(self, clients, seconds, guess):
        del guess
        return run_tool([self.tool, str(self.port), str(seconds), str(clients), str(len(PAYLOAD))], 120)


class Fast:
    """The hub one would write oneself: FastAPI and dictionaries."""
    name, bar = 'FastAPI hub, in memory', 5.0

    def start(self, bench, servers):
        version = subprocess.run([SYSTEM_PYTHON, '-c', 'import fastapi, uvicorn; print(fastapi.__version__)'],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        if version.returncode != 0:
            raise Absent('FastAPI is not installed (packages python3-fastapi and python3-uvicorn; tools/setup --bench brings them)')
        self.version = version.stdout.strip()
        server = servers.start('fastapi', [SYSTEM_PYTHON, os.path.join(HERE, 'peers/fastapi_hub.py')])
        answer = ask(server, 'POST', '/message/process', PAYLOAD.encode(), ['Content-Type: application/json'])
        if answer.status != 200:
            raise Failed(f'the FastAPI hub answered {answer.status_line}: {answer.body[:200]!r}')
        self.target = Target('FastAPI hub', server.url)
        self.post = Load(bench, 'POST', '/message/process', bench.rows, MESSAGE)
        return server

    def load(self, clients, seconds, guess):
        del guess
        return self.post.put(self.target, clients, seconds, '--warmup', '0.3')


PEERS = (Redis, Postgres, Nats, Fast)


def measure_one(bench, servers, peer):
    """[(clients, median result)] of one peer."""
    bench.progress.step(f'starting {peer.name}')
    server = peer.start(bench, servers)
    try:
        found = []
        for clients in (1, CLIENTS):
            guess = peer.load(clients, 0.3, 2000)['rate']  # warms it up, and says how much is enough
            rounds = []
            for number in range(bench.few_rounds):
                bench.progress.step(f'{peer.name}, {clients} clients, round {number + 1} of {bench.few_rounds}')
                rounds.append(peer.load(clients, bench.seconds, guess))
            found.append((clients, rounds))
        return found
    finally:
        servers.stop(server)


def measure_peers(bench, servers):
    rows, rates = [], {}
    own = next((target for target in bench.results.posts.get(CLIENTS, ()) if target.name == 'hub'), None)
    if own:
        rates['hub'] = median(result['rate'] for result in own.results)
    for kind in PEERS:
        peer = kind()
        try:
            found = measure_one(bench, servers, peer)
        except Failed as error:
            bench.results.missing[peer.name] = str(error)
            continue
        for clients, rounds in found:
            middle = {key: median(result[key] for result in rounds) for key in rounds[0] if key in ('rate', 'p50_us', 'p99_us')}
            rows.append([f'{peer.name} ({peer.version})', clients, f'{middle["rate"]:,.0f}',
                         *(f'{middle[key]:,.0f}' if key in middle else '' for key in ('p50_us', 'p99_us'))])
            if clients == CLIENTS:
                rates[peer.name] = middle['rate']
                if own:
                    bench.results.rows.append(Row(f'durable POST, {CLIENTS} connections, of {peer.name}', [
                        result['rate'] / middle['rate'] for result in own.results], peer.bar))
    bench.results.section('Peers', f'The same {len(PAYLOAD)} bytes a message, the same disk.\n\n' + table(
        ['peer', 'clients', 'messages/s', 'p50 us', 'p99 us'], rows))
    bench.results.plot('peers', 'Messages a second from 64 clients', bars=rates)
