/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A log in memory behind the append seam: plain arrays, searched from end to end. */
#include "tests/log/memory_log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/memory.h"

struct row {
    struct hub_pending_key key;
    struct hub_span value;
};

struct memory_log {
    pthread_mutex_t lock;
    struct hub_arena *arena;
    struct memory_event *events;
    uint64_t event_count, event_room;
    struct row *rows;
    unsigned row_count, row_room;
    uint8_t (*commands)[HUB_COMMAND_ID];
    unsigned command_count, command_room;
    uint64_t loose;
    int64_t time_us;
    unsigned batches;
    int answer;
    unsigned answers;
    bool answers_written;
    char why[256];
};

struct memory_log *memory_log_new(void)
{
    struct memory_log *self = hub_memory_new(sizeof *self);
    *self = (struct memory_log){ .arena = hub_arena_new(0) };
    pthread_mutex_init(&self->lock, NULL);
    return self;
}

void memory_log_destroy(struct memory_log **self_p)
{
    struct memory_log *self = *self_p;
    if (self == NULL) {
        return;
    }
    pthread_mutex_destroy(&self->lock);
    hub_arena_destroy(&self->arena);
    free(self->events);
    free(self->rows);
    free(self->commands);
    free(self);
    *self_p = NULL;
}

void memory_log_answer(struct memory_log *self, int result, unsigned count, bool written)
{
    pthread_mutex_lock(&self->lock);
    self->answer = result;
    self->answers = count;
    self->answers_written = written;
    pthread_mutex_unlock(&self->lock);
}

void memory_log_fail(struct memory_log *self, const char *why)
{
    pthread_mutex_lock(&self->lock);
    snprintf(self->why, sizeof self->why, "%s", why);
    pthread_mutex_unlock(&self->lock);
}

static uint64_t version_of(const struct memory_log *self, const struct hub_stream *stream)
{
    uint64_t version = 0;
    for (uint64_t i = 0; i < self->event_count; i++) {
        const struct hub_stream *other = &self->events[i].stream;
        bool same = hub_ulid_is(other->company, stream->company) && hub_ulid_is(other->entity, stream->entity) &&
                    other->kind == stream->kind;
        version += same;
    }
    return version;
}

static bool has_command(const struct memory_log *self, const uint8_t id[HUB_COMMAND_ID])
{
    for (unsigned i = 0; i < self->command_count; i++) {
        if (memcmp(self->commands[i], id, HUB_COMMAND_ID) == 0) {
            return true;
        }
    }
    return false;
}

static void add_event(struct memory_log *self, const struct hub_append *append, unsigned index)
{
    if (self->event_count == self->event_room) {
        self->event_room = self->event_room == 0 ? 64 : 2 * self->event_room;
        self->events = hub_memory_resize(self->events, self->event_room * sizeof *self->events);
    }
    const struct hub_new_event *event = &append->events[index];
    struct memory_event *stored = &self->events[self->event_count++];
    *stored = (struct memory_event){
        .stream = append->stream,
        .version = append->expected_version + index + 1,
        .type = event->type,
        .subject = event->subject,
        .session = event->session,
        .payload = hub_arena_copy(self->arena, event->payload),
    };
    memcpy(stored->command, append->command, HUB_COMMAND_ID);
}

static void add_row(struct memory_log *self, const struct hub_append *append, unsigned index)
{
    if (self->row_count == self->row_room) {
        self->row_room = self->row_room == 0 ? 64 : 2 * self->row_room;
        self->rows = hub_memory_resize(self->rows, self->row_room * sizeof *self->rows);
    }
    const struct hub_pending *pending = &append->pendings[index];
    self->rows[self->row_count++] = (struct row){
        .key = hub_pending_key_make(pending->kind, pending->due_us, append->pending_number, (uint16_t) index),
        .value = hub_arena_copy(self->arena, pending->value),
    };
}

static bool has_row(const struct memory_log *self, const struct hub_pending_key *key)
{
    for (unsigned i = 0; i < self->row_count; i++) {
        if (memcmp(self->rows[i].key.b, key->b, HUB_PENDING_KEY) == 0) {
            return true;
        }
    }
    return false;
}

static void settle(struct memory_log *self, const struct hub_pending_key *key)
{
    for (unsigned i = 0; i < self->row_count; i++) {
        if (memcmp(self->rows[i].key.b, key->b, HUB_PENDING_KEY) == 0) {
            self->rows[i] = self->rows[--self->row_count];
            return;
        }
    }
}

static void add_command(struct memory_log *self, const uint8_t id[HUB_COMMAND_ID])
{
    if (self->command_count == self->command_room) {
        self->command_room = self->command_room == 0 ? 64 : 2 * self->command_room;
        self->commands = hub_memory_resize(self->commands, self->command_room * sizeof *self->commands);
    }
    memcpy(self->commands[self->command_count++], id, HUB_COMMAND_ID);
}

static void store(struct memory_log *self, struct hub_append *append)
{
    append->first.sequence = self->event_count + (append->event_count > 0);
    for (unsigned i = 0; i < append->event_count; i++) {
        add_event(self, append, i);
    }
    append->last.sequence = self->event_count;
    append->time_us = ++self->time_us;
    append->pending_number = 0;
    if (append->pending_count > 0) {
        append->pending_number = append->event_count > 0 ? append->first.sequence : HUB_PENDING_LOOSE | ++self->loose;
    }
    for (unsigned i = 0; i < append->settle_count; i++) {
        settle(self, &append->settles[i]);
    }
    for (unsigned i = 0; i < append->pending_count; i++) {
        add_row(self, append, i);
    }
    if (append->command_row != NULL) {
        add_command(self, append->command_row->id);
    }
}

static int answer_to(struct memory_log *self, const struct hub_append *append, bool *ret_written)
{
    *ret_written = false;
    if (self->answers > 0) {
        self->answers--;
        *ret_written = self->answer == HUB_APPENDED || (self->answer == HUB_APPEND_UNKNOWN && self->answers_written);
        return self->answer;
    }
    bool looked_at = append->event_count > 0 || append->fenced;
    bool other_version = looked_at && version_of(self, &append->stream) != append->expected_version;
    if (other_version || (append->command_row != NULL && has_command(self, append->command_row->id))) {
        return HUB_APPEND_CONFLICT;
    }
    for (unsigned i = 0; i < append->settle_count; i++) {
        if (!has_row(self, &append->settles[i])) {
            return HUB_APPEND_CONFLICT;
        }
    }
    *ret_written = true;
    return HUB_APPENDED;
}

static int sink_write(void *arg, struct hub_append *const *appends, size_t count, char *ret_why, size_t why_size)
{
    struct memory_log *self = arg;
    pthread_mutex_lock(&self->lock);
    bool failed = self->why[0] != '\0';
    if (failed) {
        snprintf(ret_why, why_size, "%s", self->why);
    }
    for (size_t i = 0; i < count && !failed; i++) {
        bool written;
        appends[i]->result = answer_to(self, appends[i], &written);
        if (written) {
            store(self, appends[i]);
        }
    }
    self->batches += count > 0 && !failed;
    pthread_mutex_unlock(&self->lock);
    return failed ? -1 : 0;
}

struct hub_log_sink memory_log_sink(struct memory_log *self)
{
    return (struct hub_log_sink){ .write = sink_write, .self = self };
}

uint64_t memory_log_head(struct memory_log *self)
{
    pthread_mutex_lock(&self->lock);
    uint64_t head = self->event_count;
    pthread_mutex_unlock(&self->lock);
    return head;
}

unsigned memory_log_batches(struct memory_log *self)
{
    pthread_mutex_lock(&self->lock);
    unsigned batches = self->batches;
    pthread_mutex_unlock(&self->lock);
    return batches;
}

struct memory_event memory_log_event(struct memory_log *self, uint64_t sequence)
{
    pthread_mutex_lock(&self->lock);
    struct memory_event event = self->events[sequence - 1];
    pthread_mutex_unlock(&self->lock);
    return event;
}

bool memory_log_pending(struct memory_log *self, unsigned index, struct hub_pending_key *ret_key,
                        struct hub_span *ret_value)
{
    pthread_mutex_lock(&self->lock);
    bool found = index < self->row_count;
    if (found) {
        *ret_key = self->rows[index].key;
        *ret_value = self->rows[index].value;
    }
    pthread_mutex_unlock(&self->lock);
    return found;
}
