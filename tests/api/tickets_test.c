/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of api/tickets.h. */
#include "api/tickets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct waiter {
    struct hub_expect expect;
    int late;
};

static void on_answer(struct hub_expect *self, struct hub_answer *answer)
{
    (void) self;
    (void) answer;
}

static void on_job(struct hub_expect *self, struct hub_job *job)
{
    (void) self;
    (void) job;
}

static void on_late(struct hub_expect *self)
{
    ((struct waiter *) self)->late++;
}

static const struct hub_expect_ops ops = { .on_answer = on_answer, .on_job = on_job, .on_late = on_late };

static void a_ticket_finds_who_waits_once(void **state)
{
    struct hub_tickets *tickets = hub_tickets_new(3, 10);
    struct waiter waiter = { .expect.ops = &ops };
    (void) state;
    struct hub_ticket ticket = hub_tickets_open(tickets, &waiter.expect, 100);
    assert_int_equal(ticket.loop, 3);
    assert_int_not_equal(ticket.number, 0);
    assert_int_equal(waiter.expect.ticket, ticket.number);
    assert_int_equal(hub_tickets_count(tickets), 1);
    assert_ptr_equal(hub_tickets_take(tickets, ticket.number), &waiter.expect);
    assert_int_equal(waiter.expect.ticket, 0);
    assert_null(hub_tickets_take(tickets, ticket.number));
    assert_int_equal(hub_tickets_count(tickets), 0);
    hub_tickets_destroy(&tickets);
}

/* The answer of a request that is gone must not reach the one that got its slot. */
static void a_dead_number_finds_nobody_though_its_slot_is_used_again(void **state)
{
    struct hub_tickets *tickets = hub_tickets_new(0, 1);
    struct waiter gone = { .expect.ops = &ops }, next = { .expect.ops = &ops };
    (void) state;
    uint64_t dead = hub_tickets_open(tickets, &gone.expect, 100).number;
    hub_tickets_close(tickets, &gone.expect);
    uint64_t alive = hub_tickets_open(tickets, &next.expect, 100).number;
    assert_int_not_equal(dead, alive);
    assert_null(hub_tickets_take(tickets, dead));
    assert_ptr_equal(hub_tickets_take(tickets, alive), &next.expect);
    hub_tickets_destroy(&tickets);
}

static void numbers_that_were_never_given_out_find_nobody(void **state)
{
    struct hub_tickets *tickets = hub_tickets_new(0, 100);
    struct waiter waiter = { .expect.ops = &ops };
    (void) state;
    assert_null(hub_tickets_take(tickets, 0));
    assert_null(hub_tickets_take(tickets, 1));
    uint64_t number = hub_tickets_open(tickets, &waiter.expect, 0).number;
    for (unsigned bit = 0; bit < 64; bit++) {
        assert_null(hub_tickets_take(tickets, number ^ UINT64_C(1) << bit));
    }
    hub_tickets_close(tickets, &waiter.expect);
    hub_tickets_close(tickets, &waiter.expect);
    hub_tickets_destroy(&tickets);
}

static void no_more_are_open_than_there_is_room_for(void **state)
{
    enum { ROOM = 300 };
    struct hub_tickets *tickets = hub_tickets_new(0, ROOM);
    struct waiter waiters[ROOM + 1];
    (void) state;
    for (int i = 0; i <= ROOM; i++) {
        waiters[i] = (struct waiter){ .expect.ops = &ops };
        uint64_t number = hub_tickets_open(tickets, &waiters[i].expect, i).number;
        assert_int_equal(number != 0, i < ROOM);
    }
    assert_int_equal(hub_tickets_count(tickets), ROOM);
    assert_int_equal(waiters[ROOM].expect.ticket, 0);
    hub_tickets_close(tickets, &waiters[7].expect);
    assert_int_not_equal(hub_tickets_open(tickets, &waiters[ROOM].expect, ROOM).number, 0);
    assert_int_equal(hub_tickets_expire(tickets, ROOM), ROOM);
    hub_tickets_destroy(&tickets);
}

static void those_that_are_late_are_told_in_order_and_only_they(void **state)
{
    struct hub_tickets *tickets = hub_tickets_new(0, 1000);
    struct waiter waiters[5];
    (void) state;
    for (int i = 0; i < 5; i++) {
        waiters[i] = (struct waiter){ .expect.ops = &ops };
        hub_tickets_open(tickets, &waiters[i].expect, 10 * i);
    }
    hub_tickets_close(tickets, &waiters[1].expect);
    assert_int_equal(hub_tickets_expire(tickets, 25), 2);
    assert_int_equal(waiters[0].late + waiters[2].late, 2);
    assert_int_equal(waiters[1].late + waiters[3].late + waiters[4].late, 0);
    assert_int_equal(hub_tickets_count(tickets), 2);
    assert_int_equal(hub_tickets_expire(tickets, 40), 2);
    assert_int_equal(hub_tickets_expire(tickets, INT64_MAX), 0);
    hub_tickets_destroy(&tickets);
}

/* Against a plain array that knows what must be so. */
static void a_long_random_life_keeps_the_table_sound(void **state)
{
    enum { ROOM = 64, STEPS = 200000 };
    struct hub_tickets *tickets = hub_tickets_new(0, ROOM);
    struct waiter waiters[ROOM] = { 0 };
    uint64_t numbers[ROOM] = { 0 };
    unsigned seed = 4711;
    size_t open = 0;
    (void) state;
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1664525u + 1013904223u;
        unsigned at = seed >> 16 & (ROOM - 1);
        waiters[at].expect.ops = &ops;
        if (waiters[at].expect.ticket == 0) {
            assert_null(hub_tickets_take(tickets, numbers[at]));
            numbers[at] = hub_tickets_open(tickets, &waiters[at].expect, step).number;
            assert_int_not_equal(numbers[at], 0);
            open++;
        } else if (seed & 1) {
            assert_ptr_equal(hub_tickets_take(tickets, numbers[at]), &waiters[at].expect);
            open--;
        } else {
            hub_tickets_close(tickets, &waiters[at].expect);
            open--;
        }
        assert_int_equal(hub_tickets_count(tickets), open);
    }
    assert_int_equal(hub_tickets_expire(tickets, STEPS), open);
    hub_tickets_destroy(&tickets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ticket_finds_who_waits_once),
        cmocka_unit_test(a_dead_number_finds_nobody_though_its_slot_is_used_again),
        cmocka_unit_test(numbers_that_were_never_given_out_find_nobody),
        cmocka_unit_test(no_more_are_open_than_there_is_room_for),
        cmocka_unit_test(those_that_are_late_are_told_in_order_and_only_they),
        cmocka_unit_test(a_long_random_life_keeps_the_table_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
