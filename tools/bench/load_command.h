/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `load`: the load generator at the command line. */
#ifndef HUB_TOOLS_BENCH_LOAD_COMMAND_H
#define HUB_TOOLS_BENCH_LOAD_COMMAND_H

/* Put load on a server as the options say and print what was measured.
 *
 * argc, argv   argv[0] is the command's own name
 *
 * Returns an exit status: 0; 1 when the load could not be put, which was said on stderr; 2 for a wrong
 * command line. Answers that are errors are measured, not a failure of the command. */
int hub_bench_load(int argc, char **argv);

#endif
