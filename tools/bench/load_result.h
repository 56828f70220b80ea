/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a load measured. */
#ifndef HUB_TOOLS_BENCH_LOAD_RESULT_H
#define HUB_TOOLS_BENCH_LOAD_RESULT_H

#include <stdint.h>

struct hub_histogram;

#define HUB_LOAD_STATUS_MAX 600

/* What happened after the warm-up. Only `sent`, `cpu_us` and the errors include the warm-up. */
struct hub_load_result {
#define COUNTER(field, ...) uint64_t field;
#include "tools/bench/load_counters.def"
#undef COUNTER
    uint64_t statuses[HUB_LOAD_STATUS_MAX]; /* answers by HTTP status */
    int64_t elapsed_us;                     /* the time that `completed` refers to */
    int64_t cpu_us;                         /* of this process, user and system */
    struct hub_histogram *latency;          /* of completed and drained; owned by the result */
};

/* Give back what a result owns. */
void hub_load_result_done(struct hub_load_result *self);

/* Everything that went wrong, added up: errors, malformed, unanswered, answers that are not 2xx. */
uint64_t hub_load_failures(const struct hub_load_result *self);

/* Answers within the measured time, per second. */
double hub_load_rate(const struct hub_load_result *self);

#endif
