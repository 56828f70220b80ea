/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The queries `analytics` and `channel_performance`: figures of a company, by period and channel.
 *
 * A period is the sum of the largest final buckets that lie in it whole. All arithmetic is in whole numbers, rounded half up;
 * percentiles come from merged histograms. What each number means is in docs/metrics.md. */
#include "base/cells.h"
#include "base/error.h"
#include "replay/buckets.h"
#include "replay/reading.h"

enum { CHANNELS = 16, PERIODS = 5, HOURS_OF_DAY = 24, HOURS_OF_WEEK = 168, MINUTES_OF_HOUR = 12, PERMILLE = 1000 };

/* The sums of a period on one channel. */
struct sums {
    struct channel_bucket of;
    bool is_there; /* something happened */
};

struct figures {
    const struct hub_reading *reading;
    int64_t from_us[PERIODS]; /* by period */
    hub_enum only;            /* this channel; 0: all */
    struct sums sums[PERIODS][CHANNELS];
    int64_t active[CHANNELS];
};

/* --- Summing --- */

/* The buckets of one size and channel on their way into the periods. */
struct adding {
    struct figures *figures;
    enum hub_bucket_size size;
    hub_enum channel;
    int64_t final_us[HUB_BUCKET_SIZES]; /* buckets of a size that began before are final */
    int error;
};

static bool is_whole(const struct adding *self, enum hub_bucket_size size, int64_t start_us, int64_t from_us)
{
    return start_us >= from_us && start_us < self->final_us[size];
}

/* True when the period holds the bucket, and not the larger one around it. */
static bool belongs(const struct adding *self, int64_t start_us, int64_t from_us)
{
    enum hub_bucket_size larger = self->size + 1;
    return is_whole(self, self->size, start_us, from_us) &&
           (larger == HUB_BUCKET_SIZES || !is_whole(self, larger, hub_bucket_start(larger, start_us), from_us));
}

static bool add(void *arg, struct hub_span key, struct hub_span value)
{
    struct adding *self = arg;
    struct figures *figures = self->figures;
    int64_t start_us = (int64_t) hub_row_key_last_be64(key);
    struct channel_bucket *bucket = NULL;
    if (start_us >= self->final_us[self->size]) {
        return false;
    }
    for (unsigned period = 1; period < PERIODS; period++) {
        struct sums *sums = &figures->sums[period][self->channel];
        if (!belongs(self, start_us, figures->from_us[period])) {
            continue;
        }
        if (bucket == NULL) {
            bucket = HUB_NEW(figures->reading->arena, struct channel_bucket);
            self->error = hub_reading_take(figures->reading, value, &channel_bucket_shape, bucket);
        }
        if (self->error != 0) {
            return false;
        }
        hub_bucket_add(&sums->of, bucket, figures->reading->arena);
        sums->is_there = true;
    }
    return true;
}

static int add_size(struct adding *self, enum hub_bucket_size size)
{
    const struct hub_reading *reading = self->figures->reading;
    int64_t from_us = self->figures->from_us[period_last_7_days];
    if (size == HUB_BUCKET_minutes) { /* those of earlier hours only count for the last hour */
        int64_t hour_us = self->figures->from_us[period_last_hour];
        from_us = hour_us < self->final_us[HUB_BUCKET_hour] ? hour_us : self->final_us[HUB_BUCKET_hour];
    }
    struct hub_row_key prefix = hub_bucket_keys(reading->company, size, self->channel);
    struct hub_row_key from = hub_bucket_key(reading->company, size, self->channel, from_us);
    self->size = size;
    int done = reading->rows.scan(reading->rows.self, hub_row_key_span(&prefix), hub_row_key_span(&from), add, self);
    return done != 0 ? done : self->error;
}

static int add_channel(struct figures *self, hub_enum channel)
{
    const struct hub_reading *reading = self->reading;
    struct hub_row_key key = hub_bucket_now_key(reading->company, channel);
    struct channel_now now = { 0 };
    struct channel_bucket last = { 0 };
    int done = hub_reading_row(reading, &key, &channel_now_shape, &now);
    if (done != 0) {
        return done == HUB_ERROR_not_found ? 0 : done;
    }
    key = hub_bucket_key(reading->company, HUB_BUCKET_minutes, channel, now.bucket);
    done = hub_reading_row(reading, &key, &channel_bucket_shape, &last);
    self->active[channel] = hub_bucket_active(&last);
    struct adding adding = { .figures = self, .channel = channel };
    for (enum hub_bucket_size size = 0; size < HUB_BUCKET_SIZES; size++) {
        adding.final_us[size] = size == HUB_BUCKET_minutes ? INT64_MAX : hub_bucket_start(size, now.bucket);
    }
    for (enum hub_bucket_size size = 0; done == 0 && size < HUB_BUCKET_SIZES; size++) {
        done = add_size(&adding, size);
    }
    return done;
}

static void set_periods(struct figures *self, int64_t now_us)
{
    int64_t hour_us = hub_bucket_start(HUB_BUCKET_hour, now_us);
    self->from_us[period_last_hour] = hub_bucket_start(HUB_BUCKET_minutes, now_us) -
                                      (MINUTES_OF_HOUR - 1) * hub_bucket_us(HUB_BUCKET_minutes);
    self->from_us[period_today] = hub_bucket_start(HUB_BUCKET_day, now_us);
    self->from_us[period_last_24_hours] = hour_us - (HOURS_OF_DAY - 1) * hub_bucket_us(HUB_BUCKET_hour);
    self->from_us[period_last_7_days] = hour_us - (HOURS_OF_WEEK - 1) * hub_bucket_us(HUB_BUCKET_hour);
    for (unsigned period = 1; period < PERIODS; period++) {
        self->from_us[period] = self->from_us[period] > 0 ? self->from_us[period] : 0;
    }
}

/* Sum everything up. ret_figures is in the reading's arena. Returns 0 or < 0. */
static int sum_up(const struct hub_reading *reading, hub_enum only, struct figures **ret_figures)
{
    struct figures *self = HUB_NEW(reading->arena, struct figures);
    int done = 0;
    self->reading = reading;
    self->only = only;
    set_periods(self, reading->now_us);
    for (uint16_t i = 0; done == 0 && i < channel_vocab.count; i++) {
        hub_enum channel = channel_vocab.words[i].code;
        done = only == 0 || only == channel ? add_channel(self, channel) : 0;
    }
    *ret_figures = self;
    return done;
}

/* --- Showing --- */

static int64_t divide(uint64_t value, uint64_t by)
{
    return (int64_t) (value / by + (value % by >= by - by / 2));
}

/* The end of the cell that holds the answer below which `permille` of all lie. */
static int64_t percentile_ms(const hub_list *times, uint64_t n, uint64_t permille)
{
    const uint64_t *cells = times->at;
    uint64_t wanted = (n * permille + PERMILLE - 1) / PERMILLE;
    uint64_t seen = 0;
    uint32_t i = 0;
    while (i < times->count && (seen += cells[i]) < wanted) {
        i++;
    }
    return (int64_t) hub_cell_end(i, HUB_RESPONSE_BITS);
}

static struct response_figures *show_times(const hub_list *times, uint64_t sum_ms, struct hub_arena *arena)
{
    struct response_figures *shown = HUB_NEW(arena, struct response_figures);
    const uint64_t *cells = times->at;
    uint64_t n = 0;
    for (uint32_t i = 0; i < times->count; i++) {
        n += cells[i];
    }
    HUB_SET(response_figures, shown, n, n);
    if (n > 0) {
        HUB_SET(response_figures, shown, mean_seconds, divide(sum_ms, n));
        HUB_SET(response_figures, shown, p50_seconds, percentile_ms(times, n, 500));
        HUB_SET(response_figures, shown, p90_seconds, percentile_ms(times, n, 900));
        HUB_SET(response_figures, shown, p99_seconds, percentile_ms(times, n, 990));
    }
    return shown;
}

static struct help_figures *show_help(const struct channel_bucket *sums, struct hub_arena *arena)
{
    struct help_figures *shown = HUB_NEW(arena, struct help_figures);
    HUB_SET(help_figures, shown, wanted, sums->wanted);
    HUB_SET(help_figures, shown, helped, sums->helped);
    HUB_SET(help_figures, shown, abandoned, sums->abandoned);
    HUB_SET(help_figures, shown, wait, show_times(&sums->waits, sums->wait_ms, arena));
    return shown;
}

static struct rating_figures *show_ratings(const struct channel_bucket *sums, struct hub_arena *arena)
{
    struct rating_figures *shown = HUB_NEW(arena, struct rating_figures);
    const uint64_t *counts = sums->ratings.at;
    uint64_t n = 0, sum = 0, good = 0;
    for (uint32_t i = 0; i < sums->ratings.count; i++) {
        n += counts[i];
        sum += counts[i] * (i + 1);
        good += i + 1 >= HUB_RATINGS - 1 ? counts[i] : 0;
    }
    HUB_SET(rating_figures, shown, n, n);
    if (n > 0) {
        HUB_SET(rating_figures, shown, mean, divide(sum * 100, n));
        HUB_SET(rating_figures, shown, ratio, divide(good * 10000, n));
    }
    return shown;
}

static struct resolution_figures *show_resolution(const struct channel_bucket *sums, struct hub_arena *arena)
{
    struct resolution_figures *shown = HUB_NEW(arena, struct resolution_figures);
    HUB_SET(resolution_figures, shown, n, sums->over);
    if (sums->over > 0) {
        HUB_SET(resolution_figures, shown, ratio, divide(sums->resolved * 10000, sums->over));
    }
    return shown;
}

static void show_traffic(const struct channel_bucket *sums, hub_enum channel, struct hub_arena *arena,
                         struct traffic_figures *ret_shown)
{
    struct traffic_figures *shown = ret_shown;
    if (channel != 0) {
        HUB_SET(traffic_figures, shown, channel, channel);
    }
    HUB_SET(traffic_figures, shown, sessions_created, sums->opened);
    HUB_SET(traffic_figures, shown, sessions_ended, sums->ended);
    HUB_SET(traffic_figures, shown, messages_in, sums->received);
    HUB_SET(traffic_figures, shown, messages_out, sums->sent);
    HUB_SET(traffic_figures, shown, transfers_in, sums->transfers_in);
    HUB_SET(traffic_figures, shown, transfers_out, sums->transfers_out);
    HUB_SET(traffic_figures, shown, transfers_failed, sums->transfers_failed);
    HUB_SET(traffic_figures, shown, response_time, show_times(&sums->responses, sums->response_ms, arena));
    HUB_SET(traffic_figures, shown, resolution, show_resolution(sums, arena));
    HUB_SET(traffic_figures, shown, satisfaction, show_ratings(sums, arena));
    HUB_SET(traffic_figures, shown, help, show_help(sums, arena));
}

static struct period_figures *show_period(const struct figures *self, enum period period)
{
    struct hub_arena *arena = self->reading->arena;
    struct period_figures *shown = HUB_NEW(arena, struct period_figures);
    struct channel_bucket total = { 0 };
    HUB_SET(period_figures, shown, from, self->from_us[period]);
    HUB_MARK(period_figures, shown, by_channel);
    shown->by_channel.at = HUB_NEW_ARRAY(arena, struct traffic_figures, CHANNELS);
    for (unsigned channel = 0; channel < CHANNELS; channel++) {
        const struct sums *sums = &self->sums[period][channel];
        if (sums->is_there) {
            hub_bucket_add(&total, &sums->of, arena);
            show_traffic(&sums->of, channel, arena, &shown->by_channel.at[shown->by_channel.count++]);
        }
    }
    HUB_SET(period_figures, shown, total, HUB_NEW(arena, struct traffic_figures));
    show_traffic(&total, 0, arena, shown->total);
    return shown;
}

static uint64_t not_negative(int64_t count)
{
    return count > 0 ? (uint64_t) count : 0;
}

/* Who wants a person now, out of the queues. Inboxes, not customers, are walked. */
static int show_waiting(const struct hub_reading *reading, struct dashboard_analytics *shown)
{
    static const struct queues_query all;
    struct queue_list queues = { 0 };
    int done = hub_query_queues.answer_fn(reading, &all, &queues);
    uint64_t waiting = 0;
    for (uint32_t i = 0; done == 0 && i < queues.queues.count; i++) {
        const struct queue_shown *queue = &queues.queues.at[i];
        waiting += queue->waiting;
        if (HUB_HAS(queue_shown, queue, longest_waiting_since) &&
            (!HUB_HAS(dashboard_analytics, shown, waiting_since) ||
             queue->longest_waiting_since < shown->waiting_since)) {
            HUB_SET(dashboard_analytics, shown, waiting_since, queue->longest_waiting_since);
            HUB_SET(dashboard_analytics, shown, longest_wait_seconds, queue->longest_waiting_seconds);
        }
    }
    HUB_SET(dashboard_analytics, shown, waiting_customers, waiting);
    return done;
}

static int answer_dashboard(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct analytics_query *query = params;
    struct dashboard_analytics *shown = ret_answer;
    struct figures *figures;
    int done = sum_up(reading, HUB_HAS(analytics_query, query, channel) ? query->channel : 0, &figures);
    if (done != 0) {
        return done;
    }
    uint64_t active = 0;
    HUB_MARK(dashboard_analytics, shown, active_by_channel);
    shown->active_by_channel.at = HUB_NEW_ARRAY(reading->arena, struct channel_sessions, CHANNELS);
    for (unsigned channel = 0; channel < CHANNELS; channel++) {
        if (figures->active[channel] > 0) {
            struct channel_sessions *one = &shown->active_by_channel.at[shown->active_by_channel.count++];
            HUB_SET(channel_sessions, one, channel, channel);
            HUB_SET(channel_sessions, one, active_sessions, (uint64_t) figures->active[channel]);
            active += one->active_sessions;
        }
    }
    HUB_SET(dashboard_analytics, shown, as_of, reading->now_us);
    HUB_SET(dashboard_analytics, shown, active_sessions, active);
    HUB_SET(dashboard_analytics, shown, last_hour, show_period(figures, period_last_hour));
    HUB_SET(dashboard_analytics, shown, today, show_period(figures, period_today));
    HUB_SET(dashboard_analytics, shown, last_24_hours, show_period(figures, period_last_24_hours));
    HUB_SET(dashboard_analytics, shown, last_7_days, show_period(figures, period_last_7_days));
    return show_waiting(reading, shown);
}

static struct channel_report *report(const struct figures *self, enum period period, hub_enum channel)
{
    struct hub_arena *arena = self->reading->arena;
    struct channel_report *shown = HUB_NEW(arena, struct channel_report);
    HUB_SET(channel_report, shown, active_sessions, not_negative(self->active[channel]));
    HUB_SET(channel_report, shown, traffic, HUB_NEW(arena, struct traffic_figures));
    show_traffic(&self->sums[period][channel].of, channel, arena, shown->traffic);
    return shown;
}

/* A channel's report is the field that is called like the channel. */
static void show_reports(const struct figures *self, enum period period, struct channel_performance *shown)
{
    const struct hub_shape *shape = &channel_performance_shape;
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_word *word = hub_vocab_by_name(&channel_vocab, hub_span(shape->fields[i].name));
        if (word != NULL) {
            *(void **) hub_record_field(shown, &shape->fields[i]) = report(self, period, word->code);
            hub_record_mark(shown, i);
        }
    }
}

static int answer_performance(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct channel_performance_query *query = params;
    struct channel_performance *shown = ret_answer;
    enum period period = HUB_HAS(channel_performance_query, query, period) ? query->period : period_last_24_hours;
    struct figures *figures;
    int done = sum_up(reading, 0, &figures);
    if (done == 0) {
        HUB_SET(channel_performance, shown, as_of, reading->now_us);
        HUB_SET(channel_performance, shown, period, (hub_enum) period);
        HUB_SET(channel_performance, shown, from, figures->from_us[period]);
        show_reports(figures, period, shown);
    }
    return done;
}

const struct hub_query_info hub_query_analytics = {
    .name = "analytics",
    .params = &analytics_query_shape,
    .answer = &dashboard_analytics_shape,
    .scope = HUB_SCOPE_figures,
    .answer_fn = answer_dashboard,
};

const struct hub_query_info hub_query_channel_performance = {
    .name = "channel_performance",
    .params = &channel_performance_query_shape,
    .answer = &channel_performance_shape,
    .scope = HUB_SCOPE_figures,
    .answer_fn = answer_performance,
};
