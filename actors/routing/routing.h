/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records of the kind routing, and its row for the runtime. A company's routing has the company's id. */
#ifndef HUB_ACTORS_ROUTING_H
#define HUB_ACTORS_ROUTING_H

#include "actors/kind.h"

#include "base/def/structs.h"
#include "actors/routing/routing.def"
#include "actors/routing/table.def"
#include "actors/routing/kind.def"
#include "actors/routing/receipt.def"
#include "base/def/indexes.h"
#include "actors/routing/routing.def"
#include "actors/routing/table.def"
#include "actors/routing/kind.def"
#include "actors/routing/receipt.def"
#include "base/def/none.h"

extern const struct hub_kind_info hub_kind_routing;

/* The table as clients see it; state NULL: the default one. Lists are borrowed from the state. Any thread. */
void hub_routing_show_rules(const struct routing_state *state, struct hub_arena *arena,
                            struct routing_rules_reply *ret_reply);

#endif
