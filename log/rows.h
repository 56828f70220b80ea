/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rows of the log that are no events, as records. */
#ifndef HUB_LOG_ROWS_H
#define HUB_LOG_ROWS_H

#include "base/schema.h"

#include "base/def/structs.h"
#include "log/rows.def"
#include "base/def/indexes.h"
#include "log/rows.def"
#include "base/def/none.h"

#endif
