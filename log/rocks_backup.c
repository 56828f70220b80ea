/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* RocksDB's backup engine, by its C interface. */
#include "log/rocks.h"

#include <rocksdb/c.h>

static rocksdb_backup_engine_t *open_backups(const char *dir, uint64_t bytes_per_second, char *ret_why, size_t why_size)
{
    char *error = NULL;
    rocksdb_env_t *env = rocksdb_create_default_env();
    rocksdb_backup_engine_options_t *options = rocksdb_backup_engine_options_create(dir);
    rocksdb_backup_engine_options_set_backup_rate_limit(options, bytes_per_second);
    rocksdb_backup_engine_t *engine = rocksdb_backup_engine_open_opts(options, env, &error);
    rocksdb_backup_engine_options_destroy(options);
    rocksdb_env_destroy(env);
    return hub_rocks_take_error(error, ret_why, why_size) < 0 ? NULL : engine;
}

int hub_rocks_backup(struct hub_rocks *self, struct hub_rocks_backup *backup, char *ret_why, size_t why_size)
{
    char *error = NULL;
    rocksdb_backup_engine_t *engine = open_backups(backup->dir, backup->bytes_per_second, ret_why, why_size);
    if (engine == NULL) {
        return -1;
    }
    rocksdb_backup_engine_create_new_backup_flush(engine, hub_rocks_handle(self), 1, &error);
    const rocksdb_backup_engine_info_t *info = rocksdb_backup_engine_get_backup_info(engine);
    int count = rocksdb_backup_engine_info_count(info);
    if (error == NULL) {
        backup->id = rocksdb_backup_engine_info_backup_id(info, count - 1);
    }
    rocksdb_backup_engine_info_destroy(info);
    rocksdb_backup_engine_close(engine);
    return hub_rocks_take_error(error, ret_why, why_size);
}

int hub_rocks_restore(const char *dir, uint32_t id, const char *to, char *ret_why, size_t why_size)
{
    char *error = NULL;
    rocksdb_backup_engine_t *engine = open_backups(dir, 0, ret_why, why_size);
    if (engine == NULL) {
        return -1;
    }
    rocksdb_restore_options_t *options = rocksdb_restore_options_create();
    rocksdb_backup_engine_restore_db_from_backup(engine, to, to, options, id, &error);
    rocksdb_restore_options_destroy(options);
    rocksdb_backup_engine_close(engine);
    return hub_rocks_take_error(error, ret_why, why_size);
}

int hub_rocks_forget(const char *dir, uint32_t first, char *ret_why, size_t why_size)
{
    char *error = NULL;
    uint32_t kept = 0;
    rocksdb_backup_engine_t *engine = open_backups(dir, 0, ret_why, why_size);
    if (engine == NULL) {
        return -1;
    }
    const rocksdb_backup_engine_info_t *info = rocksdb_backup_engine_get_backup_info(engine);
    for (int i = 0; i < rocksdb_backup_engine_info_count(info); i++) {
        kept += rocksdb_backup_engine_info_backup_id(info, i) >= first;
    }
    rocksdb_backup_engine_info_destroy(info);
    rocksdb_backup_engine_purge_old_backups(engine, kept, &error);
    rocksdb_backup_engine_close(engine);
    return hub_rocks_take_error(error, ret_why, why_size);
}
