/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A machine as a table: which status may follow which. The rows come from a moves.def. */
#ifndef HUB_ACTORS_MOVES_H
#define HUB_ACTORS_MOVES_H

#include "base/buf.h"
#include "base/schema.h"

struct hub_move {
    uint16_t from, to; /* codes of the vocabulary */
    const char *doc;
};

struct hub_moves {
    const struct hub_vocab *vocab;
    const struct hub_move *rows;
    size_t count;
    uint16_t first;    /* where it begins */
    const char *begun; /* what is written at that arrow */
};

/* True when the table has that move. Any thread. */
bool hub_moves_has(const struct hub_moves *self, unsigned from, unsigned to);

/* Append the statuses as a table and the moves as a Mermaid state diagram. Any thread. */
void hub_moves_print(const struct hub_moves *self, struct hub_buf *out);

#endif
