/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Walks the sequences that an index names, in either direction; for the files of log/ alone. */
#ifndef HUB_LOG_CURSOR_H
#define HUB_LOG_CURSOR_H

#include "base/buf.h"
#include "log/keys.h"
#include "log/rocks.h"

struct hub_cursor {
    bool is_tag; /* else a stream */
    bool backwards;
    bool is_started;
    uint64_t from, to; /* sequences, inclusive */
    uint64_t version;  /* stream: start at this version, when not 0 */
    struct hub_name name;
    struct hub_rocks_iter *iter; /* owned */
    struct hub_buf row;          /* tag: uint64_t sequences of the row at hand, ascending */
    size_t next;                 /* of them: forwards the next one, backwards one behind it */
};

/* Open on a stream or a tag. Nothing is read yet. */
void hub_cursor_open(struct hub_cursor *self, struct hub_rocks *db, bool is_tag, const struct hub_name *name);

/* Takes a cursor that is all zero. */
void hub_cursor_done(struct hub_cursor *self);

/* The next sequence within [from, to]. Returns 1, 0 at the end, < 0 for a read error or a damaged row. */
int hub_cursor_next(struct hub_cursor *self, uint64_t *ret_sequence);

#endif
