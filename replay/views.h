/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The projection runtime: one tail thread that folds the log into every live view, and rebuilds beside it. */
#ifndef HUB_REPLAY_VIEWS_H
#define HUB_REPLAY_VIEWS_H

#include "actors/runtime.h"
#include "replay/view.h"

struct hub_views;

struct hub_views_options {
    const char *data_dir; /* holds views/ */
    const struct hub_world *world;
    struct hub_log *log;
    /* Called on the tail thread after each batch with the position that all live views have reached. Must not block. */
    void (*on_moved)(void *arg, struct hub_position at);
    void *arg;
    size_t memory_bytes; /* for blocks, memtables and decoded rows; 0: 128 MiB */
    bool follow;         /* false: no thread; hub_views_catch_up folds when it is called (tools, tests) */
    bool afresh;         /* whatever is there is thrown away and folded from the log's start */
    uint64_t list_every; /* events between two lists of the active sessions, see replay/active_lists.h; 0: 50,000 */
    const struct hub_view_info *const *views; /* NULL: hub_views_all() */
    size_t view_count;
};

/* Open or create views/. Checkpoints that do not belong to this log, or views of another version, are rebuilt. Starts the tail
 * thread. Returns 0, or < 0 with a sentence in ret_why. */
int hub_views_open(const struct hub_views_options *options, struct hub_views **ret_views, char *ret_why,
                   size_t why_size);

/* Finish the batch under way, stop and close; *self_p becomes NULL. Takes NULL. No query may be under way. */
void hub_views_close(struct hub_views **self_p);

/* The log's commit position moved: go on. Any thread, never blocks. */
void hub_views_wake(struct hub_views *self, struct hub_position commit);

/* Somebody waits for the newest position: fold what is there without keeping the usual pace. Any thread, never blocks. */
void hub_views_hurry(struct hub_views *self);

/* Somebody follows what happens, or nobody does any more: batches begin sooner after one another. Any thread. */
void hub_views_listen(struct hub_views *self, bool is_heard);

/* Without a tail thread: fold what the log has by now. Returns 0 or < 0 (hub_views_status says why). */
int hub_views_catch_up(struct hub_views *self);

/* The position that all live views have reached. Any thread. */
struct hub_position hub_views_position(const struct hub_views *self);

/* Snapshots of entities, for the runtime: the rows of the view `entities`. */
struct hub_snapshots hub_views_snapshots(struct hub_views *self);

/* A credential by SHA-256 of its token; a person by id. Thread-safe. Rows are unpacked into the arena.
 * Return 0, HUB_ERROR_not_found, < 0. */
int hub_views_credential(struct hub_views *self, const struct hub_digest *token, struct hub_arena *arena,
                         struct credential_row *ret_row);
int hub_views_user(struct hub_views *self, struct hub_ulid user, struct hub_arena *arena, struct user_row *ret_row);

/* What a company has settled; all zero for one that settled nothing. Thread-safe. Returns 0 or < 0. */
int hub_views_settled(struct hub_views *self, struct hub_ulid company, struct hub_arena *arena,
                      struct hub_settled *ret_settled);

/* Counts up whenever a credential, person or company changed, so that caches of them know when to forget. Any thread. */
uint64_t hub_views_credentials_epoch(const struct hub_views *self);

/* One view's standing, for /metrics, /diagnostics and `view list`. */
struct hub_view_status {
    const struct hub_view_info *info;
    struct hub_position at;
    bool rebuilding;
    uint64_t rebuild_at, rebuild_to; /* events, for progress */
    uint64_t rebuilt;                /* times since the opening */
    uint64_t parked_streams, parked_events;
    char error[160]; /* why it does not go on just now; empty when it does */
};

/* Fill in at most `room` of them, in the order of their numbers. Returns how many. Any thread. */
size_t hub_views_status(const struct hub_views *self, struct hub_view_status *ret_status, size_t room);

/* Build a view afresh beside the live one and switch when it has caught up. Any thread.
 * Returns 0, HUB_ERROR_conflict while one runs, HUB_ERROR_not_found for another name. */
int hub_views_rebuild(struct hub_views *self, const char *name);

/* Try the parked streams of a view again, soon. Returns 0, or HUB_ERROR_not_found for another name. Any thread. */
int hub_views_retry(struct hub_views *self, const char *name);

/* SHA-256 over all rows of a view at the position where it is now (I5). Reads them all. Any thread.
 * Returns 0, HUB_ERROR_not_found for another name, < 0. */
int hub_views_hash(struct hub_views *self, const char *name, struct hub_digest *ret_hash);

#endif
