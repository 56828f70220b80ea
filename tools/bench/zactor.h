/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `zactor`: what one CZMQ actor for each entity would cost, at the command line. */
#ifndef HUB_TOOLS_BENCH_ZACTOR_H
#define HUB_TOOLS_BENCH_ZACTOR_H

/* Start one actor for each of N entities and print what one costs: time, memory, threads, descriptors.
 *
 * argc, argv   argv[0] is the command's own name
 *
 * Returns an exit status: 0; 1 when the actors did not start or did not answer; 2 for a wrong command line. */
int hub_bench_zactor(int argc, char **argv);

#endif
