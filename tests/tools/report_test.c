/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reports: the same facts as lines and tables, and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/report.h"
#include "tools/tool.h"

enum { TEXT = 1 << 20, MANY = 2500, LATE = 1700 };

/* What is printed on stdout while `print` runs; owned by the caller. */
static char *printed_by(void (*print)(const struct hub_settings *), bool is_json)
{
    static char json[] = "--json";
    char *words[] = { json, NULL };
    const char *operands[2];
    struct hub_settings *settings;
    char *text = calloc(1, TEXT);
    FILE *file = tmpfile();
    int kept = dup(STDOUT_FILENO);
    assert_int_equal(hub_settings_read(HUB_TOOL_version, is_json ? 1 : 0, words, operands, &settings), 0);
    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    print(settings);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    rewind(file);
    assert_true(fread(text, 1, TEXT - 1, file) > 0);
    fclose(file);
    hub_settings_destroy(&settings);
    return text;
}

static void assert_printed(void (*print)(const struct hub_settings *), const char *lines, const char *json)
{
    char *text = printed_by(print, false);
    assert_string_equal(text, lines);
    free(text);
    text = printed_by(print, true);
    assert_string_equal(text, json);
    free(text);
}

static void print_members(const struct hub_settings *settings)
{
    struct hub_report report;
    hub_report_begin(&report, settings);
    hub_report_text(&report, "name", "one\033[2Jtwo");
    hub_report_text(&report, "absent", NULL);
    hub_report_u64(&report, "so_many", 12);
    hub_report_bool(&report, "is_it", true);
    hub_report_note(&report, "Only this once.");
    assert_int_equal(hub_report_end(&report, HUB_EXIT_ABSENT), HUB_EXIT_ABSENT);
}

static void members_are_lines_without_control_characters(void **state)
{
    (void) state;
    assert_printed(print_members, "name     one?[2Jtwo\nso many  12\nis it    yes\nOnly this once.\n",
                   "{\"name\":\"one\\u001b[2Jtwo\",\"so_many\":12,\"is_it\":true}\n");
}

static void print_rows(const struct hub_settings *settings)
{
    static const char *const names[] = { "a", "größer" };
    struct hub_report report;
    hub_report_begin(&report, settings);
    hub_report_say(&report, "There are %d.", 2);
    hub_report_u64(&report, "count", 2);
    hub_report_list(&report, "things");
    for (unsigned i = 0; i < 2; i++) {
        hub_report_row(&report);
        hub_report_text(&report, "name", names[i]);
        hub_report_u64(&report, "rows", 9 + i);
        hub_report_text(&report, "why", i == 0 ? NULL : "so");
    }
    hub_report_list_end(&report);
    hub_report_list(&report, "others");
    hub_report_list_end(&report);
    assert_int_equal(hub_report_end(&report, HUB_EXIT_OK), HUB_EXIT_OK);
}

static void a_list_is_a_table_and_a_sentence_stands_for_the_members(void **state)
{
    (void) state;
    assert_printed(
        print_rows, "There are 2.\n\nname    rows  why\na          9  -\ngrößer    10  so\n",
        "{\"count\":2,\"things\":[{\"name\":\"a\",\"rows\":9},{\"name\":\"größer\",\"rows\":10,\"why\":\"so\"}],"
        "\"others\":[]}\n");
}

static void print_many_by(const struct hub_settings *settings, void (*list)(struct hub_report *self, const char *name))
{
    struct hub_report report;
    hub_report_begin(&report, settings);
    hub_report_u64(&report, "first", 0);
    list(&report, "things");
    for (unsigned i = 0; i < MANY; i++) {
        hub_report_row(&report);
        hub_report_u64(&report, "number", i);
        hub_report_text(&report, "why", i == LATE ? "because" : NULL);
    }
    hub_report_list_end(&report);
    hub_report_note(&report, "%d things.", MANY);
    assert_int_equal(hub_report_end(&report, HUB_EXIT_OK), HUB_EXIT_OK);
}

static void print_many(const struct hub_settings *settings)
{
    print_many_by(settings, hub_report_list);
}

static void print_many_at_a_time(const struct hub_settings *settings)
{
    print_many_by(settings, hub_report_long_list);
}

static void a_long_list_is_the_same_document_and_tells_of_a_new_column_when_it_comes(void **state)
{
    (void) state;
    char *whole = printed_by(print_many, true), *parts = printed_by(print_many_at_a_time, true);
    assert_string_equal(parts, whole);
    free(whole);
    free(parts);
    parts = printed_by(print_many_at_a_time, false);
    assert_int_equal(strncmp(parts, "first  0\n\nnumber\n     0\n     1\n", 31), 0);
    assert_non_null(strstr(parts, "\n   999\n\nnumber  why\n  1000  -\n"));
    assert_non_null(strstr(parts, "\n  1699  -\n  1700  because\n"));
    assert_non_null(strstr(parts, "\n  1999  -\n  2000  -\n"));
    assert_string_equal(strstr(parts, "  2499"), "  2499  -\n2500 things.\n");
    free(parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_lines_without_control_characters),
        cmocka_unit_test(a_list_is_a_table_and_a_sentence_stands_for_the_members),
        cmocka_unit_test(a_long_list_is_the_same_document_and_tells_of_a_new_column_when_it_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
