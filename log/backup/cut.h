/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Takes back the end of a log that was restored, and makes it another incarnation. */
#ifndef HUB_LOG_BACKUP_CUT_H
#define HUB_LOG_BACKUP_CUT_H

#include "base/buf.h"
#include "log/log.h"

/* Adds a timer: a pending row with this value, not before due_us. Returns 0 or < 0. */
struct hub_cut_adding {
    int (*add)(void *self, int64_t due_us, struct hub_span value);
    void *self;
};

struct hub_cut {
    uint64_t to;          /* the last event that stays; at most the head */
    uint32_t incarnation; /* the new one */

    /* What was waiting may have been done since by the hub that was backed up: say so in a pending row, which is opaque here.
     * Returns 0 with the new value, or < 0 when the row cannot be read (it stays as it is). */
    int (*mark)(void *arg, const struct hub_pending_key *key, struct hub_span value, struct hub_buf *ret_value);
    /* An entity that lost events may wait again for a timer that had fired: add those that its events up to `to` ask for and
     * that are not there. Called when all else is cut. NULL: nobody waits. Returns 0 or < 0. */
    int (*rearm)(void *arg, struct hub_log *log, const struct hub_stream *stream, uint64_t to,
                 const struct hub_cut_adding *adding);
    void *arg;
};

struct hub_cut_done {
    uint64_t events;   /* removed */
    uint64_t commands; /* command ids forgotten, as their events are gone */
    uint64_t aliases;  /* clients' ids forgotten, as what they named is gone */
    uint64_t waiting;  /* follow-ups and timers that will be done, */
    uint64_t rearmed;  /* and timers that had fired behind the end, and will again */
    uint64_t held;     /* effects that became dead letters */
};

/* Remove every event behind cut->to, with its rows in all indexes, and what was left for later by it; give the log its new
 * incarnation; turn effects into dead letters. The log is open HUB_LOG_ASIDE, and must be closed and opened again.
 *
 * Not taken back: follow-ups that were carried out by events behind cut->to, and aliases that these added to or took from what existed before. A crash in between leaves neither the
 * one nor the other: restore anew.
 *
 * Returns 0, or < 0 with RocksDB's words. */
int hub_log_cut(struct hub_log *log, const struct hub_cut *cut, struct hub_cut_done *ret_done, char *ret_why,
                size_t why_size);

/* Forget the clients' ids of everything whose first event has a subject of which `is_gone`: an erased customer, and its
 * sessions. Returns how many, or < 0. */
int64_t hub_log_forget_aliases(struct hub_log *log, bool (*is_gone)(void *arg, struct hub_ulid subject), void *arg);

/* Call `visit` for every subject of any event, once. Returns 0 or < 0. */
int hub_log_each_subject(struct hub_log *log,
                         void (*visit)(void *arg, struct hub_ulid company, struct hub_ulid subject), void *arg);

/* Count the rows anew that no event repeats (log/sums.h), after either of the above. Returns 0 or < 0. */
int hub_log_recount(struct hub_log *log);

#endif
