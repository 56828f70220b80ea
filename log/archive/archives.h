/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The archives of an open log: files of DATA/archive that hold payloads which the store has no more. Which they are stands in the
 * log itself (log/meta.h), so that one which is missing or is not the right one is noticed. */
#ifndef HUB_LOG_ARCHIVES_H
#define HUB_LOG_ARCHIVES_H

#include "log/archive/archive_file.h"
#include "log/meta.h"

struct hub_archives;

enum { HUB_ARCHIVE_NAME = 48, HUB_ARCHIVE_PIECES = 8, HUB_ARCHIVE_WORDS = 160 };

/* FIRST-LAST.arc, terminated. */
void hub_archive_name(uint64_t first, uint64_t last, char ret_name[HUB_ARCHIVE_NAME]);

/* The archives in a directory that the store names.
 *
 * dir         DATA/archive; copied
 * db          borrowed
 * can_change  another process may name more: looked up again when something is missing
 *
 * Returns 0, or < 0 for rows that cannot be read; nothing was made then. */
int hub_archives_new(const char *dir, struct hub_rocks *db, const uint8_t log_id[16], bool can_change,
                     struct hub_archives **ret_archives);

/* Close all files. *self_p becomes NULL. Takes NULL. */
void hub_archives_destroy(struct hub_archives **self_p);

/* Where the files are. */
const char *hub_archives_dir(const struct hub_archives *self);

/* From now on this one is asked, too. Before its rows leave the store. Any thread. */
void hub_archives_add(struct hub_archives *self, const struct hub_archive_row *row);

/* Look which there are by now, where another process may name more. Any thread. Returns 0, or < 0 for a damaged row. */
int hub_archives_refresh(struct hub_archives *self);

/* Blocks that a reader has at hand, its own: so the next row of one costs nothing. One thread at a time. */
struct hub_archive_pieces {
    struct hub_archive_piece {
        const void *archive; /* NULL: none */
        uint32_t block;
        struct hub_buf bytes;
    } at[HUB_ARCHIVE_PIECES];
    bool is_unchecked; /* who compares each payload with its digest wants to know which row is bad, not which block */
};

/* Begin with none; hub_archive_pieces_done frees them. */
void hub_archive_pieces_init(struct hub_archive_pieces *self);
void hub_archive_pieces_done(struct hub_archive_pieces *self);

/* The payload of a position.
 *
 * ret_payload  points into the pieces until the next call with them
 * ret_why      filled when it cannot be read: "its payload cannot be read: the archive 1-9.arc is missing"
 *
 * Any thread. Returns 0; HUB_ERROR_not_found: no archive has it; < 0: the one that may have it cannot be read. */
int hub_archives_find(struct hub_archives *self, uint64_t sequence, struct hub_archive_pieces *pieces,
                      struct hub_span *ret_payload, char ret_why[HUB_ARCHIVE_WORDS]);

/* How far payloads reach without a gap, if those of the store end at `sequence`; at most `most`. Any thread. */
uint64_t hub_archives_reach(struct hub_archives *self, uint64_t sequence, uint64_t most);

/* Call `visit` for each archive that there is at the call, by first position. Any thread. */
void hub_archives_each(struct hub_archives *self, void (*visit)(void *arg, const struct hub_archive_row *row),
                       void *arg);

/* Read a whole file and check that it is the one that the row speaks of, block by block. Any thread.
 * Returns 0, or < 0 with the words. */
int hub_archives_check(struct hub_archives *self, const struct hub_archive_row *row, char ret_why[HUB_ARCHIVE_WORDS]);

/* Look whether every file is there and as long as it was, no more. Returns 0, or < 0 with the words. */
int hub_archives_look(struct hub_archives *self, char ret_why[HUB_ARCHIVE_WORDS]);

#endif
