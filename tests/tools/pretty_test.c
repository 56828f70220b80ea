/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/demo/pretty.h"

static void assert_printed(const char *json, unsigned indent, bool colours, const char *expected)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    hub_pretty_print(hub_span(json), indent, colours, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void members_and_items_get_lines(void **state)
{
    (void) state;
    assert_printed("{\"a\":1,\"b\":[true,null],\"c\":{}}", 0, false,
                   "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null\n  ],\n  \"c\": {}\n}\n");
    assert_printed("[]", 2, false, "  []\n");
    assert_printed("[ 1 , 2 ]", 2, false, "  [\n    1,\n    2\n  ]\n");
}

static void what_is_in_strings_stays_as_it_is(void **state)
{
    (void) state;
    assert_printed("{\"a\":\"x, y: {z} [\\\"q\\\"] \\\\\"}", 0, false,
                   "{\n  \"a\": \"x, y: {z} [\\\"q\\\"] \\\\\"\n}\n");
}

static void colours_tell_keys_texts_and_the_rest(void **state)
{
    (void) state;
    assert_printed("{\"a\":\"b\",\"c\":1}", 0, true,
                   "{\n  \033[36m\"a\"\033[0m: \033[32m\"b\"\033[0m,\n  \033[36m\"c\"\033[0m: \033[33m1\033[0m\n}\n");
}

static void what_is_no_json_is_printed_too(void **state)
{
    (void) state;
    assert_printed("oops", 0, false, "oops\n");
    assert_printed("\"never ended\\", 0, false, "\"never ended\\\n");
    assert_printed("]}", 0, false, "\n]\n}\n");
    assert_printed("", 0, false, "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_items_get_lines),
        cmocka_unit_test(what_is_in_strings_stays_as_it_is),
        cmocka_unit_test(colours_tell_keys_texts_and_the_rest),
        cmocka_unit_test(what_is_no_json_is_printed_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
