/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Which channel suits a customer now: the records, and the rules as one pure function. */
#ifndef HUB_ACTORS_ROUTING_H
#define HUB_ACTORS_ROUTING_H

#include "actors/kinds.h"
#include "base/arena.h"

#include "base/def/structs.h"
#include "actors/routing/routing.def"
#include "base/def/indexes.h"
#include "actors/routing/routing.def"
#include "base/def/none.h"

/* Advise. The first rule of routing/rules.def that applies decides; channels tried before and the one the customer is on
 * go to the end, in that order. Reasons are made of the rule's words and the kind of issue, never of personal text.
 *
 * asked     borrowed; the sealed values are not looked at
 * arena     holds the answer
 * ret       zeroed by the caller; complete on return
 *
 * Any thread. */
void hub_routing_advise(const struct intelligent_routing *asked, struct hub_arena *arena, struct routing_reply *ret);

#endif
