/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records of the kind campaign, and its row for the runtime. */
#ifndef HUB_ACTORS_CAMPAIGN_H
#define HUB_ACTORS_CAMPAIGN_H

#include "actors/customer/customer.h"

#include "base/def/structs.h"
#include "actors/campaign/campaign.def"
#include "base/def/indexes.h"
#include "actors/campaign/campaign.def"
#include "base/def/none.h"

extern const struct hub_kind_info hub_kind_campaign;

#endif
