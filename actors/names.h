/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From a client's own ids to ours: what the log knows, and ids reserved for entities that may come.
 *
 * Two requests that name the same unknown customer at the same moment must reach the same actor. So an unknown name gets an id
 * here once, and everybody who asks for that name in the next minute gets the same one. When the entity comes to be, its first
 * append writes the alias; when it never does, the reservation is forgotten. */
#ifndef HUB_ACTORS_NAMES_H
#define HUB_ACTORS_NAMES_H

#include "actors/command.h"
#include "base/world.h"
#include "log/log.h"

struct hub_names;
struct hub_names_cache;

/* At most `room` reservations, 0 for 65,536; the oldest give way. Never NULL. Log and world are borrowed. */
struct hub_names *hub_names_new(struct hub_log *log, const struct hub_world *world, size_t room);
void hub_names_destroy(struct hub_names **self_p);

/* A thread's own memory of aliases that the log has; aliases are only removed by erasure, which empties it (epoch). */
struct hub_names_cache *hub_names_cache_new(void);
void hub_names_cache_destroy(struct hub_names_cache **self_p);

/* Decide about a name that was read from a client's text (it has a digest); others are left alone.
 *
 * cache  of the calling thread
 * Returns 0, or < 0 when the log cannot be read. Any thread. */
int hub_names_resolve(struct hub_names *self, struct hub_names_cache *cache, struct hub_ulid company, uint8_t kind,
                      struct hub_name *name);

/* An alias was removed: forget its reservation, and every thread's memory of aliases. What is reserved for other names stays, as
 * an append with one of them may be on its way. Any thread. */
void hub_names_forget(struct hub_names *self, struct hub_ulid company, const struct hub_alias *alias);

#endif
