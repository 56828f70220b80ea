/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A projector folds events into some views on one store, and sets streams aside that a view cannot go on with. */
#ifndef HUB_REPLAY_PROJECTOR_H
#define HUB_REPLAY_PROJECTOR_H

#include "log/log.h"
#include "replay/park.h"

struct hub_projector;

struct hub_projector_options {
    struct hub_rows rows;                     /* the store */
    const struct hub_view_info *const *views; /* borrowed; folded in this order */
    size_t count;
    size_t cache_bytes; /* 0: the fold's own */
    bool puts_through;  /* see hub_fold_put_through */
};

/* Never NULL. One thread at a time. */
struct hub_projector *hub_projector_new(const struct hub_projector_options *options);
void hub_projector_destroy(struct hub_projector **self_p);

/* Read from the store which streams wait. Returns 0 or < 0. */
int hub_projector_load(struct hub_projector *self);

/* Fold one event into every view, or set its stream aside. Returns 0, or < 0: the store failed; reset. */
int hub_projector_fold(struct hub_projector *self, const struct hub_stored *stored);

/* The same for an event that was decoded already.
 *
 * event  its own arena is not used: a projector has one
 * why    why it cannot be read; NULL when it can */
int hub_projector_fold_decoded(struct hub_projector *self, const struct hub_view_event *event,
                               const struct hub_fault *why);

/* An event will be folded after HUB_FOLD_EXPECT others; NULL: it is not known which. Only a hint, which saves time. */
void hub_projector_expect(struct hub_projector *self, const struct hub_stored *stored);

/* True when the batch should end early, for memory's sake. */
bool hub_projector_is_full(const struct hub_projector *self);

/* Hand all changes to the store. */
void hub_projector_flush(struct hub_projector *self);

/* The same at the end of all: nothing will be folded any more, and the cache is let go of. */
void hub_projector_finish(struct hub_projector *self);

/* Forget everything that the store did not get, and what it said. Load again. */
void hub_projector_reset(struct hub_projector *self);

/* Try a view's parked streams again, up to a position. What still cannot be folded stays. Returns 0 or < 0, as fold. */
int hub_projector_retry(struct hub_projector *self, struct hub_log *log, const struct hub_view_info *view, uint64_t to);

/* What waits. */
const struct hub_parks *hub_projector_parks(const struct hub_projector *self);

#endif
