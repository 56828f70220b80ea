/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Campaigns: launching, moving, and every move of a recipient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "actors/campaign/campaign.h"
#include "actors/customer/recipient.h"
#include "base/error.h"
#include "tests/actors/talk.h"

enum { NAMED_MAX = 8 };

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

/* --- what is sent --- */

/* What a launch says; zero is the usual thing. */
struct wanted {
    const char *customers[NAMED_MAX];
    const char *profile; /* of all of them */
    unsigned channels[4];
    const char *conditions;
    bool silent;         /* no message */
    int64_t schedule_us; /* from now */
    int64_t ends_us;
    uint32_t cap;
    enum consent_policy policy;
};

/* Customers as the client names them, and as the API finds them. */
static void add_customers(struct harness *h, const struct wanted *wanted, struct launch_campaign *command)
{
    static struct launch_customer customers[NAMED_MAX];
    static struct launch_recipient recipients[NAMED_MAX];
    uint32_t count = 0;
    for (; count < NAMED_MAX && wanted->customers[count] != NULL; count++) {
        struct hub_ulid id = harness_find(h, KIND_customer, wanted->customers[count]);
        customers[count] = (struct launch_customer){ 0 };
        HUB_SET(launch_customer, &customers[count], customer_id, harness_sealed(wanted->customers[count]));
        if (wanted->profile != NULL) {
            HUB_SET(launch_customer, &customers[count], profile, harness_sealed(wanted->profile));
        }
        recipients[count] = (struct launch_recipient){ 0 };
        HUB_SET(launch_recipient, &recipients[count], customer, id);
        HUB_SET(launch_recipient, &recipients[count], is_ours, true);
        HUB_SET(launch_recipient, &recipients[count], known, harness_version(h, KIND_customer, id) > 0);
    }
    command->customers.at = customers;
    command->recipients.at = recipients;
    command->customers.count = command->recipients.count = count;
    HUB_MARK(launch_campaign, command, customers);
    HUB_MARK(launch_campaign, command, recipients);
}

static void add_channels(const struct wanted *wanted, struct launch_campaign *command)
{
    static hub_enum channels[4];
    uint32_t count = 0;
    for (; count < 4 && wanted->channels[count] != 0; count++) {
        channels[count] = (hub_enum) wanted->channels[count];
    }
    if (count > 0) {
        HUB_SET(launch_campaign, command, channels, ((hub_list){ .at = channels, .count = count }));
    }
}

static void add_times(struct harness *h, const struct wanted *wanted, struct launch_campaign *command)
{
    if (wanted->schedule_us != 0) {
        HUB_SET(launch_campaign, command, schedule_at, harness_now(h) + wanted->schedule_us);
    }
    if (wanted->ends_us != 0) {
        HUB_SET(launch_campaign, command, ends_at, harness_now(h) + wanted->ends_us);
    }
}

static const struct harness_result *launch(struct harness *h, const char *name, const struct wanted *wanted)
{
    struct launch_campaign command = { 0 };
    struct campaign_message message = { 0 };
    struct launch_hours hours = { 0 };
    struct campaign_cap cap = { 0 };
    HUB_SET(launch_campaign, &command, campaign_id, harness_sealed(name));
    add_customers(h, wanted, &command);
    add_channels(wanted, &command);
    add_times(h, wanted, &command);
    HUB_SET(campaign_message, &message, content, HUB_SPAN("our new plans are there"));
    command.messages.at = &message;
    command.messages.count = 1;
    if (!wanted->silent) {
        HUB_MARK(launch_campaign, &command, messages);
    }
    HUB_SET(launch_hours, &hours, none, true);
    HUB_SET(launch_campaign, &command, quiet_hours, &hours);
    if (wanted->conditions != NULL) {
        HUB_SET(launch_campaign, &command, conditions, hub_span(wanted->conditions));
    }
    if (wanted->cap != 0) {
        HUB_SET(campaign_cap, &cap, max, wanted->cap);
        HUB_SET(campaign_cap, &cap, per_s, 3600);
        HUB_SET(launch_campaign, &command, frequency_cap, &cap);
    }
    if (wanted->policy != 0) {
        HUB_SET(launch_campaign, &command, consent, (hub_enum) wanted->policy);
    }
    return harness_do(h, &(struct harness_call){ .target = KIND_campaign,
                                                 .shape = &launch_campaign_shape,
                                                 .record = &command,
                                                 .entity = harness_find(h, KIND_campaign, name),
                                                 .role = role_service });
}

static const struct campaign_state *campaign(struct harness *h, const char *name)
{
    const struct campaign_state *state = harness_state(h, KIND_campaign, harness_find(h, KIND_campaign, name));
    assert_non_null(state);
    return state;
}

static const struct harness_result *tell(struct harness *h, const char *name, const struct hub_shape *shape,
                                         const void *record)
{
    return harness_do(h, &(struct harness_call){ .target = KIND_campaign,
                                                 .shape = shape,
                                                 .record = record,
                                                 .entity = harness_find(h, KIND_campaign, name),
                                                 .role = role_service });
}

/* How a recipient's turn differs from the usual one. */
struct turn {
    bool holds, cancels, silent, quiet;
    int64_t offset_s;
    const char *zone;
};

static unsigned contact(struct harness *h, const char *name, const char *customer, struct turn turn)
{
    struct contact_recipient command = { 0 };
    struct campaign_plan plan = *campaign(h, name)->plan;
    if (turn.silent) {
        HUB_CLEAR(campaign_plan, &plan, messages);
        plan.messages.count = 0;
    }
    if (turn.quiet) {
        plan.quiet_from = 0;
        plan.quiet_until = 23 * 60 + 59;
    }
    HUB_SET(contact_recipient, &command, campaign, harness_find(h, KIND_campaign, name));
    HUB_SET(contact_recipient, &command, plan, &plan);
    HUB_SET(contact_recipient, &command, offset_s, turn.offset_s);
    HUB_SET(contact_recipient, &command, holds, turn.holds);
    HUB_SET(contact_recipient, &command, cancels, turn.cancels);
    if (turn.zone != NULL) {
        HUB_SET(contact_recipient, &command, zone, hub_span(turn.zone));
    }
    const struct harness_result *result = harness_do(
        h, &(struct harness_call){ .target = KIND_customer,
                                   .shape = &contact_recipient_shape,
                                   .record = &command,
                                   .entity = harness_find(h, KIND_customer, customer) });
    struct recipient_standing *standing = talk_answer(result, &recipient_standing_shape);
    return standing->status;
}

static const struct customer_campaign *recipient(struct harness *h, const char *name, const char *customer)
{
    const struct customer_state *state = harness_state(h, KIND_customer, harness_find(h, KIND_customer, customer));
    struct hub_ulid id = harness_find(h, KIND_campaign, name);
    for (uint32_t i = 0; state != NULL && i < state->campaigns.count; i++) {
        if (hub_ulid_is(state->campaigns.at[i].campaign, id)) {
            return &state->campaigns.at[i];
        }
    }
    return NULL;
}

static unsigned standing(struct harness *h, const char *name, const char *customer)
{
    const struct customer_campaign *entry = recipient(h, name, customer);
    assert_non_null(entry);
    return entry->status;
}

/* The session of a customer in a campaign, as a name. */
static const char *session_of(struct harness *h, const char *name, const char *customer)
{
    static char text[HUB_ULID_TEXT + 1];
    hub_ulid_print(
        hub_recipient_session(harness_find(h, KIND_campaign, name), harness_find(h, KIND_customer, customer)), text);
    text[HUB_ULID_TEXT] = '\0';
    return text;
}

static void report(struct harness *h, const char *name, const char *customer, const char *failure)
{
    const char *session = session_of(h, name, customer);
    uint32_t index = talk_state(h, session)->campaign_index;
    const struct harness_result *result = talk_report(
        h, session, (struct report){ index, failure == NULL ? message_status_delivered : 0, failure, 1, true });
    assert_int_equal(result->error, 0);
    assert_false(result->retries); /* no blind retry: the customer decides */
    assert_false(result->dead_letter);
}

static const struct harness_result *convert(struct harness *h, const char *name, const char *customer)
{
    struct convert_recipient command = { 0 };
    HUB_SET(convert_recipient, &command, campaign_id, harness_sealed(name));
    HUB_SET(convert_recipient, &command, customer_id, harness_sealed(customer));
    return harness_do(h, &(struct harness_call){ .target = KIND_customer,
                                                 .shape = &convert_recipient_shape,
                                                 .record = &command,
                                                 .campaign = name,
                                                 .entity = harness_find(h, KIND_customer, customer) });
}

static void set_consent(struct harness *h, const char *customer, unsigned channel, enum consent_status status)
{
    struct set_consent command = { 0 };
    HUB_SET(set_consent, &command, customer_id, harness_sealed(customer));
    HUB_SET(set_consent, &command, status, (hub_enum) status);
    if (channel != 0) {
        HUB_SET(set_consent, &command, channel, (hub_enum) channel);
    }
    talk_answer(harness_do(h, &(struct harness_call){ .target = KIND_customer,
                                                      .shape = &set_consent_shape,
                                                      .record = &command,
                                                      .entity = harness_find(h, KIND_customer, customer) }),
                &consent_entered_shape);
}

static size_t effects(struct harness *h)
{
    size_t count, sent = 0;
    const struct harness_later *laters = harness_laters(h, &count);
    for (size_t i = 0; i < count; i++) {
        sent += laters[i].pending == HUB_PENDING_effect;
    }
    return sent;
}

static const struct wanted usual = { .customers = { "ann" }, .channels = { channel_chat, channel_sms } };

/* --- launching --- */

static void a_launch_answers_as_the_guide_does(void **state)
{
    struct harness *h = *state;
    const struct wanted guide = {
        .customers = { "ent_001" },
        .profile = "{\"company\":\"Fortune 500 Corp\",\"decision_maker\":true,\"timezone\":\"PST\"}",
        .channels = { channel_voice, channel_video, channel_chat, channel_email },
        .silent = true,
    };
    struct launch_answer *answer = talk_answer(launch(h, "enterprise_outreach_2025", &guide), &launch_answer_shape);
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
    assert_true(hub_span_is(session->session_id, hub_span(session_of(h, "enterprise_outreach_2025", "ent_001"))));
    const struct customer_state *customer = harness_state(h, KIND_customer, harness_find(h, KIND_customer, "ent_001"));
    assert_true(hub_span_is(customer->profile->timezone, HUB_SPAN("PST")));
    assert_string_equal(harness_text(h, &customer->profile->attributes), "{\"decision_maker\":true}");
    assert_int_equal(talk_state(h, session_of(h, "enterprise_outreach_2025", "ent_001"))->channel, channel_voice);
}

static void a_launch_that_cannot_be_is_refused(void **state)
{
    struct harness *h = *state;
    const struct wanted nobody = { .channels = { channel_chat } };
    const struct wanted nowhere = { .customers = { "ann" } };
    const struct wanted twice = { .customers = { "ann" }, .channels = { channel_chat, channel_chat } };
    const struct wanted wrong = { .channels = { channel_chat }, .conditions = "tier ==" };
    const struct wanted over = { .customers = { "ann" }, .channels = { channel_chat }, .ends_us = -1 };
    const struct wanted odd = { .customers = { "ann" },
                                .channels = { channel_chat },
                                .profile = "{\"tier\":\"gold\"}" };
    talk_refused(launch(h, "c", &nobody), HUB_ERROR_invalid_field, "/customers");
    talk_refused(launch(h, "c", &nowhere), HUB_ERROR_invalid_field, "/channels");
    talk_refused(launch(h, "c", &twice), HUB_ERROR_invalid_field, "/channels");
    talk_refused(launch(h, "c", &wrong), HUB_ERROR_invalid_field, "/conditions");
    talk_refused(launch(h, "c", &over), HUB_ERROR_invalid_field, "/ends_at");
    talk_refused(launch(h, "c", &odd), HUB_ERROR_invalid_field, "/customers/0/profile/tier");
    assert_int_equal(launch(h, "c", &usual)->error, 0);
    talk_refused(launch(h, "c", &usual), HUB_ERROR_already_exists, "/campaign_id");
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
    talk_refused(tell(h, "c", &pause_campaign_shape, &pause), HUB_ERROR_not_found, "/campaign_id");
    talk_answer(tell(h, "c", &register_campaign_shape, &announce), &campaign_changed_shape);
    assert_int_equal(campaign(h, "c")->status, campaign_status_draft);
    talk_refused(tell(h, "c", &register_campaign_shape, &announce), HUB_ERROR_already_exists, "/campaign_id");
    talk_refused(tell(h, "c", &resume_campaign_shape, &resume), HUB_ERROR_illegal_transition, "");
    talk_refused(tell(h, "c", &pause_campaign_shape, &pause), HUB_ERROR_illegal_transition, "");
    struct wanted later = usual;
    later.schedule_us = 60 * second_us;
    talk_answer(launch(h, "c", &later), &launch_answer_shape);
    assert_int_equal(campaign(h, "c")->status, campaign_status_scheduled);
    assert_int_equal(standing(h, "c", "ann"), recipient_status_selected);
    assert_int_equal(tell(h, "c", &pause_campaign_shape, &pause)->error, 0);
    assert_int_equal(tell(h, "c", &pause_campaign_shape, &pause)->events, 0); /* it is paused */
    tell(h, "c", &begin_campaign_shape, &begin);
    assert_int_equal(campaign(h, "c")->status, campaign_status_paused);
    assert_int_equal(tell(h, "c", &resume_campaign_shape, &resume)->error, 0);
    assert_int_equal(campaign(h, "c")->status, campaign_status_scheduled);
    harness_advance(h, 61);
    tell(h, "c", &begin_campaign_shape, &begin);
    assert_int_equal(campaign(h, "c")->status, campaign_status_running);
    tell(h, "c", &pause_campaign_shape, &pause);
    tell(h, "c", &finish_campaign_shape, &finish);
    assert_int_equal(campaign(h, "c")->status, campaign_status_paused);
    tell(h, "c", &resume_campaign_shape, &resume);
    tell(h, "c", &finish_campaign_shape, &finish);
    assert_int_equal(campaign(h, "c")->status, campaign_status_finished);
    talk_refused(tell(h, "c", &cancel_campaign_shape, &cancel), HUB_ERROR_illegal_transition, "");
    launch(h, "d", &usual);
    assert_int_equal(tell(h, "d", &cancel_campaign_shape, &cancel)->error, 0);
    assert_int_equal(campaign(h, "d")->status, campaign_status_cancelled);
}

static void the_walk_goes_forward_only(void **state)
{
    struct harness *h = *state;
    const struct wanted audience = { .channels = { channel_chat }, .conditions = "sessions > 0" };
    struct walk_campaign walk = { 0 };
    talk_answer(launch(h, "c", &audience), &launch_answer_shape);
    assert_false(campaign(h, "c")->walked);
    HUB_SET(walk_campaign, &walk, cursor, harness_find(h, KIND_customer, "ann"));
    HUB_SET(walk_campaign, &walk, seen, 10);
    HUB_SET(walk_campaign, &walk, matched, 4);
    assert_int_equal(tell(h, "c", &walk_campaign_shape, &walk)->events, 1);
    HUB_SET(walk_campaign, &walk, seen, 9);
    assert_int_equal(tell(h, "c", &walk_campaign_shape, &walk)->events, 0);
    HUB_SET(walk_campaign, &walk, seen, 11);
    HUB_SET(walk_campaign, &walk, is_over, true);
    assert_int_equal(tell(h, "c", &walk_campaign_shape, &walk)->events, 1);
    assert_true(campaign(h, "c")->walked);
    assert_int_equal(campaign(h, "c")->seen, 11);
    assert_int_equal(tell(h, "c", &walk_campaign_shape, &walk)->events, 0);
}

static void a_segment_is_no_campaign(void **state)
{
    struct harness *h = *state;
    struct define_segment segment = { 0 };
    struct pause_campaign pause = { 0 };
    HUB_SET(define_segment, &segment, conditions, HUB_SPAN("tier =="));
    talk_refused(tell(h, "s", &define_segment_shape, &segment), HUB_ERROR_invalid_field, "/conditions");
    HUB_SET(define_segment, &segment, segment_id, harness_sealed("s"));
    HUB_SET(define_segment, &segment, conditions, HUB_SPAN("tier in [\"premium\"]"));
    HUB_SET(define_segment, &segment, size, 7);
    struct segment_answer *answer = talk_answer(tell(h, "s", &define_segment_shape, &segment), &segment_answer_shape);
    assert_int_equal(answer->size, 7);
    talk_answer(tell(h, "s", &define_segment_shape, &segment), &segment_answer_shape); /* described again */
    talk_refused(tell(h, "s", &pause_campaign_shape, &pause), HUB_ERROR_not_found, "/campaign_id");
    talk_refused(launch(h, "s", &usual), HUB_ERROR_already_exists, "/campaign_id");
}

/* --- recipients --- */

/* Bring ann to a status in campaign c. */
static void reach(struct harness *h, unsigned status)
{
    struct wanted wanted = usual;
    wanted.channels[1] = status == recipient_status_exhausted ? 0 : wanted.channels[1];
    talk_create(h, "ann", NULL, channel_chat);
    talk_answer(launch(h, "c", &wanted), &launch_answer_shape);
    if (status == recipient_status_selected) {
        return;
    }
    contact(
        h, "c", "ann",
        (struct turn){ .quiet = status == recipient_status_deferred, .silent = status == recipient_status_launched });
    switch (status) {
    case recipient_status_fallback:
    case recipient_status_failed: report(h, "c", "ann", "provider"); break;
    case recipient_status_delivered: report(h, "c", "ann", NULL); break;
    case recipient_status_replied: talk_say(h, "ann", session_of(h, "c", "ann"), "tell me more"); break;
    case recipient_status_converted: convert(h, "c", "ann"); break;
    default: break;
    }
    if (status != recipient_status_failed) {
        assert_int_equal(standing(h, "c", "ann"), status);
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
        set_consent(h, "ann", 0, consent_status_opted_out);
        contact(h, "c", "ann", (struct turn){ 0 });
        break;
    case recipient_status_deferred: contact(h, "c", "ann", (struct turn){ .quiet = true }); break;
    case recipient_status_attempted: contact(h, "c", "ann", (struct turn){ 0 }); break;
    case recipient_status_launched: contact(h, "c", "ann", (struct turn){ .silent = true }); break;
    case recipient_status_cancelled: contact(h, "c", "ann", (struct turn){ .cancels = true }); break;
    case recipient_status_delivered: report(h, "c", "ann", NULL); break;
    case recipient_status_replied: talk_say(h, "ann", session_of(h, "c", "ann"), "tell me more"); break;
    case recipient_status_converted: convert(h, "c", "ann"); break;
    case recipient_status_opted_out: talk_say(h, "ann", session_of(h, "c", "ann"), "STOPALL"); break;
    default: break; /* what fails moves on by itself */
    }
}

static void try_move(unsigned from, unsigned to)
{
    struct harness *h = harness_new(from * 100 + to);
    bool is_failure = from == recipient_status_attempted && to == recipient_status_failed;
    if (to == recipient_status_exhausted) {
        struct wanted one = usual;
        one.channels[1] = 0;
        launch(h, "c", &one);
        contact(h, "c", "ann", (struct turn){ 0 });
        report(h, "c", "ann", "provider");
    } else if (to == recipient_status_fallback || is_failure) {
        reach(h, recipient_status_failed);
        to = recipient_status_fallback;
    } else {
        reach(h, from);
        push(h, from, to);
    }
    if (standing(h, "c", "ann") != to) {
        fail_msg("from %u to %u: it is %u", from, to, standing(h, "c", "ann"));
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
    assert_int_equal(effects(h), 1);
    assert_int_equal(contact(h, "c", "ann", (struct turn){ 0 }), recipient_status_attempted);
    report(h, "c", "ann", NULL);
    assert_int_equal(contact(h, "c", "ann", (struct turn){ 0 }), recipient_status_delivered);
    assert_int_equal(effects(h), 1);
}

static void stop_beats_an_attempt_that_waits(void **state)
{
    struct harness *h = *state;
    talk_create(h, "ann", "s", channel_chat);
    talk_answer(launch(h, "c", &usual), &launch_answer_shape);
    assert_int_equal(talk_say(h, "ann", "s", " Stop.\n")->error, 0);
    assert_int_equal(standing(h, "c", "ann"), recipient_status_opted_out);
    assert_int_equal(contact(h, "c", "ann", (struct turn){ 0 }), recipient_status_opted_out);
    assert_int_equal(effects(h), 1); /* the confirmation */
    assert_int_equal(talk_say(h, "ann", "s", "STOP")->error, 0);
    assert_int_equal(effects(h), 1); /* and no second one */
    launch(h, "d", &(struct wanted){ .customers = { "ann" }, .channels = { channel_chat } });
    assert_int_equal(contact(h, "d", "ann", (struct turn){ 0 }), recipient_status_suppressed);
    talk_say(h, "ann", "s", "START");
    launch(h, "e", &(struct wanted){ .customers = { "ann" }, .channels = { channel_chat } });
    assert_int_equal(contact(h, "e", "ann", (struct turn){ 0 }), recipient_status_attempted);
    const struct customer_state *ann = harness_state(h, KIND_customer, harness_find(h, KIND_customer, "ann"));
    const struct recipient_moved *moved = harness_last_event(h, KIND_customer, harness_find(h, KIND_customer, "ann"),
                                                             &recipient_moved_shape);
    assert_int_equal(moved->consent, ann->consents.at[0].version); /* the event that allowed it */
}

static void of_lines_that_cover_a_message_the_newest_counts(void **state)
{
    struct harness *h = *state;
    const struct wanted chat = { .customers = { "ann" }, .channels = { channel_chat } };
    talk_create(h, "ann", NULL, channel_chat);
    set_consent(h, "ann", 0, consent_status_opted_out);
    set_consent(h, "ann", channel_chat, consent_status_opted_in);
    launch(h, "c", &chat);
    assert_int_equal(contact(h, "c", "ann", (struct turn){ 0 }), recipient_status_attempted);
    set_consent(h, "ann", 0, consent_status_opted_out);
    launch(h, "d", &chat);
    assert_int_equal(contact(h, "d", "ann", (struct turn){ 0 }), recipient_status_suppressed);
    set_consent(h, "ann", channel_chat, consent_status_unknown);
    launch(h, "e", &chat);
    assert_int_equal(contact(h, "e", "ann", (struct turn){ 0 }), recipient_status_attempted);
}

static void nobody_is_asked_before_the_time(void **state)
{
    struct harness *h = *state;
    reach(h, recipient_status_deferred);
    uint64_t version = harness_version(h, KIND_customer, harness_find(h, KIND_customer, "ann"));
    assert_int_equal(contact(h, "c", "ann", (struct turn){ 0 }),
                     recipient_status_deferred); /* whatever the plan says now */
    assert_int_equal(harness_version(h, KIND_customer, harness_find(h, KIND_customer, "ann")), version);
}

static void help_is_answered_in_the_session(void **state)
{
    struct harness *h = *state;
    talk_create(h, "ann", "s", channel_sms);
    assert_int_equal(talk_say(h, "ann", "s", "HELP")->error, 0);
    assert_int_equal(effects(h), 1);
    assert_int_equal(talk_state(h, "s")->message_ranks.len, 2);
    talk_say(h, "ann", "s", "can you help me");
    assert_int_equal(effects(h), 1);
}

static void the_next_channel_is_the_first_that_is_allowed(void **state)
{
    struct harness *h = *state;
    const struct wanted three = { .customers = { "ann" }, .channels = { channel_sms, channel_email, channel_chat } };
    talk_create(h, "ann", NULL, channel_chat);
    set_consent(h, "ann", channel_sms, consent_status_opted_out);
    talk_answer(launch(h, "c", &three), &launch_answer_shape);
    assert_int_equal(contact(h, "c", "ann", (struct turn){ 0 }), recipient_status_attempted);
    assert_int_equal(recipient(h, "c", "ann")->step, 2);
    set_consent(h, "ann", channel_chat, consent_status_opted_out);
    report(h, "c", "ann", "provider");
    assert_int_equal(contact(h, "c", "ann", (struct turn){ 0 }), recipient_status_suppressed);
    assert_int_equal(effects(h), 1);
}

static void consent_may_have_to_be_given(void **state)
{
    struct harness *h = *state;
    struct wanted strict = usual;
    strict.policy = consent_policy_given;
    talk_create(h, "ann", NULL, channel_chat);
    launch(h, "c", &strict);
    assert_int_equal(contact(h, "c", "ann", (struct turn){ 0 }), recipient_status_suppressed);
    set_consent(h, "ann", channel_chat, consent_status_opted_in);
    launch(h, "d", &strict);
    assert_int_equal(contact(h, "d", "ann", (struct turn){ 0 }), recipient_status_attempted);
}

static void what_cannot_wait_is_suppressed(void **state)
{
    struct harness *h = *state;
    struct wanted brief = usual;
    brief.ends_us = 60 * second_us;
    launch(h, "c", &brief);
    assert_int_equal(contact(h, "c", "ann", (struct turn){ .quiet = true }), recipient_status_suppressed);
    struct wanted over = { .customers = { "bob" }, .channels = { channel_chat }, .ends_us = 60 * second_us };
    launch(h, "d", &over);
    harness_advance(h, 61);
    assert_int_equal(contact(h, "d", "bob", (struct turn){ 0 }), recipient_status_suppressed);
    assert_int_equal(effects(h), 0);
}

static void a_capped_customer_waits(void **state)
{
    struct harness *h = *state;
    struct wanted capped = usual;
    capped.cap = 1;
    launch(h, "c", &capped);
    launch(h, "d", &capped);
    assert_int_equal(contact(h, "c", "ann", (struct turn){ 0 }), recipient_status_attempted);
    assert_int_equal(contact(h, "d", "ann", (struct turn){ 0 }), recipient_status_deferred);
    assert_int_equal(recipient(h, "d", "ann")->due, harness_now(h) + 3600 * second_us);
    assert_int_equal(contact(h, "d", "ann", (struct turn){ 0 }), recipient_status_deferred);
    harness_advance(h, 3600);
    assert_int_equal(contact(h, "d", "ann", (struct turn){ 0 }), recipient_status_attempted);
}

static void a_held_customer_of_an_audience_waits_for_its_turn(void **state)
{
    struct harness *h = *state;
    const struct wanted audience = { .channels = { channel_chat, channel_sms }, .conditions = "" };
    struct wanted all = audience;
    all.conditions = "sessions >= 0";
    talk_create(h, "ann", NULL, channel_chat);
    talk_answer(launch(h, "c", &all), &launch_answer_shape);
    assert_int_equal(contact(h, "c", "ann", (struct turn){ .holds = true }), recipient_status_selected);
    assert_int_equal(effects(h), 0);
    assert_int_equal(contact(h, "c", "ann", (struct turn){ .zone = "PST" }),
                     recipient_status_selected); /* not its zone */
    assert_int_equal(contact(h, "c", "ann", (struct turn){ 0 }), recipient_status_attempted);
    assert_int_equal(effects(h), 1);
    const struct session_state *session = talk_state(h, session_of(h, "c", "ann"));
    assert_int_equal(session->message_ranks.len, 1);
    assert_true(hub_ulid_is(session->campaign, harness_find(h, KIND_campaign, "c")));
}

static void a_customer_remembers_a_bounded_number_of_campaigns(void **state)
{
    struct harness *h = *state;
    char name[16];
    for (int i = 0; i < HUB_CUSTOMER_CAMPAIGNS; i++) {
        struct wanted later = { .customers = { "ann" }, .channels = { channel_chat }, .schedule_us = second_us };
        snprintf(name, sizeof name, "c%d", i);
        talk_answer(launch(h, name, &later), &launch_answer_shape);
    }
    struct wanted one_more = { .customers = { "ann" }, .channels = { channel_chat }, .schedule_us = second_us };
    launch(h, "more", &one_more);
    assert_null(recipient(h, "more", "ann"));
    contact(h, "c3", "ann", (struct turn){ .cancels = true });
    launch(h, "again", &one_more);
    assert_non_null(recipient(h, "again", "ann"));
    assert_null(recipient(h, "c3", "ann"));
    const struct customer_state *ann = harness_state(h, KIND_customer, harness_find(h, KIND_customer, "ann"));
    assert_int_equal(ann->campaigns.count, HUB_CUSTOMER_CAMPAIGNS);
}

static void late_news_moves_nothing(void **state)
{
    struct harness *h = *state;
    reach(h, recipient_status_attempted);
    talk_say(h, "ann", session_of(h, "c", "ann"), "stop");
    assert_int_equal(standing(h, "c", "ann"), recipient_status_opted_out);
    const char *session = session_of(h, "c", "ann");
    talk_report(h, session, (struct report){ 1, message_status_delivered, NULL, 1, true });
    assert_int_equal(standing(h, "c", "ann"), recipient_status_opted_out);
    talk_refused(convert(h, "c", "ann"), HUB_ERROR_illegal_transition, "");
    talk_refused(convert(h, "other", "ann"), HUB_ERROR_not_found, "/customer_id");
}

static void an_attempt_in_a_session_that_ended_fails(void **state)
{
    struct harness *h = *state;
    reach(h, recipient_status_fallback);
    talk_end(h, session_of(h, "c", "ann"));
    contact(h, "c", "ann", (struct turn){ 0 });
    assert_int_equal(standing(h, "c", "ann"), recipient_status_exhausted);
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
