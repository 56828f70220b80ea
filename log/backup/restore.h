/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Puts a backup back as a data directory. docs/operating.md, docs/decisions/015-backup.md. */
#ifndef HUB_LOG_BACKUP_RESTORE_H
#define HUB_LOG_BACKUP_RESTORE_H

#include "log/backup/backup.h"
#include "log/backup/cut.h"

enum hub_restore_to {
    HUB_RESTORE_newest = 0, /* all of the backup */
    HUB_RESTORE_position,   /* up to a position */
    HUB_RESTORE_time,       /* up to the last event at or before a moment */
};

struct hub_restore_options {
    const char *dir;                   /* of the backups */
    const char *target;                /* must not be there, or be an empty directory */
    const char *box;                   /* NULL: DIR/keys.box */
    const struct hub_lockbox_who *who; /* NULL: without keys; personal values stay closed */
    const struct hub_world *world;
    uint32_t number; /* of the backup; 0: the one that fits */
    bool is_trial;   /* nobody will serve it: no incarnation is taken */
    enum hub_restore_to to;
    uint64_t sequence;
    int64_t time_us;

    const struct hub_ulid *erased; /* people whose keys go too, whatever the box has */
    size_t erased_count;

    /* What hub_cut wants. */
    int (*mark)(void *arg, const struct hub_pending_key *key, struct hub_span value, struct hub_buf *ret_value);
    int (*rearm)(void *arg, struct hub_log *log, const struct hub_stream *stream, uint64_t to,
                 const struct hub_cut_adding *adding);
    void *arg;
    struct hub_backup_watch watch;
};

struct hub_restored {
    struct backup_note note; /* the backup that was taken; spans in the arena */
    uint64_t sequence;       /* the last event now */
    int64_t time_us;         /* its log time */
    uint32_t incarnation;
    bool is_announced; /* false: the backups' directory could not be told that this incarnation was given away */
    bool has_keys;
    struct hub_key_box_about {
        int64_t made_us; /* when the keys were locked */
    } keys;
    struct hub_cut_done cut;
    uint64_t erased;      /* keys destroyed because of the list */
    uint64_t keyless;     /* people without a key: they were erased, and DATA/erased names them */
    uint64_t forgotten;   /* clients' ids of people without a key, and of their sessions */
    uint64_t checkpoints; /* that spoke of removed events, moved to checkpoints.cut */
};

/* Make `target` from a backup. It is built as TARGET.restoring and renamed when it is whole and on disk.
 * Returns enum hub_backup_end. After HUB_BACKUP_stopped a thread still copies: end the process. */
int hub_restore(const struct hub_restore_options *options, struct hub_arena *arena, struct hub_restored *ret_restored,
                struct hub_backup_why why);

/* Remove what a restore left whose process was ended. */
void hub_restore_sweep(const char *target);

#endif
