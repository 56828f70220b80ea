/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Proves that the views are what the log says: folds it again from its first event, on all cores, and compares. */
#ifndef HUB_REPLAY_REFOLD_H
#define HUB_REPLAY_REFOLD_H

#include "log/chain.h"
#include "replay/row_key.h"
#include "replay/view.h"

struct hub_refold_options {
    const char *data_dir;    /* holds views/, which is only read */
    struct hub_log *log;     /* to follow; it catches up when the views are further */
    const char *scratch_dir; /* for files of rows, as large as views/ and removed at the end */
    unsigned threads;        /* 0: as many as there are cores */
    uint64_t rows_a_pass;    /* folded at once; bounds the memory; 0: 2,400,000 */
    /* Called by the calling thread about ten times a second; may be NULL. Return false to stop. */
    bool (*on_progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};

/* One view. */
struct hub_refold_view {
    const struct hub_view_info *info;
    uint64_t folded, stored; /* rows: folded from the log, and found in views/ */
    uint64_t differences;    /* rows that are not the same */
    uint64_t parked;         /* streams that it could not go on with */
};

struct hub_refold_report {
    uint64_t events; /* whose links in the chain were checked */
    uint64_t at;     /* position of the stored views, to which was folded */
    struct hub_refold_view views[HUB_VIEW_NUMBERS];
    size_t count;
    uint64_t entities;               /* states that were compared with their snapshots */
    struct hub_verify_report broken; /* the first bad position of the chain */
    char difference[400];            /* the first one: a clause */
};

enum hub_refold_verdict {
    HUB_REFOLD_same = 0,
    HUB_REFOLD_different, /* a view's rows, or a snapshot: difference says which */
    HUB_REFOLD_broken,    /* the chain: broken says where; the rest was not compared */
    HUB_REFOLD_stopped,   /* on_progress returned false */
    HUB_REFOLD_foreign,   /* the views cannot be compared: difference says why */
};

/* Check the chain to its end, fold all views up to where the stored ones are, and compare them row by row (by sums that do not
 * depend on their order); an entity's snapshot is a row, too. Beside a running hub: then what the hub has written to disk by now is
 * compared. Memory is bounded, whatever the log's size. Call it from one thread.
 *
 * Returns an enum hub_refold_verdict, or < 0 with a sentence in ret_why: something cannot be read or written. */
int hub_refold(const struct hub_refold_options *options, struct hub_refold_report *ret_report, char *ret_why,
               size_t why_size);

#endif
