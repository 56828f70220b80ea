/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of what kinds and runtime share, and the registry of all records below replay/. */
#include "actors/kinds.h"

#include "actors/agent/agent.h"
#include "actors/campaign/campaign.h"
#include "actors/company/company.h"
#include "actors/customer/customer.h"
#include "actors/pending.h"
#include "actors/routing/routing.h"
#include "actors/session/session.h"
#include "log/access/access.h"
#include "log/envelope.h"
#include "log/proof/proof.h"

#include "base/def/shapes.h"
#include "actors/words.def"
#include "actors/runtime.def"
#include "base/def/heads.h"
#include "actors/words.def"
#include "actors/runtime.def"
#include "base/def/none.h"

static const struct hub_shape *const shapes[] = {
#include "base/def/list.h"
#include "actors/records.def"
#include "base/def/none.h"
};

static const struct hub_registry registry = { shapes, sizeof shapes / sizeof shapes[0] };

const struct hub_registry *hub_records(void)
{
    return &registry;
}
