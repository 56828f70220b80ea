/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on a company's people: who may log in, in which role, with which password. What a person is as an agent follows to
 * the agent's own stream. */
#include "actors/company/decide.h"

#include "actors/agent/agent.h"

static const struct hub_ulid none;

static unsigned count_people(const struct company_state *state, bool admins)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < state->users.count; i++) {
        const struct company_user *user = &state->users.at[i];
        count += !HUB_HAS(company_user, user, removed) && (!admins || user->role == role_admin);
    }
    return count;
}

/* The person that a command is about; NULL when refused. */
static const struct company_user *find_person(const struct company_state *state, struct hub_decision *decision)
{
    int at = hub_company_user_at(state, hub_decision_named(decision, KIND_agent));
    if (at < 0 || HUB_HAS(company_user, &state->users.at[at], removed)) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/agent_id", "There is no such agent.");
        return NULL;
    }
    return &state->users.at[at];
}

static bool is_last_admin(const struct company_state *state, const struct company_user *user)
{
    return user->role == role_admin && count_people(state, true) == 1;
}

static void begin_agent(struct begin_agent *command, struct hub_ulid user, bool takes_ticket,
                        struct hub_decision *decision)
{
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_agent,
                                                      .entity = user,
                                                      .shape = &begin_agent_shape,
                                                      .record = command,
                                                      .subject = user,
                                                      .takes_ticket = takes_ticket });
}

void hub_company_begin_agent(struct hub_decision *decision, struct hub_ulid user, unsigned role,
                             const hub_sealed *email)
{
    struct begin_agent *command = HUB_NEW(hub_decision_arena(decision), struct begin_agent);
    HUB_SET(begin_agent, command, role, (hub_enum) role);
    HUB_SET(begin_agent, command, email, *email);
    begin_agent(command, user, false, decision);
}

/* Returns false when refused. known: the person who has the login name already, none. */
static bool is_addable(const struct company_state *state, const struct add_agent *command, struct hub_ulid known,
                       struct hub_decision *decision)
{
    if (HUB_HAS(add_agent, command, role) && command->role == role_service) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/role", "A person is no program; make an API key.");
        return false;
    }
    if (!HUB_HAS(add_agent, command, password)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/password", "A person needs a password.");
        return false;
    }
    int at = hub_ulid_is_none(known) ? -1 : hub_company_user_at(state, known);
    if (!hub_ulid_is_none(known) && (at < 0 || !HUB_HAS(company_user, &state->users.at[at], removed))) {
        hub_decide_refuse(decision, HUB_ERROR_already_exists, "/email", "Somebody logs in by this address already.");
        return false;
    }
    if (count_people(state, false) >= HUB_COMPANY_USERS || (at < 0 && state->users.count >= HUB_COMPANY_USERS_EVER)) {
        hub_decide_refuse(decision, HUB_ERROR_limit_reached, "", "A company has at most %d people, and %d ever.",
                          HUB_COMPANY_USERS, HUB_COMPANY_USERS_EVER);
        return false;
    }
    return true;
}

void hub_company_decide_add_agent(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct add_agent *command = command_;
    if (!hub_company_is_there(state, decision)) {
        return;
    }
    /* Whoever names an address that the log does not know gets the same id for it, so two at once are told apart here. */
    struct hub_ulid user = hub_decision_named(decision, HUB_ALIAS_USER);
    bool is_new = !hub_decision_exists(decision, HUB_ALIAS_USER) && hub_company_user_at(state, user) < 0;
    if (!is_addable(state, command, is_new ? none : user, decision)) {
        return;
    }
    if (hub_ulid_is_none(user)) {
        user = hub_decision_id(decision, "user");
    }
    unsigned role = HUB_HAS(add_agent, command, role) ? command->role : (unsigned) role_agent;
    struct company_user_added *added = HUB_NEW(hub_decision_arena(decision), struct company_user_added);
    HUB_SET(company_user_added, added, user, user);
    HUB_SET(company_user_added, added, role, (hub_enum) role);
    HUB_SET(company_user_added, added, email, command->email);
    HUB_SET(company_user_added, added, password, command->password);
    if (is_new) {
        hub_decide_subject(decision, user);
        hub_decide_alias(decision, HUB_ALIAS_USER, hub_decision_name(decision, HUB_ALIAS_USER), user);
    }
    hub_decide_event(decision, &company_user_added_shape, added, user, none);
    struct begin_agent *beginning = HUB_NEW(hub_decision_arena(decision), struct begin_agent);
    HUB_SET(begin_agent, beginning, role, (hub_enum) role);
    HUB_SET(begin_agent, beginning, email, command->email);
    HUB_COPY(begin_agent, beginning, add_agent, command, name);
    HUB_COPY(begin_agent, beginning, add_agent, command, skills);
    HUB_COPY(begin_agent, beginning, add_agent, command, languages);
    HUB_COPY_LIST(begin_agent, beginning, add_agent, command, capacity);
    HUB_COPY_LIST(begin_agent, beginning, add_agent, command, devices);
    begin_agent(beginning, user, true, decision);
}

/* Comes here from the agent, who cannot know whether an admin would be left; goes back agreed. */
void hub_company_decide_role(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct update_agent *command = command_;
    const struct company_user *user = hub_company_is_there(state, decision) ? find_person(state, decision) : NULL;
    if (user == NULL) {
        return;
    }
    if (command->role == role_service) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/role", "A person is no program; make an API key.");
        return;
    }
    if (command->role != role_admin && is_last_admin(state, user)) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "/role", "The company would be left without an admin.");
        return;
    }
    if (user->role != command->role) {
        struct company_user_changed *changed = HUB_NEW(hub_decision_arena(decision), struct company_user_changed);
        HUB_SET(company_user_changed, changed, user, user->user);
        HUB_SET(company_user_changed, changed, role, command->role);
        hub_decide_event(decision, &company_user_changed_shape, changed, none, none);
    }
    struct update_agent *agreed = HUB_NEW(hub_decision_arena(decision), struct update_agent);
    *agreed = *command;
    HUB_SET(update_agent, agreed, agreed, true);
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_agent,
                                                      .entity = user->user,
                                                      .shape = &update_agent_shape,
                                                      .record = agreed,
                                                      .subject = user->user,
                                                      .takes_ticket = true });
}

void hub_company_decide_remove_agent(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    (void) command;
    const struct company_user *user = hub_company_is_there(state, decision) ? find_person(state, decision) : NULL;
    if (user == NULL) {
        return;
    }
    if (is_last_admin(state, user)) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "", "The company would be left without an admin.");
        return;
    }
    struct hub_arena *arena = hub_decision_arena(decision);
    struct company_user_removed *removed = HUB_NEW(arena, struct company_user_removed);
    HUB_SET(company_user_removed, removed, user, user->user);
    hub_decide_event(decision, &company_user_removed_shape, removed, none, none);
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_agent,
                                                      .entity = user->user,
                                                      .shape = &end_agent_shape,
                                                      .record = HUB_NEW(arena, struct end_agent),
                                                      .subject = user->user });
    hub_company_answer_done(decision);
}

/* The passwords were compared and hashed at the door. */
void hub_company_decide_password(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct company_state *state = state_;
    const struct set_password *command = command_;
    const struct company_user *user = hub_company_is_there(state, decision) ? find_person(state, decision) : NULL;
    if (user == NULL) {
        return;
    }
    struct company_password_set *set = HUB_NEW(hub_decision_arena(decision), struct company_password_set);
    HUB_SET(company_password_set, set, user, user->user);
    HUB_SET(company_password_set, set, password, command->password);
    HUB_COPY(company_password_set, set, set_password, command, keeps);
    hub_decide_event(decision, &company_password_set_shape, set, user->user, none);
    hub_company_answer_done(decision);
}
