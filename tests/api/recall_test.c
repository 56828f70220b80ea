/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of api/recall.h. */
#include "api/recall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"

static const struct hub_recall_key asked = {
    .company = { { 1 } },
    .path = { "/sessions/active", 16 },
    .query = { "limit=50", 8 },
    .position = 7,
    .erasures = 2,
};

static int set_up(void **state)
{
    static struct hub_recall *recall;
    recall = hub_recall_new();
    hub_recall_keep(recall, &asked,
                    &(struct hub_recalled){ .body = HUB_SPAN("[1]"), .link = HUB_SPAN("</next>"), .version = 3 });
    *state = recall;
    return 0;
}

static int tear_down(void **state)
{
    struct hub_recall *recall = *state;
    hub_recall_destroy(&recall);
    hub_recall_destroy(&recall);
    return 0;
}

static void what_was_kept_is_found(void **state)
{
    struct hub_recalled answer;
    assert_true(hub_recall_find(*state, &asked, &answer));
    assert_true(hub_span_is(answer.body, HUB_SPAN("[1]")));
    assert_true(hub_span_is(answer.link, HUB_SPAN("</next>")));
    assert_int_equal(answer.version, 3);
}

static void nothing_else_finds_it(void **state)
{
    struct hub_recall_key others[] = { asked, asked, asked, asked, asked, asked };
    struct hub_recalled answer;
    others[0].company.b[15] = 1;
    others[1].path = HUB_SPAN("/sessions/activ");
    others[2].query = HUB_SPAN("limit=51");
    others[3].position = 8;
    others[4].erasures = 3;
    others[5].position = 0;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(hub_recall_find(*state, &others[i], &answer));
    }
    /* The same bytes, cut elsewhere. */
    struct hub_recall_key cut = asked;
    cut.path = HUB_SPAN("/sessions/activel");
    cut.query = HUB_SPAN("imit=50");
    assert_false(hub_recall_find(*state, &cut, &answer));
}

static void the_newest_takes_the_place(void **state)
{
    struct hub_recall_key later = asked;
    struct hub_recalled answer;
    later.position = 9;
    hub_recall_keep(*state, &later, &(struct hub_recalled){ .body = HUB_SPAN("[1,2]") });
    assert_false(hub_recall_find(*state, &asked, &answer));
    assert_true(hub_recall_find(*state, &later, &answer));
    assert_true(hub_span_is(answer.body, HUB_SPAN("[1,2]")));
    assert_int_equal(answer.link.len, 0);
    assert_int_equal(answer.version, 0);
}

static void what_is_too_long_is_not_kept(void **state)
{
    char *bytes = hub_memory_zero(HUB_RECALL_BODY + 1);
    struct hub_recall_key key = asked;
    struct hub_recalled answer;
    key.position = 9;
    hub_recall_keep(*state, &key, &(struct hub_recalled){ .body = hub_span_of(bytes, HUB_RECALL_BODY + 1) });
    assert_false(hub_recall_find(*state, &key, &answer));
    hub_recall_keep(*state, &key, &(struct hub_recalled){ .body = HUB_SPAN("[]"), .link = hub_span_of(bytes, 4096) });
    assert_false(hub_recall_find(*state, &key, &answer));
    key.query = hub_span_of(bytes, 4096);
    hub_recall_keep(*state, &key, &(struct hub_recalled){ .body = HUB_SPAN("[]") });
    assert_false(hub_recall_find(*state, &key, &answer));
    free(bytes);
    assert_true(hub_recall_find(*state, &asked, &answer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_kept_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_else_finds_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_newest_takes_the_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_not_kept, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("api/recall", tests, NULL, NULL);
}
