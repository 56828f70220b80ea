/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Figures in words. All arithmetic is in whole numbers, rounded half up, so that it comes out the same everywhere. */
#include "replay/queries/figures.h"

#include <stdio.h>

#include "base/error.h"

enum { WORDS = 32, US_PER_MS = 1000, US_PER_TENTH_OF_A_MINUTE = 6000000 };

int hub_reading_figures(const struct hub_reading *reading, struct hub_ulid customer,
                        struct customer_figures *ret_figures)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_figures, reading->company, 'c', customer);
    int done = hub_reading_row(reading, &key, &customer_figures_shape, ret_figures);
    if (done == HUB_ERROR_not_found) {
        *ret_figures = (struct customer_figures){ 0 };
        done = 0;
    }
    return done;
}

static uint64_t divide(uint64_t value, uint64_t by)
{
    return value / by + (value % by >= by - by / 2);
}

static struct hub_span keep(struct hub_arena *arena, const char *words)
{
    return hub_arena_copy(arena, hub_span(words));
}

static void show_response(const struct customer_figures *figures, struct hub_arena *arena,
                          struct engagement_metrics *metrics)
{
    char words[WORDS] = "n/a";
    if (figures->responses > 0) {
        uint64_t mean_us = divide(figures->response_us, figures->responses);
        uint64_t tenths = divide(mean_us, US_PER_TENTH_OF_A_MINUTE);
        snprintf(words, sizeof words, "%llu.%llu minutes", (unsigned long long) (tenths / 10),
                 (unsigned long long) (tenths % 10));
        HUB_SET(engagement_metrics, metrics, average_response_time_seconds, (int64_t) divide(mean_us, US_PER_MS));
    }
    HUB_SET(engagement_metrics, metrics, average_response_time, keep(arena, words));
}

static void show_resolution(const struct customer_figures *figures, struct hub_arena *arena,
                            struct engagement_metrics *metrics)
{
    char words[WORDS] = "n/a";
    if (figures->sessions_over > 0) {
        uint64_t percent = divide(figures->sessions_resolved * 100, figures->sessions);
        snprintf(words, sizeof words, "%llu%%", (unsigned long long) percent);
        HUB_SET(engagement_metrics, metrics, resolution_rate_ratio,
                (int64_t) divide(figures->sessions_resolved * 10000, figures->sessions));
    }
    HUB_SET(engagement_metrics, metrics, resolution_rate, keep(arena, words));
}

void hub_show_metrics(const struct customer_figures *figures, struct hub_arena *arena,
                      struct engagement_metrics *ret_metrics)
{
    struct engagement_metrics *metrics = ret_metrics;
    HUB_SET(engagement_metrics, metrics, total_channels_used, (uint32_t) __builtin_popcountll(figures->channels));
    show_response(figures, arena, metrics);
    show_resolution(figures, arena, metrics);
    if (figures->ratings > 0) {
        HUB_SET(engagement_metrics, metrics, satisfaction_score,
                (int64_t) divide(figures->rating_sum * 10, figures->ratings));
    }
}
