/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the kind routing, and its row for the runtime. */
#include "actors/routing/decide.h"

#include "base/def/shapes.h"
#include "actors/routing/routing.def"
#include "actors/routing/table.def"
#include "actors/routing/kind.def"
#include "actors/routing/receipt.def"
#include "base/def/heads.h"
#include "actors/routing/routing.def"
#include "actors/routing/table.def"
#include "actors/routing/kind.def"
#include "actors/routing/receipt.def"
#include "base/def/none.h"

static const struct hub_decider deciders[] = {
    { &decide_routing_shape, hub_routing_decide_routing },   { &intelligent_routing_shape, hub_routing_decide_advice },
    { &analyze_context_shape, hub_routing_decide_analysis }, { &get_routing_rules_shape, hub_routing_decide_get },
    { &put_routing_rules_shape, hub_routing_decide_put },    { &roster_report_shape, hub_routing_decide_report },
    { &help_settled_shape, hub_routing_decide_settled },
};

const struct hub_kind_info hub_kind_routing = {
    .number = KIND_routing,
    .name = "routing",
    .state = &routing_state_shape,
    .apply = hub_routing_apply,
    .deciders = deciders,
    .decider_count = sizeof deciders / sizeof deciders[0],
};
