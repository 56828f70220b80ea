/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Prints what a load measured. */
#include "tools/bench/load_report.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/bench/histogram.h"
#include "tools/bench/load_result.h"

struct counter {
    const char *name;
    size_t offset;
    bool is_shown_at_zero; /* in the table */
};

static const struct counter counters[] = {
#define COUNTER(field, always, ...) { #field, offsetof(struct hub_load_result, field), always },
#include "tools/bench/load_counters.def"
#undef COUNTER
};

static const struct {
    const char *name;
    double percent;
} percentiles[] = {
    { "min", 0 }, { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p999", 99.9 }, { "max", 100 },
};

enum { COUNTERS = sizeof counters / sizeof *counters, PERCENTILES = sizeof percentiles / sizeof *percentiles };

static uint64_t value_of(const struct hub_load_result *result, const struct counter *counter)
{
    return *(const uint64_t *) ((const char *) result + counter->offset);
}

/* What one request cost the generator: the server had the rest of the machine. */
static double cpu_per_request_us(const struct hub_load_result *result)
{
    return result->sent ? (double) result->cpu_us / (double) result->sent : 0.0;
}

void hub_load_report_plain(const struct hub_load_result *result, FILE *out)
{
    fprintf(out, "rate=%.1f\nelapsed_us=%" PRId64 "\n", hub_load_rate(result), result->elapsed_us);
    for (size_t i = 0; i < COUNTERS; i++)
        fprintf(out, "%s=%" PRIu64 "\n", counters[i].name, value_of(result, &counters[i]));
    fprintf(out, "failures=%" PRIu64 "\nmean_us=%.1f\n", hub_load_failures(result),
            hub_histogram_mean_us(result->latency));
    for (size_t i = 0; i < PERCENTILES; i++)
        fprintf(out, "%s_us=%" PRId64 "\n", percentiles[i].name,
                hub_histogram_percentile_us(result->latency, percentiles[i].percent));
    for (int i = 0; i < HUB_LOAD_STATUS_MAX; i++)
        if (result->statuses[i])
            fprintf(out, "status_%d=%" PRIu64 "\n", i, result->statuses[i]);
    fprintf(out, "cpu_per_request_us=%.2f\n", cpu_per_request_us(result));
}

void hub_load_report_table(const struct hub_load_result *result, FILE *out)
{
    fprintf(out, "%-14s %12.0f requests/s over %.2f s\n", "rate", hub_load_rate(result),
            (double) result->elapsed_us / 1e6);
    fprintf(out, "%-14s %12.1f us\n", "mean", hub_histogram_mean_us(result->latency));
    for (size_t i = 0; i < PERCENTILES; i++)
        fprintf(out, "%-14s %12" PRId64 " us\n", percentiles[i].name,
                hub_histogram_percentile_us(result->latency, percentiles[i].percent));
    for (size_t i = 0; i < COUNTERS; i++)
        if (counters[i].is_shown_at_zero || value_of(result, &counters[i]))
            fprintf(out, "%-14s %12" PRIu64 "\n", counters[i].name, value_of(result, &counters[i]));
    for (int i = 0; i < HUB_LOAD_STATUS_MAX; i++)
        if (result->statuses[i])
            fprintf(out, "status %-7d %12" PRIu64 "\n", i, result->statuses[i]);
    fprintf(out, "%-14s %12.2f us a request\n", "generator CPU", cpu_per_request_us(result));
}
