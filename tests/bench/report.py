# SPDX-License-Identifier: AGPL-3.0-or-later
"""Figures as Markdown tables: ratios with their bars first, then what they are made of."""

import os
import platform
from statistics import median

# What the hub is to reach on two cores, load generator included.
BAR_POST = 0.45
BAR_GET = 0.70
BAR_BEHIND_S = 1.0
BAR_FOLD = 0.50
BAR_CORES = 1.5  # with a second core
BAR_SESSION_BYTES = 8 * 1024
BAR_KNOWN_BYTES = 512 << 20
BAR_CONNECTIONS = (64, 256)


class Results:
    """Everything that was measured."""

    def __init__(self):
        self.posts = {}  # {connections: [hello, hub, hub without sync]}
        self.gets = {}   # {connections: [hello, hub]}
        self.tools = {}  # {name: {key: value}}
        self.missing = {}  # {name: why}
        self.create_rates = {}
        self.rows = []      # ratios of the parts that came later
        self.sections = []  # (title, Markdown)
        self.plots = []     # see plots.py
        self.pictures = {}  # {file name: SVG}
        self.hub_resident_bytes = None
        self.known_resident_bytes = None
        self.answer_bytes = self.content_bytes = 0

    def section(self, title, text):
        self.sections.append((title, text))

    def plot(self, name, title, **what):
        """bars={label: value}, or lines={label: [(x, y)]} with x and y as names of the axes."""
        self.plots.append({'name': name, 'title': title, **what})


class Row:
    """One line of the table of ratios."""

    def __init__(self, what, values, bar=None, at_most=False, text='{:.2f}'):
        self.what = what
        self.values = sorted(values)
        self.bar = bar
        self.at_most = at_most
        self.text = text

    @property
    def is_met(self):
        """True, False, or None where there is no bar; the median decides."""
        if self.bar is None:
            return None
        middle = median(self.values)
        return middle <= self.bar if self.at_most else middle >= self.bar

    def cells(self):
        shown = [self.text.format(value) for value in (self.values[0], median(self.values), self.values[-1])]
        if len(self.values) == 1:
            shown = ['', shown[1], '']
        bar = '' if self.bar is None else ('<= ' if self.at_most else '>= ') + self.text.format(self.bar)
        return [self.what, *shown, bar, {True: 'met', False: '**missed**', None: ''}[self.is_met]]


def table(head, rows):
    """Markdown with columns that line up."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(cells):
        padded = [cell.ljust(width) if i == 0 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(cells, widths))]
        return '| ' + ' | '.join(padded) + ' |'

    rule = '|' + '|'.join(('-' * (width + 2)) if i == 0 else ('-' * (width + 1) + ':')
                          for i, width in enumerate(widths)) + '|'
    return '\n'.join([line(head), rule, *map(line, rows)])


def ratios(targets, of, to):
    """One ratio of rates for each round."""
    named = {target.name: target for target in targets}
    return [a['rate'] / b['rate'] for a, b in zip(named[of].results, named[to].results) if b['rate']]


def each(targets, name, key):
    return [result[key] for target in targets if target.name == name for result in target.results]


def http_rows(results):
    for connections, targets in results.posts.items():
        is_bar = connections in BAR_CONNECTIONS
        plural = 's' if connections > 1 else ''
        yield Row(f'durable POST, {connections} connection{plural}, of hello', ratios(targets, 'hub', 'hello'),
                  BAR_POST if is_bar else None)
        if is_bar:
            yield Row('... its p99, ms', [us / 1000 for us in each(targets, 'hub', 'p99_us')])
            behind = [s for target in targets if target.name == 'hub' for s in target.behind_s]
            yield Row('... views behind at the end, s', behind, BAR_BEHIND_S, at_most=True)
        if any(target.name == 'hub without sync' for target in targets):
            yield Row(f'durable POST, {connections} connection{plural}, of sync=0',
                      ratios(targets, 'hub', 'hub without sync'))
    for connections, targets in results.gets.items():
        yield Row(f'GET session, {connections} connection{"s" if connections > 1 else ""}, of hello',
                  ratios(targets, 'hub', 'hello'), BAR_GET if connections in BAR_CONNECTIONS else None)


def tool_rows(results):
    replay = results.tools.get('replay', {})
    if replay.get('scan_events_per_s') and 'fold_events_per_s' in replay:
        yield Row('replay (decode + fold), of raw scan', [replay['fold_events_per_s'] / replay['scan_events_per_s']],
                  BAR_FOLD)
    if replay.get('scan_events_per_s') and 'chain_events_per_s' in replay:
        yield Row('chain check, of raw scan', [replay['chain_events_per_s'] / replay['scan_events_per_s']])
    activation = results.tools.get('activation', {})
    if activation.get('without_snapshot_us') and 'with_snapshot_us' in activation:
        yield Row('activating 1,000 events, without snapshot, us', [activation['without_snapshot_us']], text='{:.0f}')
        yield Row('activating 1,000 events, with snapshot, us', [activation['with_snapshot_us']], text='{:.0f}')
    memory = results.tools.get('memory', {})
    if 'bytes_per_session_20' in memory:
        yield Row('bytes per active session of 20 messages', [memory['bytes_per_session_20']], BAR_SESSION_BYTES,
                  at_most=True, text='{:.0f}')
    if 'bytes_per_customer' in memory:
        yield Row('bytes per active customer', [memory['bytes_per_customer']], text='{:.0f}')
    if 'bytes_per_session_1000' in memory:
        yield Row('bytes per active session of 1,000 messages', [memory['bytes_per_session_1000']], text='{:.0f}')
    if results.known_resident_bytes:
        yield Row('resident with all known sessions, MB', [results.known_resident_bytes / (1 << 20)],
                  BAR_KNOWN_BYTES / (1 << 20), at_most=True, text='{:.0f}')


def detail_rows(results):
    for method, by_connections in (('POST', results.posts), ('GET', results.gets)):
        for connections, targets in by_connections.items():
            for target in targets:
                middle = {key: median(each([target], target.name, key))
                          for key in ('rate', 'p50_us', 'p99_us', 'max_us', 'cpu_per_request_us')}
                yield [f'{method} {target.name}', connections, f'{middle["rate"]:,.0f}', f'{middle["p50_us"]:,.0f}',
                       f'{middle["p99_us"]:,.0f}', f'{middle["max_us"]:,.0f}', f'{middle["cpu_per_request_us"]:.1f}',
                       f'{max(target.behind_s):.2f}' if target.behind_s else '',
                       f'{max(target.catch_up_s):.2f}' if target.catch_up_s else '']


def filesystem_of(path):
    """The type of the file system that holds a path."""
    best, kind = '', 'unknown'
    path = os.path.realpath(path)
    with open('/proc/mounts', encoding='utf-8', errors='replace') as mounts:
        for line in mounts:
            point, its_kind = line.split()[1:3]
            if (path + '/').startswith(point.rstrip('/') + '/') and len(point) >= len(best):
                best, kind = point, its_kind
    return kind


def machine(folder):
    model = platform.machine()
    with open('/proc/cpuinfo', encoding='utf-8', errors='replace') as info:
        for line in info:
            if line.startswith('model name'):
                model = line.split(':', 1)[1].strip()
                break
    return (f'{len(os.sched_getaffinity(0))} cores of {model}, Linux {platform.release()}, '
            f'data on {filesystem_of(folder)}')


def plain(value):
    """A number as it was printed by the tool that measured it, more or less."""
    return f'{value:.0f}' if isinstance(value, float) and value.is_integer() else value


def render(results, bench):
    """The whole report, and whether every bar that was measured is met."""
    rows = [*http_rows(results), *tool_rows(results), *results.rows]
    said = (f' {bench.sessions} sessions, text of {results.content_bytes} bytes, answer of {results.answer_bytes} bytes.'
            if results.answer_bytes else '')
    parts = ['# Benchmark', f'{machine(bench.folder)}. {bench.rounds} rounds of {bench.seconds:g} s each, servers in '
             f'turn, generator on the same machine.{said}']
    parts.append(table(['ratio', 'min', 'median', 'max', 'bar', ''], [row.cells() for row in rows]))
    if results.posts:
        parts.append('"hello" is h2o on one loop giving the hub\'s own answer, byte for byte, to every request.')
        parts.append(table(['run (medians)', 'connections', 'requests/s', 'p50 us', 'p99 us', 'max us',
                            'generator CPU us', 'behind s', 'catch-up s'], detail_rows(results)))
    for title, text in results.sections:
        parts.append(f'## {title}\n\n{text}')
    for name, rate in results.create_rates.items():
        parts.append(f'{name}: {rate:,.0f} sessions created a second, each with a new customer.')
    if results.hub_resident_bytes:
        parts.append(f'hub at the end: {results.hub_resident_bytes / (1 << 20):.0f} MB resident.')
    for name, values in results.tools.items():
        lines = '\n'.join(f'{key}={plain(value)}' for key, value in values.items())
        parts.append(f'## bench {name}\n\n```\n{lines}\n```')
    for name, why in results.missing.items():
        parts.append(f'**{name} was not measured:** {why}')
    missed = sum(row.is_met is False for row in rows)
    met = sum(row.is_met is True for row in rows)
    parts.append(f'{met} bars met, {missed} missed, {len(results.missing)} measurements missing.')
    return '\n\n'.join(parts) + '\n', missed == 0
