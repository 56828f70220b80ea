/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the projection runtime is made of; for the files of replay/ alone. */
#ifndef HUB_REPLAY_VIEWS_STATE_H
#define HUB_REPLAY_VIEWS_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "replay/projector.h"
#include "replay/query.h"
#include "replay/store.h"
#include "replay/views.h"

/* One set of views on its way through the log: the live ones, or the one that is rebuilt. */
struct hub_stage {
    struct hub_rocks *db;            /* borrowed */
    struct hub_log *log;             /* borrowed */
    uint16_t which;                  /* of its mark */
    struct hub_view_mark mark;       /* where it is */
    struct hub_rocks_batch *batch;   /* owned */
    struct hub_view_rows rows;       /* of mark.places, changed through batch */
    struct hub_projector *projector; /* owned */
    uint64_t company_events;         /* folded so far */
    char why[160];                   /* the last failure */
};

/* Which views a stage carries. */
struct hub_stage_views {
    uint16_t which; /* its mark: HUB_MARK_LIVE, or the number of the view that is rebuilt */
    const struct hub_view_info *const *infos;
    size_t count;
};

enum hub_rebuild_state { HUB_REBUILD_RUNS = 1, HUB_REBUILD_IS_CLOSE, HUB_REBUILD_FAILED };

struct hub_rebuild {
    struct hub_views *views; /* borrowed */
    const struct hub_view_info *info;
    struct hub_stage stage;
    pthread_t thread;
    _Atomic int state;       /* enum hub_rebuild_state */
    _Atomic uint64_t at, to; /* for progress */
    int64_t rested_us;       /* tick after the last batch and the rest behind it; of the thread alone */
};

struct hub_views {
    char *dir; /* owned: DATA/views */
    const struct hub_world *world;
    struct hub_log *log;
    const struct hub_view_info *const *infos; /* by number */
    size_t count;
    void (*on_moved)(void *arg, struct hub_position at);
    void *arg;
    struct hub_rocks *db;
    size_t memory_bytes; /* a quarter for the rows of each stage, the rest for the store */

    struct hub_stage live;          /* the tail's */
    bool afresh;                    /* what was there is thrown away at the opening */
    uint64_t list_every, list_next; /* events between lists of active sessions; where the next one is due */
    _Atomic uint64_t position, commit, credentials_epoch;

    pthread_t thread;
    bool follows; /* there is a thread */
    int wake_fd;  /* an eventfd that the tail sleeps on */
    _Atomic bool is_asleep, is_stopping;
    _Atomic bool is_heard;   /* somebody follows: the pace is quicker */
    _Atomic bool is_hurried; /* somebody waits: the next batch begins at once */

    pthread_mutex_t lock;               /* guards what follows */
    struct hub_rebuild *rebuild;        /* owned; taken out by the tail only */
    uint64_t rebuilt[HUB_VIEW_NUMBERS]; /* times, by view */
    uint32_t retries;                   /* bit per view number: parked streams to try again */
    uint64_t parked_streams[HUB_VIEW_NUMBERS], parked_events[HUB_VIEW_NUMBERS];
    char error[160];
};

/* A consistent sight of the live views' store. */
struct hub_sight {
    const struct hub_rocks_snapshot *snapshot;
    struct hub_view_mark mark;
    struct hub_view_rows rows;
};

/* Look at the store as it is now. Returns 0; < 0, and then there is nothing to be done with. */
int hub_sight_init(struct hub_views *views, struct hub_sight *self);
void hub_sight_done(struct hub_views *views, struct hub_sight *self);

/* The moment that a question is about: the ask's own, or the log time of the event at `at`. Returns 0 or < 0. */
int hub_query_moment(struct hub_views *views, const struct hub_ask *ask, struct hub_position at, int64_t *ret_time_us);

/* Prepare a stage at a mark and read what is parked. Returns 0 or < 0 with stage->why. */
int hub_stage_init(struct hub_stage *self, struct hub_views *views, const struct hub_view_mark *mark,
                   const struct hub_stage_views *what);
void hub_stage_done(struct hub_stage *self);

/* Fold up to a position, batch by batch, until `stop` is set; each batch is written with the mark, and on_batch is told.
 * Returns 0, or < 0 with stage->why: then reset. */
int hub_stage_fold_to(struct hub_stage *self, uint64_t to, const _Atomic bool *stop, void (*on_batch)(void *arg),
                      void *arg);

/* Write what the projector holds, with the mark. Returns 0 or < 0. */
int hub_stage_write(struct hub_stage *self);

/* Forget what was not written, and read again from the store. Returns 0 or < 0. */
int hub_stage_reset(struct hub_stage *self);

/* Start the tail thread. Returns 0 or < 0. */
int hub_tail_start(struct hub_views *self);

/* Get it out of its sleep: there is something to see to. Any thread. */
void hub_tail_nudge(struct hub_views *self);

/* Tell it to stop, and wait. */
void hub_tail_stop(struct hub_views *self);

/* What the tail does besides folding: retries that were asked for, and the switch to a rebuild that is close.
 * Returns 0 or < 0. */
int hub_tail_chores(struct hub_views *self);

/* Publish where the live views are. */
void hub_tail_publish(struct hub_views *self);

/* The view with this name, or NULL. */
const struct hub_view_info *hub_views_find(const struct hub_views *self, const char *name);

/* Take over from the log: switch a view to its rebuild, by the tail's thread between two batches. Returns 0 or < 0. */
int hub_rebuild_switch(struct hub_views *self, struct hub_rebuild *rebuild);

/* Stop a rebuild and forget it; its rows go with the next opening. *self_p becomes NULL. Takes NULL. */
void hub_rebuild_destroy(struct hub_rebuild **self_p);

/* Remove what an unfinished rebuild of an earlier run left. Returns 0 or < 0. */
int hub_rebuild_clean(struct hub_views *self);

#endif
