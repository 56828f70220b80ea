/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who helps a customer: every move, every refusal, and where the waiting time goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "actors/agent/apply.h"
#include "base/error.h"
#include "tests/actors/people.h"

static const struct hub_ulid none;

static void is_waiting(struct people *p, int64_t since_us)
{
    const struct customer_help *help = people_help(p, "chat");
    assert_non_null(help);
    assert_int_equal(help->status, help_status_waiting);
    assert_int_equal(help->waiting_since, since_us);
    assert_false(HUB_HAS(customer_help, help, agent));
    assert_int_equal(talk_state(p->h, "s")->status, session_status_waiting);
    assert_false(HUB_HAS(session_state, talk_state(p->h, "s"), agent));
}

static void is_with(struct people *p, struct hub_ulid agent)
{
    const struct customer_help *help = people_help(p, "chat");
    assert_non_null(help);
    assert_int_equal(help->status, help_status_assigned);
    assert_true(hub_ulid_is(help->agent, agent));
    assert_int_equal(talk_state(p->h, "s")->status, session_status_active);
    assert_true(hub_ulid_is(talk_state(p->h, "s")->agent, agent));
    for (int i = 0; i < 2; i++) {
        bool is_it = hub_ulid_is(p->agents[i], agent);
        assert_int_equal(people_agent(p, p->agents[i])->helps.count, is_it ? 1 : 0);
    }
}

static void changed(const struct harness_result *result, bool stop)
{
    const struct help_changed *reply = talk_answer(result, &help_changed_shape);
    assert_true(reply->success);
    assert_int_equal(reply->stop, stop);
    assert_true(hub_span_is(reply->page_id, HUB_SPAN("chat")));
}

static void a_stopped_customer_waits_until_the_bot_goes_on(void **state)
{
    struct people *p = *state;
    int64_t begun_us = harness_now(p->h);
    changed(people_stop(p, NULL, true), true);
    is_waiting(p, begun_us);
    assert_string_equal(harness_text(p->h, &people_help(p, "chat")->reason), "asks for a person");
    harness_advance(p->h, 10);
    const struct harness_result *again = people_stop(p, "chat", true);
    assert_int_equal(again->events, 0);
    changed(again, true);
    is_waiting(p, begun_us);
    changed(people_stop(p, NULL, false), false);
    assert_null(people_help(p, "chat"));
    assert_int_equal(talk_state(p->h, "s")->status, session_status_active);
    changed(people_stop(p, NULL, false), false);
}

static void an_agent_takes_a_waiting_customer_and_the_second_is_told(void **state)
{
    struct people *p = *state;
    people_stop(p, NULL, true);
    harness_advance(p->h, 90);
    changed(people_take(p, "chat", p->agents[0]), true);
    is_with(p, p->agents[0]);
    const struct harness_result *second = people_take(p, "chat", p->agents[1]);
    talk_refused(second, HUB_ERROR_already_assigned, "");
    assert_non_null(strstr(second->fault.reason, "already assigned"));
    is_with(p, p->agents[0]);
    const struct harness_result *again = people_take(p, "chat", p->agents[0]);
    assert_int_equal(again->events, 0);
    changed(again, true);
}

static void a_customer_who_did_not_ask_can_be_taken_over(void **state)
{
    struct people *p = *state;
    changed(people_take(p, NULL, p->agents[0]), true);
    is_with(p, p->agents[0]);
    assert_int_equal(people_help(p, "chat")->cause, help_cause_taken);
    talk_end(p->h, "s");
    assert_null(people_help(p, "chat"));
    assert_int_equal(people_agent(p, p->agents[0])->helps.count, 0);
    talk_refused(people_take(p, NULL, p->agents[0]), HUB_ERROR_conflict, "");
}

static void a_released_customer_waits_from_where_it_began(void **state)
{
    struct people *p = *state;
    int64_t begun_us = harness_now(p->h);
    people_stop(p, NULL, true);
    talk_refused(people_release(p, NULL, p->agents[0]), HUB_ERROR_conflict, "");
    harness_advance(p->h, 60);
    people_take(p, NULL, p->agents[0]);
    talk_refused(people_release(p, NULL, p->agents[1]), HUB_ERROR_already_assigned, "");
    harness_advance(p->h, 60);
    changed(people_release(p, NULL, p->agents[0]), true);
    is_waiting(p, begun_us);
    assert_false(HUB_HAS(customer_help, people_help(p, "chat"), returned));
    people_take(p, NULL, p->agents[1]);
    changed(people_release(p, NULL, p->supervisor), true);
    is_waiting(p, begun_us);
}

static void a_customer_is_handed_over_to_an_agent_who_is_there(void **state)
{
    struct people *p = *state;
    people_take(p, NULL, p->agents[0]);
    const struct harness_result *away = people_hand_over(p, p->agents[0], p->agents[1]);
    assert_int_equal(away->error, HUB_ERROR_conflict);
    assert_string_equal(away->fault.pointer, "/agent_id");
    is_with(p, p->agents[0]); /* and keeps the customer */
    talk_answer(people_present(p, p->agents[1], presence_available), &agent_shown_shape);
    changed(people_hand_over(p, p->agents[0], p->agents[1]), true);
    is_with(p, p->agents[1]);
    talk_refused(people_hand_over(p, p->agents[1], p->agents[1]), HUB_ERROR_conflict, "/agent_id");
    talk_refused(people_hand_over(p, p->agents[1], (struct hub_ulid){ { 7 } }), HUB_ERROR_not_found, "/agent_id");
    changed(people_hand_over(p, p->agents[1], none), true);
    assert_int_equal(people_help(p, "chat")->status, help_status_waiting);
    assert_int_equal(people_agent(p, p->agents[1])->helps.count, 0);
}

static void work_is_wrapped_up_and_done(void **state)
{
    struct people *p = *state;
    people_take(p, NULL, p->agents[0]);
    harness_advance(p->h, 300);
    changed(people_wrap_up(p, p->agents[0]), true);
    assert_int_equal(people_help(p, "chat")->status, help_status_wrapping);
    const struct customer_wrapping *wrapping = harness_last_event(
        p->h, KIND_customer, harness_find(p->h, KIND_customer, "c"), &customer_wrapping_shape);
    assert_int_equal(wrapping->talked_us, INT64_C(300000000));
    assert_int_equal(people_agent(p, p->agents[0])->helps.count, 1);
    talk_refused(people_take(p, NULL, p->agents[1]), HUB_ERROR_already_assigned, "");
    harness_advance(p->h, 30);
    changed(people_finish(p, p->agents[0]), false);
    const struct customer_help_ended *ended = harness_last_event(
        p->h, KIND_customer, harness_find(p->h, KIND_customer, "c"), &customer_help_ended_shape);
    assert_int_equal(ended->handled_us, INT64_C(330000000));
    assert_true(hub_span_is(ended->code, HUB_SPAN("refunded")));
    assert_int_equal(people_agent(p, p->agents[0])->helps.count, 0);
    assert_int_equal(talk_state(p->h, "s")->status, session_status_resolved);
    talk_refused(people_finish(p, p->agents[0]), HUB_ERROR_conflict, "");
}

static void an_agent_who_writes_takes_the_customer(void **state)
{
    struct people *p = *state;
    people_stop(p, NULL, true);
    const struct message_processed *sent = talk_answer(people_write(p, p->agents[0], "How can I help?"),
                                                       &message_processed_shape);
    assert_int_equal(sent->status, message_status_queued);
    is_with(p, p->agents[0]);
    const struct message_sent *event = harness_last_event(p->h, KIND_session, harness_find(p->h, KIND_session, "s"),
                                                          &message_sent_shape);
    assert_int_equal(event->author, author_agent);
    assert_true(hub_ulid_is(event->agent, p->agents[0]));
    assert_string_equal(harness_text(p->h, &event->content), "How can I help?");
    talk_answer(people_write(p, p->agents[0], "Still there?"), &message_processed_shape);
    talk_refused(people_write(p, p->agents[1], "Me too"), HUB_ERROR_already_assigned, "");
    assert_int_equal(talk_state(p->h, "s")->message_ranks.len, 2);
}

static void an_agent_without_room_is_refused_unless_the_company_allows_more(void **state)
{
    struct people *p = *state;
    struct update_agent update = { 0 };
    struct agent_capacity one = { 0 };
    HUB_SET(agent_capacity, &one, channel, channel_chat);
    HUB_SET(agent_capacity, &one, limit, 0);
    update.capacity.at = &one;
    update.capacity.count = 1;
    HUB_MARK(update_agent, &update, capacity);
    talk_answer(people_do(p, &(struct people_call){ .target = KIND_agent,
                                                    .shape = &update_agent_shape,
                                                    .record = &update,
                                                    .agent = p->agents[0],
                                                    .who = p->supervisor,
                                                    .role = role_supervisor }),
                &agent_shown_shape);
    assert_int_equal(hub_agent_capacity(people_agent(p, p->agents[0]), channel_chat), 0);
    assert_int_equal(hub_agent_capacity(people_agent(p, p->agents[0]), channel_email), 5);
    int64_t begun_us = harness_now(p->h);
    people_stop(p, NULL, true);
    const struct harness_result *full = people_take(p, NULL, p->agents[0]);
    assert_int_equal(full->error, HUB_ERROR_conflict);
    assert_string_equal(full->fault.pointer, "/agent_id");
    is_waiting(p, begun_us);
    assert_int_equal(people_write(p, p->agents[0], "Hello")->error, HUB_ERROR_conflict);
    is_waiting(p, begun_us);
    assert_int_equal(talk_state(p->h, "s")->message_ranks.len, 0);
    people_stop(p, NULL, false);
    assert_int_equal(people_take(p, NULL, p->agents[0])->error, HUB_ERROR_conflict);
    assert_null(people_help(p, "chat")); /* nobody else wanted it */
    p->settled.over_capacity = true;
    changed(people_take(p, NULL, p->agents[0]), true);
    is_with(p, p->agents[0]);
}

static void who_may_give_a_customer_to_whom(void **state)
{
    struct people *p = *state;
    struct assign_agent assign = { 0 };
    struct people_call call = { .target = KIND_customer,
                                .customer = "c",
                                .shape = &assign_agent_shape,
                                .record = &assign,
                                .who = p->agents[0],
                                .role = role_agent,
                                .agent = p->agents[1] };
    talk_refused(people_do(p, &call), HUB_ERROR_forbidden, "/agent_id");
    call.agent = (struct hub_ulid){ { 8 } };
    talk_refused(people_do(p, &call), HUB_ERROR_not_found, "/agent_id");
    call.agent = none;
    call.is_key = true;
    call.role = role_service;
    talk_refused(people_do(p, &call), HUB_ERROR_invalid_field, "/agent_id");
    call.agent = p->agents[1];
    changed(people_do(p, &call), true);
    is_with(p, p->agents[1]);
    call.customer = "nobody";
    talk_refused(people_do(p, &call), HUB_ERROR_not_found, "/customer_id");
}

static void inboxes_are_apart(void **state)
{
    struct people *p = *state;
    struct create_session create = { 0 };
    HUB_SET(create_session, &create, customer_id, harness_sealed("c"));
    HUB_SET(create_session, &create, channel, channel_whatsapp);
    HUB_SET(create_session, &create, page_id, HUB_SPAN("page_456"));
    talk_answer(harness_do(p->h, &(struct harness_call){ .target = KIND_customer,
                                                         .shape = &create_session_shape,
                                                         .record = &create,
                                                         .customer = "c",
                                                         .role = role_service }),
                &unified_session_shape);
    talk_answer(people_stop(p, "chat", true), &help_changed_shape);
    talk_answer(people_stop(p, "page_456", true), &help_changed_shape);
    assert_int_equal(people_customer(p)->helps.count, 2);
    assert_int_equal(people_help(p, "page_456")->channel, channel_whatsapp);
    talk_refused(people_take(p, NULL, p->agents[0]), HUB_ERROR_invalid_field, "/page_id");
    talk_answer(people_take(p, "page_456", p->agents[0]), &help_changed_shape);
    talk_answer(people_take(p, "chat", p->agents[1]), &help_changed_shape);
    assert_int_equal(people_agent(p, p->agents[0])->helps.at[0].channel, channel_whatsapp);
    talk_end(p->h, "s");
    assert_null(people_help(p, "chat"));
    assert_non_null(people_help(p, "page_456"));
}

static void a_vanished_agent_keeps_the_customer_for_the_grace_period(void **state)
{
    struct people *p = *state;
    int64_t begun_us = harness_now(p->h);
    people_stop(p, NULL, true);
    people_present(p, p->agents[0], presence_busy);
    people_take(p, NULL, p->agents[0]);
    p->settled.lost_grace_s = 30;
    people_tell(p, p->agents[0], &agent_lost_shape, &(struct agent_lost){ 0 });
    assert_int_equal(people_agent(p, p->agents[0])->presence, presence_away);
    is_with(p, p->agents[0]);
    harness_advance(p->h, 29);
    people_tell(p, p->agents[0], &agent_seen_shape, &(struct agent_seen){ 0 });
    assert_int_equal(people_agent(p, p->agents[0])->presence, presence_busy);
    harness_advance(p->h, 1);
    people_fire(p, p->agents[0]);
    is_with(p, p->agents[0]);

    people_tell(p, p->agents[0], &agent_lost_shape, &(struct agent_lost){ 0 });
    harness_advance(p->h, 30);
    people_fire(p, p->agents[0]);
    is_waiting(p, begun_us);
    assert_true(people_help(p, "chat")->returned);
    assert_int_equal(people_agent(p, p->agents[0])->presence, presence_offline);
    assert_int_equal(people_agent(p, p->agents[0])->helps.count, 0);
    people_tell(p, p->agents[0], &agent_seen_shape, &(struct agent_seen){ 0 });
    assert_int_equal(people_agent(p, p->agents[0])->presence, presence_busy);
}

static void an_agent_who_goes_offline_has_the_same_grace(void **state)
{
    struct people *p = *state;
    people_take(p, NULL, p->agents[0]);
    const struct agent_shown *shown = talk_answer(people_present(p, p->agents[0], presence_offline),
                                                  &agent_shown_shape);
    assert_int_equal(shown->grace_until, harness_now(p->h) + INT64_C(60000000));
    is_with(p, p->agents[0]);
    people_tell(p, p->agents[0], &agent_lost_shape, &(struct agent_lost){ 0 });
    harness_advance(p->h, 60);
    people_fire(p, p->agents[0]);
    assert_int_equal(people_help(p, "chat")->status, help_status_waiting);
    assert_int_equal(people_agent(p, p->agents[0])->cause, presence_cause_chosen);
    people_tell(p, p->agents[0], &agent_seen_shape, &(struct agent_seen){ 0 });
    assert_int_equal(people_agent(p, p->agents[0])->presence, presence_offline); /* what was chosen stands */
}

/* The routing chose the agent a moment before the agent went: nobody is left with who is not there. */
static void who_is_given_to_an_agent_who_just_went_comes_back_after_the_grace(void **state)
{
    struct people *p = *state;
    people_present(p, p->agents[0], presence_available);
    people_present(p, p->agents[0], presence_offline);
    assert_false(HUB_HAS(agent_state, people_agent(p, p->agents[0]), grace_until)); /* there was nobody to keep */
    int64_t begun_us = harness_now(p->h);
    changed(people_stop(p, NULL, true), true);
    people_take(p, "chat", p->agents[0]);
    is_with(p, p->agents[0]);
    int64_t until_us = people_agent(p, p->agents[0])->grace_until;
    assert_int_equal(until_us, harness_now(p->h) + 60 * INT64_C(1000000));
    harness_advance(p->h, 60);
    people_fire(p, p->agents[0]);
    is_waiting(p, begun_us);
    people_take(p, "chat", p->agents[1]); /* who never said whether there works without a connection */
    assert_false(HUB_HAS(agent_state, people_agent(p, p->agents[1]), grace_until));
}

static void a_request_from_inside_is_taken_once_and_only_for_an_open_session(void **state)
{
    struct people *p = *state;
    struct request_help request = { 0 };
    HUB_SET(request_help, &request, session, harness_find(p->h, KIND_session, "s"));
    HUB_SET(request_help, &request, channel, channel_chat);
    HUB_SET(request_help, &request, cause, help_cause_asked);
    const struct harness_call call = {
        .target = KIND_customer, .shape = &request_help_shape, .record = &request, .customer = "c", .settles = true
    };
    int64_t begun_us = harness_now(p->h);
    assert_int_equal(harness_do(p->h, &call)->events, 2);
    is_waiting(p, begun_us);
    assert_int_equal(people_help(p, "chat")->cause, help_cause_asked);
    assert_int_equal(harness_do(p->h, &call)->events, 0);
    people_stop(p, NULL, false);
    HUB_SET(request_help, &request, session, ((struct hub_ulid){ { 5 } }));
    assert_int_equal(harness_do(p->h, &call)->events, 0);
}

static void a_customer_who_asks_for_a_person_waits_for_one(void **state)
{
    struct people *p = *state;
    int64_t begun_us = harness_now(p->h);
    talk_answer(talk_say(p->h, "c", NULL, "My invoice is wrong"), &message_processed_shape);
    assert_null(people_help(p, "chat"));
    talk_answer(talk_say(p->h, "c", NULL, "I want to talk to a human agent"), &message_processed_shape);
    is_waiting(p, begun_us);
    assert_int_equal(people_help(p, "chat")->cause, help_cause_asked);
    assert_int_equal(talk_say(p->h, "c", NULL, "I want to talk to a human agent")->events, 1);
    people_take(p, NULL, p->agents[0]);
    assert_int_equal(talk_say(p->h, "c", NULL, "I want to talk to a human agent")->events, 1);
    is_with(p, p->agents[0]);
}

static void the_routing_gives_what_waits_and_nothing_else(void **state)
{
    struct people *p = *state;
    struct assign_customer give = { 0 };
    HUB_SET(assign_customer, &give, agent, p->agents[1]);
    const struct harness_call call = {
        .target = KIND_customer, .shape = &assign_customer_shape, .record = &give, .customer = "c", .settles = true
    };
    assert_int_equal(harness_do(p->h, &call)->error, HUB_ERROR_already_assigned);
    people_stop(p, NULL, true);
    assert_int_equal(harness_do(p->h, &call)->error, 0);
    is_with(p, p->agents[1]);
    assert_int_equal(harness_do(p->h, &call)->error, HUB_ERROR_already_assigned);
}

#define A_TEST(test) cmocka_unit_test_setup_teardown(test, people_set_up, people_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(a_stopped_customer_waits_until_the_bot_goes_on),
        A_TEST(an_agent_takes_a_waiting_customer_and_the_second_is_told),
        A_TEST(a_customer_who_did_not_ask_can_be_taken_over),
        A_TEST(a_released_customer_waits_from_where_it_began),
        A_TEST(a_customer_is_handed_over_to_an_agent_who_is_there),
        A_TEST(work_is_wrapped_up_and_done),
        A_TEST(an_agent_who_writes_takes_the_customer),
        A_TEST(an_agent_without_room_is_refused_unless_the_company_allows_more),
        A_TEST(who_may_give_a_customer_to_whom),
        A_TEST(inboxes_are_apart),
        A_TEST(a_vanished_agent_keeps_the_customer_for_the_grace_period),
        A_TEST(an_agent_who_goes_offline_has_the_same_grace),
        A_TEST(who_is_given_to_an_agent_who_just_went_comes_back_after_the_grace),
        A_TEST(a_request_from_inside_is_taken_once_and_only_for_an_open_session),
        A_TEST(a_customer_who_asks_for_a_person_waits_for_one),
        A_TEST(the_routing_gives_what_waits_and_nothing_else),
    };
    return cmocka_run_group_tests_name("actors/help", tests, NULL, NULL);
}
