/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Moves payloads out of the store into files of DATA/archive. docs/decisions/020-archive.md.
 *
 * Two steps, which may be two processes. Whoever wants it writes a file with the payloads as they are stored, whole and on disk
 * under its name (hub_archive_make). Who writes the log takes it in (hub_archive_adopt): compares it row by row with the store, names it in
 * the log and removes the rows, in one synced batch. A file that is not taken in holds nothing that the log needs. */
#ifndef HUB_LOG_ARCHIVE_H
#define HUB_LOG_ARCHIVE_H

#include "log/archive/archives.h"
#include "log/log.h"

/* How it ended; but for the first there is a sentence. */
enum hub_archive_end {
    HUB_ARCHIVE_done = 0,
    HUB_ARCHIVE_failed = -1,
    HUB_ARCHIVE_full = -2,    /* the disk is full */
    HUB_ARCHIVE_unsound = -3, /* a row or a file is not what it should be */
    HUB_ARCHIVE_taken = -4,   /* another process is at it */
    HUB_ARCHIVE_stopped = -5, /* goes_on returned false: the file at hand was not written, or waits to be taken in */
    HUB_ARCHIVE_absent = -6,  /* nobody serves the log */
};

/* Where the sentence goes. */
struct hub_archive_why {
    char *at;
    size_t size;
};

/* Make DATA/archive if there is none, and keep others from writing there until close(*ret_lock). Removes what an interrupted
 * hub_archive_make left. Returns enum hub_archive_end. */
int hub_archive_enter(const struct hub_log *log, int *ret_lock, struct hub_archive_why why);

struct hub_archive_order {
    const uint64_t *positions; /* ascending; those whose payload the store has no more are passed over */
    size_t count;
    uint64_t reserve_bytes; /* so much room is left on the disk */
    bool is_trial;          /* count only */
    bool (*goes_on)(void *arg);
    void (*on_file)(void *arg,
                    const struct hub_archive_row *row); /* called for each file that was, or would be, written */
    void *arg;
};

/* Write the payloads of some positions into as many files as they need. The log may be open in any mode. All positions are
 * durable, and the last event of the log is not among them. Returns enum hub_archive_end. */
int hub_archive_make(struct hub_log *log, const struct hub_archive_order *order, struct hub_archive_why why);

/* Take in every file that the log does not know yet. The log is open to write; any one thread, while the writer goes on.
 * Returns enum hub_archive_end; a file that is not what the store has stays where it is and is named. */
int hub_archive_adopt(struct hub_log *log, struct hub_archive_why why);

/* Whether the store itself has the payload of a position, which is durable. Any thread. Returns 0, HUB_ERROR_not_found when it is archived,
 * or < 0. */
int hub_archive_is_live(struct hub_log *log, uint64_t position);

/* Whether there is a file that the log does not know yet. */
bool hub_archive_has_new(struct hub_log *log);

/* Ask the hub that serves the log to take in what is new, and wait for its answer. The log is open HUB_LOG_FOLLOW and has caught up
 * afterwards. goes_on: as above. Returns enum hub_archive_end; HUB_ARCHIVE_absent, without a sentence: no hub serves it, or no more. */
int hub_archive_ask(struct hub_log *log, bool (*goes_on)(void *arg), void *arg, struct hub_archive_why why);

/* For the process that writes the log, now and then: do what somebody asks for. Any one thread. */
void hub_archive_answer(struct hub_log *log);

/* Put the payloads up to position `to` of every archive that reaches it back into the store, and strike these archives out: for a log whose
 * end behind `to` is cut off. Their files, and those that the log does not know, are removed. The log is open HUB_LOG_ASIDE, and
 * must be closed and opened again. Returns 0, or < 0 with a clause. */
int hub_archive_thaw(struct hub_log *log, uint64_t to, char *ret_why, size_t why_size);

/* Call `visit` for each archive, by first position. Any thread. */
void hub_archive_each(const struct hub_log *log, void (*visit)(void *arg, const struct hub_archive_row *row),
                      void *arg);

#endif
