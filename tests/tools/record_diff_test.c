/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is different between two records, and which paths a shape has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "actors/session/session.h"
#include "base/buf.h"
#include "base/list.h"
#include "tools/replay/record_diff.h"

static void note(void *arg, const struct hub_difference *difference)
{
    struct hub_buf *out = arg;
    hub_buf_put(out, difference->path.at, difference->path.len);
    hub_buf_put_byte(out, ' ');
    hub_buf_put(out, difference->before.at, difference->before.len);
    hub_buf_put_text(out, " > ");
    hub_buf_put(out, difference->after.at, difference->after.len);
    hub_buf_put_byte(out, '\n');
}

static void assert_diff(const struct session_state *before, const struct session_state *after, const char *expected)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_buf out;
    hub_buf_init(&out);
    const struct hub_difference_sink sink = { note, &out, arena };
    hub_record_diff(&session_state_shape, before, after, &sink);
    hub_buf_put_byte(&out, '\0');
    assert_string_equal(out.at, expected);
    hub_buf_done(&out);
    hub_arena_destroy(&arena);
}

static void values_come_change_and_go(void **state)
{
    (void) state;
    struct session_state before = { 0 }, after = { 0 };
    HUB_SET(session_state, &before, satisfaction, 3);
    HUB_SET(session_state, &before, page_id, HUB_SPAN("inbox"));
    HUB_SET(session_state, &after, satisfaction, 5);
    HUB_SET(session_state, &after, idle_s, 60);
    assert_diff(&before, &after, "/page_id \"inbox\" > \n/satisfaction 3 > 5\n/idle_s  > 60\n");
    assert_diff(&after, &after, "");
    assert_diff(NULL, &after, "/satisfaction  > 5\n/idle_s  > 60\n");
    assert_diff(&after, NULL, "/satisfaction 5 > \n/idle_s 60 > \n");
}

static void lists_of_records_are_compared_by_number(void **state)
{
    (void) state;
    struct session_transfer one = { 0 }, two[2] = { { 0 }, { 0 } };
    struct session_state before = { 0 }, after = { 0 };
    HUB_SET(session_transfer, &one, number, 1);
    HUB_SET(session_transfer, &two[0], number, 7);
    HUB_SET(session_transfer, &two[1], number, 2);
    before.transfers.at = &one;
    before.transfers.count = 1;
    HUB_MARK(session_state, &before, transfers);
    after.transfers.at = two;
    after.transfers.count = 2;
    HUB_MARK(session_state, &after, transfers);
    assert_diff(&before, &after, "/transfers/0/number 1 > 7\n/transfers/1  > {\"number\":2}\n");
    assert_diff(&after, &before, "/transfers/0/number 7 > 1\n/transfers/1 {\"number\":2} > \n");
}

static void what_was_sealed_anew_is_different_though_nobody_can_read_it(void **state)
{
    (void) state;
    struct session_state before = { 0 }, after = { 0 };
    const hub_sealed closed = { .box = HUB_SPAN("box 1"), .clear = HUB_SPAN("[sealed]") };
    const hub_sealed other = { .box = HUB_SPAN("box 2"), .clear = HUB_SPAN("[sealed]") };
    const hub_sealed open = { .box = HUB_SPAN("box 1"), .clear = HUB_SPAN("words") };
    const hub_sealed again = { .box = HUB_SPAN("box 2"), .clear = HUB_SPAN("words") };
    HUB_SET(session_state, &before, session_id, closed);
    HUB_SET(session_state, &after, session_id, other);
    assert_diff(&before, &after, "/session_id \"[sealed]\" > \"[sealed]\"\n");
    HUB_SET(session_state, &before, session_id, open);
    HUB_SET(session_state, &after, session_id, again);
    assert_diff(&before, &after, "");
}

static void a_path_touches_itself_and_what_lies_in_it(void **state)
{
    (void) state;
    assert_true(hub_path_touches(HUB_SPAN("/transfers"), HUB_SPAN("/transfers")));
    assert_true(hub_path_touches(HUB_SPAN("/transfers"), HUB_SPAN("/transfers/0/status")));
    assert_true(hub_path_touches(HUB_SPAN("/transfers/0/status"), HUB_SPAN("/transfers")));
    assert_false(hub_path_touches(HUB_SPAN("/channel"), HUB_SPAN("/channels")));
    assert_false(hub_path_touches(HUB_SPAN("/status"), HUB_SPAN("/channel")));
}

static void paths_are_looked_up(void **state)
{
    (void) state;
    static const struct {
        const char *text, *path, *wrong; /* wrong: NULL when it is there */
    } cases[] = {
        { "status", "/status", NULL },
        { "/transfers/0/status", "/transfers/0/status", NULL },
        { "transfers.12.number", "/transfers/12/number", NULL },
        { "metadata.any.thing", "/metadata/any/thing", NULL },
        { "/nothing", "/nothing", "nothing" },
        { "transfers.first", "/transfers/first", "first" },
        { "transfers.0.nothing", "/transfers/0/nothing", "nothing" },
        { "", "/", "" },
    };
    struct hub_arena *arena = hub_arena_new(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hub_path_found found;
        bool is_there = hub_path_find(&session_state_shape, cases[i].text, arena, &found);
        assert_int_equal(is_there, cases[i].wrong == NULL);
        assert_true(hub_span_is(found.path, hub_span(cases[i].path)));
        if (!is_there) {
            assert_true(hub_span_is(found.wrong, hub_span(cases[i].wrong)));
        }
    }
    hub_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_change_and_go),
        cmocka_unit_test(lists_of_records_are_compared_by_number),
        cmocka_unit_test(what_was_sealed_anew_is_different_though_nobody_can_read_it),
        cmocka_unit_test(a_path_touches_itself_and_what_lies_in_it),
        cmocka_unit_test(paths_are_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
