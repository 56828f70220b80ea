/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rows of which only the last of each entity counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tools/export/export_latest.h"

enum { FIRST = 3, SECOND = 4 };

static bool keep(struct hub_export_latest *latest, size_t statement, const char *time, const char *id)
{
    const struct hub_export_cell cells[HUB_LATEST_CELLS] = {
        { .kind = HUB_CELL_text, .len = (uint32_t) strlen(time), .at = time },
        { .kind = HUB_CELL_text, .len = (uint32_t) strlen(id), .at = id },
    };
    return hub_export_latest_keep(latest, statement, cells);
}

static void only_the_last_row_of_an_entity_and_statement_is_kept(void **state)
{
    (void) state;
    struct hub_export_latest *latest = hub_export_latest_new();
    struct hub_export_cell cells[HUB_LATEST_CELLS];
    size_t statement, seen[SECOND + 1] = { 0 };
    assert_true(keep(latest, FIRST, "early", "one"));
    assert_true(keep(latest, SECOND, "other", "one"));
    assert_true(keep(latest, FIRST, "late", "one"));
    assert_true(keep(latest, FIRST, "late", "two"));
    while (hub_export_latest_take(latest, &statement, cells)) {
        seen[statement]++;
        assert_memory_equal(cells[0].at, statement == FIRST ? "late" : "other", cells[0].len);
    }
    assert_int_equal(seen[FIRST], 2);
    assert_int_equal(seen[SECOND], 1);
    hub_export_latest_destroy(&latest);
    assert_null(latest);
}

static void a_full_table_says_so_and_takes_rows_again_when_it_was_emptied(void **state)
{
    (void) state;
    struct hub_export_latest *latest = hub_export_latest_new();
    struct hub_export_cell cells[HUB_LATEST_CELLS];
    size_t statement, kept = 0;
    char id[16] = "";
    for (int round = 0; round < 2; round++) {
        size_t taken = 0;
        for (kept = 0; snprintf(id, sizeof id, "id %zu", kept), keep(latest, FIRST, "now", id); kept++)
            ;
        assert_true(kept > 1000);
        assert_true(keep(latest, FIRST, "then", "id 7")); /* it has a place */
        while (hub_export_latest_take(latest, &statement, cells))
            taken++;
        assert_int_equal(taken, kept);
    }
    hub_export_latest_destroy(&latest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_last_row_of_an_entity_and_statement_is_kept),
        cmocka_unit_test(a_full_table_says_so_and_takes_rows_again_when_it_was_emptied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
