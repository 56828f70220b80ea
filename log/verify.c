/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Proves that a log is whole.
 *
 * The chain is walked once. On the way every index row that an event must have is added to a fingerprint: a sum of keyed
 * hashes, which does not depend on order. Then each index is walked once, its rows are added up likewise, and the sums
 * must agree: no row is missing, wrong or left over. Three walks in order instead of a look-up for each row. Only when
 * sums differ are rows looked up one by one, to name the position. */
#include "log/verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/pack.h"
#include "log/cursor.h"
#include "log/keys.h"
#include "log/rows.h"

enum { STEPS = 4096, WALKS = 3 };

struct fingerprint {
    uint64_t a, b;
};

struct verify {
    struct hub_log *log;
    const struct hub_verify_options *options;
    struct hub_verify_report *report;
    uint64_t head;
    uint64_t done;
    bool stopped;
    uint64_t seed[2];
    struct fingerprint streams, tags; /* what the events ask for, minus what the indexes hold */
};

int hub_verify_tail(struct hub_log *log, const struct hub_mark *mark, uint64_t head,
                    struct hub_verify_report *ret_report)
{
    struct hub_chain_walk walk;
    struct hub_stored event;
    int result = hub_chain_walk_init(&walk, log, mark, head, ret_report);
    if (result == 0) {
        do {
            result = hub_chain_walk_next(&walk, &event, ret_report);
        } while (result == 1);
    }
    hub_chain_walk_done(&walk);
    return result;
}

/* --- Fingerprints --- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 29;
}

static uint64_t hash_row(uint64_t seed, const struct hub_name *name, uint64_t number, uint64_t sequence)
{
    uint64_t hash = mix(seed, name->b[16]);
    for (int i = 0; i < 4; i++) {
        uint64_t word;
        memcpy(&word, name->b + (i < 2 ? 8 * i : 8 * i + 1), sizeof word);
        hash = mix(hash, word);
    }
    return mix(mix(hash, number), sequence);
}

static void add(const struct verify *self, struct fingerprint *sum, const struct hub_name *name, uint64_t number,
                uint64_t sequence)
{
    sum->a += hash_row(self->seed[0], name, number, sequence);
    sum->b += hash_row(self->seed[1], name, number, sequence);
}

static void subtract(const struct verify *self, struct fingerprint *sum, const struct hub_name *name, uint64_t number,
                     uint64_t sequence)
{
    sum->a -= hash_row(self->seed[0], name, number, sequence);
    sum->b -= hash_row(self->seed[1], name, number, sequence);
}

static bool agrees(const struct fingerprint *sum)
{
    return sum->a == 0 && sum->b == 0;
}

/* --- The walks --- */

/* One step done. Returns -1 when the caller wants to stop. */
static int advance(struct verify *self)
{
    uint64_t total = WALKS * self->head;
    self->done++;
    if (self->options->on_progress == NULL || (self->done % STEPS != 0 && self->done != total)) {
        return 0;
    }
    self->stopped = !self->options->on_progress(self->options->arg, self->done, total);
    return self->stopped ? -1 : 0;
}

static struct hub_name stream_name(const struct event_header *header)
{
    return hub_name(&header->company, (uint8_t) header->kind, header->entity.b);
}

static int walk_chain(struct verify *self)
{
    static const struct hub_mark start = { 0 };
    struct hub_chain_walk walk;
    struct hub_stored event;
    int result = hub_chain_walk_init(&walk, self->log, &start, self->head, self->report);
    while (result == 0 && (result = hub_chain_walk_next(&walk, &event, self->report)) == 1) {
        struct hub_name name = stream_name(&event.header), tags[HUB_EVENT_TAGS];
        add(self, &self->streams, &name, event.header.version, event.header.sequence);
        unsigned count = hub_event_tags(&event.header, tags);
        for (unsigned i = 0; i < count; i++) {
            add(self, &self->tags, &tags[i], 0, event.header.sequence);
        }
        result = advance(self);
    }
    hub_chain_walk_done(&walk);
    return result;
}

/* The stream row before, to see that versions are dense and sequences grow. */
struct stream_before {
    struct hub_name name;
    uint64_t version, sequence;
};

static int check_stream_row(struct verify *self, struct hub_span key, struct hub_span value,
                            struct stream_before *before)
{
    if (key.len != HUB_NAMED_KEY || value.len != 8) {
        return hub_verify_fault(self->report, before->sequence, "a row of the stream index after it is damaged");
    }
    struct stream_before row = { .version = hub_get_be64(key.at + HUB_NAME), .sequence = hub_get_be64(value.at) };
    memcpy(row.name.b, key.at, HUB_NAME);
    if (row.sequence > self->head) {
        return 0;
    }
    bool same = memcmp(row.name.b, before->name.b, HUB_NAME) == 0;
    if (row.version != (same ? before->version + 1 : 1)) {
        return hub_verify_fault(self->report, row.sequence, "the stream index jumps to version %llu of its stream",
                                (unsigned long long) row.version);
    }
    if (same && row.sequence <= before->sequence) {
        return hub_verify_fault(self->report, row.sequence,
                                "the stream index is out of order at version %llu of its stream",
                                (unsigned long long) row.version);
    }
    subtract(self, &self->streams, &row.name, row.version, row.sequence);
    *before = row;
    return advance(self);
}

static int check_tag_row(struct verify *self, struct hub_span key, struct hub_span value, struct hub_buf *sequences)
{
    if (hub_tag_row_decode(key, value, sequences) < 0) {
        uint64_t sequence = key.len == HUB_NAMED_KEY ? hub_get_be64(key.at + HUB_NAME) : 0;
        return hub_verify_fault(self->report, sequence, "the row of the tag index that begins with it is damaged");
    }
    struct hub_name name;
    memcpy(name.b, key.at, HUB_NAME);
    for (size_t at = 0; at < sequences->len; at += sizeof(uint64_t)) {
        uint64_t sequence;
        memcpy(&sequence, sequences->at + at, sizeof sequence);
        if (sequence > self->head) {
            break;
        }
        subtract(self, &self->tags, &name, 0, sequence);
        if (name.b[16] == HUB_TAG_type && advance(self) < 0) {
            return -1;
        }
    }
    return 0;
}

static int check_command_row(struct verify *self, struct hub_span key, struct hub_span value)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct command_row row;
    int result = hub_unpack(&command_row_shape, value, arena, &row, NULL);
    hub_arena_destroy(&arena);
    return result == 0 && key.len == HUB_COMMAND_ID
               ? 0
               : hub_verify_fault(self->report, 0, "a row of the command ids is damaged");
}

/* Any other row, by its length. */
static int check_plain_row(struct verify *self, enum hub_family family, struct hub_span key, struct hub_span value)
{
    if (family == HUB_FAMILY_command) {
        return check_command_row(self, key, value);
    }
    if (family == HUB_FAMILY_alias && (key.len != HUB_NAME || value.len != sizeof(struct hub_ulid))) {
        return hub_verify_fault(self->report, 0, "a row of the aliases is damaged");
    }
    if (family == HUB_FAMILY_pending && key.len != HUB_PENDING_KEY) {
        return hub_verify_fault(self->report, 0, "a pending row is damaged");
    }
    return 0;
}

static int walk_family(struct verify *self, enum hub_family family)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new(self->log->db, family, NULL, hub_span(NULL), hub_span(NULL));
    struct stream_before before = { .version = 0 };
    struct hub_buf sequences;
    hub_buf_init(&sequences);
    int result = 0;
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_span key = hub_rocks_iter_key(iter), value = hub_rocks_iter_value(iter);
        result = family == HUB_FAMILY_stream ? check_stream_row(self, key, value, &before)
                 : family == HUB_FAMILY_tag  ? check_tag_row(self, key, value, &sequences)
                                             : check_plain_row(self, family, key, value);
    }
    char words[120];
    if (result == 0 && hub_rocks_iter_error(iter, words, sizeof words) < 0) {
        result = hub_verify_fault(self->report, before.sequence, "the %s index cannot be read after it: %s",
                                  hub_log_families[family], words);
    }
    hub_rocks_iter_destroy(&iter);
    hub_buf_done(&sequences);
    return result;
}

/* --- Naming what is wrong --- */

/* The stream row of an event. */
static int probe_stream(struct verify *self, const struct event_header *header)
{
    struct hub_name name = stream_name(header);
    struct hub_named_key key = hub_named_key(&name, header->version);
    struct hub_buf value;
    hub_buf_init(&value);
    int got = hub_rocks_get(self->log->db, HUB_FAMILY_stream, NULL, HUB_KEY_SPAN(key), &value);
    bool right = got == 0 && value.len == 8 && hub_get_be64(value.at) == header->sequence;
    hub_buf_done(&value);
    if (right) {
        return 0;
    }
    return hub_verify_fault(self->report, header->sequence,
                            got == 0 ? "the stream index names another event for its version"
                                     : "its row of the stream index is missing");
}

static int probe_tag(struct verify *self, const struct hub_name *tag, uint64_t sequence)
{
    static const char *const names[] = {
        [HUB_TAG_subject] = "subject", [HUB_TAG_session] = "session", [HUB_TAG_type] = "type"
    };
    struct hub_cursor cursor;
    uint64_t found;
    hub_cursor_open(&cursor, self->log->db, true, tag);
    cursor.from = cursor.to = sequence;
    int result = hub_cursor_next(&cursor, &found);
    hub_cursor_done(&cursor);
    return result == 1 ? 0 : hub_verify_fault(self->report, sequence, "the %s tag does not find it", names[tag->b[16]]);
}

/* An event whose rows are not there. Returns 0 when all have theirs. */
static int name_missing_row(struct verify *self)
{
    struct hub_scan *scan = hub_scan_all(self->log, 1, self->head);
    struct hub_stored event;
    int result;
    hub_scan_headers_only(scan);
    while ((result = hub_scan_next(scan, &event)) == 1) {
        struct hub_name tags[HUB_EVENT_TAGS];
        unsigned count = hub_event_tags(&event.header, tags);
        result = probe_stream(self, &event.header);
        for (unsigned i = 0; result == 0 && i < count; i++) {
            result = probe_tag(self, &tags[i], event.header.sequence);
        }
        if (result < 0) {
            break;
        }
    }
    hub_scan_close(&scan);
    return result;
}

/* Whether the event at `sequence` has this tag. */
static bool has_tag(struct verify *self, uint64_t sequence, const struct hub_name *tag)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored event;
    bool found = false;
    if (hub_log_read(self->log, (struct hub_position){ sequence }, arena, &event) == 0) {
        struct hub_name tags[HUB_EVENT_TAGS];
        unsigned count = hub_event_tags(&event.header, tags);
        for (unsigned i = 0; i < count; i++) {
            found |= memcmp(tags[i].b, tag->b, HUB_NAME) == 0;
        }
    }
    hub_arena_destroy(&arena);
    return found;
}

/* A sequence of a tag row whose event does not have the tag. */
static int name_surplus_tag(struct verify *self)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new(self->log->db, HUB_FAMILY_tag, NULL, hub_span(NULL),
                                                     hub_span(NULL));
    struct hub_buf sequences;
    hub_buf_init(&sequences);
    int result = 0;
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_name name;
        result = hub_tag_row_decode(hub_rocks_iter_key(iter), hub_rocks_iter_value(iter), &sequences);
        memcpy(name.b, hub_rocks_iter_key(iter).at, HUB_NAME);
        for (size_t at = 0; result == 0 && at < sequences.len; at += sizeof(uint64_t)) {
            uint64_t sequence;
            memcpy(&sequence, sequences.at + at, sizeof sequence);
            if (sequence <= self->head && !has_tag(self, sequence, &name)) {
                result = hub_verify_fault(self->report, sequence,
                                          "a tag index names it, but it does not have that tag");
            }
        }
    }
    hub_rocks_iter_destroy(&iter);
    hub_buf_done(&sequences);
    return result;
}

static int compare_indexes(struct verify *self)
{
    if (agrees(&self->streams) && agrees(&self->tags)) {
        return 0;
    }
    if (name_missing_row(self) < 0 || name_surplus_tag(self) < 0) {
        return -1;
    }
    return hub_verify_fault(self->report, 0, "the stream index has rows that belong to no event");
}

enum hub_verdict hub_log_verify(struct hub_log *log, const struct hub_verify_options *options,
                                struct hub_verify_report *ret_report, uint64_t *ret_events)
{
    struct verify self = { .log = log, .options = options, .report = ret_report, .head = hub_log_commit(log).sequence };
    log->world->random(log->world->self, self.seed, sizeof self.seed);
    static const enum hub_family indexes[] = { HUB_FAMILY_stream, HUB_FAMILY_tag, HUB_FAMILY_command, HUB_FAMILY_alias,
                                               HUB_FAMILY_pending };
    *ret_report = (struct hub_verify_report){ 0 };
    int result = walk_chain(&self);
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0] && result == 0; i++) {
        result = walk_family(&self, indexes[i]);
    }
    if (result == 0) {
        result = compare_indexes(&self);
    }
    *ret_events = self.head;
    return result == 0 ? HUB_VERDICT_sound : self.stopped ? HUB_VERDICT_stopped : HUB_VERDICT_faulty;
}
