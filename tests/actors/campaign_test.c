/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Campaigns: launching, moving, and every move of a recipient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "tests/actors/outreach.h"

static const int64_t second_us = 1000000;

static int set_up(void **state)
{
    *state = harness_new(1);
    return 0;
}

static int tear_down(void **state)
{
    struct harness *h = *state;
    harness_check(h, true);
    harness_destroy(&h);
    return 0;
}

/* --- launching --- */

static void a_launch_answers_as_the_guide_does(void **state)
{
    struct harness *h = *state;
    const struct outreach_wanted guide = {
        .customers = { "ent_001" },
        .profile = "{\"company\":\"Fortune 500 Corp\",\"decision_maker\":true,\"timezone\":\"PST\"}",
        .channels = { channel_voice, channel_video, channel_chat, channel_email },
        .silent = true,
    };
    struct launch_answer *answer = talk_answer(outreach_launch(h, "enterprise_outreach_2025", &guide),
                                               &launch_answer_shape);
    assert_true(answer->success);
    assert_true(hub_span_is(answer->campaign_id, HUB_SPAN("enterprise_outreach_2025")));
    assert_int_equal(answer->launched_sessions.count, 1);
    const struct launched_session *session = &answer->launched_sessions.at[0];
    const hub_enum *backups = session->backup_channels.at;
    assert_int_equal(session->primary_channel, channel_voice);
    assert_int_equal(session->backup_channels.count, 3);
    assert_int_equal(backups[0], channel_video);
    assert_int_equal(backups[2], channel_email);
    assert_true(answer->omnichannel_features->cross_channel_fallback);
    assert_true(
        hub_span_is(session->session_id, hub_span(outreach_session_of(h, "enterprise_outreach_2025", "ent_001"))));
    const struct customer_state *customer = harness_state(h, KIND_customer, harness_find(h, KIND_customer, "ent_001"));
    assert_true(hub_span_is(customer->profile->timezone, HUB_SPAN("PST")));
    assert_string_equal(harness_text(h, &customer->profile->attributes), "{\"decision_maker\":true}");
    assert_int_equal(talk_state(h, outreach_session_of(h, "enterprise_outreach_2025", "ent_001"))->channel,
                     channel_voice);
}

static void a_launch_that_cannot_be_is_refused(void **state)
{
    struct harness *h = *state;
    const struct outreach_wanted nobody = { .channels = { channel_chat } };
    const struct outreach_wanted nowhere = { .customers = { "ann" } };
    const struct outreach_wanted twice = { .customers = { "ann" }, .channels = { channel_chat, channel_chat } };
    const struct outreach_wanted wrong = { .channels = { channel_chat }, .conditions = "tier ==" };
    const struct outreach_wanted over = { .customers = { "ann" }, .channels = { channel_chat }, .ends_us = -1 };
    const struct outreach_wanted odd = { .customers = { "ann" },
                                         .channels = { channel_chat },
                                         .profile = "{\"tier\":\"gold\"}" };
    talk_refused(outreach_launch(h, "c", &nobody), HUB_ERROR_invalid_field, "/customers");
    talk_refused(outreach_launch(h, "c", &nowhere), HUB_ERROR_invalid_field, "/channels");
    talk_refused(outreach_launch(h, "c", &twice), HUB_ERROR_invalid_field, "/channels");
    talk_refused(outreach_launch(h, "c", &wrong), HUB_ERROR_invalid_field, "/conditions");
    talk_refused(outreach_launch(h, "c", &over), HUB_ERROR_invalid_field, "/ends_at");
    talk_refused(outreach_launch(h, "c", &odd), HUB_ERROR_invalid_field, "/customers/0/profile/tier");
    assert_int_equal(outreach_launch(h, "c", &outreach_usual)->error, 0);
    talk_refused(outreach_launch(h, "c", &outreach_usual), HUB_ERROR_already_exists, "/campaign_id");
}

static void a_campaign_moves_as_its_table_says(void **state)
{
    struct harness *h = *state;
    struct pause_campaign pause = { 0 };
    struct resume_campaign resume = { 0 };
    struct cancel_campaign cancel = { 0 };
    struct finish_campaign finish = { 0 };
    struct begin_campaign begin = { 0 };
    struct register_campaign announce = { 0 };
    HUB_SET(register_campaign, &announce, campaign_id, harness_sealed("c"));
    HUB_SET(register_campaign, &announce, customer_segments, harness_sealed("[\"big\"]"));
    talk_refused(outreach_tell(h, "c", &pause_campaign_shape, &pause), HUB_ERROR_not_found, "/campaign_id");
    talk_answer(outreach_tell(h, "c", &register_campaign_shape, &announce), &campaign_changed_shape);
    assert_int_equal(outreach_campaign(h, "c")->status, campaign_status_draft);
    talk_refused(outreach_tell(h, "c", &register_campaign_shape, &announce), HUB_ERROR_already_exists, "/campaign_id");
    talk_refused(outreach_tell(h, "c", &resume_campaign_shape, &resume), HUB_ERROR_illegal_transition, "");
    talk_refused(outreach_tell(h, "c", &pause_campaign_shape, &pause), HUB_ERROR_illegal_transition, "");
    struct outreach_wanted later = outreach_usual;
    later.schedule_us = 60 * second_us;
    talk_answer(outreach_launch(h, "c", &later), &launch_answer_shape);
    assert_int_equal(outreach_campaign(h, "c")->status, campaign_status_scheduled);
    assert_int_equal(outreach_standing(h, "c", "ann"), recipient_status_selected);
    assert_int_equal(outreach_tell(h, "c", &pause_campaign_shape, &pause)->error, 0);
    assert_int_equal(outreach_tell(h, "c", &pause_campaign_shape, &pause)->events, 0); /* it is paused */
    outreach_tell(h, "c", &begin_campaign_shape, &begin);
    assert_int_equal(outreach_campaign(h, "c")->status, campaign_status_paused);
    assert_int_equal(outreach_tell(h, "c", &resume_campaign_shape, &resume)->error, 0);
    assert_int_equal(outreach_campaign(h, "c")->status, campaign_status_scheduled);
    harness_advance(h, 61);
    outreach_tell(h, "c", &begin_campaign_shape, &begin);
    assert_int_equal(outreach_campaign(h, "c")->status, campaign_status_running);
    outreach_tell(h, "c", &pause_campaign_shape, &pause);
    outreach_tell(h, "c", &finish_campaign_shape, &finish);
    assert_int_equal(outreach_campaign(h, "c")->status, campaign_status_paused);
    outreach_tell(h, "c", &resume_campaign_shape, &resume);
    outreach_tell(h, "c", &finish_campaign_shape, &finish);
    assert_int_equal(outreach_campaign(h, "c")->status, campaign_status_finished);
    talk_refused(outreach_tell(h, "c", &cancel_campaign_shape, &cancel), HUB_ERROR_illegal_transition, "");
    outreach_launch(h, "d", &outreach_usual);
    assert_int_equal(outreach_tell(h, "d", &cancel_campaign_shape, &cancel)->error, 0);
    assert_int_equal(outreach_campaign(h, "d")->status, campaign_status_cancelled);
}

static void the_walk_goes_forward_only(void **state)
{
    struct harness *h = *state;
    const struct outreach_wanted audience = { .channels = { channel_chat }, .conditions = "sessions > 0" };
    struct walk_campaign walk = { 0 };
    talk_answer(outreach_launch(h, "c", &audience), &launch_answer_shape);
    assert_false(outreach_campaign(h, "c")->walked);
    HUB_SET(walk_campaign, &walk, cursor, harness_find(h, KIND_customer, "ann"));
    HUB_SET(walk_campaign, &walk, seen, 10);
    HUB_SET(walk_campaign, &walk, matched, 4);
    assert_int_equal(outreach_tell(h, "c", &walk_campaign_shape, &walk)->events, 1);
    HUB_SET(walk_campaign, &walk, seen, 9);
    assert_int_equal(outreach_tell(h, "c", &walk_campaign_shape, &walk)->events, 0);
    HUB_SET(walk_campaign, &walk, seen, 11);
    HUB_SET(walk_campaign, &walk, is_over, true);
    assert_int_equal(outreach_tell(h, "c", &walk_campaign_shape, &walk)->events, 1);
    assert_true(outreach_campaign(h, "c")->walked);
    assert_int_equal(outreach_campaign(h, "c")->seen, 11);
    assert_int_equal(outreach_tell(h, "c", &walk_campaign_shape, &walk)->events, 0);
}

static void a_segment_is_no_campaign(void **state)
{
    struct harness *h = *state;
    struct define_segment segment = { 0 };
    struct pause_campaign pause = { 0 };
    HUB_SET(define_segment, &segment, conditions, HUB_SPAN("tier =="));
    talk_refused(outreach_tell(h, "s", &define_segment_shape, &segment), HUB_ERROR_invalid_field, "/conditions");
    HUB_SET(define_segment, &segment, segment_id, harness_sealed("s"));
    HUB_SET(define_segment, &segment, conditions, HUB_SPAN("tier in [\"premium\"]"));
    HUB_SET(define_segment, &segment, size, 7);
    struct segment_answer *answer = talk_answer(outreach_tell(h, "s", &define_segment_shape, &segment),
                                                &segment_answer_shape);
    assert_int_equal(answer->size, 7);
    talk_answer(outreach_tell(h, "s", &define_segment_shape, &segment), &segment_answer_shape); /* described again */
    talk_refused(outreach_tell(h, "s", &pause_campaign_shape, &pause), HUB_ERROR_not_found, "/campaign_id");
    talk_refused(outreach_launch(h, "s", &outreach_usual), HUB_ERROR_already_exists, "/campaign_id");
}

/* --- recipients --- */

/* Bring ann to a status in campaign c. */
static void reach(struct harness *h, unsigned status)
{
    struct outreach_wanted wanted = outreach_usual;
    wanted.channels[1] = status == recipient_status_exhausted ? 0 : wanted.channels[1];
    talk_create(h, "ann", NULL, channel_chat);
    talk_answer(outreach_launch(h, "c", &wanted), &launch_answer_shape);
    if (status == recipient_status_selected) {
        return;
    }
    outreach_contact(h, "c", "ann",
                     (struct outreach_turn){ .quiet = status == recipient_status_deferred,
                                             .silent = status == recipient_status_launched });
    switch (status) {
    case recipient_status_fallback:
    case recipient_status_failed: outreach_report(h, "c", "ann", "provider"); break;
    case recipient_status_delivered: outreach_report(h, "c", "ann", NULL); break;
    case recipient_status_replied: talk_say(h, "ann", outreach_session_of(h, "c", "ann"), "tell me more"); break;
    case recipient_status_converted: outreach_convert(h, "c", "ann"); break;
    default: break;
    }
    if (status != recipient_status_failed) {
        assert_int_equal(outreach_standing(h, "c", "ann"), status);
    }
}

/* Do what makes that move. */
static void push(struct harness *h, unsigned from, unsigned to)
{
    if (from == recipient_status_deferred) {
        harness_advance(h, 2 * 86400);
    }
    switch (to) {
    case recipient_status_suppressed:
        outreach_set_consent(h, "ann", 0, consent_status_opted_out);
        outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 });
        break;
    case recipient_status_deferred: outreach_contact(h, "c", "ann", (struct outreach_turn){ .quiet = true }); break;
    case recipient_status_attempted: outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }); break;
    case recipient_status_launched: outreach_contact(h, "c", "ann", (struct outreach_turn){ .silent = true }); break;
    case recipient_status_cancelled: outreach_contact(h, "c", "ann", (struct outreach_turn){ .cancels = true }); break;
    case recipient_status_delivered: outreach_report(h, "c", "ann", NULL); break;
    case recipient_status_replied: talk_say(h, "ann", outreach_session_of(h, "c", "ann"), "tell me more"); break;
    case recipient_status_converted: outreach_convert(h, "c", "ann"); break;
    case recipient_status_opted_out: talk_say(h, "ann", outreach_session_of(h, "c", "ann"), "STOPALL"); break;
    default: break; /* what fails moves on by itself */
    }
}

static void try_move(unsigned from, unsigned to)
{
    struct harness *h = harness_new(from * 100 + to);
    bool is_failure = from == recipient_status_attempted && to == recipient_status_failed;
    if (to == recipient_status_exhausted) {
        struct outreach_wanted one = outreach_usual;
        one.channels[1] = 0;
        outreach_launch(h, "c", &one);
        outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 });
        outreach_report(h, "c", "ann", "provider");
    } else if (to == recipient_status_fallback || is_failure) {
        reach(h, recipient_status_failed);
        to = recipient_status_fallback;
    } else {
        reach(h, from);
        push(h, from, to);
    }
    if (outreach_standing(h, "c", "ann") != to) {
        fail_msg("from %u to %u: it is %u", from, to, outreach_standing(h, "c", "ann"));
    }
    assert_true(is_failure || hub_recipient_may_move(from, to) || to == recipient_status_exhausted);
    harness_check(h, true);
    harness_destroy(&h);
}

static void every_move_of_a_recipient_happens(void **state)
{
    (void) state;
#define MOVE(from_, to_, ...) try_move(recipient_status_##from_, recipient_status_##to_);
#include "actors/customer/recipient_moves.def"
#undef MOVE
}

static void what_is_over_is_not_contacted_again(void **state)
{
    struct harness *h = *state;
    reach(h, recipient_status_attempted);
    assert_int_equal(outreach_effects(h), 1);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }), recipient_status_attempted);
    outreach_report(h, "c", "ann", NULL);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }), recipient_status_delivered);
    assert_int_equal(outreach_effects(h), 1);
}

static void stop_beats_an_attempt_that_waits(void **state)
{
    struct harness *h = *state;
    talk_create(h, "ann", "s", channel_chat);
    talk_answer(outreach_launch(h, "c", &outreach_usual), &launch_answer_shape);
    assert_int_equal(talk_say(h, "ann", "s", " Stop.\n")->error, 0);
    assert_int_equal(outreach_standing(h, "c", "ann"), recipient_status_opted_out);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }), recipient_status_opted_out);
    assert_int_equal(outreach_effects(h), 1); /* the confirmation */
    assert_int_equal(talk_say(h, "ann", "s", "STOP")->error, 0);
    assert_int_equal(outreach_effects(h), 1); /* and no second one */
    outreach_launch(h, "d", &(struct outreach_wanted){ .customers = { "ann" }, .channels = { channel_chat } });
    assert_int_equal(outreach_contact(h, "d", "ann", (struct outreach_turn){ 0 }), recipient_status_suppressed);
    talk_say(h, "ann", "s", "START");
    outreach_launch(h, "e", &(struct outreach_wanted){ .customers = { "ann" }, .channels = { channel_chat } });
    assert_int_equal(outreach_contact(h, "e", "ann", (struct outreach_turn){ 0 }), recipient_status_attempted);
    const struct customer_state *ann = harness_state(h, KIND_customer, harness_find(h, KIND_customer, "ann"));
    const struct recipient_moved *moved = harness_last_event(h, KIND_customer, harness_find(h, KIND_customer, "ann"),
                                                             &recipient_moved_shape);
    assert_int_equal(moved->consent, ann->consents.at[0].version); /* the event that allowed it */
}

static void of_lines_that_cover_a_message_the_newest_counts(void **state)
{
    struct harness *h = *state;
    const struct outreach_wanted chat = { .customers = { "ann" }, .channels = { channel_chat } };
    talk_create(h, "ann", NULL, channel_chat);
    outreach_set_consent(h, "ann", 0, consent_status_opted_out);
    outreach_set_consent(h, "ann", channel_chat, consent_status_opted_in);
    outreach_launch(h, "c", &chat);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }), recipient_status_attempted);
    outreach_set_consent(h, "ann", 0, consent_status_opted_out);
    outreach_launch(h, "d", &chat);
    assert_int_equal(outreach_contact(h, "d", "ann", (struct outreach_turn){ 0 }), recipient_status_suppressed);
    outreach_set_consent(h, "ann", channel_chat, consent_status_unknown);
    outreach_launch(h, "e", &chat);
    assert_int_equal(outreach_contact(h, "e", "ann", (struct outreach_turn){ 0 }), recipient_status_attempted);
}

static void nobody_is_asked_before_the_time(void **state)
{
    struct harness *h = *state;
    reach(h, recipient_status_deferred);
    uint64_t version = harness_version(h, KIND_customer, harness_find(h, KIND_customer, "ann"));
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }),
                     recipient_status_deferred); /* whatever the plan says now */
    assert_int_equal(harness_version(h, KIND_customer, harness_find(h, KIND_customer, "ann")), version);
}

static void help_is_answered_in_the_session(void **state)
{
    struct harness *h = *state;
    talk_create(h, "ann", "s", channel_sms);
    assert_int_equal(talk_say(h, "ann", "s", "HELP")->error, 0);
    assert_int_equal(outreach_effects(h), 1);
    assert_int_equal(talk_state(h, "s")->message_ranks.len, 2);
    talk_say(h, "ann", "s", "can you help me");
    assert_int_equal(outreach_effects(h), 1);
}

static void the_next_channel_is_the_first_that_is_allowed(void **state)
{
    struct harness *h = *state;
    const struct outreach_wanted three = { .customers = { "ann" },
                                           .channels = { channel_sms, channel_email, channel_chat } };
    talk_create(h, "ann", NULL, channel_chat);
    outreach_set_consent(h, "ann", channel_sms, consent_status_opted_out);
    talk_answer(outreach_launch(h, "c", &three), &launch_answer_shape);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }), recipient_status_attempted);
    assert_int_equal(outreach_recipient(h, "c", "ann")->step, 2);
    outreach_set_consent(h, "ann", channel_chat, consent_status_opted_out);
    outreach_report(h, "c", "ann", "provider");
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }), recipient_status_suppressed);
    assert_int_equal(outreach_effects(h), 1);
}

static void consent_may_have_to_be_given(void **state)
{
    struct harness *h = *state;
    struct outreach_wanted strict = outreach_usual;
    strict.policy = consent_policy_given;
    talk_create(h, "ann", NULL, channel_chat);
    outreach_launch(h, "c", &strict);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }), recipient_status_suppressed);
    outreach_set_consent(h, "ann", channel_chat, consent_status_opted_in);
    outreach_launch(h, "d", &strict);
    assert_int_equal(outreach_contact(h, "d", "ann", (struct outreach_turn){ 0 }), recipient_status_attempted);
}

static void what_cannot_wait_is_suppressed(void **state)
{
    struct harness *h = *state;
    struct outreach_wanted brief = outreach_usual;
    brief.ends_us = 60 * second_us;
    outreach_launch(h, "c", &brief);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ .quiet = true }),
                     recipient_status_suppressed);
    struct outreach_wanted over = { .customers = { "bob" }, .channels = { channel_chat }, .ends_us = 60 * second_us };
    outreach_launch(h, "d", &over);
    harness_advance(h, 61);
    assert_int_equal(outreach_contact(h, "d", "bob", (struct outreach_turn){ 0 }), recipient_status_suppressed);
    assert_int_equal(outreach_effects(h), 0);
}

static void a_capped_customer_waits(void **state)
{
    struct harness *h = *state;
    struct outreach_wanted capped = outreach_usual;
    capped.cap = 1;
    outreach_launch(h, "c", &capped);
    outreach_launch(h, "d", &capped);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }), recipient_status_attempted);
    assert_int_equal(outreach_contact(h, "d", "ann", (struct outreach_turn){ 0 }), recipient_status_deferred);
    assert_int_equal(outreach_recipient(h, "d", "ann")->due, harness_now(h) + 3600 * second_us);
    assert_int_equal(outreach_contact(h, "d", "ann", (struct outreach_turn){ 0 }), recipient_status_deferred);
    harness_advance(h, 3600);
    assert_int_equal(outreach_contact(h, "d", "ann", (struct outreach_turn){ 0 }), recipient_status_attempted);
}

static void a_held_customer_of_an_audience_waits_for_its_turn(void **state)
{
    struct harness *h = *state;
    const struct outreach_wanted audience = { .channels = { channel_chat, channel_sms }, .conditions = "" };
    struct outreach_wanted all = audience;
    all.conditions = "sessions >= 0";
    talk_create(h, "ann", NULL, channel_chat);
    talk_answer(outreach_launch(h, "c", &all), &launch_answer_shape);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ .holds = true }),
                     recipient_status_selected);
    assert_int_equal(outreach_effects(h), 0);
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ .zone = "PST" }),
                     recipient_status_selected); /* not its zone */
    assert_int_equal(outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 }), recipient_status_attempted);
    assert_int_equal(outreach_effects(h), 1);
    const struct session_state *session = talk_state(h, outreach_session_of(h, "c", "ann"));
    assert_int_equal(session->message_ranks.len, 1);
    assert_true(hub_ulid_is(session->campaign, harness_find(h, KIND_campaign, "c")));
}

static void a_customer_remembers_a_bounded_number_of_campaigns(void **state)
{
    struct harness *h = *state;
    char name[16];
    for (int i = 0; i < HUB_CUSTOMER_CAMPAIGNS; i++) {
        struct outreach_wanted later = { .customers = { "ann" },
                                         .channels = { channel_chat },
                                         .schedule_us = second_us };
        snprintf(name, sizeof name, "c%d", i);
        talk_answer(outreach_launch(h, name, &later), &launch_answer_shape);
    }
    struct outreach_wanted one_more = { .customers = { "ann" },
                                        .channels = { channel_chat },
                                        .schedule_us = second_us };
    outreach_launch(h, "more", &one_more);
    assert_null(outreach_recipient(h, "more", "ann"));
    outreach_contact(h, "c3", "ann", (struct outreach_turn){ .cancels = true });
    outreach_launch(h, "again", &one_more);
    assert_non_null(outreach_recipient(h, "again", "ann"));
    assert_null(outreach_recipient(h, "c3", "ann"));
    const struct customer_state *ann = harness_state(h, KIND_customer, harness_find(h, KIND_customer, "ann"));
    assert_int_equal(ann->campaigns.count, HUB_CUSTOMER_CAMPAIGNS);
}

static void late_news_moves_nothing(void **state)
{
    struct harness *h = *state;
    reach(h, recipient_status_attempted);
    talk_say(h, "ann", outreach_session_of(h, "c", "ann"), "stop");
    assert_int_equal(outreach_standing(h, "c", "ann"), recipient_status_opted_out);
    const char *session = outreach_session_of(h, "c", "ann");
    talk_report(h, session, (struct report){ 1, message_status_delivered, NULL, 1, true });
    assert_int_equal(outreach_standing(h, "c", "ann"), recipient_status_opted_out);
    talk_refused(outreach_convert(h, "c", "ann"), HUB_ERROR_illegal_transition, "");
    talk_refused(outreach_convert(h, "other", "ann"), HUB_ERROR_not_found, "/customer_id");
}

static void an_attempt_in_a_session_that_ended_fails(void **state)
{
    struct harness *h = *state;
    reach(h, recipient_status_fallback);
    talk_end(h, outreach_session_of(h, "c", "ann"));
    outreach_contact(h, "c", "ann", (struct outreach_turn){ 0 });
    assert_int_equal(outreach_standing(h, "c", "ann"), recipient_status_exhausted);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_launch_answers_as_the_guide_does),
        TEST(a_launch_that_cannot_be_is_refused),
        TEST(a_campaign_moves_as_its_table_says),
        TEST(the_walk_goes_forward_only),
        TEST(a_segment_is_no_campaign),
        cmocka_unit_test(every_move_of_a_recipient_happens),
        TEST(what_is_over_is_not_contacted_again),
        TEST(stop_beats_an_attempt_that_waits),
        TEST(of_lines_that_cover_a_message_the_newest_counts),
        TEST(nobody_is_asked_before_the_time),
        TEST(help_is_answered_in_the_session),
        TEST(the_next_channel_is_the_first_that_is_allowed),
        TEST(consent_may_have_to_be_given),
        TEST(what_cannot_wait_is_suppressed),
        TEST(a_capped_customer_waits),
        TEST(a_held_customer_of_an_audience_waits_for_its_turn),
        TEST(a_customer_remembers_a_bounded_number_of_campaigns),
        TEST(late_news_moves_nothing),
        TEST(an_attempt_in_a_session_that_ended_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
