/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A customer: becoming known, profile and addresses, and to which session something belongs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "actors/customer/apply.h"
#include "base/error.h"
#include "tests/actors/talk.h"

static int set_up(void **state)
{
    *state = harness_new(3);
    return 0;
}

static const struct harness_result *create(struct harness *h, struct create_session *command, const char *key)
{
    HUB_SET(create_session, command, customer_id, harness_sealed("c"));
    HUB_SET(create_session, command, channel, channel_chat);
    return harness_do(h, &(struct harness_call){
                             .target = KIND_customer,
                             .shape = &create_session_shape,
                             .record = command,
                             .customer = "c",
                             .session = HUB_HAS(create_session, command, session_id) ? "s" : NULL,
                             .key = key,
                         });
}

static const struct harness_result *learn(struct harness *h, const struct update_customer_context *command)
{
    return harness_do(
        h, &(struct harness_call){
               .target = KIND_customer, .shape = &update_customer_context_shape, .record = command, .customer = "c" });
}

static struct customer_profile sarah(void)
{
    struct customer_profile profile = { 0 };
    HUB_SET(customer_profile, &profile, name, harness_sealed("Sarah Johnson"));
    HUB_SET(customer_profile, &profile, email, harness_sealed("sarah@example.org"));
    HUB_SET(customer_profile, &profile, phone, harness_sealed("+1234567890"));
    HUB_SET(customer_profile, &profile, communication_preference, HUB_SPAN("visual"));
    HUB_SET(customer_profile, &profile, tier, tier_enterprise);
    return profile;
}

static void the_first_contact_makes_a_customer_known(void **state)
{
    struct harness *h = *state;
    talk_answer(talk_create(h, "c", "s", channel_video), &unified_session_shape);
    const struct customer_state *customer = talk_customer(h, "c");
    assert_string_equal(harness_text(h, &customer->customer_id), "c");
    assert_int_equal(customer->sessions.count, 1);
    assert_int_equal(customer->session_count, 1);
    assert_int_equal(customer->sessions.at[0].channel, channel_video);
    assert_true(hub_ulid_is(customer->sessions.at[0].session, harness_find(h, KIND_session, "s")));
    assert_int_equal(customer->created_at, harness_now(h));
    assert_false(HUB_HAS(customer_state, customer, profile));
    assert_true(hub_ulid_is(talk_state(h, "s")->customer, harness_find(h, KIND_customer, "c")));
}

static void a_profile_is_kept_and_gives_addresses(void **state)
{
    struct harness *h = *state;
    struct customer_profile profile = sarah();
    struct create_session command = { 0 };
    HUB_SET(create_session, &command, customer_profile, &profile);
    talk_answer(create(h, &command, NULL), &unified_session_shape);
    const struct customer_state *customer = talk_customer(h, "c");
    assert_string_equal(harness_text(h, &customer->profile->name), "Sarah Johnson");
    assert_true(hub_span_is(customer->profile->communication_preference, HUB_SPAN("visual")));
    assert_int_equal(customer->identities.count, 3);
    static const unsigned channels[] = { channel_email, channel_voice, channel_sms };
    static const char *const addresses[] = { "sarah@example.org", "+1234567890", "+1234567890" };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(customer->identities.at[i].channel, channels[i]);
        assert_string_equal(harness_text(h, &customer->identities.at[i].address), addresses[i]);
    }
}

static void the_same_profile_again_adds_no_address_and_new_fields_join_the_old(void **state)
{
    struct harness *h = *state;
    struct customer_profile profile = sarah();
    struct create_session command = { 0 };
    HUB_SET(create_session, &command, customer_profile, &profile);
    create(h, &command, NULL);
    create(h, &command, NULL);
    assert_int_equal(talk_customer(h, "c")->identities.count, 3);

    struct customer_profile more = { 0 };
    HUB_SET(customer_profile, &more, tier, tier_premium);
    HUB_SET(customer_profile, &more, language, HUB_SPAN("de-CH"));
    HUB_SET(create_session, &command, customer_profile, &more);
    create(h, &command, NULL);
    const struct customer_profile *kept = talk_customer(h, "c")->profile;
    assert_int_equal(kept->tier, tier_premium);
    assert_true(hub_span_is(kept->language, HUB_SPAN("de-CH")));
    assert_string_equal(harness_text(h, &kept->name), "Sarah Johnson");
}

static void a_profile_that_says_nothing_new_is_no_event(void **state)
{
    struct harness *h = *state;
    struct customer_profile profile = { 0 };
    HUB_SET(customer_profile, &profile, tier, tier_premium);
    HUB_SET(customer_profile, &profile, timezone, HUB_SPAN("Europe/Zurich"));
    struct update_customer_context command = { 0 };
    HUB_SET(update_customer_context, &command, customer_id, harness_sealed("c"));
    HUB_SET(update_customer_context, &command, profile, &profile);
    assert_int_equal(learn(h, &command)->events, 2);
    assert_int_equal(learn(h, &command)->events, 0);
    struct customer_profile nothing = { 0 };
    HUB_SET(update_customer_context, &command, profile, &nothing);
    const struct harness_result *result = learn(h, &command);
    assert_int_equal(result->events, 0);
    struct customer_changed *answer = talk_answer(result, &customer_changed_shape);
    assert_int_equal(answer->version, 2);
    assert_string_equal(harness_text(h, &answer->customer_id), "c");
}

static void a_context_is_replaced_and_addresses_are_added(void **state)
{
    struct harness *h = *state;
    struct customer_identity identities[2] = { 0 };
    for (size_t i = 0; i < 2; i++) {
        HUB_SET(customer_identity, &identities[i], channel, channel_whatsapp);
        HUB_SET(customer_identity, &identities[i], address, harness_sealed(i == 0 ? "+1" : "+2"));
    }
    struct update_customer_context command = { 0 };
    HUB_SET(update_customer_context, &command, customer_id, harness_sealed("c"));
    HUB_SET(update_customer_context, &command, context, harness_sealed("{\"n\":1}"));
    command.identities.at = identities;
    command.identities.count = 2;
    HUB_MARK(update_customer_context, &command, identities);
    struct customer_changed *answer = talk_answer(learn(h, &command), &customer_changed_shape);
    assert_int_equal(answer->version, 4);
    assert_int_equal(harness_version(h, KIND_customer, harness_find(h, KIND_customer, "c")), 4);
    HUB_SET(update_customer_context, &command, context, harness_sealed("{\"n\":2}"));
    HUB_CLEAR(update_customer_context, &command, identities);
    talk_answer(learn(h, &command), &customer_changed_shape);
    assert_string_equal(harness_text(h, &talk_customer(h, "c")->context), "{\"n\":2}");
    assert_int_equal(talk_customer(h, "c")->identities.count, 2);
}

static void a_customer_has_sixty_four_addresses_at_most(void **state)
{
    struct harness *h = *state;
    struct customer_identity identities[16] = { 0 };
    for (size_t i = 0; i < 16; i++) {
        HUB_SET(customer_identity, &identities[i], channel, channel_social);
        HUB_SET(customer_identity, &identities[i], address, harness_sealed("@sarah"));
    }
    struct update_customer_context command = { 0 };
    HUB_SET(update_customer_context, &command, customer_id, harness_sealed("c"));
    command.identities.at = identities;
    command.identities.count = 16;
    HUB_MARK(update_customer_context, &command, identities);
    for (int i = 0; i < 4; i++) {
        talk_answer(learn(h, &command), &customer_changed_shape);
    }
    command.identities.count = 1;
    talk_refused(learn(h, &command), HUB_ERROR_limit_reached, "/identities");
    struct customer_profile profile = sarah();
    HUB_CLEAR(update_customer_context, &command, identities);
    HUB_SET(update_customer_context, &command, profile, &profile);
    talk_answer(learn(h, &command), &customer_changed_shape);
    assert_int_equal(talk_customer(h, "c")->identities.count, HUB_CUSTOMER_IDENTITIES);
}

/* --- which session --- */

static void a_session_that_is_open_is_not_created_again(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    talk_refused(talk_create(h, "c", "s", channel_voice), HUB_ERROR_already_exists, "/session_id");
    assert_int_equal(talk_customer(h, "c")->sessions.count, 1);
}

static void a_keyed_repetition_is_answered_by_the_same_session(void **state)
{
    struct harness *h = *state;
    struct create_session command = { 0 };
    HUB_SET(create_session, &command, session_id, harness_sealed("s"));
    talk_answer(create(h, &command, "key"), &unified_session_shape);
    const struct harness_result *again = create(h, &command, "key");
    struct unified_session *shown = talk_answer(again, &unified_session_shape);
    assert_string_equal(harness_text(h, &shown->session_id), "s");
    assert_int_equal(again->events, 0);
}

static void a_keyed_repetition_without_a_name_finds_the_session_that_it_made(void **state)
{
    struct harness *h = *state;
    struct create_session command = { 0 };
    talk_answer(create(h, &command, "key"), &unified_session_shape);
    const struct harness_result *again = create(h, &command, "key");
    talk_answer(again, &unified_session_shape);
    assert_int_equal(again->events, 0);
    talk_answer(create(h, &command, "another key"), &unified_session_shape);
    assert_int_equal(talk_customer(h, "c")->sessions.count, 2);
}

static void a_key_leads_to_the_same_new_session_on_every_try(void **state)
{
    (void) state;
    struct hub_ulid ids[2];
    for (uint64_t seed = 0; seed < 2; seed++) {
        struct harness *h = harness_new(seed);
        harness_advance(h, (int64_t) seed * 1000);
        struct create_session command = { 0 };
        talk_answer(create(h, &command, "key"), &unified_session_shape);
        ids[seed] = talk_customer(h, "c")->sessions.at[0].session;
        harness_destroy(&h);
    }
    assert_true(hub_ulid_is(ids[0], ids[1]));
}

static void the_session_of_another_customer_is_taken_and_both_lists_stay_right(void **state)
{
    struct harness *h = *state;
    talk_create(h, "d", "s", channel_chat);
    talk_refused(talk_create(h, "c", "s", channel_chat), HUB_ERROR_already_exists, "/session_id");
    assert_null(harness_state(h, KIND_customer, harness_find(h, KIND_customer, "c")));
    assert_int_equal(talk_customer(h, "d")->sessions.count, 1);
}

/* Two customers name a session at the same time: neither sees the other's, the session tells the one who came second. */
static void who_comes_second_to_a_name_is_told_and_forgets_the_session(void **state)
{
    struct harness *h = *state;
    talk_create(h, "d", "s", channel_chat);
    talk_create(h, "c", "other", channel_chat);
    struct open_session late = { 0 };
    HUB_SET(open_session, &late, customer, harness_find(h, KIND_customer, "c"));
    HUB_SET(open_session, &late, channel, channel_chat);
    HUB_SET(open_session, &late, priority, priority_medium);
    const struct harness_result *result = talk_to(h, "s", &open_session_shape, &late);
    talk_refused(result, HUB_ERROR_already_exists, "/session_id");
    HUB_SET(open_session, &late, customer, harness_find(h, KIND_customer, "d"));
    talk_answer(talk_to(h, "s", &open_session_shape, &late), &unified_session_shape);
    talk_end(h, "s");
    talk_refused(talk_to(h, "s", &open_session_shape, &late), HUB_ERROR_already_exists, "/session_id");

    struct close_customer_session closing = { 0 };
    HUB_SET(close_customer_session, &closing, session, harness_find(h, KIND_session, "other"));
    struct harness_call call = {
        .target = KIND_customer, .shape = &close_customer_session_shape, .record = &closing, .customer = "c"
    };
    assert_int_equal(harness_do(h, &call)->events, 1);
    assert_int_equal(harness_do(h, &call)->events, 0);
    assert_int_equal(talk_customer(h, "c")->sessions.count, 0);
    call.customer = "nobody";
    assert_int_equal(harness_do(h, &call)->events, 0);
}

static void a_name_that_was_used_for_an_ended_session_is_taken(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    talk_end(h, "s");
    talk_refused(talk_create(h, "c", "s", channel_chat), HUB_ERROR_already_exists, "/session_id");
    assert_int_equal(talk_customer(h, "c")->sessions.count, 0);
}

static void a_customer_has_sixty_four_open_sessions_at_most(void **state)
{
    struct harness *h = *state;
    for (int i = 0; i < HUB_CUSTOMER_SESSIONS; i++) {
        talk_answer(talk_create(h, "c", NULL, channel_chat), &unified_session_shape);
    }
    talk_refused(talk_create(h, "c", NULL, channel_chat), HUB_ERROR_limit_reached, "");
    talk_refused(talk_say(h, "c", "new", "hello"), HUB_ERROR_limit_reached, "");
    talk_answer(talk_say(h, "c", NULL, "hello"), &message_processed_shape);
}

static void a_message_without_a_session_opens_one_and_the_next_joins_it(void **state)
{
    struct harness *h = *state;
    struct message_processed first = *(struct message_processed *) talk_answer(talk_say(h, "c", NULL, "one"),
                                                                               &message_processed_shape);
    char name[64];
    snprintf(name, sizeof name, "%s", harness_text(h, &first.session_id));
    talk_answer(talk_say(h, "c", NULL, "two"), &message_processed_shape);
    assert_int_equal(talk_customer(h, "c")->session_count, 1);
    assert_int_equal(talk_state(h, name)->message_ranks.len, 2);
    assert_int_equal(talk_state(h, name)->channel, channel_chat);
}

static void a_message_without_a_session_goes_to_the_newest_open_one(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    talk_create(h, "c", "t", channel_chat);
    talk_create(h, "c", "u", channel_chat);
    talk_say(h, "c", NULL, "hello");
    assert_int_equal(talk_state(h, "u")->message_ranks.len, 1);
    talk_end(h, "u");
    talk_say(h, "c", NULL, "hello");
    assert_int_equal(talk_state(h, "t")->message_ranks.len, 1);
    assert_int_equal(talk_state(h, "s")->message_ranks.len, 0);
}

static void a_message_to_an_unknown_session_opens_it_by_that_name(void **state)
{
    struct harness *h = *state;
    struct message_processed *answer = talk_answer(talk_say(h, "customer_004", "omni_session_004", "hello"),
                                                   &message_processed_shape);
    assert_string_equal(harness_text(h, &answer->session_id), "omni_session_004");
    assert_int_equal(talk_state(h, "omni_session_004")->message_ranks.len, 1);
    talk_answer(talk_say(h, "customer_004", "omni_session_004", "again"), &message_processed_shape);
    assert_int_equal(talk_state(h, "omni_session_004")->message_ranks.len, 2);
    assert_int_equal(talk_customer(h, "customer_004")->session_count, 1);
}

static void an_answer_by_customer_goes_to_the_open_session_and_opens_none(void **state)
{
    struct harness *h = *state;
    struct respond_message command = { 0 };
    HUB_SET(respond_message, &command, customer_id, harness_sealed("c"));
    HUB_SET(respond_message, &command, content, harness_sealed("hello"));
    struct harness_call call = {
        .target = KIND_customer, .shape = &respond_message_shape, .record = &command, .customer = "c"
    };
    talk_refused(harness_do(h, &call), HUB_ERROR_not_found, "/customer_id");
    talk_create(h, "c", "s", channel_chat);
    talk_answer(harness_do(h, &call), &message_processed_shape);
    assert_int_equal(talk_state(h, "s")->message_ranks.len, 1);
    call.session = "unknown";
    talk_refused(harness_do(h, &call), HUB_ERROR_not_found, "/session_id");
    call.session = NULL;
    talk_end(h, "s");
    talk_refused(harness_do(h, &call), HUB_ERROR_not_found, "/session_id");
}

static void a_customer_found_by_our_id_keeps_its_own_name(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    char ours[HUB_ULID_TEXT + 1] = { 0 };
    hub_ulid_print(harness_find(h, KIND_customer, "c"), ours);
    struct unified_session *shown = talk_answer(talk_create(h, ours, "t", channel_chat), &unified_session_shape);
    assert_string_equal(harness_text(h, &shown->customer_id), "c");
    assert_int_equal(talk_customer(h, "c")->sessions.count, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, talk_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_first_contact_makes_a_customer_known),
        TEST(a_profile_is_kept_and_gives_addresses),
        TEST(the_same_profile_again_adds_no_address_and_new_fields_join_the_old),
        TEST(a_profile_that_says_nothing_new_is_no_event),
        TEST(a_context_is_replaced_and_addresses_are_added),
        TEST(a_customer_has_sixty_four_addresses_at_most),
        TEST(a_session_that_is_open_is_not_created_again),
        TEST(a_keyed_repetition_is_answered_by_the_same_session),
        TEST(a_keyed_repetition_without_a_name_finds_the_session_that_it_made),
        cmocka_unit_test(a_key_leads_to_the_same_new_session_on_every_try),
        TEST(the_session_of_another_customer_is_taken_and_both_lists_stay_right),
        TEST(who_comes_second_to_a_name_is_told_and_forgets_the_session),
        TEST(a_name_that_was_used_for_an_ended_session_is_taken),
        TEST(a_customer_has_sixty_four_open_sessions_at_most),
        TEST(a_message_without_a_session_opens_one_and_the_next_joins_it),
        TEST(a_message_without_a_session_goes_to_the_newest_open_one),
        TEST(a_message_to_an_unknown_session_opens_it_by_that_name),
        TEST(an_answer_by_customer_goes_to_the_open_session_and_opens_none),
        TEST(a_customer_found_by_our_id_keeps_its_own_name),
    };
    return cmocka_run_group_tests_name("actors/customer", tests, NULL, NULL);
}
