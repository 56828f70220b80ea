/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Decisions in sentences that a person understands, made of the receipt's event alone. */
#ifndef HUB_ACTORS_ROUTING_EXPLAIN_H
#define HUB_ACTORS_ROUTING_EXPLAIN_H

#include "actors/routing/analyser.h"
#include "actors/routing/routing.h"

/* Fill a receipt from its event: everything but what became of it. Texts lie in the arena, the rest is borrowed. Any thread. */
void hub_routing_explain(const struct routing_decided *decided, int64_t decided_at_us, struct hub_arena *arena,
                         struct routing_receipt *ret_receipt);

/* Explain the rules and channels that an advice looked at. The lists' room is made in the arena. */
void hub_routing_explain_advice(const struct routing_decided *decided, struct hub_arena *arena,
                                struct routing_advice *ret_advice);

/* Explain an analysis, row by row. */
void hub_routing_explain_evidence(const struct hub_analysis *analysis, struct hub_arena *arena,
                                  struct analysis_reply *ret_reply);

#endif
