/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What an object says beyond a record's fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json_rest.h"

static const struct hub_field fields[] = { { .name = "name" }, { .name = "tier" } };
static const struct hub_shape shape = { .name = "known", .fields = fields, .count = 2 };

static void expect(const char *text, const char *rest)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_span found = hub_json_rest(&shape, hub_span(text), arena);
    assert_int_equal(found.len, strlen(rest));
    assert_memory_equal(found.at, rest, found.len);
    hub_arena_destroy(&arena);
}

static void members_without_a_field_are_the_rest(void **state)
{
    (void) state;
    expect("{\"name\":\"a\",\"decision_maker\":true,\"tier\":1}", "{\"decision_maker\":true}");
    expect("{\"a\":{\"name\":1,\"b\":[1,{\"c\":\"}\"}]},\"tier\":2,\"d\":\"x,\\\"y\"}",
           "{\"a\":{\"name\":1,\"b\":[1,{\"c\":\"}\"}]},\"d\":\"x,\\\"y\"}");
    expect("{\"names\":null,\"nam\":0}", "{\"names\":null,\"nam\":0}");
}

static void nothing_is_left_of_what_is_known_or_no_object(void **state)
{
    (void) state;
    expect("{\"name\":\"a\",\"tier\":{\"x\":[]}}", "");
    expect("{}", "");
    expect("[1,2]", "");
    expect("\"name\"", "");
    expect("", "");
}

/* It reads canonical text, but does not leave what it was given when it gets something else. */
static void text_that_is_cut_off_is_not_left(void **state)
{
    (void) state;
    static const char whole[] = "{\"a\":{\"b\":[1,\"\\\"}\"]},\"name\":\"x\",\"c\":3}";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char *cut = malloc(len + 1); /* a byte beyond it is found by the sanitizer */
        struct hub_arena *arena = hub_arena_new(0);
        memcpy(cut, whole, len);
        char *exact = realloc(cut, len > 0 ? len : 1);
        (void) hub_json_rest(&shape, hub_span_of(exact, len), arena);
        hub_arena_destroy(&arena);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_without_a_field_are_the_rest),
        cmocka_unit_test(nothing_is_left_of_what_is_known_or_no_object),
        cmocka_unit_test(text_that_is_cut_off_is_not_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
