/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The files of a data directory beside its log, in a backup; and sizes. For the backup's own files alone. */
#ifndef HUB_LOG_BACKUP_BACKUP_FILES_H
#define HUB_LOG_BACKUP_BACKUP_FILES_H

#include "log/backup/backup.h"

/* Copy every file of the data directory that is neither of the log, nor of the keys, nor made anew by itself (views, tree,
 * witness, locks) to DIR/files/, unless it is there already, and list them in the note. Links are followed. options->watch is
 * asked before each. Returns enum hub_backup_end. */
int hub_backup_take_files(const struct hub_backup_options *options, struct hub_arena *arena, struct backup_note *note,
                          struct hub_backup_why why);

/* Put them back into `into`, each compared with its digest; the watch is asked before each. Returns enum hub_backup_end. */
int hub_backup_put_files(const char *dir, const struct backup_note *note, const char *into,
                         const struct hub_backup_watch *watch, struct hub_backup_why why);

/* Remove from DIR/files/ what none of these backups lists. Returns 0, or < 0 with errno set. */
int hub_backup_keep_files(const char *dir, const struct backup_note *const *notes, size_t count);

/* Bytes of all files below a directory, 0 when there is none. */
uint64_t hub_backup_bytes(const char *dir);

/* Bytes of a pinned log's tables that a backup directory does not have yet. */
uint64_t hub_backup_missing(const char *pinned, const char *dir);

/* Remove a directory and all in it. Returns 0, or < 0 with errno set. */
int hub_backup_remove(const char *dir);

#endif
