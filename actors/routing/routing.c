/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the routing records. */
#include "actors/routing/routing.h"

#include "base/def/shapes.h"
#include "actors/routing/routing.def"
#include "base/def/heads.h"
#include "actors/routing/routing.def"
#include "base/def/none.h"
