/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writing: many appends become one batch, synced once.
 *
 * First every append is admitted or answered (disk reserve, command id, expected version), in order, each seeing those
 * before it. Then new keys are stored, so that no event is ever on disk without its key. Then all rows of the admitted
 * ones go into one batch, which is written whole or not at all; only after that does the commit position move. Any error
 * ends the process (log/writer.h), so nothing here is ever undone. See docs/log-format.md §5. */
#include "log/write.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/pack.h"
#include "log/admit.h"
#include "log/keyring/keyring.h"
#include "log/rows.h"
#include "log/stored.h"
#include "log/tags.h"

enum {
    SPACE_US = 100 * 1000, /* how old the figure of free space may be */
    ADMIT_AHEAD = 3,       /* appends to look ahead */
};

struct hub_writing {
    struct hub_rocks_batch *batch;
    struct hub_admission admission;
    struct hub_tags tags;
    struct hub_buf row;    /* scratch */
    struct hub_buf keys;   /* new keys of this batch, one after the other */
    struct hub_buf erased; /* who is erased by this batch */

    uint64_t sequence;        /* last one given away */
    struct hub_digest hash;   /* its chain hash */
    struct hub_digest digest; /* of its payload */
    int64_t time_us;          /* its log time */
    int64_t now_us;           /* wall clock of this batch */
    uint64_t loose;           /* the last number given to an append without events */
    uint64_t restores;        /* of this log, where pending numbers have them */
    bool loose_is_new;
    uint64_t batches; /* written since the start */
    uint64_t bytes;   /* of this batch's payloads */

    int64_t space_asked_us; /* tick of the last look at the disk */
    bool is_full;
};

struct hub_writing *hub_writing_new(struct hub_log *log, const struct hub_digest *head_hash, int64_t head_time_us)
{
    struct hub_writing *self = hub_memory_new(sizeof *self);
    *self = (struct hub_writing){
        .batch = hub_rocks_batch_new(log->db),
        .sequence = atomic_load(&log->commit),
        .hash = *head_hash,
        .time_us = head_time_us,
        .loose = log->meta.loose,
        .restores = (uint64_t) (log->meta.identity.incarnation - 1) << HUB_PENDING_RESTORES,
        .space_asked_us = hub_tick_us(log->world) - SPACE_US,
    };
    hub_admission_init(&self->admission, log);
    hub_tags_init(&self->tags);
    hub_buf_init(&self->row);
    hub_buf_init(&self->keys);
    hub_buf_init(&self->erased);
    return self;
}

/* Forget the clear keys of a batch. */
static void wipe_keys(struct hub_writing *self)
{
    if (self->keys.len > 0) {
        explicit_bzero(self->keys.at, self->keys.len);
        hub_buf_clear(&self->keys);
    }
}

void hub_writing_destroy(struct hub_writing **self_p)
{
    struct hub_writing *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    hub_rocks_batch_destroy(&self->batch);
    hub_admission_done(&self->admission);
    hub_tags_done(&self->tags);
    hub_buf_done(&self->row);
    wipe_keys(self);
    hub_buf_done(&self->keys);
    hub_buf_done(&self->erased);
    free(self);
    *self_p = NULL;
}

/* --- Admission --- */

static void look_at_space(struct hub_log *log)
{
    struct hub_writing *self = log->writing;
    int64_t tick = hub_tick_us(log->world);
    if (tick - self->space_asked_us >= SPACE_US) {
        self->is_full = hub_store_free_bytes(log) < log->reserve_bytes;
        self->space_asked_us = tick;
    }
}

static int admit_all(struct hub_log *log, struct hub_append *const *appends, size_t count)
{
    struct hub_writing *self = log->writing;
    hub_admission_next_batch(&self->admission);
    for (size_t i = 0; i < count; i++) {
        if (i + ADMIT_AHEAD < count) {
            hub_admission_expect(&self->admission, appends[i + ADMIT_AHEAD]);
        }
        int result = self->is_full ? HUB_APPEND_FULL : hub_admission_admit(&self->admission, appends[i]);
        if (result < 0) {
            return result;
        }
        appends[i]->result = result;
        if (result == HUB_APPENDED) {
            hub_buf_put(&self->keys, appends[i]->keys, appends[i]->key_count * sizeof *appends[i]->keys);
        }
    }
    return 0;
}

/* --- Rows --- */

static bool is_zero(const uint8_t id[16])
{
    return hub_ulid_is_none(*(const struct hub_ulid *) id);
}

/* What all events of an append have in common. */
static void start_header(const struct hub_log *log, const struct hub_append *append, struct event_header *ret_header)
{
    struct event_header *header = ret_header;
    *header = (struct event_header){ 0 };
    HUB_SET(event_header, header, partition, 0);
    HUB_SET(event_header, header, node, log->node);
    HUB_SET(event_header, header, epoch, log->meta.epoch);
    HUB_SET(event_header, header, company, append->stream.company);
    HUB_SET(event_header, header, kind, append->stream.kind);
    HUB_SET(event_header, header, entity, append->stream.entity);
    HUB_SET(event_header, header, decided_at, append->decided_at_us);
    if (!hub_ulid_is_none(append->principal)) {
        HUB_SET(event_header, header, principal, append->principal);
    }
    if (!hub_ulid_is_none(append->credential)) {
        HUB_SET(event_header, header, credential, append->credential);
    }
    if (!is_zero(append->command)) {
        HUB_SET(event_header, header, command, hub_span_of(append->command, sizeof append->command));
    }
    if (!is_zero(append->correlation)) {
        HUB_SET(event_header, header, correlation, hub_span_of(append->correlation, sizeof append->correlation));
    }
    if (append->cause > 0) {
        HUB_SET(event_header, header, cause, append->cause);
    }
}

/* What is an event's own. */
static void finish_header(const struct hub_writing *self, const struct hub_new_event *event, uint64_t version,
                          struct event_header *header)
{
    HUB_SET(event_header, header, sequence, self->sequence);
    HUB_SET(event_header, header, version, version);
    HUB_SET(event_header, header, type, event->type);
    HUB_SET(event_header, header, schema, event->schema);
    HUB_SET(event_header, header, time, self->time_us);
    HUB_SET(event_header, header, digest, hub_span_of(self->digest.b, HUB_DIGEST));
    if (hub_ulid_is_none(event->subject)) {
        HUB_CLEAR(event_header, header, subject);
    } else {
        HUB_SET(event_header, header, subject, event->subject);
    }
    if (hub_ulid_is_none(event->session)) {
        HUB_CLEAR(event_header, header, session);
    } else {
        HUB_SET(event_header, header, session, event->session);
    }
}

static void put_indexes(struct hub_writing *self, const struct event_header *header)
{
    struct hub_stream stream = { header->company, header->entity, (uint8_t) header->kind };
    struct hub_name name = hub_name_of_stream(&stream);
    struct hub_named_key key = hub_named_key(&name, header->version);
    struct hub_sequence_key value = hub_sequence_key(header->sequence);
    hub_rocks_put(self->batch, HUB_FAMILY_stream, HUB_KEY_SPAN(key), HUB_KEY_SPAN(value));
    struct hub_name tags[HUB_EVENT_TAGS];
    unsigned count = hub_event_tags(header, tags);
    for (unsigned i = 0; i < count; i++) {
        hub_tags_add(&self->tags, &tags[i], header->sequence);
    }
}

static void put_event(struct hub_writing *self, const struct hub_new_event *event, uint64_t version,
                      struct event_header *header)
{
    self->digest = hub_sha256(event->payload);
    self->sequence++;
    self->time_us = self->now_us > self->time_us ? self->now_us : self->time_us + 1;
    finish_header(self, event, version, header);

    /* The hash stands before the header in the row, and is known only after the header is packed. */
    hub_buf_clear(&self->row);
    hub_buf_reserve(&self->row, HUB_DIGEST);
    self->row.len = HUB_DIGEST;
    hub_pack(&event_header_shape, header, &self->row);
    struct hub_span packed = hub_span_of(self->row.at + HUB_DIGEST, self->row.len - HUB_DIGEST);
    self->hash = hub_chain_next(&self->hash, packed, &self->digest);
    memcpy(self->row.at, self->hash.b, HUB_DIGEST);

    struct hub_sequence_key key = hub_sequence_key(self->sequence);
    hub_rocks_put(self->batch, HUB_FAMILY_header, HUB_KEY_SPAN(key), hub_buf_span(&self->row));
    hub_rocks_put(self->batch, HUB_FAMILY_payload, HUB_KEY_SPAN(key), event->payload);
    put_indexes(self, header);
    self->bytes += event->payload.len;
}

static void put_command(struct hub_writing *self, const struct hub_append *append)
{
    const struct hub_command_row *given = append->command_row;
    struct command_row row = { 0 };
    HUB_SET(command_row, &row, body, hub_span_of(given->body, sizeof given->body));
    HUB_SET(command_row, &row, time, append->time_us);
    HUB_SET(command_row, &row, sequence, append->last.sequence);
    HUB_SET(command_row, &row, reply_type, given->reply_type);
    HUB_SET(command_row, &row, status, given->status);
    if (given->reply.len > 0) {
        HUB_SET(command_row, &row, reply, given->reply);
    }
    hub_buf_clear(&self->row);
    hub_pack(&command_row_shape, &row, &self->row);
    struct hub_span key = hub_span_of(given->id, HUB_COMMAND_ID);
    hub_rocks_put(self->batch, HUB_FAMILY_command, key, hub_buf_span(&self->row));
    hub_admission_add_command(&self->admission, key, hub_buf_span(&self->row), row.sequence);
}

static int put_aliases(struct hub_writing *self, const struct hub_append *append)
{
    for (unsigned i = 0; i < append->alias_count; i++) {
        const struct hub_alias *alias = &append->aliases[i];
        struct hub_name key = hub_name_of_alias(alias, append->stream.company);
        if (hub_admission_set_alias(&self->admission, &key, alias->remove ? NULL : &alias->entity) < 0) {
            return -1;
        }
        if (alias->remove) {
            hub_rocks_delete(self->batch, HUB_FAMILY_alias, HUB_KEY_SPAN(key));
        } else {
            hub_rocks_put(self->batch, HUB_FAMILY_alias, HUB_KEY_SPAN(key), HUB_KEY_SPAN(alias->entity));
        }
    }
    return 0;
}

static void put_pendings(struct hub_writing *self, struct hub_append *append)
{
    append->pending_number = 0;
    if (append->pending_count == 0) {
        return;
    }
    append->pending_number = self->restores | append->first.sequence;
    if (append->event_count == 0) {
        self->loose = hub_loose_after(self->loose, self->sequence);
        append->pending_number = HUB_PENDING_LOOSE | self->restores | self->loose;
        self->loose_is_new = true;
    }
    for (unsigned i = 0; i < append->pending_count; i++) {
        const struct hub_pending *pending = &append->pendings[i];
        struct hub_pending_key key = hub_pending_key_make(pending->kind, pending->due_us, append->pending_number,
                                                          (uint16_t) i);
        hub_rocks_put(self->batch, HUB_FAMILY_pending, HUB_KEY_SPAN(key), pending->value);
        hub_admission_add_pending(&self->admission, &key, pending->value);
    }
}

static void note_erased(struct hub_writing *self, const struct hub_append *append)
{
    for (unsigned i = 0; i < append->erase_count; i++) {
        const struct hub_erased erased = { .company = append->stream.company, .subject = append->erases[i] };
        hub_buf_put(&self->erased, &erased, sizeof erased);
    }
}

static int put_append(struct hub_log *log, struct hub_append *append)
{
    struct hub_writing *self = log->writing;
    struct event_header header;
    if (append->event_count > 0) {
        start_header(log, append, &header);
    }
    append->first.sequence = self->sequence + (append->event_count > 0);
    for (unsigned i = 0; i < append->event_count; i++) {
        put_event(self, &append->events[i], append->expected_version + i + 1, &header);
    }
    append->last.sequence = self->sequence;
    append->time_us = append->event_count > 0 ? self->time_us : self->now_us;
    note_erased(self, append);
    put_pendings(self, append);
    if (append->command_row != NULL) {
        put_command(self, append);
    }
    return put_aliases(self, append);
}

static void put_meta(struct hub_log *log)
{
    struct hub_writing *self = log->writing;
    if (self->admission.sums_are_new || self->loose_is_new) {
        hub_meta_put_sums(self->batch, &self->admission.sums, log->meta.epoch, self->loose);
        self->admission.sums_are_new = false;
    }
    if (self->loose_is_new) {
        hub_meta_put_loose(self->batch, self->loose);
        self->loose_is_new = false;
    }
    if (pthread_mutex_trylock(&log->mark_lock) != 0) { /* a thread that waits for its turn may have it */
        return;
    }
    if (log->mark_is_new) {
        hub_meta_put_mark(self->batch, &log->mark);
        log->mark_is_new = false;
    }
    pthread_mutex_unlock(&log->mark_lock);
}

/* --- The batch --- */

static void count_figures(struct hub_log *log, struct hub_append *const *appends, size_t count)
{
    struct hub_log_counters *counters = &log->counters;
    uint64_t appended = 0, conflicts = 0, full = 0, events = 0;
    for (size_t i = 0; i < count; i++) {
        appended += appends[i]->result == HUB_APPENDED;
        conflicts += appends[i]->result == HUB_APPEND_CONFLICT;
        full += appends[i]->result == HUB_APPEND_FULL;
        events += appends[i]->result == HUB_APPENDED ? appends[i]->event_count : 0;
    }
    atomic_fetch_add_explicit(&counters->batches, appended > 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->appends, appended, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->conflicts, conflicts, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->refused_full, full, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->events, events, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->bytes, log->writing->bytes, memory_order_relaxed);
}

/* Settled rows go last: a row may be settled in the batch that brings it, and a memtable takes rows in ascending order
 * without searching, which new and old pending rows in turn would spoil. */
static void put_settles(struct hub_writing *self, const struct hub_append *append)
{
    for (unsigned i = 0; i < append->settle_count; i++) {
        hub_rocks_delete(self->batch, HUB_FAMILY_pending, HUB_KEY_SPAN(append->settles[i]));
    }
}

/* Build the batch of the admitted appends. Returns how many there are, or < 0 for a read error. */
static ssize_t put_all(struct hub_log *log, struct hub_append *const *appends, size_t count)
{
    struct hub_writing *self = log->writing;
    ssize_t admitted = 0;
    self->now_us = hub_now_us(log->world);
    self->bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (appends[i]->result != HUB_APPENDED) {
            continue;
        }
        if (put_append(log, appends[i]) < 0) {
            return -1;
        }
        admitted++;
    }
    for (size_t i = 0; i < count; i++) {
        if (appends[i]->result == HUB_APPENDED) {
            put_settles(self, appends[i]);
        }
    }
    hub_tags_flush(&self->tags, self->batch);
    return admitted;
}

static int write_batch(struct hub_log *log, char *ret_why, size_t why_size)
{
    struct hub_writing *self = log->writing;
    char words[256] = "";
    put_meta(log);
    if (hub_rocks_write_ahead(log->db, self->batch, words, sizeof words) < 0) {
        snprintf(ret_why, why_size, "The log in %s cannot be written: %s.", log->data_dir, words);
        return -1;
    }
    struct hub_point at = {
        .sequence = self->sequence, .hash = self->hash, .loose = self->loose, .batch = ++self->batches
    };
    hub_durable_note(log, &at, hub_buf_span(&self->erased));
    hub_buf_clear(&self->erased);
    return 0;
}

static int store_keys(struct hub_log *log, char *ret_why, size_t why_size)
{
    struct hub_writing *self = log->writing;
    size_t count = self->keys.len / sizeof(struct hub_new_key);
    if (count == 0) {
        return 0;
    }
    assert(log->keyring != NULL);
    int result = hub_keyring_store(log->keyring, (const struct hub_new_key *) self->keys.at, count);
    wipe_keys(self);
    if (result < 0) {
        snprintf(ret_why, why_size, "New keys cannot be stored in %s/keys: %s.", log->data_dir, strerror(errno));
    }
    return result;
}

static int sink_put(void *arg, struct hub_append *const *appends, size_t count, char *ret_why, size_t why_size)
{
    struct hub_log *log = arg;
    look_at_space(log);
    if (admit_all(log, appends, count) < 0) {
        snprintf(ret_why, why_size, "The log in %s cannot be read.", log->data_dir);
        return -1;
    }
    if (store_keys(log, ret_why, why_size) < 0) {
        return -1;
    }
    ssize_t admitted = put_all(log, appends, count);
    if (admitted < 0) {
        snprintf(ret_why, why_size, "The log in %s cannot be read.", log->data_dir);
        return -1;
    }
    if (admitted > 0 && write_batch(log, ret_why, why_size) < 0) {
        return -1;
    }
    count_figures(log, appends, count);
    return 0;
}

static int sink_sync(void *arg, char *ret_why, size_t why_size)
{
    return hub_durable_sync(arg, ret_why, why_size);
}

static int sink_write(void *arg, struct hub_append *const *appends, size_t count, char *ret_why, size_t why_size)
{
    int result = count > 0 ? sink_put(arg, appends, count, ret_why, why_size) : 0;
    return result < 0 ? result : sink_sync(arg, ret_why, why_size);
}

struct hub_log_sink hub_log_sink(struct hub_log *self)
{
    assert(self->writing != NULL);
    return (struct hub_log_sink){ .write = sink_write, .put = sink_put, .sync = sink_sync, .self = self };
}
