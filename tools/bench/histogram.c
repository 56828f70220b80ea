/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A log-linear histogram of durations in microseconds, three significant digits, fixed size.
 *
 * Values below 2048 have a cell each. From there on every power of two is cut into 1024 equal cells: a
 * value whose highest bit is b (b >= 11) is shifted right by b - 10, which leaves 1024..2047, so a cell is
 * never wider than 1/1024 of what it holds. Cell number = (b - 10) * 1024 + (value >> (b - 10)): this
 * continues the first 2048 cells without a gap. Gil Tene's HdrHistogram made the layout known. */
#include "tools/bench/histogram.h"

#include <stdlib.h>

enum {
    HALF_BITS = 10,
    HALF = 1 << HALF_BITS,
    TOP_BIT = 31,
    CELLS = (TOP_BIT - HALF_BITS + 2) * HALF,
};

struct hub_histogram {
    uint64_t count;  /* values recorded */
    uint64_t sum_us; /* of all values, for the mean */
    int64_t min_us;
    int64_t max_us;
    uint64_t cells[CELLS];
};

static unsigned shift_of(uint64_t value)
{
    unsigned top = 63 - (unsigned) __builtin_clzll(value | 1);
    return top > HALF_BITS ? top - HALF_BITS : 0;
}

static size_t cell_of(uint64_t value)
{
    unsigned shift = shift_of(value);
    return (size_t) shift * HALF + (size_t) (value >> shift);
}

static int64_t cell_end_us(size_t cell)
{
    if (cell < 2 * HALF)
        return (int64_t) cell;
    unsigned shift = (unsigned) (cell / HALF) - 1;
    uint64_t head = cell - (size_t) shift * HALF;
    return (int64_t) (((head + 1) << shift) - 1);
}

struct hub_histogram *hub_histogram_new(void)
{
    return calloc(1, sizeof(struct hub_histogram));
}

void hub_histogram_destroy(struct hub_histogram **self_p)
{
    if (!self_p)
        return;
    free(*self_p);
    *self_p = NULL;
}

void hub_histogram_record(struct hub_histogram *self, int64_t value_us)
{
    if (value_us < 0)
        value_us = 0;
    if (self->count == 0 || value_us < self->min_us)
        self->min_us = value_us;
    if (value_us > self->max_us)
        self->max_us = value_us;
    self->count++;
    self->sum_us += (uint64_t) value_us;
    self->cells[cell_of((uint64_t) (value_us < HUB_HISTOGRAM_LIMIT_US ? value_us : HUB_HISTOGRAM_LIMIT_US))]++;
}

void hub_histogram_merge(struct hub_histogram *self, const struct hub_histogram *other)
{
    if (other->count == 0)
        return;
    if (self->count == 0 || other->min_us < self->min_us)
        self->min_us = other->min_us;
    if (other->max_us > self->max_us)
        self->max_us = other->max_us;
    self->count += other->count;
    self->sum_us += other->sum_us;
    for (size_t i = 0; i < CELLS; i++)
        self->cells[i] += other->cells[i];
}

uint64_t hub_histogram_count(const struct hub_histogram *self)
{
    return self->count;
}

int64_t hub_histogram_min_us(const struct hub_histogram *self)
{
    return self->min_us;
}

int64_t hub_histogram_max_us(const struct hub_histogram *self)
{
    return self->max_us;
}

double hub_histogram_mean_us(const struct hub_histogram *self)
{
    return self->count ? (double) self->sum_us / (double) self->count : 0.0;
}

int64_t hub_histogram_percentile_us(const struct hub_histogram *self, double percent)
{
    if (self->count == 0 || percent <= 0)
        return self->min_us;
    double exact = (double) self->count * percent / 100.0;
    uint64_t wanted = (uint64_t) exact;
    if ((double) wanted < exact)
        wanted++;
    if (wanted >= self->count)
        return self->max_us;
    uint64_t seen = 0;
    for (size_t i = 0; i < CELLS; i++) {
        seen += self->cells[i];
        if (seen >= wanted)
            return cell_end_us(i) < self->max_us ? cell_end_us(i) : self->max_us;
    }
    return self->max_us;
}
