/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether an append may be written: its stream's version, its command id, the rows that it settles. Each question is
 * answered from what this batch and those of late did, and only then from the store. */
#include "log/admit.h"

#include <assert.h>

#include "base/error.h"
#include "log/fresh_aliases.h"

enum {
    HEADS = 32 * 1024,   /* streams of one generation of the cache */
    PENDINGS = 8 * 1024, /* pending rows likewise */
    COMMANDS = 8 * 1024, /* slots for the command ids of one batch, to begin with */
    ALIASES = 1024,      /* likewise for aliases */
    UNIQUE = 16,         /* and for those that are unique over the whole hub */
};

void hub_admission_init(struct hub_admission *self, struct hub_log *log)
{
    self->log = log;
    hub_heads_init(&self->heads, HEADS);
    hub_heads_init(&self->pendings, PENDINGS);
    hub_table_init(&self->aliases, ALIASES);
    hub_table_init(&self->unique, UNIQUE);
    hub_table_init(&self->commands, COMMANDS);
    hub_buf_init(&self->entities);
    hub_buf_init(&self->value);
    self->sums = log->meta.sums;
    self->sums_are_new = false;
}

void hub_admission_done(struct hub_admission *self)
{
    hub_heads_done(&self->heads);
    hub_heads_done(&self->pendings);
    hub_table_done(&self->aliases);
    hub_table_done(&self->unique);
    hub_table_done(&self->commands);
    hub_buf_done(&self->entities);
    hub_buf_done(&self->value);
}

void hub_admission_next_batch(struct hub_admission *self)
{
    hub_heads_turn(&self->heads);
    hub_heads_turn(&self->pendings);
    hub_table_clear(&self->aliases);
    hub_buf_clear(&self->entities);
    hub_table_clear(&self->unique);
    hub_table_clear(&self->commands);
}

static bool has_row(struct hub_admission *self, const struct hub_name *stream, uint64_t version, int *result)
{
    struct hub_named_key key = hub_named_key(stream, version);
    int got = hub_rocks_has(self->log->db, HUB_FAMILY_stream, HUB_KEY_SPAN(key));
    *result = got < 0 ? got : *result;
    return got == 0;
}

/* Whether the stream stands at this version: versions are dense, so two look-ups tell. Returns 1, 0, or < 0. */
static int stream_is_at(struct hub_admission *self, const struct hub_name *stream, uint64_t version)
{
    uint64_t cached;
    if (hub_heads_find(&self->heads, stream, &cached)) {
        return cached == version;
    }
    int result = 0;
    bool is = (version == 0 || has_row(self, stream, version, &result)) && !has_row(self, stream, version + 1, &result);
    return result < 0 ? result : is;
}

static struct hub_name name_of_command(const uint8_t id[HUB_COMMAND_ID])
{
    static const struct hub_ulid none;
    return hub_name(&none, 0, id);
}

/* Whether a command id is taken, on disk or in this batch. Returns 1, 0, or < 0. */
static int command_is_taken(struct hub_admission *self, const struct hub_name *name, const uint8_t id[HUB_COMMAND_ID])
{
    if (hub_table_find(&self->commands, name) != NULL) {
        return 1;
    }
    int got = hub_rocks_has(self->log->db, HUB_FAMILY_command, hub_span_of(id, HUB_COMMAND_ID));
    return got < 0 ? got : got == 0;
}

/* A pending key as a name, to remember what became of it. */
static struct hub_name name_of_pending(const struct hub_pending_key *key)
{
    struct hub_name name = { { 0 } };
    memcpy(name.b + 8, key->b, HUB_PENDING_KEY);
    return name;
}

static uint64_t place_of_pending(const struct hub_pending_key *key)
{
    bool is_loose;
    uint64_t sequence = hub_pending_key_sequence(key, &is_loose);
    return hub_place_of_append((enum hub_sum_kind) key->b[0], sequence, is_loose);
}

/* Whether all that an append completes is still to be done; what was done once is not done again. Returns 1, 0, or < 0. */
static int settles_exist(struct hub_admission *self, const struct hub_append *append)
{
    for (unsigned i = 0; i < append->settle_count; i++) {
        struct hub_name name = name_of_pending(&append->settles[i]);
        uint64_t hash;
        if (hub_heads_find(&self->pendings, &name, &hash)) {
            if (hash == 0) {
                return 0;
            }
            continue;
        }
        struct hub_span key = HUB_KEY_SPAN(append->settles[i]);
        int got = hub_rocks_get(self->log->db, HUB_FAMILY_pending, NULL, key, &self->value);
        if (got != 0) {
            return got < 0 ? got : 0;
        }
        hub_heads_put(&self->pendings, &name, hub_row_hash(key, hub_buf_span(&self->value)));
    }
    return 1;
}

/* Count the rows out that an append completes; settles_exist has found all of them. */
static void remember_settles(struct hub_admission *self, const struct hub_append *append)
{
    for (unsigned i = 0; i < append->settle_count; i++) {
        struct hub_name name = name_of_pending(&append->settles[i]);
        uint64_t hash = 0;
        if (hub_heads_find(&self->pendings, &name, &hash) && hash != 0) {
            hub_sums_take(&self->sums, (enum hub_sum_kind) append->settles[i].b[0],
                          place_of_pending(&append->settles[i]), hash);
            self->sums_are_new = true;
        }
        hub_heads_put(&self->pendings, &name, 0);
    }
}

/* Whether a name that must be unique over the whole hub is somebody's already. Returns 1, 0, or < 0. */
static int alias_is_taken(struct hub_admission *self, const struct hub_append *append)
{
    int taken = 0;
    for (unsigned i = 0; taken == 0 && i < append->alias_count; i++) {
        const struct hub_alias *alias = &append->aliases[i];
        if (alias->of_hub && !alias->remove) {
            struct hub_name key = hub_name_of_alias(alias, append->stream.company);
            int got = hub_rocks_has(self->log->db, HUB_FAMILY_alias, HUB_KEY_SPAN(key));
            taken = got < 0 ? got : got == 0 || hub_table_find(&self->unique, &key) != NULL;
        }
    }
    return taken;
}

static void remember_aliases(struct hub_admission *self, const struct hub_append *append)
{
    for (unsigned i = 0; i < append->alias_count; i++) {
        bool is_new;
        struct hub_name key = hub_name_of_alias(&append->aliases[i], append->stream.company);
        if (append->aliases[i].of_hub) {
            hub_table_put(&self->unique, &key, &is_new);
        }
    }
}

static void check_limits(const struct hub_append *append)
{
    assert(append->event_count <= HUB_APPEND_EVENTS);
    for (unsigned i = 0; i < append->event_count; i++) {
        assert(append->events[i].payload.len <= HUB_EVENT_MAX);
    }
    (void) append;
}

void hub_admission_expect(const struct hub_admission *self, const struct hub_append *append)
{
    const struct hub_name stream = hub_name_of_stream(&append->stream);
    hub_table_expect(&self->heads.young, &stream);
}

int hub_admission_admit(struct hub_admission *self, const struct hub_append *append)
{
    check_limits(append);
    int undone = settles_exist(self, append);
    if (undone <= 0) {
        return undone < 0 ? undone : HUB_APPEND_CONFLICT;
    }
    struct hub_name stream, command;
    if (append->event_count > 0 || append->fenced) {
        stream = hub_name_of_stream(&append->stream);
        int is = stream_is_at(self, &stream, append->expected_version);
        if (is <= 0) {
            return is < 0 ? is : HUB_APPEND_CONFLICT;
        }
    }
    int has_one = alias_is_taken(self, append);
    if (has_one != 0) {
        return has_one < 0 ? has_one : HUB_APPEND_TAKEN;
    }
    if (append->command_row != NULL) {
        command = name_of_command(append->command_row->id);
        int taken = command_is_taken(self, &command, append->command_row->id);
        if (taken != 0) {
            return taken < 0 ? taken : HUB_APPEND_CONFLICT;
        }
        bool is_new;
        hub_table_put(&self->commands, &command, &is_new);
    }
    if (append->event_count > 0) {
        hub_heads_put(&self->heads, &stream, append->expected_version + append->event_count);
    }
    remember_settles(self, append);
    remember_aliases(self, append);
    return HUB_APPENDED;
}

void hub_admission_add_command(struct hub_admission *self, struct hub_span key, struct hub_span value,
                               uint64_t sequence)
{
    hub_sums_add(&self->sums, HUB_SUM_command, hub_place_of_append(HUB_SUM_command, sequence, false),
                 hub_row_hash(key, value));
    self->sums_are_new = true;
}

void hub_admission_add_pending(struct hub_admission *self, const struct hub_pending_key *key, struct hub_span value)
{
    struct hub_name name = name_of_pending(key);
    uint64_t hash = hub_row_hash(HUB_KEY_SPAN(*key), value);
    assert(key->b[0] >= HUB_PENDING_follow && key->b[0] <= HUB_PENDING_parked);
    hub_heads_put(&self->pendings, &name, hash);
    hub_sums_add(&self->sums, (enum hub_sum_kind) key->b[0], place_of_pending(key), hash);
    self->sums_are_new = true;
}

/* What an alias led to as the batches before this one left it (returns 0), or HUB_ERROR_not_found; till this batch is on disk
 * that is what it leads to. Returns < 0 for a read error. */
static int begin_change(struct hub_admission *self, const struct hub_name *key, struct hub_ulid *ret_was)
{
    struct hub_durable *durable = &self->log->durable;
    int got = hub_rocks_get(self->log->db, HUB_FAMILY_alias, NULL, HUB_KEY_SPAN(*key), &self->value);
    if (got == 0 && self->value.len == sizeof *ret_was) {
        memcpy(ret_was->b, self->value.at, sizeof *ret_was);
    }
    hub_fresh_aliases_add(durable->aliases, key, got == 0 ? ret_was : NULL, durable->written.batch + 1);
    return got;
}

int hub_admission_set_alias(struct hub_admission *self, const struct hub_name *key, const struct hub_ulid *entity)
{
    const uint64_t *known = hub_table_find(&self->aliases, key);
    struct hub_ulid was = { { 0 } };
    int had = known == NULL ? begin_change(self, key, &was) : *known == 0 ? HUB_ERROR_not_found : 0;
    if (had < 0) {
        return -1;
    }
    if (known != NULL && had == 0) {
        memcpy(was.b, self->entities.at + (*known - 1) * sizeof was, sizeof was);
    }
    if (had == 0) {
        uint64_t hash = hub_row_hash(HUB_KEY_SPAN(*key), HUB_KEY_SPAN(was));
        hub_sums_take(&self->sums, HUB_SUM_alias, hub_place_of_alias(was), hash);
    }
    bool is_new;
    uint64_t *leads_to = hub_table_put(&self->aliases, key, &is_new);
    *leads_to = 0;
    if (entity != NULL) {
        hub_buf_put(&self->entities, entity, sizeof *entity);
        *leads_to = self->entities.len / sizeof *entity;
        uint64_t hash = hub_row_hash(HUB_KEY_SPAN(*key), HUB_KEY_SPAN(*entity));
        hub_sums_add(&self->sums, HUB_SUM_alias, hub_place_of_alias(*entity), hash);
    }
    self->sums_are_new = true;
    return 0;
}
