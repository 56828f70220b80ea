/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One stored event for people, and for programs. */
#ifndef HUB_TOOLS_EVENT_PRINT_H
#define HUB_TOOLS_EVENT_PRINT_H

#include <stdio.h>

#include "base/buf.h"
#include "tools/datadir.h"

/* Append one line of a table, without its end: position, time, stream, version, type, payload. */
void hub_event_print_row(const struct hub_datadir *reader, const struct hub_stored *event, struct hub_arena *arena,
                         struct hub_buf *out);

/* Append one JSON object with everything that the log knows of the event. */
void hub_event_print_json(const struct hub_datadir *reader, const struct hub_stored *event, struct hub_arena *arena,
                          struct hub_buf *out);

/* The head of the table. */
void hub_event_print_head(FILE *out);

#endif
