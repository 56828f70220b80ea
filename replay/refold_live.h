/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The stored views, to be compared with what was folded: opened beside a running hub, and only read. */
#ifndef HUB_REPLAY_REFOLD_LIVE_H
#define HUB_REPLAY_REFOLD_LIVE_H

#include "replay/refold_crew.h"
#include "replay/store.h"

/* The stored rows as of their mark: what the hub has written to disk. */
struct hub_live {
    char *dir; /* owned; RocksDB's own scratch, removed at the end */
    struct hub_rocks *db;
    struct hub_view_mark mark;
    struct hub_view_rows at; /* what `rows` stands on */
    struct hub_rows rows;
};

/* Open DATA/views. Returns 0; HUB_ERROR_not_found when there is none, or, with db open, when there is no mark in it;
 * HUB_ERROR_internal with a clause in ret_why when it cannot be opened; < 0 with a sentence: there is no scratch directory.
 * hub_live_close is due in all cases. */
int hub_live_open(struct hub_live *self, const char *data_dir, const char *scratch_dir, char *ret_why, size_t why_size);
void hub_live_close(struct hub_live *self);

/* Add up the rows of a view. Returns 0, or < 0: they cannot be read. */
int hub_live_sum(const struct hub_live *self, uint16_t view, const uint64_t seed[2], struct hub_tally_sum *ret_sum);

/* The difference that comes first in the order of views and keys. */
struct hub_live_difference {
    bool is_found;
    uint16_t view;
    struct hub_row_key key;
    enum { HUB_LIVE_OTHER = 1, HUB_LIVE_MISSING, HUB_LIVE_EXTRA } what;
    struct hub_buf folded; /* the value from the log, of HUB_LIVE_OTHER; owned */
};

/* Row by row, for passes that have parts of the rows each: which stored rows were found in none of them. */
struct hub_live_search {
    const struct hub_live *live;
    uint16_t view;
    uint8_t *found; /* owned; a bit for each stored row, in their order */
    uint64_t stored;
    uint64_t differences;
    struct hub_live_difference first;
};

/* Begin for a view that has so many rows stored, free. */
void hub_live_search_init(struct hub_live_search *self, const struct hub_live *live, uint16_t view, uint64_t stored);
void hub_live_search_done(struct hub_live_search *self);

/* Look through the lanes of a pass, then, after the last one, at what none had. Return 0 or < 0. */
int hub_live_search_pass(struct hub_live_search *self, struct hub_lane *lanes, size_t count);
int hub_live_search_rest(struct hub_live_search *self);

/* Say what the difference is, as a clause. */
void hub_live_describe(const struct hub_live_search *self, char *ret_text, size_t size);

#endif
