/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `ears`: listening WebSockets at the command line. */
#ifndef HUB_TOOLS_BENCH_EARS_COMMAND_H
#define HUB_TOOLS_BENCH_EARS_COMMAND_H

/* Open WebSockets and send messages as the options say, and print how late the sockets heard them.
 *
 * argc, argv   argv[0] is the command's own name
 *
 * Returns an exit status: 0; 1 when it could not run, which was said on stderr; 2 for a wrong command line. Sockets that are
 * refused or closed are counted, not a failure of the command. */
int hub_bench_ears(int argc, char **argv);

#endif
