/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on messages: one that comes in, one that goes out, and how far it got. */
#include "actors/session/decide.h"
#include "actors/session/moves.h"
#include "actors/session/render.h"

#include "actors/customer/customer.h"
#include "actors/routing/analyser.h"

static const struct hub_ulid none;

/* Seconds to wait after the first, second ... failed attempt; after the last one it is given up. */
static const int64_t pauses_s[] = { 1, 5, 30, 300 };

_Static_assert(HUB_DELIVERY_ATTEMPTS == sizeof pauses_s / sizeof pauses_s[0] + 1, "a pause behind each but the last");

/* Returns false, with the decision refused, when this session takes no further message. */
static bool has_room(const struct session_state *state, struct hub_decision *decision)
{
    if (state->status == session_status_ended) {
        hub_decide_refuse(decision, HUB_ERROR_illegal_transition, "", "The session has ended.");
        return false;
    }
    if (state->message_ranks.len >= HUB_SESSION_MESSAGES) {
        hub_decide_refuse(decision, HUB_ERROR_limit_reached, "", "A session has at most %d messages.",
                          HUB_SESSION_MESSAGES);
        return false;
    }
    return true;
}

static uint32_t next_index(const struct session_state *state)
{
    return (uint32_t) state->message_ranks.len + 1;
}

static void answer_message(const struct session_state *state, unsigned status, struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    struct hub_ulid self = hub_decision_self(decision);
    struct message_processed *answer = HUB_NEW(arena, struct message_processed);
    HUB_SET(message_processed, answer, success, true);
    HUB_SET(message_processed, answer, message_id, hub_part_id_print(self, 'm', next_index(state), arena));
    HUB_SET(message_processed, answer, session_id, hub_session_name(state, self, arena));
    HUB_SET(message_processed, answer, status, (hub_enum) status);
    hub_decide_answer(decision, &message_processed_shape, answer, state->customer);
}

/* A message of the customer opens what was settled and wakes what was set aside. */
static void wake(const struct session_state *state, struct hub_decision *decision)
{
    if (state->status != session_status_resolved && state->status != session_status_snoozed) {
        return;
    }
    struct session_moved *moved = HUB_NEW(hub_decision_arena(decision), struct session_moved);
    HUB_SET(session_moved, moved, status, session_status_active);
    hub_session_move(state, moved, decision);
}

static void add_evidence(const struct hub_analysis *analysis, struct hub_arena *arena,
                         struct message_received *received)
{
    uint64_t *evidence = HUB_NEW_ARRAY(arena, uint64_t, analysis->count);
    for (unsigned i = 0; i < analysis->count; i++) {
        evidence[i] = analysis->evidence[i];
    }
    HUB_SET(message_received, received, evidence, ((hub_list){ .at = evidence, .count = analysis->count }));
    HUB_SET(message_received, received, analyser, hub_analyser()->version);
}

/* What the words say of mood, urgency and intent, for what the request does not say itself. */
static void analyse(const struct process_message *command, struct hub_arena *arena, struct message_received *received)
{
    struct hub_analysis analysis;
    bool is_said = HUB_HAS(process_message, command, sentiment) && HUB_HAS(process_message, command, urgency) &&
                   HUB_HAS(process_message, command, intent);
    if (is_said) {
        return;
    }
    hub_analyser()->analyse(command->content.clear, &analysis);
    if (analysis.count == 0) {
        return;
    }
    add_evidence(&analysis, arena, received);
    if (analysis.sentiment != 0 && !HUB_HAS(message_received, received, sentiment)) {
        HUB_SET(message_received, received, sentiment, analysis.sentiment);
    }
    if (analysis.urgency != 0 && !HUB_HAS(message_received, received, urgency)) {
        HUB_SET(message_received, received, urgency, analysis.urgency);
    }
    if (analysis.intent != 0 && !HUB_HAS(message_received, received, intent)) {
        HUB_SET(message_received, received, intent, analysis.intent);
    }
}

/* A customer who asks for a person gets one: the customer's actor puts the wish where agents see it. */
static void ask_for_person(const struct session_state *state, const struct message_received *received,
                           struct hub_decision *decision)
{
    bool is_cared_for = HUB_HAS(session_state, state, agent) || state->status == session_status_waiting;
    if (!HUB_HAS(message_received, received, intent) || received->intent != intent_human || is_cared_for) {
        return;
    }
    struct request_help *request = HUB_NEW(hub_decision_arena(decision), struct request_help);
    HUB_SET(request_help, request, session, hub_decision_self(decision));
    HUB_SET(request_help, request, channel, state->channel);
    HUB_COPY(request_help, request, session_state, state, page_id);
    HUB_SET(request_help, request, cause, help_cause_asked);
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_customer,
                                                      .entity = state->customer,
                                                      .shape = &request_help_shape,
                                                      .record = request,
                                                      .subject = state->customer });
}

void hub_session_decide_process(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct process_message *command = command_;
    if (state == NULL && hub_decision_names(decision, KIND_customer)) {
        hub_decide_forward(decision, KIND_customer, hub_decision_named(decision, KIND_customer));
        return;
    }
    if (state == NULL) {
        hub_session_refuse_unknown(decision);
        return;
    }
    if (!hub_session_is_of_named(state, decision)) {
        return;
    }
    if (!has_room(state, decision)) {
        hub_session_heed_refused(state, command, decision);
        return;
    }
    wake(state, decision);
    struct message_received *received = HUB_NEW(hub_decision_arena(decision), struct message_received);
    HUB_SET(message_received, received, index, next_index(state));
    HUB_SET(message_received, received, channel, command->channel);
    HUB_SET(message_received, received, content, command->content);
    HUB_COPY(message_received, received, process_message, command, page_id);
    HUB_COPY(message_received, received, process_message, command, metadata);
    HUB_COPY(message_received, received, process_message, command, sentiment);
    HUB_COPY(message_received, received, process_message, command, urgency);
    HUB_COPY(message_received, received, process_message, command, intent);
    analyse(command, hub_decision_arena(decision), received);
    hub_decide_event(decision, &message_received_shape, received, state->customer, none);
    ask_for_person(state, received, decision);
    hub_session_heed(state, command, decision);
    answer_message(state, message_status_received, decision);
}

/* A person works with a login of theirs; a program with a key, which is its principal too. */
static unsigned author_of(const struct hub_caller *caller)
{
    if (hub_ulid_is_none(caller->principal)) {
        return author_system;
    }
    bool is_key = caller->role == role_service || hub_ulid_is(caller->principal, caller->credential);
    return is_key ? author_bot : author_agent;
}

void hub_session_send(struct hub_ulid customer, struct message_sent *sent, struct hub_decision *decision)
{
    hub_decide_event(decision, &message_sent_shape, sent, customer, none);
    struct send_effect *effect = HUB_NEW(hub_decision_arena(decision), struct send_effect);
    HUB_SET(send_effect, effect, session, hub_decision_self(decision));
    HUB_SET(send_effect, effect, index, sent->index);
    HUB_SET(send_effect, effect, channel, sent->channel);
    HUB_SET(send_effect, effect, content, sent->content);
    HUB_COPY(send_effect, effect, message_sent, sent, subject);
    HUB_SET(send_effect, effect, customer, customer);
    hub_decide_effect(decision, 0, &send_effect_shape, effect, customer);
}

void hub_session_decide_respond(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct respond_message *command = command_;
    if (state == NULL) {
        hub_session_refuse_unknown(decision);
        return;
    }
    if (!hub_session_is_of_named(state, decision) || !has_room(state, decision)) {
        return;
    }
    struct message_sent *sent = HUB_NEW(hub_decision_arena(decision), struct message_sent);
    bool has_channel = HUB_HAS(respond_message, command, channel);
    HUB_SET(message_sent, sent, index, next_index(state));
    HUB_SET(message_sent, sent, channel, has_channel ? command->channel : state->channel);
    HUB_SET(message_sent, sent, content, command->content);
    HUB_SET(message_sent, sent, author, (hub_enum) author_of(hub_decision_caller(decision)));
    if (sent->author == author_agent) {
        HUB_SET(message_sent, sent, agent, hub_decision_caller(decision)->principal);
    }
    HUB_COPY(message_sent, sent, respond_message, command, page_id);
    HUB_COPY(message_sent, sent, respond_message, command, metadata);
    HUB_COPY(message_sent, sent, respond_message, command, subject);
    if (HUB_HAS(session_state, state, waiting_since)) {
        int64_t waited_us = hub_decision_now(decision) - state->waiting_since;
        HUB_SET(message_sent, sent, response_us, waited_us > 0 ? waited_us : 0);
    }
    hub_session_send(state->customer, sent, decision);
    answer_message(state, message_status_queued, decision);
}

static void answer_status(const struct session_state *state, uint32_t index, unsigned status,
                          struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    struct message_changed *answer = HUB_NEW(arena, struct message_changed);
    HUB_SET(message_changed, answer, success, true);
    HUB_SET(message_changed, answer, message_id, hub_part_id_print(hub_decision_self(decision), 'm', index, arena));
    HUB_SET(message_changed, answer, status, (hub_enum) status);
    hub_decide_answer(decision, &message_changed_shape, answer, state->customer);
}

/* What becomes of the effect whose attempt failed. */
static void try_again(const struct update_message *report, struct hub_decision *decision)
{
    uint32_t attempt = HUB_HAS(update_message, report, attempt) && report->attempt > 0 ? report->attempt : 1;
    if (hub_span_is(report->failure, HUB_SPAN(HUB_FAILURE_ERASED))) {
        return; /* nobody can read it any more: it is dropped */
    }
    if (attempt >= HUB_DELIVERY_ATTEMPTS) {
        hub_decide_dead_letter(decision);
        return;
    }
    int64_t pause_us = pauses_s[attempt - 1] * 1000000;
    hub_decide_retry(decision, hub_decision_now(decision) + pause_us, attempt + 1);
}

/* A report says something new when the status rises, or when an attempt failed of which no other one arrived. */
static void take_report(const struct session_state *state, uint32_t index, const struct update_message *report,
                        struct hub_decision *decision)
{
    unsigned before = hub_session_message(state, index) & HUB_MESSAGE_RANK;
    unsigned reached = HUB_HAS(update_message, report, status) ? report->status : 0;
    unsigned after = reached > before ? reached : before;
    bool failed = HUB_HAS(update_message, report, failure) && after < message_status_delivered;
    if (failed || after > before) {
        struct message_status_changed *changed = HUB_NEW(hub_decision_arena(decision), struct message_status_changed);
        HUB_SET(message_status_changed, changed, index, index);
        if (after > before) {
            HUB_SET(message_status_changed, changed, status, (hub_enum) after);
        }
        if (failed) {
            HUB_SET(message_status_changed, changed, failure, report->failure);
        }
        HUB_COPY(message_status_changed, changed, update_message, report, attempt);
        hub_decide_event(decision, &message_status_changed_shape, changed, state->customer, none);
    }
    bool is_attempt = hub_session_is_attempt(state, index);
    bool delivered = before < message_status_delivered && after >= message_status_delivered;
    if (is_attempt && (failed || delivered)) {
        hub_session_report_attempt(state, report, delivered, decision); /* the customer decides on another channel */
    } else if (failed && hub_decision_settles(decision)) {
        try_again(report, decision);
    }
    answer_status(state, index, after, decision);
}

/* What a customer wrote has arrived: it can only be read, or fail to be shown. */
static bool is_for_direction(unsigned rank, const struct update_message *report, struct hub_decision *decision)
{
    bool on_its_way = HUB_HAS(update_message, report, status) && report->status != message_status_received &&
                      report->status != message_status_read;
    if ((rank & HUB_MESSAGE_OUTBOUND) == 0 && on_its_way) {
        hub_decide_refuse(decision, HUB_ERROR_illegal_transition, "/status",
                          "A message of the customer can become read and nothing else.");
        return false;
    }
    return true;
}

void hub_session_decide_message(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct update_message *report = command_;
    struct hub_ulid session;
    uint32_t index = 0;
    bool is_ours = hub_part_id_parse(report->message_id, 'm', &session, &index) &&
                   hub_ulid_is(session, hub_decision_self(decision));
    unsigned rank = state == NULL || !is_ours ? 0 : hub_session_message(state, index);
    if (rank == 0) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/message_id", "There is no such message.");
        return;
    }
    if (!HUB_HAS(update_message, report, status) && !HUB_HAS(update_message, report, failure)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "", "A report has a status or a failure.");
        return;
    }
    if (is_for_direction(rank, report, decision)) {
        take_report(state, index, report, decision);
    }
}
