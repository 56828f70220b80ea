/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of a campaign's plan. */
#include "actors/campaign/plan.h"

#include "base/def/shapes.h"
#include "actors/campaign/plan.def"
#include "base/def/heads.h"
#include "actors/campaign/plan.def"
#include "base/def/none.h"
