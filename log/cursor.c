/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Walks the sequences that an index names. Within a stream and within a tag sequences only grow, so the place to begin
 * is found by halving (stream rows, which are keyed by version) or by one seek (tag rows, keyed by sequence). */
#include "log/cursor.h"

void hub_cursor_open(struct hub_cursor *self, struct hub_rocks *db, bool is_tag, const struct hub_name *name)
{
    *self = (struct hub_cursor){ .is_tag = is_tag, .from = 1, .to = UINT64_MAX, .name = *name };
    struct hub_named_key lower = hub_named_key(name, 0), upper = hub_named_key(name, UINT64_MAX);
    self->iter = hub_rocks_iter_new(db, is_tag ? HUB_FAMILY_tag : HUB_FAMILY_stream, NULL, HUB_KEY_SPAN(lower),
                                    HUB_KEY_SPAN(upper));
    hub_buf_init(&self->row);
}

void hub_cursor_done(struct hub_cursor *self)
{
    hub_rocks_iter_destroy(&self->iter);
    hub_buf_done(&self->row);
}

static void step(struct hub_cursor *self)
{
    if (self->backwards) {
        hub_rocks_iter_prev(self->iter);
    } else {
        hub_rocks_iter_next(self->iter);
    }
}

/* At the end of the rows: 0, or < 0 when it came too early. */
static int end_of(const struct hub_cursor *self)
{
    return hub_rocks_iter_error(self->iter, NULL, 0);
}

/* --- Streams --- */

/* Version and sequence of the row at hand. Returns false for a damaged one. */
static bool stream_row(const struct hub_cursor *self, uint64_t *ret_version, uint64_t *ret_sequence)
{
    struct hub_span key = hub_rocks_iter_key(self->iter), value = hub_rocks_iter_value(self->iter);
    if (key.len != HUB_NAMED_KEY || value.len != 8) {
        return false;
    }
    *ret_version = hub_get_be64(key.at + HUB_NAME);
    *ret_sequence = hub_get_be64(value.at);
    return true;
}

static void seek_version(struct hub_cursor *self, uint64_t version)
{
    struct hub_named_key key = hub_named_key(&self->name, version);
    hub_rocks_iter_seek(self->iter, HUB_KEY_SPAN(key));
}

/* Find the first version whose sequence is >= `sequence`; one behind the last when there is none. Returns 0 or < 0. */
static int find_version(struct hub_cursor *self, uint64_t sequence, uint64_t *ret_version)
{
    uint64_t low = 1, high, version, found;
    hub_rocks_iter_last(self->iter);
    if (!hub_rocks_iter_valid(self->iter)) {
        *ret_version = 1;
        return end_of(self);
    }
    if (!stream_row(self, &version, &found)) {
        return -1;
    }
    for (high = version + 1; low < high;) {
        uint64_t middle = low + (high - low) / 2;
        seek_version(self, middle);
        if (!hub_rocks_iter_valid(self->iter) || !stream_row(self, &version, &found)) {
            return -1;
        }
        if (found >= sequence) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *ret_version = low;
    return 0;
}

static int start_stream(struct hub_cursor *self)
{
    uint64_t version = 1;
    if (self->backwards) {
        /* To the first row behind `to`, then one back; behind the last row the iterator has no place to step from. */
        int result = self->to == UINT64_MAX ? 0 : find_version(self, self->to + 1, &version);
        if (self->to == UINT64_MAX) {
            hub_rocks_iter_last(self->iter);
        } else if (result == 0) {
            struct hub_named_key key = hub_named_key(&self->name, version - 1);
            hub_rocks_iter_seek_back(self->iter, HUB_KEY_SPAN(key));
        }
        return result;
    }
    if (self->version > 1) {
        version = self->version;
    } else if (self->from > 1 && find_version(self, self->from, &version) < 0) {
        return -1;
    }
    seek_version(self, version);
    return 0;
}

static int next_of_stream(struct hub_cursor *self, uint64_t *ret_sequence)
{
    if (self->is_started) {
        step(self);
    } else if (start_stream(self) < 0) {
        return -1;
    }
    self->is_started = true;
    if (!hub_rocks_iter_valid(self->iter)) {
        return end_of(self);
    }
    uint64_t version;
    return stream_row(self, &version, ret_sequence) ? 1 : -1;
}

/* --- Tags --- */

static size_t row_count(const struct hub_cursor *self)
{
    return self->row.len / sizeof(uint64_t);
}

static uint64_t row_at(const struct hub_cursor *self, size_t index)
{
    uint64_t sequence;
    memcpy(&sequence, self->row.at + index * sizeof sequence, sizeof sequence);
    return sequence;
}

/* Take the row at hand in. Returns 1, 0 at the end, < 0. */
static int load_row(struct hub_cursor *self)
{
    if (!hub_rocks_iter_valid(self->iter)) {
        hub_buf_clear(&self->row);
        self->next = 0;
        return end_of(self);
    }
    if (hub_tag_row_decode(hub_rocks_iter_key(self->iter), hub_rocks_iter_value(self->iter), &self->row) < 0) {
        return -1;
    }
    self->next = self->backwards ? row_count(self) : 0;
    return 1;
}

/* To the row that may hold the first sequence wanted: the last one that starts at or before it. */
static int start_tag(struct hub_cursor *self)
{
    struct hub_named_key key = hub_named_key(&self->name, self->backwards ? self->to : self->from);
    hub_rocks_iter_seek_back(self->iter, HUB_KEY_SPAN(key));
    if (!hub_rocks_iter_valid(self->iter) && !self->backwards) {
        if (end_of(self) < 0) {
            return -1;
        }
        hub_rocks_iter_first(self->iter);
    }
    return load_row(self);
}

static int next_of_tag(struct hub_cursor *self, uint64_t *ret_sequence)
{
    int result = 1;
    if (!self->is_started) {
        self->is_started = true;
        result = start_tag(self);
    } else if (self->backwards ? self->next == 0 : self->next == row_count(self)) {
        if (!hub_rocks_iter_valid(self->iter)) {
            return 0;
        }
        step(self);
        result = load_row(self);
    }
    if (result == 1) {
        *ret_sequence = self->backwards ? row_at(self, --self->next) : row_at(self, self->next++);
    }
    return result;
}

int hub_cursor_next(struct hub_cursor *self, uint64_t *ret_sequence)
{
    for (;;) {
        uint64_t sequence = 0;
        int result = self->is_tag ? next_of_tag(self, &sequence) : next_of_stream(self, &sequence);
        if (result != 1) {
            return result;
        }
        if (self->backwards ? sequence < self->from : sequence > self->to) {
            return 0;
        }
        if (self->backwards ? sequence <= self->to : sequence >= self->from) {
            *ret_sequence = sequence;
            return 1;
        }
    }
}
