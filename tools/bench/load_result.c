/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a load measured. */
#include "tools/bench/load_result.h"

#include "tools/bench/histogram.h"

void hub_load_result_done(struct hub_load_result *self)
{
    if (self)
        hub_histogram_destroy(&self->latency);
}

uint64_t hub_load_failures(const struct hub_load_result *self)
{
    uint64_t sum = self->connect_errors + self->write_errors + self->read_errors + self->malformed + self->unanswered;
    for (int i = 0; i < HUB_LOAD_STATUS_MAX; i++)
        sum += i < 200 || i > 299 ? self->statuses[i] : 0;
    return sum;
}

double hub_load_rate(const struct hub_load_result *self)
{
    return self->elapsed_us > 0 ? (double) self->completed * 1e6 / (double) self->elapsed_us : 0.0;
}
