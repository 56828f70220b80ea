/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Messages and transfers of a session: numbering, ranks, delivery, the context that goes along. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "actors/session/apply.h"
#include "actors/session/render.h"
#include "base/digest.h"
#include "base/error.h"
#include "tests/actors/talk.h"

static const int64_t second_us = 1000000;

static int set_up(void **state)
{
    struct harness *h = harness_new(2);
    talk_create(h, "c", "s", channel_chat);
    *state = h;
    return 0;
}

static unsigned rank_of(struct harness *h, uint32_t index)
{
    return hub_session_message(talk_state(h, "s"), index) & HUB_MESSAGE_RANK;
}

static const void *last_event(struct harness *h, const struct hub_shape *shape)
{
    return harness_last_event(h, KIND_session, harness_find(h, KIND_session, "s"), shape);
}

static void a_message_gets_the_next_number_and_an_id_that_says_where_it_is(void **state)
{
    struct harness *h = *state;
    for (uint32_t i = 1; i <= 3; i++) {
        struct message_processed answer = *(struct message_processed *) talk_answer(talk_say(h, "c", "s", "hello"),
                                                                                    &message_processed_shape);
        assert_string_equal(harness_text(h, &answer.session_id), "s");
        struct hub_ulid session;
        uint32_t number = 0;
        assert_true(hub_part_id_parse(answer.message_id, 'm', &session, &number));
        assert_true(hub_ulid_is(session, harness_find(h, KIND_session, "s")));
        assert_int_equal(number, i);
        assert_int_equal(answer.status, message_status_received);
    }
    assert_int_equal(talk_state(h, "s")->message_ranks.len, 3);
}

static void what_comes_with_a_message_is_kept_in_its_event(void **state)
{
    struct harness *h = *state;
    struct process_message command = { 0 };
    HUB_SET(process_message, &command, customer_id, harness_sealed("c"));
    HUB_SET(process_message, &command, channel, channel_whatsapp);
    HUB_SET(process_message, &command, content, harness_sealed("words"));
    HUB_SET(process_message, &command, page_id, HUB_SPAN("page"));
    HUB_SET(process_message, &command, metadata, harness_sealed("{}"));
    HUB_SET(process_message, &command, sentiment, sentiment_frustrated);
    talk_answer(talk_to(h, "s", &process_message_shape, &command), &message_processed_shape);
    const struct message_received *event = last_event(h, &message_received_shape);
    assert_non_null(event);
    assert_string_equal(harness_text(h, &event->content), "words");
    assert_string_equal(harness_text(h, &event->metadata), "{}");
    assert_true(hub_span_is(event->page_id, HUB_SPAN("page")));
    assert_int_equal(event->sentiment, sentiment_frustrated);
    assert_int_equal(talk_state(h, "s")->channels, 1 << channel_chat | 1 << channel_whatsapp);
    assert_int_equal(talk_state(h, "s")->channel, channel_chat);
}

static void words_are_analysed_for_what_the_request_does_not_say(void **state)
{
    struct harness *h = *state;
    talk_answer(talk_move(h, "s", session_status_waiting), &unified_session_shape); /* asking changes nothing then */
    talk_say(h, "c", "s", "I am not happy, please call me back today");
    const struct message_received *event = last_event(h, &message_received_shape);
    assert_int_equal(event->sentiment, sentiment_negative);
    assert_int_equal(event->urgency, urgency_high);
    assert_int_equal(event->intent, intent_human);
    assert_int_equal(event->analyser, 1);
    assert_int_equal(event->evidence.count, 4);
    talk_say(h, "c", "s", "the sky is blue");
    event = last_event(h, &message_received_shape);
    assert_false(HUB_HAS(message_received, event, sentiment) || HUB_HAS(message_received, event, evidence) ||
                 HUB_HAS(message_received, event, analyser));
    assert_int_equal(talk_state(h, "s")->sentiment, sentiment_negative);
    assert_int_equal(talk_state(h, "s")->intent, intent_human);
    struct process_message command = { 0 };
    HUB_SET(process_message, &command, channel, channel_chat);
    HUB_SET(process_message, &command, content, harness_sealed("I am furious, this is an emergency"));
    HUB_SET(process_message, &command, sentiment, sentiment_satisfied);
    talk_answer(talk_to(h, "s", &process_message_shape, &command), &message_processed_shape);
    event = last_event(h, &message_received_shape);
    assert_int_equal(event->sentiment, sentiment_satisfied);
    assert_int_equal(event->urgency, urgency_critical);
    HUB_SET(process_message, &command, urgency, urgency_low);
    HUB_SET(process_message, &command, content, harness_sealed("please call me back today"));
    talk_answer(talk_to(h, "s", &process_message_shape, &command), &message_processed_shape);
    event = last_event(h, &message_received_shape);
    assert_int_equal(event->urgency, urgency_low);
    assert_int_equal(event->intent, intent_human); /* who asks for a person does so in any mood */
    HUB_SET(process_message, &command, intent, intent_billing);
    talk_answer(talk_to(h, "s", &process_message_shape, &command), &message_processed_shape);
    event = last_event(h, &message_received_shape);
    assert_false(HUB_HAS(message_received, event, analyser)); /* nothing is left to say */
}

static void a_message_of_another_customer_is_a_conflict(void **state)
{
    struct harness *h = *state;
    talk_refused(talk_say(h, "d", "s", "hello"), HUB_ERROR_conflict, "/customer_id");
    talk_create(h, "d", "t", channel_chat);
    talk_refused(talk_say(h, "d", "s", "hello"), HUB_ERROR_conflict, "/customer_id");
}

static void the_first_unanswered_message_starts_the_clock_that_an_answer_stops(void **state)
{
    struct harness *h = *state;
    talk_say(h, "c", "s", "one");
    int64_t since = harness_now(h);
    harness_advance(h, 30);
    talk_say(h, "c", "s", "two");
    assert_int_equal(talk_state(h, "s")->waiting_since, since);
    harness_advance(h, 12);
    talk_answer(talk_reply(h, "s", "answer", true), &message_processed_shape);
    const struct message_sent *sent = last_event(h, &message_sent_shape);
    assert_int_equal(sent->response_us, 42 * second_us);
    assert_int_equal(sent->author, author_agent);
    assert_int_equal(sent->channel, channel_chat);
    assert_false(HUB_HAS(session_state, talk_state(h, "s"), waiting_since));
    talk_answer(talk_reply(h, "s", "and more", false), &message_processed_shape);
    sent = last_event(h, &message_sent_shape);
    assert_false(HUB_HAS(message_sent, sent, response_us));
    assert_int_equal(sent->author, author_bot);
}

static void an_author_is_a_person_a_program_or_the_hub(void **state)
{
    struct harness *h = *state;
    static const struct {
        enum role role;
        bool is_person;
        enum author author;
    } cases[] = {
        { role_agent, true, author_agent }, { role_supervisor, true, author_agent },
        { role_admin, true, author_agent }, { role_service, false, author_bot },
        { role_admin, false, author_bot },  { role_service, true, author_bot },
        { 0, false, author_system },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct respond_message command = { 0 };
        HUB_SET(respond_message, &command, content, harness_sealed("hello"));
        talk_answer(harness_do(h, &(struct harness_call){ .target = KIND_session,
                                                          .shape = &respond_message_shape,
                                                          .record = &command,
                                                          .session = "s",
                                                          .role = cases[i].role,
                                                          .is_person = cases[i].is_person }),
                    &message_processed_shape);
        const struct message_sent *sent = last_event(h, &message_sent_shape);
        assert_int_equal(sent->author, cases[i].author);
    }
}

static void an_answer_leaves_as_an_effect_of_the_same_words(void **state)
{
    struct harness *h = *state;
    struct respond_message command = { 0 };
    HUB_SET(respond_message, &command, channel, channel_email);
    HUB_SET(respond_message, &command, content, harness_sealed("resolved"));
    HUB_SET(respond_message, &command, subject, harness_sealed("Your bill"));
    struct message_processed *answer = talk_answer(talk_to(h, "s", &respond_message_shape, &command),
                                                   &message_processed_shape);
    assert_int_equal(answer->status, message_status_queued);
    size_t count;
    const struct harness_later *later = harness_laters(h, &count);
    assert_int_equal(count, 1);
    assert_int_equal(later->pending, HUB_PENDING_effect);
    assert_int_equal(later->due_us, 0);
    assert_int_equal(later->attempt, 1);
    const struct send_effect *effect = later->record;
    assert_int_equal(effect->index, 1);
    assert_int_equal(effect->channel, channel_email);
    assert_true(hub_ulid_is(effect->session, harness_find(h, KIND_session, "s")));
    assert_string_equal(harness_text(h, &effect->content), "resolved");
    assert_string_equal(harness_text(h, &effect->subject), "Your bill");
    assert_int_equal(talk_state(h, "s")->channels, 1 << channel_chat | 1 << channel_email);
}

/* --- how far a message got --- */

static void a_status_rises_and_never_falls(void **state)
{
    struct harness *h = *state;
    talk_reply(h, "s", "hello", true);
    for (unsigned before = message_status_queued; before <= message_status_read; before++) {
        for (unsigned report = message_status_received; report <= before; report++) {
            const struct harness_result *result = talk_report(h, "s", (struct report){ 1, report, NULL, 0, false });
            struct message_changed *answer = talk_answer(result, &message_changed_shape);
            assert_int_equal(answer->status, before);
            assert_int_equal(result->events, 0);
        }
        if (before < message_status_read) {
            const struct harness_result *result = talk_report(h, "s", (struct report){ 1, before + 1, NULL, 0, false });
            struct message_changed *answer = talk_answer(result, &message_changed_shape);
            assert_int_equal(answer->status, before + 1);
            assert_int_equal(result->events, 1);
        }
        assert_int_equal(rank_of(h, 1), before < message_status_read ? before + 1 : before);
    }
}

static void a_failure_is_a_fact_beside_the_status(void **state)
{
    struct harness *h = *state;
    talk_reply(h, "s", "hello", true);
    const struct harness_result *result = talk_report(h, "s", (struct report){ 1, 0, "no_route", 3, false });
    struct message_changed *answer = talk_answer(result, &message_changed_shape);
    assert_int_equal(answer->status, message_status_queued);
    const struct message_status_changed *event = last_event(h, &message_status_changed_shape);
    assert_true(hub_span_is(event->failure, HUB_SPAN("no_route")));
    assert_int_equal(event->attempt, 3);
    assert_false(HUB_HAS(message_status_changed, event, status));
    assert_false(result->retries);
}

static void what_was_delivered_cannot_fail_any_more(void **state)
{
    struct harness *h = *state;
    talk_reply(h, "s", "hello", true);
    talk_report(h, "s", (struct report){ 1, message_status_delivered, NULL, 1, true });
    const struct harness_result *result = talk_report(h, "s", (struct report){ 1, 0, "late", 2, true });
    struct message_changed *answer = talk_answer(result, &message_changed_shape);
    assert_int_equal(answer->status, message_status_delivered);
    assert_int_equal(result->events, 0);
    assert_false(result->retries);
    assert_false(result->dead_letter);
}

static void a_failed_effect_is_tried_again_with_growing_pauses_and_then_given_up(void **state)
{
    struct harness *h = *state;
    static const int64_t pauses_s[] = { 1, 5, 30, 300 };
    talk_reply(h, "s", "hello", true);
    for (uint32_t attempt = 1; attempt <= 4; attempt++) {
        const struct harness_result *result = talk_report(h, "s", (struct report){ 1, 0, "busy", attempt, true });
        assert_int_equal(result->error, 0);
        assert_true(result->retries);
        assert_false(result->dead_letter);
        assert_int_equal(result->retry_attempt, attempt + 1);
        assert_int_equal(result->retry_due_us, harness_now(h) + pauses_s[attempt - 1] * second_us);
    }
    const struct harness_result *result = talk_report(h, "s", (struct report){ 1, 0, "busy", 5, true });
    assert_false(result->retries);
    assert_true(result->dead_letter);
    assert_int_equal(result->events, 1);
}

static void delivery_reports_are_taken_after_the_end(void **state)
{
    struct harness *h = *state;
    talk_reply(h, "s", "goodbye", true);
    talk_end(h, "s");
    int64_t activity = talk_state(h, "s")->last_activity_at;
    harness_advance(h, 1);
    talk_answer(talk_report(h, "s", (struct report){ 1, message_status_delivered, NULL, 1, true }),
                &message_changed_shape);
    assert_int_equal(rank_of(h, 1), message_status_delivered);
    assert_int_equal(talk_state(h, "s")->last_activity_at, activity);
}

static void reports_that_make_no_sense_are_refused(void **state)
{
    struct harness *h = *state;
    talk_say(h, "c", "s", "hello");
    talk_refused(talk_report(h, "s", (struct report){ 1, 0, NULL, 0, false }), HUB_ERROR_invalid_field, "");
    talk_refused(talk_report(h, "s", (struct report){ 0, message_status_read, NULL, 0, false }), HUB_ERROR_not_found,
                 "/message_id");
    talk_refused(talk_report(h, "s", (struct report){ 2, message_status_read, NULL, 0, false }), HUB_ERROR_not_found,
                 "/message_id");
    talk_refused(talk_report(h, "s", (struct report){ 1, message_status_sent, NULL, 0, false }),
                 HUB_ERROR_illegal_transition, "/status");
    struct message_changed *answer = talk_answer(
        talk_report(h, "s", (struct report){ 1, message_status_read, NULL, 0, false }), &message_changed_shape);
    assert_int_equal(answer->status, message_status_read);

    struct update_message elsewhere = { 0 };
    HUB_SET(update_message, &elsewhere, message_id, HUB_SPAN("01ARZ3NDEKTSV4RRFFQ69G5FAV-m1"));
    HUB_SET(update_message, &elsewhere, status, message_status_read);
    talk_refused(talk_to(h, "s", &update_message_shape, &elsewhere), HUB_ERROR_not_found, "/message_id");
}

/* --- the ids of parts --- */

static void part_ids_come_back_and_nothing_else_is_one(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_ulid session;
    memset(&session, 0xA7, sizeof session);
    session.b[0] = 1;
    static const uint32_t numbers[] = { 1, 9, 10, 12, 99999, 4294967295U };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct hub_span text = hub_part_id_print(session, 't', numbers[i], arena);
        struct hub_ulid back;
        uint32_t number = 0;
        assert_true(hub_part_id_parse(text, 't', &back, &number));
        assert_true(hub_ulid_is(back, session));
        assert_int_equal(number, numbers[i]);
        assert_false(hub_part_id_parse(text, 'm', &back, &number));
        assert_false(hub_part_id_parse(hub_span_of(text.at, HUB_ULID_TEXT + 2), 't', &back, &number));
    }
    static const char *const others[] = { "",
                                          "x",
                                          "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                                          "01ARZ3NDEKTSV4RRFFQ69G5FAV-m",
                                          "01ARZ3NDEKTSV4RRFFQ69G5FAV-m0",
                                          "01ARZ3NDEKTSV4RRFFQ69G5FAV-m01",
                                          "01ARZ3NDEKTSV4RRFFQ69G5FAV-m1x",
                                          "01ARZ3NDEKTSV4RRFFQ69G5FAV-m-1",
                                          "01ARZ3NDEKTSV4RRFFQ69G5FAV-m4294967296",
                                          "01ARZ3NDEKTSV4RRFFQ69G5FAV-m11111111111",
                                          "01ARZ3NDEKTSV4RRFFQ69G5FAV_m1",
                                          "U1ARZ3NDEKTSV4RRFFQ69G5FAV-m1" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct hub_ulid back;
        uint32_t number;
        assert_false(hub_part_id_parse(hub_span(others[i]), 'm', &back, &number));
    }
    hub_arena_destroy(&arena);
}

/* --- transfers --- */

static void a_transfer_moves_the_channel_and_takes_the_history_along(void **state)
{
    struct harness *h = *state;
    talk_say(h, "c", "s", "I have a complex billing issue");
    talk_reply(h, "s", "Let us look at it", true);
    struct transfer_done answer = *(struct transfer_done *) talk_answer(
        talk_transfer(h, "s", channel_chat, channel_video), &transfer_done_shape);
    assert_true(answer.transfer_completed);
    assert_int_equal(answer.channel, channel_video);
    assert_int_equal(answer.history_count, 2);
    assert_string_equal(harness_text(h, &answer.session_id), "s");
    assert_string_equal(harness_text(h, &answer.context), "{\"issue_type\":\"document_verification\"}");
    assert_true(hub_span_is(answer.history_digest, talk_state(h, "s")->history_digest));
    struct hub_ulid session;
    uint32_t number = 0;
    assert_true(hub_part_id_parse(answer.transfer_id, 't', &session, &number));
    assert_int_equal(number, 1);
    const struct session_state *after = talk_state(h, "s");
    assert_int_equal(after->channel, channel_video);
    assert_int_equal(after->channels, 1 << channel_chat | 1 << channel_video);
    assert_int_equal(after->transfers.count, 1);
    assert_int_equal(after->transfers.at[0].status, transfer_status_completed);
}

static void the_history_digest_is_the_hash_of_every_boxs_tag_in_order(void **state)
{
    struct harness *h = *state;
    struct hub_digest digest = { { 0 } };
    for (uint32_t i = 1; i <= 5; i++) {
        talk_say(h, "c", "s", "word");
        const struct message_received *event = last_event(h, &message_received_shape);
        uint8_t number[4] = { 0, 0, 0, (uint8_t) i };
        struct hub_span box = event->content.box;
        const struct hub_span parts[] = { hub_span_of(digest.b, HUB_DIGEST), hub_span_of(number, 4),
                                          hub_span_of(box.at + box.len - HUB_TAG, HUB_TAG) };
        digest = hub_sha256_of(parts, 3);
    }
    assert_true(hub_span_is(talk_state(h, "s")->history_digest, hub_span_of(digest.b, HUB_DIGEST)));
}

static void transfers_are_numbered_and_may_go_back_and_forth(void **state)
{
    struct harness *h = *state;
    for (uint32_t i = 1; i <= 9; i++) {
        unsigned to = i % 2 == 1 ? channel_voice : channel_chat;
        talk_answer(talk_transfer(h, "s", 0, to), &transfer_done_shape);
        assert_int_equal(talk_state(h, "s")->transfers.count, i);
        assert_int_equal(talk_state(h, "s")->transfers.at[i - 1].number, i);
        assert_int_equal(talk_state(h, "s")->channel, to);
    }
}

/* Nothing decides these yet; a log that has them folds all the same. */
static void a_transfer_that_is_rolled_back_returns_and_one_that_fails_stays(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    struct session_state session = { .channel = channel_chat, .channels = 1 << channel_chat };
    static const unsigned statuses[] = { transfer_status_failed, transfer_status_completed,
                                         transfer_status_rolled_back };
    static const unsigned expected[] = { channel_chat, channel_voice, channel_chat };
    struct transfer_requested requested = { .number = 1, .from_channel = channel_chat, .to_channel = channel_voice };
    hub_session_apply(&session, &(struct hub_event){ .shape = &transfer_requested_shape, .record = &requested }, arena);
    for (size_t i = 0; i < 3; i++) {
        struct transfer_moved moved = { .number = 1, .status = (hub_enum) statuses[i] };
        hub_session_apply(&session, &(struct hub_event){ .shape = &transfer_moved_shape, .record = &moved }, arena);
        assert_int_equal(session.channel, expected[i]);
        assert_int_equal(session.transfers.at[0].status, statuses[i]);
    }
    struct transfer_moved unknown = { .number = 2, .status = transfer_status_completed };
    hub_session_apply(&session, &(struct hub_event){ .shape = &transfer_moved_shape, .record = &unknown }, arena);
    assert_int_equal(session.channel, channel_chat);
    hub_arena_destroy(&arena);
}

static void a_transfer_is_checked_before(void **state)
{
    struct harness *h = *state;
    talk_refused(talk_transfer(h, "s", channel_voice, channel_video), HUB_ERROR_conflict, "/from_channel");
    talk_refused(talk_transfer(h, "s", channel_chat, channel_chat), HUB_ERROR_conflict, "/to_channel");
    static const enum session_status movable[] = { session_status_waiting, session_status_on_hold };
    for (size_t i = 0; i < 2; i++) {
        talk_move(h, "s", movable[i]);
        talk_answer(talk_transfer(h, "s", 0, i == 0 ? channel_voice : channel_chat), &transfer_done_shape);
    }
    static const enum session_status still[] = { session_status_snoozed, session_status_resolved,
                                                 session_status_ended };
    for (size_t i = 0; i < 3; i++) {
        talk_answer(talk_move(h, "s", still[i]), &unified_session_shape);
        talk_refused(talk_transfer(h, "s", 0, channel_voice), HUB_ERROR_illegal_transition, "");
    }
}

static void a_transfer_for_another_customer_is_a_conflict(void **state)
{
    struct harness *h = *state;
    struct transfer_channel command = { 0 };
    HUB_SET(transfer_channel, &command, to_channel, channel_voice);
    struct harness_call call = {
        .target = KIND_session, .shape = &transfer_channel_shape, .record = &command, .session = "s", .customer = "d"
    };
    talk_refused(harness_do(h, &call), HUB_ERROR_conflict, "/customer_id");
    call.customer = "c";
    talk_answer(harness_do(h, &call), &transfer_done_shape);
}

/* --- bounds --- */

/* A decision on a state that no test has the patience to talk into being. */
static int decide_on(const struct session_state *session, const struct hub_shape *shape, const void *record)
{
    struct hub_arena *arena = hub_arena_new(0);
    static const struct hub_caller caller;
    struct hub_decision *decision = hub_decision_new(
        &(struct hub_decision_input){ .caller = &caller, .arena = arena, .now_us = 1 });
    hub_kind_decider(&hub_kind_session, shape)(session, record, decision);
    int error = hub_decision_result(decision)->error;
    hub_arena_destroy(&arena);
    return error;
}

static void a_session_has_a_hundred_thousand_messages_and_a_thousand_transfers_at_most(void **state)
{
    (void) state;
    static char ranks[HUB_SESSION_MESSAGES];
    static const char digest[HUB_DIGEST];
    struct session_state full = { .status = session_status_active, .channel = channel_chat };
    full.message_ranks = hub_span_of(ranks, sizeof ranks);
    full.history_digest = hub_span_of(digest, sizeof digest);
    full.transfers.count = 1000;
    struct process_message in = { .channel = channel_chat };
    struct respond_message out = { 0 };
    struct transfer_channel move = { .to_channel = channel_voice };
    assert_int_equal(decide_on(&full, &process_message_shape, &in), HUB_ERROR_limit_reached);
    assert_int_equal(decide_on(&full, &respond_message_shape, &out), HUB_ERROR_limit_reached);
    assert_int_equal(decide_on(&full, &transfer_channel_shape, &move), HUB_ERROR_limit_reached);
    full.message_ranks.len--;
    full.transfers.count--;
    assert_int_equal(decide_on(&full, &process_message_shape, &in), 0);
    assert_int_equal(decide_on(&full, &respond_message_shape, &out), 0);
    assert_int_equal(decide_on(&full, &transfer_channel_shape, &move), 0);
}

static void a_clock_that_went_back_makes_no_answer_early(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    static const struct hub_caller caller;
    struct session_state waiting = { .status = session_status_active, .channel = channel_chat };
    HUB_SET(session_state, &waiting, waiting_since, 5000);
    struct respond_message answer = { 0 };
    struct hub_decision *decision = hub_decision_new(
        &(struct hub_decision_input){ .caller = &caller, .arena = arena, .now_us = 4000 });
    hub_kind_decider(&hub_kind_session, &respond_message_shape)(&waiting, &answer, decision);
    const struct message_sent *sent = hub_decision_result(decision)->events[0].record;
    assert_true(HUB_HAS(message_sent, sent, response_us));
    assert_int_equal(sent->response_us, 0);
    hub_arena_destroy(&arena);
}

static void a_session_of_twenty_messages_takes_little_memory(void **state)
{
    struct harness *h = *state;
    for (int i = 0; i < 10; i++) {
        talk_say(h, "c", "s", "hello");
        talk_reply(h, "s", "hello", true);
    }
    size_t bytes = harness_folded_bytes(h, KIND_session, harness_find(h, KIND_session, "s"));
    print_message("# a session of 20 messages: %zu bytes, of which %zu are the state itself\n", bytes,
                  sizeof(struct session_state));
    assert_true(bytes < 1024);
}

static void a_long_session_grows_by_doubling(void **state)
{
    struct harness *h = *state;
    for (int i = 0; i < 2000; i++) {
        talk_reply(h, "s", "x", false);
        talk_report(h, "s", (struct report){ (uint32_t) i + 1, message_status_delivered, NULL, 1, true });
    }
    size_t bytes = harness_folded_bytes(h, KIND_session, harness_find(h, KIND_session, "s"));
    assert_true(bytes < sizeof(struct session_state) + 300 + 2 * 2048 + 8 * HUB_DIGEST + 16);
    assert_int_equal(talk_state(h, "s")->message_room, 2048);
    assert_false(HUB_HAS(session_state, talk_state(h, "s"), message_room));
    harness_check(h, false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, talk_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_message_gets_the_next_number_and_an_id_that_says_where_it_is),
        TEST(what_comes_with_a_message_is_kept_in_its_event),
        TEST(words_are_analysed_for_what_the_request_does_not_say),
        TEST(a_message_of_another_customer_is_a_conflict),
        TEST(the_first_unanswered_message_starts_the_clock_that_an_answer_stops),
        TEST(an_author_is_a_person_a_program_or_the_hub),
        TEST(an_answer_leaves_as_an_effect_of_the_same_words),
        TEST(a_status_rises_and_never_falls),
        TEST(a_failure_is_a_fact_beside_the_status),
        TEST(what_was_delivered_cannot_fail_any_more),
        TEST(a_failed_effect_is_tried_again_with_growing_pauses_and_then_given_up),
        TEST(delivery_reports_are_taken_after_the_end),
        TEST(reports_that_make_no_sense_are_refused),
        cmocka_unit_test(part_ids_come_back_and_nothing_else_is_one),
        TEST(a_transfer_moves_the_channel_and_takes_the_history_along),
        TEST(the_history_digest_is_the_hash_of_every_boxs_tag_in_order),
        TEST(transfers_are_numbered_and_may_go_back_and_forth),
        cmocka_unit_test(a_transfer_that_is_rolled_back_returns_and_one_that_fails_stays),
        TEST(a_transfer_is_checked_before),
        TEST(a_transfer_for_another_customer_is_a_conflict),
        cmocka_unit_test(a_session_has_a_hundred_thousand_messages_and_a_thousand_transfers_at_most),
        cmocka_unit_test(a_clock_that_went_back_makes_no_answer_early),
        TEST(a_session_of_twenty_messages_takes_little_memory),
        TEST(a_long_session_grows_by_doubling),
    };
    return cmocka_run_group_tests_name("actors/message", tests, NULL, NULL);
}
