/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the API's records. */
#include "api/records.h"

#include "base/def/shapes.h"
#include "api/api.def"
#include "base/def/heads.h"
#include "api/api.def"
#include "base/def/none.h"
