/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Where payloads are read. The store is asked first: nothing is slower for a log that has no archive, and a payload that is in both places
 * is the same. */
#include "log/payload.h"

#include <stdio.h>

#include "base/error.h"
#include "log/keys.h"

/* What no row of the store has. */
static int get_archived(struct hub_log *log, uint64_t sequence, struct hub_archive_pieces *pieces,
                        struct hub_span *ret_payload)
{
    char why[HUB_ARCHIVE_WORDS];
    return hub_archives_find(log->archives, sequence, pieces, ret_payload, why);
}

int hub_payload_get(struct hub_log *log, uint64_t sequence, struct hub_arena *arena, struct hub_span *ret_payload)
{
    struct hub_sequence_key key = hub_sequence_key(sequence);
    int result = hub_rocks_get_copy(log->db, HUB_FAMILY_payload, HUB_KEY_SPAN(key), arena, ret_payload);
    if (result == HUB_ERROR_not_found) {
        struct hub_archive_pieces pieces;
        struct hub_span found;
        hub_archive_pieces_init(&pieces);
        result = get_archived(log, sequence, &pieces, &found);
        if (result == 0) {
            *ret_payload = hub_arena_copy(arena, found);
        }
        hub_archive_pieces_done(&pieces);
    }
    return result;
}

/* One by one. */
static int get_each(struct hub_log *log, const struct hub_sequence_key *keys, size_t count,
                    struct hub_archive_pieces *pieces, struct hub_rocks_values *ret_values)
{
    struct hub_buf value;
    struct hub_span found;
    int result = 0;
    hub_buf_init(&value);
    hub_buf_clear(&ret_values->bytes);
    for (size_t i = 0; i < count && result == 0; i++) {
        result = hub_rocks_get(log->db, HUB_FAMILY_payload, NULL, HUB_KEY_SPAN(keys[i]), &value);
        found = hub_buf_span(&value);
        if (result == HUB_ERROR_not_found) {
            result = get_archived(log, hub_get_be64(keys[i].b), pieces, &found);
        }
        if (result == 0) {
            ret_values->lens[i] = found.len;
            hub_buf_put(&ret_values->bytes, found.at, found.len);
        }
    }
    hub_buf_done(&value);
    return result == 0 ? 0 : -1;
}

int hub_payload_get_many(struct hub_log *log, const struct hub_sequence_key *keys, size_t count,
                         struct hub_archive_pieces *pieces, struct hub_rocks_values *ret_values)
{
    struct hub_span all = hub_span_of(keys, count * sizeof *keys);
    int result = hub_rocks_get_many(log->db, HUB_FAMILY_payload, all, count, ret_values);
    return result == HUB_ERROR_not_found ? get_each(log, keys, count, pieces, ret_values) : result;
}

int hub_payload_is_live(struct hub_log *log, uint64_t sequence)
{
    struct hub_sequence_key key = hub_sequence_key(sequence);
    return hub_rocks_has(log->db, HUB_FAMILY_payload, HUB_KEY_SPAN(key));
}

/* --- Walking --- */

void hub_payload_walk_open(struct hub_payload_walk *self, struct hub_log *log, uint64_t from, uint64_t to, bool passing)
{
    struct hub_sequence_key lower = hub_sequence_key(from), upper = hub_sequence_key(to + 1);
    *self = (struct hub_payload_walk){ .log = log };
    self->iter = passing
                     ? hub_rocks_iter_new_passing(log->db, HUB_FAMILY_payload, HUB_KEY_SPAN(lower), HUB_KEY_SPAN(upper))
                     : hub_rocks_iter_new(log->db, HUB_FAMILY_payload, NULL, HUB_KEY_SPAN(lower), HUB_KEY_SPAN(upper));
    hub_rocks_iter_first(self->iter);
    hub_archive_pieces_init(&self->pieces);
    self->pieces.is_unchecked = passing;
}

void hub_payload_walk_done(struct hub_payload_walk *self)
{
    if (self->iter != NULL) {
        hub_rocks_iter_destroy(&self->iter);
        hub_archive_pieces_done(&self->pieces);
    }
}

void hub_payload_walk_seek(struct hub_payload_walk *self, uint64_t sequence)
{
    struct hub_sequence_key key = hub_sequence_key(sequence);
    hub_rocks_iter_seek(self->iter, HUB_KEY_SPAN(key));
    self->is_taken = false;
}

int hub_payload_walk_next(struct hub_payload_walk *self, uint64_t sequence, struct hub_span *ret_payload, char *ret_why,
                          size_t why_size)
{
    char words[HUB_ARCHIVE_WORDS] = "";
    if (self->is_taken) {
        hub_rocks_iter_next(self->iter);
        self->is_taken = false;
    }
    if (hub_rocks_iter_valid(self->iter)) {
        struct hub_span key = hub_rocks_iter_key(self->iter);
        uint64_t at = key.len == 8 ? hub_get_be64(key.at) : 0;
        if (at == sequence) {
            *ret_payload = hub_rocks_iter_value(self->iter);
            self->is_taken = true;
            return 0;
        }
        if (at < sequence) { /* a row that is none */
            snprintf(ret_why, why_size, "its payload is missing");
            return -1;
        }
    } else if (hub_rocks_iter_error(self->iter, words, sizeof words) < 0) {
        snprintf(ret_why, why_size, "its payload cannot be read: %s", words);
        return -1;
    }
    int result = hub_archives_find(self->log->archives, sequence, &self->pieces, ret_payload, words);
    if (result == HUB_ERROR_not_found) {
        snprintf(ret_why, why_size, "its payload is missing");
    } else if (result != 0) {
        snprintf(ret_why, why_size, "its payload cannot be read: %s", words);
    }
    return result == 0 ? 0 : -1;
}
