/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A file of deliveries, one line each: what a provider remembers of the effects it has seen. For tests that kill the hub:
 * identity of the effect, channel, session, number of the message, attempt, time, with blanks between. */
#ifndef HUB_ACTORS_CHANNELS_DELIVERY_RECORD_H
#define HUB_ACTORS_CHANNELS_DELIVERY_RECORD_H

#include "actors/runtime.h"

struct hub_delivery_record;

/* Open or make a file, and remember whose deliveries it has. Returns 0, or < 0. */
int hub_delivery_record_open(const char *path, struct hub_delivery_record **ret_record);

/* Close it; *self_p becomes NULL. Takes NULL. */
void hub_delivery_record_close(struct hub_delivery_record **self_p);

/* True when the effect of this identity was delivered, before a restart too. One thread. */
bool hub_delivery_record_has(const struct hub_delivery_record *self, const struct hub_pending_key *id);

/* Append a delivery; the line is the system's before this returns, so that a killed process loses none. One thread. */
void hub_delivery_record_add(struct hub_delivery_record *self, const struct hub_effect *effect);

#endif
