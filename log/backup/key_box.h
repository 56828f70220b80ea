/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The key store and the key that signs checkpoints, as one locked file.
 *
 * Inside the lockbox (base/lockbox.h) stand entries: length of the name (1), name, length (8, big-endian), bytes. The first
 * is "log": log id (16), incarnation be32, when it was made be64. Then come checkpoint.key and the files of keys/. */
#ifndef HUB_LOG_BACKUP_KEY_BOX_H
#define HUB_LOG_BACKUP_KEY_BOX_H

#include "log/backup/backup.h"

/* Lock DATA/keys/ and DATA/checkpoint.key into a file, which is replaced when the new one is on disk. A hub may be running:
 * all keys that were on disk before the call are in it, and none that was destroyed before. Returns enum hub_backup_end. */
int hub_key_box_write(const char *data_dir, const char *path, const struct hub_lockbox_who *lock,
                      const struct hub_log_identity *log, struct hub_backup_why why);

struct hub_key_box {
    struct hub_log_identity log;
    int64_t made_us;
};

/* Open one and write its files to `into`/keys/ and `into`/checkpoint.key; NULL: only see that it opens.
 * Returns enum hub_backup_end. */
int hub_key_box_read(const char *path, const struct hub_lockbox_who *who, const char *into, struct hub_key_box *ret_box,
                     struct hub_backup_why why);

#endif
