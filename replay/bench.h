/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How fast this machine replays a data directory. */
#ifndef HUB_REPLAY_BENCH_H
#define HUB_REPLAY_BENCH_H

#include <stddef.h>
#include <stdio.h>

struct hub_replay_bench_options {
    const char *data_dir;
    const char *scratch_dir; /* a directory where a temporary one is made and removed */
    const char *ways;        /* those of scan, pair, fold, chain, view and verify that are wanted; NULL: all */
    unsigned rounds;         /* 0: five */
};

/* Walk a data directory (a hub may be running on it) in several ways, in turn, and print key=value lines:
 *
 *     events                  of the log
 *     scan_events_per_s       header and payload rows walked by raw RocksDB iterators, one thread
 *     pair_events_per_s       the same by two threads, each with a half
 *     fold_events_per_s       decoded and folded into the states of all entities, in memory
 *     chain_events_per_s      payload digests and chain hashes checked
 *     view_events_per_s       decoded and folded into every view, written to a store in scratch_dir
 *     verify_events_per_s     what `replay --verify` does: chain, every view on all cores, compared with what is stored
 *
 * and for each the processor time an event took in all threads, scan_cpu_ns and so on, which other programs disturb less: the
 * best round of each counts. And for each but the scan itself, the median of the rounds' ratios to the scan of the same round,
 * which holds whatever else the machine does: verify_of_scan by the clock, verify_cpu_of_scan by processor time.
 *
 * Returns 0, or < 0 with a sentence in ret_why. */
int hub_replay_bench(const struct hub_replay_bench_options *options, FILE *out, char *ret_why, size_t why_size);

#endif
