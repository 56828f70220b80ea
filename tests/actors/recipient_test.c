/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The small questions that deciding on a recipient asks: what a text wishes, which channels in which order, when a night ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "actors/campaign/moves.h"
#include "actors/customer/consent.h"
#include "actors/customer/recipient.h"

static const int64_t second_us = 1000000, day_us = INT64_C(86400) * 1000000;

static void expect_wish(const char *text, unsigned wish, bool everywhere)
{
    enum consent_wish found = 0;
    bool is_everywhere = false;
    bool has_one = hub_wish_find(hub_span(text), &found, &is_everywhere);
    assert_int_equal(has_one ? found : 0, wish);
    assert_int_equal(is_everywhere, everywhere);
}

static void a_wish_is_a_whole_text_whatever_its_case(void **state)
{
    (void) state;
    expect_wish("STOP", consent_wish_stop, false);
    expect_wish("  Stop!\r\n", consent_wish_stop, false);
    expect_wish("\"stopall\"", consent_wish_stop, true);
    expect_wish("Please opt me out.", consent_wish_stop, false);
    expect_wish("do not contact me again", consent_wish_stop, true);
    expect_wish("Arret", consent_wish_stop, false);
    expect_wish("unstop", consent_wish_start, false);
    expect_wish("Info", consent_wish_help, false);
}

static void what_is_more_or_less_than_a_word_is_no_wish(void **state)
{
    (void) state;
    static const char *const texts[] = {
        "",      " ",           "s",     "stop it",       "please stop the car", "stops",
        "...!!", "help wanted", "STO P", "no stop signs", "can you help",        "xstop"
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        expect_wish(texts[i], 0, false);
    }
    expect_wish("stop                                                     and more", 0, false);
}

static void the_preferred_channel_comes_first_and_at_most_three_follow(void **state)
{
    (void) state;
    hub_enum channels[] = { channel_voice, channel_video, channel_chat, channel_email, channel_sms };
    const hub_list list = { .at = channels, .count = 5 };
    uint8_t route[HUB_RECIPIENT_STEPS];
    assert_int_equal(hub_recipient_route(&list, channel_sms, route), 4);
    assert_int_equal(route[0], channel_sms);
    assert_int_equal(route[3], channel_chat);
    assert_int_equal(hub_recipient_route(&list, channel_social, route), 4);
    assert_int_equal(route[0], channel_voice);
    const hub_list one = { .at = channels, .count = 1 };
    assert_int_equal(hub_recipient_route(&one, channel_voice, route), 1);
}

static void a_customer_has_one_session_in_a_campaign(void **state)
{
    (void) state;
    const struct hub_ulid a = { { 1 } }, b = { { 2 } }, c = { { 3 } };
    assert_true(hub_ulid_is(hub_recipient_session(a, b), hub_recipient_session(a, b)));
    assert_false(hub_ulid_is(hub_recipient_session(a, b), hub_recipient_session(a, c)));
    assert_false(hub_ulid_is(hub_recipient_session(a, b), hub_recipient_session(c, b)));
    assert_int_equal(hub_ulid_shard(hub_recipient_session(a, b)), hub_ulid_shard(b)); /* on the customer's worker */
}

static void quiet_hours_are_the_recipients(void **state)
{
    (void) state;
    int64_t noon_us = 12 * 3600 * second_us;
    assert_int_equal(hub_quiet_end(21 * 60, 8 * 60, noon_us, 0), noon_us);
    assert_int_equal(hub_quiet_end(21 * 60, 8 * 60, noon_us, -8 * 3600), 16 * 3600 * second_us);
    assert_int_equal(hub_quiet_end(21 * 60, 8 * 60, noon_us, 10 * 3600), 22 * 3600 * second_us);
    assert_int_equal(hub_quiet_end(0, 0, noon_us, 0), noon_us);
    assert_int_equal(hub_quiet_end(11 * 60, 13 * 60, noon_us, 0), 13 * 3600 * second_us);
    assert_int_equal(hub_quiet_end(11 * 60, 12 * 60, noon_us, 0), noon_us);
    assert_int_equal(hub_quiet_end(23 * 60, 1 * 60, -second_us, 0), 3600 * second_us);
    assert_int_equal(hub_quiet_end(21 * 60, 1440, 22 * 3600 * second_us, 0), day_us);
}

static void the_printed_page_of_moves_is_the_one_in_docs(void **state)
{
    (void) state;
    static char text[65536];
    struct hub_buf printed;
    hub_buf_init(&printed);
    hub_campaign_moves_print(&printed);
    snprintf(text, sizeof text, "%s/campaign-states.md", getenv("OMNIHUB_DOCS"));
    FILE *file = fopen(text, "r");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_true(hub_span_is(hub_buf_span(&printed), hub_span_of(text, length)));
    hub_buf_done(&printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wish_is_a_whole_text_whatever_its_case),
        cmocka_unit_test(what_is_more_or_less_than_a_word_is_no_wish),
        cmocka_unit_test(the_preferred_channel_comes_first_and_at_most_three_follow),
        cmocka_unit_test(a_customer_has_one_session_in_a_campaign),
        cmocka_unit_test(quiet_hours_are_the_recipients),
        cmocka_unit_test(the_printed_page_of_moves_is_the_one_in_docs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
