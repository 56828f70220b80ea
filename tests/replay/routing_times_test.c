/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The histogram of times to assignment: every time has one bucket, which is at most an eighth wide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "replay/routing_times.h"

static void a_bucket_holds_its_times_and_is_an_eighth_wide_at_most(void **state)
{
    (void) state;
    for (uint64_t ms = 0; ms < 4000000; ms += ms / 97 + 1) {
        uint64_t end = hub_routing_bucket_end(hub_routing_bucket(ms));
        assert_true(end >= ms);
        assert_true((end - ms) * 8 <= ms);
    }
}

static void buckets_follow_each_other_without_a_gap(void **state)
{
    (void) state;
    for (unsigned bucket = 0; bucket + 1 < HUB_ROUTING_TIMES; bucket++) {
        uint64_t end = hub_routing_bucket_end(bucket);
        assert_int_equal(hub_routing_bucket(end), bucket);
        assert_int_equal(hub_routing_bucket(end + 1), bucket + 1);
    }
    assert_int_equal(hub_routing_bucket(UINT64_MAX), HUB_ROUTING_TIMES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_holds_its_times_and_is_an_eighth_wide_at_most),
        cmocka_unit_test(buckets_follow_each_other_without_a_gap),
    };
    return cmocka_run_group_tests_name("replay/routing_times", tests, NULL, NULL);
}
