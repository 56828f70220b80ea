/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The text of a position. */
#include "log/position.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/error.h"

static const struct hub_log_identity here = { .log_id = { 0xde, 0xad, 0xbe, 0xef, 1, 2 }, .incarnation = 3 };

static const uint64_t sequences[] = { 0, 1, 63, 64, 255, 256, 123456789, UINT64_C(1) << 40, UINT64_MAX };
enum { SEQUENCES = sizeof sequences / sizeof sequences[0] };

static void a_position_survives_its_text(void **state)
{
    (void) state;
    for (int i = 0; i < SEQUENCES; i++) {
        char text[HUB_POSITION_TEXT];
        struct hub_position got;
        hub_position_print((struct hub_position){ sequences[i] }, &here, text);
        assert_int_equal(strlen(text), 26);
        assert_int_equal(hub_position_parse(hub_span(text), &here, &got), 0);
        assert_true(got.sequence == sequences[i]);
    }
}

static void the_text_is_as_the_format_says(void **state)
{
    (void) state;
    char text[HUB_POSITION_TEXT];
    hub_position_print((struct hub_position){ 1 }, &here, text);
    assert_string_equal(text, "3q2-7wAAAAMAAAAAAAAAAAAB4A");
}

static void another_log_or_incarnation_is_gone(void **state)
{
    (void) state;
    char text[HUB_POSITION_TEXT];
    struct hub_log_identity other = here, later = here;
    struct hub_position got = { 77 };
    other.log_id[3]++;
    later.incarnation++;
    hub_position_print((struct hub_position){ 5 }, &here, text);
    assert_int_equal(hub_position_parse(hub_span(text), &other, &got), HUB_ERROR_position_gone);
    assert_int_equal(hub_position_parse(hub_span(text), &later, &got), HUB_ERROR_position_gone);
    assert_int_equal(got.sequence, 77);
}

static void any_changed_character_is_refused(void **state)
{
    (void) state;
    char text[HUB_POSITION_TEXT];
    struct hub_position got = { 77 };
    for (int i = 0; i < SEQUENCES * 26 * 256; i++) {
        int at = i / 256 % 26;
        hub_position_print((struct hub_position){ sequences[i / 256 / 26] }, &here, text);
        if (text[at] != (char) i) {
            text[at] = (char) i;
            assert_int_equal(hub_position_parse(hub_span_of(text, 26), &here, &got), HUB_ERROR_invalid_query);
        }
    }
    assert_int_equal(got.sequence, 77);
}

static void another_length_is_refused(void **state)
{
    (void) state;
    char text[HUB_POSITION_TEXT + 1] = "";
    struct hub_position got;
    hub_position_print((struct hub_position){ 5 }, &here, text);
    for (size_t len = 0; len < 26; len++) {
        assert_int_equal(hub_position_parse(hub_span_of(text, len), &here, &got), HUB_ERROR_invalid_query);
    }
    text[26] = 'A';
    assert_int_equal(hub_position_parse(hub_span_of(text, 27), &here, &got), HUB_ERROR_invalid_query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_survives_its_text),       cmocka_unit_test(the_text_is_as_the_format_says),
        cmocka_unit_test(another_log_or_incarnation_is_gone), cmocka_unit_test(any_changed_character_is_refused),
        cmocka_unit_test(another_length_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
