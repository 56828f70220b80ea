/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The company that runs the hub: made at the first start, given the environment's key at later ones. */
#include "tools/first_start.h"

#include <stdio.h>

#include "api/password.h"
#include "log/keyring.h"
#include "tools/signals.h"

enum { PAUSE_US = 2000 };

static const struct hub_ulid none;

/* A command of the hub itself to a company. */
static struct hub_command *command_to(const struct hub_shape *shape, struct hub_ulid company)
{
    struct hub_command *command = hub_command_new(shape, 4096);
    command->caller.company = company;
    command->target = KIND_company;
    command->names[KIND_company] = (struct hub_name){ .given = true, .is_ours = true, .known = true, .id = company };
    return command;
}

static struct hub_span digest_in(struct hub_arena *arena, const char *token)
{
    struct hub_digest digest = hub_sha256(hub_span(token));
    return hub_arena_copy(arena, hub_span_of(digest.b, sizeof digest.b));
}

/* Argon2id in its own text form, in the arena. Returns an empty span when memory for it is missing. */
static struct hub_span hash_in(struct hub_arena *arena, const char *password)
{
    char text[HUB_PASSWORD_HASH];
    if (!hub_password_hash(hub_span(password), false, text))
        return (struct hub_span){ 0 };
    return hub_arena_copy(arena, hub_span(text));
}

/* A fresh secret, terminated; as much of it as there is room for. */
static void make_secret(const char *prefix, char *ret_text, size_t room)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_span token = hub_token_make(hub_world_real(), prefix, arena);
    snprintf(ret_text, room, "%.*s", (int) token.len, token.at);
    hub_arena_destroy(&arena);
}

/* Gives a command and waits until the views show what it did. Returns 0 and what the views must reach, or < 0. */
static int give(struct hub_hub *hub, struct hub_command **command_p, struct hub_position *ret_at, char *ret_why,
                size_t why_size)
{
    struct hub_answer *answer = hub_hub_ask(hub, command_p);
    int error = answer->error;
    if (error)
        snprintf(ret_why, why_size, "the hub's own company could not be set up: %s",
                 answer->fault.reason[0] ? answer->fault.reason : hub_error_title(error));
    else
        *ret_at = answer->position;
    hub_answer_destroy(&answer);
    return error ? -1 : 0;
}

static int create(struct hub_hub *hub, const struct hub_first_start *wanted, struct hub_made_secrets *made,
                  struct hub_position *ret_at, char *ret_why, size_t why_size)
{
    const struct hub_world *world = hub_world_real();
    struct hub_ulid company = hub_world_ulid(world);
    struct hub_command *command = command_to(&create_company_shape, company);
    struct create_company *record = command->record;
    if (!wanted->key)
        make_secret("ohk_", made->key, sizeof made->key);
    if (!wanted->password)
        make_secret("", made->password, sizeof made->password);
    struct hub_span hash = hash_in(command->arena, wanted->password ? wanted->password : made->password);
    HUB_SET(create_company, record, name, HUB_SPAN("Default"));
    HUB_SET(create_company, record, operator, true);
    HUB_SET(create_company, record, admin_email, ((hub_sealed){ .clear = hub_span(wanted->email) }));
    HUB_SET(create_company, record, admin_password, ((hub_sealed){ .clear = hash }));
    HUB_SET(create_company, record, key_digest, digest_in(command->arena, wanted->key ? wanted->key : made->key));
    if (hash.len == 0 || hub_keyring_add_company(hub_hub_keys(hub), company) < 0 ||
        !hub_name_read(hub_hub_keys(hub), none, HUB_ALIAS_USER, hub_span(wanted->email),
                       &command->names[HUB_ALIAS_USER])) {
        hub_command_destroy(&command);
        return snprintf(ret_why, why_size, "the keys of the hub's own company could not be made"), -1;
    }
    made->is_first = true;
    return give(hub, &command, ret_at, ret_why, why_size);
}

/* Waits for the views. Returns 0, or the number of a signal. */
static int wait_for_views(struct hub_hub *hub, struct hub_position at)
{
    int number = 0;
    while (number == 0 && hub_views_position(hub_hub_views(hub)).sequence < at.sequence)
        number = hub_signals_wait(PAUSE_US);
    return number;
}

/* The company that the first event of the log is about. */
static int find_company(struct hub_hub *hub, struct hub_ulid *ret_company, char *ret_why, size_t why_size)
{
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_stored first;
    int error = hub_log_read(hub_hub_log(hub), (struct hub_position){ 1 }, arena, &first);
    if (error)
        snprintf(ret_why, why_size, "the first event of the log cannot be read");
    else
        *ret_company = first.header.company;
    hub_arena_destroy(&arena);
    return error ? -1 : 0;
}

/* At a later start: the environment's key becomes one that works, when it is none yet. */
static int give_key(struct hub_hub *hub, const char *key, struct hub_position *ret_at, char *ret_why, size_t why_size)
{
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_digest digest = hub_sha256(hub_span(key));
    struct credential_row row;
    int found = hub_views_credential(hub_hub_views(hub), &digest, arena, &row);
    hub_arena_destroy(&arena);
    if (found != HUB_ERROR_not_found)
        return found < 0 ? (snprintf(ret_why, why_size, "the API keys cannot be read"), -1) : 0;
    struct hub_ulid company;
    if (find_company(hub, &company, ret_why, why_size) < 0)
        return -1;
    struct hub_command *command = command_to(&replace_first_key_shape, company);
    struct replace_first_key *record = command->record;
    HUB_SET(replace_first_key, record, digest, digest_in(command->arena, key));
    return give(hub, &command, ret_at, ret_why, why_size);
}

int hub_first_start(struct hub_hub *hub, const struct hub_first_start *wanted, struct hub_made_secrets *ret_made,
                    char *ret_why, size_t why_size)
{
    struct hub_position at = hub_log_commit(hub_hub_log(hub));
    *ret_made = (struct hub_made_secrets){ .is_first = false };
    if (at.sequence == 0) {
        if (create(hub, wanted, ret_made, &at, ret_why, why_size) < 0)
            return -1;
        return wait_for_views(hub, at);
    }
    int number = wait_for_views(hub, at);
    if (number || !wanted->key)
        return number;
    if (give_key(hub, wanted->key, &at, ret_why, why_size) < 0)
        return -1;
    return wait_for_views(hub, at);
}
