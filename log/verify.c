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
#include "log/cursor.h"
#include "log/keys.h"

enum { STEPS = 4096, WALKS = 3 };

struct fingerprint {
    uint64_t a, b;
};

struct verify {
    struct hub_log *log;
    const struct hub_verify_options *options;
    struct hub_verify_report *report;
    uint64_t head;
    uint64_t from, to; /* what is looked at, inclusive */
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
    uint64_t total = WALKS * (self->to + 1 - self->from);
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
    struct hub_mark start = { .sequence = self->from - 1 };
    struct hub_chain_walk walk;
    struct hub_stored event;
    if (self->from > 1 && hub_store_hash(self->log, start.sequence, &start.hash) != 0) {
        return hub_verify_fault(self->report, start.sequence, "its header is missing");
    }
    int result = hub_chain_walk_init(&walk, self->log, &start, self->to, self->report);
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

static bool is_asked_for(const struct verify *self, uint64_t sequence)
{
    return sequence >= self->from && sequence <= self->to;
}

/* A row of an index behind the last event: a writer is just putting one there, a follower sees whole batches only. */
static int check_beyond(struct verify *self, uint64_t sequence)
{
    return self->log->mode == HUB_LOG_WRITE
               ? 0
               : hub_verify_fault(self->report, sequence, "an index names it, but the log ends at %llu",
                                  (unsigned long long) self->head);
}

/* Headers and payloads end together. */
static int check_end(struct verify *self)
{
    struct hub_heads_found found;
    if (self->log->mode == HUB_LOG_WRITE) {
        return 0;
    }
    if (hub_store_ends(self->log, &found) < 0) {
        return hub_verify_fault(self->report, self->head + 1, "its row is damaged");
    }
    return found.header == found.payload
               ? 0
               : hub_verify_fault(self->report, hub_heads_common(&found) + 1, "its %s is missing",
                                  found.header < found.payload ? "header" : "payload");
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
        return check_beyond(self, row.sequence);
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
    *before = row;
    if (!is_asked_for(self, row.sequence)) {
        return 0;
    }
    subtract(self, &self->streams, &row.name, row.version, row.sequence);
    return advance(self);
}

/* The tag row before: rows of one tag do not overlap, and a subject is asked for its key once. */
struct tag_before {
    struct hub_name name;
    uint64_t last;            /* sequence that it names */
    struct hub_buf sequences; /* scratch */
};

static int check_key(struct verify *self, const struct hub_name *name, uint64_t sequence)
{
    struct hub_ulid company, subject;
    memcpy(company.b, name->b, sizeof company.b);
    memcpy(subject.b, name->b + 17, sizeof subject.b);
    return self->options->has_key(self->options->key_arg, company, subject)
               ? 0
               : hub_verify_fault(self->report, sequence,
                                  "keys/ has no key for its subject, and no event says that it was erased");
}

/* One sequence that a tag row names. */
static int check_tagged(struct verify *self, const struct hub_name *name, uint64_t sequence, bool is_new)
{
    if (sequence > self->head) {
        return check_beyond(self, sequence);
    }
    if (!is_asked_for(self, sequence)) {
        return 0;
    }
    if (is_new && name->b[16] == HUB_TAG_subject && self->options->has_key != NULL &&
        check_key(self, name, sequence) < 0) {
        return -1;
    }
    subtract(self, &self->tags, name, 0, sequence);
    return name->b[16] == HUB_TAG_type ? advance(self) : 0;
}

static int check_tag_row(struct verify *self, struct hub_span key, struct hub_span value, struct tag_before *before)
{
    if (hub_tag_row_decode(key, value, &before->sequences) < 0) {
        uint64_t sequence = key.len == HUB_NAMED_KEY ? hub_get_be64(key.at + HUB_NAME) : 0;
        return hub_verify_fault(self->report, sequence, "the row of the tag index that begins with it is damaged");
    }
    struct hub_name name;
    memcpy(name.b, key.at, HUB_NAME);
    bool is_new = memcmp(name.b, before->name.b, HUB_NAME) != 0;
    uint64_t first = hub_get_be64(key.at + HUB_NAME);
    if (!is_new && first <= before->last) {
        return hub_verify_fault(self->report, first, "the tag index names it twice");
    }
    before->name = name;
    memcpy(&before->last, before->sequences.at + before->sequences.len - sizeof before->last, sizeof before->last);
    for (size_t at = 0; at < before->sequences.len; at += sizeof(uint64_t)) {
        uint64_t sequence;
        memcpy(&sequence, before->sequences.at + at, sizeof sequence);
        if (check_tagged(self, &name, sequence, is_new && at == 0) < 0) {
            return -1;
        }
    }
    return 0;
}

static int walk_family(struct verify *self, enum hub_family family)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(self->log->db, family, hub_span(NULL), hub_span(NULL));
    struct stream_before stream = { .version = 0 };
    struct tag_before tag = { .name = { { 0 } } };
    hub_buf_init(&tag.sequences);
    int result = 0;
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_span key = hub_rocks_iter_key(iter), value = hub_rocks_iter_value(iter);
        result = family == HUB_FAMILY_stream ? check_stream_row(self, key, value, &stream)
                                             : check_tag_row(self, key, value, &tag);
    }
    char words[120];
    if (result == 0 && hub_rocks_iter_error(iter, words, sizeof words) < 0) {
        result = hub_verify_fault(self->report, stream.sequence, "the %s index cannot be read after it: %s",
                                  hub_log_families[family], words);
    }
    hub_rocks_iter_destroy(&iter);
    hub_buf_done(&tag.sequences);
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
    struct hub_scan *scan = hub_scan_all(self->log, self->from, self->to);
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

/* Whether the event at `sequence` asks for this row. */
static bool asks_for(struct verify *self, enum hub_family family, const struct hub_name *name, uint64_t version,
                     uint64_t sequence)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored event;
    bool found = false;
    if (hub_log_read(self->log, (struct hub_position){ sequence }, arena, &event) == 0) {
        struct hub_name names[HUB_EVENT_TAGS] = { stream_name(&event.header) };
        bool is_tag = family == HUB_FAMILY_tag;
        unsigned count = is_tag ? hub_event_tags(&event.header, names) : 1;
        for (unsigned i = 0; i < count; i++) {
            found |= memcmp(names[i].b, name->b, HUB_NAME) == 0 && (is_tag || event.header.version == version);
        }
    }
    hub_arena_destroy(&arena);
    return found;
}

/* A row of an index that its event does not ask for. */
static int check_surplus(struct verify *self, enum hub_family family, struct hub_span key, struct hub_buf *sequences)
{
    struct hub_name name;
    uint64_t number = hub_get_be64(key.at + HUB_NAME);
    memcpy(name.b, key.at, HUB_NAME);
    for (size_t at = 0; at < sequences->len; at += sizeof(uint64_t)) {
        uint64_t sequence;
        memcpy(&sequence, sequences->at + at, sizeof sequence);
        if (is_asked_for(self, sequence) && !asks_for(self, family, &name, number, sequence)) {
            return hub_verify_fault(self->report, sequence, "the %s index names it, but it does not have that %s",
                                    hub_log_families[family], family == HUB_FAMILY_tag ? "tag" : "stream and version");
        }
    }
    return 0;
}

static int name_surplus_row(struct verify *self, enum hub_family family)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(self->log->db, family, hub_span(NULL), hub_span(NULL));
    struct hub_buf sequences;
    hub_buf_init(&sequences);
    int result = 0;
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_span key = hub_rocks_iter_key(iter), value = hub_rocks_iter_value(iter);
        uint64_t sequence = value.len == 8 ? hub_get_be64(value.at) : 0;
        hub_buf_clear(&sequences);
        if (family == HUB_FAMILY_stream && key.len == HUB_NAMED_KEY) {
            hub_buf_put(&sequences, &sequence, sizeof sequence);
        } else if (family == HUB_FAMILY_stream || hub_tag_row_decode(key, value, &sequences) < 0) {
            continue; /* was named already */
        }
        result = check_surplus(self, family, key, &sequences);
    }
    hub_rocks_iter_destroy(&iter);
    hub_buf_done(&sequences);
    return result;
}

/* Something is wrong with the indexes. The event that misses its row is a better answer than where that was noticed. */
static int name_culprit(struct verify *self)
{
    const struct hub_verify_report noticed = *self->report;
    if (name_missing_row(self) < 0) {
        return -1;
    }
    if (noticed.what[0] == '\0' &&
        (name_surplus_row(self, HUB_FAMILY_tag) < 0 || name_surplus_row(self, HUB_FAMILY_stream) < 0)) {
        return -1;
    }
    *self->report = noticed;
    return noticed.what[0] != '\0' ? -1
                                   : hub_verify_fault(self->report, 0, "an index has a row that belongs to no event");
}

static int compare_indexes(struct verify *self)
{
    int result = walk_family(self, HUB_FAMILY_stream);
    if (result == 0) {
        result = walk_family(self, HUB_FAMILY_tag);
    }
    if (self->stopped || (result == 0 && agrees(&self->streams) && agrees(&self->tags))) {
        return result;
    }
    return name_culprit(self);
}

static enum hub_verdict look(struct hub_log *log, const struct hub_verify_options *options,
                             struct hub_verify_report *ret_report, uint64_t *ret_events)
{
    struct verify self = { .log = log, .options = options, .report = ret_report, .head = hub_log_commit(log).sequence };
    bool is_whole = options->from <= 1 && (options->to == 0 || options->to >= self.head);
    self.from = options->from == 0 ? 1 : options->from;
    self.to = options->to == 0 || options->to > self.head ? self.head : options->to;
    log->world->random(log->world->self, self.seed, sizeof self.seed);
    *ret_report = (struct hub_verify_report){ 0 };
    *ret_events = self.to < self.from ? 0 : self.to + 1 - self.from;
    int result = *ret_events == 0 && !is_whole ? 0 : walk_chain(&self);
    if (result == 0 && self.to == self.head) {
        result = check_end(&self);
    }
    if (result == 0) {
        result = compare_indexes(&self);
    }
    if (result == 0 && is_whole) {
        result = hub_verify_rows(log, self.head, ret_report);
    }
    return result == 0 ? HUB_VERDICT_sound : self.stopped ? HUB_VERDICT_stopped : HUB_VERDICT_faulty;
}

enum hub_verdict hub_log_verify(struct hub_log *log, const struct hub_verify_options *options,
                                struct hub_verify_report *ret_report, uint64_t *ret_events)
{
    enum hub_verdict verdict = look(log, options, ret_report, ret_events);
    if (verdict == HUB_VERDICT_faulty && log->mode == HUB_LOG_FOLLOW && hub_log_catch_up(log) == 0) {
        verdict = look(log, options, ret_report, ret_events);
    }
    return verdict;
}
