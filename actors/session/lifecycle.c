/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on a session as a whole: opening, reading, changing, ending, and its timers. */
#include "actors/session/decide.h"
#include "actors/session/moves.h"
#include "actors/session/render.h"

#include "actors/customer/customer.h"
#include "base/pack.h"

static const int64_t second_us = 1000000;
static const struct hub_ulid none;

void hub_session_refuse_unknown(struct hub_decision *decision)
{
    hub_decide_refuse(decision, HUB_ERROR_not_found, "/session_id", "There is no such session.");
}

bool hub_session_is_of_named(const struct session_state *state, struct hub_decision *decision)
{
    if (hub_decision_names(decision, KIND_customer) &&
        !hub_ulid_is(hub_decision_named(decision, KIND_customer), state->customer)) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "/customer_id", "The session is another customer's.");
        return false;
    }
    return true;
}

static void answer_with(const struct session_state *state, struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    struct unified_session *shown = HUB_NEW(arena, struct unified_session);
    hub_session_render(state, hub_decision_self(decision), arena, shown);
    hub_decide_answer(decision, &unified_session_shape, shown, state->customer);
}

/* Answer with what the decided events will make of the session: by the fold itself, on a copy. */
static void answer_after(const struct session_state *state, struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    struct session_state *after = state == NULL ? HUB_NEW(arena, struct session_state)
                                                : hub_record_copy(&session_state_shape, state, arena);
    hub_fold_decided(decision, hub_session_apply, after, after->version);
    answer_with(after, decision);
}

static void set_timer(struct hub_decision *decision, unsigned purpose, int64_t due_us)
{
    struct session_timer *timer = HUB_NEW(hub_decision_arena(decision), struct session_timer);
    HUB_SET(session_timer, timer, purpose, (hub_enum) purpose);
    HUB_SET(session_timer, timer, due, due_us);
    hub_decide_timer(decision, due_us, &session_timer_shape, timer);
}

void hub_session_start_idle(uint32_t idle_s, struct hub_decision *decision)
{
    if (idle_s > 0) {
        set_timer(decision, session_timer_purpose_idle, hub_decision_now(decision) + idle_s * second_us);
    }
}

/* The name is taken: tell the customer who counts on it, so that it does not stay in its list. */
static void refuse_taken(const struct open_session *command, struct hub_decision *decision)
{
    hub_session_tell_closed(command->customer, decision);
    hub_decide_refuse(decision, HUB_ERROR_already_exists, "/session_id", "A session by this name exists already.");
    hub_decide_keep(decision);
}

void hub_session_decide_open(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct open_session *command = command_;
    if (state != NULL) {
        bool repeated = hub_ulid_is(state->customer, command->customer) && state->status != session_status_ended;
        if (repeated) {
            answer_with(state, decision);
        } else {
            refuse_taken(command, decision);
        }
        return;
    }
    struct session_opened *opened = HUB_NEW(hub_decision_arena(decision), struct session_opened);
    HUB_SET(session_opened, opened, customer, command->customer);
    HUB_COPY(session_opened, opened, open_session, command, customer_id);
    HUB_COPY(session_opened, opened, open_session, command, session_id);
    HUB_SET(session_opened, opened, channel, command->channel);
    HUB_SET(session_opened, opened, priority, command->priority);
    HUB_COPY(session_opened, opened, open_session, command, page_id);
    HUB_COPY(session_opened, opened, open_session, command, metadata);
    HUB_COPY(session_opened, opened, open_session, command, idle_s);
    HUB_COPY(session_opened, opened, open_session, command, campaign);
    hub_decide_event(decision, &session_opened_shape, opened, command->customer, none);
    hub_session_start_idle(HUB_HAS(open_session, command, idle_s) ? command->idle_s : 0, decision);
    answer_after(NULL, decision);
}

void hub_session_decide_get(const void *state, const void *command, struct hub_decision *decision)
{
    (void) command;
    if (state == NULL) {
        hub_session_refuse_unknown(decision);
        return;
    }
    answer_with(state, decision);
}

/* What belongs to certain statuses must come with one of them. */
static bool has_good_status(const struct update_session *command, struct hub_decision *decision)
{
    unsigned status = HUB_HAS(update_session, command, status) ? command->status : 0;
    bool has_until = HUB_HAS(update_session, command, snoozed_until);
    if (has_until != (status == session_status_snoozed)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/snoozed_until",
                          has_until ? "This goes with the status snoozed only."
                                    : "A snoozed session needs a time to wake.");
        return false;
    }
    if (has_until && command->snoozed_until <= hub_decision_now(decision)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/snoozed_until", "This must lie in the future.");
        return false;
    }
    if (HUB_HAS(update_session, command, satisfaction) && status != session_status_resolved &&
        status != session_status_ended) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/satisfaction",
                          "This goes with the statuses resolved and ended only.");
        return false;
    }
    return true;
}

static void change_data(const struct session_state *state, const struct update_session *command,
                        struct hub_decision *decision)
{
    struct session_changed *changed = HUB_NEW(hub_decision_arena(decision), struct session_changed);
    if (HUB_HAS(update_session, command, priority) && command->priority != state->priority) {
        HUB_SET(session_changed, changed, priority, command->priority);
    }
    HUB_COPY(session_changed, changed, update_session, command, labels);
    HUB_COPY(session_changed, changed, update_session, command, metadata);
    if (changed->has != 0) {
        hub_decide_event(decision, &session_changed_shape, changed, state->customer, none);
    }
}

/* Returns false when refused. The status it has already is no move, unless it says something new. */
static bool change_status(const struct session_state *state, const struct update_session *command,
                          struct hub_decision *decision)
{
    bool says_more = HUB_HAS(update_session, command, snoozed_until) || HUB_HAS(update_session, command, satisfaction);
    if (!HUB_HAS(update_session, command, status) || (command->status == state->status && !says_more)) {
        return true;
    }
    struct session_moved *moved = HUB_NEW(hub_decision_arena(decision), struct session_moved);
    HUB_SET(session_moved, moved, status, command->status);
    HUB_COPY(session_moved, moved, update_session, command, snoozed_until);
    HUB_COPY(session_moved, moved, update_session, command, satisfaction);
    if (command->status == session_status_ended) {
        HUB_SET(session_moved, moved, end_reason, end_reason_completed);
    }
    if (command->status == session_status_snoozed) {
        set_timer(decision, session_timer_purpose_snooze, command->snoozed_until);
    }
    return hub_session_move(state, moved, decision);
}

void hub_session_decide_update(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct update_session *command = command_;
    if (state == NULL) {
        hub_session_refuse_unknown(decision);
        return;
    }
    if (state->status == session_status_ended) {
        hub_decide_refuse(decision, HUB_ERROR_illegal_transition, "", "The session has ended; nothing changes it.");
        return;
    }
    if (!has_good_status(command, decision)) {
        return;
    }
    change_data(state, command, decision);
    if (change_status(state, command, decision)) {
        answer_after(state, decision);
    }
}

void hub_session_decide_end(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct end_session *command = command_;
    if (state == NULL) {
        hub_session_refuse_unknown(decision);
        return;
    }
    struct session_moved *moved = HUB_NEW(hub_decision_arena(decision), struct session_moved);
    bool has_reason = HUB_HAS(end_session, command, reason);
    HUB_SET(session_moved, moved, status, session_status_ended);
    HUB_SET(session_moved, moved, end_reason, has_reason ? command->reason : end_reason_completed);
    HUB_COPY(session_moved, moved, end_session, command, satisfaction);
    if (hub_session_move(state, moved, decision)) {
        answer_after(state, decision);
    }
}

/* When the session ends if nothing happens; one that is set aside does not grow idle before it wakes. */
static int64_t idle_due(const struct session_state *state)
{
    int64_t from = state->last_activity_at;
    if (state->status == session_status_snoozed && state->snoozed_until > from) {
        from = state->snoozed_until;
    }
    return from + state->idle_s * second_us;
}

static void tell_timer(unsigned purpose, int64_t due_us, hub_timer_fn *tell, void *arg)
{
    struct session_timer timer = { 0 };
    HUB_SET(session_timer, &timer, purpose, (hub_enum) purpose);
    HUB_SET(session_timer, &timer, due, due_us);
    tell(arg, due_us, &session_timer_shape, &timer);
}

void hub_session_timers(const void *state_, hub_timer_fn *tell, void *arg)
{
    const struct session_state *state = state_;
    if (state->status != session_status_ended && state->idle_s > 0) {
        tell_timer(session_timer_purpose_idle, idle_due(state), tell, arg);
    }
    if (state->status == session_status_snoozed) {
        tell_timer(session_timer_purpose_snooze, state->snoozed_until, tell, arg);
    }
}

static void fire_idle(const struct session_state *state, struct hub_decision *decision)
{
    if (state->idle_s == 0) {
        return;
    }
    if (idle_due(state) > hub_decision_now(decision)) {
        set_timer(decision, session_timer_purpose_idle, idle_due(state));
        return;
    }
    struct session_moved *moved = HUB_NEW(hub_decision_arena(decision), struct session_moved);
    HUB_SET(session_moved, moved, status, session_status_ended);
    HUB_SET(session_moved, moved, end_reason, end_reason_inactivity);
    hub_session_move(state, moved, decision);
}

/* A timer that was set for an earlier snooze finds another time, or another status, and does nothing. */
static void fire_snooze(const struct session_state *state, struct hub_decision *decision)
{
    if (state->status != session_status_snoozed || state->snoozed_until > hub_decision_now(decision)) {
        return;
    }
    struct session_moved *moved = HUB_NEW(hub_decision_arena(decision), struct session_moved);
    HUB_SET(session_moved, moved, status, session_status_active);
    hub_session_move(state, moved, decision);
}

void hub_session_decide_timer(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct session_timer *timer = command_;
    if (state == NULL || state->status == session_status_ended) {
        return;
    }
    if (timer->purpose == session_timer_purpose_idle) {
        fire_idle(state, decision);
    } else {
        fire_snooze(state, decision);
    }
}
