/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Random commands against a model that is too simple to be wrong: numbers are dense, ranks only rise, the list of open
 * sessions is exact, and every refusal is the one that the model expects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "actors/customer/apply.h"
#include "actors/session/apply.h"
#include "actors/session/render.h"
#include "base/error.h"
#include "base/pack.h"
#include "tests/actors/talk.h"

enum { SEEDS = 24, STEPS = 1200, CUSTOMERS = 4, NAMES = 12, SESSIONS = 160, MESSAGES = 600, NAME = 32 };

struct model_session {
    char name[NAME];
    int customer;
    unsigned status, channel, transfers, count;
    int64_t until_us;
    uint8_t ranks[MESSAGES]; /* as in message_ranks */
};

struct model {
    struct harness *h;
    uint64_t seed;
    size_t count;
    struct model_session sessions[SESSIONS];
    int open[CUSTOMERS][HUB_CUSTOMER_SESSIONS]; /* indexes of sessions, oldest first */
    unsigned open_count[CUSTOMERS];
};

static const char *const customers[CUSTOMERS] = { "anna", "ben", "cleo", "+41791234567" };

static uint32_t draw(struct model *m, uint32_t below)
{
    m->seed = m->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t) (m->seed >> 33) % below;
}

static struct model_session *find(struct model *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++) {
        if (strcmp(m->sessions[i].name, name) == 0) {
            return &m->sessions[i];
        }
    }
    return NULL;
}

static struct model_session *add(struct model *m, int customer, const char *name, unsigned channel)
{
    assert_true(m->count < SESSIONS);
    struct model_session *session = &m->sessions[m->count];
    *session = (struct model_session){ .customer = customer, .status = session_status_active, .channel = channel };
    snprintf(session->name, sizeof session->name, "%s", name);
    m->open[customer][m->open_count[customer]++] = (int) m->count++;
    return session;
}

static void close_it(struct model *m, const struct model_session *session)
{
    int *open = m->open[session->customer];
    unsigned kept = 0;
    for (unsigned i = 0; i < m->open_count[session->customer]; i++) {
        if (&m->sessions[open[i]] != session) {
            open[kept++] = open[i];
        }
    }
    m->open_count[session->customer] = kept;
}

static void move_to(struct model *m, struct model_session *session, unsigned status)
{
    session->status = status;
    session->until_us = status == session_status_snoozed ? harness_now(m->h) + 3600 * INT64_C(1000000) : 0;
    if (status == session_status_ended) {
        close_it(m, session);
    }
}

static void expect(const struct harness_result *result, int error)
{
    assert_string_equal(hub_error_code(result->error), hub_error_code(error));
    if (error != 0) {
        assert_int_equal(result->events, 0);
    }
}

/* One of a few names (most of which come to be used), or a name that the hub made. */
static const char *any_name(struct model *m, char ret_name[NAME])
{
    uint32_t i = draw(m, NAMES + 4);
    if (i >= NAMES && m->count > 0) {
        return m->sessions[draw(m, (uint32_t) m->count)].name;
    }
    snprintf(ret_name, NAME, "session %u", i % NAMES);
    return ret_name;
}

static void step_create(struct model *m)
{
    char room[NAME];
    int customer = (int) draw(m, CUSTOMERS);
    const char *name = draw(m, 3) == 0 ? NULL : any_name(m, room);
    unsigned channel = 1 + draw(m, 8);
    const struct harness_result *result = talk_create(m->h, customers[customer], name, channel);
    struct model_session *taken = name == NULL ? NULL : find(m, name);
    if (taken != NULL && taken->customer != customer && m->open_count[customer] < HUB_CUSTOMER_SESSIONS) {
        /* By our own id nobody sees beforehand that it is another's: the customer opens it, is told, and forgets it. */
        struct hub_ulid ours;
        assert_int_equal(result->error, HUB_ERROR_already_exists);
        assert_true(result->events == 0 || hub_ulid_parse(hub_span(name), &ours));
        return;
    }
    if (taken != NULL && taken->customer == customer) {
        assert_int_equal(result->error, HUB_ERROR_already_exists);
        return;
    }
    if (m->open_count[customer] == HUB_CUSTOMER_SESSIONS) {
        expect(result, HUB_ERROR_limit_reached);
        return;
    }
    const struct unified_session *shown = talk_answer(result, &unified_session_shape);
    add(m, customer, harness_text(m->h, &shown->session_id), channel);
}

static void take_message(struct model *m, struct model_session *session, const struct harness_result *result)
{
    const struct message_processed *answer = talk_answer(result, &message_processed_shape);
    assert_string_equal(harness_text(m->h, &answer->session_id), session->name);
    struct hub_ulid id;
    uint32_t number = 0;
    assert_true(hub_part_id_parse(answer->message_id, 'm', &id, &number));
    assert_int_equal(number, ++session->count);
}

static void say_in(struct model *m, struct model_session *session, const struct harness_result *result)
{
    take_message(m, session, result);
    session->ranks[session->count - 1] = message_status_received;
    if (session->status == session_status_resolved || session->status == session_status_snoozed) {
        move_to(m, session, session_status_active);
    }
}

static void step_say(struct model *m)
{
    char room[NAME];
    int customer = (int) draw(m, CUSTOMERS);
    bool named = draw(m, 3) != 0;
    const char *name = named ? any_name(m, room) : NULL;
    struct model_session *session = named ? find(m, name) : NULL;
    if (!named && m->open_count[customer] > 0) {
        session = &m->sessions[m->open[customer][m->open_count[customer] - 1]];
    }
    const struct harness_result *result = talk_say(m->h, customers[customer], name, "hello");
    if (session != NULL && session->customer != customer) {
        expect(result, HUB_ERROR_conflict);
    } else if (session != NULL && session->status == session_status_ended) {
        expect(result, HUB_ERROR_illegal_transition);
    } else if (session == NULL && m->open_count[customer] == HUB_CUSTOMER_SESSIONS) {
        expect(result, HUB_ERROR_limit_reached);
    } else {
        if (session == NULL) {
            const struct message_processed *answer = talk_answer(result, &message_processed_shape);
            session = add(m, customer, harness_text(m->h, &answer->session_id), channel_chat);
        }
        say_in(m, session, result);
    }
}

static void step_reply(struct model *m)
{
    char room[NAME];
    const char *name = any_name(m, room);
    struct model_session *session = find(m, name);
    const struct harness_result *result = talk_reply(m->h, name, "hello", draw(m, 2) == 0);
    if (session == NULL) {
        expect(result, HUB_ERROR_not_found);
    } else if (session->status == session_status_ended) {
        expect(result, HUB_ERROR_illegal_transition);
    } else {
        take_message(m, session, result);
        session->ranks[session->count - 1] = message_status_queued | HUB_MESSAGE_OUTBOUND;
    }
}

static void step_report(struct model *m)
{
    char room[NAME];
    const char *name = any_name(m, room);
    struct model_session *session = find(m, name);
    uint32_t index = draw(m, session == NULL ? 3 : session->count + 2);
    unsigned status = 1 + draw(m, 6);
    const char *failure = draw(m, 4) == 0 ? "busy" : NULL;
    const struct harness_result *result = talk_report(
        m->h, name, (struct report){ index, status, failure, 1 + draw(m, 5), draw(m, 2) == 0 });
    if (session == NULL || index < 1 || index > session->count) {
        expect(result, HUB_ERROR_not_found);
        return;
    }
    uint8_t *rank = &session->ranks[index - 1];
    bool outbound = (*rank & HUB_MESSAGE_OUTBOUND) != 0;
    if (!outbound && status != message_status_received && status != message_status_read) {
        expect(result, HUB_ERROR_illegal_transition);
        return;
    }
    if (status > (*rank & HUB_MESSAGE_RANK)) {
        *rank = (uint8_t) (status | (*rank & HUB_MESSAGE_OUTBOUND));
    }
    const struct message_changed *answer = talk_answer(result, &message_changed_shape);
    assert_int_equal(answer->status, *rank & HUB_MESSAGE_RANK);
}

static void step_transfer(struct model *m)
{
    char room[NAME];
    const char *name = any_name(m, room);
    struct model_session *session = find(m, name);
    unsigned to = 1 + draw(m, 8);
    const struct harness_result *result = talk_transfer(m->h, name, 0, to);
    if (session == NULL) {
        expect(result, HUB_ERROR_not_found);
    } else if (session->status > session_status_on_hold) {
        expect(result, HUB_ERROR_illegal_transition);
    } else if (session->channel == to) {
        expect(result, HUB_ERROR_conflict);
    } else {
        const struct transfer_done *done = talk_answer(result, &transfer_done_shape);
        assert_int_equal(done->history_count, session->count);
        session->channel = to;
        session->transfers++;
    }
}

static void step_move(struct model *m)
{
    static const char *const legal[] = { "yyyyyy", "yyyyyy", "yyyyyy", "yy.yyy", "y...yy", "......" };
    char room[NAME];
    const char *name = any_name(m, room);
    struct model_session *session = find(m, name);
    unsigned to = draw(m, 10) == 0 ? (unsigned) session_status_ended : 1 + draw(m, 5);
    bool ends = to == session_status_ended && draw(m, 2) == 0;
    const struct harness_result *result = ends ? talk_end(m->h, name) : talk_move(m->h, name, to);
    if (session == NULL) {
        expect(result, HUB_ERROR_not_found);
    } else if (legal[session->status - 1][to - 1] != 'y') {
        expect(result, HUB_ERROR_illegal_transition);
    } else {
        talk_answer(result, &unified_session_shape);
        if (session->status != to || to == session_status_snoozed) {
            move_to(m, session, to);
        }
    }
}

/* Some time goes by, and every timer that is due fires, the old ones too. */
static void step_time(struct model *m)
{
    harness_advance(m->h, draw(m, 1500));
    size_t count;
    const struct harness_later *laters = harness_laters(m->h, &count);
    for (size_t i = 0; i < count; i++) {
        if (laters[i].pending == HUB_PENDING_timer && laters[i].due_us <= harness_now(m->h)) {
            harness_do(m->h, &(struct harness_call){ .target = KIND_session,
                                                     .shape = laters[i].shape,
                                                     .record = laters[i].record,
                                                     .entity = laters[i].entity,
                                                     .settles = true });
        }
    }
    for (size_t i = 0; i < m->count; i++) {
        struct model_session *session = &m->sessions[i];
        if (session->status == session_status_snoozed && session->until_us <= harness_now(m->h)) {
            move_to(m, session, session_status_active);
        }
    }
}

static void compare_session(struct model *m, const struct model_session *session)
{
    const struct session_state *state = talk_state(m->h, session->name);
    assert_int_equal(state->status, session->status);
    assert_int_equal(state->channel, session->channel);
    assert_int_equal(state->transfers.count, session->transfers);
    assert_int_equal(state->message_ranks.len, session->count);
    if (session->count > 0) {
        assert_memory_equal(state->message_ranks.at, session->ranks, session->count);
    }
}

static void compare_customer(struct model *m, int customer)
{
    const struct customer_state *state = harness_state(m->h, KIND_customer,
                                                       harness_find(m->h, KIND_customer, customers[customer]));
    assert_int_equal(state == NULL ? 0 : state->sessions.count, m->open_count[customer]);
    for (unsigned i = 0; i < m->open_count[customer]; i++) {
        const struct model_session *session = &m->sessions[m->open[customer][i]];
        assert_true(hub_ulid_is(state->sessions.at[i].session, harness_find(m->h, KIND_session, session->name)));
    }
}

static void step(struct model *m)
{
    static void (*const steps[])(struct model *) = { step_create, step_say,      step_say,    step_say,
                                                     step_reply,  step_reply,    step_report, step_report,
                                                     step_report, step_transfer, step_move,   step_time };
    steps[draw(m, sizeof steps / sizeof steps[0])](m);
    for (size_t i = 0; i < m->count; i++) {
        compare_session(m, &m->sessions[i]);
    }
    for (int customer = 0; customer < CUSTOMERS; customer++) {
        compare_customer(m, customer);
    }
}

static void random_commands_do_what_the_model_does(void **state)
{
    (void) state;
    static struct model model;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        model = (struct model){ .h = harness_new(seed), .seed = seed * 7919 };
        for (int i = 0; i < STEPS; i++) {
            step(&model);
        }
        harness_check(model.h, seed <= 3);
        harness_destroy(&model.h);
    }
}

/* --- delivery reports alone, with nothing but what lies here --- */

enum { TRACKED = 16, REPORTS = 200000, REPORT_ROOM = 4096 };

static void apply_decided(struct session_state *session, const struct hub_decided *decided, struct hub_arena *kept)
{
    for (size_t i = 0; i < decided->event_count; i++) {
        const struct hub_event event = { .shape = decided->events[i].shape,
                                         .record = decided->events[i].record,
                                         .version = session->version + 1 };
        hub_session_apply(session, &event, kept);
    }
}

/* Any sequence of reports leaves each message at the highest status that was reported, needs no memory beyond the first
 * change, and a report of what is known writes nothing. */
static void any_order_of_reports_ends_at_the_highest_status(void **state)
{
    (void) state;
    static const struct hub_caller caller;
    struct model draws = { .seed = 99 };
    char ranks[TRACKED];
    char digest[32] = { 0 };
    unsigned highest[TRACKED];
    memset(ranks, message_status_queued | HUB_MESSAGE_OUTBOUND, sizeof ranks);
    struct session_state session = { .status = session_status_active };
    session.message_ranks = hub_span_of(ranks, TRACKED);
    session.history_digest = hub_span_of(digest, sizeof digest);
    struct hub_arena *kept = hub_arena_new(REPORT_ROOM);
    struct hub_arena *scratch = hub_arena_new(REPORT_ROOM);
    for (size_t i = 0; i < TRACKED; i++) {
        highest[i] = message_status_queued;
    }
    for (int i = 0; i < REPORTS; i++) {
        if (i % 1000 == 0) { /* begin again, or 200,000 reports would say nothing new after the first hundred */
            session.message_room = 0;
            hub_arena_reset(kept);
            session.message_ranks.at = ranks;
            session.history_digest.at = digest;
            for (size_t k = 0; k < TRACKED; k++) {
                highest[k] = message_status_queued;
            }
        }
        hub_arena_reset(scratch);
        uint32_t index = 1 + draw(&draws, TRACKED);
        struct update_message report = { 0 };
        unsigned status = 1 + draw(&draws, 6);
        HUB_SET(update_message, &report, message_id,
                hub_part_id_print((struct hub_ulid){ { 0 } }, 'm', index, scratch));
        HUB_SET(update_message, &report, status, (hub_enum) status);
        struct hub_decision *decision = hub_decision_new(
            &(struct hub_decision_input){ .caller = &caller, .arena = scratch, .now_us = i });
        hub_kind_decider(&hub_kind_session, &update_message_shape)(&session, &report, decision);
        const struct hub_decided *decided = hub_decision_result(decision);
        assert_int_equal(decided->error, 0);
        assert_int_equal(decided->event_count, status > highest[index - 1]);
        apply_decided(&session, decided, kept);
        highest[index - 1] = status > highest[index - 1] ? status : highest[index - 1];
        assert_int_equal(hub_session_message(&session, index), highest[index - 1] | HUB_MESSAGE_OUTBOUND);
        assert_true(hub_arena_used(kept) <= 64 && hub_arena_used(scratch) < REPORT_ROOM);
    }
    hub_arena_destroy(&kept);
    hub_arena_destroy(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_commands_do_what_the_model_does),
        cmocka_unit_test(any_order_of_reports_ends_at_the_highest_status),
    };
    return cmocka_run_group_tests_name("actors/random", tests, NULL, NULL);
}
