/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The row of something to be done later, as a record. */
#ifndef HUB_ACTORS_PENDING_H
#define HUB_ACTORS_PENDING_H

#include "actors/command.h"

#include "base/def/structs.h"
#include "actors/runtime.def"
#include "base/def/indexes.h"
#include "actors/runtime.def"
#include "base/def/none.h"

/* Start a row with what every later step inherits from the command that asked for it: company, caller, trace. Spans are
 * borrowed from the command. */
void hub_pending_row_from(const struct hub_command *command, struct pending_row *ret_row);

#endif
