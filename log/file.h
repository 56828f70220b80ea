/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Small files that must be there, whole, after a power cut. */
#ifndef HUB_LOG_FILE_H
#define HUB_LOG_FILE_H

#include "base/buf.h"

/* DIR/NAME in fresh memory, to be freed with free(). Never NULL. */
char *hub_path(const char *dir, const char *name);

/* Write all bytes to a descriptor, however often the kernel takes less. Returns 0, or < 0 with errno set. */
int hub_write_all(int fd, struct hub_span bytes);

/* Replace DIR/NAME by these bytes: temporary file, fdatasync, rename, fsync of the directory. Mode 0600.
 * Returns 0, or < 0 with errno set; the old file is then still there. */
int hub_file_replace(const char *dir, const char *name, struct hub_span bytes);

/* Read a whole file of at most `max` bytes (ret_bytes cleared first). Returns 0, HUB_ERROR_not_found, or < 0 with errno
 * set (EFBIG when it is larger). */
int hub_file_read(const char *dir, const char *name, size_t max, struct hub_buf *ret_bytes);

/* Copy at most `most` bytes of a file to a new one (mode 0600), durably. Returns 0, or < 0 with errno set; a file that is
 * incomplete may be left. */
int hub_file_copy(const char *from, const char *to, uint64_t most);

/* Make the entries of a directory durable. Returns 0, or < 0 with errno set. */
int hub_dir_sync(const char *dir);

/* Make a file that somebody else wrote durable, with its name. Returns 0, or < 0 with errno set. */
int hub_file_sync(const char *dir, const char *name);

/* Make a directory (0700) if there is none, durably. Returns 0, or < 0 with errno set. */
int hub_dir_make(const char *dir);

/* Keep every other process out of a directory: lock DIR/lock. The lock goes with the process, however it ends, or with
 * close(*ret_fd). Returns 0; HUB_ERROR_conflict when it is taken ("Another hub is using ..."); or < 0 with errno set; both with
 * a sentence in ret_why. */
int hub_dir_lock(const char *dir, int *ret_fd, char *ret_why, size_t why_size);

/* Whether a file could not be written, by errno, because its disk is full or can only be read. */
bool hub_disk_is_full(int error);

/* The same by the words of an error, RocksDB's or strerror's, where nothing else is known. */
bool hub_disk_is_full_by(const char *words);

/* Whether a process holds the lock of a directory, without touching it. */
bool hub_dir_is_locked(const char *dir);

#endif
