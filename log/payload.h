/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Where payloads are read: the row of the store, or an archive when there is none. For the files of log/ alone. */
#ifndef HUB_LOG_PAYLOAD_H
#define HUB_LOG_PAYLOAD_H

#include "log/archive/archives.h"
#include "log/rocks.h"
#include "log/store.h"

struct hub_sequence_key;

/* One payload, copied into the arena. Any thread. Returns 0, HUB_ERROR_not_found, or < 0. */
int hub_payload_get(struct hub_log *log, uint64_t sequence, struct hub_arena *arena, struct hub_span *ret_payload);

/* Those of some positions, as hub_rocks_get_many. keys: their keys, one after the other.
 * Returns 0, or < 0 when any is missing or cannot be read. */
int hub_payload_get_many(struct hub_log *log, const struct hub_sequence_key *keys, size_t count,
                         struct hub_archive_pieces *pieces, struct hub_rocks_values *ret_values);

/* Whether the store has it: 0, HUB_ERROR_not_found, < 0. */
int hub_payload_is_live(struct hub_log *log, uint64_t sequence);

/* A walk over payloads by ascending position. */
struct hub_payload_walk {
    struct hub_log *log;
    struct hub_rocks_iter *iter; /* owned; NULL: not open */
    bool is_taken;               /* the row where it stands was handed out */
    struct hub_archive_pieces pieces;
};

/* Over [from, to]. passing: its blocks are not kept in the cache, and each payload will be compared with its digest. */
void hub_payload_walk_open(struct hub_payload_walk *self, struct hub_log *log, uint64_t from, uint64_t to,
                           bool passing);
void hub_payload_walk_done(struct hub_payload_walk *self);

/* Go on at `sequence`. */
void hub_payload_walk_seek(struct hub_payload_walk *self, uint64_t sequence);

/* The payload of the position behind the one before; valid until the next call.
 * Returns 0, or < 0 with a clause: "its payload is missing". */
int hub_payload_walk_next(struct hub_payload_walk *self, uint64_t sequence, struct hub_span *ret_payload, char *ret_why,
                          size_t why_size);

#endif
