/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Walking the log's rows without looking into them: what replay is measured against. */
#ifndef HUB_REPLAY_RAW_SCAN_H
#define HUB_REPLAY_RAW_SCAN_H

#include <stddef.h>
#include <stdint.h>

struct hub_raw_scan;

/* Open the rows of a data directory beside a running hub. scratch_dir: for RocksDB's own use; made, and left to the caller.
 * Returns 0, or < 0 with a sentence in ret_why. */
int hub_raw_scan_open(const char *data_dir, const char *scratch_dir, struct hub_raw_scan **ret_scan, char *ret_why,
                      size_t why_size);
void hub_raw_scan_close(struct hub_raw_scan **self_p);

/* Walk the header and payload rows of positions from..to once, in step; to = 0: to the end. Any thread. Returns 0 or < 0. */
int hub_raw_scan_walk(const struct hub_raw_scan *self, uint64_t from, uint64_t to, uint64_t *ret_events);

#endif
