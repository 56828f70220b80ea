/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Text that somebody else wrote, on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/plain.h"

static void assert_shown(struct hub_span text, int indent, const char *shown)
{
    struct hub_buf out;
    hub_buf_init(&out);
    hub_plain_put(&out, text, indent);
    hub_buf_put_byte(&out, 0);
    assert_string_equal(out.at, shown);
    hub_buf_done(&out);
}

static void what_a_terminal_obeys_is_a_question_mark(void **state)
{
    (void) state;
    assert_shown(HUB_SPAN(""), 0, "");
    assert_shown(HUB_SPAN("a\033[31mb\x7f\r\t\0c"), 0, "a?[31mb????c");
    assert_shown(HUB_SPAN("\xc2\x9b"
                          "31m\xc2\x80\xc2\xa0"),
                 0, "?31m?\xc2\xa0");
    assert_shown(HUB_SPAN("\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xd8\x9c|\xe2\x80\x94\xe2\x81\xaa"), 0,
                 "????|\xe2\x80\x94\xe2\x81\xaa");
}

static void other_words_stay_as_they_are(void **state)
{
    (void) state;
    assert_shown(HUB_SPAN("schr\xc3\xa4g \xe5\xae\xa2 \xf0\x9f\x98\x80 \xd8\xa7"), HUB_PLAIN_ONE_LINE,
                 "schr\xc3\xa4g \xe5\xae\xa2 \xf0\x9f\x98\x80 \xd8\xa7");
    assert_shown(HUB_SPAN("\xe2"), 0, "\xe2");
    assert_shown(HUB_SPAN("\xe2\x80"), 0, "\xe2\x80");
    assert_shown(HUB_SPAN("\xc2"), 0, "\xc2");
}

static void lines_in_it_are_not_taken_for_ours(void **state)
{
    (void) state;
    assert_shown(HUB_SPAN("one\ntwo\n"), 3, "one\n   two\n   ");
    assert_shown(HUB_SPAN("one\ntwo"), 0, "one\ntwo");
    assert_shown(HUB_SPAN("one\ntwo"), HUB_PLAIN_ONE_LINE, "one?two");
}

static void json_says_what_it_said(void **state)
{
    (void) state;
    struct hub_buf out;
    hub_buf_init(&out);
    hub_plain_put_json(&out, HUB_SPAN("{\"a\\n\":\"\xc2\x9b"
                                      "31m\x7f\xd8\x9c\xe2\x80\xae\xe2\x81\xa9\xc3\xa4\"}"));
    hub_buf_put_byte(&out, 0);
    assert_string_equal(out.at, "{\"a\\n\":\"\\u009b31m\\u007f\\u061c\\u202e\\u2069\xc3\xa4\"}");
    hub_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_terminal_obeys_is_a_question_mark),
        cmocka_unit_test(other_words_stay_as_they_are),
        cmocka_unit_test(lines_in_it_are_not_taken_for_ours),
        cmocka_unit_test(json_says_what_it_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
