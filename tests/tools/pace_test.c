/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of tools/bench/pace.h. */
#include "tools/bench/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND_US INT64_C(1000000)

/* Ten requests a second for one second, by three connections that all wait. */
static struct hub_pace *ten_a_second(void)
{
    struct hub_pace *pace = hub_pace_new(10, 3);
    assert_non_null(pace);
    hub_pace_start(pace, SECOND_US, 2 * SECOND_US);
    for (unsigned i = 0; i < 3; i++)
        hub_pace_wait(pace, i);
    return pace;
}

static void assert_taken(struct hub_pace *pace, int64_t now_us, unsigned connection, int64_t due_us)
{
    unsigned taken = 99;
    int64_t taken_due_us = 0;
    assert_true(hub_pace_take(pace, now_us, &taken, &taken_due_us));
    assert_int_equal(taken, connection);
    assert_int_equal(taken_due_us, due_us);
}

static void assert_nothing(struct hub_pace *pace, int64_t now_us)
{
    unsigned taken = 99;
    int64_t due_us = 0;
    assert_false(hub_pace_take(pace, now_us, &taken, &due_us));
    assert_int_equal(taken, 99);
}

static void a_request_goes_out_when_it_is_due_and_not_before(void **state)
{
    (void) state;
    struct hub_pace *pace = ten_a_second();
    assert_int_equal(hub_pace_left(pace), 10);
    assert_taken(pace, SECOND_US, 0, SECOND_US);
    assert_nothing(pace, SECOND_US + 99999);
    assert_int_equal(hub_pace_next_us(pace), SECOND_US + 100000);
    assert_taken(pace, SECOND_US + 100000, 1, SECOND_US + 100000);
    assert_int_equal(hub_pace_left(pace), 8);
    hub_pace_destroy(&pace);
    assert_null(pace);
}

static void a_stall_is_charged_to_every_request_it_delayed(void **state)
{
    (void) state;
    struct hub_pace *pace = ten_a_second();
    int64_t stall_over_us = SECOND_US + 450000;
    assert_taken(pace, stall_over_us, 0, SECOND_US);
    assert_taken(pace, stall_over_us, 1, SECOND_US + 100000);
    assert_taken(pace, stall_over_us, 2, SECOND_US + 200000);
    assert_nothing(pace, stall_over_us);
    hub_pace_wait(pace, 1);
    assert_taken(pace, stall_over_us + 7, 1, SECOND_US + 300000);
    hub_pace_destroy(&pace);
}

static void the_connection_that_waited_longest_is_next(void **state)
{
    (void) state;
    struct hub_pace *pace = ten_a_second();
    assert_taken(pace, 2 * SECOND_US, 0, SECOND_US);
    hub_pace_wait(pace, 0);
    hub_pace_wait(pace, 0); /* once is enough */
    assert_taken(pace, 2 * SECOND_US, 1, SECOND_US + 100000);
    assert_taken(pace, 2 * SECOND_US, 2, SECOND_US + 200000);
    assert_taken(pace, 2 * SECOND_US, 0, SECOND_US + 300000);
    assert_nothing(pace, 2 * SECOND_US);
    hub_pace_destroy(&pace);
}

static void a_connection_that_left_gets_nothing_until_it_waits_again(void **state)
{
    (void) state;
    struct hub_pace *pace = ten_a_second();
    hub_pace_leave(pace, 0);
    hub_pace_leave(pace, 0);
    assert_taken(pace, 2 * SECOND_US, 1, SECOND_US);
    hub_pace_leave(pace, 2);
    hub_pace_wait(pace, 2);
    assert_taken(pace, 2 * SECOND_US, 2, SECOND_US + 100000);
    assert_nothing(pace, 2 * SECOND_US);
    hub_pace_wait(pace, 0);
    assert_taken(pace, 2 * SECOND_US, 0, SECOND_US + 200000);
    hub_pace_destroy(&pace);
}

static void nothing_is_due_for_nobody_or_after_the_end(void **state)
{
    (void) state;
    struct hub_pace *pace = hub_pace_new(10, 1);
    hub_pace_start(pace, 0, SECOND_US);
    assert_true(hub_pace_next_us(pace) == INT64_MAX);
    for (int i = 0; i < 10; i++) {
        hub_pace_wait(pace, 0);
        assert_taken(pace, 100 * SECOND_US, 0, i * 100000);
    }
    hub_pace_wait(pace, 0);
    assert_nothing(pace, 100 * SECOND_US);
    assert_true(hub_pace_next_us(pace) == INT64_MAX);
    assert_int_equal(hub_pace_left(pace), 0);
    hub_pace_destroy(&pace);
}

static void a_rate_that_divides_nothing_evenly_keeps_its_total(void **state)
{
    (void) state;
    struct hub_pace *pace = hub_pace_new(33333.3, 1);
    hub_pace_start(pace, 0, 3 * SECOND_US);
    assert_int_equal(hub_pace_left(pace), 100000);
    hub_pace_destroy(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_goes_out_when_it_is_due_and_not_before),
        cmocka_unit_test(a_stall_is_charged_to_every_request_it_delayed),
        cmocka_unit_test(the_connection_that_waited_longest_is_next),
        cmocka_unit_test(a_connection_that_left_gets_nothing_until_it_waits_again),
        cmocka_unit_test(nothing_is_due_for_nobody_or_after_the_end),
        cmocka_unit_test(a_rate_that_divides_nothing_evenly_keeps_its_total),
    };
    return cmocka_run_group_tests_name("tools/bench/pace", tests, NULL, NULL);
}
