/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/utf8.h. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void every_code_point_is_valid_and_counts_as_one(void **state)
{
    (void) state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF) {
            continue;
        }
        char bytes[4];
        struct hub_span text = { bytes, hub_utf8_put(c, bytes) };
        assert_true(hub_utf8_is_valid(text));
        assert_int_equal(hub_utf8_count(text), 1);
        for (size_t len = 1; len < text.len; len++) {
            assert_false(hub_utf8_is_valid(hub_span_of(bytes, len)));
        }
    }
}

/* How many of all texts of three bytes are valid follows from the table: see the sum below. */
static void exactly_the_well_formed_three_byte_texts_are_valid(void **state)
{
    (void) state;
    size_t valid = 0;
    for (uint32_t i = 0; i < 1u << 24; i++) {
        char bytes[3] = { (char) (i >> 16), (char) (i >> 8), (char) i };
        valid += hub_utf8_is_valid(hub_span_of(bytes, 3));
    }
    size_t ascii = 128;
    size_t two = 0x800 - 0x80;
    size_t three = 0x10000 - 0x800 - 0x800; /* without surrogates */
    assert_int_equal(valid, ascii * ascii * ascii + 2 * ascii * two + three);
}

static void ill_formed_texts_are_refused_wherever_they_stand(void **state)
{
    (void) state;
    static const char *const bad[] = { "\x80",
                                       "\xC0\x80",
                                       "\xC1\xBF",
                                       "\xE0\x9F\xBF",
                                       "\xED\xA0\x80",
                                       "\xED\xBF\xBF",
                                       "\xF0\x8F\xBF\xBF",
                                       "\xF4\x90\x80\x80",
                                       "\xF5\x80\x80\x80",
                                       "\xFF",
                                       "\xFE",
                                       "\xC3",
                                       "\xE2\x82",
                                       "\xF0\x9F\x98",
                                       "\xC3\x28",
                                       "\xF0\x9F\x28\x80" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (size_t before = 0; before < 20; before++) {
            char bytes[40];
            memset(bytes, 'a', sizeof bytes);
            memcpy(bytes + before, bad[i], strlen(bad[i]));
            assert_false(hub_utf8_is_valid(hub_span_of(bytes, before + strlen(bad[i]))));
            assert_false(hub_utf8_is_valid(hub_span_of(bytes, sizeof bytes)));
        }
    }
}

static void counting_agrees_with_the_prefix_at_every_length(void **state)
{
    (void) state;
    struct hub_span text = HUB_SPAN("Gr\xC3\xBC\xC3\x9F"
                                    "e \xE2\x82\xAC 12 \xF0\x9F\x98\x80 and plain ASCII behind");
    size_t all = hub_utf8_count(text);
    assert_int_equal(all, 35);
    for (size_t max = 0; max <= all + 2; max++) {
        struct hub_span prefix = hub_utf8_prefix(text, max);
        assert_true(hub_utf8_is_valid(prefix));
        assert_int_equal(hub_utf8_count(prefix), max < all ? max : all);
    }
    assert_true(hub_utf8_is_valid(hub_span(NULL)));
    assert_int_equal(hub_utf8_count(hub_span(NULL)), 0);
}

static void repairing_leaves_what_is_well_formed_and_marks_the_rest(void **state)
{
    (void) state;
    static const struct {
        const char *text, *repaired;
    } rows[] = {
        { "", "" },
        { "plain", "plain" },
        { "\xF0\x9F\x98\x80 \xC3\xA9", "\xF0\x9F\x98\x80 \xC3\xA9" },
        { "cut \xF0\x9F\x98", "cut ???" },
        { "\xC3", "?" },
        { "a\xFF"
          "b\x80\xC3\xA9\xED\xA0\x80",
          "a?b?\xC3\xA9???" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", rows[i].text);
        hub_utf8_repair(text, strlen(text));
        assert_string_equal(text, rows[i].repaired);
        assert_true(hub_utf8_is_valid(hub_span(text)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_valid_and_counts_as_one),
        cmocka_unit_test(exactly_the_well_formed_three_byte_texts_are_valid),
        cmocka_unit_test(ill_formed_texts_are_refused_wherever_they_stand),
        cmocka_unit_test(counting_agrees_with_the_prefix_at_every_length),
        cmocka_unit_test(repairing_leaves_what_is_well_formed_and_marks_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
