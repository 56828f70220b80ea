#!/usr/bin/python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Draw what a run measured: a JSON list on stdin, a PNG for each item in the directory that is named. Needs matplotlib, and so
Debian's own Python.

An item has name and title, and bars ({label: value}) or lines ({label: [[x, y]]}, with x and y as names of the axes, logs for both
axes in logarithms).
"""

import json
import os
import sys

import matplotlib

matplotlib.use('Agg')

from matplotlib import pyplot  # noqa: E402


def draw(item, path):
    figure, axes = pyplot.subplots(figsize=(7, 4), dpi=110)
    if 'bars' in item:
        labels = list(item['bars'])
        axes.barh(labels, [item['bars'][label] for label in labels], color='#3b6ea5')
        axes.invert_yaxis()
        for place, label in enumerate(labels):
            axes.annotate(f'{item["bars"][label]:,.0f}', (item['bars'][label], place), va='center', fontsize=8)
    else:
        for label, points in item['lines'].items():
            axes.plot([x for x, _ in points], [y for _, y in points], marker='o', label=label)
        axes.set_xlabel(item.get('x', ''))
        axes.set_ylabel(item.get('y', ''))
        axes.legend(fontsize=8)
        if item.get('logs'):
            axes.set_xscale('log')
            axes.set_yscale('log')
    axes.set_title(item['title'], fontsize=10)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={'Software': None})
    pyplot.close(figure)


def main():
    for item in json.load(sys.stdin):
        draw(item, os.path.join(sys.argv[1], item['name'] + '.png'))


if __name__ == '__main__':
    main()
