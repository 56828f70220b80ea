/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on an erasure: one event, the index rows, the key. All that was sealed with the key is unreadable afterwards
 * wherever a copy of it lies, so no other stream is rewritten, and counts and hashes stay what they were. */
#include "actors/customer/decide.h"
#include "actors/customer/recipient.h"

#include <string.h>

#include "actors/session/session.h"

static const struct hub_ulid none;

static bool holds(struct hub_span text, struct hub_span part)
{
    return part.len > 0 && text.len >= part.len && memmem(text.at, text.len, part.at, part.len) != NULL;
}

/* Returns false when what the person typed must be typed again. */
static bool is_meant(const struct erase_customer *command, struct hub_decision *decision)
{
    if (!hub_span_is(command->confirm.clear, command->customer_id.clear)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/confirm",
                          "This must be the customer's id again, as in the path: nothing brings erased data back.");
        return false;
    }
    if (holds(command->reason, command->customer_id.clear)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/reason",
                          "The reason stays readable for ever: the customer's id must not stand in it.");
        return false;
    }
    return true;
}

static bool may_be_erased(const struct customer_state *state, const struct erase_customer *command,
                          struct hub_decision *decision)
{
    bool ends = HUB_HAS(erase_customer, command, end_sessions) && command->end_sessions;
    if (state == NULL) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/customer_id", "There is no such customer.");
        return false;
    }
    if (!hub_customer_is_there(state, decision) || !is_meant(command, decision)) {
        return false;
    }
    if (state->sessions.count > 0 && !ends) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "/end_sessions",
                          "Open sessions of the customer: %u. End them first, or ask for it with end_sessions.",
                          state->sessions.count);
        return false;
    }
    if (state->version != command->version) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "",
                          "Something happened with the customer while it was counted what is held; ask again.");
        return false;
    }
    return true;
}

static void end_session(struct hub_ulid session, struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    struct end_session *command = HUB_NEW(arena, struct end_session);
    char *text = hub_arena_get(arena, HUB_ULID_TEXT);
    hub_ulid_print(session, text);
    HUB_SET(end_session, command, session_id, ((hub_sealed){ .clear = hub_span_of(text, HUB_ULID_TEXT) }));
    HUB_SET(end_session, command, reason, end_reason_erased);
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_session,
                                                      .entity = session,
                                                      .shape = &end_session_shape,
                                                      .record = command,
                                                      .subject = hub_decision_self(decision) });
}

void hub_customer_decide_erase(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct erase_customer *command = command_;
    struct hub_arena *arena = hub_decision_arena(decision);
    struct hub_ulid self = hub_decision_self(decision);
    if (!may_be_erased(state, command, decision)) {
        return;
    }
    hub_recipient_erase(state, decision);
    struct customer_erased *erased = HUB_NEW(arena, struct customer_erased);
    HUB_SET(customer_erased, erased, reason, command->reason);
    HUB_SET(customer_erased, erased, held, command->held);
    hub_decide_event(decision, &customer_erased_shape, erased, self, none);
    for (uint32_t i = 0; i < state->sessions.count; i++) {
        end_session(state->sessions.at[i].session, decision);
    }
    for (uint32_t i = 0; i < command->names.count; i++) {
        hub_decide_unalias(decision, (uint8_t) command->names.at[i].kind,
                           (const uint8_t *) command->names.at[i].digest.at);
    }
    hub_decide_erase(decision, self);
    struct customer_erasure *answer = HUB_NEW(arena, struct customer_erasure);
    HUB_SET(customer_erasure, answer, customer, self);
    HUB_SET(customer_erasure, answer, is_erased, true);
    HUB_SET(customer_erasure, answer, held, command->held);
    hub_decide_answer(decision, &customer_erasure_shape, answer, self);
}
