/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How often somebody may guess. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/throttle.h"

struct pair {
    struct hub_world *world;
    struct hub_throttle *throttle;
};

static int set_up(void **state)
{
    static struct pair pair;
    pair.world = hub_world_fake_new(INT64_C(1700000000000000), 3);
    pair.throttle = hub_throttle_new(pair.world);
    *state = &pair;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *pair = *state;
    hub_throttle_destroy(&pair->throttle);
    hub_throttle_destroy(&pair->throttle);
    hub_world_fake_destroy(&pair->world);
    return 0;
}

static uint32_t guess(struct pair *pair, const char *who)
{
    return hub_throttle_count(pair->throttle, HUB_THROTTLE_account, hub_span(who));
}

static void ten_guesses_are_free_and_then_one_in_half_a_minute(void **state)
{
    struct pair *pair = *state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(guess(pair, "agent_1"), 0);
    }
    assert_int_equal(guess(pair, "agent_1"), 30);
    assert_int_equal(guess(pair, "agent_1"), 30); /* what was refused does not count */
    assert_int_equal(guess(pair, "agent_2"), 0);
    hub_world_fake_advance(pair->world, 29000000);
    assert_int_equal(guess(pair, "agent_1"), 1);
    hub_world_fake_advance(pair->world, 1000000);
    assert_int_equal(guess(pair, "agent_1"), 0);
    assert_int_equal(guess(pair, "agent_1"), 30);
}

static void who_knows_the_password_is_not_slowed_down(void **state)
{
    struct pair *pair = *state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(guess(pair, "agent_1"), 0);
        hub_throttle_forgive(pair->throttle, HUB_THROTTLE_account, HUB_SPAN("agent_1"));
    }
}

static void an_address_may_guess_more_and_gets_one_attempt_back(void **state)
{
    struct pair *pair = *state;
    const struct hub_span address = HUB_SPAN("\x7f\0\0\1");
    for (int i = 0; i < 100; i++) {
        assert_int_equal(hub_throttle_count(pair->throttle, HUB_THROTTLE_address, address), 0);
    }
    assert_int_equal(hub_throttle_count(pair->throttle, HUB_THROTTLE_address, address), 1);
    hub_throttle_forgive(pair->throttle, HUB_THROTTLE_address, address);
    assert_int_equal(hub_throttle_count(pair->throttle, HUB_THROTTLE_address, address), 0);
    assert_int_equal(hub_throttle_count(pair->throttle, HUB_THROTTLE_address, address), 1);
}

/* A hundred thousand names that nobody has push out the emptiest memory, not the one that counts. */
static void a_flood_of_names_does_not_free_an_account(void **state)
{
    struct pair *pair = *state;
    for (int i = 0; i < 10; i++) {
        guess(pair, "agent_1");
    }
    for (int i = 0; i < 100000; i++) {
        char name[32];
        snprintf(name, sizeof name, "nobody_%d", i);
        assert_int_equal(guess(pair, name), 0);
    }
    assert_int_not_equal(guess(pair, "agent_1"), 0);
}

#define A_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(ten_guesses_are_free_and_then_one_in_half_a_minute),
        A_TEST(who_knows_the_password_is_not_slowed_down),
        A_TEST(an_address_may_guess_more_and_gets_one_attempt_back),
        A_TEST(a_flood_of_names_does_not_free_an_account),
    };
    return cmocka_run_group_tests_name("api/throttle", tests, NULL, NULL);
}
