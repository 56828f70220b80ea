/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The log on disk: opening, checking, writing batches, reading by position, stream, tag and time. */
#ifndef HUB_LOG_LOG_H
#define HUB_LOG_LOG_H

#include "base/arena.h"
#include "base/world.h"
#include "log/append.h"

struct hub_log;
struct hub_keyring;

enum hub_log_mode {
    HUB_LOG_WRITE = 1, /* the one writer; takes the directory's lock */
    HUB_LOG_FOLLOW,    /* a reader beside a running hub (secondary); hub_log_catch_up sees more */
    HUB_LOG_ASIDE,     /* a copy that no hub has ever served: nothing is checked, and nothing written by itself */
};

struct hub_log_options {
    const char *data_dir;    /* holds log/, keys/, witness */
    const char *archive_dir; /* where payloads lie that the log has no more; NULL: archive/ in data_dir */
    const struct hub_world *world;
    struct hub_keyring *keyring; /* stores new_key of appends; NULL for readers */
    enum hub_log_mode mode;
    bool few_rows; /* follow mode: without tags, commands and pending rows, which must not be asked for */
    bool
        tables_only; /* follow mode: as of the last flush. Opening goes through no write-ahead log: 9 ms a MiB, 5 with few_rows */
    bool no_sync;           /* benchmarks only: acknowledges before it is on disk */
    size_t memory_bytes;    /* for blocks and memtables; 0: 128 MiB */
    uint64_t reserve_bytes; /* refuse appends with events below this much free disk; 0: 256 MiB */
    uint32_t node;          /* this machine */
};

/* Open or (in write mode) create the log and check it: head not older than the witness, positions dense and chain
 * unbroken since the last verified mark.
 *
 * ret_why  one sentence for the operator on failure (terminated)
 * Returns 0; or, when nothing was opened, HUB_ERROR_conflict for a log that another process writes, HUB_ERROR_log_full when
 * there is no room in TMPDIR (follow mode), or < 0. */
int hub_log_open(const struct hub_log_options *options, struct hub_log **ret_log, char *ret_why, size_t why_size);

/* Write the witness and close. *self_p becomes NULL. Takes NULL. No scan may be open. */
void hub_log_close(struct hub_log **self_p);

/* Write what lies in memory into tables. Nothing is more durable by it, but the next opening, here or beside a running hub, need
 * not go through the write-ahead log: 9 ms a MiB. Any thread. Returns 0 or < 0. */
int hub_log_flush(struct hub_log *self);

/* The write side of the seam. Only one thread may call it. */
struct hub_log_sink hub_log_sink(struct hub_log *self);

/* Last durable position. Any thread. */
struct hub_position hub_log_commit(const struct hub_log *self);

/* What makes this log this log; valid while it is open. Any thread. */
const struct hub_log_identity *hub_log_identity(const struct hub_log *self);

/* Follow mode: see what the hub wrote since. Returns 0 or < 0. */
int hub_log_catch_up(struct hub_log *self);

/* --- Reading. Any thread. All return 0, HUB_ERROR_not_found, or < 0 for a read error or a damaged row. --- */

/* One event; bytes are copied into the arena. */
int hub_log_read(struct hub_log *self, struct hub_position at, struct hub_arena *arena, struct hub_stored *ret_event);

/* The latest version of a stream, 0 when it has no event. */
int hub_log_stream_version(struct hub_log *self, const struct hub_stream *stream, uint64_t *ret_version);

/* A client's id. Each change is seen when it is durable. */
int hub_log_alias(struct hub_log *self, struct hub_ulid company, uint8_t kind, const uint8_t digest[16],
                  struct hub_ulid *ret_entity);

/* The company with the next higher id that has any event; `after` none: the lowest. */
int hub_log_next_company(struct hub_log *self, struct hub_ulid after, struct hub_ulid *ret_company);

/* The company that an entity id of `kind` belongs to is part of every stream, so there is no lookup by id alone. */

/* What an earlier command with this id left; spans in the arena. Not found before the events up to its position are durable. */
int hub_log_command(struct hub_log *self, const uint8_t id[HUB_COMMAND_ID], struct hub_arena *arena,
                    struct hub_command_row *ret_row);

/* Last position whose log time is <= time_us; 0 when there is none. */
int hub_log_at_time(struct hub_log *self, int64_t time_us, struct hub_position *ret_at);

/* A reader that walks events. Its spans are valid until the next call. One thread at a time. */
struct hub_scan;

enum hub_tag { HUB_TAG_subject = 1, HUB_TAG_session = 2, HUB_TAG_type = 3 };

/* from, to  inclusive; to = 0: up to the commit position at opening
 * Never NULL. */
struct hub_scan *hub_scan_all(struct hub_log *self, uint64_t from, uint64_t to);
struct hub_scan *hub_scan_stream(struct hub_log *self, const struct hub_stream *stream, uint64_t from_version,
                                 uint64_t to_position);
struct hub_tag_range {
    struct hub_ulid company;
    enum hub_tag tag;
    struct hub_ulid id; /* of the subject or session; of HUB_TAG_type: hub_tag_of_type */
    uint64_t from, to;
    bool backwards; /* newest first */
};

/* Events with a tag. The session tag finds a session's own stream too. Never NULL. */
struct hub_scan *hub_scan_tag(struct hub_log *self, const struct hub_tag_range *range);

/* The id of a type's tag: the type in the last two bytes. */
struct hub_ulid hub_tag_of_type(uint16_t type);

/* Only headers from now on: payload stays empty, which saves a read. */
void hub_scan_headers_only(struct hub_scan *self);

/* The next event. Returns 1 and fills ret_event, 0 at the end, < 0 for a read error or a damaged row. */
int hub_scan_next(struct hub_scan *self, struct hub_stored *ret_event);

enum { HUB_SCAN_AHEAD = 15 };

/* The event that is `distance` (at least 1, at most HUB_SCAN_AHEAD) behind the last one, for whoever wants to prepare for it;
 * valid until the next hub_scan_next. NULL when the scan ends before it, or has not read so far: only those over
 * everything read ahead. */
const struct hub_stored *hub_scan_ahead(const struct hub_scan *self, unsigned distance);

/* End a scan; *self_p becomes NULL. Takes NULL. */
void hub_scan_close(struct hub_scan **self_p);

/* Which pending rows. */
struct hub_due {
    uint8_t kind;                        /* HUB_PENDING_... */
    int64_t until_us;                    /* due then or before; INT64_MAX: all */
    const struct hub_pending_key *after; /* behind this key; NULL: from the start */
};

/* Walk pending rows in due order. `visit` returns false to stop; key and value are borrowed for the call.
 * Returns 0 or < 0. */
int hub_log_pending(struct hub_log *self, const struct hub_due *due,
                    bool (*visit)(void *arg, const struct hub_pending_key *key, struct hub_span value), void *arg);

/* Chain hash of a position, to check that a view's checkpoint belongs to this log. */
int hub_log_hash(struct hub_log *self, struct hub_position at, struct hub_digest *ret_hash);

/* Figures for /metrics and /diagnostics. */
struct hub_log_stats {
    uint64_t batches, appends, events, bytes; /* since start */
    uint64_t conflicts, refused_full;
    uint64_t free_bytes, reserve_bytes;
    int64_t sync_us_total, sync_us_max; /* time in syncs */
    uint64_t verified_to;               /* the scrubber's mark */
};

/* Read the figures of this moment. Any thread. */
void hub_log_stats(const struct hub_log *self, struct hub_log_stats *ret_stats);

#endif
