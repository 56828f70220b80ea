/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The cells of a log-linear histogram: which one holds a value, and where it ends.
 *
 * Values below 2 * 2^bits have a cell each. From there on every power of two is cut into 2^bits equal cells: a value whose
 * highest bit is b is shifted right by b - bits, which leaves 2^bits .. 2 * 2^bits - 1, so a cell is never wider than
 * 1/2^bits of what it holds. Cell number = shift * 2^bits + (value >> shift): this continues the first cells without a gap.
 * Histograms of the same bits are merged by adding cell to cell. Gil Tene's HdrHistogram made the layout known. */
#ifndef HUB_BASE_CELLS_H
#define HUB_BASE_CELLS_H

#include <stddef.h>
#include <stdint.h>

/* Cells for values of at most `top` significant bits. */
#define HUB_CELLS(bits, top) (((size_t) ((top) - (bits)) + 1) << (bits))

/* The cell of a value.
 *
 * bits   0 to 16; the same for all values of a histogram
 *
 * Cannot fail. Any thread. */
static inline size_t hub_cell_of(uint64_t value, unsigned bits)
{
    unsigned top = 63 - (unsigned) __builtin_clzll(value | 1);
    unsigned shift = top > bits ? top - bits : 0;
    return ((size_t) shift << bits) + (size_t) (value >> shift);
}

/* The largest value that a cell holds. */
static inline uint64_t hub_cell_end(size_t cell, unsigned bits)
{
    if (cell >> bits < 2) {
        return cell;
    }
    unsigned shift = (unsigned) (cell >> bits) - 1;
    return ((cell - ((size_t) shift << bits) + 1) << shift) - 1;
}

#endif
