/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The runtime's own rows. */
#ifndef HUB_ACTORS_RECORDS_H
#define HUB_ACTORS_RECORDS_H

#include "actors/kinds.h"

#include "base/def/structs.h"
#include "actors/runtime.def"
#include "base/def/indexes.h"
#include "actors/runtime.def"
#include "base/def/none.h"

#endif
