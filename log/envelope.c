/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the log's own records. */
#include "log/envelope.h"

#include "base/def/shapes.h"
#include "log/envelope.def"
#include "base/def/heads.h"
#include "log/envelope.def"
#include "base/def/none.h"

#include "log/rows.h"

#include "base/def/shapes.h"
#include "log/rows.def"
#include "base/def/heads.h"
#include "log/rows.def"
#include "base/def/none.h"
