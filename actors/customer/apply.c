/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of a customer. */
#include "actors/customer/apply.h"

#include "base/list.h"
#include "base/pack.h"

struct fold {
    struct customer_state *state;
    const struct hub_event *event;
    struct hub_arena *arena;
};

int hub_customer_session_at(const struct customer_state *state, struct hub_ulid session)
{
    for (uint32_t i = 0; i < state->sessions.count; i++) {
        if (hub_ulid_is(state->sessions.at[i].session, session)) {
            return (int) i;
        }
    }
    return -1;
}

static void apply_customer_created(const struct fold *fold, const struct customer_created *created)
{
    struct customer_state *state = fold->state;
    HUB_SET(customer_state, state, session_count, 0);
    HUB_SET(customer_state, state, created_at, fold->event->decided_at_us);
    if (HUB_HAS(customer_created, created, customer_id)) {
        hub_keep_sealed(fold->arena, &state->customer_id, &created->customer_id);
        HUB_MARK(customer_state, state, customer_id);
    }
}

static void apply_customer_profile_changed(const struct fold *fold, const struct customer_profile_changed *changed)
{
    struct customer_state *state = fold->state;
    struct customer_profile *news = hub_record_copy(&customer_profile_shape, changed->profile, fold->arena);
    if (!HUB_HAS(customer_state, state, profile)) {
        HUB_SET(customer_state, state, profile, news);
        return;
    }
    for (uint64_t has = hub_record_present(&customer_profile_shape, news); has != 0; has &= has - 1) {
        unsigned index = (unsigned) __builtin_ctzll(has);
        const struct hub_field *field = &customer_profile_shape.fields[index];
        memcpy(hub_record_field(state->profile, field), hub_record_field_const(news, field),
               hub_kind_size(field->kind));
        hub_record_mark(state->profile, index);
    }
}

static void apply_customer_context_changed(const struct fold *fold, const struct customer_context_changed *changed)
{
    hub_keep_sealed(fold->arena, &fold->state->context, &changed->context);
    HUB_MARK(customer_state, fold->state, context);
}

static void apply_customer_identity_added(const struct fold *fold, const struct customer_identity_added *added)
{
    struct customer_state *state = fold->state;
    struct customer_identity *identity = HUB_LIST_ADD(&state->identities, fold->arena);
    HUB_SET(customer_identity, identity, channel, added->identity->channel);
    hub_keep_sealed(fold->arena, &identity->address, &added->identity->address);
    HUB_MARK(customer_identity, identity, address);
    HUB_MARK(customer_state, state, identities);
}

static void apply_customer_session_opened(const struct fold *fold, const struct customer_session_opened *opened)
{
    struct customer_state *state = fold->state;
    struct customer_session *session = HUB_LIST_ADD(&state->sessions, fold->arena);
    HUB_SET(customer_session, session, session, opened->session);
    HUB_SET(customer_session, session, channel, opened->channel);
    HUB_MARK(customer_state, state, sessions);
    state->session_count++;
}

static void apply_customer_session_closed(const struct fold *fold, const struct customer_session_closed *closed)
{
    struct customer_state *state = fold->state;
    int at = hub_customer_session_at(state, closed->session);
    if (at < 0) {
        return;
    }
    HUB_LIST_REMOVE(&state->sessions, (uint32_t) at);
    if (state->sessions.count == 0) {
        HUB_CLEAR(customer_state, state, sessions);
    }
}

void hub_customer_apply(void *state, const struct hub_event *event, struct hub_arena *arena)
{
    const struct fold fold = { .state = state, .event = event, .arena = arena };
    HUB_SET(customer_state, fold.state, version, event->version);
    HUB_SET(customer_state, fold.state, changed_at, event->decided_at_us);
    switch (event->shape->id) {
#include "actors/def/events.h"
#include "actors/customer/customer.def"
#include "base/def/none.h"
    default: break; /* of a later version */
    }
}
