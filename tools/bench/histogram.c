/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A log-linear histogram of durations in microseconds, three significant digits, fixed size. Its cells: base/cells.h. */
#include "tools/bench/histogram.h"

#include <stdlib.h>

#include "base/cells.h"

enum {
    BITS = 10,
    CELLS = HUB_CELLS(BITS, 32),
};

struct hub_histogram {
    uint64_t count;  /* values recorded */
    uint64_t sum_us; /* of all values, for the mean */
    int64_t min_us;
    int64_t max_us;
    uint64_t cells[CELLS];
};

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
    int64_t kept_us = value_us < HUB_HISTOGRAM_LIMIT_US ? value_us : HUB_HISTOGRAM_LIMIT_US;
    self->cells[hub_cell_of((uint64_t) kept_us, BITS)]++;
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
        if (seen >= wanted) {
            int64_t end_us = (int64_t) hub_cell_end(i, BITS);
            return end_us < self->max_us ? end_us : self->max_us;
        }
    }
    return self->max_us;
}
