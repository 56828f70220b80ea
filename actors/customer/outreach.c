/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on a customer as a recipient. Consent, quiet hours and frequency cap are looked at here, in the customer's own
 * order, when an attempt is decided: whatever was said before counts, however long the attempt had waited. */
#include "actors/customer/consent.h"
#include "actors/customer/decide.h"
#include "actors/customer/recipient.h"

#include "actors/session/session.h"

static const struct hub_ulid none;

/* A recipient's turn. */
struct turn {
    const struct customer_state *state;
    const struct contact_recipient *command; /* NULL: what is decided is no attempt */
    struct customer_campaign entry;          /* as the events decided so far make it */
    bool was_selected;                       /* the state knows the entry */
    struct hub_decision *decision;
};

static const struct customer_campaign *find(const struct customer_state *state, struct hub_ulid campaign)
{
    for (uint32_t i = 0; state != NULL && i < state->campaigns.count; i++) {
        if (hub_ulid_is(state->campaigns.at[i].campaign, campaign)) {
            return &state->campaigns.at[i];
        }
    }
    return NULL;
}

/* --- moves --- */

static struct recipient_moved *moved_from(const struct turn *turn, unsigned status)
{
    struct recipient_moved *moved = HUB_NEW(hub_decision_arena(turn->decision), struct recipient_moved);
    HUB_SET(recipient_moved, moved, campaign, turn->entry.campaign);
    HUB_SET(recipient_moved, moved, from, turn->entry.status);
    HUB_SET(recipient_moved, moved, status, (hub_enum) status);
    return moved;
}

/* The one function through which a recipient moves; a move that is not in the table is news that came too late, and nothing
 * is decided. Returns whether it moved. */
static bool move(struct turn *turn, struct recipient_moved *moved)
{
    if (!hub_recipient_may_move(turn->entry.status, moved->status)) {
        return false;
    }
    HUB_SET(recipient_moved, moved, step, turn->entry.step);
    HUB_SET(recipient_moved, moved, channel, (uint8_t) turn->entry.route.at[turn->entry.step - 1]);
    hub_decide_event(turn->decision, &recipient_moved_shape, moved, hub_decision_self(turn->decision),
                     turn->entry.session);
    turn->entry.status = moved->status;
    return true;
}

static void suppress(struct turn *turn, unsigned reason)
{
    struct recipient_moved *moved = moved_from(turn, recipient_status_suppressed);
    HUB_SET(recipient_moved, moved, reason, (hub_enum) reason);
    move(turn, moved);
}

void hub_recipient_stop(const struct customer_state *state, const struct hub_recipient_stop *stop,
                        struct hub_decision *decision)
{
    for (uint32_t i = 0; i < state->campaigns.count; i++) {
        const struct customer_campaign *entry = &state->campaigns.at[i];
        bool here = hub_ulid_is(entry->session, stop->session);
        bool covered = stop->channel == 0 || (uint8_t) entry->route.at[entry->step - 1] == stop->channel;
        if (here || (covered && !hub_recipient_is_over(entry->status))) {
            struct turn turn = { .state = state, .entry = *entry, .decision = decision };
            move(&turn, moved_from(&turn, recipient_status_opted_out));
        }
    }
}

void hub_recipient_erase(const struct customer_state *state, struct hub_decision *decision)
{
    for (uint32_t i = 0; i < state->campaigns.count; i++) {
        struct turn turn = { .state = state, .entry = state->campaigns.at[i], .decision = decision };
        if (hub_recipient_waits(turn.entry.status)) {
            suppress(&turn, recipient_reason_erased);
        }
    }
}

/* --- into the audience --- */

static bool has_place(const struct customer_state *state)
{
    uint32_t unfinished = 0;
    for (uint32_t i = 0; state != NULL && i < state->campaigns.count; i++) {
        unfinished += !hub_recipient_is_over(state->campaigns.at[i].status);
    }
    return unfinished < HUB_CUSTOMER_CAMPAIGNS;
}

/* Why a customer is taken into no audience; 0: it is. */
static unsigned why_not(const struct customer_state *state)
{
    bool is_erased = state != NULL && HUB_HAS(customer_state, state, erased_at);
    return is_erased ? recipient_reason_erased : has_place(state) ? 0 : recipient_reason_campaigns;
}

/* A customer in too many unfinished campaigns cannot remember another one: it is told once and forgotten. So is an erased one. */
static void turn_away(const struct turn *turn, unsigned reason)
{
    struct recipient_moved *moved = HUB_NEW(hub_decision_arena(turn->decision), struct recipient_moved);
    HUB_SET(recipient_moved, moved, campaign, turn->entry.campaign);
    HUB_SET(recipient_moved, moved, status, recipient_status_suppressed);
    HUB_SET(recipient_moved, moved, step, 1);
    HUB_SET(recipient_moved, moved, channel, (uint8_t) turn->entry.route.at[0]);
    HUB_SET(recipient_moved, moved, reason, (hub_enum) reason);
    hub_decide_event(turn->decision, &recipient_moved_shape, moved, hub_decision_self(turn->decision), none);
}

/* Returns false when there is no place for it. */
static bool select_into(struct turn *turn, struct hub_ulid campaign, struct hub_span route, bool waits)
{
    struct hub_ulid self = hub_decision_self(turn->decision);
    struct hub_ulid session = hub_recipient_session(campaign, self);
    HUB_SET(customer_campaign, &turn->entry, campaign, campaign);
    HUB_SET(customer_campaign, &turn->entry, status, recipient_status_selected);
    HUB_SET(customer_campaign, &turn->entry, session, session);
    HUB_SET(customer_campaign, &turn->entry, route, route);
    HUB_SET(customer_campaign, &turn->entry, step, 1);
    unsigned reason = why_not(turn->state);
    if (reason != 0) {
        turn_away(turn, reason);
        return false;
    }
    struct recipient_selected *selected = HUB_NEW(hub_decision_arena(turn->decision), struct recipient_selected);
    HUB_SET(recipient_selected, selected, campaign, campaign);
    HUB_SET(recipient_selected, selected, session, session);
    HUB_SET(recipient_selected, selected, route, route);
    if (waits) {
        HUB_SET(recipient_selected, selected, waits, true);
    }
    hub_decide_event(turn->decision, &recipient_selected_shape, selected, self, session);
    return true;
}

static bool has_session_room(const struct turn *turn)
{
    return turn->state == NULL || turn->state->sessions.count < HUB_CUSTOMER_SESSIONS;
}

static bool has_session(const struct turn *turn)
{
    return turn->state != NULL && hub_customer_session_at(turn->state, turn->entry.session) >= 0;
}

/* The campaign's session is one of the customer's. */
static void take_session(const struct turn *turn, unsigned channel)
{
    struct customer_session_opened *opened = HUB_NEW(hub_decision_arena(turn->decision),
                                                     struct customer_session_opened);
    HUB_SET(customer_session_opened, opened, session, turn->entry.session);
    HUB_SET(customer_session_opened, opened, channel, (hub_enum) channel);
    hub_decide_event(turn->decision, &customer_session_opened_shape, opened, hub_decision_self(turn->decision),
                     turn->entry.session);
}

static void follow_to_session(const struct turn *turn, const struct hub_shape *shape, void *record)
{
    hub_decide_follow(turn->decision, &(struct hub_follow){ .kind = KIND_session,
                                                            .entity = turn->entry.session,
                                                            .shape = shape,
                                                            .record = record,
                                                            .subject = hub_decision_self(turn->decision) });
}

void hub_customer_decide_select(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct select_recipient *command = command_;
    struct turn turn = { .state = state_, .decision = decision };
    const struct hub_customer_news news = {
        .customer_id = &command->customer_id,
        .channel = (uint8_t) command->route.at[0],
        .profile = HUB_HAS(select_recipient, command, profile) ? command->profile : NULL,
    };
    if (find(turn.state, command->campaign) != NULL ||
        (why_not(turn.state) != recipient_reason_erased && !hub_customer_learn(turn.state, &news, decision)) ||
        !select_into(&turn, command->campaign, command->route, true)) {
        return;
    }
    if (!command->opens || !has_session_room(&turn)) {
        return;
    }
    struct open_session *open = HUB_NEW(hub_decision_arena(decision), struct open_session);
    HUB_SET(open_session, open, customer, hub_decision_self(decision));
    HUB_SET(open_session, open, customer_id, hub_customer_name(turn.state, &command->customer_id));
    HUB_SET(open_session, open, channel, (uint8_t) command->route.at[0]);
    HUB_SET(open_session, open, priority, priority_medium);
    HUB_SET(open_session, open, campaign, command->campaign);
    HUB_COPY(open_session, open, select_recipient, command, idle_s);
    take_session(&turn, open->channel);
    follow_to_session(&turn, &open_session_shape, open);
}

/* --- its turn --- */

static unsigned channel_at(const struct turn *turn, uint32_t step)
{
    return (uint8_t) turn->entry.route.at[step - 1];
}

static uint32_t address_on(const struct customer_state *state, unsigned channel)
{
    for (uint32_t i = 0; i < state->identities.count; i++) {
        if (state->identities.at[i].channel == channel) {
            return i + 1;
        }
    }
    return 0;
}

/* Whether the customer allows this campaign on a channel, and by which line of the ledger (NULL: none covers it). */
static bool is_allowed(const struct turn *turn, unsigned channel, const struct customer_consent **ret_line)
{
    const struct campaign_plan *plan = turn->command->plan;
    const struct hub_consent_ask ask = { .channel = channel,
                                         .purpose = plan->purpose,
                                         .identity = address_on(turn->state, channel) };
    const struct customer_consent *line = hub_consent_for(turn->state, &ask);
    unsigned status = line == NULL ? consent_status_unknown : line->status;
    *ret_line = line;
    return status == consent_status_opted_in ||
           (status == consent_status_unknown && plan->consent == consent_policy_not_refused);
}

/* Go to the first channel from here on that the customer allows. Returns false when there is none. */
static bool find_channel(struct turn *turn, const struct customer_consent **ret_line)
{
    for (uint32_t step = turn->entry.step; step <= turn->entry.route.len; step++) {
        if (is_allowed(turn, channel_at(turn, step), ret_line)) {
            turn->entry.step = step;
            return true;
        }
    }
    return false;
}

/* When the frequency cap lets the customer be contacted again; a moment of the past when it does so already. */
static int64_t cap_end(const struct turn *turn)
{
    const struct campaign_plan *plan = turn->command->plan;
    int64_t now_us = hub_decision_now(turn->decision);
    if (!HUB_HAS(campaign_plan, plan, cap)) {
        return now_us;
    }
    int64_t window_us = plan->cap->per_s * INT64_C(1000000), end_us = now_us;
    uint32_t within = 0;
    for (uint32_t i = 0; i < turn->state->campaigns.count; i++) {
        const struct customer_campaign *other = &turn->state->campaigns.at[i];
        if (!hub_ulid_is(other->campaign, turn->entry.campaign) && HUB_HAS(customer_campaign, other, contacted_at) &&
            other->contacted_at + window_us > now_us) {
            within++;
            bool is_first = within == 1 || other->contacted_at + window_us < end_us;
            end_us = is_first ? other->contacted_at + window_us : end_us;
        }
    }
    return within >= plan->cap->max ? end_us : now_us;
}

static const struct campaign_message *message_on(const struct campaign_plan *plan, unsigned channel)
{
    const struct campaign_message *any = NULL;
    for (uint32_t i = 0; i < plan->messages.count; i++) {
        const struct campaign_message *message = &plan->messages.at[i];
        if (HUB_HAS(campaign_message, message, channel) && message->channel == channel) {
            return message;
        }
        any = HUB_HAS(campaign_message, message, channel) ? any : message;
    }
    return any;
}

static void attempt(struct turn *turn, const struct customer_consent *line)
{
    const struct campaign_plan *plan = turn->command->plan;
    unsigned channel = channel_at(turn, turn->entry.step);
    const struct campaign_message *message = message_on(plan, channel);
    struct recipient_moved *moved = moved_from(turn, message != NULL ? recipient_status_attempted
                                                                     : recipient_status_launched);
    if (line != NULL) {
        HUB_SET(recipient_moved, moved, consent, line->version);
    }
    HUB_SET(recipient_moved, moved, offset_s, turn->command->offset_s);
    struct attempt_recipient *order = HUB_NEW(hub_decision_arena(turn->decision), struct attempt_recipient);
    HUB_SET(attempt_recipient, order, customer, hub_decision_self(turn->decision));
    if (HUB_HAS(customer_state, turn->state, customer_id)) {
        HUB_SET(attempt_recipient, order, customer_id, turn->state->customer_id);
    }
    HUB_SET(attempt_recipient, order, campaign, turn->entry.campaign);
    HUB_SET(attempt_recipient, order, step, turn->entry.step);
    HUB_SET(attempt_recipient, order, channel, (hub_enum) channel);
    if (message != NULL) {
        HUB_SET(attempt_recipient, order, content, ((hub_sealed){ .clear = message->content }));
    }
    if (message != NULL && HUB_HAS(campaign_message, message, subject)) {
        HUB_SET(attempt_recipient, order, subject, ((hub_sealed){ .clear = message->subject }));
    }
    HUB_COPY(attempt_recipient, order, campaign_plan, plan, idle_s);
    if (!has_session(turn)) {
        take_session(turn, channel);
    }
    if (move(turn, moved)) {
        follow_to_session(turn, &attempt_recipient_shape, order);
    }
}

/* Not now: later when that is within the campaign's time, else not at all. */
static void put_off(struct turn *turn, int64_t due_us, unsigned reason)
{
    if (due_us > turn->command->plan->ends_at) {
        suppress(turn, reason);
        return;
    }
    struct recipient_moved *moved = moved_from(turn, recipient_status_deferred);
    HUB_SET(recipient_moved, moved, reason, (hub_enum) reason);
    HUB_SET(recipient_moved, moved, due, due_us);
    HUB_SET(recipient_moved, moved, offset_s, turn->command->offset_s);
    move(turn, moved);
}

static void take_turn(struct turn *turn)
{
    const struct campaign_plan *plan = turn->command->plan;
    const struct customer_consent *line = NULL;
    int64_t now_us = hub_decision_now(turn->decision);
    if (HUB_HAS(customer_state, turn->state, erased_at)) {
        suppress(turn, recipient_reason_erased);
        return;
    }
    if (now_us > plan->ends_at) {
        suppress(turn, recipient_reason_expired);
        return;
    }
    if (!find_channel(turn, &line)) {
        suppress(turn, recipient_reason_consent);
        return;
    }
    if (!has_session(turn) && !has_session_room(turn)) {
        suppress(turn, recipient_reason_sessions);
        return;
    }
    int64_t quiet_us = hub_quiet_end(plan->quiet_from, plan->quiet_until, now_us, turn->command->offset_s);
    int64_t capped_us = cap_end(turn);
    if (quiet_us > now_us || capped_us > now_us) {
        put_off(turn, quiet_us > capped_us ? quiet_us : capped_us,
                quiet_us > capped_us ? recipient_reason_quiet_hours : recipient_reason_frequency_cap);
        return;
    }
    attempt(turn, line);
}

/* The offset was looked up for the zone of another profile: the next one who comes knows better. */
static bool zone_is_stale(const struct turn *turn)
{
    const struct customer_state *state = turn->state;
    if (!HUB_HAS(contact_recipient, turn->command, zone)) {
        return false;
    }
    return !HUB_HAS(customer_state, state, profile) || !HUB_HAS(customer_profile, state->profile, timezone) ||
           !hub_span_is(state->profile->timezone, turn->command->zone);
}

/* False for one who is only taken into the audience. */
static bool has_turn(const struct turn *turn)
{
    return turn->command->cancels || (!turn->command->holds && !zone_is_stale(turn));
}

static bool is_due(const struct turn *turn)
{
    return hub_recipient_waits(turn->entry.status) &&
           (turn->entry.status != recipient_status_deferred || turn->entry.due <= hub_decision_now(turn->decision));
}

static void answer_standing(const struct turn *turn)
{
    struct recipient_standing *answer = HUB_NEW(hub_decision_arena(turn->decision), struct recipient_standing);
    HUB_SET(recipient_standing, answer, success, true);
    HUB_SET(recipient_standing, answer, status, turn->entry.status);
    hub_decide_answer(turn->decision, &recipient_standing_shape, answer, hub_decision_self(turn->decision));
}

/* A customer of the audience that was not named comes here first. */
static bool enter(struct turn *turn)
{
    uint8_t route[HUB_RECIPIENT_STEPS];
    const struct customer_state *state = turn->state;
    bool has_preference = HUB_HAS(customer_state, state, profile) &&
                          HUB_HAS(customer_profile, state->profile, preferred_channel);
    size_t count = hub_recipient_route(&turn->command->plan->channels,
                                       has_preference ? state->profile->preferred_channel : 0, route);
    struct hub_span kept = hub_arena_copy(hub_decision_arena(turn->decision), hub_span_of(route, count));
    return select_into(turn, turn->command->campaign, kept, !has_turn(turn));
}

void hub_customer_decide_contact(const void *state_, const void *command_, struct hub_decision *decision)
{
    struct turn turn = { .state = state_, .command = command_, .decision = decision };
    const struct customer_campaign *known = find(turn.state, turn.command->campaign);
    if (turn.state == NULL) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "", "There is no such customer.");
        return;
    }
    bool fits = true;
    if (known != NULL) {
        turn.entry = *known;
    } else {
        fits = enter(&turn);
        turn.entry.status = fits ? recipient_status_selected : recipient_status_suppressed;
    }
    if (!fits) {
        answer_standing(&turn);
        return;
    }
    if (turn.command->cancels) {
        move(&turn, moved_from(&turn, recipient_status_cancelled));
    } else if (has_turn(&turn) && is_due(&turn)) {
        take_turn(&turn);
    }
    answer_standing(&turn);
}

/* --- what became of it --- */

static void fail(struct turn *turn, const struct report_recipient *report)
{
    struct recipient_moved *moved = moved_from(turn, recipient_status_failed);
    HUB_COPY(recipient_moved, moved, report_recipient, report, failure);
    if (!move(turn, moved)) {
        return;
    }
    if (turn->entry.step >= turn->entry.route.len) {
        move(turn, moved_from(turn, recipient_status_exhausted));
        return;
    }
    turn->entry.step++;
    move(turn, moved_from(turn, recipient_status_fallback));
}

void hub_customer_decide_report(const void *state, const void *command, struct hub_decision *decision)
{
    const struct report_recipient *report = command;
    const struct customer_campaign *known = find(state, report->campaign);
    if (known == NULL) {
        return;
    }
    struct turn turn = { .state = state, .entry = *known, .decision = decision };
    if (report->status == recipient_status_replied) {
        move(&turn, moved_from(&turn, recipient_status_replied));
    } else if (report->step == known->step && report->status == recipient_status_failed) {
        fail(&turn, report);
    } else if (report->step == known->step && report->status == recipient_status_delivered) {
        move(&turn, moved_from(&turn, recipient_status_delivered));
    }
}

void hub_customer_decide_convert(const void *state, const void *command, struct hub_decision *decision)
{
    (void) command;
    const struct customer_campaign *known = find(state, hub_decision_named(decision, KIND_campaign));
    if (state == NULL || known == NULL) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/customer_id",
                          "The customer is no recipient of such a campaign.");
        return;
    }
    struct turn turn = { .state = state, .entry = *known, .decision = decision };
    if (known->status != recipient_status_converted && !move(&turn, moved_from(&turn, recipient_status_converted))) {
        hub_decide_refuse(decision, HUB_ERROR_illegal_transition, "", "A recipient that is %s cannot become converted.",
                          hub_vocab_name(&recipient_status_vocab, known->status));
        return;
    }
    answer_standing(&turn);
}
