/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/ulid.h. */
#include "base/ulid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t no_random[10];

static void text_and_bytes_are_the_same_id(void **state)
{
    (void) state;
    for (int i = 0; i < 1000; i++) {
        struct hub_ulid id;
        struct hub_ulid back;
        for (int k = 0; k < 16; k++) {
            id.b[k] = (uint8_t) (i * 131 + k * 17 + i * k);
        }
        char text[HUB_ULID_TEXT];
        hub_ulid_print(id, text);
        assert_true(hub_ulid_parse(hub_span_of(text, sizeof text), &back));
        assert_true(hub_ulid_is(id, back));
    }
}

/* The example of the ULID specification: millisecond 1469918176385 is 01ARYZ6S41. */
static void the_specification_s_example_comes_out(void **state)
{
    (void) state;
    struct hub_ulid id = hub_ulid_make(INT64_C(1469918176385000), no_random);
    char text[HUB_ULID_TEXT];
    hub_ulid_print(id, text);
    assert_memory_equal(text, "01ARYZ6S410000000000000000", HUB_ULID_TEXT);
    assert_true(hub_ulid_parse(HUB_SPAN("7zzzzzzzzzzzzzzzzzzzzzzzzz"), &id));
    for (int i = 0; i < 16; i++) {
        assert_int_equal(id.b[i], 0xFF);
    }
}

static void later_ids_sort_later_as_bytes_and_as_text(void **state)
{
    (void) state;
    static const uint8_t high[10] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    struct hub_ulid before = hub_ulid_make(1000, high);
    for (int64_t ms = 2; ms < INT64_C(1) << 47; ms = ms * 3 + 1) {
        struct hub_ulid after = hub_ulid_make(ms * 1000, no_random);
        char a[HUB_ULID_TEXT];
        char b[HUB_ULID_TEXT];
        hub_ulid_print(before, a);
        hub_ulid_print(after, b);
        assert_true(memcmp(before.b, after.b, 16) < 0);
        assert_true(memcmp(a, b, HUB_ULID_TEXT) < 0);
        before = hub_ulid_make(ms * 1000, high);
    }
}

static void what_is_no_id_is_refused_and_changes_nothing(void **state)
{
    (void) state;
    static const char *const bad[] = { "",
                                       "01ARYZ6S41000000000000000",
                                       "01ARYZ6S4100000000000000000",
                                       "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
                                       "01ARYZ6S41000000000000000U",
                                       "01ARYZ6S41000000000000000I",
                                       "01ARYZ6S41000000000000000L",
                                       "01ARYZ6S41000000000000000O",
                                       "01ARYZ6S41-000000000000000",
                                       "01ARYZ6S4\303\251000000000000000",
                                       " 01ARYZ6S41000000000000000" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct hub_ulid id = { { 42 } };
        assert_false(hub_ulid_parse(hub_span(bad[i]), &id));
        assert_int_equal(id.b[0], 42);
    }
}

static void a_shard_can_be_read_and_replaced(void **state)
{
    (void) state;
    static const uint8_t high[10] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    struct hub_ulid id = hub_ulid_make(5000, high);
    assert_int_equal(hub_ulid_shard(id), 1023);
    for (uint32_t shard = 0; shard < 1024; shard++) {
        struct hub_ulid moved = hub_ulid_with_shard(id, shard);
        assert_int_equal(hub_ulid_shard(moved), shard);
        assert_memory_equal(moved.b, id.b, 14);
        assert_int_equal(moved.b[14] & 0xFC, 0xFC);
    }
    assert_false(hub_ulid_is_none(id));
    assert_true(hub_ulid_is_none((struct hub_ulid){ { 0 } }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_bytes_are_the_same_id),
        cmocka_unit_test(the_specification_s_example_comes_out),
        cmocka_unit_test(later_ids_sort_later_as_bytes_and_as_text),
        cmocka_unit_test(what_is_no_id_is_refused_and_changes_nothing),
        cmocka_unit_test(a_shard_can_be_read_and_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
