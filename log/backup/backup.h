/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Backups of a data directory that a hub may be writing: made, listed and put back. docs/decisions/015-backup.md.
 *
 *     DIR/lock            held by who writes here
 *     DIR/log/            RocksDB's backup engine: each table file once, however many backups have it
 *     DIR/files/          other files of the data directory, each under its SHA-256
 *     DIR/backups/000001.json, ...   a note for each backup (backup.def); written last, so without it there is none
 *     DIR/keys.box        the newest keys, locked (key_box.h): there is never an older one
 *     DIR/incarnation     the last incarnation that a restore gave
 */
#ifndef HUB_LOG_BACKUP_BACKUP_H
#define HUB_LOG_BACKUP_BACKUP_H

#include "base/lockbox.h"
#include "log/log.h"

enum { HUB_BACKUP_FILES = 50000 }; /* beside the log, that a note can list */

#include "base/def/structs.h"
#include "log/backup/backup.def"
#include "base/def/indexes.h"
#include "log/backup/backup.def"
#include "base/def/none.h"

/* How it ended; but for the first there is a sentence. */
enum hub_backup_end {
    HUB_BACKUP_done = 0,
    HUB_BACKUP_failed = -1,
    HUB_BACKUP_full = -2,    /* the disk is full, or a directory cannot be written */
    HUB_BACKUP_denied = -3,  /* passphrase or key does not fit */
    HUB_BACKUP_unsound = -4, /* a backup or a log is damaged */
    HUB_BACKUP_absent = -5,  /* no such backup, position or moment */
    HUB_BACKUP_taken = -6,   /* the target is not empty, or another run is at it */
    HUB_BACKUP_stopped = -7, /* on_progress returned false */
};

/* Where the sentence goes. */
struct hub_backup_why {
    char *at;
    size_t size;
};

/* Write the sentence. Returns `end`; of HUB_BACKUP_failed with errno of a full disk (hub_disk_is_full), HUB_BACKUP_full. */
int hub_backup_refuse(struct hub_backup_why why, enum hub_backup_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4), nonnull(3)));

/* Called now and then with bytes; false stops. */
struct hub_backup_watch {
    bool (*on_progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};

struct hub_backup_options {
    const char *data_dir;
    const char *dir;                    /* made when there is none */
    const char *box;                    /* file of the locked keys; NULL: DIR/keys.box */
    const struct hub_lockbox_who *lock; /* for whom the keys are locked */
    const struct hub_world *world;
    uint64_t bytes_per_second; /* 0: as fast as it goes */
    uint32_t keep;             /* so many backups are kept, older ones removed; 0: all */
    bool keys_only;            /* write the keys anew and nothing else */
    struct hub_backup_watch watch;
};

struct hub_backup_made {
    struct backup_note note; /* not of keys_only; spans in the arena */
    uint64_t new_bytes;      /* that the directory grew by */
    uint64_t all_bytes;      /* of the log in this backup */
    uint32_t kept;           /* backups that are there now */
};

/* Add a backup. After HUB_BACKUP_stopped a thread still copies: end the process. */
int hub_backup_make(const struct hub_backup_options *options, struct hub_arena *arena, struct hub_backup_made *ret_made,
                    struct hub_backup_why why);

struct hub_backup_list {
    struct backup_note *at; /* in the arena; by number */
    size_t count;
};

/* What backups there are. */
int hub_backup_list(const char *dir, struct hub_arena *arena, struct hub_backup_list *ret_list,
                    struct hub_backup_why why);

#endif
