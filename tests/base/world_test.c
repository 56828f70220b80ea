/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/world.h. */
#include "base/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <stdlib.h>

#include <cmocka.h>

static void two_fake_worlds_of_one_seed_are_the_same(void **state)
{
    (void) state;
    struct hub_world *a = hub_world_fake_new(1000000, 7);
    struct hub_world *b = hub_world_fake_new(1000000, 7);
    struct hub_world *c = hub_world_fake_new(1000000, 8);
    for (int i = 0; i < 100; i++) {
        struct hub_ulid id = hub_world_ulid(a);
        assert_true(hub_ulid_is(id, hub_world_ulid(b)));
        assert_false(hub_ulid_is(id, hub_world_ulid(c)));
        assert_false(hub_ulid_is(id, hub_world_ulid(a)));
        hub_world_ulid(b);
    }
    hub_world_fake_destroy(&a);
    hub_world_fake_destroy(&b);
    hub_world_fake_destroy(&c);
    hub_world_fake_destroy(&c);
    assert_null(c);
}

static void fake_time_stands_until_it_is_moved(void **state)
{
    (void) state;
    struct hub_world *world = hub_world_fake_new(5000000, 1);
    int64_t tick = hub_tick_us(world);
    assert_int_equal(hub_now_us(world), 5000000);
    assert_int_equal(hub_now_us(world), 5000000);
    hub_world_fake_advance(world, 250);
    assert_int_equal(hub_now_us(world), 5000250);
    assert_int_equal(hub_tick_us(world), tick + 250);
    hub_world_fake_destroy(&world);
}

static void real_clocks_run_forward(void **state)
{
    (void) state;
    const struct hub_world *world = hub_world_real();
    int64_t tick = hub_tick_us(world);
    assert_true(hub_now_us(world) > INT64_C(1700000000000000));
    for (int i = 0; i < 1000; i++) {
        int64_t next = hub_tick_us(world);
        assert_true(next >= tick);
        tick = next;
    }
}

enum { IDS = 3000 };

static void *make_ids(void *arg)
{
    struct hub_ulid *ids = arg;
    for (int i = 0; i < IDS; i++) {
        ids[i] = hub_world_ulid(hub_world_real());
    }
    return NULL;
}

static int compare_random(const void *a, const void *b)
{
    return memcmp(((const struct hub_ulid *) a)->b + 6, ((const struct hub_ulid *) b)->b + 6, 10);
}

static void real_ids_of_two_threads_never_meet(void **state)
{
    (void) state;
    static struct hub_ulid ids[2 * IDS];
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, make_ids, ids), 0);
    make_ids(ids + IDS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    qsort(ids, 2 * IDS, sizeof ids[0], compare_random);
    for (int i = 1; i < 2 * IDS; i++) {
        assert_true(compare_random(&ids[i - 1], &ids[i]) < 0);
    }
}

static void real_randomness_fills_every_length(void **state)
{
    (void) state;
    const struct hub_world *world = hub_world_real();
    for (size_t len = 1; len < 6000; len += len < 40 ? 1 : 397) {
        uint8_t bytes[6001] = { 0 };
        uint8_t seen = 0;
        for (int i = 0; i < 40; i++) {
            world->random(world->self, bytes, len);
            seen |= bytes[len - 1];
        }
        assert_int_not_equal(seen, 0);
        assert_int_equal(bytes[len], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_fake_worlds_of_one_seed_are_the_same),
        cmocka_unit_test(fake_time_stands_until_it_is_moved),
        cmocka_unit_test(real_clocks_run_forward),
        cmocka_unit_test(real_ids_of_two_threads_never_meet),
        cmocka_unit_test(real_randomness_fills_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
