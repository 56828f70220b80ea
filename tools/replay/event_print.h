/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One stored event for people, and for programs. */
#ifndef HUB_TOOLS_REPLAY_EVENT_PRINT_H
#define HUB_TOOLS_REPLAY_EVENT_PRINT_H

#include <stdio.h>

#include "base/buf.h"
#include "tools/datadir.h"

/* A way to print events. */
struct hub_event_format {
    const char *name;
    const char *head; /* what comes before the first; NULL: nothing */
    /* Append one event with its end. */
    void (*print)(const struct hub_datadir *reader, const struct hub_stored *event, struct hub_arena *arena,
                  struct hub_buf *out);
};

/* table: a line for people: position, time, stream, version, type, payload.
 * json: one JSON object a line with everything that the log knows of the event.
 * csv: RFC 4180, the payload as JSON in the last column.
 * msgpack: an array of header and payload as they are stored, one after the other.
 * NULL for another name. */
const struct hub_event_format *hub_event_format_find(const char *name);

#endif
