/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether an append may be written: its stream's version, its command id, the rows that it settles. Each question is
 * answered from what this batch and those of late did, and only then from the store. */
#include "log/admit.h"

#include <assert.h>

enum {
    HEADS = 32 * 1024,   /* streams of one generation of the cache */
    PENDINGS = 8 * 1024, /* pending rows likewise */
    COMMANDS = 8 * 1024, /* slots for the command ids of one batch, to begin with */
};

void hub_admission_init(struct hub_admission *self, struct hub_log *log)
{
    self->log = log;
    hub_heads_init(&self->heads, HEADS);
    hub_heads_init(&self->pendings, PENDINGS);
    hub_table_init(&self->commands, COMMANDS);
}

void hub_admission_done(struct hub_admission *self)
{
    hub_heads_done(&self->heads);
    hub_heads_done(&self->pendings);
    hub_table_done(&self->commands);
}

void hub_admission_next_batch(struct hub_admission *self)
{
    hub_heads_turn(&self->heads);
    hub_heads_turn(&self->pendings);
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

/* Whether all that an append completes is still to be done; what was done once is not done again. Returns 1, 0, or < 0. */
static int settles_exist(struct hub_admission *self, const struct hub_append *append)
{
    for (unsigned i = 0; i < append->settle_count; i++) {
        struct hub_name name = name_of_pending(&append->settles[i]);
        uint64_t is_there;
        if (hub_heads_find(&self->pendings, &name, &is_there)) {
            if (!is_there) {
                return 0;
            }
            continue;
        }
        int got = hub_rocks_has(self->log->db, HUB_FAMILY_pending, HUB_KEY_SPAN(append->settles[i]));
        if (got != 0) {
            return got < 0 ? got : 0;
        }
    }
    return 1;
}

static void remember_settles(struct hub_admission *self, const struct hub_append *append)
{
    for (unsigned i = 0; i < append->settle_count; i++) {
        struct hub_name name = name_of_pending(&append->settles[i]);
        hub_heads_put(&self->pendings, &name, false);
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
    return HUB_APPENDED;
}

void hub_admission_add_pending(struct hub_admission *self, const struct hub_pending_key *key)
{
    struct hub_name name = name_of_pending(key);
    hub_heads_put(&self->pendings, &name, true);
}
