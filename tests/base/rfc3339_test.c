/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* RFC 3339 and base64, against the C library and against what the RFCs say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/json.h"

#define S INT64_C(1000000)

static void expect_printed(int64_t time_us, const char *expected)
{
    struct hub_buf out;
    hub_buf_init(&out);
    hub_time_print(time_us, &out);
    hub_buf_put_byte(&out, 0);
    assert_string_equal(out.at, expected);
    hub_buf_done(&out);
}

static void moments_are_printed_in_utc_with_microseconds(void **state)
{
    (void) state;
    expect_printed(0, "1970-01-01T00:00:00.000000Z");
    expect_printed(1, "1970-01-01T00:00:00.000001Z");
    expect_printed(-1, "1969-12-31T23:59:59.999999Z");
    expect_printed(1767225600 * S, "2026-01-01T00:00:00.000000Z");
    expect_printed(951782400 * S, "2000-02-29T00:00:00.000000Z");
    expect_printed(951868799 * S + 999999, "2000-02-29T23:59:59.999999Z");
    expect_printed(4107542400 * S, "2100-03-01T00:00:00.000000Z");
    expect_printed(HUB_TIME_MIN_US, "0000-01-01T00:00:00.000000Z");
    expect_printed(HUB_TIME_MAX_US, "9999-12-31T23:59:59.999999Z");
    expect_printed(INT64_MIN, "0000-01-01T00:00:00.000000Z");
    expect_printed(INT64_MAX, "9999-12-31T23:59:59.999999Z");
}

/* Every 13th day of the years 0 to 9999, as the C library has it. */
static void every_day_is_that_of_the_c_library(void **state)
{
    (void) state;
    struct hub_buf out;
    hub_buf_init(&out);
    for (int64_t at = HUB_TIME_MIN_US; at <= HUB_TIME_MAX_US; at += 13 * 86400 * S + 3661 * S + 7) {
        time_t seconds = (time_t) ((at - HUB_TIME_MIN_US) / S + HUB_TIME_MIN_US / S);
        struct tm tm;
        char expected[64];
        assert_non_null(gmtime_r(&seconds, &tm));
        size_t len = strftime(expected, sizeof expected, "-%m-%dT%H:%M:%S.", &tm);
        hub_buf_clear(&out);
        hub_time_print(at, &out);
        assert_int_equal(atoi(out.at), tm.tm_year + 1900);
        assert_memory_equal(out.at + 4, expected, len);
        int64_t back = 0;
        assert_true(hub_time_parse(hub_buf_span(&out), &back));
        assert_true(back == at);
    }
    hub_buf_done(&out);
}

static const struct {
    const char *text;
    int64_t time_us;
} good[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01t00:00:00z", 0 },
    { "1970-01-01T00:00:00+00:00", 0 },
    { "1970-01-01T00:00:00-00:00", 0 },
    { "1970-01-01T01:30:00+01:30", 0 },
    { "1969-12-31T16:00:00-08:00", 0 },
    { "1970-01-01T23:59:00+23:59", 0 },
    { "1970-01-01T00:00:00.1Z", 100000 },
    { "1970-01-01T00:00:00.000001Z", 1 },
    { "1970-01-01T00:00:00.123456789Z", 123456 },
    { "1970-01-01T00:00:00.9999999+00:00", 999999 },
    { "1969-12-31T23:59:59.5Z", -500000 },
    { "2000-02-29T12:00:00Z", 951825600 * S },
    { "0000-02-29T00:00:00Z", HUB_TIME_MIN_US + 59 * 86400 * S },
    { "9999-12-31T23:59:59.999999Z", HUB_TIME_MAX_US },
    { "9999-12-31T23:59:59.9999999Z", HUB_TIME_MAX_US },
    { "2016-12-31T23:59:60Z", 1483228800 * S },
    { "2017-01-01T00:59:60.5+01:00", 1483228800 * S + 500000 },
};

static const char *const bad[] = {
    "",
    "now",
    "1970-01-01",
    "1970-01-01T00:00:00",
    "1970-01-01 00:00:00Z",
    "1970-01-01T00:00Z",
    "1970-01-01T00:00:00.Z",
    "1970-01-01T00:00:00,1Z",
    "1970-01-01T00:00:00.1234567890Z",
    "1970-01-01T00:00:00+0000",
    "1970-01-01T00:00:00+00",
    "1970-01-01T00:00:00+24:00",
    "1970-01-01T00:00:00+00:60",
    "1970-01-01T00:00:00 Z",
    "1970-01-01T00:00:00ZZ",
    "1970-01-01T00:00:00Z ",
    " 1970-01-01T00:00:00Z",
    "1970-1-01T00:00:00Z",
    "70-01-01T00:00:00Z",
    "+1970-01-01T00:00:00Z",
    "-001-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "1970-00-01T00:00:00Z",
    "1970-13-01T00:00:00Z",
    "1970-01-00T00:00:00Z",
    "1970-01-32T00:00:00Z",
    "1970-04-31T00:00:00Z",
    "1970-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "1970-01-01T24:00:00Z",
    "1970-01-01T00:60:00Z",
    "1970-01-01T00:00:61Z",
    "1970-01-01T00:00:60Z",
    "2016-12-31T23:59:60+01:00",
    "0000-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "9999-12-31T23:59:60Z",
    "197O-01-01T00:00:00Z",
};

static void every_spelling_of_the_rfc_is_read(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t time_us = 42;
        if (!hub_time_parse(hub_span(good[i].text), &time_us) || time_us != good[i].time_us) {
            fail_msg("%s gives %lld", good[i].text, (long long) time_us);
        }
    }
}

static void everything_else_is_no_moment(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t time_us = 42;
        if (hub_time_parse(hub_span(bad[i]), &time_us)) {
            fail_msg("%s is accepted", bad[i]);
        }
        assert_int_equal(time_us, 42);
    }
    const struct hub_span whole = HUB_SPAN("1970-01-01T00:00:00.123456+01:00");
    for (size_t len = 0; len < whole.len; len++) {
        int64_t time_us;
        assert_false(hub_time_parse(hub_span_of(whole.at, len), &time_us));
    }
}

static void base64_is_that_of_the_rfc(void **state)
{
    static const char *const pairs[][2] = { { "", "" },
                                            { "f", "Zg==" },
                                            { "fo", "Zm8=" },
                                            { "foo", "Zm9v" },
                                            { "foob", "Zm9vYg==" },
                                            { "fooba", "Zm9vYmE=" },
                                            { "foobar", "Zm9vYmFy" },
                                            { "\xfb\xef\xff", "++//" } };
    (void) state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct hub_buf out;
        char bytes[8];
        size_t len = 0;
        hub_buf_init(&out);
        hub_base64_print(hub_span(pairs[i][0]), &out);
        hub_buf_put_byte(&out, 0);
        assert_string_equal(out.at, pairs[i][1]);
        assert_true(hub_base64_parse(hub_span(pairs[i][1]), bytes, &len));
        assert_true(hub_span_is(hub_span_of(bytes, len), hub_span(pairs[i][0])));
        hub_buf_done(&out);
    }
}

static void base64_has_one_spelling_only(void **state)
{
    static const char *const wrong[] = { "=",      "==",   "====", "A",       "AA",   "AAA",
                                         "AA=",    "A===", "Zh==", "Zm9=",    "Zg=g", "Zg==Zg==",
                                         "Zg==\n", " Zg=", "Zm-_", "Zm9\xff", "=Zg=" };
    (void) state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char bytes[8];
        size_t len;
        if (hub_base64_parse(hub_span(wrong[i]), bytes, &len)) {
            fail_msg("%s is accepted", wrong[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_printed_in_utc_with_microseconds),
        cmocka_unit_test(every_day_is_that_of_the_c_library),
        cmocka_unit_test(every_spelling_of_the_rfc_is_read),
        cmocka_unit_test(everything_else_is_no_moment),
        cmocka_unit_test(base64_is_that_of_the_rfc),
        cmocka_unit_test(base64_has_one_spelling_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
