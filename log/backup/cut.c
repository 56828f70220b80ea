/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Takes back the end of a log. Nobody else has the store open, so it is done in as many batches as it takes. */
#include "log/backup/cut.h"

#include <stdio.h>

#include "base/pack.h"
#include "log/archive/archive.h"
#include "log/chain.h"
#include "log/keys.h"
#include "log/rows.h"
#include "log/store.h"
#include "log/table.h"

enum { ROWS_A_BATCH = 10000, SLOTS = 1024 };

struct cutting {
    struct hub_log *log;
    const struct hub_cut *cut;
    struct hub_cut_done *done;
    struct hub_rocks_batch *batch;
    unsigned rows;            /* in it */
    struct hub_table trimmed; /* tags whose row that spans the end was seen to */
    struct hub_table made;    /* entities that only the removed events know */
    struct hub_table lost;    /* streams that lost events, */
    struct hub_buf streams;   /* and which (struct hub_stream) */
    struct hub_buf value, sequences;
    char *why;
    size_t why_size;
};

static int write_out(struct cutting *self)
{
    self->rows = 0;
    return hub_rocks_write(self->log->db, self->batch, self->why, self->why_size);
}

static int wrote_one(struct cutting *self)
{
    return ++self->rows < ROWS_A_BATCH ? 0 : write_out(self);
}

static struct hub_name name_of_entity(struct hub_ulid entity)
{
    static const struct hub_ulid none;
    return hub_name(&none, 0, entity.b);
}

/* --- Events and their indexes --- */

/* A tag's row that begins before the end and goes on behind it loses what is behind. */
static int trim(struct cutting *self, const struct hub_name *tag)
{
    bool is_new;
    hub_table_put(&self->trimmed, tag, &is_new);
    if (!is_new) {
        return 0;
    }
    struct hub_named_key first = hub_named_key(tag, 0), last = hub_named_key(tag, self->cut->to);
    struct hub_rocks_iter *iter = hub_rocks_iter_new(self->log->db, HUB_FAMILY_tag, NULL, HUB_KEY_SPAN(first),
                                                     hub_span(NULL));
    hub_rocks_iter_seek_back(iter, HUB_KEY_SPAN(last));
    int result = hub_rocks_iter_error(iter, self->why, self->why_size);
    if (result == 0 && hub_rocks_iter_valid(iter)) {
        uint8_t bytes[HUB_VARINT];
        uint64_t before = 0, sequence = 0;
        result = hub_tag_row_decode(hub_rocks_iter_key(iter), hub_rocks_iter_value(iter), &self->sequences);
        hub_buf_clear(&self->value);
        for (size_t at = 0; result == 0 && at < self->sequences.len; at += sizeof sequence, before = sequence) {
            memcpy(&sequence, self->sequences.at + at, sizeof sequence);
            if (at > 0 && sequence <= self->cut->to) {
                hub_buf_put(&self->value, bytes, hub_varint_put(bytes, sequence - before));
            }
        }
        if (result == 0 && sequence > self->cut->to) {
            hub_rocks_put(self->batch, HUB_FAMILY_tag, hub_rocks_iter_key(iter), hub_buf_span(&self->value));
            result = wrote_one(self);
        }
    }
    hub_rocks_iter_destroy(&iter);
    return result;
}

static int cut_event(struct cutting *self, const struct event_header *header)
{
    struct hub_stream stream = { header->company, header->entity, (uint8_t) header->kind };
    struct hub_name name = hub_name_of_stream(&stream), tags[HUB_EVENT_TAGS];
    struct hub_named_key key = hub_named_key(&name, header->version);
    unsigned count = hub_event_tags(header, tags);
    int result = 0;
    hub_rocks_delete(self->batch, HUB_FAMILY_stream, HUB_KEY_SPAN(key));
    bool is_new;
    hub_table_put(&self->lost, &name, &is_new);
    if (is_new && header->version > 1) {
        hub_buf_put(&self->streams, &stream, sizeof stream);
    }
    if (header->version == 1 &&
        !hub_ulid_is(header->entity, header->company)) { /* what has its company's id is its own */
        struct hub_name entity = name_of_entity(header->entity);
        hub_table_put(&self->made, &entity, &is_new);
    }
    for (unsigned i = 0; result == 0 && i < count; i++) {
        struct hub_named_key row = hub_named_key(&tags[i], header->sequence);
        hub_rocks_delete(self->batch, HUB_FAMILY_tag, HUB_KEY_SPAN(row));
        result = trim(self, &tags[i]);
    }
    self->done->events++;
    return result == 0 ? wrote_one(self) : result;
}

static int cut_events(struct cutting *self)
{
    uint64_t head = hub_log_commit(self->log).sequence;
    struct hub_stored event;
    int result = 1;
    if (self->cut->to == head) {
        return 0;
    }
    struct hub_scan *scan = hub_scan_all(self->log, self->cut->to + 1, head);
    hub_scan_headers_only(scan);
    while ((result = hub_scan_next(scan, &event)) == 1 && cut_event(self, &event.header) == 0) {
    }
    hub_scan_close(&scan);
    struct hub_sequence_key first = hub_sequence_key(self->cut->to + 1), end = hub_sequence_key(UINT64_MAX);
    hub_rocks_delete_range(self->batch, HUB_FAMILY_header, HUB_KEY_SPAN(first), HUB_KEY_SPAN(end));
    hub_rocks_delete_range(self->batch, HUB_FAMILY_payload, HUB_KEY_SPAN(first), HUB_KEY_SPAN(end));
    return result != 0 ? -1 : write_out(self);
}

/* --- Rows that are no events --- */

static int cut_command(struct cutting *self, struct hub_span key, struct hub_span value)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct command_row row;
    bool goes = hub_unpack(&command_row_shape, value, arena, &row, NULL) == 0 && row.sequence > self->cut->to;
    hub_arena_destroy(&arena);
    if (!goes) {
        return 0;
    }
    hub_rocks_delete(self->batch, HUB_FAMILY_command, key);
    self->done->commands++;
    return wrote_one(self);
}

static int cut_alias(struct cutting *self, struct hub_span key, struct hub_span value)
{
    struct hub_ulid entity = { { 0 } };
    if (key.len != HUB_NAME || value.len != sizeof entity) {
        return 0;
    }
    memcpy(entity.b, value.at, sizeof entity.b);
    struct hub_name name = name_of_entity(entity);
    if (hub_table_find(&self->made, &name) == NULL) {
        return 0;
    }
    hub_rocks_delete(self->batch, HUB_FAMILY_alias, key);
    self->done->aliases++;
    return wrote_one(self);
}

/* Whether a removed event left the row, in this incarnation or in an earlier one that went as far. Those of appends without events
 * do not say when they were made: follow-ups among them go, since what they follow from may be gone. */
static bool is_of_the_end(const struct cutting *self, const struct hub_pending_key *key)
{
    bool is_loose;
    uint64_t sequence = hub_pending_key_sequence(key, &is_loose);
    if (self->done->events == 0) {
        return false;
    }
    return is_loose ? key->b[0] == HUB_PENDING_follow : sequence > self->cut->to;
}

static int cut_pending(struct cutting *self, struct hub_span at, struct hub_span value)
{
    struct hub_pending_key key, to;
    if (at.len != HUB_PENDING_KEY) {
        return 0;
    }
    memcpy(key.b, at.at, HUB_PENDING_KEY);
    if (is_of_the_end(self, &key)) {
        hub_rocks_delete(self->batch, HUB_FAMILY_pending, at);
        return wrote_one(self);
    }
    if (key.b[0] != HUB_PENDING_follow && key.b[0] != HUB_PENDING_timer && key.b[0] != HUB_PENDING_effect) {
        return 0;
    }
    bool holds = key.b[0] == HUB_PENDING_effect;
    to = key;
    if (holds) { /* the number and the index keep it apart from every other */
        memset(to.b, 0, sizeof to.b - 10);
        to.b[0] = HUB_PENDING_dead;
        hub_rocks_delete(self->batch, HUB_FAMILY_pending, at);
    }
    hub_buf_clear(&self->value);
    bool is_marked = self->cut->mark(self->cut->arg, &key, value, &self->value) == 0;
    hub_rocks_put(self->batch, HUB_FAMILY_pending, HUB_KEY_SPAN(to), is_marked ? hub_buf_span(&self->value) : value);
    self->done->held += holds;
    self->done->waiting += !holds;
    return wrote_one(self);
}

static int walk(struct cutting *self, enum hub_family family,
                int (*each)(struct cutting *self, struct hub_span key, struct hub_span value))
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(self->log->db, family, hub_span(NULL), hub_span(NULL));
    int result = 0;
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        result = each(self, hub_rocks_iter_key(iter), hub_rocks_iter_value(iter));
    }
    if (result == 0) {
        result = hub_rocks_iter_error(iter, self->why, self->why_size);
    }
    hub_rocks_iter_destroy(&iter);
    return result == 0 ? write_out(self) : result;
}

/* --- Timers that had fired --- */

static int add_timer(void *self_, int64_t due_us, struct hub_span value)
{
    struct cutting *self = self_;
    uint64_t restores = (uint64_t) (self->cut->incarnation - 1) << HUB_PENDING_RESTORES;
    uint64_t *loose = &self->log->meta.loose, number;
    *loose = hub_loose_after(*loose, self->cut->to);
    number = HUB_PENDING_LOOSE | restores | *loose;
    struct hub_pending_key key = hub_pending_key_make(HUB_PENDING_timer, due_us, number, 0);
    hub_rocks_put(self->batch, HUB_FAMILY_pending, HUB_KEY_SPAN(key), value);
    self->done->rearmed++;
    return wrote_one(self);
}

static int rearm(struct cutting *self)
{
    const struct hub_cut_adding adding = { .add = add_timer, .self = self };
    int result = 0;
    for (size_t at = 0; result == 0 && self->cut->rearm != NULL && at < self->streams.len;
         at += sizeof(struct hub_stream)) {
        struct hub_stream stream;
        memcpy(&stream, self->streams.at + at, sizeof stream);
        result = self->cut->rearm(self->cut->arg, self->log, &stream, self->cut->to, &adding);
    }
    hub_meta_put_loose(self->batch, self->log->meta.loose);
    return result == 0 ? write_out(self) : result;
}

/* --- The log itself --- */

static int begin_incarnation(struct cutting *self)
{
    struct hub_mark mark = { .sequence = self->cut->to };
    struct hub_log_identity identity = self->log->meta.identity;
    identity.incarnation = self->cut->incarnation;
    if (hub_store_hash(self->log, mark.sequence, &mark.hash) != 0) {
        return -1;
    }
    hub_meta_put_identity(self->batch, &identity);
    hub_meta_put_mark(self->batch, &mark);
    return write_out(self);
}

static int cut_all(struct cutting *self)
{
    int result = cut_events(self);
    if (result == 0) {
        result = hub_archive_thaw(self->log, self->cut->to, self->why, self->why_size);
    }
    if (result == 0) {
        result = walk(self, HUB_FAMILY_command, cut_command);
    }
    if (result == 0) {
        result = walk(self, HUB_FAMILY_alias, cut_alias);
    }
    if (result == 0) {
        result = walk(self, HUB_FAMILY_pending, cut_pending);
    }
    if (result == 0) {
        result = rearm(self);
    }
    return result == 0 ? begin_incarnation(self) : result;
}

int hub_log_cut(struct hub_log *log, const struct hub_cut *cut, struct hub_cut_done *ret_done, char *ret_why,
                size_t why_size)
{
    struct cutting self = { .log = log, .cut = cut, .done = ret_done, .why = ret_why, .why_size = why_size };
    *ret_done = (struct hub_cut_done){ .events = 0 };
    snprintf(ret_why, why_size, "it cannot be read");
    self.batch = hub_rocks_batch_new(log->db);
    hub_table_init(&self.trimmed, SLOTS);
    hub_table_init(&self.made, SLOTS);
    hub_table_init(&self.lost, SLOTS);
    hub_buf_init(&self.streams);
    hub_buf_init(&self.value);
    hub_buf_init(&self.sequences);
    int result = cut_all(&self);
    hub_buf_done(&self.value);
    hub_buf_done(&self.sequences);
    hub_table_done(&self.trimmed);
    hub_table_done(&self.made);
    hub_table_done(&self.lost);
    hub_buf_done(&self.streams);
    hub_rocks_batch_destroy(&self.batch);
    return result == 0 ? 0 : -1;
}

/* --- Erased people --- */

/* The subject of the first event of what an alias names; none when there is no such. */
static struct hub_ulid subject_of(struct hub_log *log, struct hub_span key, struct hub_span value)
{
    static const struct hub_ulid none;
    struct hub_stream stream = { .kind = (uint8_t) key.at[16] };
    struct hub_stored first;
    memcpy(stream.company.b, key.at, sizeof stream.company.b);
    memcpy(stream.entity.b, value.at, sizeof stream.entity.b);
    struct hub_scan *scan = hub_scan_stream(log, &stream, 1, 0);
    hub_scan_headers_only(scan);
    bool has_one = hub_scan_next(scan, &first) == 1 && HUB_HAS(event_header, &first.header, subject);
    struct hub_ulid subject = has_one ? first.header.subject : none;
    hub_scan_close(&scan);
    return subject;
}

int64_t hub_log_forget_aliases(struct hub_log *log, bool (*is_gone)(void *arg, struct hub_ulid subject), void *arg)
{
    struct hub_rocks_batch *batch = hub_rocks_batch_new(log->db);
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(log->db, HUB_FAMILY_alias, hub_span(NULL), hub_span(NULL));
    int64_t count = 0;
    for (hub_rocks_iter_first(iter); hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_span key = hub_rocks_iter_key(iter), value = hub_rocks_iter_value(iter);
        if (key.len != HUB_NAME || value.len != sizeof(struct hub_ulid)) {
            continue;
        }
        struct hub_ulid subject = subject_of(log, key, value);
        if (!hub_ulid_is_none(subject) && is_gone(arg, subject)) {
            hub_rocks_delete(batch, HUB_FAMILY_alias, key);
            count++;
        }
    }
    int result = hub_rocks_iter_error(iter, NULL, 0);
    hub_rocks_iter_destroy(&iter);
    if (result == 0) {
        result = hub_rocks_write(log->db, batch, NULL, 0);
    }
    hub_rocks_batch_destroy(&batch);
    return result < 0 ? -1 : count;
}

int hub_log_each_subject(struct hub_log *log,
                         void (*visit)(void *arg, struct hub_ulid company, struct hub_ulid subject), void *arg)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(log->db, HUB_FAMILY_tag, hub_span(NULL), hub_span(NULL));
    hub_rocks_iter_first(iter);
    while (hub_rocks_iter_valid(iter)) {
        struct hub_span key = hub_rocks_iter_key(iter);
        struct hub_ulid company, subject;
        struct hub_name name;
        if (key.len != HUB_NAMED_KEY) {
            break;
        }
        memcpy(name.b, key.at, HUB_NAME);
        memcpy(company.b, name.b, sizeof company.b);
        memcpy(subject.b, name.b + 17, sizeof subject.b);
        if (name.b[16] == HUB_TAG_subject) {
            visit(arg, company, subject);
        }
        struct hub_named_key next = hub_named_key(&name, UINT64_MAX); /* behind all rows of this tag */
        hub_rocks_iter_seek(iter, HUB_KEY_SPAN(next));
    }
    int result = hub_rocks_iter_valid(iter) ? -1 : hub_rocks_iter_error(iter, NULL, 0);
    hub_rocks_iter_destroy(&iter);
    return result;
}

int hub_log_recount(struct hub_log *log)
{
    static const struct hub_sums nothing;
    struct hub_sums sums;
    if (hub_sums_walk(log->db, &sums) < 0) {
        return -1;
    }
    struct hub_rocks_batch *batch = hub_rocks_batch_new(log->db);
    hub_meta_put_sums(batch, &sums, log->meta.epoch, log->meta.loose);
    hub_meta_put_forgot(batch, &nothing);
    int result = hub_rocks_write(log->db, batch, NULL, 0);
    hub_rocks_batch_destroy(&batch);
    return result;
}
