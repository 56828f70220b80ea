/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on a move to another channel: what must hold before, and the context that goes along. */
#include "actors/session/decide.h"
#include "actors/session/render.h"

enum { TRANSFERS_MAX = 1000 };

static const struct hub_ulid none;

static bool is_movable(const struct session_state *state, struct hub_decision *decision)
{
    bool movable = state->status == session_status_active || state->status == session_status_waiting ||
                   state->status == session_status_on_hold;
    if (!movable) {
        hub_decide_refuse(decision, HUB_ERROR_illegal_transition, "",
                          "A session that is %s does not change its channel.",
                          hub_vocab_name(&session_status_vocab, state->status));
    }
    return movable;
}

static bool has_good_channels(const struct session_state *state, const struct transfer_channel *command,
                              struct hub_decision *decision)
{
    const char *current = hub_vocab_name(&channel_vocab, state->channel);
    if (HUB_HAS(transfer_channel, command, from_channel) && command->from_channel != state->channel) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "/from_channel", "The session is on %s.", current);
        return false;
    }
    if (command->to_channel == state->channel) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "/to_channel", "The session is on %s already.", current);
        return false;
    }
    if (state->transfers.count >= TRANSFERS_MAX) {
        hub_decide_refuse(decision, HUB_ERROR_limit_reached, "", "A session has at most %d transfers.", TRANSFERS_MAX);
        return false;
    }
    return true;
}

static struct transfer_requested *request(const struct session_state *state, const struct transfer_channel *command,
                                          struct hub_decision *decision)
{
    struct transfer_requested *requested = HUB_NEW(hub_decision_arena(decision), struct transfer_requested);
    HUB_SET(transfer_requested, requested, number, state->transfers.count + 1);
    HUB_SET(transfer_requested, requested, from_channel, state->channel);
    HUB_SET(transfer_requested, requested, to_channel, command->to_channel);
    HUB_COPY(transfer_requested, requested, transfer_channel, command, reason);
    if (HUB_HAS(transfer_channel, command, context_data)) {
        HUB_SET(transfer_requested, requested, context, command->context_data);
    }
    HUB_SET(transfer_requested, requested, history_count, (uint32_t) state->message_ranks.len);
    HUB_SET(transfer_requested, requested, history_digest,
            hub_arena_copy(hub_decision_arena(decision), state->history_digest));
    hub_decide_event(decision, &transfer_requested_shape, requested, state->customer, none);
    return requested;
}

static void complete(const struct session_state *state, uint32_t number, struct hub_decision *decision)
{
    struct transfer_moved *moved = HUB_NEW(hub_decision_arena(decision), struct transfer_moved);
    HUB_SET(transfer_moved, moved, number, number);
    HUB_SET(transfer_moved, moved, status, transfer_status_completed);
    hub_decide_event(decision, &transfer_moved_shape, moved, state->customer, none);
}

static void answer_transfer(const struct session_state *state, const struct transfer_requested *requested,
                            struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    struct hub_ulid self = hub_decision_self(decision);
    struct transfer_done *answer = HUB_NEW(arena, struct transfer_done);
    HUB_SET(transfer_done, answer, success, true);
    HUB_SET(transfer_done, answer, transfer_id, hub_part_id_print(self, 't', requested->number, arena));
    HUB_SET(transfer_done, answer, transfer_completed, true);
    HUB_SET(transfer_done, answer, session_id, hub_session_name(state, self, arena));
    HUB_SET(transfer_done, answer, session, self);
    HUB_SET(transfer_done, answer, customer, state->customer);
    HUB_SET(transfer_done, answer, channel, requested->to_channel);
    HUB_SET(transfer_done, answer, history_count, requested->history_count);
    HUB_SET(transfer_done, answer, history_digest, requested->history_digest);
    HUB_COPY(transfer_done, answer, transfer_requested, requested, context);
    hub_decide_answer(decision, &transfer_done_shape, answer, state->customer);
}

void hub_session_decide_transfer(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct transfer_channel *command = command_;
    if (state == NULL && hub_decision_names(decision, KIND_customer) &&
        HUB_HAS(transfer_channel, command, from_channel)) {
        hub_decide_forward(decision, KIND_customer, hub_decision_named(decision, KIND_customer));
        return;
    }
    if (state == NULL) {
        hub_session_refuse_unknown(decision);
        return;
    }
    if (!hub_session_is_of_named(state, decision) || !is_movable(state, decision) ||
        !has_good_channels(state, command, decision)) {
        return;
    }
    const struct transfer_requested *requested = request(state, command, decision);
    complete(state, requested->number, decision);
    answer_transfer(state, requested, decision);
}
