/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records of the kind agent, and its row for the runtime. */
#ifndef HUB_ACTORS_AGENT_H
#define HUB_ACTORS_AGENT_H

#include "actors/kind.h"

#include "base/def/structs.h"
#include "actors/agent/agent.def"
#include "base/def/indexes.h"
#include "actors/agent/agent.def"
#include "base/def/none.h"

extern const struct hub_kind_info hub_kind_agent;

#endif
