/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A log-linear histogram of durations in microseconds, three significant digits, fixed size. */
#ifndef HUB_TOOLS_BENCH_HISTOGRAM_H
#define HUB_TOOLS_BENCH_HISTOGRAM_H

#include <stdint.h>

/* Values above this (71 minutes) are counted at this value; `max` keeps what was really seen. */
#define HUB_HISTOGRAM_LIMIT_US ((INT64_C(1) << 32) - 1)

struct hub_histogram;

/* Make an empty histogram (about 190 KB, allocated once; recording never allocates).
 *
 * Returns the histogram, owned by the caller; NULL without memory. */
struct hub_histogram *hub_histogram_new(void);

/* Free a histogram and set the caller's pointer to NULL; takes NULL and a pointer to NULL. */
void hub_histogram_destroy(struct hub_histogram **self_p);

/* Count one value.
 *
 * value_us   duration; a negative one counts as 0
 *
 * Cannot fail. Any thread, one at a time. */
void hub_histogram_record(struct hub_histogram *self, int64_t value_us);

/* Add all counts of `other` to `self`, as if each value had been recorded here; `other` stays as it is. */
void hub_histogram_merge(struct hub_histogram *self, const struct hub_histogram *other);

/* How many values were recorded. */
uint64_t hub_histogram_count(const struct hub_histogram *self);

/* The smallest and the largest value recorded, exact; 0 when empty. */
int64_t hub_histogram_min_us(const struct hub_histogram *self);
int64_t hub_histogram_max_us(const struct hub_histogram *self);

/* The mean of the values recorded, exact; 0 when empty. */
double hub_histogram_mean_us(const struct hub_histogram *self);

/* The value that `percent` of all recorded values do not exceed.
 *
 * percent   0 to 100; 0 gives the minimum, 100 the maximum
 *
 * Returns the upper end of the bucket that holds it, at most 0.1 % above the true value and never
 * above the maximum; 0 when empty. */
int64_t hub_histogram_percentile_us(const struct hub_histogram *self, double percent);

#endif
