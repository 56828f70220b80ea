/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A session as a whole: opening, reading, changing, moving, ending, timers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "actors/session/moves.h"
#include "base/error.h"
#include "base/json.h"
#include "tests/actors/talk.h"

static const int64_t second_us = 1000000;

static int set_up(void **state)
{
    *state = harness_new(1);
    return 0;
}

static void a_new_session_is_answered_as_clients_see_it(void **state)
{
    struct harness *h = *state;
    struct unified_session *shown = talk_answer(talk_create(h, "customer_004", "omni_session_004", channel_voice),
                                                &unified_session_shape);
    assert_string_equal(harness_text(h, &shown->session_id), "omni_session_004");
    assert_string_equal(harness_text(h, &shown->customer_id), "customer_004");
    assert_int_equal(shown->status, session_status_active);
    assert_int_equal(shown->channel, channel_voice);
    assert_int_equal(shown->channels, 1 << channel_voice);
    assert_int_equal(shown->priority, priority_medium);
    assert_int_equal(shown->message_count, 0);
    assert_int_equal(shown->version, 1);
    assert_int_equal(shown->created_at, harness_now(h));
    assert_false(HUB_HAS(unified_session, shown, waiting_since));
}

static void a_session_without_a_name_is_called_by_our_id(void **state)
{
    struct harness *h = *state;
    struct unified_session *shown = talk_answer(talk_create(h, "c", NULL, channel_chat), &unified_session_shape);
    char name[64];
    snprintf(name, sizeof name, "%s", harness_text(h, &shown->session_id));
    struct hub_ulid id;
    assert_true(hub_ulid_parse(hub_span(name), &id));
    assert_true(hub_ulid_is(talk_customer(h, "c")->sessions.at[0].session, id));
    assert_int_equal(talk_state(h, name)->status, session_status_active);
}

static void reading_shows_what_the_last_change_answered(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    harness_advance(h, 5);
    struct update_session update = { 0 };
    struct hub_span labels[] = { HUB_SPAN("vip"), HUB_SPAN("billing") };
    HUB_SET(update_session, &update, session_id, harness_sealed("s"));
    HUB_SET(update_session, &update, status, session_status_waiting);
    HUB_SET(update_session, &update, priority, priority_urgent);
    HUB_SET(update_session, &update, labels, ((hub_list){ .at = labels, .count = 2 }));
    HUB_SET(update_session, &update, metadata, harness_sealed("{\"a\":1}"));
    struct unified_session changed = *(struct unified_session *) talk_answer(
        talk_to(h, "s", &update_session_shape, &update), &unified_session_shape);
    assert_int_equal(changed.version, 3);
    assert_int_equal(changed.status, session_status_waiting);
    assert_int_equal(changed.priority, priority_urgent);
    assert_int_equal(changed.last_activity_at, harness_now(h));
    assert_string_equal(harness_text(h, &changed.metadata), "{\"a\":1}");

    struct get_session get = { 0 };
    HUB_SET(get_session, &get, session_id, harness_sealed("s"));
    struct unified_session *shown = talk_answer(talk_to(h, "s", &get_session_shape, &get), &unified_session_shape);
    assert_int_equal(shown->version, changed.version);
    assert_int_equal(shown->status, changed.status);
    assert_int_equal(shown->priority, changed.priority);
    assert_int_equal(shown->last_activity_at, changed.last_activity_at);
    assert_string_equal(harness_text(h, &shown->metadata), "{\"a\":1}");
    assert_int_equal(shown->labels.count, 2);
    assert_true(hub_span_is(((struct hub_span *) shown->labels.at)[1], HUB_SPAN("billing")));
}

static void every_command_to_an_unknown_session_is_not_found(void **state)
{
    struct harness *h = *state;
    struct get_session get = { 0 };
    talk_refused(talk_to(h, "s", &get_session_shape, &get), HUB_ERROR_not_found, "/session_id");
    talk_refused(talk_move(h, "s", session_status_waiting), HUB_ERROR_not_found, "/session_id");
    talk_refused(talk_end(h, "s"), HUB_ERROR_not_found, "/session_id");
    talk_refused(talk_reply(h, "s", "hello", true), HUB_ERROR_not_found, "/session_id");
    talk_refused(talk_transfer(h, "s", 0, channel_chat), HUB_ERROR_not_found, "/session_id");
    talk_refused(talk_report(h, "s", (struct report){ 1, message_status_read, NULL, 0, false }), HUB_ERROR_not_found,
                 "/message_id");
    struct process_message unnamed = { 0 };
    talk_refused(talk_to(h, "s", &process_message_shape, &unnamed), HUB_ERROR_not_found, "/session_id");
    struct session_timer timer = { 0 };
    HUB_SET(session_timer, &timer, purpose, session_timer_purpose_idle);
    const struct harness_result *fired = talk_to(h, "s", &session_timer_shape, &timer);
    assert_int_equal(fired->error, 0);
    assert_int_equal(fired->events, 0);
}

/* --- moves --- */

/* Ways from active, each over legal moves only. */
static void bring_to(struct harness *h, const char *session, unsigned status)
{
    if (status != session_status_active) {
        talk_answer(talk_move(h, session, status), &unified_session_shape);
    }
    assert_int_equal(talk_state(h, session)->status, status);
}

static void every_pair_of_statuses_is_legal_or_refused_as_the_table_says(void **state)
{
    struct harness *h = *state;
    char name[16];
    for (unsigned from = 1; from <= session_status_vocab.count; from++) {
        for (unsigned to = 1; to <= session_status_vocab.count; to++) {
            snprintf(name, sizeof name, "s%u%u", from, to);
            talk_create(h, name, name, channel_chat);
            bring_to(h, name, from);
            const struct harness_result *result = talk_move(h, name, to);
            if (hub_session_may_move(from, to) || (from == to && from != session_status_ended)) {
                struct unified_session *shown = talk_answer(result, &unified_session_shape);
                assert_int_equal(shown->status, to);
                assert_int_equal(talk_state(h, name)->status, to);
            } else {
                talk_refused(result, HUB_ERROR_illegal_transition, "");
                assert_int_equal(talk_state(h, name)->status, from);
            }
        }
    }
}

static void the_table_of_moves_has_these_rows_and_no_others(void **state)
{
    (void) state;
    /* row: from, column: to; active waiting on_hold snoozed resolved ended */
    static const char *const expected[] = { ".yyyyy", "y.yyyy", "yy.yyy", "yy.yyy", "y...yy", "......" };
    for (unsigned from = 1; from <= 6; from++) {
        for (unsigned to = 1; to <= 6; to++) {
            assert_int_equal(hub_session_may_move(from, to), expected[from - 1][to - 1] == 'y');
        }
    }
}

static void the_printed_page_of_moves_is_the_one_in_docs(void **state)
{
    (void) state;
    struct hub_buf printed;
    hub_buf_init(&printed);
    hub_session_moves_print(&printed);
    char path[4096];
    snprintf(path, sizeof path, "%s/session-states.md", getenv("OMNIHUB_DOCS"));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *stored = malloc(printed.len + 2);
    size_t len = fread(stored, 1, printed.len + 2, file);
    fclose(file);
    assert_int_equal(len, printed.len);
    assert_memory_equal(stored, printed.at, len);
    free(stored);
    hub_buf_done(&printed);
}

static void the_same_status_again_writes_nothing(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    const struct harness_result *result = talk_move(h, "s", session_status_active);
    struct unified_session *shown = talk_answer(result, &unified_session_shape);
    assert_int_equal(shown->version, 1);
    assert_int_equal(result->events, 0);
}

static void nothing_changes_a_session_that_has_ended(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    talk_answer(talk_end(h, "s"), &unified_session_shape);
    struct update_session update = { 0 };
    HUB_SET(update_session, &update, priority, priority_low);
    talk_refused(talk_to(h, "s", &update_session_shape, &update), HUB_ERROR_illegal_transition, "");
    talk_refused(talk_end(h, "s"), HUB_ERROR_illegal_transition, "");
    talk_refused(talk_say(h, "c", "s", "hello"), HUB_ERROR_illegal_transition, "");
    talk_refused(talk_reply(h, "s", "hello", true), HUB_ERROR_illegal_transition, "");
    talk_refused(talk_transfer(h, "s", 0, channel_voice), HUB_ERROR_illegal_transition, "");
}

static void an_end_says_why_and_how_pleased_and_the_customer_forgets_it(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    talk_say(h, "c", "s", "hello");
    struct end_session end = { 0 };
    HUB_SET(end_session, &end, reason, end_reason_abandoned);
    HUB_SET(end_session, &end, satisfaction, 4);
    struct unified_session *shown = talk_answer(talk_to(h, "s", &end_session_shape, &end), &unified_session_shape);
    assert_int_equal(shown->status, session_status_ended);
    assert_int_equal(shown->end_reason, end_reason_abandoned);
    assert_int_equal(shown->satisfaction, 4);
    assert_int_equal(shown->ended_at, harness_now(h));
    assert_false(HUB_HAS(unified_session, shown, waiting_since));
    assert_int_equal(talk_customer(h, "c")->sessions.count, 0);
    assert_int_equal(talk_customer(h, "c")->session_count, 1);
}

static void an_end_without_a_reason_is_completed_by_either_way(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    talk_create(h, "c", "t", channel_chat);
    struct unified_session *shown = talk_answer(talk_end(h, "s"), &unified_session_shape);
    assert_int_equal(shown->end_reason, end_reason_completed);
    shown = talk_answer(talk_move(h, "t", session_status_ended), &unified_session_shape);
    assert_int_equal(shown->end_reason, end_reason_completed);
    assert_int_equal(talk_customer(h, "c")->sessions.count, 0);
}

static void a_message_opens_what_was_resolved_and_keeps_the_rating(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    struct update_session update = { 0 };
    HUB_SET(update_session, &update, status, session_status_resolved);
    HUB_SET(update_session, &update, satisfaction, 5);
    talk_answer(talk_to(h, "s", &update_session_shape, &update), &unified_session_shape);
    harness_advance(h, 60);
    const struct harness_result *result = talk_say(h, "c", "s", "one more thing");
    talk_answer(result, &message_processed_shape);
    assert_int_equal(result->events, 2);
    assert_int_equal(talk_state(h, "s")->status, session_status_active);
    assert_int_equal(talk_state(h, "s")->satisfaction, 5);
    assert_int_equal(talk_state(h, "s")->waiting_since, harness_now(h));
}

static void fields_that_belong_to_a_status_need_it(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    struct update_session rating = { 0 };
    HUB_SET(update_session, &rating, satisfaction, 3);
    talk_refused(talk_to(h, "s", &update_session_shape, &rating), HUB_ERROR_invalid_field, "/satisfaction");
    HUB_SET(update_session, &rating, status, session_status_waiting);
    talk_refused(talk_to(h, "s", &update_session_shape, &rating), HUB_ERROR_invalid_field, "/satisfaction");

    struct update_session until = { 0 };
    HUB_SET(update_session, &until, snoozed_until, harness_now(h) + second_us);
    talk_refused(talk_to(h, "s", &update_session_shape, &until), HUB_ERROR_invalid_field, "/snoozed_until");
    HUB_SET(update_session, &until, status, session_status_snoozed);
    HUB_SET(update_session, &until, snoozed_until, harness_now(h));
    talk_refused(talk_to(h, "s", &update_session_shape, &until), HUB_ERROR_invalid_field, "/snoozed_until");
    HUB_CLEAR(update_session, &until, snoozed_until);
    talk_refused(talk_to(h, "s", &update_session_shape, &until), HUB_ERROR_invalid_field, "/snoozed_until");
}

static void a_label_is_short_and_not_empty_and_the_fault_says_which(void **state)
{
    (void) state;
    static const struct {
        const char *json, *pointer, *reason;
    } cases[] = {
        { "{\"session_id\":\"s\",\"labels\":[\"vip\",\"\"]}", "/labels/1", "must be at least 1 character" },
        { "{\"session_id\":\"s\",\"labels\":[\"0123456789012345678901234567890123456789012345678901234567890123x\"]}",
          "/labels/0", "must be at most 64 characters" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hub_arena *arena = hub_arena_new(0);
        struct update_session update;
        struct hub_fault fault;
        int failed = hub_json_read(&update_session_shape, hub_span(cases[i].json), arena, &update, &fault);
        assert_int_equal(failed, HUB_ERROR_invalid_field);
        assert_string_equal(fault.pointer, cases[i].pointer);
        assert_string_equal(fault.reason, cases[i].reason);
        hub_arena_destroy(&arena);
    }
}

/* --- timers --- */

static const struct harness_later *last_timer(struct harness *h)
{
    size_t count;
    const struct harness_later *laters = harness_laters(h, &count);
    assert_true(count > 0);
    assert_int_equal(laters[count - 1].pending, HUB_PENDING_timer);
    return &laters[count - 1];
}

static const struct harness_result *fire(struct harness *h, const struct harness_later *timer)
{
    return harness_do(h, &(struct harness_call){ .target = KIND_session,
                                                 .shape = timer->shape,
                                                 .record = timer->record,
                                                 .entity = timer->entity,
                                                 .settles = true });
}

static void create_idle(struct harness *h, uint32_t idle_s)
{
    struct create_session command = { 0 };
    HUB_SET(create_session, &command, customer_id, harness_sealed("c"));
    HUB_SET(create_session, &command, session_id, harness_sealed("s"));
    HUB_SET(create_session, &command, channel, channel_chat);
    HUB_SET(create_session, &command, idle_s, idle_s);
    talk_answer(harness_do(h, &(struct harness_call){ .target = KIND_customer,
                                                      .shape = &create_session_shape,
                                                      .record = &command,
                                                      .customer = "c",
                                                      .session = "s" }),
                &unified_session_shape);
}

static void an_idle_session_ends_and_a_busy_one_is_asked_again(void **state)
{
    struct harness *h = *state;
    create_idle(h, 100);
    const struct harness_later *timer = last_timer(h);
    assert_int_equal(timer->due_us, harness_now(h) + 100 * second_us);
    harness_advance(h, 60);
    talk_say(h, "c", "s", "still here");
    int64_t spoke = harness_now(h);
    harness_advance(h, 40);
    const struct harness_result *result = fire(h, timer);
    assert_int_equal(result->error, 0);
    assert_int_equal(result->events, 0);
    timer = last_timer(h);
    assert_int_equal(timer->due_us, spoke + 100 * second_us);
    harness_advance(h, 60);
    result = fire(h, timer);
    assert_int_equal(result->events, 2);
    assert_int_equal(talk_state(h, "s")->status, session_status_ended);
    assert_int_equal(talk_state(h, "s")->end_reason, end_reason_inactivity);
    assert_int_equal(talk_customer(h, "c")->sessions.count, 0);
    result = fire(h, timer);
    assert_int_equal(result->events, 0);
}

static void a_snoozed_session_does_not_grow_idle_before_it_wakes(void **state)
{
    struct harness *h = *state;
    create_idle(h, 100);
    const struct harness_later idle = *last_timer(h);
    talk_answer(talk_move(h, "s", session_status_snoozed), &unified_session_shape);
    int64_t until = talk_state(h, "s")->snoozed_until;
    harness_advance(h, 100);
    assert_int_equal(fire(h, &idle)->events, 0);
    assert_int_equal(last_timer(h)->due_us, until + 100 * second_us);
}

static void a_snoozed_session_wakes_at_its_time_and_not_at_an_earlier_one(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    talk_answer(talk_move(h, "s", session_status_snoozed), &unified_session_shape);
    const struct harness_later first = *last_timer(h);
    assert_int_equal(first.due_us, talk_state(h, "s")->snoozed_until);
    harness_advance(h, 10);
    talk_answer(talk_move(h, "s", session_status_snoozed), &unified_session_shape);
    const struct harness_later second = *last_timer(h);
    harness_advance(h, 3590);
    assert_int_equal(fire(h, &first)->events, 0);
    assert_int_equal(talk_state(h, "s")->status, session_status_snoozed);
    harness_advance(h, 10);
    assert_int_equal(fire(h, &second)->events, 1);
    assert_int_equal(talk_state(h, "s")->status, session_status_active);
    assert_false(HUB_HAS(session_state, talk_state(h, "s"), snoozed_until));
    assert_int_equal(fire(h, &second)->events, 0);
}

static void a_message_wakes_a_snoozed_session(void **state)
{
    struct harness *h = *state;
    talk_create(h, "c", "s", channel_chat);
    talk_move(h, "s", session_status_snoozed);
    talk_say(h, "c", "s", "are you there?");
    assert_int_equal(talk_state(h, "s")->status, session_status_active);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, talk_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_new_session_is_answered_as_clients_see_it),
        TEST(a_session_without_a_name_is_called_by_our_id),
        TEST(reading_shows_what_the_last_change_answered),
        TEST(every_command_to_an_unknown_session_is_not_found),
        TEST(every_pair_of_statuses_is_legal_or_refused_as_the_table_says),
        TEST(the_table_of_moves_has_these_rows_and_no_others),
        TEST(the_printed_page_of_moves_is_the_one_in_docs),
        TEST(the_same_status_again_writes_nothing),
        TEST(nothing_changes_a_session_that_has_ended),
        TEST(an_end_says_why_and_how_pleased_and_the_customer_forgets_it),
        TEST(an_end_without_a_reason_is_completed_by_either_way),
        TEST(a_message_opens_what_was_resolved_and_keeps_the_rating),
        TEST(fields_that_belong_to_a_status_need_it),
        TEST(a_label_is_short_and_not_empty_and_the_fault_says_which),
        TEST(an_idle_session_ends_and_a_busy_one_is_asked_again),
        TEST(a_snoozed_session_does_not_grow_idle_before_it_wakes),
        TEST(a_snoozed_session_wakes_at_its_time_and_not_at_an_earlier_one),
        TEST(a_message_wakes_a_snoozed_session),
    };
    return cmocka_run_group_tests_name("actors/session", tests, NULL, NULL);
}
