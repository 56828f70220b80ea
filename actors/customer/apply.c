/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of a customer. */
#include "actors/customer/apply.h"

#include "actors/customer/consent.h"
#include "actors/customer/recipient.h"
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

int hub_customer_help_at(const struct customer_state *state, struct hub_span page_id)
{
    for (uint32_t i = 0; i < state->helps.count; i++) {
        if (hub_span_is(state->helps.at[i].page_id, page_id)) {
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
    if (HUB_HAS(customer_session_opened, opened, page_id)) {
        hub_keep_text(fold->arena, &session->page_id, opened->page_id);
        HUB_MARK(customer_session, session, page_id);
    }
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

/* --- who helps --- */

static struct customer_help *find(const struct fold *fold, struct hub_span page_id)
{
    int at = hub_customer_help_at(fold->state, page_id);
    return at < 0 ? NULL : &fold->state->helps.at[at];
}

static void apply_customer_help_requested(const struct fold *fold, const struct customer_help_requested *event)
{
    struct customer_state *state = fold->state;
    if (find(fold, event->page_id) != NULL) {
        return;
    }
    struct customer_help *help = HUB_LIST_ADD(&state->helps, fold->arena);
    hub_keep_text(fold->arena, &help->page_id, event->page_id);
    HUB_MARK(customer_help, help, page_id);
    HUB_SET(customer_help, help, status, help_status_waiting);
    HUB_SET(customer_help, help, waiting_since, fold->event->decided_at_us);
    HUB_SET(customer_help, help, cause, event->cause);
    if (HUB_HAS(customer_help_requested, event, reason)) {
        hub_keep_sealed(fold->arena, &help->reason, &event->reason);
        HUB_MARK(customer_help, help, reason);
    }
    HUB_SET(customer_help, help, session, event->session);
    HUB_SET(customer_help, help, channel, event->channel);
    HUB_MARK(customer_state, state, helps);
}

static void apply_customer_help_ended(const struct fold *fold, const struct customer_help_ended *event)
{
    struct customer_state *state = fold->state;
    int at = hub_customer_help_at(state, event->page_id);
    if (at < 0) {
        return;
    }
    HUB_LIST_REMOVE(&state->helps, (uint32_t) at);
    if (state->helps.count == 0) {
        HUB_CLEAR(customer_state, state, helps);
    }
}

static void apply_customer_assigned(const struct fold *fold, const struct customer_assigned *event)
{
    struct customer_help *help = find(fold, event->page_id);
    if (help != NULL) {
        help->status = help_status_assigned;
        HUB_SET(customer_help, help, agent, event->agent);
        HUB_SET(customer_help, help, assigned_at, fold->event->decided_at_us);
        HUB_CLEAR(customer_help, help, returned);
    }
}

/* The waiting time goes on from where it began. */
static void apply_customer_released(const struct fold *fold, const struct customer_released *event)
{
    struct customer_help *help = find(fold, event->page_id);
    if (help == NULL) {
        return;
    }
    help->status = help_status_waiting;
    HUB_CLEAR(customer_help, help, agent);
    HUB_CLEAR(customer_help, help, assigned_at);
    if (event->why == release_why_lost || event->why == release_why_removed) {
        HUB_SET(customer_help, help, returned, true);
    }
}

static void apply_customer_wrapping(const struct fold *fold, const struct customer_wrapping *event)
{
    struct customer_help *help = find(fold, event->page_id);
    if (help != NULL) {
        help->status = help_status_wrapping;
    }
}

static void apply_consent_changed(const struct fold *fold, const struct consent_changed *changed)
{
    (void) changed;
    hub_consent_apply(fold->state, fold->event, fold->arena);
}

static void apply_recipient_selected(const struct fold *fold, const struct recipient_selected *selected)
{
    (void) selected;
    hub_recipient_apply(fold->state, fold->event, fold->arena);
}

static void apply_recipient_moved(const struct fold *fold, const struct recipient_moved *moved)
{
    (void) moved;
    hub_recipient_apply(fold->state, fold->event, fold->arena);
}

static void apply_customer_erased(const struct fold *fold, const struct customer_erased *erased)
{
    (void) erased;
    HUB_SET(customer_state, fold->state, erased_at, fold->event->decided_at_us);
}

void hub_customer_apply(void *state, const struct hub_event *event, struct hub_arena *arena)
{
    const struct fold fold = { .state = state, .event = event, .arena = arena };
    HUB_SET(customer_state, fold.state, version, event->version);
    HUB_SET(customer_state, fold.state, changed_at, event->decided_at_us);
    switch (event->shape->id) {
#include "actors/def/events.h"
#include "actors/customer/customer.def"
#include "actors/customer/help.def"
#include "actors/customer/consent.def"
#include "actors/customer/recipient.def"
#include "actors/customer/erasure.def"
#include "base/def/none.h"
    default: break; /* of a later version */
    }
}
