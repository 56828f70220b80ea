/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on a company as such: its beginning with a first admin and a first key, its settings, its inboxes. */
#include "actors/company/decide.h"

#include "base/utf8.h"

static const struct hub_ulid none;

bool hub_company_is_there(const struct company_state *state, struct hub_decision *decision)
{
    if (state == NULL) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "", "There is no such company.");
    }
    return state != NULL;
}

void hub_company_answer_done(struct hub_decision *decision)
{
    struct done_reply *answer = HUB_NEW(hub_decision_arena(decision), struct done_reply);
    HUB_SET(done_reply, answer, success, true);
    hub_decide_answer(decision, &done_reply_shape, answer, none);
}

static void add_admin(const struct create_company *command, struct hub_decision *decision)
{
    struct hub_ulid user = hub_decision_id(decision, "user");
    struct company_user_added *added = HUB_NEW(hub_decision_arena(decision), struct company_user_added);
    HUB_SET(company_user_added, added, user, user);
    HUB_SET(company_user_added, added, role, role_admin);
    HUB_SET(company_user_added, added, email, command->admin_email);
    HUB_SET(company_user_added, added, password, command->admin_password);
    hub_decide_subject(decision, user);
    hub_decide_event(decision, &company_user_added_shape, added, user, none);
    hub_decide_alias(decision, HUB_ALIAS_USER, hub_decision_name(decision, HUB_ALIAS_USER), user);
    hub_company_begin_agent(decision, user, role_admin, &command->admin_email);
}

static void answer_created(const struct create_company *command, struct hub_decision *decision)
{
    struct company_created_reply *answer = HUB_NEW(hub_decision_arena(decision), struct company_created_reply);
    HUB_SET(company_created_reply, answer, success, true);
    HUB_SET(company_created_reply, answer, company_id, hub_decision_self(decision));
    HUB_SET(company_created_reply, answer, name, command->name);
    hub_decide_answer(decision, &company_created_reply_shape, answer, none);
}

bool hub_company_is_address(struct hub_span text)
{
    const char *at = text.len > 0 ? memrchr(text.at, '@', text.len) : NULL;
    for (size_t i = 0; i < text.len; i++) {
        if ((uint8_t) text.at[i] <= ' ' || text.at[i] == 0x7f) {
            return false;
        }
    }
    return at != NULL && at > text.at && at < text.at + text.len - 1 && text.len <= HUB_ADDRESS_MAX &&
           hub_utf8_is_valid(text);
}

void hub_company_decide_create(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct create_company *command = command_;
    if (state != NULL) {
        hub_decide_refuse(decision, HUB_ERROR_already_exists, "", "The company exists already.");
        return;
    }
    if (!HUB_HAS(create_company, command, admin_password)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/admin_password", "The first admin needs a password.");
        return;
    }
    if (!hub_company_is_address(command->admin_email.clear)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/admin_email", "This is no e-mail address.");
        return;
    }
    if (hub_decision_exists(decision, HUB_ALIAS_USER)) {
        hub_decide_refuse(decision, HUB_ERROR_already_exists, "/admin_email",
                          "Somebody logs in by this address already.");
        return;
    }
    struct company_created *created = HUB_NEW(hub_decision_arena(decision), struct company_created);
    HUB_SET(company_created, created, name, command->name);
    HUB_COPY(company_created, created, create_company, command, operator);
    hub_decide_event(decision, &company_created_shape, created, none, none);
    add_admin(command, decision);
    if (HUB_HAS(create_company, command, key_digest)) {
        hub_company_add_first_key(decision, command->key_digest);
    }
    answer_created(command, decision);
}

static void answer_settings(const struct company_state *state, const struct company_settings_changed *changed,
                            struct hub_decision *decision)
{
    struct company_settings *answer = HUB_NEW(hub_decision_arena(decision), struct company_settings);
    bool has_grace = HUB_HAS(company_state, state, lost_grace_s);
    HUB_SET(company_settings, answer, idle_s, state->idle_s);
    HUB_SET(company_settings, answer, lost_grace_s, has_grace ? state->lost_grace_s : HUB_LOST_GRACE_S);
    HUB_SET(company_settings, answer, over_capacity, state->over_capacity);
    HUB_COPY(company_settings, answer, company_settings_changed, changed, idle_s);
    HUB_COPY(company_settings, answer, company_settings_changed, changed, lost_grace_s);
    HUB_COPY(company_settings, answer, company_settings_changed, changed, over_capacity);
    hub_decide_answer(decision, &company_settings_shape, answer, none);
}

void hub_company_decide_get_settings(const void *state, const void *command, struct hub_decision *decision)
{
    (void) command;
    if (hub_company_is_there(state, decision)) {
        answer_settings(state, &(struct company_settings_changed){ 0 }, decision);
    }
}

/* What is said again is no event. */
#define TAKE_NEWS(changed, command, state, field)                                        \
    if (HUB_HAS(change_company_settings, command, field) &&                              \
        (!HUB_HAS(company_state, state, field) || (command)->field != (state)->field)) { \
        HUB_SET(company_settings_changed, changed, field, (command)->field);             \
    }

void hub_company_decide_settings(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct change_company_settings *command = command_;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    struct company_settings_changed *changed = HUB_NEW(hub_decision_arena(decision), struct company_settings_changed);
    TAKE_NEWS(changed, command, state, idle_s)
    TAKE_NEWS(changed, command, state, lost_grace_s)
    TAKE_NEWS(changed, command, state, over_capacity)
    if (changed->has != 0) {
        hub_decide_event(decision, &company_settings_changed_shape, changed, none, none);
    }
    answer_settings(state, changed, decision);
}

void hub_company_decide_list_pages(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    (void) command;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    struct company_pages *answer = HUB_NEW(hub_decision_arena(decision), struct company_pages);
    answer->pages.at = state->pages.at;
    answer->pages.count = state->pages.count;
    HUB_MARK(company_pages, answer, pages);
    hub_decide_answer(decision, &company_pages_shape, answer, none);
}

/* An inbox keeps its channel: what came through it says which channel it was. */
static bool is_settable(const struct company_state *state, const struct set_company_page *command,
                        struct hub_decision *decision)
{
    int at = hub_company_page_at(state, command->page_id);
    if (at >= 0 && state->pages.at[at].channel != command->channel) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "/channel", "This inbox belongs to %s.",
                          hub_vocab_name(&channel_vocab, state->pages.at[at].channel));
        return false;
    }
    if (at < 0 && state->pages.count >= HUB_COMPANY_PAGES) {
        hub_decide_refuse(decision, HUB_ERROR_limit_reached, "", "A company has at most %d inboxes.",
                          HUB_COMPANY_PAGES);
        return false;
    }
    return true;
}

void hub_company_decide_page(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct set_company_page *command = command_;
    if (!hub_company_is_there(state, decision) || !is_settable(state, command, decision)) {
        return;
    }
    struct company_page *page = HUB_NEW(hub_decision_arena(decision), struct company_page);
    HUB_SET(company_page, page, page_id, command->page_id);
    HUB_SET(company_page, page, channel, command->channel);
    HUB_SET(company_page, page, name, command->name);
    struct company_page_set *set = HUB_NEW(hub_decision_arena(decision), struct company_page_set);
    HUB_SET(company_page_set, set, page, page);
    hub_decide_event(decision, &company_page_set_shape, set, none, none);
    hub_company_answer_done(decision);
}

void hub_company_decide_release(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct release_input *command = command_;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    struct parked_input_released *released = HUB_NEW(hub_decision_arena(decision), struct parked_input_released);
    HUB_SET(parked_input_released, released, input, command->input);
    HUB_SET(parked_input_released, released, reason, command->reason);
    hub_decide_event(decision, &parked_input_released_shape, released, none, none);
    hub_company_answer_done(decision);
}
