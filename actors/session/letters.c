/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Dead letters: what a person decides on a message that could not be delivered. */
#include "actors/session/decide.h"
#include "actors/session/render.h"

static const struct hub_ulid none;

static void answer_changed(const struct session_state *state, uint32_t index, struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    struct message_changed *answer = HUB_NEW(arena, struct message_changed);
    HUB_SET(message_changed, answer, success, true);
    HUB_SET(message_changed, answer, message_id, hub_part_id_print(hub_decision_self(decision), 'm', index, arena));
    HUB_SET(message_changed, answer, status, (hub_enum) (hub_session_message(state, index) & HUB_MESSAGE_RANK));
    hub_decide_answer(decision, &message_changed_shape, answer, state->customer);
}

/* The command settles the letter's row, so it is done once; who came second finds none. */
void hub_session_decide_letter(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct settle_letter *command = command_;
    if (state == NULL || !hub_decision_settles(decision)) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "", "There is no such dead letter.");
        return;
    }
    struct letter_settled *settled = HUB_NEW(hub_decision_arena(decision), struct letter_settled);
    HUB_SET(letter_settled, settled, index, command->index);
    HUB_SET(letter_settled, settled, action, command->action);
    HUB_SET(letter_settled, settled, reason, command->reason);
    hub_decide_event(decision, &letter_settled_shape, settled, state->customer, none);
    if (command->action == letter_action_retry) {
        hub_decide_retry(decision, hub_decision_now(decision), 1);
    }
    answer_changed(state, command->index, decision);
}
