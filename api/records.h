/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records that only the API has. */
#ifndef HUB_API_RECORDS_H
#define HUB_API_RECORDS_H

#include "actors/routing/routing.h"
#include "replay/view.h"

#include "base/def/structs.h"
#include "api/api.def"
#include "base/def/indexes.h"
#include "api/api.def"
#include "base/def/none.h"

#endif
