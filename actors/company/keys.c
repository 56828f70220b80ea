/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on a company's credentials: API keys and logins. */
#include "actors/company/decide.h"

static const struct hub_ulid none;

/* The name of the key that a company begins with, and that the hub's environment may replace. */
static const struct hub_span first_name = { "first key", 9 };

struct company_key *hub_company_add_key(struct hub_decision *decision, struct hub_span name, unsigned role,
                                        int64_t expires_at, struct hub_span digest)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    struct company_key *key = HUB_NEW(arena, struct company_key);
    HUB_SET(company_key, key, key, hub_decision_id(decision, "key"));
    HUB_SET(company_key, key, name, name);
    HUB_SET(company_key, key, role, (hub_enum) role);
    HUB_SET(company_key, key, created_at, hub_decision_now(decision));
    if (expires_at != 0) {
        HUB_SET(company_key, key, expires_at, expires_at);
    }
    struct company_key_added *added = HUB_NEW(arena, struct company_key_added);
    HUB_SET(company_key_added, added, key, key);
    HUB_SET(company_key_added, added, digest, digest);
    hub_decide_event(decision, &company_key_added_shape, added, none, none);
    return key;
}

void hub_company_add_first_key(struct hub_decision *decision, struct hub_span digest)
{
    hub_company_add_key(decision, first_name, role_admin, 0, digest);
}

static void show_key(const struct company_key *key, struct api_key_reply *ret_shown)
{
    HUB_SET(api_key_reply, ret_shown, key_id, key->key);
    HUB_SET(api_key_reply, ret_shown, name, key->name);
    HUB_SET(api_key_reply, ret_shown, role, key->role);
    HUB_SET(api_key_reply, ret_shown, created_at, key->created_at);
    HUB_COPY(api_key_reply, ret_shown, company_key, key, expires_at);
}

static bool is_addable(const struct company_state *state, const struct add_api_key *command,
                       struct hub_decision *decision)
{
    if (!HUB_HAS(add_api_key, command, digest)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/digest", "A key needs the digest of its token.");
        return false;
    }
    if (HUB_HAS(add_api_key, command, expires_at) && command->expires_at <= hub_decision_now(decision)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/expires_at", "This must lie in the future.");
        return false;
    }
    if (state->keys.count >= HUB_COMPANY_KEYS) {
        hub_decide_refuse(decision, HUB_ERROR_limit_reached, "", "A company has at most %d API keys.",
                          HUB_COMPANY_KEYS);
        return false;
    }
    return true;
}

void hub_company_decide_add_key(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct add_api_key *command = command_;
    if (!hub_company_is_there(state, decision) || !is_addable(state, command, decision)) {
        return;
    }
    unsigned role = HUB_HAS(add_api_key, command, role) ? command->role : (unsigned) role_service;
    int64_t expires_at = HUB_HAS(add_api_key, command, expires_at) ? command->expires_at : 0;
    const struct company_key *key = hub_company_add_key(decision, command->name, role, expires_at, command->digest);
    struct api_key_reply *answer = HUB_NEW(hub_decision_arena(decision), struct api_key_reply);
    show_key(key, answer);
    hub_decide_answer(decision, &api_key_reply_shape, answer, none);
}

static bool works(const struct company_key *key, int64_t now_us)
{
    return !HUB_HAS(company_key, key, expires_at) || key->expires_at > now_us;
}

void hub_company_decide_list_keys(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    (void) command;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    struct hub_arena *arena = hub_decision_arena(decision);
    struct api_keys_reply *answer = HUB_NEW(arena, struct api_keys_reply);
    answer->keys.at = HUB_NEW_ARRAY(arena, struct api_key_reply, state->keys.count);
    HUB_MARK(api_keys_reply, answer, keys);
    for (uint32_t i = 0; i < state->keys.count; i++) {
        if (works(&state->keys.at[i], hub_decision_now(decision))) {
            show_key(&state->keys.at[i], &answer->keys.at[answer->keys.count++]);
        }
    }
    hub_decide_answer(decision, &api_keys_reply_shape, answer, none);
}

static void remove_key(struct hub_decision *decision, struct hub_ulid key)
{
    struct company_key_removed *removed = HUB_NEW(hub_decision_arena(decision), struct company_key_removed);
    HUB_SET(company_key_removed, removed, key, key);
    hub_decide_event(decision, &company_key_removed_shape, removed, none, none);
}

void hub_company_decide_remove_key(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct remove_api_key *command = command_;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    if (hub_company_key_at(state, command->key_id) < 0) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/key_id", "There is no such key.");
        return;
    }
    remove_key(decision, command->key_id);
    hub_company_answer_done(decision);
}

/* True when a key has this digest already. */
static bool has_digest(const struct company_state *state, struct hub_span digest)
{
    for (uint32_t i = 0; i < state->keys.count; i++) {
        if (hub_span_is(state->keys.at[i].digest, digest)) {
            return true;
        }
    }
    return false;
}

/* The key of the environment takes the place of the one before it; the keys that were made since stay. */
void hub_company_decide_first_key(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct replace_first_key *command = command_;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    if (!has_digest(state, command->digest)) {
        for (uint32_t i = 0; i < state->keys.count; i++) {
            if (hub_span_is(state->keys.at[i].name, first_name)) {
                remove_key(decision, state->keys.at[i].key);
            }
        }
        hub_company_add_first_key(decision, command->digest);
    }
    hub_company_answer_done(decision);
}

void hub_company_decide_add_login(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct add_login *command = command_;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    int at = hub_company_user_at(state, command->user);
    if (at < 0 || HUB_HAS(company_user, &state->users.at[at], removed)) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/user", "There is no such person.");
        return;
    }
    if (command->expires_at <= hub_decision_now(decision)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/expires_at", "This must lie in the future.");
        return;
    }
    struct hub_ulid login = hub_decision_id(decision, "login");
    struct company_login_added *added = HUB_NEW(hub_decision_arena(decision), struct company_login_added);
    HUB_SET(company_login_added, added, login, login);
    HUB_SET(company_login_added, added, user, command->user);
    HUB_SET(company_login_added, added, digest, command->digest);
    HUB_SET(company_login_added, added, expires_at, command->expires_at);
    hub_decide_event(decision, &company_login_added_shape, added, command->user, none);
    struct login_reply *answer = HUB_NEW(hub_decision_arena(decision), struct login_reply);
    HUB_SET(login_reply, answer, login, login);
    hub_decide_answer(decision, &login_reply_shape, answer, none);
}

void hub_company_decide_remove_login(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct remove_login *command = command_;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    struct company_login_removed *removed = HUB_NEW(hub_decision_arena(decision), struct company_login_removed);
    HUB_SET(company_login_removed, removed, login, command->login);
    hub_decide_event(decision, &company_login_removed_shape, removed, none, none);
    hub_company_answer_done(decision);
}
