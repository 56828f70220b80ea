/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A store of ordered rows, as views see it: the live one in views/, or one in memory for a moment of the past. */
#ifndef HUB_REPLAY_ROWS_H
#define HUB_REPLAY_ROWS_H

#include "base/buf.h"
#include "base/span.h"

struct hub_rows {
    /* Append the row's value to ret_value (cleared first). Returns 0, HUB_ERROR_not_found, < 0. */
    int (*get)(void *self, struct hub_span key, struct hub_buf *ret_value);
    /* Projections only; a query's store has NULL here. Bytes are copied. */
    void (*put)(void *self, struct hub_span key, struct hub_span value);
    void (*drop)(void *self, struct hub_span key);
    /* Visit rows whose key starts with prefix, from `from` on (inclusive; empty: the first), in key order, until visit
     * returns false. Returns 0 or < 0. */
    int (*scan)(void *self, struct hub_span prefix, struct hub_span from,
                bool (*visit)(void *arg, struct hub_span key, struct hub_span value), void *arg);
    void *self;
};

/* A store in memory (a sorted map); for ?at= and tests. */
struct hub_rows *hub_rows_memory_new(void);
void hub_rows_memory_destroy(struct hub_rows **self_p);

#endif
