/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on a launch: the plan out of what the client said, and a follow-up to every customer it names. */
#include "actors/campaign/decide.h"

#include <stdio.h>

#include "actors/customer/recipient.h"
#include "base/json.h"
#include "base/json_rest.h"

enum { QUIET_FROM = 21 * 60, QUIET_UNTIL = 8 * 60, WEEK_S = 7 * 24 * 3600 };

static const int64_t week_us = INT64_C(1000000) * WEEK_S;
static const struct hub_ulid none;

/* A launch under way. */
struct launch {
    const struct campaign_state *state; /* NULL: it was not registered */
    const struct launch_campaign *command;
    struct hub_decision *decision;
    struct campaign_plan *plan;
    int64_t starts_us;
    bool is_later;
};

/* --- the plan --- */

/* "21:00" in minutes of the day. Returns false for anything else. */
static bool read_hour(struct hub_span text, uint32_t *ret_minute)
{
    if (text.len != 5 || text.at[2] != ':') {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (i != 2 && (text.at[i] < '0' || text.at[i] > '9')) {
            return false;
        }
    }
    uint32_t hours = (uint32_t) ((text.at[0] - '0') * 10 + text.at[1] - '0');
    uint32_t minutes = (uint32_t) ((text.at[3] - '0') * 10 + text.at[4] - '0');
    *ret_minute = hours * 60 + minutes;
    return minutes < 60 && *ret_minute <= 24 * 60;
}

static bool plan_hours(struct launch *self)
{
    uint32_t from = QUIET_FROM, until = QUIET_UNTIL;
    const struct launch_hours *hours = self->command->quiet_hours;
    if (HUB_HAS(launch_campaign, self->command, quiet_hours)) {
        if (hours->none) {
            from = until = 0;
        } else if (!read_hour(hours->from, &from) || !read_hour(hours->until, &until)) {
            hub_decide_refuse(self->decision, HUB_ERROR_invalid_field, "/quiet_hours",
                              "Quiet hours need from and until, each like 21:00, or none.");
            return false;
        }
    }
    HUB_SET(campaign_plan, self->plan, quiet_from, from);
    HUB_SET(campaign_plan, self->plan, quiet_until, until);
    return true;
}

static bool plan_times(struct launch *self)
{
    const struct launch_campaign *command = self->command;
    int64_t now_us = hub_decision_now(self->decision);
    self->is_later = HUB_HAS(launch_campaign, command, schedule_at) && command->schedule_at > now_us;
    self->starts_us = self->is_later ? command->schedule_at : now_us;
    bool has_end = HUB_HAS(launch_campaign, command, ends_at);
    if (has_end && command->ends_at <= self->starts_us) {
        hub_decide_refuse(self->decision, HUB_ERROR_invalid_field, "/ends_at", "This must be after the beginning.");
        return false;
    }
    HUB_SET(campaign_plan, self->plan, ends_at, has_end ? command->ends_at : self->starts_us + week_us);
    return true;
}

static bool has_channel_once(const hub_list *channels)
{
    uint64_t seen = 0;
    for (uint32_t i = 0; i < channels->count; i++) {
        uint64_t bit = UINT64_C(1) << ((const hub_enum *) channels->at)[i];
        if ((seen & bit) != 0) {
            return false;
        }
        seen |= bit;
    }
    return true;
}

static bool plan_channels(struct launch *self)
{
    const struct launch_campaign *command = self->command;
    const hub_list *channels = NULL;
    if (HUB_HAS(launch_campaign, command, channels)) {
        channels = &command->channels;
    } else if (self->state != NULL && HUB_HAS(campaign_state, self->state, channels)) {
        channels = &self->state->channels;
    }
    if (channels == NULL || channels->count == 0) {
        hub_decide_refuse(self->decision, HUB_ERROR_invalid_field, "/channels", "is required");
        return false;
    }
    if (!has_channel_once(channels)) {
        hub_decide_refuse(self->decision, HUB_ERROR_invalid_field, "/channels", "A channel stands there twice.");
        return false;
    }
    HUB_SET(campaign_plan, self->plan, channels, *channels);
    return true;
}

static void plan_rest(struct launch *self)
{
    const struct launch_campaign *command = self->command;
    struct campaign_plan *plan = self->plan;
    HUB_SET(campaign_plan, plan, campaign_id, hub_campaign_name(&command->campaign_id, self->decision));
    HUB_SET(campaign_plan, plan, purpose,
            HUB_HAS(launch_campaign, command, purpose) ? command->purpose : purpose_marketing);
    HUB_SET(campaign_plan, plan, consent,
            HUB_HAS(launch_campaign, command, consent) ? command->consent : consent_policy_not_refused);
    HUB_SET(campaign_plan, plan, timezone,
            HUB_HAS(launch_campaign, command, timezone) ? command->timezone : HUB_SPAN("UTC"));
    HUB_SET(campaign_plan, plan, idle_s, HUB_HAS(launch_campaign, command, idle_s) ? command->idle_s : WEEK_S);
    HUB_COPY(campaign_plan, plan, launch_campaign, command, name);
    if (!HUB_HAS(launch_campaign, command, name) && self->state != NULL) {
        HUB_COPY(campaign_plan, plan, campaign_state, self->state, name);
    }
    if (HUB_HAS(launch_campaign, command, messages)) {
        plan->messages.at = command->messages.at;
        plan->messages.count = command->messages.count;
        HUB_MARK(campaign_plan, plan, messages);
    }
    if (HUB_HAS(launch_campaign, command, throttle)) {
        plan->rates.at = command->throttle.at;
        plan->rates.count = command->throttle.count;
        HUB_MARK(campaign_plan, plan, rates);
    }
    if (HUB_HAS(launch_campaign, command, frequency_cap)) {
        HUB_SET(campaign_plan, plan, cap, command->frequency_cap);
    }
}

/* --- customers that are named --- */

/* A client's profile: what a profile has fields for, and the rest as attributes. */
static bool read_profile(const struct launch *self, uint32_t index, struct customer_profile **ret_profile)
{
    struct hub_span text = self->command->customers.at[index].profile.clear;
    struct hub_arena *arena = hub_decision_arena(self->decision);
    struct hub_shape lenient = customer_profile_shape;
    struct hub_fault fault;
    lenient.keep_unknown = true;
    *ret_profile = HUB_NEW(arena, struct customer_profile);
    if (hub_json_read(&lenient, text, arena, *ret_profile, &fault) != 0) {
        char pointer[sizeof fault.pointer];
        int length = snprintf(pointer, sizeof pointer, "/customers/%u/profile%s", index, fault.pointer);
        hub_decide_refuse(self->decision, HUB_ERROR_invalid_field,
                          length < (int) sizeof pointer ? pointer : "/customers", "%s", fault.reason);
        return false;
    }
    struct hub_span rest = hub_json_rest(&customer_profile_shape, text, arena);
    if (rest.len > 0) {
        HUB_SET(customer_profile, *ret_profile, attributes, ((hub_sealed){ .clear = rest }));
    }
    return true;
}

static unsigned preferred_of(const struct launch_customer *customer)
{
    return HUB_HAS(launch_customer, customer, preferred_channel) ? customer->preferred_channel : 0;
}

static struct hub_name *name_of(const struct launch_recipient *recipient, struct hub_arena *arena)
{
    struct hub_name *name = HUB_NEW(arena, struct hub_name);
    *name = (struct hub_name){
        .given = true, .is_ours = recipient->is_ours, .known = recipient->known, .id = recipient->customer
    };
    if (HUB_HAS(launch_recipient, recipient, digest)) {
        memcpy(name->digest, recipient->digest.at, sizeof name->digest);
    }
    return name;
}

static bool stands_before(const struct launch_campaign *command, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (hub_ulid_is(command->recipients.at[i].customer, command->recipients.at[index].customer)) {
            return true;
        }
    }
    return false;
}

/* Returns false when refused. */
static bool follow_to(const struct launch *self, uint32_t index)
{
    const struct launch_customer *customer = &self->command->customers.at[index];
    const struct launch_recipient *recipient = &self->command->recipients.at[index];
    struct hub_arena *arena = hub_decision_arena(self->decision);
    struct select_recipient *order = HUB_NEW(arena, struct select_recipient);
    uint8_t route[HUB_RECIPIENT_STEPS];
    if (HUB_HAS(launch_customer, customer, profile)) {
        if (!read_profile(self, index, &order->profile)) {
            return false;
        }
        HUB_MARK(select_recipient, order, profile);
        if (HUB_HAS(launch_customer, customer, preferred_channel)) {
            HUB_SET(customer_profile, order->profile, preferred_channel, customer->preferred_channel);
        }
    }
    size_t steps = hub_recipient_route(&self->plan->channels, preferred_of(customer), route);
    HUB_SET(select_recipient, order, campaign, hub_decision_self(self->decision));
    HUB_SET(select_recipient, order, customer_id, customer->customer_id);
    HUB_SET(select_recipient, order, route, hub_arena_copy(arena, hub_span_of(route, steps)));
    HUB_SET(select_recipient, order, opens, !self->is_later);
    HUB_SET(select_recipient, order, idle_s, self->plan->idle_s);
    if (!recipient->known) {
        hub_decide_subject(self->decision, recipient->customer);
    }
    hub_decide_follow(self->decision, &(struct hub_follow){ .kind = KIND_customer,
                                                            .entity = recipient->customer,
                                                            .shape = &select_recipient_shape,
                                                            .record = order,
                                                            .subject = recipient->customer,
                                                            .alias = name_of(recipient, arena) });
    return true;
}

/* --- the answer --- */

static void show_session(const struct launch *self, uint32_t index, struct launch_context *context,
                         struct launched_session *ret_shown)
{
    const struct launch_customer *customer = &self->command->customers.at[index];
    struct hub_arena *arena = hub_decision_arena(self->decision);
    uint8_t route[HUB_RECIPIENT_STEPS];
    size_t steps = hub_recipient_route(&self->plan->channels, preferred_of(customer), route);
    hub_list backups = { .at = HUB_NEW_ARRAY(arena, hub_enum, HUB_RECIPIENT_STEPS), .count = (uint32_t) steps - 1 };
    for (size_t i = 1; i < steps; i++) {
        ((hub_enum *) backups.at)[i - 1] = route[i];
    }
    char *text = hub_arena_get(arena, HUB_ULID_TEXT);
    hub_ulid_print(
        hub_recipient_session(hub_decision_self(self->decision), self->command->recipients.at[index].customer), text);
    HUB_SET(launched_session, ret_shown, session_id, hub_span_of(text, HUB_ULID_TEXT));
    HUB_SET(launched_session, ret_shown, primary_channel, route[0]);
    HUB_SET(launched_session, ret_shown, backup_channels, backups);
    HUB_SET(launched_session, ret_shown, campaign_context, context);
}

/* The customers' own ids are not in the answer that is kept for a repetition: the API adds them from the request. */
static void answer(const struct launch *self)
{
    struct hub_arena *arena = hub_decision_arena(self->decision);
    struct launch_answer *shown = HUB_NEW(arena, struct launch_answer);
    struct launch_context *context = HUB_NEW(arena, struct launch_context);
    struct launch_features *features = HUB_NEW(arena, struct launch_features);
    HUB_SET(launch_context, context, campaign_id, self->plan->campaign_id);
    HUB_SET(launch_context, context, purpose, self->plan->purpose);
    HUB_COPY(launch_context, context, campaign_plan, self->plan, name);
    HUB_SET(launch_features, features, cross_channel_fallback, self->plan->channels.count > 1);
    HUB_SET(launch_features, features, unified_tracking, true);
    HUB_SET(launch_features, features, intelligent_routing, true);
    HUB_SET(launch_answer, shown, success, true);
    HUB_SET(launch_answer, shown, campaign_id, self->plan->campaign_id);
    HUB_SET(launch_answer, shown, omnichannel_features, features);
    HUB_SET(launch_answer, shown, status, self->is_later ? campaign_status_scheduled : campaign_status_running);
    if (self->is_later) {
        HUB_SET(launch_answer, shown, starts_at, self->starts_us);
        HUB_SET(launch_context, context, starts_at, self->starts_us);
    }
    uint32_t count = self->command->recipients.count;
    shown->launched_sessions.at = HUB_NEW_ARRAY(arena, struct launched_session, count);
    shown->launched_sessions.count = count;
    HUB_MARK(launch_answer, shown, launched_sessions);
    for (uint32_t i = 0; i < count; i++) {
        show_session(self, i, context, &shown->launched_sessions.at[i]);
    }
    hub_decide_answer(self->decision, &launch_answer_shape, shown, none);
}

/* --- the decision --- */

static bool may_launch(const struct launch *self)
{
    const struct launch_campaign *command = self->command;
    if (self->state != NULL && self->state->status != campaign_status_draft) {
        hub_decide_refuse(self->decision, HUB_ERROR_already_exists, "/campaign_id",
                          "A campaign or an audience by this name exists already.");
        return false;
    }
    bool has_audience = HUB_HAS(launch_campaign, command, conditions);
    if (command->customers.count == 0 && !has_audience) {
        hub_decide_refuse(self->decision, HUB_ERROR_invalid_field, "/customers",
                          "A launch names customers, or an audience by segment_id or conditions.");
        return false;
    }
    return !has_audience || hub_campaign_is_condition(command->conditions, self->decision);
}

static void begin_later(const struct launch *self)
{
    struct begin_campaign *begin = HUB_NEW(hub_decision_arena(self->decision), struct begin_campaign);
    HUB_SET(begin_campaign, begin, due, self->starts_us);
    hub_decide_timer(self->decision, self->starts_us, &begin_campaign_shape, begin);
}

void hub_campaign_decide_launch(const void *state, const void *command, struct hub_decision *decision)
{
    struct launch self = { .state = state, .command = command, .decision = decision };
    self.plan = HUB_NEW(hub_decision_arena(decision), struct campaign_plan);
    if (!may_launch(&self) || !plan_channels(&self) || !plan_hours(&self) || !plan_times(&self)) {
        return;
    }
    plan_rest(&self);
    struct campaign_launched *launched = HUB_NEW(hub_decision_arena(decision), struct campaign_launched);
    uint32_t named = 0;
    for (uint32_t i = 0; i < self.command->recipients.count; i++) {
        if (stands_before(self.command, i)) {
            continue;
        }
        if (!follow_to(&self, i)) {
            return;
        }
        named++;
    }
    HUB_SET(campaign_launched, launched, plan, self.plan);
    HUB_SET(campaign_launched, launched, named, named);
    if (HUB_HAS(launch_campaign, self.command, conditions)) {
        HUB_SET(campaign_launched, launched, audience, self.command->conditions);
    }
    if (self.is_later) {
        HUB_SET(campaign_launched, launched, starts_at, self.starts_us);
        begin_later(&self);
    }
    hub_decide_event(decision, &campaign_launched_shape, launched, none, none);
    answer(&self);
}
