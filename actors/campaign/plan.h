/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a campaign may do with each of its recipients: shared by campaign, customer and session. */
#ifndef HUB_ACTORS_CAMPAIGN_PLAN_H
#define HUB_ACTORS_CAMPAIGN_PLAN_H

#include "actors/kind.h"

#include "base/def/structs.h"
#include "actors/campaign/plan.def"
#include "base/def/indexes.h"
#include "actors/campaign/plan.def"
#include "base/def/none.h"

#endif
