/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of api/waits.h. */
#include "api/waits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct query {
    struct hub_wait wait;
    int reached; /* -1: not called */
    struct hub_waits *waits;
    struct query *drops, *adds; /* what it does when it goes on */
};

static void on_ready(struct hub_wait *wait, int reached)
{
    struct query *self = (struct query *) wait;
    assert_null(wait->after);
    assert_int_equal(self->reached, -1);
    self->reached = reached;
    if (self->drops != NULL) {
        hub_waits_drop(self->waits, &self->drops->wait);
    }
    if (self->adds != NULL) {
        assert_int_equal(hub_waits_add(self->waits, &self->adds->wait), 0);
    }
}

static struct query query_of(struct hub_waits *waits, uint64_t sequence, int64_t late_us)
{
    return (struct query){ .wait = { .sequence = sequence, .late_tick_us = late_us, .on_ready = on_ready },
                           .reached = -1,
                           .waits = waits };
}

static void those_go_on_whose_position_is_reached_or_time_is_over(void **state)
{
    struct hub_waits waits;
    hub_waits_init(&waits);
    struct query a = query_of(&waits, 10, 1000), b = query_of(&waits, 20, 1000), c = query_of(&waits, 30, 50);
    (void) state;
    hub_waits_add(&waits, &a.wait);
    hub_waits_add(&waits, &b.wait);
    hub_waits_add(&waits, &c.wait);
    hub_waits_run(&waits, 9, 49);
    assert_int_equal(waits.count, 3);
    hub_waits_run(&waits, 15, 50);
    assert_int_equal(a.reached, 1);
    assert_int_equal(b.reached, -1);
    assert_int_equal(c.reached, 0);
    assert_int_equal(waits.count, 1);
    hub_waits_drop(&waits, &b.wait);
    hub_waits_drop(&waits, &b.wait);
    assert_int_equal(waits.count, 0);
    hub_waits_run(&waits, 100, 100);
    assert_int_equal(b.reached, -1);
}

/* Answering one request may end another one's connection, or begin the next request. */
static void one_that_goes_on_may_drop_and_add_others(void **state)
{
    struct hub_waits waits;
    hub_waits_init(&waits);
    struct query a = query_of(&waits, 1, 0), b = query_of(&waits, 1, 0), c = query_of(&waits, 1, 0);
    struct query later = query_of(&waits, 1, 0);
    (void) state;
    a.drops = &b;
    a.adds = &later;
    hub_waits_add(&waits, &a.wait);
    hub_waits_add(&waits, &b.wait);
    hub_waits_add(&waits, &c.wait);
    hub_waits_run(&waits, 1, 0);
    assert_int_equal(a.reached, 1);
    assert_int_equal(b.reached, -1);
    assert_int_equal(c.reached, 1);
    assert_int_equal(later.reached, -1);
    assert_int_equal(waits.count, 1);
    hub_waits_run(&waits, 1, 0);
    assert_int_equal(later.reached, 1);
    assert_int_equal(waits.count, 0);
}

static void no_more_wait_than_there_is_room_for(void **state)
{
    struct hub_waits waits;
    struct query *many = calloc(HUB_WAITS_MAX + 1, sizeof *many);
    (void) state;
    hub_waits_init(&waits);
    for (int i = 0; i <= HUB_WAITS_MAX; i++) {
        many[i] = query_of(&waits, 1, INT64_MAX);
        assert_int_equal(hub_waits_add(&waits, &many[i].wait), i == HUB_WAITS_MAX);
    }
    hub_waits_run(&waits, 1, 0);
    assert_int_equal(waits.count, 0);
    assert_int_equal(many[HUB_WAITS_MAX - 1].reached, 1);
    assert_int_equal(many[HUB_WAITS_MAX].reached, -1);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_go_on_whose_position_is_reached_or_time_is_over),
        cmocka_unit_test(one_that_goes_on_may_drop_and_add_others),
        cmocka_unit_test(no_more_wait_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
