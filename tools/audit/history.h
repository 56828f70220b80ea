/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What was known about a customer at a moment, and how it came to be known. */
#ifndef HUB_TOOLS_AUDIT_HISTORY_H
#define HUB_TOOLS_AUDIT_HISTORY_H

#include "actors/entity.h"
#include "base/json_emit.h"
#include "log/access/access.h"
#include "tools/datadir.h"

/* A history under way: the customer at the moment, then event after event. */
struct hub_history {
    const struct hub_datadir *reader;
    struct hub_ulid company, customer;
    uint64_t to;        /* the last position that counts */
    int64_t to_time_us; /* when it was written */
    bool has_point;     /* it is of a moment of the past */
    void *state;        /* struct customer_state as of then, personal values opened; in the arena */
    struct hub_arena *arena;
    void *company_state; /* as it is now: names of keys and people */
    struct hub_scan *scan;
    struct hub_ulid last_principal, last_credential; /* whom last_who names */
    char last_who[400];                              /* "": nobody yet */
    struct hub_access_scan *accesses;                /* who read the customer's data */
    struct hub_arena *access_arena;
    struct access_entry access;
    bool has_access, has_event; /* what is read ahead, and is shown in the order of time */
    struct hub_stored event;
    struct hub_json_emit *document; /* of the format "document", while it is written */
};

/* An event of it, or a reading of the customer's data. Spans are valid until the next. */
struct hub_history_event {
    int64_t time_us;
    uint64_t sequence;             /* 0: of a reading, which has no position */
    const struct hub_shape *shape; /* NULL: a type that this program does not know */
    void *record;                  /* opened; NULL when it cannot be read */
    char who[400];                 /* person or key, and by which credential; terminated */
};

/* Begin. customer: by our id or the client's; point: a position or time, NULL: now.
 * Returns an exit status; hub_history_end is due in any case. */
int hub_history_begin(struct hub_history *self, const struct hub_datadir *reader, const char *customer,
                      const char *point);

/* The next event or reading. Returns 1, 0 at the end, < 0 when the log cannot be read. */
int hub_history_next(struct hub_history *self, struct hub_arena *scratch, struct hub_history_event *ret_event);
void hub_history_end(struct hub_history *self);

/* Ways to print one, from begin to end. */
struct hub_history_format {
    const char *name;
    void (*head)(const struct hub_history *history, struct hub_buf *out);
    void (*event)(const struct hub_history *history, const struct hub_history_event *event, struct hub_buf *out);
    void (*foot)(const struct hub_history *history, struct hub_buf *out);
};

/* By name: table, json (an object a line: the customer, then events), document (one object with all of it), html (one page that
 * needs nothing else). NULL: none. */
const struct hub_history_format *hub_history_format_find(const char *name);

#endif
