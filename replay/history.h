/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What was known about a customer at a moment, and how it came to be known: event after event, with who did it, and who read
 * it. For the auditor's tools and for a person's export over the API. */
#ifndef HUB_REPLAY_HISTORY_H
#define HUB_REPLAY_HISTORY_H

#include "actors/entity.h"
#include "log/access/access.h"

enum { HUB_HISTORY_WHO = 512 }; /* a key's name alone has up to 400 bytes, and nothing is cut within a character */

/* Whose history. */
struct hub_history_of {
    struct hub_log *log;
    const char *data_dir; /* who read lies beside the log; NULL: nobody did */
    struct hub_ulid company, customer;
    uint64_t to;         /* the last position that counts */
    int64_t until_us;    /* the last reading that counts; 0: at that position's time */
    uint64_t after;      /* a page before ended with this event, */
    uint64_t after_read; /* and with this reading */
    /* Open the sealed values of a record, and hide its secrets. */
    void (*open)(void *arg, const struct hub_shape *shape, void *record, struct hub_arena *arena);
    void *open_arg;
};

/* A history under way: the customer at the moment, then event after event. */
struct hub_history {
    struct hub_history_of of;
    int64_t to_time_us; /* when of.to was written */
    void *state;        /* struct customer_state as of then, opened; in the arena */
    struct hub_arena *arena;
    const struct company_state *company; /* as it is now: names of keys and people; NULL: it cannot be read */
    struct hub_scan *scan;
    struct hub_ulid last_principal, last_credential; /* whom last_who names */
    char last_who[HUB_HISTORY_WHO];                  /* "": nobody yet */
    struct hub_access_scan *accesses;                /* who read the customer's data */
    struct hub_arena *access_arena;
    struct access_entry access;
    uint64_t access_number;
    bool has_access, has_event; /* what is read ahead, and is shown in the order of time */
    struct hub_stored event;
};

/* An event of it, or a reading of the customer's data. Spans are valid until the next. */
struct hub_history_event {
    int64_t time_us;
    uint64_t sequence;             /* 0: of a reading, which has no position, */
    uint64_t number;               /* but a number; 0 of an event */
    const struct hub_shape *shape; /* NULL: a type that this program does not know */
    void *record;                  /* opened; NULL when it cannot be read */
    char who[HUB_HISTORY_WHO];     /* person or key, and by which credential; terminated */
};

/* Begin; hub_history_end is due in any case. Returns 0, HUB_ERROR_not_found: there was no such customer then, or < 0. */
int hub_history_begin(struct hub_history *self, const struct hub_history_of *of);

/* The next event or reading. Returns 1, 0 at the end, < 0 with a static clause in *ret_why. */
int hub_history_next(struct hub_history *self, struct hub_arena *scratch, struct hub_history_event *ret_event,
                     const char **ret_why);
void hub_history_end(struct hub_history *self);

/* What it is, in half a sentence. */
const char *hub_history_doc(const struct hub_history_event *event);

#endif
