/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A bounded cache of unwrapped data keys, shared by all threads. */
#ifndef HUB_LOG_KEYRING_KEY_CACHE_H
#define HUB_LOG_KEYRING_KEY_CACHE_H

#include "base/digest.h"
#include "base/ulid.h"

struct hub_key_cache;

/* A cache of about 16,000 keys. Never NULL. */
struct hub_key_cache *hub_key_cache_new(void);

/* Wipes what it holds. Takes NULL. */
void hub_key_cache_destroy(struct hub_key_cache **self_p);

/* Any thread. */
bool hub_key_cache_find(struct hub_key_cache *self, struct hub_ulid company, struct hub_ulid subject,
                        struct hub_key *ret_key);
void hub_key_cache_put(struct hub_key_cache *self, struct hub_ulid company, struct hub_ulid subject,
                       const struct hub_key *key);
void hub_key_cache_drop(struct hub_key_cache *self, struct hub_ulid subject);

#endif
