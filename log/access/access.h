/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who read whose personal data: a log of its own, beside the log of events, in DATA/access/. Why it is apart, and what it
 * does when it cannot be written, is in docs/decisions/018-accesses.md. */
#ifndef HUB_LOG_ACCESS_ACCESS_H
#define HUB_LOG_ACCESS_ACCESS_H

#include "base/schema.h"
#include "base/sealed.h"
#include "base/world.h"

#include "base/def/structs.h"
#include "log/access/access.def"
#include "base/def/indexes.h"
#include "log/access/access.def"
#include "base/def/none.h"

struct hub_access;

enum { HUB_ACCESS_PURPOSE_MAX = 300 }; /* bytes */

struct hub_access_options {
    const char *data_dir;
    const struct hub_world *world;
    uint64_t max_bytes; /* of all files; 0: 256 MiB. The oldest file goes when it is more */
    /* Called on the writing thread when writing begins to fail (why is then a clause) and when it works again (NULL). */
    void (*on_fault)(void *arg, const char *why);
    void *arg;
};

/* Start the thread that writes. Options are copied, data_dir is borrowed. Never NULL. */
struct hub_access *hub_access_start(const struct hub_access_options *options);

/* Write what waits, and stop. *self_p becomes NULL. Takes NULL. */
void hub_access_stop(struct hub_access **self_p);

/* Note an entry, which is packed at once: it is written within 20 ms, and on disk within a second more. Any thread; never
 * blocks. Returns 0, or HUB_ERROR_overloaded when too many wait or writing fails: then what it is about must not be shown. */
int hub_access_note(struct hub_access *self, const struct access_entry *entry);

/* Wait until everything that was noted before can be read. Any thread but an event loop's. Returns 0, or < 0 when writing fails. */
int hub_access_flush(struct hub_access *self);

/* What it counted since its start. */
struct hub_access_stats {
    uint64_t noted, written, refused;
    bool failing; /* the last attempt to write did not work */
};

/* Read the figures of this moment. Any thread. */
void hub_access_stats(struct hub_access *self, struct hub_access_stats *ret_stats);

/* Note one entry durably, without a thread: what tools do before they show anything.
 * Returns 0, or < 0 with a clause in ret_why. */
int hub_access_note_now(const char *data_dir, const struct access_entry *entry, char *ret_why, size_t why_size);

/* Fill in why somebody reads: sealed by the key of the one customer that an entry is about, when there is just one; else as it is.
 * purpose: at most 300 bytes. False when that customer's key is gone: there is nothing to be read either. */
bool hub_access_give_purpose(struct access_entry *entry, struct hub_span purpose, const struct hub_sealing *with,
                             const struct hub_key_source *keys);

/* --- Reading --- */

struct hub_access_scan;

/* From the entry of this number on; older ones may be gone. Never NULL. */
struct hub_access_scan *hub_access_scan_open(const char *data_dir, uint64_t from);

/* The next entry, in the arena. Returns 1; 0 at the end; < 0 with a static clause in *ret_why. */
int hub_access_scan_next(struct hub_access_scan *self, struct hub_arena *arena, uint64_t *ret_number,
                         struct access_entry *ret_entry, const char **ret_why);
void hub_access_scan_close(struct hub_access_scan **self_p);

/* Whether an entry may be about this customer. */
bool hub_access_concerns(const struct access_entry *entry, struct hub_ulid customer);

/* What verifying found. */
struct hub_access_found {
    uint64_t first, last; /* numbers of the oldest entry that is kept, and of the last one that is right; 0: none */
    uint64_t position;    /* how far the log was at the latter; 0: not known */
};

/* Check every hash from the oldest entry that is kept. Returns 0, or < 0 with a static clause in *ret_why. */
int hub_access_verify(const char *data_dir, struct hub_access_found *ret_found, const char **ret_why);

#endif
