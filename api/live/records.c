/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the live streams' records. */
#include "api/live/records.h"

#include "base/def/shapes.h"
#include "api/live/live.def"
#include "base/def/heads.h"
#include "api/live/live.def"
#include "base/def/none.h"
