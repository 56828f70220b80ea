/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The table of staged commands: a chained hash over command ids, which are digests already. */
#include "actors/staged.h"

#include <assert.h>

static unsigned bucket_of(const uint8_t id[HUB_COMMAND_ID])
{
    return ((unsigned) id[0] << 8 | id[1]) % HUB_STAGED_BUCKETS;
}

struct hub_outcome *hub_staged_find(const struct hub_staged *self, const uint8_t id[HUB_COMMAND_ID])
{
    struct hub_outcome *outcome = self->buckets[bucket_of(id)];
    while (outcome != NULL && memcmp(outcome->command->id, id, HUB_COMMAND_ID) != 0) {
        outcome = outcome->same_key;
    }
    return outcome;
}

void hub_staged_add(struct hub_staged *self, struct hub_outcome *outcome)
{
    struct hub_outcome **bucket = &self->buckets[bucket_of(outcome->command->id)];
    outcome->keyed = true;
    outcome->same_key = *bucket;
    *bucket = outcome;
}

void hub_staged_remove(struct hub_staged *self, struct hub_outcome *outcome)
{
    struct hub_outcome **link = &self->buckets[bucket_of(outcome->command->id)];
    while (*link != outcome) {
        assert(*link != NULL);
        link = &(*link)->same_key;
    }
    *link = outcome->same_key;
    outcome->keyed = false;
}
