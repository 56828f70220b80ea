/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on a channel and an agent, with a receipt; and the same engine asked for advice alone, which writes nothing. */
#include "actors/routing/decide.h"

#include "actors/routing/calendar.h"
#include "actors/routing/engine.h"
#include "actors/routing/explain.h"
#include "actors/session/session.h"

enum { MINUTE_US = 60000000 };

static const struct hub_ulid none;

/* --- what is known --- */

static void add_attempts(const struct interaction_context *given, struct routing_context *context)
{
    const struct hub_span *names = given->previous_channel_attempts.at;
    hub_set tried = 0;
    for (uint32_t i = 0; i < given->previous_channel_attempts.count; i++) {
        const struct hub_word *word = hub_vocab_by_name(&channel_vocab, names[i]);
        tried |= word == NULL ? 0 : UINT64_C(1) << word->code;
    }
    HUB_SET(routing_context, context, tried, tried);
    HUB_SET(routing_context, context, attempts, given->previous_channel_attempts.count);
}

static void add_interaction(bool has, const struct interaction_context *given, struct routing_context *context)
{
    if (!has) {
        return;
    }
    HUB_COPY(routing_context, context, interaction_context, given, issue_type);
    HUB_COPY(routing_context, context, interaction_context, given, language);
    if (HUB_HAS(interaction_context, given, customer_tier)) {
        HUB_SET(routing_context, context, tier, given->customer_tier);
    }
    if (HUB_HAS(interaction_context, given, previous_channel_attempts)) {
        add_attempts(given, context);
    }
}

/* A decision is kept: a kind of issue that is not written like an identifier might be anything, so it is not. */
static void drop_free_words(struct routing_context *context)
{
    for (size_t i = 0; i < context->issue_type.len; i++) {
        char sign = context->issue_type.at[i];
        bool is_plain = (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z') || (sign >= '0' && sign <= '9') ||
                        sign == '_' || sign == '-' || sign == '.';
        if (!is_plain) {
            context->issue_type = (struct hub_span){ NULL, 0 };
            HUB_CLEAR(routing_context, context, issue_type);
        }
    }
}

static struct routing_context context_of(const struct decide_routing *command, int64_t now_us)
{
    struct routing_context known = { 0 }, *context = &known;
    if (HUB_HAS(decide_routing, command, current_channel)) {
        HUB_SET(routing_context, context, channel, command->current_channel);
    }
    HUB_COPY(routing_context, context, decide_routing, command, sentiment);
    HUB_COPY(routing_context, context, decide_routing, command, urgency);
    HUB_COPY(routing_context, context, decide_routing, command, intent);
    HUB_COPY(routing_context, context, decide_routing, command, priority);
    HUB_COPY(routing_context, context, decide_routing, command, page_id);
    if (HUB_HAS(decide_routing, command, waiting_since) && command->waiting_since <= now_us) {
        HUB_SET(routing_context, context, waited_minutes, (uint32_t) ((now_us - command->waiting_since) / MINUTE_US));
    }
    add_interaction(HUB_HAS(decide_routing, command, interaction_context), command->interaction_context, context);
    drop_free_words(context);
    return known;
}

const struct routing_table *hub_routing_table(const struct routing_state *state, struct hub_arena *arena,
                                              uint32_t *ret_version)
{
    bool has = state != NULL && HUB_HAS(routing_state, state, table);
    *ret_version = has ? state->rules_version : 1;
    return has ? state->table : hub_routing_defaults(arena);
}

/* --- deciding --- */

/* A decision on its way. */
struct making {
    const struct routing_state *state;
    const struct decide_routing *command;
    struct hub_routing_choice choice;
    struct routing_decided *decided;
    struct hub_decision *decision;
};

static bool is_true(bool has, bool value, bool otherwise)
{
    return has ? value : otherwise;
}

/* Where the customer is to be served: where the conversation is, or goes to. */
static unsigned serving_channel(const struct making *making)
{
    const struct routing_context *context = making->choice.context;
    bool stays = !making->decided->transfers && HUB_HAS(routing_context, context, channel);
    return stays ? context->channel : making->choice.advice[0].channel;
}

static void take_agents(struct making *making, const struct hub_routing_search *search, struct agent_looked_at *looked)
{
    making->decided->agents.at = looked;
    making->decided->agents.count = making->state->agents.count;
    HUB_MARK(routing_decided, making->decided, agents);
    HUB_SET(routing_decided, making->decided, agent_channel, (hub_enum) search->channel);
}

/* Look by the rule's own needs, then by each fallback; a receipt shows the step that decided, the own needs when none did. */
static void find_agent(struct making *making)
{
    const struct routing_rule *rule = making->choice.rule;
    uint32_t fallbacks = rule != NULL ? rule->fallback.count : 0;
    struct routing_decided *decided = making->decided;
    for (uint32_t step = 0; step <= fallbacks; step++) {
        bool has_needs = rule != NULL && HUB_HAS(routing_rule, rule, needs);
        const struct routing_needs *needs = step > 0 ? &rule->fallback.at[step - 1] : has_needs ? rule->needs : NULL;
        bool has_channel = needs != NULL && HUB_HAS(routing_needs, needs, channel);
        const struct hub_routing_search search = { .state = making->state,
                                                   .needs = needs,
                                                   .language = making->choice.context->language,
                                                   .channel = has_channel ? needs->channel : serving_channel(making),
                                                   .arena = hub_decision_arena(making->decision) };
        struct agent_looked_at *looked;
        int found = hub_routing_find_agent(&search, &looked);
        if (step > 0 && found < 0) {
            continue;
        }
        if (needs != NULL) {
            HUB_SET(routing_decided, decided, needs, (struct routing_needs *) needs);
        }
        HUB_SET(routing_decided, decided, step, step);
        take_agents(making, &search, looked);
        if (found >= 0) {
            HUB_SET(routing_decided, decided, agent, making->state->agents.at[found].agent);
            HUB_SET(routing_decided, decided, outcome, routing_outcome_assigned);
            return;
        }
    }
    HUB_SET(routing_decided, decided, outcome, routing_outcome_queued);
}

static void put_choice(const struct hub_routing_choice *choice, struct routing_decided *decided)
{
    HUB_SET(routing_decided, decided, rule, choice->rule_name);
    HUB_SET(routing_decided, decided, context, choice->context);
    HUB_SET(routing_decided, decided, channel, choice->advice[0].channel);
    decided->rules.at = choice->rules;
    decided->rules.count = choice->rule_count;
    decided->channels.at = choice->channels;
    decided->channels.count = choice->channel_count;
    decided->advice.at = choice->advice;
    decided->advice.count = choice->advice_count;
    HUB_MARK(routing_decided, decided, rules);
    HUB_MARK(routing_decided, decided, channels);
    HUB_MARK(routing_decided, decided, advice);
    if (choice->rule != NULL) {
        HUB_COPY(routing_decided, decided, routing_rule, choice->rule, points);
        HUB_COPY(routing_decided, decided, routing_rule, choice->rule, ageing);
    }
}

static void follow_transfer(const struct making *making)
{
    const struct routing_decided *decided = making->decided;
    struct hub_arena *arena = hub_decision_arena(making->decision);
    struct transfer_channel *command = HUB_NEW(arena, struct transfer_channel);
    char *text = hub_arena_get(arena, HUB_ULID_TEXT);
    hub_ulid_print(decided->session, text);
    HUB_SET(transfer_channel, command, session_id, ((hub_sealed){ .clear = hub_span_of(text, HUB_ULID_TEXT) }));
    HUB_SET(transfer_channel, command, to_channel, decided->channel);
    HUB_SET(transfer_channel, command, reason, ((hub_sealed){ .clear = making->choice.advice[0].reason }));
    hub_decide_follow(making->decision, &(struct hub_follow){ .kind = KIND_session,
                                                              .entity = decided->session,
                                                              .shape = &transfer_channel_shape,
                                                              .record = command,
                                                              .subject = decided->customer });
}

/* The channel that the session is on; where nobody knows, the one on which an agent is to have room. */
static unsigned session_channel(const struct routing_decided *decided)
{
    return HUB_HAS(routing_context, decided->context, channel) ? decided->context->channel : decided->agent_channel;
}

/* On which inbox the customer's actor will keep the wish. */
static struct hub_span page_of(const struct routing_decided *decided)
{
    return HUB_HAS(routing_context, decided->context, page_id)
               ? decided->context->page_id
               : hub_span(hub_vocab_name(&channel_vocab, (uint16_t) session_channel(decided)));
}

static void follow(const struct making *making)
{
    const struct routing_decided *decided = making->decided;
    const struct routing_context *context = decided->context;
    if (decided->outcome != routing_outcome_advised) {
        struct hub_routing_giving giving = { .decision = decided->decision,
                                             .customer = decided->customer,
                                             .session = decided->session,
                                             .channel = session_channel(decided),
                                             .page_id = decided->page_id };
        if (decided->outcome == routing_outcome_assigned) {
            giving.agent = decided->agent;
        }
        hub_routing_give(&giving, making->decision);
    }
    bool is_there = HUB_HAS(routing_context, context, channel) && context->channel == decided->channel;
    if (decided->transfers && !is_there) {
        follow_transfer(making);
    }
}

/* Returns false when refused. */
static bool is_askable(const struct routing_state *state, const struct decide_routing *command, bool acts,
                       struct hub_decision *decision)
{
    if (!HUB_HAS(decide_routing, command, customer)) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/customer_id", "There is no such customer.");
        return false;
    }
    if (acts && !HUB_HAS(decide_routing, command, session)) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "/session_id",
                          "The customer has no open session that could be routed; with assign and transfer false the "
                          "decision is advice only.");
        return false;
    }
    if (acts && state != NULL &&
        (state->waiting.count >= HUB_ROUTING_WAITING || state->promises.count >= HUB_ROUTING_PROMISES)) {
        hub_decide_refuse(decision, HUB_ERROR_limit_reached, "", "At most %d customers wait at a time.",
                          HUB_ROUTING_WAITING);
        return false;
    }
    return true;
}

void hub_routing_decide_routing(const void *state_, const void *command_, struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    const struct decide_routing *command = command_;
    struct making making = { .state = state_, .command = command, .decision = decision };
    bool assigns = is_true(HUB_HAS(decide_routing, command, assign), command->assign, true);
    bool transfers = is_true(HUB_HAS(decide_routing, command, transfer), command->transfer, false);
    if (!is_askable(making.state, command, assigns || transfers, decision)) {
        return;
    }
    static const struct routing_state nobody;
    making.state = making.state != NULL ? making.state : &nobody;
    struct routing_decided *decided = HUB_NEW(arena, struct routing_decided);
    struct routing_context context = context_of(command, hub_decision_now(decision));
    struct hub_routing_question question = { .context = &context,
                                             .now_us = hub_decision_now(decision),
                                             .arena = arena };
    question.table = hub_routing_table(state_, arena, &decided->rules_version);
    HUB_MARK(routing_decided, decided, rules_version);
    hub_routing_choose(&question, &making.choice);
    making.decided = decided;
    HUB_SET(routing_decided, decided, decision, hub_decision_id(decision, "decision"));
    HUB_SET(routing_decided, decided, customer, command->customer);
    HUB_COPY(routing_decided, decided, decide_routing, command, session);
    put_choice(&making.choice, decided);
    HUB_SET(routing_decided, decided, transfers, transfers);
    HUB_SET(routing_decided, decided, outcome, routing_outcome_advised);
    if (assigns) {
        int64_t since = hub_routing_supersede(making.state, command->customer, &context, decision);
        if (since != 0) {
            HUB_SET(routing_decided, decided, since, since);
        }
        find_agent(&making);
        HUB_SET(routing_decided, decided, page_id, page_of(decided));
    }
    hub_decide_event(decision, &routing_decided_shape, decided, decided->customer, decided->session);
    follow(&making);
    struct routing_decision_reply *reply = HUB_NEW(arena, struct routing_decision_reply);
    HUB_SET(routing_decision_reply, reply, success, true);
    HUB_SET(routing_decision_reply, reply, decision, HUB_NEW(arena, struct routing_receipt));
    hub_routing_explain(decided, hub_decision_now(decision), arena, reply->decision);
    hub_decide_answer(decision, &routing_decision_reply_shape, reply, none);
}

/* --- advice --- */

void hub_routing_decide_advice(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct intelligent_routing *command = command_;
    struct hub_arena *arena = hub_decision_arena(decision);
    struct routing_context known = { 0 }, *context = &known;
    struct hub_routing_choice choice;
    struct routing_decided looked = { 0 };
    if (HUB_HAS(intelligent_routing, command, current_channel)) {
        HUB_SET(routing_context, context, channel, command->current_channel);
    }
    HUB_COPY(routing_context, context, intelligent_routing, command, sentiment);
    HUB_COPY(routing_context, context, intelligent_routing, command, urgency);
    HUB_COPY(routing_context, context, intelligent_routing, command, intent);
    add_interaction(HUB_HAS(intelligent_routing, command, interaction_context), command->interaction_context, context);
    struct routing_advice *advice = HUB_NEW(arena, struct routing_advice);
    struct hub_routing_question question = { .context = context, .now_us = hub_decision_now(decision), .arena = arena };
    question.table = hub_routing_table(state, arena, &advice->rules_version);
    HUB_MARK(routing_advice, advice, rules_version);
    hub_routing_choose(&question, &choice);
    put_choice(&choice, &looked);
    HUB_SET(routing_advice, advice, rule, choice.rule_name);
    advice->recommended_channels.at = choice.advice;
    advice->recommended_channels.count = choice.advice_count;
    HUB_MARK(routing_advice, advice, recommended_channels);
    hub_routing_explain_advice(&looked, arena, advice);
    struct routing_reply *reply = HUB_NEW(arena, struct routing_reply);
    HUB_SET(routing_reply, reply, success, true);
    HUB_SET(routing_reply, reply, intelligent_routing, advice);
    hub_decide_answer(decision, &routing_reply_shape, reply, none);
}

/* --- analysing --- */

static void add_analysis(const struct hub_analysis *analysis, struct routing_context *context)
{
    if (analysis->sentiment != 0) {
        HUB_SET(routing_context, context, sentiment, analysis->sentiment);
    }
    if (analysis->urgency != 0) {
        HUB_SET(routing_context, context, urgency, analysis->urgency);
    }
    if (analysis->intent != 0) {
        HUB_SET(routing_context, context, intent, analysis->intent);
    }
}

void hub_routing_decide_analysis(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct analyze_context *command = command_;
    struct hub_arena *arena = hub_decision_arena(decision);
    struct routing_context *context = HUB_NEW(arena, struct routing_context);
    struct analysis_reply *reply = HUB_NEW(arena, struct analysis_reply);
    struct hub_analysis analysis = { 0 };
    uint32_t version;
    if (HUB_HAS(analyze_context, command, text)) {
        hub_analyser()->analyse(command->text.clear, &analysis);
    }
    if (HUB_HAS(analyze_context, command, current_channel)) {
        HUB_SET(routing_context, context, channel, command->current_channel);
    }
    add_interaction(HUB_HAS(analyze_context, command, interaction_context), command->interaction_context, context);
    hub_calendar_fill(hub_routing_table(state, arena, &version), (struct hub_span){ NULL, 0 },
                      hub_decision_now(decision), context);
    add_analysis(&analysis, context);
    HUB_SET(analysis_reply, reply, success, true);
    HUB_SET(analysis_reply, reply, sentiment,
            analysis.sentiment != 0 ? analysis.sentiment : (hub_enum) sentiment_unknown);
    HUB_COPY(analysis_reply, reply, routing_context, context, urgency);
    HUB_COPY(analysis_reply, reply, routing_context, context, intent);
    HUB_SET(analysis_reply, reply, analyser, hub_analyser()->version);
    HUB_SET(analysis_reply, reply, context, context);
    hub_routing_explain_evidence(&analysis, arena, reply);
    hub_decide_answer(decision, &analysis_reply_shape, reply, none);
}
