/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `demo --load`: plays many customers against a hub, hours of simulated conversation as fast as the hub takes them. */
#ifndef HUB_TOOLS_DEMO_PLAY_H
#define HUB_TOOLS_DEMO_PLAY_H

#include <stdint.h>
#include <stdio.h>

struct hub_play_options {
    const char *url, *key;
    const char *run;    /* makes the client's own ids unlike those of another run; "" for none */
    uint32_t customers; /* at least 1 */
    uint64_t seed;
    FILE *out;
};

/* Play them all and print a summary; stderr says how far it is. SIGINT and SIGTERM, blocked by the caller, end it early with the summary so far. Call it from the main thread.
 *
 * Returns 0; 1 when it was ended early; -1 when a request was not answered as it should be, which was said on stderr. */
int hub_play(const struct hub_play_options *options);

#endif
