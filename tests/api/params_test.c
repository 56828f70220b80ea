/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of api/params.h. */
#include "api/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void pairs_come_one_by_one(void **state)
{
    struct hub_span rest = HUB_SPAN("a=1&&b=x=y&c&=d"), name, value;
    static const char *const expected[][2] = { { "a", "1" }, { "b", "x=y" }, { "c", "" }, { "", "d" } };
    (void) state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(hub_param_next(&rest, &name, &value));
        assert_true(hub_span_is(name, hub_span(expected[i][0])));
        assert_true(hub_span_is(value, hub_span(expected[i][1])));
    }
    assert_false(hub_param_next(&rest, &name, &value));
    rest = hub_span_of(NULL, 0);
    assert_false(hub_param_next(&rest, &name, &value));
}

static void percent_signs_are_undone_and_checked(void **state)
{
    static const char *const bad[] = { "%", "%4", "%4g", "a%", "%zz", "%ff", "%c3", "%00", "\xff" };
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_span text;
    (void) state;
    assert_true(hub_param_decode(HUB_SPAN("a%20b%C3%a4+c"), true, arena, &text));
    assert_true(hub_span_is(text, HUB_SPAN("a b\xc3\xa4 c")));
    assert_true(hub_param_decode(HUB_SPAN("a+b%2Fc"), false, arena, &text));
    assert_true(hub_span_is(text, HUB_SPAN("a+b/c")));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(hub_param_decode(hub_span(bad[i]), true, arena, &text));
    }
    hub_arena_destroy(&arena);
}

static void what_needs_no_undoing_is_not_copied(void **state)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_span plain = HUB_SPAN("customer_004"), text;
    (void) state;
    assert_true(hub_param_decode(plain, true, arena, &text));
    assert_ptr_equal(text.at, plain.at);
    assert_int_equal(hub_arena_used(arena), 0);
    hub_arena_destroy(&arena);
}

static void every_text_comes_back_from_its_encoding(void **state)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_buf out;
    char text[127];
    (void) state;
    for (int i = 0; i < 127; i++) {
        text[i] = (char) (i + 1);
    }
    hub_buf_init(&out);
    hub_param_encode(hub_span_of(text, sizeof text), &out);
    struct hub_span back;
    for (int plus = 0; plus < 2; plus++) {
        assert_true(hub_param_decode(hub_buf_span(&out), plus, arena, &back));
        assert_true(hub_span_is(back, hub_span_of(text, sizeof text)));
    }
    hub_buf_done(&out);
    hub_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_come_one_by_one),
        cmocka_unit_test(percent_signs_are_undone_and_checked),
        cmocka_unit_test(what_needs_no_undoing_is_not_copied),
        cmocka_unit_test(every_text_comes_back_from_its_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
