/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Which campaigns are at work, of all companies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/replay/history.h"

static void becomes(struct history *h, struct hub_ulid company, uint8_t campaign, enum campaign_status status)
{
    static const struct hub_ulid none;
    struct campaign_moved moved = { 0 };
    HUB_SET(campaign_moved, &moved, status, (hub_enum) status);
    put_event(h, (struct hub_stream){ company, fixture_id(campaign), KIND_campaign }, &campaign_moved_shape, &moved,
              none);
}

static uint32_t at_work(struct history *h, uint32_t limit, struct hub_ulid of)
{
    static const struct hub_name names[HUB_KINDS];
    struct at_work_query query = { 0 };
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_position at;
    struct hub_fault fault;
    void *answer = NULL;
    uint32_t count = 0;
    HUB_SET(at_work_query, &query, limit, limit);
    const struct hub_ask ask = { .query = &hub_query_at_work, .params = &query, .names = names, .arena = arena };
    assert_int_equal(hub_query_live(h->views, &ask, &answer, &at, &fault), 0);
    const struct campaigns_at_work *work = answer;
    assert_true(work->campaigns.count <= limit);
    for (uint32_t i = 0; i < work->campaigns.count; i++) {
        count += hub_ulid_is(work->campaigns.at[i].company, of);
    }
    hub_arena_destroy(&arena);
    return count;
}

static void a_company_with_many_campaigns_takes_no_room_of_anothers(void **state)
{
    struct history *h = *state;
    for (uint8_t i = 0; i < 9; i++) {
        becomes(h, h->company, (uint8_t) (100 + i), campaign_status_running);
        becomes(h, h->other_company, (uint8_t) (120 + i), i < 2 ? campaign_status_running : campaign_status_paused);
    }
    catch_up(h);
    assert_int_equal(at_work(h, 4, h->company), 2);
    assert_int_equal(at_work(h, 4, h->other_company), 2);
    assert_int_equal(at_work(h, 11, h->company), 9); /* there is room for all */
    assert_int_equal(at_work(h, 1000, h->company), 9);
    assert_int_equal(at_work(h, 1000, h->other_company), 2);
    assert_int_equal(at_work(h, 1, h->company) + at_work(h, 1, h->other_company), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_company_with_many_campaigns_takes_no_room_of_anothers, history_setup,
                                        history_teardown),
    };
    return cmocka_run_group_tests_name("replay/campaigns", tests, NULL, NULL);
}
