/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Walks the chain and checks every link: header, payload, digest, hash, order of time. */
#ifndef HUB_LOG_CHAIN_H
#define HUB_LOG_CHAIN_H

#include "log/payload.h"

struct hub_chain_walk {
    struct hub_log *log;
    uint64_t next, to;                /* sequences; next > to: at the end */
    struct hub_digest hash;           /* of the one before next */
    int64_t time_us;                  /* log time of the one before next; INT64_MIN when not known */
    struct hub_rocks_iter *headers;   /* owned */
    struct hub_payload_walk payloads; /* owned */
    struct hub_arena *arena;          /* owned */
    struct hub_arena *keep; /* borrowed; when set, events are copied into it and stay valid as long as it does */
};

/* What was found, and where. */
struct hub_verify_report {
    uint64_t sequence; /* the first bad position */
    char what[200];    /* a clause without capital and full stop: "its payload is missing" */
};

/* Walk from the position behind `mark` to `to`. Checks that the mark itself is still as it was. Returns 0, or < 0 with
 * the report filled (hub_chain_walk_done is still due). */
int hub_chain_walk_init(struct hub_chain_walk *self, struct hub_log *log, const struct hub_mark *mark, uint64_t to,
                        struct hub_verify_report *ret_report);
void hub_chain_walk_done(struct hub_chain_walk *self);

/* Go on elsewhere: behind position `after`, whose hash is taken as it stands there, up to `to`. Both lie between the mark of
 * hub_chain_walk_init and its `to`. So several walks can share a log: each link is checked by one of them.
 * Returns 0, or < 0 with the report filled. */
int hub_chain_walk_seek(struct hub_chain_walk *self, uint64_t after, uint64_t to, struct hub_verify_report *ret_report);

/* Check the next event. Returns 1 and the event (its spans are valid until the next call), 0 at the end, or < 0 with the
 * report filled. */
int hub_chain_walk_next(struct hub_chain_walk *self, struct hub_stored *ret_event,
                        struct hub_verify_report *ret_report);

/* Fill a report. Returns -1. */
__attribute__((format(printf, 3, 4))) int hub_verify_fault(struct hub_verify_report *ret_report, uint64_t sequence,
                                                           const char *format, ...);

#endif
