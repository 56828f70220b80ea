/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on consumers of events: names with a position each. */
#include "actors/company/decide.h"

static const struct hub_ulid none;

static bool is_movable(const struct company_state *state, const struct move_consumer *command,
                       struct hub_decision *decision)
{
    if (hub_company_consumer_at(state, command->consumer) < 0 && state->consumers.count >= HUB_COMPANY_CONSUMERS) {
        hub_decide_refuse(decision, HUB_ERROR_limit_reached, "", "A company has at most %d consumers.",
                          HUB_COMPANY_CONSUMERS);
        return false;
    }
    return true;
}

/* Where it is already needs no event. */
static bool is_there(const struct company_state *state, const struct move_consumer *command)
{
    int at = hub_company_consumer_at(state, command->consumer);
    return at >= 0 && state->consumers.at[at].sequence == command->sequence;
}

void hub_company_decide_move_consumer(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct move_consumer *command = command_;
    if (!hub_company_is_there(state, decision) || !is_movable(state, command, decision)) {
        return;
    }
    struct hub_arena *arena = hub_decision_arena(decision);
    struct consumer_shown *answer = HUB_NEW(arena, struct consumer_shown);
    HUB_SET(consumer_shown, answer, consumer, command->consumer);
    HUB_SET(consumer_shown, answer, sequence, command->sequence);
    HUB_SET(consumer_shown, answer, moved_at, hub_decision_now(decision));
    if (!is_there(state, command)) {
        struct company_consumer_moved *moved = HUB_NEW(arena, struct company_consumer_moved);
        HUB_SET(company_consumer_moved, moved, consumer, command->consumer);
        HUB_SET(company_consumer_moved, moved, sequence, command->sequence);
        hub_decide_event(decision, &company_consumer_moved_shape, moved, none, none);
    }
    hub_decide_answer(decision, &consumer_shown_shape, answer, none);
}

void hub_company_decide_remove_consumer(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct remove_consumer *command = command_;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    if (hub_company_consumer_at(state, command->consumer) < 0) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/consumer", "There is no such consumer.");
        return;
    }
    struct company_consumer_removed *removed = HUB_NEW(hub_decision_arena(decision), struct company_consumer_removed);
    HUB_SET(company_consumer_removed, removed, consumer, command->consumer);
    hub_decide_event(decision, &company_consumer_removed_shape, removed, none, none);
    hub_company_answer_done(decision);
}

void hub_company_decide_list_consumers(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    (void) command;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    struct hub_arena *arena = hub_decision_arena(decision);
    struct consumers_reply *answer = HUB_NEW(arena, struct consumers_reply);
    answer->consumers.at = HUB_NEW_ARRAY(arena, struct consumer_shown, state->consumers.count);
    HUB_MARK(consumers_reply, answer, consumers);
    for (uint32_t i = 0; i < state->consumers.count; i++) {
        const struct company_consumer *consumer = &state->consumers.at[i];
        struct consumer_shown *shown = &answer->consumers.at[answer->consumers.count++];
        HUB_COPY(consumer_shown, shown, company_consumer, consumer, consumer);
        HUB_COPY(consumer_shown, shown, company_consumer, consumer, sequence);
        HUB_COPY(consumer_shown, shown, company_consumer, consumer, moved_at);
    }
    hub_decide_answer(decision, &consumers_reply_shape, answer, none);
}
