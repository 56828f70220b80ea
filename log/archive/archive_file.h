/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The bytes of an archive: payloads by position, in blocks, with an index. docs/log-format.md §9 is normative. */
#ifndef HUB_LOG_ARCHIVE_FILE_H
#define HUB_LOG_ARCHIVE_FILE_H

#include "base/buf.h"
#include "base/digest.h"

enum {
    HUB_ARCHIVE_HEAD = 64,                            /* bytes before the first block */
    HUB_ARCHIVE_ENTRY = 24,                           /* of the index, for each block */
    HUB_ARCHIVE_CHECK = 8,                            /* the start of a SHA-256 */
    HUB_ARCHIVE_END = HUB_ARCHIVE_CHECK + HUB_DIGEST, /* behind the index */
    HUB_ARCHIVE_ROWS = 32768,                         /* that a file takes at most */
    HUB_ARCHIVE_PAYLOADS = 16 * 1024 * 1024,          /* a file that holds so many bytes takes no more */
    HUB_ARCHIVE_MAX = 32 * 1024 * 1024,               /* bytes of a file */
};

/* What the head says. */
struct hub_archive_head {
    uint8_t log_id[16];
    uint64_t first, last; /* positions */
    uint64_t rows;
    uint32_t blocks;
    uint64_t index_at; /* where the index begins */
};

/* A block, as the index has it. */
struct hub_archive_entry {
    uint64_t first; /* position of its first row */
    uint32_t at, len;
    uint8_t check[HUB_ARCHIVE_CHECK];
};

/* --- Writing: in memory, as it is never large --- */

struct hub_archive_writer {
    struct hub_buf bytes, index; /* owned */
    struct hub_archive_head head;
    size_t block_at;
};

/* Begin a file of a log; hub_archive_done is due. */
void hub_archive_start(struct hub_archive_writer *self, const uint8_t log_id[16]);

/* Add a row. sequence: above the one before; payload: copied. */
void hub_archive_add(struct hub_archive_writer *self, uint64_t sequence, struct hub_span payload);

/* Whether another row belongs into another file. */
bool hub_archive_is_full(const struct hub_archive_writer *self);

/* The whole file, valid until hub_archive_done. At least one row was added. */
struct hub_span hub_archive_finish(struct hub_archive_writer *self);
void hub_archive_done(struct hub_archive_writer *self);

/* --- Reading: any bytes at all --- */

/* Decode a head. bytes: HUB_ARCHIVE_HEAD of them; file_size: of the whole file, which the head must fit.
 * Returns 0, or < 0 for what is no head. */
int hub_archive_head_decode(struct hub_span bytes, uint64_t file_size, struct hub_archive_head *ret_head);

/* Decode the index: what lies between head->index_at and the last HUB_DIGEST bytes, checked together with the head's bytes.
 *
 * ret_entries  head->blocks of them
 * Returns 0, or < 0 when it is damaged. */
int hub_archive_index_decode(const struct hub_archive_head *head, struct hub_span head_bytes, struct hub_span index,
                             struct hub_archive_entry *ret_entries);

/* Which block may hold a position: the last that begins at or before it. Returns its number, or -1. */
int64_t hub_archive_block_of(const struct hub_archive_entry *entries, uint32_t count, uint64_t sequence);

/* Whether a block's bytes are what the index says. */
bool hub_archive_block_is_sound(const struct hub_archive_entry *entry, struct hub_span block);

/* Take the next row of a block and move *block_p behind it; the payload points into the block.
 * Returns 1, 0 at the end, < 0 for bytes that are no row. */
int hub_archive_row_next(struct hub_span *block_p, uint64_t *ret_sequence, struct hub_span *ret_payload);

/* The digest that names a whole file: its last bytes. Returns false when the bytes before do not have it. */
bool hub_archive_is_whole(struct hub_span file, struct hub_digest *ret_digest);

#endif
