/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Timers: durable, fired once, late ones after a stop too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/actors/runtime_fixture.h"

static const int64_t second_us = 1000000;

static void set_up(struct fixture *self)
{
    fixture_init(self);
    fixture_start(self);
}

static void tear_down(struct fixture *self)
{
    fixture_stop(self);
    fixture_done(self);
}

static void open_idle(struct fixture *self, uint32_t idle_s)
{
    struct hub_command *command = new_session(self, "customer_1", "session_1");
    struct create_session *record = command->record;
    HUB_SET(create_session, record, idle_s, idle_s);
    expect(ask(self, command), 0);
    assert_int_equal(pending_of(self, HUB_PENDING_timer), 1);
}

/* What the only session's timer has done so far: fired for good, when no timer and no follow-up is left. */
static void expect_ended_once(struct fixture *self)
{
    assert_true(runs_out_of(self, HUB_PENDING_timer));
    assert_true(runs_out_of(self, HUB_PENDING_follow));
    assert_int_equal(events_of(self, session_moved_id), 1);
    assert_int_equal(events_of(self, customer_session_closed_id), 1);
    struct hub_answer *answer = ask(self, read_session(self, "session_1"));
    const struct unified_session *session = answer->record;
    assert_int_equal(session->status, session_status_ended);
    assert_int_equal(session->end_reason, end_reason_inactivity);
    hub_answer_destroy(&answer);
}

static void an_idle_session_ends_once(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    open_idle(&f, 1);
    expect_ended_once(&f);
    fixture_stop(&f);
    fixture_start(&f);
    expect_ended_once(&f);
    tear_down(&f);
}

static void a_timer_does_not_fire_before_its_time(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    open_idle(&f, 60);
    atomic_store(&f.ahead_us, 50 * second_us);
    /* Each of these leaves a row for the pump, which then looks. */
    for (int i = 0; i < 5; i++) {
        struct hub_answer *answer = ask(&f, respond_to(&f, "session_1", "still there?"));
        hub_answer_destroy(&answer);
    }
    struct hub_runtime_stats stats;
    hub_runtime_stats(f.runtime, &stats);
    assert_int_equal(stats.timers, 0);
    assert_int_equal(events_of(&f, session_moved_id), 0);
    tear_down(&f);
}

static bool has_fired(struct fixture *self, void *arg)
{
    struct hub_runtime_stats stats;
    hub_runtime_stats(self->runtime, &stats);
    return stats.timers >= *(unsigned *) arg;
}

static void activity_puts_the_end_off(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    open_idle(&f, 60);
    atomic_store(&f.ahead_us, 50 * second_us);
    struct hub_answer *answer = ask(&f, message_for(&f, "customer_1", "session_1", "hello"));
    hub_answer_destroy(&answer);
    atomic_store(&f.ahead_us, 70 * second_us);
    unsigned times = 1;
    assert_true(comes_true(&f, has_fired, &times));
    assert_true(comes_to_rest(&f));
    assert_int_equal(pending_of(&f, HUB_PENDING_timer), 1);
    assert_int_equal(events_of(&f, session_moved_id), 0);
    atomic_store(&f.ahead_us, 120 * second_us);
    expect_ended_once(&f);
    tear_down(&f);
}

/* A timer that became due while the hub was down fires once, and not again at the start after that. */
static void a_late_timer_fires_once(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    open_idle(&f, 60);
    fixture_stop(&f);
    atomic_store(&f.ahead_us, 3600 * second_us);
    fixture_start(&f);
    expect_ended_once(&f);
    fixture_stop(&f);
    fixture_start(&f);
    expect_ended_once(&f);
    tear_down(&f);
}

static int refuse_moves(void *arg, struct hub_append *append)
{
    bool is_move = append->event_count > 0 && append->events[0].type == session_moved_id;
    if (is_move) {
        atomic_store((atomic_bool *) arg, true);
    }
    return is_move ? HUB_APPEND_UNKNOWN : 0;
}

static bool is_set(struct fixture *self, void *arg)
{
    (void) self;
    return atomic_load((atomic_bool *) arg);
}

/* The append that a timer led to was refused and the hub stopped: the timer is still there and fires at the next start. */
static void a_timer_that_came_to_nothing_fires_again(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    atomic_bool refused = false;
    open_idle(&f, 60);
    f.tamper_arg = &refused;
    f.tamper = refuse_moves;
    atomic_store(&f.ahead_us, 61 * second_us);
    assert_true(comes_true(&f, is_set, &refused));
    fixture_stop(&f);
    f.tamper = NULL;
    fixture_start(&f);
    expect_ended_once(&f);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_session_ends_once),
        cmocka_unit_test(a_timer_does_not_fire_before_its_time),
        cmocka_unit_test(activity_puts_the_end_off),
        cmocka_unit_test(a_late_timer_fires_once),
        cmocka_unit_test(a_timer_that_came_to_nothing_fires_again),
    };
    return cmocka_run_group_tests_name("actors/timers", tests, NULL, NULL);
}
