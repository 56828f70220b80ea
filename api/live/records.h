/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records of the live streams. */
#ifndef HUB_API_LIVE_RECORDS_H
#define HUB_API_LIVE_RECORDS_H

#include "api/records.h"

#include "base/def/structs.h"
#include "api/live/live.def"
#include "base/def/indexes.h"
#include "api/live/live.def"
#include "base/def/none.h"

#endif
