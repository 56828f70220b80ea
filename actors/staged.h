/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Keyed commands whose appends are under way, so that a repetition joins the first instead of running again (I4). */
#ifndef HUB_ACTORS_STAGED_H
#define HUB_ACTORS_STAGED_H

#include "actors/outcome.h"

enum { HUB_STAGED_BUCKETS = 1024 };

/* Embedded in a worker; zeroed is empty. Outcomes are borrowed. */
struct hub_staged {
    struct hub_outcome *buckets[HUB_STAGED_BUCKETS];
};

/* The outcome under way for a command id, or NULL. */
struct hub_outcome *hub_staged_find(const struct hub_staged *self, const uint8_t id[HUB_COMMAND_ID]);
void hub_staged_add(struct hub_staged *self, struct hub_outcome *outcome);
void hub_staged_remove(struct hub_staged *self, struct hub_outcome *outcome);

#endif
