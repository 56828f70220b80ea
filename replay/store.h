/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The views' store on disk: rows by view and slot, and the marks that say how far they are. See replay/row_key.h. */
#ifndef HUB_REPLAY_STORE_H
#define HUB_REPLAY_STORE_H

#include "base/digest.h"
#include "log/position.h"
#include "log/rocks.h"
#include "replay/row_key.h"
#include "replay/rows.h"

/* Where the rows of a view are. */
struct hub_view_place {
    uint16_t slot; /* 0: nowhere */
    uint16_t version;
};

/* How far some views are. */
struct hub_view_mark {
    uint64_t sequence;
    struct hub_digest hash; /* of the chain, there */
    uint32_t layout;        /* of keys and states */
    struct hub_log_identity log;
    uint64_t rebuild_to;                            /* 0: these are live */
    struct hub_view_place places[HUB_VIEW_NUMBERS]; /* by number; slot 0 for views that it does not speak for */
};

/* Which mark: that of the live views, or of the rebuild of one. */
enum { HUB_MARK_LIVE = 0 };

/* Read a mark. snapshot may be NULL. Returns 0, HUB_ERROR_not_found, or < 0: a read error or damage. */
int hub_view_mark_read(struct hub_rocks *db, const struct hub_rocks_snapshot *snapshot, uint16_t which,
                       struct hub_view_mark *ret_mark);

/* Put a mark into a batch, or take it out. */
void hub_view_mark_put(struct hub_rocks_batch *batch, uint16_t which, const struct hub_view_mark *mark);
void hub_view_mark_drop(struct hub_rocks_batch *batch, uint16_t which);

/* Put the removal of everything in a slot of a view into a batch. */
void hub_view_slot_drop(struct hub_rocks_batch *batch, uint16_t number, uint16_t slot);

/* The rows of several views, each at its place. With a batch they can be changed; a snapshot is optional. All borrowed. */
struct hub_view_rows {
    struct hub_rocks *db;
    const struct hub_rocks_snapshot *snapshot;
    struct hub_rocks_batch *batch;
    const struct hub_view_place *places; /* HUB_VIEW_NUMBERS of them */
    bool is_passing;                     /* scans go through everything once, and leave no blocks in the cache */
};

/* The store as views see it; `self` must outlive it. Rows in the batch are not found before it was written. */
struct hub_rows hub_view_rows(struct hub_view_rows *self);

/* SHA-256 over all rows of a view, in the order of their keys: h = SHA-256(h || key length || key || value).
 * Returns 0 or < 0. */
int hub_view_rows_hash(const struct hub_rows *rows, uint16_t number, struct hub_digest *ret_hash);

#endif
