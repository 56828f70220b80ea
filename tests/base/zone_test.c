/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Time zones, against the C library over seventy years. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/zone.h"
#include "base/zone_rule.h"

static int set_up(void **state)
{
    *state = hub_zones_new(NULL);
    return 0;
}

static int tear_down(void **state)
{
    struct hub_zones *zones = *state;
    hub_zones_destroy(&zones);
    assert_null(zones);
    hub_zones_destroy(&zones);
    return 0;
}

static int64_t at_utc(const char *text)
{
    struct tm tm = { 0 };
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M", &tm));
    return (int64_t) timegm(&tm) * 1000000;
}

static int32_t hours(struct hub_zones *zones, const char *name, const char *when)
{
    int32_t offset = 99;
    assert_int_equal(hub_zone_offset(zones, hub_span(name), at_utc(when), &offset), 0);
    assert_int_equal(offset % 1800, 0);
    return offset / 1800;
}

static void a_zone_knows_its_summer_time(void **state)
{
    assert_int_equal(hours(*state, "America/Los_Angeles", "2025-03-09 09:59"), -16);
    assert_int_equal(hours(*state, "America/Los_Angeles", "2025-03-09 10:00"), -14);
    assert_int_equal(hours(*state, "Europe/Berlin", "2026-01-31 12:00"), 2);
    assert_int_equal(hours(*state, "Europe/Berlin", "2026-07-31 12:00"), 4);
    assert_int_equal(hours(*state, "Asia/Kolkata", "2026-07-31 12:00"), 11);
}

static void abbreviations_mean_a_place(void **state)
{
    assert_int_equal(hours(*state, "PST", "2026-01-31 12:00"), -16);
    assert_int_equal(hours(*state, "PST", "2026-07-31 12:00"), -14);
    assert_int_equal(hours(*state, "EST", "2026-01-31 12:00"), -10);
}

static void offsets_are_zones_too(void **state)
{
    assert_int_equal(hours(*state, "Z", "2026-01-31 12:00"), 0);
    assert_int_equal(hours(*state, "UTC", "2026-01-31 12:00"), 0);
    assert_int_equal(hours(*state, "+05:30", "2026-01-31 12:00"), 11);
    assert_int_equal(hours(*state, "UTC-3", "2026-01-31 12:00"), -6);
    assert_int_equal(hours(*state, "GMT+1", "2026-01-31 12:00"), 2);
    assert_int_equal(hours(*state, "-0330", "2026-01-31 12:00"), -7);
}

static void what_is_no_zone_is_not_found(void **state)
{
    static const char *const names[] = { "",
                                         "Nowhere/At_All",
                                         "../../../etc/passwd",
                                         "/etc/passwd",
                                         "Europe",
                                         "posix/Europe/Berlin",
                                         "right/Europe/Berlin",
                                         "+99:00",
                                         "+",
                                         "+5:3",
                                         "+05:60",
                                         "UTC+",
                                         "pst ",
                                         "Eu\\rope",
                                         "tzdata.zi",
                                         "+123456" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int32_t offset = 7;
        assert_int_equal(hub_zone_offset(*state, hub_span(names[i]), 0, &offset), HUB_ERROR_not_found);
        assert_int_equal(offset, 7);
    }
}

/* Many wrong names leave no trace, and a right one is found after them. */
static void wrong_names_do_not_fill_the_memory(void **state)
{
    for (int i = 0; i < 5000; i++) {
        char name[HUB_ZONE_NAME];
        int32_t offset;
        snprintf(name, sizeof name, "Nowhere/%d", i);
        assert_int_equal(hub_zone_offset(*state, hub_span(name), 0, &offset), HUB_ERROR_not_found);
    }
    assert_int_equal(hours(*state, "Europe/Berlin", "2026-01-31 12:00"), 2);
}

static void every_offset_is_the_c_librarys(void **state)
{
    static const char *const names[] = { "America/Los_Angeles", "America/New_York",  "Europe/Berlin",
                                         "Europe/London",       "Europe/Dublin",     "Asia/Kolkata",
                                         "Asia/Tehran",         "Australia/Sydney",  "Pacific/Auckland",
                                         "America/Sao_Paulo",   "Africa/Casablanca", "Asia/Jerusalem" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        setenv("TZ", names[i], 1);
        tzset();
        for (int64_t at_s = -86400 * 365; at_s < INT64_C(86400) * 365 * 90; at_s += 86400 * 3 + 4321) {
            struct tm tm;
            time_t at = (time_t) at_s;
            int32_t offset = 1;
            localtime_r(&at, &tm);
            assert_int_equal(hub_zone_offset(*state, hub_span(names[i]), at_s * 1000000, &offset), 0);
            if (offset != tm.tm_gmtoff) {
                fail_msg("%s at %lld: %d, not %ld", names[i], (long long) at_s, offset, tm.tm_gmtoff);
            }
        }
    }
    unsetenv("TZ");
    tzset();
}

static void a_rule_of_another_form_is_refused(void **state)
{
    (void) state;
    static const char *const texts[] = { "",
                                         "P8",
                                         "PST",
                                         "PST8PDT",
                                         "PST8PDT,M3",
                                         "PST8PDT,M13.2.0,M11.1.0",
                                         "PST8PDT,M3.2.0",
                                         "PST8PDT,M3.2.0,M11.1.0x",
                                         "<>8",
                                         "PST8:99",
                                         "PST999" };
    struct hub_zone_rule rule;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(hub_zone_rule_parse(hub_span(texts[i]), &rule));
    }
    assert_true(hub_zone_rule_parse(HUB_SPAN("<+0330>-3:30"), &rule));
    assert_int_equal(rule.standard_s, 12600);
    assert_true(hub_zone_rule_parse(HUB_SPAN("AAA3BBB,J60/0,J300/24"), &rule));
    int64_t leap_day_s = 951782400; /* 29 February 2000; day 60 is 1 March in every year */
    assert_int_equal(hub_zone_rule_offset(&rule, leap_day_s + 3 * 3600), -10800);
    assert_int_equal(hub_zone_rule_offset(&rule, leap_day_s + 27 * 3600), -7200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_zone_knows_its_summer_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(abbreviations_mean_a_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(offsets_are_zones_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_zone_is_not_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_names_do_not_fill_the_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_offset_is_the_c_librarys, set_up, tear_down),
        cmocka_unit_test(a_rule_of_another_form_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
