/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Figures by period: what the buckets give is what counting every event gives, now and as of any moment of the past. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cells.h"
#include "replay/buckets.h"
#include "tests/replay/history.h"

enum { EVENTS = 480, SESSIONS = 64, WISHES = 6, CHANNELS = 9, LOOKS = 32, ANSWERS = 4000 };

static const int64_t second_us = 1000000, hour_us = INT64_C(3600000000), day_us = INT64_C(86400000000);

/* What happened, remembered one by one. */
struct happening {
    enum { OPENED, RECEIVED, SENT, MOVED_OUT, MOVED_IN, ENDED, RATED, WANTED, HELPED, ABANDONED } what;
    int64_t time_us;
    hub_enum channel;
    int64_t value; /* response time in ms; rating */
};

struct model {
    struct history *history;
    struct happening all[2 * EVENTS];
    size_t count;
    struct {
        hub_enum channel; /* 0: not open */
        uint32_t messages, transfers;
        bool is_over;
    } sessions[SESSIONS];
    struct {
        hub_enum channel; /* 0: none */
        bool was_helped;
    } wishes[WISHES]; /* one customer each */
    uint64_t over;
    uint64_t seed;
};

static uint64_t chance(struct model *m, uint64_t below)
{
    m->seed = m->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (m->seed >> 33) % below;
}

static void note(struct model *m, int what, hub_enum channel, int64_t value)
{
    struct hub_stored event;
    struct history *h = m->history;
    assert_int_equal(hub_log_read(h->log->log, hub_log_commit(h->log->log), h->log->arena, &event), 0);
    m->all[m->count++] = (struct happening){ what, event.header.time, channel, value };
}

static struct hub_ulid id_of(unsigned session)
{
    return fixture_id(5000 + session);
}

static void tell(struct model *m, unsigned session, const struct hub_shape *shape, void *record)
{
    put_event(m->history, session_stream(m->history, id_of(session)), shape, record, m->history->customer);
}

static void say(struct model *m, unsigned session)
{
    hub_enum channel = m->sessions[session].channel;
    uint32_t index = ++m->sessions[session].messages;
    if (chance(m, 2) == 0) {
        struct message_received received = { 0 };
        HUB_SET(message_received, &received, index, index);
        HUB_SET(message_received, &received, channel, channel);
        HUB_SET(message_received, &received, content, ((hub_sealed){ .clear = HUB_SPAN("?") }));
        tell(m, session, &message_received_shape, &received);
        note(m, RECEIVED, channel, 0);
        return;
    }
    int64_t response_ms = (int64_t) chance(m, UINT64_C(1) << (1 + chance(m, 24)));
    struct message_sent sent = { 0 };
    HUB_SET(message_sent, &sent, index, index);
    HUB_SET(message_sent, &sent, channel, channel);
    HUB_SET(message_sent, &sent, content, ((hub_sealed){ .clear = HUB_SPAN("!") }));
    HUB_SET(message_sent, &sent, author, author_agent);
    HUB_SET(message_sent, &sent, response_us, response_ms * 1000 + 999);
    tell(m, session, &message_sent_shape, &sent);
    note(m, SENT, channel, response_ms);
}

static void move(struct model *m, unsigned session)
{
    hub_enum from = m->sessions[session].channel, to = (hub_enum) (1 + chance(m, CHANNELS - 1));
    if (to == from) {
        return;
    }
    struct transfer_requested requested = { 0 };
    HUB_SET(transfer_requested, &requested, number, ++m->sessions[session].transfers);
    HUB_SET(transfer_requested, &requested, from_channel, from);
    HUB_SET(transfer_requested, &requested, to_channel, to);
    HUB_SET(transfer_requested, &requested, history_count, 0);
    HUB_SET(transfer_requested, &requested, history_digest, HUB_SPAN("01234567890123456789012345678901"));
    tell(m, session, &transfer_requested_shape, &requested);
    struct transfer_moved moved = { 0 };
    HUB_SET(transfer_moved, &moved, number, requested.number);
    HUB_SET(transfer_moved, &moved, status, transfer_status_completed);
    tell(m, session, &transfer_moved_shape, &moved);
    note(m, MOVED_OUT, from, 0);
    note(m, MOVED_IN, to, 0);
    m->sessions[session].channel = to;
}

static void finish(struct model *m, unsigned session)
{
    static const hub_enum statuses[] = { session_status_resolved, session_status_active, session_status_ended };
    struct session_moved moved = { 0 };
    hub_enum channel = m->sessions[session].channel, status = statuses[chance(m, 3)];
    HUB_SET(session_moved, &moved, status, status);
    if (status != session_status_active && chance(m, 2) == 0) {
        HUB_SET(session_moved, &moved, satisfaction, (uint32_t) (1 + chance(m, 5)));
    }
    tell(m, session, &session_moved_shape, &moved);
    if (HUB_HAS(session_moved, &moved, satisfaction)) {
        note(m, RATED, channel, moved.satisfaction);
    }
    m->over += status != session_status_active && !m->sessions[session].is_over;
    m->sessions[session].is_over |= status != session_status_active;
    if (status == session_status_ended) {
        note(m, ENDED, channel, 0);
        m->sessions[session].channel = 0;
    }
}

/* --- Wishes for a person --- */

static void tell_wish(struct model *m, unsigned wish, const struct hub_shape *shape, void *record)
{
    struct hub_ulid customer = fixture_id(7000 + wish);
    put_event(m->history, customer_stream(m->history, customer), shape, record, customer);
}

static void want(struct model *m, unsigned wish)
{
    struct customer_help_requested requested = { 0 };
    m->wishes[wish].channel = (hub_enum) (1 + chance(m, CHANNELS - 1));
    m->wishes[wish].was_helped = false;
    HUB_SET(customer_help_requested, &requested, page_id, HUB_SPAN("inbox"));
    HUB_SET(customer_help_requested, &requested, cause, help_cause_asked);
    HUB_SET(customer_help_requested, &requested, session, id_of(0));
    HUB_SET(customer_help_requested, &requested, channel, m->wishes[wish].channel);
    tell_wish(m, wish, &customer_help_requested_shape, &requested);
    note(m, WANTED, m->wishes[wish].channel, 0);
}

static void help(struct model *m, unsigned wish)
{
    struct customer_assigned assigned = { 0 };
    HUB_SET(customer_assigned, &assigned, page_id, HUB_SPAN("inbox"));
    HUB_SET(customer_assigned, &assigned, agent, fixture_id(8000));
    HUB_SET(customer_assigned, &assigned, by, assign_by_self);
    HUB_SET(customer_assigned, &assigned, channel, channel_chat);
    HUB_SET(customer_assigned, &assigned, waited_us, 5 * second_us);
    tell_wish(m, wish, &customer_assigned_shape, &assigned);
    if (!m->wishes[wish].was_helped) {
        note(m, HELPED, m->wishes[wish].channel, 5000);
    }
    m->wishes[wish].was_helped = true;
}

static void end_wish(struct model *m, unsigned wish)
{
    struct customer_help_ended ended = { 0 };
    HUB_SET(customer_help_ended, &ended, page_id, HUB_SPAN("inbox"));
    HUB_SET(customer_help_ended, &ended, why, help_end_resumed);
    tell_wish(m, wish, &customer_help_ended_shape, &ended);
    if (!m->wishes[wish].was_helped) {
        note(m, ABANDONED, m->wishes[wish].channel, 0);
    }
    m->wishes[wish].channel = 0;
}

/* One thing happens; sometimes a long time passes before. */
static void happen(struct model *m)
{
    static const int64_t steps_us[] = { 1, 20, 20, 60, 600, 12000 };
    unsigned session = (unsigned) chance(m, SESSIONS);
    hub_world_fake_advance(m->history->log->world,
                           second_us * steps_us[chance(m, 6)] + (int64_t) chance(m, (uint64_t) second_us));
    if (chance(m, 8) == 0) {
        unsigned wish = (unsigned) chance(m, WISHES);
        (m->wishes[wish].channel == 0 ? want : chance(m, 2) == 0 ? help : end_wish)(m, wish);
    } else if (m->sessions[session].channel == 0 && m->sessions[session].messages == 0) {
        m->sessions[session].channel = (hub_enum) (1 + chance(m, CHANNELS - 1));
        m->sessions[session].messages = 0;
        open_session(m->history, id_of(session), m->history->customer, (enum channel) m->sessions[session].channel);
        note(m, OPENED, m->sessions[session].channel, 0);
    } else if (m->sessions[session].channel != 0) {
        uint64_t what = chance(m, 16);
        (what < 12 ? say : what < 14 ? move : finish)(m, session);
    }
}

static struct dashboard_analytics *ask_live(struct history *h, struct hub_arena *arena)
{
    struct hub_fault fault;
    struct hub_position reached;
    void *answer = NULL, *params = hub_arena_get(arena, analytics_query_shape.size);
    const struct hub_name names[HUB_KINDS] = { { 0 } };
    const struct hub_ask ask = { &hub_query_analytics, params, h->company, names, arena, 0, 0 };
    assert_int_equal(hub_query_live(h->views, &ask, &answer, &reached, &fault), 0);
    return answer;
}

static int64_t count(const struct model *m, int what, hub_enum channel, int64_t from_us)
{
    int64_t n = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct happening *one = &m->all[i];
        n += (int) one->what == what && (channel == 0 || one->channel == channel) && one->time_us >= from_us;
    }
    return n;
}

static int compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *) a, other = *(const int64_t *) b;
    return (one > other) - (one < other);
}

/* The same percentile of the same answers, and at most a 16th more. */
static void check_response(const struct model *m, const struct response_figures *shown, hub_enum channel,
                           int64_t from_us)
{
    static int64_t ms[ANSWERS];
    size_t n = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct happening *one = &m->all[i];
        if (one->what == SENT && (channel == 0 || one->channel == channel) && one->time_us >= from_us) {
            ms[n++] = one->value;
            sum += one->value;
        }
    }
    qsort(ms, n, sizeof ms[0], compare);
    assert_int_equal(shown->n, n);
    assert_int_equal(HUB_HAS(response_figures, shown, p90_seconds), n > 0);
    if (n > 0) {
        int64_t exact = ms[(n * 90 + 99) / 100 - 1];
        assert_in_range(shown->p90_seconds, exact, exact + exact / 16);
        assert_in_range(shown->mean_seconds, sum / (int64_t) n, sum / (int64_t) n + 1);
    }
}

static void check_traffic(const struct model *m, const struct traffic_figures *shown, int64_t from_us)
{
    hub_enum channel = HUB_HAS(traffic_figures, shown, channel) ? shown->channel : 0;
    assert_int_equal(shown->sessions_created, count(m, OPENED, channel, from_us));
    assert_int_equal(shown->sessions_ended, count(m, ENDED, channel, from_us));
    assert_int_equal(shown->messages_in, count(m, RECEIVED, channel, from_us));
    assert_int_equal(shown->messages_out, count(m, SENT, channel, from_us));
    assert_int_equal(shown->transfers_in, count(m, MOVED_IN, channel, from_us));
    assert_int_equal(shown->transfers_out, count(m, MOVED_OUT, channel, from_us));
    assert_int_equal(shown->satisfaction->n, count(m, RATED, channel, from_us));
    assert_int_equal(shown->help->wanted, count(m, WANTED, channel, from_us));
    assert_int_equal(shown->help->helped, count(m, HELPED, channel, from_us));
    assert_int_equal(shown->help->wait->n, shown->help->helped);
    assert_int_equal(shown->help->abandoned, count(m, ABANDONED, channel, from_us));
    check_response(m, shown->response_time, channel, from_us);
}

static void check_period(const struct model *m, const struct period_figures *shown, int64_t from_us)
{
    assert_int_equal(shown->from, from_us);
    check_traffic(m, shown->total, from_us);
    for (uint32_t i = 0; i < shown->by_channel.count; i++) {
        check_traffic(m, &shown->by_channel.at[i], from_us);
    }
}

static void check(const struct model *m)
{
    struct hub_arena *arena = hub_arena_new(0);
    const struct dashboard_analytics *shown = ask_live(m->history, arena);
    int64_t now = shown->as_of, this_hour = now - now % hour_us, week = this_hour - 167 * hour_us;
    uint64_t active = 0;
    for (unsigned i = 0; i < SESSIONS; i++) {
        active += m->sessions[i].channel != 0;
    }
    assert_int_equal(shown->active_sessions, active);
    uint64_t waiting = 0;
    for (unsigned i = 0; i < WISHES; i++) {
        waiting += m->wishes[i].channel != 0 && !m->wishes[i].was_helped;
    }
    assert_int_equal(shown->waiting_customers, waiting);
    assert_int_equal(HUB_HAS(dashboard_analytics, shown, waiting_since), waiting > 0);
    check_period(m, shown->last_hour, now - now % (300 * second_us) - 3300 * second_us);
    check_period(m, shown->today, now - now % day_us);
    check_period(m, shown->last_24_hours, this_hour - 23 * hour_us);
    check_period(m, shown->last_7_days, week > 0 ? week : 0);
    hub_arena_destroy(&arena);
}

static struct model *model_new(void **state, uint64_t seed)
{
    struct model *m = calloc(1, sizeof *m);
    m->history = *state;
    m->seed = seed;
    return m;
}

/* --- Tests --- */

static void buckets_give_what_counting_gives(void **state)
{
    struct model *m = model_new(state, 1);
    for (unsigned i = 0; i < EVENTS; i++) {
        happen(m);
        if (i % 12 == 0) {
            catch_up(m->history);
            check(m);
        }
    }
    assert_true(m->all[m->count - 1].time_us - m->all[0].time_us > 8 * day_us); /* buckets of all sizes, and beyond */
    free(m);
}

static void the_past_says_what_was_live_then(void **state)
{
    struct model *m = model_new(state, 2);
    struct history *h = m->history;
    static const struct analytics_query whole;
    static const struct channel_performance_query usual;
    const struct question questions[] = {
        { "dashboard", &hub_query_analytics, &whole, h->company, { { 0 } } },
        { "channels", &hub_query_channel_performance, &usual, h->company, { { 0 } } },
        { "elsewhere", &hub_query_analytics, &whole, h->other_company, { { 0 } } },
    };
    char *said[LOOKS][3];
    uint64_t at[LOOKS];
    for (unsigned i = 0; i < LOOKS; i++) {
        for (unsigned k = 0; k < 1 + i % 12; k++) {
            happen(m);
        }
        catch_up(h);
        at[i] = hub_views_position(h->views).sequence;
        for (unsigned q = 0; q < 3; q++) {
            said[i][q] = ask_json(h, &questions[q], 0);
        }
    }
    for (unsigned i = 0; i < LOOKS; i++) {
        for (unsigned q = 0; q < 3; q++) {
            char *then = ask_json(h, &questions[q], at[i]);
            assert_string_equal(then, said[i][q]);
            free(then);
            free(said[i][q]);
        }
    }
    free(m);
}

static void a_session_counts_as_over_once(void **state)
{
    struct model *m = model_new(state, 3);
    for (unsigned i = 0; i < 240; i++) {
        happen(m);
    }
    catch_up(m->history);
    struct hub_arena *arena = hub_arena_new(0);
    const struct dashboard_analytics *shown = ask_live(m->history, arena);
    assert_true(m->over > 3);
    assert_int_equal(shown->last_7_days->total->resolution->n, m->over);
    hub_arena_destroy(&arena);
    free(m);
}

static void a_cell_holds_what_is_counted_in_it(void **state)
{
    (void) state;
    for (unsigned bits = 0; bits <= 10; bits += 2) {
        uint64_t before = 0;
        for (size_t cell = 0; cell < HUB_CELLS(bits, 32); cell++) {
            uint64_t end = hub_cell_end(cell, bits);
            assert_int_equal(hub_cell_of(end, bits), cell);
            assert_int_equal(hub_cell_of(before, bits), cell);
            assert_true(end - before <= end >> bits);
            before = end + 1;
        }
        assert_int_equal(before, UINT64_C(1) << 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(buckets_give_what_counting_gives, history_setup, history_teardown),
        cmocka_unit_test_setup_teardown(the_past_says_what_was_live_then, history_setup, history_teardown),
        cmocka_unit_test_setup_teardown(a_session_counts_as_over_once, history_setup, history_teardown),
        cmocka_unit_test(a_cell_holds_what_is_counted_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
