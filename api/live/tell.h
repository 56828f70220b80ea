/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is said once and not kept: who writes, who came, what the hub itself has to say. */
#ifndef HUB_API_LIVE_TELL_H
#define HUB_API_LIVE_TELL_H

#include "api/live/live.h"

/* Tell all others who listen to the same session, on all loops, by an ephemeral frame of contract A. */
void hub_live_tell(const struct hub_live_socket *from, const char *type, const void *payload);

/* Tell all who listen to everything of a company, on all loops, by an ephemeral frame of each contract that has such a row. */
void hub_live_announce(struct hub_server *server, struct hub_ulid company, const char *type, const void *payload);

#endif
