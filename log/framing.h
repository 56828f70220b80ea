/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether RocksDB's log files are laid out so that reading them comes to their end, and to no other. */
#ifndef HUB_LOG_FRAMING_H
#define HUB_LOG_FRAMING_H

#include <stdbool.h>
#include <stddef.h>

/* Look at the frames of every write-ahead log and manifest of a store, which may be growing meanwhile. Only frames: what is in
 * them has checksums that RocksDB looks at.
 *
 * dir      the store's directory
 * has_log  the write-ahead log will be followed, so it is looked at; the manifest always is
 * ret_why  the file and the byte where the first frame is that no writer made
 *
 * Returns 0, also when a file cannot be read (RocksDB says so better), or < 0. Any thread. */
int hub_framing_check(const char *dir, bool has_log, char *ret_why, size_t why_size);

#endif
