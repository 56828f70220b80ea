/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Commands and questions of clients on sockets: to an actor or the views, and the answer back as a frame. */
#ifndef HUB_API_LIVE_ASKS_H
#define HUB_API_LIVE_ASKS_H

#include "api/live/client.h"

/* Do what a row with .command or .query asks for. */
void hub_client_ask(const struct hub_said *said);

/* Forget all that are under way for a socket. */
void hub_client_asks_drop(struct hub_live_socket *socket);

#endif
