/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on a campaign as a whole: announcing, pausing, resuming, cancelling, and what its runner reports. */
#include "actors/campaign/decide.h"
#include "actors/campaign/moves.h"

#include "actors/customer/recipient.h"
#include "actors/moves.h"
#include "base/filter.h"

static const struct hub_ulid none;

static const struct hub_move rows[] = {
#define MOVE(from_, to_, ...) { .from = campaign_status_##from_, .to = campaign_status_##to_, __VA_ARGS__ },
#include "actors/campaign/moves.def"
#undef MOVE
};

static const struct hub_moves moves = { .vocab = &campaign_status_vocab,
                                        .rows = rows,
                                        .count = sizeof rows / sizeof rows[0],
                                        .first = campaign_status_draft,
                                        .begun = "registered, or launched at once" };

bool hub_campaign_may_move(unsigned from, unsigned to)
{
    return hub_moves_has(&moves, from, to);
}

void hub_campaign_moves_print(struct hub_buf *out)
{
    hub_buf_put_text(out,
                     "<!-- SPDX-License-Identifier: AGPL-3.0-or-later -->\n"
                     "# Where can a campaign and a recipient stand, and where can they go from there?\n\n"
                     "Printed from the tables in actors/campaign/moves.def and actors/customer/recipient_moves.def; "
                     "a test compares.\n\n## A campaign\n\n"
                     "A move that is not drawn is refused with `illegal_transition`.\n\n");
    hub_moves_print(&moves, out);
    hub_buf_put_text(out,
                     "\n## A recipient\n\nThe customer's actor decides each move. News that comes too late for a move, "
                     "like a receipt after the\ncustomer said stop, moves nothing.\n\n");
    hub_recipient_moves_print(out);
}

hub_text hub_campaign_name(const hub_sealed *given, struct hub_decision *decision)
{
    return hub_arena_copy(hub_decision_arena(decision), given->clear);
}

static bool is_campaign(const struct campaign_state *state, struct hub_decision *decision)
{
    if (state == NULL || !HUB_HAS(campaign_state, state, status)) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/campaign_id", "There is no such campaign.");
        return false;
    }
    return true;
}

static void answer_changed(hub_text campaign_id, unsigned status, struct hub_decision *decision)
{
    struct campaign_changed *answer = HUB_NEW(hub_decision_arena(decision), struct campaign_changed);
    HUB_SET(campaign_changed, answer, success, true);
    HUB_SET(campaign_changed, answer, campaign_id, campaign_id);
    HUB_SET(campaign_changed, answer, status, (hub_enum) status);
    hub_decide_answer(decision, &campaign_changed_shape, answer, none);
}

void hub_campaign_decide_register(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct register_campaign *command = command_;
    if (state != NULL) {
        hub_decide_refuse(decision, HUB_ERROR_already_exists, "/campaign_id",
                          "A campaign or an audience by this name exists already.");
        return;
    }
    struct campaign_registered *registered = HUB_NEW(hub_decision_arena(decision), struct campaign_registered);
    HUB_SET(campaign_registered, registered, campaign_id, hub_campaign_name(&command->campaign_id, decision));
    HUB_COPY(campaign_registered, registered, register_campaign, command, name);
    if (HUB_HAS(register_campaign, command, target_channels)) {
        HUB_SET(campaign_registered, registered, channels, command->target_channels);
    }
    if (HUB_HAS(register_campaign, command, customer_segments)) {
        HUB_SET(campaign_registered, registered, segments, command->customer_segments);
    }
    struct hub_ulid self = hub_decision_self(decision); /* the subject of what a client describes freely */
    hub_decide_subject(decision, self);
    hub_decide_event(decision, &campaign_registered_shape, registered, self, none);
    answer_changed(registered->campaign_id, campaign_status_draft, decision);
}

/* The one function through which a launched campaign moves. It is there already: nothing to do. */
static void move(const struct campaign_state *state, unsigned status, struct hub_decision *decision)
{
    if (status != state->status && !hub_campaign_may_move(state->status, status)) {
        hub_decide_refuse(decision, HUB_ERROR_illegal_transition, "", "A campaign that is %s cannot become %s.",
                          hub_vocab_name(&campaign_status_vocab, state->status),
                          hub_vocab_name(&campaign_status_vocab, status));
        return;
    }
    if (status != state->status) {
        struct campaign_moved *moved = HUB_NEW(hub_decision_arena(decision), struct campaign_moved);
        HUB_SET(campaign_moved, moved, status, (hub_enum) status);
        hub_decide_event(decision, &campaign_moved_shape, moved, none, none);
    }
    answer_changed(state->campaign_id, status, decision);
}

void hub_campaign_decide_pause(const void *state, const void *command, struct hub_decision *decision)
{
    (void) command;
    if (is_campaign(state, decision)) {
        move(state, campaign_status_paused, decision);
    }
}

void hub_campaign_decide_resume(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct campaign_state *state = state_;
    (void) command;
    if (!is_campaign(state, decision)) {
        return;
    }
    if (state->status == campaign_status_draft) {
        hub_decide_refuse(decision, HUB_ERROR_illegal_transition, "", "The campaign has not been launched.");
        return;
    }
    bool is_early = HUB_HAS(campaign_state, state, starts_at) && state->starts_at > hub_decision_now(decision);
    move(state, is_early ? campaign_status_scheduled : campaign_status_running, decision);
}

void hub_campaign_decide_cancel(const void *state, const void *command, struct hub_decision *decision)
{
    (void) command;
    if (is_campaign(state, decision)) {
        move(state, campaign_status_cancelled, decision);
    }
}

void hub_campaign_timers(const void *state_, hub_timer_fn *tell, void *arg)
{
    const struct campaign_state *state = state_;
    if (state->status == campaign_status_scheduled) {
        struct begin_campaign begin = { 0 };
        HUB_SET(begin_campaign, &begin, due, state->starts_at);
        tell(arg, state->starts_at, &begin_campaign_shape, &begin);
    }
}

void hub_campaign_decide_begin(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct campaign_state *state = state_;
    (void) command;
    if (state != NULL && state->status == campaign_status_scheduled) {
        move(state, campaign_status_running, decision);
    }
}

void hub_campaign_decide_walk(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct campaign_state *state = state_;
    const struct walk_campaign *command = command_;
    if (!is_campaign(state, decision)) {
        return;
    }
    if (!state->walked && command->seen >= state->seen) {
        struct campaign_walked *walked = HUB_NEW(hub_decision_arena(decision), struct campaign_walked);
        HUB_COPY(campaign_walked, walked, walk_campaign, command, cursor);
        HUB_SET(campaign_walked, walked, seen, command->seen);
        HUB_SET(campaign_walked, walked, matched, command->matched);
        HUB_SET(campaign_walked, walked, is_over, command->is_over);
        hub_decide_event(decision, &campaign_walked_shape, walked, none, none);
    }
    answer_changed(state->campaign_id, state->status, decision);
}

void hub_campaign_decide_finish(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct campaign_state *state = state_;
    (void) command;
    if (is_campaign(state, decision)) {
        bool runs = state->status == campaign_status_running;
        move(state, runs ? campaign_status_finished : state->status, decision);
    }
}

/* --- audiences --- */

bool hub_campaign_is_condition(struct hub_span text, struct hub_decision *decision)
{
    const struct hub_filter *filter;
    struct hub_filter_fault fault;
    if (hub_filter_compile(text, &audience_member_shape, hub_decision_arena(decision), &filter, &fault) == 0) {
        return true;
    }
    hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/conditions", "At byte %zu: %s", fault.at, fault.reason);
    return false;
}

static hub_text name_of_segment(const struct define_segment *command, struct hub_decision *decision)
{
    if (HUB_HAS(define_segment, command, segment_id)) {
        return hub_campaign_name(&command->segment_id, decision);
    }
    char *text = hub_arena_get(hub_decision_arena(decision), HUB_ULID_TEXT);
    hub_ulid_print(hub_decision_self(decision), text);
    return hub_span_of(text, HUB_ULID_TEXT);
}

void hub_campaign_decide_segment(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct define_segment *command = command_;
    const struct campaign_state *before = state;
    if (before != NULL && HUB_HAS(campaign_state, before, status)) {
        hub_decide_refuse(decision, HUB_ERROR_already_exists, "/segment_id", "A campaign has this name.");
        return;
    }
    if (!hub_campaign_is_condition(command->conditions, decision)) {
        return;
    }
    struct hub_arena *arena = hub_decision_arena(decision);
    struct segment_defined *defined = HUB_NEW(arena, struct segment_defined);
    HUB_SET(segment_defined, defined, segment_id, name_of_segment(command, decision));
    HUB_COPY(segment_defined, defined, define_segment, command, name);
    HUB_SET(segment_defined, defined, conditions, command->conditions);
    hub_decide_event(decision, &segment_defined_shape, defined, none, none);
    struct segment_answer *answer = HUB_NEW(arena, struct segment_answer);
    HUB_SET(segment_answer, answer, success, true);
    HUB_SET(segment_answer, answer, segment_id, defined->segment_id);
    HUB_SET(segment_answer, answer, conditions, defined->conditions);
    HUB_SET(segment_answer, answer, size, command->size);
    HUB_SET(segment_answer, answer, compared, command->compared);
    HUB_SET(segment_answer, answer, is_complete, command->is_complete);
    hub_decide_answer(decision, &segment_answer_shape, answer, none);
}
