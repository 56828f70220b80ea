/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on who a customer is: becoming known, profile, context and addresses.
 *
 * A state has boxes only, so whether a personal value is a new one cannot be told: it is taken as one. An address out of
 * the profile is therefore added only where the customer has none on that channel yet. */
#include "actors/customer/decide.h"

static const struct hub_ulid none;

hub_sealed hub_customer_name(const struct customer_state *state, const hub_sealed *given)
{
    return state != NULL && HUB_HAS(customer_state, state, customer_id) ? state->customer_id : *given;
}

static void create(const struct hub_customer_news *news, struct hub_decision *decision)
{
    struct hub_ulid self = hub_decision_self(decision);
    struct customer_created *created = HUB_NEW(hub_decision_arena(decision), struct customer_created);
    HUB_SET(customer_created, created, customer_id, *news->customer_id);
    if (news->channel != 0) {
        HUB_SET(customer_created, created, channel, (hub_enum) news->channel);
    }
    hub_decide_subject(decision, self);
    hub_decide_event(decision, &customer_created_shape, created, self, none);
}

static bool is_same_clear(const struct hub_field *field, const void *a, const void *b)
{
    if (field->kind == HUB_KIND_text) {
        return hub_span_is(*(const struct hub_span *) a, *(const struct hub_span *) b);
    }
    return field->kind == HUB_KIND_enum && memcmp(a, b, hub_kind_size(field->kind)) == 0;
}

/* The fields of the profile that say something new. */
static struct customer_profile *new_fields(const struct customer_profile *old, const struct customer_profile *given,
                                           struct hub_arena *arena)
{
    struct customer_profile *news = HUB_NEW(arena, struct customer_profile);
    for (uint64_t has = hub_record_present(&customer_profile_shape, given); has != 0; has &= has - 1) {
        unsigned index = (unsigned) __builtin_ctzll(has);
        const struct hub_field *field = &customer_profile_shape.fields[index];
        const void *value = hub_record_field_const(given, field);
        bool known = old != NULL && hub_record_has(old, index) &&
                     is_same_clear(field, hub_record_field_const(old, field), value);
        if (!known) {
            memcpy(hub_record_field(news, field), value, hub_kind_size(field->kind));
            hub_record_mark(news, index);
        }
    }
    return news;
}

static void change_profile(const struct customer_state *state, const struct customer_profile *given,
                           struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    const struct customer_profile *old = state != NULL && HUB_HAS(customer_state, state, profile) ? state->profile
                                                                                                  : NULL;
    struct customer_profile *news = new_fields(old, given, arena);
    if (news->has == 0) {
        return;
    }
    struct customer_profile_changed *changed = HUB_NEW(arena, struct customer_profile_changed);
    HUB_SET(customer_profile_changed, changed, profile, news);
    hub_decide_event(decision, &customer_profile_changed_shape, changed, hub_decision_self(decision), none);
}

static void add_identity(unsigned channel, const hub_sealed *address, struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    struct customer_identity *identity = HUB_NEW(arena, struct customer_identity);
    HUB_SET(customer_identity, identity, channel, (hub_enum) channel);
    HUB_SET(customer_identity, identity, address, *address);
    struct customer_identity_added *added = HUB_NEW(arena, struct customer_identity_added);
    HUB_SET(customer_identity_added, added, identity, identity);
    hub_decide_event(decision, &customer_identity_added_shape, added, hub_decision_self(decision), none);
}

/* True when the customer has an address on the channel, or is just given one. */
static bool has_identity(const struct customer_state *state, const struct hub_customer_news *news, unsigned channel)
{
    for (uint32_t i = 0; state != NULL && i < state->identities.count; i++) {
        if (state->identities.at[i].channel == channel) {
            return true;
        }
    }
    for (uint32_t i = 0; i < news->identity_count; i++) {
        if (news->identities[i].channel == channel) {
            return true;
        }
    }
    return false;
}

static bool fits(const struct customer_state *state, uint32_t more)
{
    return (state == NULL ? 0 : state->identities.count) + more <= HUB_CUSTOMER_IDENTITIES;
}

static void add_profile_identities(const struct customer_state *state, const struct hub_customer_news *news,
                                   struct hub_decision *decision)
{
    const struct customer_profile *profile = news->profile;
    uint32_t more = news->identity_count;
    if (HUB_HAS(customer_profile, profile, email) && profile->email.clear.len > 0 &&
        !has_identity(state, news, channel_email) && fits(state, ++more)) {
        add_identity(channel_email, &profile->email, decision);
    }
    static const unsigned phone_channels[] = { channel_voice, channel_sms };
    for (size_t i = 0; i < sizeof phone_channels / sizeof phone_channels[0]; i++) {
        if (HUB_HAS(customer_profile, profile, phone) && profile->phone.clear.len > 0 &&
            !has_identity(state, news, phone_channels[i]) && fits(state, ++more)) {
            add_identity(phone_channels[i], &profile->phone, decision);
        }
    }
}

bool hub_customer_is_there(const struct customer_state *state, struct hub_decision *decision)
{
    if (state == NULL || !HUB_HAS(customer_state, state, erased_at)) {
        return true;
    }
    hub_decide_refuse(decision, HUB_ERROR_erased, "/customer_id", "The customer's data was erased.");
    return false;
}

bool hub_customer_learn(const struct customer_state *state, const struct hub_customer_news *news,
                        struct hub_decision *decision)
{
    if (!hub_customer_is_there(state, decision)) {
        return false;
    }
    if (!fits(state, news->identity_count)) {
        hub_decide_refuse(decision, HUB_ERROR_limit_reached, "/identities", "A customer has at most %d addresses.",
                          HUB_CUSTOMER_IDENTITIES);
        return false;
    }
    if (state == NULL) {
        create(news, decision);
    }
    if (news->profile != NULL) {
        change_profile(state, news->profile, decision);
        add_profile_identities(state, news, decision);
    }
    for (uint32_t i = 0; i < news->identity_count; i++) {
        add_identity(news->identities[i].channel, &news->identities[i].address, decision);
    }
    return true;
}

void hub_customer_decide_context(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct update_customer_context *command = command_;
    struct hub_arena *arena = hub_decision_arena(decision);
    bool has_profile = HUB_HAS(update_customer_context, command, profile);
    const struct hub_customer_news news = {
        .customer_id = &command->customer_id,
        .profile = has_profile ? command->profile : NULL,
        .identities = command->identities.at,
        .identity_count = HUB_HAS(update_customer_context, command, identities) ? command->identities.count : 0,
    };
    if (!hub_customer_learn(state, &news, decision)) {
        return;
    }
    struct hub_ulid self = hub_decision_self(decision);
    if (HUB_HAS(update_customer_context, command, context)) {
        struct customer_context_changed *changed = HUB_NEW(arena, struct customer_context_changed);
        HUB_SET(customer_context_changed, changed, context, command->context);
        hub_decide_event(decision, &customer_context_changed_shape, changed, self, none);
    }
    struct customer_changed *answer = HUB_NEW(arena, struct customer_changed);
    HUB_SET(customer_changed, answer, success, true);
    HUB_SET(customer_changed, answer, customer_id, hub_customer_name(state, &command->customer_id));
    uint64_t version = state == NULL ? 0 : state->version;
    HUB_SET(customer_changed, answer, version, version + hub_decision_result(decision)->event_count);
    hub_decide_answer(decision, &customer_changed_shape, answer, self);
}
