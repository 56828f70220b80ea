/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A projection at work on one store: a cache of decoded rows, written back at the end of a batch. */
#ifndef HUB_REPLAY_FOLD_H
#define HUB_REPLAY_FOLD_H

#include "base/arena.h"
#include "replay/row_key.h"
#include "replay/view.h"

/* A row as it is worked on. */
struct hub_folded {
    void *record;            /* of the shape it was opened with; change it, then hub_fold_touch */
    struct hub_arena *arena; /* copy here what the record shall keep */
    bool is_new;             /* there was none: the record is zeroed, and nothing is stored unless it is touched */
    uint64_t version;        /* of an entity's stream; 0 when is_new */
    uint64_t sequence;       /* position of an entity's last event */
};

/* rows         the store, copied; what its `self` points to must outlive the fold
 * cache_bytes  what may stay in memory between batches; 0: 32 MiB
 *
 * Never NULL. One thread at a time. */
struct hub_view_fold *hub_fold_new(const struct hub_rows *rows, size_t cache_bytes);

/* Let rows that are put or dropped without having been opened go to the store at once, unsorted: for a store that does not
 * care about their order. Before the first row. */
void hub_fold_put_through(struct hub_view_fold *self);

/* Forget what was not flushed and free the rest; *self_p becomes NULL. Takes NULL. */
void hub_fold_destroy(struct hub_view_fold **self_p);

/* Open a row for reading and changing. It stays valid until the next flush.
 *
 * key    borrowed
 * shape  of the row; always the same for the same key
 *
 * Returns 0, or < 0: the store failed or the row is damaged. */
int hub_fold_open(struct hub_view_fold *self, const struct hub_row_key *key, const struct hub_shape *shape,
                  struct hub_folded **ret_row);

/* Open an entity's state: an entity_row, decoded to the state of its kind. */
int hub_fold_open_entity(struct hub_view_fold *self, const struct hub_row_key *key, const struct hub_kind_info *kind,
                         struct hub_folded **ret_row);

enum { HUB_FOLD_EXPECT = 12 };

/* A row will be opened after about HUB_FOLD_EXPECT others: begin to load it into the processor's cache. Only a hint; to be of
 * use it is to be given for each row that will be opened, in their order. */
void hub_fold_expect(struct hub_view_fold *self, const struct hub_row_key *key);

/* The row was changed: it is stored with the next flush. */
void hub_fold_touch(struct hub_view_fold *self, struct hub_folded *row);

/* Store a row that hardly anybody will ask for again soon: encoded at once, and not kept in memory beyond the flush. */
void hub_fold_put(struct hub_view_fold *self, const struct hub_row_key *key, const struct hub_shape *shape,
                  const void *record);

/* Remove a row. What was opened under this key is no longer valid. */
void hub_fold_drop(struct hub_view_fold *self, const struct hub_row_key *key);

/* True when the batch should end early, for memory's sake. */
bool hub_fold_is_full(const struct hub_view_fold *self);

/* Hand every change to the store, and forget what was longest not used. */
void hub_fold_flush(struct hub_view_fold *self);

/* Forget everything, changes too: the store failed. */
void hub_fold_reset(struct hub_view_fold *self);

#endif
