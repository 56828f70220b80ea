/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The row of something to be done later, as a record. */
#ifndef HUB_ACTORS_PENDING_H
#define HUB_ACTORS_PENDING_H

#include "actors/command.h"
#include "base/buf.h"
#include "log/log.h"

#include "base/def/structs.h"
#include "actors/runtime.def"
#include "base/def/indexes.h"
#include "actors/runtime.def"
#include "base/def/none.h"

/* Start a row with what every later step inherits from the command that asked for it: company, caller, trace. Spans are
 * borrowed from the command. */
void hub_pending_row_from(const struct hub_command *command, struct pending_row *ret_row);

/* Say in a row that it came back with a backup; an effect keeps its identity, though it gets another key. As hub_cut's mark:
 * arg is not used. Returns 0, or < 0 when the row cannot be read. */
int hub_pending_mark_restored(void *arg, const struct hub_pending_key *key, struct hub_span value,
                              struct hub_buf *ret_value);

/* The row with a key, unpacked into the arena. Returns 0, HUB_ERROR_not_found when it is gone, or < 0. */
int hub_pending_find(struct hub_log *log, const struct hub_pending_key *key, struct hub_arena *arena,
                     struct pending_row *ret_row);

#endif
