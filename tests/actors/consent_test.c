/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The ledger of consent against whatever else happens: the customer's last word always counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "actors/customer/apply.h"
#include "actors/customer/consent.h"
#include "base/error.h"
#include "tests/actors/outreach.h"

static int set_up(void **state)
{
    *state = harness_new(3);
    return 0;
}

static const struct harness_result *enter(struct harness *h, const struct set_consent *line)
{
    struct set_consent command = *line;
    HUB_SET(set_consent, &command, customer_id, harness_sealed("ann"));
    return harness_do(h, &(struct harness_call){ .target = KIND_customer,
                                                 .shape = &set_consent_shape,
                                                 .record = &command,
                                                 .entity = harness_find(h, KIND_customer, "ann") });
}

static unsigned consent_to(struct harness *h, unsigned channel, unsigned purpose)
{
    const struct customer_consent *line = hub_consent_for(
        talk_customer(h, "ann"), &(struct hub_consent_ask){ .channel = channel, .purpose = purpose });
    return line == NULL ? (unsigned) consent_status_unknown : line->status;
}

static void a_second_stop_counts_after_the_company_entered_a_yes(void **state)
{
    struct harness *h = *state;
    struct set_consent yes = { 0 };
    talk_create(h, "ann", "s", channel_chat);
    talk_say(h, "ann", "s", "STOP");
    HUB_SET(set_consent, &yes, channel, channel_chat);
    HUB_SET(set_consent, &yes, purpose, purpose_marketing);
    HUB_SET(set_consent, &yes, status, consent_status_opted_in);
    assert_int_equal(enter(h, &yes)->error, 0);
    assert_int_equal(consent_to(h, channel_chat, purpose_marketing), consent_status_opted_in);
    talk_say(h, "ann", "s", "STOP");
    assert_int_equal(consent_to(h, channel_chat, purpose_marketing), consent_status_opted_out);
    assert_int_equal(outreach_effects(h), 2); /* confirmed again, for it is news */
    talk_say(h, "ann", "s", "STOP");
    assert_int_equal(outreach_effects(h), 2);
}

static void stop_everywhere_counts_again_after_start_on_a_channel(void **state)
{
    struct harness *h = *state;
    talk_create(h, "ann", "s", channel_chat);
    talk_say(h, "ann", "s", "STOPALL");
    talk_say(h, "ann", "s", "START");
    assert_int_equal(consent_to(h, channel_chat, purpose_marketing), consent_status_opted_in);
    talk_say(h, "ann", "s", "STOPALL");
    assert_int_equal(consent_to(h, channel_chat, purpose_marketing), consent_status_opted_out);
    outreach_launch(h, "c", &outreach_usual);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }), recipient_status_suppressed);
}

static void stop_counts_in_a_session_that_takes_no_message(void **state)
{
    struct harness *h = *state;
    talk_create(h, "ann", "s", channel_chat);
    talk_answer(talk_end(h, "s"), &unified_session_shape);
    assert_int_equal(talk_say(h, "ann", "s", "hello?")->error, HUB_ERROR_illegal_transition);
    assert_int_equal(consent_to(h, channel_chat, purpose_marketing), consent_status_unknown);
    assert_int_equal(talk_say(h, "ann", "s", "STOP")->error, HUB_ERROR_illegal_transition);
    assert_int_equal(consent_to(h, channel_chat, purpose_marketing), consent_status_opted_out);
}

static void a_full_ledger_forgets_no_stop(void **state)
{
    struct harness *h = *state;
    const struct harness_result *last = NULL;
    talk_create(h, "ann", "s", channel_chat);
    for (unsigned i = 0; i < 8; i++) {
        struct update_customer_context more = { 0 };
        struct customer_identity addresses[8] = { 0 };
        for (unsigned k = 0; k < 8; k++) {
            HUB_SET(customer_identity, &addresses[k], channel, channel_sms);
            HUB_SET(customer_identity, &addresses[k], address, harness_sealed("+15550100"));
        }
        HUB_SET(update_customer_context, &more, customer_id, harness_sealed("ann"));
        more.identities.at = addresses;
        more.identities.count = 8;
        HUB_MARK(update_customer_context, &more, identities);
        talk_answer(harness_do(h, &(struct harness_call){ .target = KIND_customer,
                                                          .shape = &update_customer_context_shape,
                                                          .record = &more,
                                                          .entity = harness_find(h, KIND_customer, "ann") }),
                    &customer_changed_shape);
    }
    talk_say(h, "ann", "s", "STOP");
    for (uint32_t identity = 1; identity <= HUB_CUSTOMER_CONSENTS; identity++) {
        struct set_consent line = { 0 };
        HUB_SET(set_consent, &line, channel, channel_sms);
        HUB_SET(set_consent, &line, identity, identity);
        HUB_SET(set_consent, &line, status, consent_status_opted_in);
        last = enter(h, &line);
    }
    talk_refused(last, HUB_ERROR_limit_reached, "");
    struct set_consent again = { 0 };
    HUB_SET(set_consent, &again, channel, channel_sms);
    HUB_SET(set_consent, &again, identity, 1);
    HUB_SET(set_consent, &again, status, consent_status_opted_out);
    assert_int_equal(enter(h, &again)->error, 0); /* a line that is there may change */
    assert_int_equal(consent_to(h, channel_chat, purpose_marketing), consent_status_opted_out);
    talk_say(h, "ann", "s", "STOPALL");
    assert_int_equal(consent_to(h, channel_voice, purpose_service), consent_status_opted_out);
}

static void a_campaigns_session_that_ended_before_the_attempt_stays_in_no_list(void **state)
{
    struct harness *h = *state;
    talk_answer(outreach_launch(h, "c", &outreach_usual), &launch_answer_shape);
    talk_end(h, outreach_session_of(h, "c", "ann"));
    assert_int_equal(talk_customer(h, "ann")->sessions.count, 0);
    outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 });
    assert_int_equal(outreach_standing(h, "c", "ann"), recipient_status_fallback);
    assert_int_equal(talk_customer(h, "ann")->sessions.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, talk_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_second_stop_counts_after_the_company_entered_a_yes),
        TEST(stop_everywhere_counts_again_after_start_on_a_channel),
        TEST(stop_counts_in_a_session_that_takes_no_message),
        TEST(a_full_ledger_forgets_no_stop),
        TEST(a_campaigns_session_that_ended_before_the_attempt_stays_in_no_list),
    };
    return cmocka_run_group_tests_name("actors/consent", tests, NULL, NULL);
}
