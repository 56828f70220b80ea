/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Routing decisions: tables and their dry runs, who is chosen and who waits, what becomes of it, and whether a receipt
 * explains itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "actors/routing/apply.h"
#include "actors/routing/calendar.h"
#include "actors/routing/engine.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pack.h"
#include "tests/actors/people.h"

static const struct hub_ulid none;

/* A command as clients write it. */
static const struct harness_result *send(struct people *p, const struct hub_shape *shape, const char *json)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_fault fault = { 0 };
    void *record = hub_arena_get(arena, shape->size);
    if (hub_json_read(shape, hub_span(json), arena, record, &fault) != 0) {
        fail_msg("%s: %s %s", json, fault.pointer, fault.reason);
    }
    if (shape == &decide_routing_shape) { /* what the API adds */
        struct decide_routing *command = record;
        bool is_other = HUB_HAS(decide_routing, command, session_id);
        HUB_SET(decide_routing, command, customer, harness_find(p->h, KIND_customer, is_other ? "d" : "c"));
        HUB_SET(decide_routing, command, session, harness_find(p->h, KIND_session, is_other ? "s-d" : "s"));
    }
    const struct harness_result *result = harness_do(
        p->h,
        &(struct harness_call){
            .target = KIND_routing, .shape = shape, .record = record, .entity = p->company, .role = role_supervisor });
    hub_arena_destroy(&arena);
    return result;
}

static const struct routing_rules_reply *put(struct people *p, const char *json)
{
    return talk_answer(send(p, &put_routing_rules_shape, json), &routing_rules_reply_shape);
}

static const struct routing_receipt *decide(struct people *p, const char *json)
{
    const struct routing_decision_reply *reply = talk_answer(send(p, &decide_routing_shape, json),
                                                             &routing_decision_reply_shape);
    return reply->decision;
}

static const struct routing_state *state_of(struct people *p)
{
    const struct routing_state *state = harness_state(p->h, KIND_routing, p->company);
    assert_non_null(state);
    return state;
}

static void says(struct hub_span text, const char *expected)
{
    if (text.len != strlen(expected) || memcmp(text.at, expected, text.len) != 0) {
        fail_msg("\"%.*s\" should be \"%s\"", (int) text.len, text.at, expected);
    }
}

static bool has(struct hub_span text, const char *part)
{
    return memmem(text.at, text.len, part, strlen(part)) != NULL;
}

static const char *const one_rule =
    "{\"rules\":[{\"name\":\"angry\",\"when\":\"sentiment >= 'negative'\",\"targets\":["
    "{\"channel\":\"voice\",\"reason\":\"A person for {mood} people\",\"minutes_min\":5,"
    "\"minutes_max\":10}],\"needs\":{\"queue\":\"complaints\",\"skills\":[\"calm\"]},"
    "\"points\":50,\"ageing\":2}]}";

/* --- tables --- */

static void a_company_has_the_default_table_until_it_stores_one(void **state)
{
    struct people *p = *state;
    const struct routing_rules_reply *reply = talk_answer(send(p, &get_routing_rules_shape, "{}"),
                                                          &routing_rules_reply_shape);
    assert_int_equal(reply->version, 1);
    assert_true(reply->is_default);
    assert_int_equal(reply->rules.count, 6);
    reply = put(p, one_rule);
    assert_int_equal(reply->version, 2);
    assert_false(reply->is_default);
    reply = talk_answer(send(p, &get_routing_rules_shape, "{}"), &routing_rules_reply_shape);
    assert_int_equal(reply->version, 2);
    says(reply->rules.at[0].name, "angry");
    says(reply->rules.at[0].when, "sentiment >= 'negative'");
}

#define TARGETS "\"targets\":[{\"channel\":\"chat\",\"reason\":\"r\",\"minutes_min\":1,\"minutes_max\":2}]"

static void a_table_is_refused_where_it_is_wrong(void **state)
{
    struct people *p = *state;
    static const struct {
        const char *json, *pointer, *reason;
    } cases[] = {
        { "{\"rules\":[{\"name\":\"a\"," TARGETS "},{\"name\":\"b\",\"when\":\"tier == 'gold'\"," TARGETS "}]}",
          "/rules/1/when", "byte 8: A value for tier must be one of free, standard, premium, enterprise." },
        { "{\"rules\":[{\"name\":\"a\",\"when\":\"moood == 'angry'\"," TARGETS "}]}", "/rules/0/when",
          "byte 0: There is no field moood here" },
        { "{\"rules\":[{\"name\":\"a\"," TARGETS "},{\"name\":\"a\"," TARGETS "}]}", "/rules/1/name",
          "Another rule has this name." },
        { "{\"rules\":[{\"name\":\"scored\"," TARGETS "}]}", "/rules/0/name",
          "This name stands for decisions without a rule." },
        { "{\"rules\":[{\"name\":\"a\",\"calendar\":\"x\"," TARGETS "}]}", "/rules/0/calendar",
          "There is no calendar of this name." },
        { "{\"rules\":[],\"calendars\":[{\"name\":\"a\",\"timezone\":\"UTC\",\"hours\":[{\"days\":[\"monday\"],\"from\":"
          "\"09:00\",\"to\":\"09:00\"}]}]}",
          "/calendars/0/hours", "Hours run from one minute of a day to a later one, such as 09:00 to 17:30." },
        { "{\"rules\":[],\"calendars\":[{\"name\":\"a\",\"timezone\":\"UTC\",\"hours\":[],\"holidays\":[\"2026-02-30\"]}]}",
          "/calendars/0/holidays", "A holiday is a day such as 2026-12-25." },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct harness_result *result = send(p, &put_routing_rules_shape, cases[i].json);
        talk_refused(result, HUB_ERROR_invalid_field, cases[i].pointer);
        assert_memory_equal(result->fault.reason, cases[i].reason, strlen(cases[i].reason));
    }
}

static void a_dry_run_says_what_would_change_and_changes_nothing(void **state)
{
    struct people *p = *state;
    decide(p, "{\"customer_id\":\"c\",\"sentiment\":\"angry\",\"assign\":false}");
    decide(p, "{\"customer_id\":\"c\",\"sentiment\":\"positive\",\"current_channel\":\"chat\",\"assign\":false}");
    decide(p, "{\"customer_id\":\"c\",\"sentiment\":\"angry\",\"urgency\":\"critical\",\"assign\":false}");
    char dry[1024];
    size_t len = strlen(one_rule);
    memcpy(dry, one_rule, len - 1);
    memcpy(dry + len - 1, ",\"dry_run\":true}", sizeof ",\"dry_run\":true}");
    uint64_t before = harness_version(p->h, KIND_routing, p->company);
    const struct routing_dry_run *run = put(p, dry)->dry_run;
    assert_int_equal(harness_version(p->h, KIND_routing, p->company), before);
    assert_int_equal(run->decisions, 3);
    assert_int_equal(run->changed, 2);
    assert_int_equal(run->changed_rule, 2);
    assert_int_equal(run->changed_channel, 0);
    assert_int_equal(run->changed_queue, 2);
    assert_int_equal(run->rules.count, 3);
    says(run->rules.at[0].rule, "scored");
    assert_int_equal(run->rules.at[0].before, 2);
    assert_int_equal(run->rules.at[0].after, 1);
    const struct routing_rules_reply *reply = put(p, one_rule);
    assert_int_equal(reply->dry_run->changed, 2);
    const struct routing_rules_changed *event = harness_last_event(p->h, KIND_routing, p->company,
                                                                   &routing_rules_changed_shape);
    assert_int_equal(event->dry_run->changed, 2);
}

static void only_the_last_thousand_decisions_are_kept(void **state)
{
    struct people *p = *state;
    for (int i = 0; i < HUB_ROUTING_RECENT + 5; i++) {
        decide(p, "{\"customer_id\":\"c\",\"assign\":false}");
    }
    assert_int_equal(state_of(p)->recent.count, HUB_ROUTING_RECENT);
    assert_int_equal(state_of(p)->recent_next, 5);
}

static void a_calendar_knows_hours_holidays_and_the_zones_own_shifts(void **state)
{
    (void) state;
    struct routing_shift shifts[2] = { { .from = 0, .offset_s = 3600 },
                                       { .from = INT64_C(1774746000000000), .offset_s = 7200 } };
    struct routing_zone zone = { .timezone = HUB_SPAN("Europe/Berlin"), .shifts = { shifts, 2, 0 } };
    struct routing_hours hours = { .days = UINT64_C(1) << weekday_sunday | UINT64_C(1) << weekday_friday,
                                   .from = HUB_SPAN("09:00"),
                                   .to = HUB_SPAN("17:00") };
    struct hub_span holiday = HUB_SPAN("2026-12-25");
    struct routing_calendar calendar = { .name = HUB_SPAN("office"),
                                         .timezone = HUB_SPAN("Europe/Berlin"),
                                         .hours = { &hours, 1, 0 },
                                         .holidays = { &holiday, 1, 0 } };
    struct routing_table table = { .calendars = { &calendar, 1, 0 }, .zones = { &zone, 1, 0 } };
    static const struct {
        const char *moment;
        uint32_t hour;
        unsigned weekday;
        bool is_open, is_holiday;
    } cases[] = {
        { "2026-03-27T08:00:00Z", 9, weekday_friday, true, false },
        { "2026-03-27T07:59:59Z", 8, weekday_friday, false, false },
        { "2026-03-29T07:00:00Z", 9, weekday_sunday, true, false }, /* clocks went forward at one in UTC */
        { "2026-03-29T15:00:00Z", 17, weekday_sunday, false, false },
        { "2026-03-28T10:00:00Z", 11, weekday_saturday, false, false },
        { "2026-12-25T10:00:00Z", 12, weekday_friday, false, true },
        { "2026-12-24T23:30:00Z", 1, weekday_friday, false, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct routing_context context = { 0 };
        int64_t now_us;
        assert_true(hub_time_parse(hub_span(cases[i].moment), &now_us));
        hub_calendar_fill(&table, HUB_SPAN("office"), now_us, &context);
        assert_int_equal(context.hour, cases[i].hour);
        assert_int_equal(context.weekday, cases[i].weekday);
        assert_int_equal(context.is_open, cases[i].is_open);
        assert_int_equal(context.is_holiday, cases[i].is_holiday);
    }
}

/* --- agents --- */

static void both_are_there(struct people *p)
{
    people_present(p, p->agents[0], presence_available);
    harness_advance(p->h, 5);
    people_present(p, p->agents[1], presence_available);
    harness_advance(p->h, 5);
}

static void give_skills(struct people *p, struct hub_ulid agent, const char *json)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_fault fault;
    struct update_agent *command = HUB_NEW(arena, struct update_agent);
    assert_int_equal(hub_json_read(&update_agent_shape, hub_span(json), arena, command, &fault), 0);
    talk_answer(people_do(p, &(struct people_call){ .target = KIND_agent,
                                                    .entity = agent,
                                                    .agent = agent,
                                                    .shape = &update_agent_shape,
                                                    .record = command,
                                                    .who = p->supervisor,
                                                    .role = role_supervisor }),
                &agent_shown_shape);
    hub_arena_destroy(&arena);
}

static void who_was_idle_longest_gets_the_customer_and_keeps_the_load(void **state)
{
    struct people *p = *state;
    both_are_there(p);
    assert_int_equal(state_of(p)->agents.count, 4);
    const struct routing_receipt *receipt = decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
    assert_int_equal(receipt->outcome, routing_outcome_assigned);
    assert_true(hub_ulid_is(receipt->agent_id, p->agents[0]));
    const struct customer_help *help = people_help(p, "chat");
    assert_true(hub_ulid_is(help->agent, p->agents[0]));
    assert_int_equal(state_of(p)->promises.count, 0);
    int at = hub_routing_agent_at(state_of(p), p->agents[0]);
    uint32_t load = 0;
    for (uint32_t i = 0; i < state_of(p)->agents.at[at].loads.count; i++) {
        load += state_of(p)->agents.at[at].loads.at[i].load;
    }
    assert_int_equal(load, 1);
    const struct routing_settled *settled = harness_last_event(p->h, KIND_routing, p->company, &routing_settled_shape);
    assert_true(settled == NULL || settled->end == routing_end_accepted);
    people_finish(p, p->agents[0]);
    assert_null(people_help(p, "chat"));
}

static void a_receipt_explains_itself(void **state)
{
    struct people *p = *state;
    put(p, one_rule);
    both_are_there(p);
    give_skills(p, p->agents[1], "{\"agent_id\":\"x\",\"skills\":[\"calm\"]}");
    const struct routing_receipt *receipt = decide(
        p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\",\"sentiment\":\"angry\"}");
    assert_int_equal(receipt->rules_version, 2);
    says(receipt->rules.at[0].explanation, "Applies: it is the first whose condition holds.");
    assert_true(has(receipt->summary,
                    "The rule angry of table 2 applies. The channel is voice: A person for angry people. The agent "));
    assert_true(has(receipt->summary, " fits and has room."));
    says(receipt->queue, "complaints");
    bool seen[2] = { false, false };
    for (uint32_t i = 0; i < receipt->agents.count; i++) {
        const struct candidate_agent *one = &receipt->agents.at[i];
        if (hub_ulid_is(one->agent_id, p->agents[0])) {
            says(one->explanation, "Lacks the required skill calm.");
            seen[0] = true;
        } else if (hub_ulid_is(one->agent_id, p->agents[1])) {
            assert_true(one->won);
            assert_true(
                has(one->explanation, "Chosen: fits and has room: 0 of 5 conversations on chat; idle since 2023-"));
            seen[1] = true;
        } else {
            says(one->explanation, "Is offline.");
        }
    }
    assert_true(seen[0] && seen[1]);
    for (uint32_t i = 0; i < receipt->channels.count; i++) {
        const struct candidate_channel *one = &receipt->channels.at[i];
        says(one->explanation,
             one->channel == channel_voice ? "Chosen: the rule puts it first." : "The rule does not advise it.");
    }
    receipt = decide(
        p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\",\"sentiment\":\"positive\",\"assign\":false}");
    says(receipt->rules.at[0].explanation,
         "Does not apply: this part of its condition does not hold: sentiment >= 'negative'");
    says(receipt->rules.at[1].explanation, "No rule applies, so channels are scored.");
    assert_int_equal(receipt->outcome, routing_outcome_advised);
}

static void the_most_points_go_first_and_waiting_adds_to_them(void **state)
{
    struct people *p = *state;
    talk_answer(talk_create(p->h, "d", "s-d", channel_chat), &unified_session_shape);
    put(p, "{\"rules\":[{\"name\":\"angry\",\"when\":\"sentiment == 'angry'\",\"points\":50," TARGETS
           "},{\"name\":\"all\",\"points\":10,\"ageing\":5," TARGETS "}]}");
    give_skills(p, p->agents[0], "{\"agent_id\":\"x\",\"capacity\":[{\"channel\":\"chat\",\"limit\":1}]}");
    decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
    decide(p, "{\"customer_id\":\"d\",\"session_id\":\"s-d\",\"current_channel\":\"chat\",\"sentiment\":\"angry\"}");
    harness_advance(p->h, 179);
    people_present(p, p->agents[0], presence_available);
    assert_int_equal(state_of(p)->waiting.count, 1);
    assert_int_equal(people_help(p, "chat")->status, help_status_waiting); /* c has 20 points, d had 50 */
    decide(p, "{\"customer_id\":\"d\",\"session_id\":\"s-d\",\"current_channel\":\"chat\",\"sentiment\":\"angry\"}");
    harness_advance(p->h, 421);
    give_skills(p, p->agents[0], "{\"agent_id\":\"x\",\"capacity\":[{\"channel\":\"chat\",\"limit\":2}]}");
    assert_int_equal(state_of(p)->waiting.count, 1);
    assert_true(hub_ulid_is(people_help(p, "chat")->agent, p->agents[0])); /* c has 60 by now */
}

static void who_waits_is_given_to_the_first_who_gets_room(void **state)
{
    struct people *p = *state;
    put(p, one_rule);
    const struct routing_receipt *receipt = decide(
        p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\",\"sentiment\":\"angry\"}");
    assert_int_equal(receipt->outcome, routing_outcome_queued);
    assert_true(has(receipt->summary,
                    "Nobody who fits has room, so the customer waits in the queue complaints with 50 points, "
                    "and 2 more for each minute of waiting."));
    assert_int_equal(state_of(p)->waiting.count, 1);
    assert_int_equal(people_help(p, "chat")->status, help_status_waiting);
    harness_advance(p->h, 300);
    people_present(p, p->agents[0], presence_available);
    assert_int_equal(state_of(p)->waiting.count, 1);
    give_skills(p, p->agents[0], "{\"agent_id\":\"x\",\"skills\":[\"calm\"]}");
    assert_int_equal(state_of(p)->waiting.count, 0);
    assert_int_equal(state_of(p)->promises.count, 0);
    assert_true(hub_ulid_is(people_help(p, "chat")->agent, p->agents[0]));
}

static void a_customer_whom_somebody_took_by_hand_is_out_of_the_queue(void **state)
{
    struct people *p = *state;
    decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
    assert_int_equal(state_of(p)->waiting.count, 1);
    people_take(p, "chat", p->agents[1]);
    assert_int_equal(state_of(p)->waiting.count, 0);
}

static void another_decision_takes_the_place_in_the_queue_and_keeps_the_waiting_time(void **state)
{
    struct people *p = *state;
    int64_t begun_us = harness_now(p->h);
    decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
    harness_advance(p->h, 60);
    decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\",\"sentiment\":\"angry\"}");
    assert_int_equal(state_of(p)->waiting.count, 1);
    assert_int_equal(state_of(p)->waiting.at[0].since, begun_us);
}

static void a_conflict_releases_what_was_promised(void **state)
{
    struct people *p = *state;
    both_are_there(p);
    people_stop(p, NULL, true);
    people_take(p, "chat", p->agents[1]);
    const struct routing_receipt *receipt = decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
    assert_true(hub_ulid_is(receipt->agent_id, p->agents[0]));
    assert_int_equal(state_of(p)->promises.count, 0);
    assert_true(hub_ulid_is(people_help(p, "chat")->agent, p->agents[1]));
    assert_int_equal(people_agent(p, p->agents[0])->helps.count, 0);
}

static void deciding_again_for_whom_the_agent_has_already_takes_no_room(void **state)
{
    struct people *p = *state;
    people_present(p, p->agents[0], presence_available);
    for (int i = 0; i < 3; i++) {
        const struct routing_receipt *receipt = decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
        assert_true(hub_ulid_is(receipt->agent_id, p->agents[0]));
    }
    int at = hub_routing_agent_at(state_of(p), p->agents[0]);
    assert_int_equal(hub_routing_load(state_of(p), &state_of(p)->agents.at[at], channel_chat), 1);
    assert_int_equal(state_of(p)->promises.count, 0);
}

/* Nobody has room for e-mail, on which the rule wants the agent; the customer waits on the inbox of the session. */
static void who_waits_for_room_on_another_channel_is_given_on_the_own_inbox(void **state)
{
    struct people *p = *state;
    put(p, "{\"rules\":[{\"name\":\"all\"," TARGETS ",\"needs\":{\"queue\":\"mail\",\"channel\":\"email\"}}]}");
    decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
    assert_int_equal(people_help(p, "chat")->status, help_status_waiting);
    people_present(p, p->agents[0], presence_available);
    assert_int_equal(people_help(p, "chat")->status, help_status_assigned);
    assert_int_equal(people_customer(p)->helps.count, 1);
}

static void a_wish_that_ends_on_one_inbox_leaves_the_place_in_the_queue_of_another(void **state)
{
    struct people *p = *state;
    people_stop(p, "page_1", true);
    decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
    assert_int_equal(state_of(p)->waiting.count, 1);
    people_stop(p, "page_1", false);
    assert_int_equal(state_of(p)->waiting.count, 1);
}

static void the_chain_of_fallbacks_is_tried_in_turn(void **state)
{
    struct people *p = *state;
    both_are_there(p);
    put(p,
        "{\"rules\":[{\"name\":\"all\"," TARGETS ",\"needs\":{\"queue\":\"a\",\"skills\":[\"x\"],\"own_language\":"
        "\"required\"},\"fallback\":[{\"queue\":\"b\",\"skills\":[\"y\"]},{\"queue\":\"c\",\"languages\":[\"de\"]}]}]}");
    give_skills(p, p->agents[1], "{\"agent_id\":\"x\",\"languages\":[\"de-CH\"]}");
    const struct routing_receipt *receipt = decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
    assert_true(hub_ulid_is(receipt->agent_id, p->agents[1]));
    says(receipt->queue, "c");
    assert_true(has(receipt->summary, "was found by fallback 2, for nobody with the rule's own needs has room."));
}

static void who_no_longer_works_here_is_off_the_roster_with_all_customers_back(void **state)
{
    struct people *p = *state;
    both_are_there(p);
    decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
    assert_true(hub_ulid_is(people_help(p, "chat")->agent, p->agents[0]));
    uint32_t before = state_of(p)->agents.count;
    people_tell(p, p->agents[0], &end_agent_shape, &(struct end_agent){ 0 });
    assert_int_equal(people_help(p, "chat")->status, help_status_waiting);
    assert_int_equal(state_of(p)->agents.count, before - 1);
    assert_int_equal(hub_routing_agent_at(state_of(p), p->agents[0]), -1);
    const struct routing_receipt *receipt = decide(p, "{\"customer_id\":\"c\",\"current_channel\":\"chat\"}");
    assert_true(hub_ulid_is(receipt->agent_id, p->agents[1]));
}

static void what_cannot_be_routed_is_refused(void **state)
{
    struct people *p = *state;
    struct decide_routing command = { 0 };
    HUB_SET(decide_routing, &command, customer_id, harness_sealed("nobody"));
    struct harness_call call = {
        .target = KIND_routing, .shape = &decide_routing_shape, .record = &command, .entity = p->company
    };
    talk_refused(harness_do(p->h, &call), HUB_ERROR_not_found, "/customer_id");
    assert_false(HUB_HAS(routing_context,
                         decide(p, "{\"customer_id\":\"c\",\"assign\":false,\"interaction_context\":{\"issue_type\":"
                                   "\"the invoice of a person\"}}")
                             ->inputs,
                         issue_type));
    HUB_SET(decide_routing, &command, customer, harness_find(p->h, KIND_customer, "c"));
    talk_refused(harness_do(p->h, &call), HUB_ERROR_conflict, "/session_id");
    assert_true(hub_ulid_is_none(none));
}

static uint32_t next(uint32_t *chance, uint32_t below)
{
    *chance = *chance * 1664525u + 1013904223u;
    return (*chance >> 8) % below;
}

static const char *word(const struct hub_vocab *vocab, uint32_t *chance)
{
    return vocab->words[next(chance, vocab->count)].name;
}

static void add(struct hub_digest *all, struct hub_span text)
{
    const struct hub_span both[] = { hub_span_of(all->b, sizeof all->b), text };
    *all = hub_sha256_of(both, 2);
}

/* Everything but ids, which depend on what else draws from the world. */
static void add_receipt(const struct routing_receipt *receipt, struct hub_digest *all)
{
    const uint16_t what[] = { receipt->outcome, receipt->channel };
    struct hub_digest inputs = hub_record_hash(&routing_context_shape, receipt->inputs);
    add(all, hub_span_of(what, sizeof what));
    add(all, hub_span_of(inputs.b, sizeof inputs.b));
    add(all, receipt->rule);
    add(all, receipt->queue);
    for (uint32_t i = 0; i < receipt->rules.count; i++) {
        add(all, receipt->rules.at[i].explanation);
    }
    for (uint32_t i = 0; i < receipt->channels.count; i++) {
        add(all, receipt->channels.at[i].explanation);
    }
    for (uint32_t i = 0; i < receipt->agents.count; i++) {
        add(all, receipt->agents.at[i].explanation);
    }
}

/* One thing that happens: an agent comes or goes, a customer is routed, an agent is done. */
static void do_something(struct people *p, uint32_t *chance, struct hub_digest *all)
{
    char json[512];
    uint32_t which = next(chance, 5);
    struct hub_ulid agent = p->agents[next(chance, 2)];
    harness_advance(p->h, next(chance, 90));
    if (which == 0) {
        people_present(p, agent, (enum presence)(1 + next(chance, 4)));
    } else if (which == 1 && people_help(p, "chat") != NULL && people_help(p, "chat")->status == help_status_assigned) {
        people_finish(p, people_help(p, "chat")->agent);
        talk_move(p->h, "s", session_status_active);
    } else {
        const char *channel = next(chance, 2) == 0 ? "chat" : word(&channel_vocab, chance);
        const char *mood = word(&sentiment_vocab, chance);
        const char *urgency = word(&urgency_vocab, chance);
        const char *tier = word(&tier_vocab, chance);
        const char *issue = next(chance, 2) == 0 ? "invoice" : "setup";
        const char *language = next(chance, 2) == 0 ? "de-CH" : "fr";
        snprintf(json, sizeof json,
                 "{\"customer_id\":\"c\",\"current_channel\":\"%s\",\"sentiment\":\"%s\",\"urgency\":\"%s\","
                 "\"interaction_context\":{\"customer_tier\":\"%s\",\"issue_type\":\"%s\",\"language\":\"%s\"},"
                 "\"assign\":%s}",
                 channel, mood, urgency, tier, issue, language, next(chance, 3) == 0 ? "false" : "true");
        const struct routing_receipt *receipt = decide(p, json);
        add_receipt(receipt, all);
    }
}

/* The hash below is what every build must come to. It changes with the engine, the default words or the receipts: then look at
 * what changed, and put the new one here. */
static void the_same_seed_gives_the_same_receipts_in_every_build(void **state)
{
    static const char expected[] = "d692b73e57c20d2fe12204d67476b6878c4f422fa73ab6ab41da21b0538135a6";
    struct people *p = *state;
    struct hub_digest all = { { 0 } };
    uint32_t chance = 4711;
    char text[2 * sizeof all.b + 1];
    put(p, "{\"rules\":[{\"name\":\"upset\",\"when\":\"sentiment >= 'negative' and is_open\"," TARGETS
           ",\"points\":30,\"ageing\":3,\"needs\":{\"queue\":\"upset\",\"own_language\":\"preferred\"}},"
           "{\"name\":\"papers\",\"when\":\"issue_type has 'invoice' and tier > 'standard'\"," TARGETS
           ",\"needs\":{\"queue\":\"papers\",\"skills\":[\"papers\"]},\"fallback\":[{\"queue\":\"any\"}]}]}");
    give_skills(p, p->agents[0], "{\"agent_id\":\"x\",\"languages\":[\"de\"]}");
    give_skills(p, p->agents[1], "{\"agent_id\":\"x\",\"skills\":[\"papers\"],\"languages\":[\"fr\"]}");
    for (int i = 0; i < 150; i++) {
        do_something(p, &chance, &all);
    }
    for (size_t i = 0; i < sizeof all.b; i++) {
        snprintf(text + 2 * i, 3, "%02x", all.b[i]);
    }
    assert_string_equal(text, expected);
}

static void an_analysis_explains_its_evidence(void **state)
{
    struct people *p = *state;
    const struct analysis_reply *reply = talk_answer(
        send(p, &analyze_context_shape,
             "{\"text\":\"I am not happy, call me\",\"interaction_context\":{\"customer_tier\":\"premium\"}}"),
        &analysis_reply_shape);
    assert_int_equal(reply->sentiment, sentiment_negative);
    assert_int_equal(reply->intent, intent_human);
    assert_int_equal(reply->context->tier, tier_premium);
    assert_int_equal(reply->evidence.count, 3);
    says(reply->evidence.at[0].explanation, "Turns round what follows.");
    says(reply->evidence.at[1].words, "happy");
    says(reply->evidence.at[1].explanation, "Says: the writer is pleased.");
    says(reply->evidence.at[2].explanation, "Says: the writer wants this: human.");
}

/* To fold a thousand decisions again at each of them would take minutes. */
static int drop(void **state)
{
    struct people *p = *state;
    harness_destroy(&p->h);
    free(p);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, people_set_up, people_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_company_has_the_default_table_until_it_stores_one),
        TEST(a_table_is_refused_where_it_is_wrong),
        TEST(a_dry_run_says_what_would_change_and_changes_nothing),
        cmocka_unit_test_setup_teardown(only_the_last_thousand_decisions_are_kept, people_set_up, drop),
        TEST(a_calendar_knows_hours_holidays_and_the_zones_own_shifts),
        TEST(who_was_idle_longest_gets_the_customer_and_keeps_the_load),
        TEST(a_receipt_explains_itself),
        TEST(who_waits_is_given_to_the_first_who_gets_room),
        TEST(the_most_points_go_first_and_waiting_adds_to_them),
        TEST(a_customer_whom_somebody_took_by_hand_is_out_of_the_queue),
        TEST(another_decision_takes_the_place_in_the_queue_and_keeps_the_waiting_time),
        TEST(a_conflict_releases_what_was_promised),
        TEST(deciding_again_for_whom_the_agent_has_already_takes_no_room),
        TEST(who_waits_for_room_on_another_channel_is_given_on_the_own_inbox),
        TEST(a_wish_that_ends_on_one_inbox_leaves_the_place_in_the_queue_of_another),
        TEST(the_chain_of_fallbacks_is_tried_in_turn),
        TEST(who_no_longer_works_here_is_off_the_roster_with_all_customers_back),
        TEST(what_cannot_be_routed_is_refused),
        TEST(the_same_seed_gives_the_same_receipts_in_every_build),
        TEST(an_analysis_explains_its_evidence),
    };
    return cmocka_run_group_tests_name("actors/receipt", tests, NULL, NULL);
}
