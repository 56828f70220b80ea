/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How fast this machine replays a data directory. */
#ifndef HUB_REPLAY_BENCH_H
#define HUB_REPLAY_BENCH_H

#include <stddef.h>
#include <stdio.h>

/* Walk a data directory (a hub may be running on it) in several ways, warm, and print key=value lines:
 *
 *     events                  of the log
 *     scan_events_per_s       header and payload rows walked by raw RocksDB iterators
 *     fold_events_per_s       decoded and folded into the states of all entities, in memory
 *     chain_events_per_s      payload digests and chain hashes checked
 *     view_events_per_s       decoded and folded into every view, written to a store in scratch_dir
 *     verify_events_per_s     what `replay --verify` does: chain, every view on all cores, compared with what is stored
 *
 * and for each the processor time an event took in all threads, scan_cpu_ns and so on, which other programs disturb less.
 *
 * scratch_dir  a directory where a temporary one is made and removed
 * Returns 0, or < 0 with a sentence in ret_why. */
int hub_replay_bench(const char *data_dir, const char *scratch_dir, FILE *out, char *ret_why, size_t why_size);

#endif
