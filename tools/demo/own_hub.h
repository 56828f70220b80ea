/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hub of one's own for a while: a second process of this program on a temporary directory. */
#ifndef HUB_TOOLS_DEMO_OWN_HUB_H
#define HUB_TOOLS_DEMO_OWN_HUB_H

#include <stddef.h>

struct hub_own_hub;

/* Start one and wait until it is ready. It ends with the caller, however that ends.
 *
 * Returns 0; < 0 with a sentence in ret_why, and nothing is left behind. */
int hub_own_hub_start(struct hub_own_hub **ret_hub, char *ret_why, size_t why_size);

/* Where it answers, the API key that it takes, and its data directory. Borrowed. */
const char *hub_own_hub_url(const struct hub_own_hub *self);
const char *hub_own_hub_key(const struct hub_own_hub *self);
const char *hub_own_hub_data(const struct hub_own_hub *self);

/* Stop it and remove its directory. *self_p becomes NULL. Takes NULL. Returns 0, or < 0 when it did not end well. */
int hub_own_hub_stop(struct hub_own_hub **self_p);

#endif
