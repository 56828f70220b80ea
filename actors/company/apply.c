/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of a company. Logins are not kept: the view of credentials has them, and there may be many. */
#include "actors/company/apply.h"

#include "base/list.h"

struct fold {
    struct company_state *state;
    const struct hub_event *event;
    struct hub_arena *arena;
};

int hub_company_key_at(const struct company_state *state, struct hub_ulid key)
{
    for (uint32_t i = 0; i < state->keys.count; i++) {
        if (hub_ulid_is(state->keys.at[i].key, key)) {
            return (int) i;
        }
    }
    return -1;
}

int hub_company_user_at(const struct company_state *state, struct hub_ulid user)
{
    for (uint32_t i = 0; i < state->users.count; i++) {
        if (hub_ulid_is(state->users.at[i].user, user)) {
            return (int) i;
        }
    }
    return -1;
}

int hub_company_page_at(const struct company_state *state, struct hub_span page_id)
{
    for (uint32_t i = 0; i < state->pages.count; i++) {
        if (hub_span_is(state->pages.at[i].page_id, page_id)) {
            return (int) i;
        }
    }
    return -1;
}

int hub_company_consumer_at(const struct company_state *state, struct hub_span consumer)
{
    for (uint32_t i = 0; i < state->consumers.count; i++) {
        if (hub_span_is(state->consumers.at[i].consumer, consumer)) {
            return (int) i;
        }
    }
    return -1;
}

static void apply_company_created(const struct fold *fold, const struct company_created *created)
{
    struct company_state *state = fold->state;
    hub_keep_text(fold->arena, &state->name, created->name);
    HUB_MARK(company_state, state, name);
    HUB_COPY(company_state, state, company_created, created, operator);
    HUB_SET(company_state, state, created_at, fold->event->decided_at_us);
}

static void apply_company_user_added(const struct fold *fold, const struct company_user_added *added)
{
    struct company_state *state = fold->state;
    int at = hub_company_user_at(state, added->user);
    if (at >= 0) { /* somebody who comes back */
        HUB_SET(company_user, &state->users.at[at], role, added->role);
        HUB_CLEAR(company_user, &state->users.at[at], removed);
        return;
    }
    struct company_user *user = HUB_LIST_ADD(&state->users, fold->arena);
    HUB_SET(company_user, user, user, added->user);
    HUB_SET(company_user, user, role, added->role);
    hub_keep_sealed(fold->arena, &user->email, &added->email);
    HUB_MARK(company_user, user, email);
    HUB_MARK(company_state, state, users);
}

static void apply_company_key_added(const struct fold *fold, const struct company_key_added *added)
{
    struct company_state *state = fold->state;
    struct company_key *key = HUB_LIST_ADD(&state->keys, fold->arena);
    *key = *added->key;
    hub_keep_text(fold->arena, &key->name, added->key->name);
    hub_keep_text(fold->arena, &key->digest, added->digest);
    HUB_MARK(company_key, key, digest);
    HUB_MARK(company_state, state, keys);
}

static void apply_company_key_removed(const struct fold *fold, const struct company_key_removed *removed)
{
    struct company_state *state = fold->state;
    int at = hub_company_key_at(state, removed->key);
    if (at < 0) {
        return;
    }
    HUB_LIST_REMOVE(&state->keys, (uint32_t) at);
    if (state->keys.count == 0) {
        HUB_CLEAR(company_state, state, keys);
    }
}

static void apply_company_login_added(const struct fold *fold, const struct company_login_added *added)
{
    (void) fold;
    (void) added;
}

static void apply_company_login_removed(const struct fold *fold, const struct company_login_removed *removed)
{
    (void) fold;
    (void) removed;
}

static void apply_company_page_set(const struct fold *fold, const struct company_page_set *set)
{
    struct company_state *state = fold->state;
    int at = hub_company_page_at(state, set->page->page_id);
    struct company_page *page = at < 0 ? HUB_LIST_ADD(&state->pages, fold->arena) : &state->pages.at[at];
    hub_keep_text(fold->arena, &page->page_id, set->page->page_id);
    HUB_MARK(company_page, page, page_id);
    HUB_SET(company_page, page, channel, set->page->channel);
    hub_keep_text(fold->arena, &page->name, set->page->name);
    HUB_MARK(company_page, page, name);
    HUB_MARK(company_state, state, pages);
}

static void apply_company_settings_changed(const struct fold *fold, const struct company_settings_changed *changed)
{
    HUB_COPY(company_state, fold->state, company_settings_changed, changed, idle_s);
    HUB_COPY(company_state, fold->state, company_settings_changed, changed, lost_grace_s);
    HUB_COPY(company_state, fold->state, company_settings_changed, changed, over_capacity);
}

static void apply_company_user_changed(const struct fold *fold, const struct company_user_changed *changed)
{
    int at = hub_company_user_at(fold->state, changed->user);
    if (at >= 0) {
        fold->state->users.at[at].role = changed->role;
    }
}

/* Who was here keeps the id, so that whoever comes back is the same person. */
static void apply_company_user_removed(const struct fold *fold, const struct company_user_removed *removed)
{
    int at = hub_company_user_at(fold->state, removed->user);
    if (at >= 0) {
        HUB_SET(company_user, &fold->state->users.at[at], removed, true);
    }
}

static void apply_company_password_set(const struct fold *fold, const struct company_password_set *set)
{
    (void) fold;
    (void) set;
}

static void apply_company_consumer_moved(const struct fold *fold, const struct company_consumer_moved *moved)
{
    struct company_state *state = fold->state;
    int at = hub_company_consumer_at(state, moved->consumer);
    struct company_consumer *consumer = at < 0 ? HUB_LIST_ADD(&state->consumers, fold->arena)
                                               : &state->consumers.at[at];
    if (at < 0) {
        hub_keep_text(fold->arena, &consumer->consumer, moved->consumer);
        HUB_MARK(company_consumer, consumer, consumer);
    }
    HUB_SET(company_consumer, consumer, sequence, moved->sequence);
    HUB_SET(company_consumer, consumer, moved_at, fold->event->decided_at_us);
    HUB_MARK(company_state, state, consumers);
}

static void apply_company_consumer_removed(const struct fold *fold, const struct company_consumer_removed *removed)
{
    struct company_state *state = fold->state;
    int at = hub_company_consumer_at(state, removed->consumer);
    if (at < 0) {
        return;
    }
    HUB_LIST_REMOVE(&state->consumers, (uint32_t) at);
    if (state->consumers.count == 0) {
        HUB_CLEAR(company_state, state, consumers);
    }
}

static void apply_parked_input_released(const struct fold *fold, const struct parked_input_released *released)
{
    (void) fold;
    (void) released;
}

void hub_company_apply(void *state, const struct hub_event *event, struct hub_arena *arena)
{
    const struct fold fold = { .state = state, .event = event, .arena = arena };
    HUB_SET(company_state, fold.state, version, event->version);
    switch (event->shape->id) {
#include "actors/def/events.h"
#include "actors/company/company.def"
#include "actors/company/people.def"
#include "actors/company/consumers.def"
#include "base/def/none.h"
    default: break; /* of a later version */
    }
}
