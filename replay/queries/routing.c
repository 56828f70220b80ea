/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Queries about the routing: a receipt, the table as it was, how it does, and what is known of whom it is about. */
#include "actors/routing/explain.h"
#include "base/error.h"
#include "replay/reading.h"
#include "replay/routing_times.h"

/* --- a receipt --- */

static int answer_decision(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct routing_decision_query *query = params;
    struct routing_receipt_reply *reply = ret_answer;
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_routing, reading->company, 'd', query->decision_id);
    struct routing_row row;
    int done = hub_reading_row(reading, &key, &routing_row_shape, &row);
    if (done != 0) {
        return done == HUB_ERROR_not_found
                   ? hub_reading_refuse(reading, done, "/decision_id", "There is no such decision.")
                   : done;
    }
    struct routing_receipt *receipt = HUB_NEW(reading->arena, struct routing_receipt);
    hub_routing_explain(row.decided, row.decided_at, reading->arena, receipt);
    HUB_COPY(routing_receipt, receipt, routing_row, &row, end);
    HUB_COPY(routing_receipt, receipt, routing_row, &row, ended_at);
    HUB_COPY(routing_receipt, receipt, routing_row, &row, assigned_at);
    if (HUB_HAS(routing_row, &row, agent)) {
        HUB_SET(routing_receipt, receipt, agent_id, row.agent);
    }
    HUB_SET(routing_receipt_reply, reply, decision, receipt);
    return 0;
}

const struct hub_query_info hub_query_routing_decision = {
    .name = "routing_decision",
    .params = &routing_decision_query_shape,
    .answer = &routing_receipt_reply_shape,
    .scope = HUB_SCOPE_routing,
    .answer_fn = answer_decision,
};

/* --- the table --- */

static int answer_rules(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    void *state = NULL;
    (void) params;
    int done = hub_reading_state(reading, &hub_kind_routing, reading->company, &state);
    if (done != 0 && done != HUB_ERROR_not_found) {
        return done;
    }
    hub_routing_show_rules(state, reading->arena, ret_answer);
    return 0;
}

const struct hub_query_info hub_query_routing_rules = {
    .name = "routing_rules",
    .params = &routing_rules_query_shape,
    .answer = &routing_rules_reply_shape,
    .scope = HUB_SCOPE_routing,
    .answer_fn = answer_rules,
};

/* --- how it does --- */

enum { SCALE = 10000 };

static void show_share(const struct routing_counts *counts, struct routing_share *ret_share)
{
    uint64_t ended = counts->accepted + counts->refused + counts->gone;
    HUB_COPY(routing_share, ret_share, routing_counts, counts, rule);
    HUB_COPY(routing_share, ret_share, routing_counts, counts, channel);
    HUB_SET(routing_share, ret_share, decided, counts->decided);
    HUB_SET(routing_share, ret_share, assigned, counts->assigned);
    HUB_SET(routing_share, ret_share, queued, counts->queued);
    HUB_SET(routing_share, ret_share, accepted, counts->accepted);
    HUB_SET(routing_share, ret_share, refused, counts->refused);
    HUB_SET(routing_share, ret_share, gone, counts->gone);
    if (ended > 0) {
        HUB_SET(routing_share, ret_share, accepted_ratio, (int64_t) ((counts->accepted * SCALE + ended / 2) / ended));
    }
}

/* Milliseconds within which so many hundredths of all were taken. */
static uint64_t percentile(const hub_list *times, uint64_t total, unsigned percent)
{
    const uint64_t *buckets = times->at;
    uint64_t wanted = (total * percent + 99) / 100, seen = 0;
    for (uint32_t i = 0; i < times->count; i++) {
        seen += buckets[i];
        if (seen >= wanted) {
            return hub_routing_bucket_end(i);
        }
    }
    return 0;
}

static void show_times(const hub_list *times, struct routing_performance *reply)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < times->count; i++) {
        total += ((const uint64_t *) times->at)[i];
    }
    HUB_SET(routing_performance, reply, assignments, total);
    if (total > 0) {
        HUB_SET(routing_performance, reply, assignment_seconds_p50, (int64_t) percentile(times, total, 50));
        HUB_SET(routing_performance, reply, assignment_seconds_p90, (int64_t) percentile(times, total, 90));
    }
}

static int answer_performance(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    struct routing_performance *reply = ret_answer;
    struct hub_row_key key = hub_row_key(HUB_VIEW_routing, reading->company);
    struct routing_figures figures = { 0 };
    static const struct routing_counts nothing;
    (void) params;
    hub_row_key_byte(&key, 's');
    int done = hub_reading_row(reading, &key, &routing_figures_shape, &figures);
    if (done != 0 && done != HUB_ERROR_not_found) {
        return done;
    }
    HUB_SET(routing_performance, reply, success, true);
    HUB_SET(routing_performance, reply, total, HUB_NEW(reading->arena, struct routing_share));
    show_share(done == 0 ? figures.all : &nothing, reply->total);
    reply->by_rule.at = HUB_NEW_ARRAY(reading->arena, struct routing_share, figures.rules.count);
    reply->by_channel.at = HUB_NEW_ARRAY(reading->arena, struct routing_share, figures.channels.count);
    HUB_MARK(routing_performance, reply, by_rule);
    HUB_MARK(routing_performance, reply, by_channel);
    for (uint32_t i = 0; i < figures.rules.count; i++) {
        show_share(&figures.rules.at[i], &reply->by_rule.at[reply->by_rule.count++]);
    }
    for (uint32_t i = 0; i < figures.channels.count; i++) {
        show_share(&figures.channels.at[i], &reply->by_channel.at[reply->by_channel.count++]);
    }
    show_times(&figures.times, reply);
    return 0;
}

const struct hub_query_info hub_query_routing_performance = {
    .name = "routing_performance",
    .params = &routing_performance_query_shape,
    .answer = &routing_performance_shape,
    .scope = HUB_SCOPE_routing,
    .answer_fn = answer_performance,
};

/* --- what is known --- */

static int add_customer(const struct hub_reading *reading, struct routing_known *known, struct hub_ulid *ret_session,
                        const struct customer_state **ret_state)
{
    struct hub_ulid customer;
    void *found = NULL;
    int done = hub_reading_named(reading, KIND_customer, &customer);
    done = done == 0 ? hub_reading_state(reading, &hub_kind_customer, customer, &found) : done;
    if (done != 0) {
        return done == HUB_ERROR_not_found ? 0 : done;
    }
    const struct customer_state *state = *ret_state = found;
    HUB_SET(routing_known, known, customer, customer);
    if (HUB_HAS(customer_state, state, profile)) {
        HUB_COPY(routing_known, known, customer_profile, state->profile, tier);
        HUB_COPY(routing_known, known, customer_profile, state->profile, language);
    }
    if (state->sessions.count > 0) {
        *ret_session = state->sessions.at[state->sessions.count - 1].session;
    }
    return 0;
}

/* The named session, if it is this customer's and has not ended; without a name the customer's newest open one. */
static int add_session(const struct hub_reading *reading, struct hub_ulid newest, struct routing_known *known)
{
    struct hub_ulid session = newest;
    void *found = NULL;
    int done = 0;
    if (reading->names[KIND_session].given) {
        done = hub_reading_named(reading, KIND_session, &session);
    }
    if (done == 0 && !hub_ulid_is_none(session)) {
        done = hub_reading_state(reading, &hub_kind_session, session, &found);
    }
    const struct session_state *state = found;
    if (done != 0 || state == NULL || !hub_ulid_is(state->customer, known->customer) ||
        state->status == session_status_ended) {
        return done == HUB_ERROR_not_found ? 0 : done;
    }
    HUB_SET(routing_known, known, session, session);
    HUB_COPY(routing_known, known, session_state, state, channel);
    HUB_COPY(routing_known, known, session_state, state, channels);
    HUB_COPY(routing_known, known, session_state, state, sentiment);
    HUB_COPY(routing_known, known, session_state, state, urgency);
    HUB_COPY(routing_known, known, session_state, state, intent);
    HUB_COPY(routing_known, known, session_state, state, priority);
    HUB_COPY(routing_known, known, session_state, state, page_id);
    HUB_COPY(routing_known, known, session_state, state, waiting_since);
    return 0;
}

/* Where a person is wanted already, the inbox is called as it was called there. */
static void add_page(const struct customer_state *customer, struct routing_known *known)
{
    for (uint32_t i = 0; i < customer->helps.count; i++) {
        const struct customer_help *help = &customer->helps.at[i];
        if (HUB_HAS(routing_known, known, session) && hub_ulid_is(help->session, known->session)) {
            HUB_SET(routing_known, known, page_id, help->page_id);
        }
    }
}

static int answer_known(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    struct hub_ulid newest = { { 0 } };
    const struct customer_state *customer = NULL;
    (void) params;
    int done = add_customer(reading, ret_answer, &newest, &customer);
    done = done == 0 ? add_session(reading, newest, ret_answer) : done;
    if (customer != NULL) {
        add_page(customer, ret_answer);
    }
    return done;
}

const struct hub_query_info hub_query_routing_known = {
    .name = "routing_known",
    .params = &decide_routing_shape,
    .answer = &routing_known_shape,
    .scope = HUB_SCOPE_customer,
    .find_fn = hub_reading_find_customer,
    .answer_fn = answer_known,
};
