/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Readers that walk events: everything by two iterators side by side, a stream or a tag by its index. */
#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/cursor.h"
#include "log/payload.h"
#include "log/store.h"
#include "log/stored.h"

enum {
    SOURCES = 2,
    WINDOW = HUB_SCAN_AHEAD + 1,
    AHEAD_STEP = 2, /* rows read for one that is given, until the window is full: a scan that ends soon reads little */
};

_Static_assert((WINDOW & (WINDOW - 1)) == 0, "the ring's numbers may wrap");

/* A row that is waiting for its turn, or is given. */
struct ahead {
    struct hub_stored event; /* points into bytes */
    struct hub_buf bytes;    /* header row, payload */
};

/* One index of a merge. */
struct source {
    struct hub_cursor cursor;
    bool is_open;
    bool has_next;
    uint64_t next;
};

struct hub_scan {
    struct hub_log *log;
    struct hub_arena *arena; /* for the decoder */
    bool headers_only;
    bool backwards;

    /* Everything: rows in order, some of them read ahead. */
    uint64_t at, to; /* next sequence to be read and the last; at > to: at the end */
    struct hub_rocks_iter *headers;
    struct hub_payload_walk payloads; /* not open where only headers are wanted */
    struct ahead window[WINDOW];      /* a ring */
    unsigned read, given;             /* so far; the last one given is in the window still */
    bool is_broken;                   /* the next row cannot be read */

    /* An index: sequences from up to two sources, rows by key. */
    bool by_index;
    struct source sources[SOURCES];
    uint64_t sequences[HUB_ROCKS_MANY]; /* fetched at once */
    unsigned count, next;               /* how many, and the next one to hand out */
    unsigned ahead;                     /* how many to fetch the next time */
    struct hub_rocks_values header_rows, payload_rows;
    struct hub_archive_pieces pieces;
    size_t header_at, payload_at; /* where the next ones begin */
};

static uint64_t bound(struct hub_log *log, uint64_t to)
{
    uint64_t commit = hub_log_commit(log).sequence;
    return to == 0 || to > commit ? commit : to;
}

static struct hub_scan *scan_new(struct hub_log *log, uint64_t from, uint64_t to)
{
    struct hub_scan *self = hub_memory_new(sizeof *self);
    *self = (struct hub_scan){ .log = log, .at = from == 0 ? 1 : from, .to = bound(log, to) };
    self->arena = hub_arena_new(0);
    for (unsigned i = 0; i < WINDOW; i++) {
        hub_buf_init(&self->window[i].bytes);
    }
    hub_buf_init(&self->header_rows.bytes);
    hub_buf_init(&self->payload_rows.bytes);
    hub_archive_pieces_init(&self->pieces);
    return self;
}

struct hub_scan *hub_scan_all(struct hub_log *log, uint64_t from, uint64_t to)
{
    return scan_new(log, from, to);
}

static void add_source(struct hub_scan *self, bool is_tag, const struct hub_name *name)
{
    struct source *source = &self->sources[self->sources[0].is_open];
    hub_cursor_open(&source->cursor, self->log->db, is_tag, name);
    source->cursor.from = self->at;
    source->cursor.to = self->to;
    source->cursor.backwards = self->backwards;
    source->is_open = true;
    self->by_index = true;
}

struct hub_scan *hub_scan_stream(struct hub_log *log, const struct hub_stream *stream, uint64_t from_version,
                                 uint64_t to_position)
{
    struct hub_scan *self = scan_new(log, 1, to_position);
    struct hub_name name = hub_name_of_stream(stream);
    add_source(self, false, &name);
    self->sources[0].cursor.version = from_version;
    return self;
}

struct hub_scan *hub_scan_tag(struct hub_log *log, const struct hub_tag_range *range)
{
    struct hub_scan *self = scan_new(log, range->from, range->to);
    self->backwards = range->backwards;
    struct hub_name name = hub_name(&range->company, (uint8_t) range->tag, range->id.b);
    add_source(self, true, &name);
    if (range->tag == HUB_TAG_session) {
        struct hub_name own = hub_name(&range->company, HUB_STREAM_SESSION, range->id.b);
        add_source(self, false, &own);
    }
    return self;
}

void hub_scan_headers_only(struct hub_scan *self)
{
    self->headers_only = true;
}

/* --- Everything --- */

static void open_rows(struct hub_scan *self)
{
    struct hub_sequence_key lower = hub_sequence_key(self->at), upper = hub_sequence_key(self->to + 1);
    self->headers = hub_rocks_iter_new(self->log->db, HUB_FAMILY_header, NULL, HUB_KEY_SPAN(lower),
                                       HUB_KEY_SPAN(upper));
    hub_rocks_iter_first(self->headers);
    if (!self->headers_only) {
        hub_payload_walk_open(&self->payloads, self->log, self->at, self->to, false);
    }
}

/* The value of the row at `sequence`, where the iterator must stand. Returns false when it stands elsewhere. */
static bool row_of(struct hub_rocks_iter *iter, uint64_t sequence, struct hub_span *ret_value)
{
    if (!hub_rocks_iter_valid(iter)) {
        return false;
    }
    struct hub_span key = hub_rocks_iter_key(iter);
    if (key.len != 8 || hub_get_be64(key.at) != sequence) {
        return false;
    }
    *ret_value = hub_rocks_iter_value(iter);
    return true;
}

/* Move to the next row, or open at the first. */
static void step(struct hub_scan *self)
{
    if (self->headers == NULL) {
        open_rows(self);
    } else {
        hub_rocks_iter_next(self->headers);
    }
}

/* Read the next row into the window. Returns false when it is missing or damaged. */
static bool read_row(struct hub_scan *self)
{
    struct ahead *ahead = &self->window[self->read % WINDOW];
    struct hub_span row, payload = { NULL, 0 };
    char why[HUB_ARCHIVE_WORDS];
    step(self);
    if (!row_of(self->headers, self->at, &row) ||
        (self->payloads.iter != NULL &&
         hub_payload_walk_next(&self->payloads, self->at, &payload, why, sizeof why) < 0)) {
        return false;
    }
    hub_buf_clear(&ahead->bytes);
    hub_buf_put(&ahead->bytes, row.at, row.len);
    hub_buf_put(&ahead->bytes, payload.at, payload.len);
    if (hub_stored_decode(hub_span_of(ahead->bytes.at, row.len), self->at, self->arena, &ahead->event) < 0) {
        return false;
    }
    ahead->event.payload = hub_span_of(ahead->bytes.at + row.len, payload.len);
    self->read++;
    self->at++;
    return true;
}

static int next_row(struct hub_scan *self, struct hub_stored *ret_event)
{
    for (unsigned i = 0; i < AHEAD_STEP && self->read - self->given < HUB_SCAN_AHEAD + 1u; i++) {
        if (self->is_broken || self->at > self->to) {
            break;
        }
        self->is_broken = !read_row(self);
    }
    if (self->read == self->given) {
        return self->is_broken ? -1 : 0;
    }
    *ret_event = self->window[self->given++ % WINDOW].event;
    return 1;
}

const struct hub_stored *hub_scan_ahead(const struct hub_scan *self, unsigned distance)
{
    assert(distance > 0 && distance <= HUB_SCAN_AHEAD);
    return self->read - self->given < distance ? NULL : &self->window[(self->given + distance - 1) % WINDOW].event;
}

/* --- By an index --- */

static int refill(struct source *source)
{
    if (!source->is_open || source->has_next) {
        return 0;
    }
    int result = hub_cursor_next(&source->cursor, &source->next);
    source->has_next = result == 1;
    return result < 0 ? result : 0;
}

/* The next sequence of all sources. Returns 1, 0 at the end, < 0. */
static int next_sequence(struct hub_scan *self, uint64_t *ret_sequence)
{
    struct source *best = NULL;
    for (int i = 0; i < SOURCES; i++) {
        struct source *source = &self->sources[i];
        if (refill(source) < 0) {
            return -1;
        }
        if (source->has_next &&
            (best == NULL || (self->backwards ? source->next > best->next : source->next < best->next))) {
            best = source;
        }
    }
    if (best == NULL) {
        return 0;
    }
    *ret_sequence = best->next;
    best->has_next = false;
    return 1;
}

/* Fetch the rows of the next few events: few at first, for a scan that looks at one, and more each time. Returns 1, 0 at
 * the end, < 0. */
static int fetch(struct hub_scan *self)
{
    struct hub_sequence_key keys[HUB_ROCKS_MANY];
    int result = 1;
    self->ahead = self->ahead == 0 ? 2 : self->ahead < HUB_ROCKS_MANY ? 2 * self->ahead : HUB_ROCKS_MANY;
    self->count = self->next = 0;
    self->header_at = self->payload_at = 0;
    while (self->count < self->ahead && (result = next_sequence(self, &self->sequences[self->count])) == 1) {
        keys[self->count] = hub_sequence_key(self->sequences[self->count]);
        self->count++;
    }
    if (result < 0 || self->count == 0) {
        return result;
    }
    struct hub_rocks *db = self->log->db;
    struct hub_span all = hub_span_of(keys, self->count * sizeof keys[0]);
    if (hub_rocks_get_many(db, HUB_FAMILY_header, all, self->count, &self->header_rows) != 0) {
        return -1;
    }
    return self->headers_only ||
                   hub_payload_get_many(self->log, keys, self->count, &self->pieces, &self->payload_rows) == 0
               ? 1
               : -1;
}

static int next_indexed(struct hub_scan *self, struct hub_stored *ret_event)
{
    if (self->next == self->count) {
        int result = fetch(self);
        if (result != 1) {
            self->count = self->next = 0;
            return result;
        }
    }
    unsigned i = self->next++;
    struct hub_span row = hub_span_of(self->header_rows.bytes.at + self->header_at, self->header_rows.lens[i]);
    self->header_at += row.len;
    if (hub_stored_decode(row, self->sequences[i], self->arena, ret_event) < 0) {
        return -1;
    }
    if (!self->headers_only) {
        ret_event->payload = hub_span_of(self->payload_rows.bytes.at + self->payload_at, self->payload_rows.lens[i]);
        self->payload_at += ret_event->payload.len;
    }
    return 1;
}

int hub_scan_next(struct hub_scan *self, struct hub_stored *ret_event)
{
    hub_arena_reset(self->arena);
    return self->by_index ? next_indexed(self, ret_event) : next_row(self, ret_event);
}

void hub_scan_close(struct hub_scan **self_p)
{
    struct hub_scan *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    hub_rocks_iter_destroy(&self->headers);
    hub_payload_walk_done(&self->payloads);
    hub_archive_pieces_done(&self->pieces);
    for (int i = 0; i < SOURCES; i++) {
        if (self->sources[i].is_open) {
            hub_cursor_done(&self->sources[i].cursor);
        }
    }
    for (unsigned i = 0; i < WINDOW; i++) {
        hub_buf_done(&self->window[i].bytes);
    }
    hub_buf_done(&self->header_rows.bytes);
    hub_buf_done(&self->payload_rows.bytes);
    hub_arena_destroy(&self->arena);
    free(self);
    *self_p = NULL;
}
