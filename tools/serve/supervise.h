/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A parent that starts the work again when it crashes. */
#ifndef HUB_TOOLS_SERVE_SUPERVISE_H
#define HUB_TOOLS_SERVE_SUPERVISE_H

#include <stdint.h>

struct hub_supervised {
    unsigned starts; /* before this one */
    uint16_t port;   /* that the first start got; 0 at the first */
    int tell;        /* descriptor on which the work tells its parent the port, or -1 */
};

/* Run `work` in a child process, and again when a signal killed it: after 0.1 s, twice as long each time, at most 10 s;
 * a minute without a crash starts over. SIGTERM and SIGINT are passed on. Gives up at the tenth crash within a minute.
 *
 * Returns in the parent: the work's own exit status when it ended by itself; 1 when given up. */
int hub_supervise(int (*work)(void *arg, const struct hub_supervised *self), void *arg);

#endif
