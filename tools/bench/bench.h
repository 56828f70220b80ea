/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `omnihub bench ...`: the measurements that are part of the program, listed in bench.def. */
#ifndef HUB_TOOLS_BENCH_BENCH_H
#define HUB_TOOLS_BENCH_BENCH_H

/* Run one measurement.
 *
 * argc, argv   argv[0] is "bench", argv[1] names the row of bench.def; without one the list is printed
 *
 * Returns an exit status: what the measurement returned, 0 for the list, 2 for a name that is none. */
int hub_bench_main(int argc, char **argv);

#endif
