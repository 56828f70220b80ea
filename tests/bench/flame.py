# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stacks that perf saw, as a picture: each box is a function, as wide as its share of the samples, on what called it."""

import html
import re
import subprocess
import zlib

WIDTH, ROW, TEXT_PX, LEAST_PX = 1400, 17, 6.6, 1.0
FRAME = re.compile(r'^\s+[0-9a-f]+ (.+?)(?:\+0x[0-9a-f]+)? \(([^)]*)\)$')
LONG_TEMPLATE = re.compile(r'<[^<>]*>')


def name_of(symbol, place):
    """A name that fits: without template arguments and parameters; the library where there is no symbol."""
    if symbol == '[unknown]':
        return '[' + place.rsplit('/', 1)[-1] + ']'
    while LONG_TEMPLATE.search(symbol):
        symbol = LONG_TEMPLATE.sub('', symbol)
    return symbol.split('(')[0] or symbol


def stacks(script):
    """{(thread, outermost, ..., innermost): samples} of the output of perf script."""
    found = {}
    for block in script.split('\n\n'):
        lines = block.strip('\n').splitlines()
        if len(lines) < 2 or lines[0].startswith('#'):
            continue
        thread = lines[0].split()[0]
        frames = [name_of(*match.groups()) for match in map(FRAME.match, lines[1:]) if match]
        key = (thread, *reversed(frames))
        found[key] = found.get(key, 0) + 1
    return found


class Box:
    """A function in one place of the stacks."""

    def __init__(self, name):
        self.name = name
        self.samples = 0
        self.inner = {}

    def add(self, frames, samples):
        self.samples += samples
        if frames:
            self.inner.setdefault(frames[0], Box(frames[0])).add(frames[1:], samples)

    def depth(self):
        return 1 + max((box.depth() for box in self.inner.values()), default=0)


def colour(name):
    number = zlib.crc32(name.encode())
    if name.startswith(('rocksdb', '[librocksdb')):
        return f'hsl({200 + number % 25},55%,{68 + number % 12}%)'
    if name.startswith('hub'):
        return f'hsl({25 + number % 25},85%,{62 + number % 12}%)'
    return f'hsl({100 + number % 40},25%,{72 + number % 14}%)'


def draw_box(out, box, left, level, per_sample, all_samples):
    width = box.samples * per_sample
    if width < LEAST_PX:
        return
    share = f'{box.name}: {100 * box.samples / all_samples:.1f} %'
    out.append(f'<g><title>{html.escape(share)}</title><rect x="{left:.1f}" y="{level * ROW}" width="{max(width - 0.5, 0.5):.1f}" '
               f'height="{ROW - 1}" fill="{colour(box.name)}"/>')
    room = int((width - 4) / TEXT_PX)
    if room >= 4:
        text = box.name if len(box.name) <= room else box.name[:room - 1] + '…'
        out.append(f'<text x="{left + 2:.1f}" y="{level * ROW + 12}">{html.escape(text)}</text>')
    out.append('</g>')
    for inner in sorted(box.inner.values(), key=lambda one: one.name):
        draw_box(out, inner, left, level + 1, per_sample, all_samples)
        left += inner.samples * per_sample


def draw(found, title):
    """The picture as SVG text, the outermost functions on top."""
    root = Box(title)
    for frames, samples in found.items():
        root.add(frames, samples)
    height = root.depth() * ROW
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
           'font-family="monospace" font-size="11">', f'<rect width="{WIDTH}" height="{height}" fill="#fffdf8"/>']
    draw_box(out, root, 0, 0, WIDTH / max(1, root.samples), max(1, root.samples))
    return '\n'.join([*out, '</svg>', ''])


def by_thread(found):
    """[(thread, share)] with the busiest first."""
    totals = {}
    for frames, samples in found.items():
        totals[frames[0]] = totals.get(frames[0], 0) + samples
    whole = sum(totals.values()) or 1
    return sorted(((thread, samples / whole) for thread, samples in totals.items()), key=lambda pair: -pair[1])


def record(pid, path, seconds):
    """perf, watching a process for so long; the caller waits for it."""
    return subprocess.Popen(['perf', 'record', '-q', '-e', 'cpu-clock', '-F', '499', '--call-graph', 'fp', '-p', str(pid), '-o', path, '--',
                             'sleep', str(seconds)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)
