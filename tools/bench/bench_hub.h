/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hub inside of this process, for measuring: on a temporary directory, without HTTP and without waiting for the disk. */
#ifndef HUB_TOOLS_BENCH_BENCH_HUB_H
#define HUB_TOOLS_BENCH_BENCH_HUB_H

#include "tools/serve/hub.h"

struct hub_bench_hub;

/* Returns 0, or < 0 with a sentence in ret_why. */
int hub_bench_hub_open(struct hub_bench_hub **ret_hub, char *ret_why, size_t why_size);

/* Stop it and remove its directory. Takes NULL. */
void hub_bench_hub_close(struct hub_bench_hub **self_p);

struct hub_hub *hub_bench_hub(struct hub_bench_hub *self);

/* Open the number-th session with a customer of its own and let the customer say `messages` things.
 * Returns 0 and both streams, or < 0 when something was refused. */
int hub_bench_hub_talk(struct hub_bench_hub *self, unsigned number, unsigned messages, struct hub_stream *ret_session,
                       struct hub_stream *ret_customer);

/* Wait until the views have everything. Returns 0, or < 0 when that takes more than a minute. */
int hub_bench_hub_settle(struct hub_bench_hub *self);

#endif
