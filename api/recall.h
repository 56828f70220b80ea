/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Answers that are remembered until something changes: what many ask at once, a list that dashboards poll say, is made once.
 * Bounded; one per loop, and of its thread. */
#ifndef HUB_API_RECALL_H
#define HUB_API_RECALL_H

#include "base/span.h"
#include "base/ulid.h"

enum { HUB_RECALL_BODY = 64 * 1024 }; /* bytes of the largest answer that is kept */

struct hub_recall;

/* What was asked, and what the answer depends on besides. */
struct hub_recall_key {
    struct hub_ulid company;
    struct hub_span path, query; /* as they came; what is too long is never kept */
    uint64_t position;           /* of the views */
    uint64_t erasures;           /* of keys, since the start */
};

/* What went out: a 200 with JSON. */
struct hub_recalled {
    struct hub_span body, link; /* link empty: none */
    uint64_t version;           /* 0: none */
};

/* Never NULL. */
struct hub_recall *hub_recall_new(void);
void hub_recall_destroy(struct hub_recall **self_p);

/* The answer that was kept for exactly this key; false when there is none. Valid until the next hub_recall_keep. */
bool hub_recall_find(const struct hub_recall *self, const struct hub_recall_key *key, struct hub_recalled *ret_answer);

/* Remember a copy of an answer, in place of whatever has its place. */
void hub_recall_keep(struct hub_recall *self, const struct hub_recall_key *key, const struct hub_recalled *answer);

#endif
