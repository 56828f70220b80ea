/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Which people have a socket open, on all loops: whoever opens the first one is seen, whoever closes the last one and does not
 * come back within 30 seconds is lost. The agent's actor is told; what follows is its decision. A socket that nobody answers
 * on is closed after two pings, so a person whose network went away is lost as well. */
#ifndef HUB_API_LIVE_PRESENCE_H
#define HUB_API_LIVE_PRESENCE_H

#include "api/live/live.h"

struct hub_presence;

/* Nobody is there. Never NULL. */
struct hub_presence *hub_presence_new(void);
void hub_presence_destroy(struct hub_presence **self_p);

/* Those whom the views have as present must come soon: the hub has started, and nobody has a socket yet. Before the loops. */
void hub_presence_expect_all(struct hub_presence *self, const struct hub_server_options *options);

/* A socket of a person opened, or closed; an API key's is passed over. On the socket's loop. */
void hub_presence_came(struct hub_presence *self, const struct hub_live_socket *socket);
void hub_presence_left(struct hub_presence *self, const struct hub_live_socket *socket);

/* Tell the actors of those who did not come back. On one loop, from time to time. */
void hub_presence_sweep(struct hub_presence *self, struct hub_loop *loop);

#endif
