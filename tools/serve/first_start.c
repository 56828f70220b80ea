/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The company that runs the hub: made at the first start, given the environment's key at later ones. */
#include "tools/serve/first_start.h"

#include <stdio.h>

#include "api/password.h"
#include "log/keyring/keyring.h"
#include "tools/serve/signals.h"

enum { PAUSE_US = 2000, SILENCE_US = 3000000 };

static const struct hub_ulid none;

/* The work at hand. */
struct setup {
    struct hub_hub *hub;
    const struct hub_first_start *wanted;
    struct hub_made_secrets *made;
    struct hub_position at; /* what the views must reach */
    char *why;
    size_t why_size;
};

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

/* Gives a command. Returns 0 and what the views must reach, or < 0. */
static int give(struct setup *self, struct hub_command **command_p)
{
    struct hub_answer *answer = hub_hub_ask(self->hub, command_p);
    int error = answer->error;
    if (error)
        snprintf(self->why, self->why_size, "the hub's own company could not be set up: %s",
                 answer->fault.reason[0] ? answer->fault.reason : hub_error_title(error));
    else
        self->at = answer->position;
    hub_answer_destroy(&answer);
    return error ? -1 : 0;
}

static void fill(struct setup *self, struct hub_command *command, struct hub_span hash)
{
    const struct hub_first_start *wanted = self->wanted;
    struct create_company *record = command->record;
    HUB_SET(create_company, record, name, HUB_SPAN("Default"));
    HUB_SET(create_company, record, operator, true);
    HUB_SET(create_company, record, admin_email, ((hub_sealed){ .clear = hub_span(wanted->email) }));
    HUB_SET(create_company, record, admin_password, ((hub_sealed){ .clear = hash }));
    HUB_SET(create_company, record, key_digest, digest_in(command->arena, wanted->key ? wanted->key : self->made->key));
}

static int create(struct setup *self)
{
    const struct hub_first_start *wanted = self->wanted;
    struct hub_ulid company = hub_world_ulid(hub_world_real());
    struct hub_command *command = command_to(&create_company_shape, company);
    struct hub_keyring *keys = hub_hub_keys(self->hub);
    if (!wanted->key)
        make_secret("ohk_", self->made->key, sizeof self->made->key);
    if (!wanted->password)
        make_secret("", self->made->password, sizeof self->made->password);
    struct hub_span hash = hash_in(command->arena, wanted->password ? wanted->password : self->made->password);
    fill(self, command, hash);
    if (hash.len == 0 || hub_keyring_add_company(keys, company) < 0 ||
        !hub_name_read(keys, none, HUB_ALIAS_USER, hub_span(wanted->email), &command->names[HUB_ALIAS_USER])) {
        hub_command_destroy(&command);
        return snprintf(self->why, self->why_size, "the keys of the hub's own company could not be made"), -1;
    }
    self->made->is_first = true;
    return give(self, &command);
}

/* Waits for the views. Returns 0, or the number of a signal. */
static int wait_for_views(const struct setup *self)
{
    const struct hub_world *world = hub_world_real();
    int64_t say_at = hub_tick_us(world) + SILENCE_US;
    uint64_t reached = 0;
    int number = 0;
    while (number == 0 && (reached = hub_views_position(hub_hub_views(self->hub)).sequence) < self->at.sequence) {
        number = hub_signals_wait(PAUSE_US);
        if (hub_tick_us(world) < say_at)
            continue;
        say_at += SILENCE_US;
        fprintf(stderr, "omnihub: the views are being folded at=%llu of=%llu\n", (unsigned long long) reached,
                (unsigned long long) self->at.sequence);
    }
    return number;
}

/* The company that the first event of the log is about. */
static int find_company(const struct setup *self, struct hub_ulid *ret_company)
{
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_stored first;
    int error = hub_log_read(hub_hub_log(self->hub), (struct hub_position){ 1 }, arena, &first);
    if (error)
        snprintf(self->why, self->why_size, "the first event of the log cannot be read");
    else
        *ret_company = first.header.company;
    hub_arena_destroy(&arena);
    return error ? -1 : 0;
}

/* Whether a key works already: 0, HUB_ERROR_not_found, < 0. */
static int find_key(const struct setup *self, const char *key)
{
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_digest digest = hub_sha256(hub_span(key));
    struct credential_row row;
    int found = hub_views_credential(hub_hub_views(self->hub), &digest, arena, &row);
    hub_arena_destroy(&arena);
    return found;
}

/* At a later start: the environment's key becomes one that works, when it is none yet. */
static int give_key(struct setup *self)
{
    struct hub_ulid company;
    int found = find_key(self, self->wanted->key);
    if (found < 0)
        return snprintf(self->why, self->why_size, "the API keys cannot be read"), -1;
    if (found == 0)
        return 0;
    if (find_company(self, &company) < 0)
        return -1;
    struct hub_command *command = command_to(&replace_first_key_shape, company);
    struct replace_first_key *record = command->record;
    HUB_SET(replace_first_key, record, digest, digest_in(command->arena, self->wanted->key));
    return give(self, &command);
}

int hub_first_start(struct hub_hub *hub, const struct hub_first_start *wanted, struct hub_made_secrets *ret_made,
                    char *ret_why, size_t why_size)
{
    *ret_made = (struct hub_made_secrets){ .is_first = false };
    struct setup self = { .hub = hub,
                          .wanted = wanted,
                          .made = ret_made,
                          .at = hub_log_commit(hub_hub_log(hub)),
                          .why = ret_why,
                          .why_size = why_size };
    if (self.at.sequence == 0)
        return create(&self) < 0 ? -1 : wait_for_views(&self);
    int number = wait_for_views(&self);
    if (number || !wanted->key)
        return number;
    return give_key(&self) < 0 ? -1 : wait_for_views(&self);
}
