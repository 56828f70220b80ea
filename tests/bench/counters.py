#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Compare what the fixed tape costs with the committed baseline: instructions, allocations, bytes and keys.

usage: tests/bench/counters.py [--move] [--build DIR]

The counts depend on the program and on Debian 12's compiler and libraries, not on the machine's speed or load. A value that is
more than 3 % above its baseline is a failure; one that is as far below asks for a new baseline. --move writes it, and the
commit that brings it says why. Ends with 77 and a sentence where nothing can be compared: other compiler, no valgrind.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from report import table  # noqa: E402
from write_ahead import batches  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
BASELINE = os.path.join(HERE, 'counters.txt')
TOLERANCE = 0.03
SKIPPED = 77
COMPILER = 'gcc 12.'  # of Debian 12, which the baseline was counted with
TAPE = 'tests/bench/bench-tape'
ALLOCATORS = re.compile(r'^cfn=(?:malloc|calloc|realloc|posix_memalign|aligned_alloc|memalign)\b')
CALLS = re.compile(r'^calls=(\d+)')
# All that the tape sees of its surroundings. Libraries choose their code by the processor; the first two hide what not every
# machine has.
ENVIRONMENT = {'GLIBC_TUNABLES': 'glibc.cpu.hwcaps=-AVX2_Usable,-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM,-RTM',
               'OPENSSL_ia32cap': '~0x1000000000000000:~0x20012128', 'TZ': 'UTC', 'LC_ALL': 'C'}
HEADING = """# What the fixed tape of tape.def costs: tests/bench/counters.py compares, and --move writes this file anew.
# Instructions and allocations are per step (views and replay: per event), bytes and keys of the log per event.
"""


class Skip(Exception):
    """Why nothing can be compared here."""


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--move', action='store_true', help='write the baseline instead of comparing with it')
    build = os.path.dirname(os.path.abspath(os.environ.get('OMNIHUB', os.path.join(HERE, '../../build/omnihub'))))
    parser.add_argument('--build', default=build, help='build directory (build)')
    return parser.parse_args()


def check_build(build):
    """Raise Skip unless it is a build that the baseline is about."""
    if not shutil.which('valgrind'):
        raise Skip('valgrind is not installed: tools/setup --browser or --bench')
    compiler = subprocess.run([os.path.join(build, TAPE), '--compiler'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True, check=True).stdout.strip()
    if not compiler.startswith(COMPILER):
        raise Skip(f'the baseline is for {COMPILER}x and -O2, and this is a build of {compiler}')


def run_tape(tape, folder):
    """Run it under callgrind; returns what it printed: [(section, {name: number})]."""
    data = os.path.join(folder, 'data')
    os.mkdir(data)
    command = ['valgrind', '-q', '--tool=callgrind', f'--callgrind-out-file={folder}/counts', '--collect-atstart=no',
               '--toggle-collect=tape_section', '--dump-after=tape_section', '--compress-strings=no', tape, data]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**ENVIRONMENT, 'PATH': os.environ.get('PATH', os.defpath)}, timeout=300, check=False)
    if done.returncode != 0:
        raise SystemExit(f'counters: the tape ended with {done.returncode}: {done.stderr.strip()}')
    sections = []
    for line in done.stdout.splitlines():
        name, *pairs = line.split()
        sections.append((name, {key: int(value) for key, value in (pair.split('=') for pair in pairs)}))
    return sections


def read_counts(path):
    """(instructions, allocations) of one of callgrind's files."""
    instructions = allocations = 0
    is_allocator = False
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            calls = CALLS.match(line)
            if line.startswith('totals:'):
                instructions = int(line.split()[1])
            elif line.startswith('cfn='):
                is_allocator = bool(ALLOCATORS.match(line))
            elif calls and is_allocator:
                allocations += int(calls.group(1))
    return instructions, allocations


def count(build):
    """{counter: value} of the tape."""
    values = {}
    with tempfile.TemporaryDirectory(prefix='omnihub-tape-') as folder:
        sections = run_tape(os.path.join(build, TAPE), folder)
        written = list(batches(glob.glob(os.path.join(folder, 'data/log/*.log'))[0]))
        events = log_bytes = 0
        for number, (name, section) in enumerate(sections, 1):
            instructions, allocations = read_counts(f'{folder}/counts.{number}')
            values[f'{name}.instructions'] = instructions / section['units']
            values[f'{name}.allocations'] = allocations / section['units']
            new = section['events'] - events
            if new:
                keys = sum(keys for end, keys in written if log_bytes < end <= section['log_bytes'])
                values[f'{name}.bytes_per_event'] = (section['log_bytes'] - log_bytes) / new
                values[f'{name}.keys_per_event'] = keys / new
            events, log_bytes = section['events'], section['log_bytes']
    return values


def shown(value):
    return f'{value:.0f}' if value >= 1000 else f'{value:.4g}'


def read_baseline():
    values = {}
    with open(BASELINE, encoding='utf-8') as file:
        for line in file:
            if line.strip() and not line.startswith('#'):
                name, value = line.split()
                values[name] = float(value)
    return values


def compare(values, baseline):
    """Print the table; returns how many counters are worse, and how many better or not known on one side."""
    rows, worse, moved = [], 0, 0
    for name in {**baseline, **values}:
        old, new = baseline.get(name), values.get(name)
        if old is None or new is None:
            rows.append([name, '' if old is None else shown(old), '' if new is None else shown(new), '', 'other tape'])
            worse += 1
            continue
        change = (new - old) / old if old else float(new > 0)
        verdict = '**worse**' if change > TOLERANCE else 'better' if change < -TOLERANCE else ''
        worse += change > TOLERANCE
        moved += change < -TOLERANCE
        rows.append([name, shown(old), shown(new), f'{change:+.1%}', verdict])
    print(table(['counter', 'baseline', 'now', 'change', ''], rows))
    return worse, moved


def main():
    options = read_options()
    try:
        check_build(options.build)
    except Skip as why:
        print(f'counters: skipped, {why}')
        return SKIPPED
    values = count(options.build)
    if options.move:
        with open(BASELINE, 'w', encoding='utf-8') as file:
            file.write(HEADING + ''.join(f'{name} {shown(value)}\n' for name, value in values.items()))
        print(f'{len(values)} counters written to {os.path.relpath(BASELINE)}')
        return 0
    worse, moved = compare(values, read_baseline())
    if worse:
        print(f'\n{worse} counters are worse by more than {TOLERANCE:.0%}. When that is the price of something, say so in the commit '
              'that moves the baseline: tests/bench/counters.py --move')
    elif moved:
        print(f'\n{moved} counters are better by more than {TOLERANCE:.0%}: keep it that way with tests/bench/counters.py --move')
    return 1 if worse else 0


if __name__ == '__main__':
    sys.exit(main())
