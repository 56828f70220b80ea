/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/opened.h. */
#include "base/opened.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { MANY = 100000 };

static const struct hub_ulid company = { "company" };
static const struct hub_ulid other_company = { "Company" };

static int set_up(void **state)
{
    *state = hub_opened_new();
    return 0;
}

static int tear_down(void **state)
{
    hub_opened_destroy((struct hub_opened **) state);
    assert_null(*state);
    return 0;
}

static void what_was_kept_is_found_for_exactly_its_box_and_company(void **state)
{
    struct hub_opened *self = *state;
    struct hub_span clear = HUB_SPAN("untouched");
    char box[] = "some box of bytes";
    const struct hub_span whole = hub_span_of(box, sizeof box);
    assert_false(hub_opened_find(self, company, whole, &clear));
    hub_opened_keep(self, company, whole, HUB_SPAN("customer_1"));
    assert_true(hub_opened_find(self, company, whole, &clear));
    assert_true(hub_span_is(clear, HUB_SPAN("customer_1")));
    clear = HUB_SPAN("untouched");
    assert_false(hub_opened_find(self, other_company, whole, &clear));
    assert_false(hub_opened_find(self, company, hub_span_of(box + 1, sizeof box - 1), &clear));
    for (size_t i = 0; i < sizeof box; i++) {
        box[i] ^= 1;
        assert_false(hub_opened_find(self, company, whole, &clear));
        box[i] ^= 1;
    }
    assert_true(hub_span_is(clear, HUB_SPAN("untouched")));
}

static void an_empty_text_can_be_kept_too(void **state)
{
    struct hub_opened *self = *state;
    struct hub_span clear = HUB_SPAN("untouched");
    hub_opened_keep(self, company, HUB_SPAN("box of nothing"), hub_span_of(NULL, 0));
    assert_true(hub_opened_find(self, company, HUB_SPAN("box of nothing"), &clear));
    assert_int_equal(clear.len, 0);
    assert_non_null(clear.at);
}

static void all_is_forgotten_when_a_key_was_destroyed(void **state)
{
    struct hub_opened *self = *state;
    struct hub_span clear;
    hub_opened_renew(self, 7);
    hub_opened_keep(self, company, HUB_SPAN("a box"), HUB_SPAN("customer_1"));
    hub_opened_renew(self, 7);
    assert_true(hub_opened_find(self, company, HUB_SPAN("a box"), &clear));
    hub_opened_renew(self, 8);
    assert_false(hub_opened_find(self, company, HUB_SPAN("a box"), &clear));
}

static void what_is_too_long_or_too_short_is_passed_over(void **state)
{
    struct hub_opened *self = *state;
    static char bytes[256];
    struct hub_span clear;
    const size_t lengths[][2] = { { 0, 1 }, { 3, 1 }, { 175, 0 }, { 110, 65 }, { 256, 256 } };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct hub_span box = hub_span_of(bytes, lengths[i][0]);
        hub_opened_keep(self, company, box, hub_span_of(bytes, lengths[i][1]));
        assert_false(hub_opened_find(self, company, box, &clear));
    }
    hub_opened_keep(self, company, hub_span_of(bytes, 110), hub_span_of(bytes, 64));
    assert_true(hub_opened_find(self, company, hub_span_of(bytes, 110), &clear));
    assert_int_equal(clear.len, 64);
}

static void of_very_many_some_are_forgotten_and_none_is_mistaken(void **state)
{
    struct hub_opened *self = *state;
    char box[40], name[40];
    unsigned found = 0;
    for (unsigned i = 0; i < MANY; i++) {
        int box_len = snprintf(box, sizeof box, "box %u, %08x", i, i * 2654435761u);
        int len = snprintf(name, sizeof name, "name %u", i);
        hub_opened_keep(self, company, hub_span_of(box, (size_t) box_len), hub_span_of(name, (size_t) len));
    }
    for (unsigned i = 0; i < MANY; i++) {
        int box_len = snprintf(box, sizeof box, "box %u, %08x", i, i * 2654435761u);
        int len = snprintf(name, sizeof name, "name %u", i);
        struct hub_span clear;
        if (hub_opened_find(self, company, hub_span_of(box, (size_t) box_len), &clear)) {
            assert_true(hub_span_is(clear, hub_span_of(name, (size_t) len)));
            found++;
        }
    }
    assert_in_range(found, 1, MANY / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_kept_is_found_for_exactly_its_box_and_company),
        TEST(an_empty_text_can_be_kept_too),
        TEST(all_is_forgotten_when_a_key_was_destroyed),
        TEST(what_is_too_long_or_too_short_is_passed_over),
        TEST(of_very_many_some_are_forgotten_and_none_is_mistaken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
