/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One pass over the log by several threads: they read blocks of events and fold them into lanes. */
#ifndef HUB_REPLAY_REFOLD_CREW_H
#define HUB_REPLAY_REFOLD_CREW_H

#include <stdatomic.h>

#include "log/chain.h"
#include "replay/projector.h"
#include "replay/tally.h"

enum { HUB_CREW_MAX = 16, HUB_CREW_LANES = 2 * HUB_CREW_MAX + 1 };

/* Some views on their way through the log, folded by one thread at a time. Lanes with the same views share the events out. */
struct hub_lane {
    enum hub_view_spread spread;
    uint32_t part; /* of the streams or subjects; 0 when they are not spread */
    const struct hub_view_info *views[HUB_VIEW_NUMBERS];
    size_t count;
    struct hub_tally *tally;         /* owned */
    struct hub_projector *projector; /* owned */
    unsigned thread;                 /* folds it, so that what it needs stays in one core's cache; others when idle */
    uint64_t next;                   /* block to be folded */
    bool is_busy, is_done;           /* done: flushed, after the last block */
};

struct hub_crew_options {
    struct hub_log *log;
    struct hub_lane *lanes;
    size_t lane_count;
    uint32_t parts;   /* of all passes */
    unsigned threads; /* at most HUB_CREW_MAX */
    uint64_t fold_to; /* position; what follows is only read */
    uint64_t read_to;
    /* Other work, done by one of the threads first; < 0 when it failed. May be NULL. */
    int (*beside)(void *arg);
    bool (*on_progress)(void *arg, uint64_t done,
                        uint64_t total); /* in events; about ten times a second; may be NULL */
    void *arg;
};

enum hub_crew_result { HUB_CREW_done = 0, HUB_CREW_stopped, HUB_CREW_broken, HUB_CREW_full };

/* Read everything, checking the chain, and fold it into the lanes. Returns an enum hub_crew_result (broken: ret_broken says where;
 * full: a tally took no more rows), or < 0: a tally's file or `beside` failed. */
int hub_crew_run(const struct hub_crew_options *options, struct hub_verify_report *ret_broken);

#endif
