/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of the log's meta family: what the log is, and what is known about it. */
#ifndef HUB_LOG_META_H
#define HUB_LOG_META_H

#include "base/digest.h"
#include "log/position.h"
#include "log/rocks.h"
#include "log/sums.h"

enum { HUB_LOG_FORMAT = 1 }; /* of docs/log-format.md; a log of another one is refused */

/* A position up to which the whole chain was verified. */
struct hub_mark {
    uint64_t sequence;
    struct hub_digest hash; /* h(sequence) */
};

/* How much of the sums a log has, each kind with all that the one before has, but hashes. */
enum hub_sums_kept {
    HUB_KEPT_none = 0,
    HUB_KEPT_hashes, /* of each kind of rows how many and the sum of their hashes */
    HUB_KEPT_powers,
    HUB_KEPT_samples, /* all of them, what every log has that was opened to write */
};

struct hub_meta {
    bool found; /* there is an identity */
    uint16_t format;
    struct hub_log_identity identity;
    uint32_t epoch;          /* starts of a writer so far */
    struct hub_mark mark;    /* sequence 0: nothing was verified yet */
    uint64_t loose;          /* the last number of an append without events that left pending rows (hub_loose_after) */
    bool has_mark;           /* every log that was opened to write has one */
    bool is_checked;         /* sums, samples, epoch and loose are as they were put */
    enum hub_sums_kept kept; /* what a log has of the sums, by the program that wrote it last */
    struct hub_sums sums;    /* of all rows that were written, less those that were completed or removed, */
    struct hub_sums forgot;  /* and those that the scrubber removed since: command rows */
};

/* A file of DATA/archive that holds payloads in place of the store. Its name is hub_archive_name's. */
struct hub_archive_row {
    uint64_t first, last; /* positions */
    uint64_t rows;
    uint64_t bytes;           /* of the file */
    struct hub_digest digest; /* its last bytes: the SHA-256 of those before */
};

/* Read all rows. Returns 0, or < 0 for a read error or a row of another length. */
int hub_meta_read(struct hub_rocks *db, struct hub_meta *ret_meta);

/* Whether a row of the family has a name that this program knows. */
bool hub_meta_is_name(struct hub_span key);

/* Put single rows into a batch. */
void hub_meta_put_identity(struct hub_rocks_batch *batch, const struct hub_log_identity *identity);
void hub_meta_put_epoch(struct hub_rocks_batch *batch, uint32_t epoch);
void hub_meta_put_mark(struct hub_rocks_batch *batch, const struct hub_mark *mark);
void hub_meta_put_loose(struct hub_rocks_batch *batch, uint64_t loose);

/* The sums, with a check over them and the numbers that go with them: whoever puts `epoch` or `loose` puts this too; and the
 * samples that changed, which are not changed any more then. */
void hub_meta_put_sums(struct hub_rocks_batch *batch, struct hub_sums *sums, uint32_t epoch, uint64_t loose);

/* Command rows that were removed, for good. */
void hub_meta_put_forgot(struct hub_rocks_batch *batch, const struct hub_sums *forgot);

/* An archive: put it, strike it out, whether a key names one, and what its row says (returns 0, or < 0 for a damaged row). */
void hub_meta_put_archive(struct hub_rocks_batch *batch, const struct hub_archive_row *archive);
void hub_meta_delete_archive(struct hub_rocks_batch *batch, uint64_t first);
bool hub_meta_is_archive(struct hub_span key);
int hub_meta_archive_decode(struct hub_span key, struct hub_span value, struct hub_archive_row *ret_archive);

/* All of them, ascending. visit: returns < 0 to stop. Returns 0, what `visit` did, or < 0 for a read error or a damaged row. */
int hub_meta_archives(struct hub_rocks *db, int (*visit)(void *arg, const struct hub_archive_row *archive), void *arg);

#endif
