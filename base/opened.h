/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Short boxes that were opened, remembered: the ids that clients brought stand in nearly every answer, and opening one takes
 * ten times as long as finding it here. Bounded; of one thread. */
#ifndef HUB_BASE_OPENED_H
#define HUB_BASE_OPENED_H

#include "base/span.h"
#include "base/ulid.h"

struct hub_opened;

/* Nothing is remembered yet. Never NULL. */
struct hub_opened *hub_opened_new(void);

/* Wipes what it holds. Takes NULL. */
void hub_opened_destroy(struct hub_opened **self_p);

/* To be called before each use, with the number of keys that were destroyed so far: when it has changed, all is wiped. */
void hub_opened_renew(struct hub_opened *self, uint64_t erasures);

/* What was in exactly this box of this company. Valid until the next hub_opened_keep or hub_opened_renew. */
bool hub_opened_find(const struct hub_opened *self, struct hub_ulid company, struct hub_span box,
                     struct hub_span *ret_clear);

/* Remember a box that its key has opened, in place of whatever has its place. What is too long is passed over. */
void hub_opened_keep(struct hub_opened *self, struct hub_ulid company, struct hub_span box, struct hub_span clear);

#endif
