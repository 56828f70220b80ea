/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Measurements inside of the hub, without HTTP: replay, activation, memory. They print key=value lines. */
#ifndef HUB_TOOLS_BENCH_BENCH_INSIDE_H
#define HUB_TOOLS_BENCH_BENCH_INSIDE_H

/* argv[0] is the measurement's own name; --help lists the options. Each returns an exit status.
 *
 * replay      how fast a data directory's events are scanned, folded and checked (replay/bench.h)
 * proof       how long one proof of inclusion takes, and how many hashes it has
 * activation  how long it takes to bring a session of 1,000 events into memory, with and without snapshot
 * memory      what a session in memory takes, of 20 and of 1,000 messages, with its customer beside it */
int hub_bench_replay(int argc, char **argv);
int hub_bench_proof(int argc, char **argv);
int hub_bench_activation(int argc, char **argv);
int hub_bench_memory(int argc, char **argv);

#endif
