/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Ways to print what was known about a customer. */
#ifndef HUB_TOOLS_AUDIT_HISTORY_H
#define HUB_TOOLS_AUDIT_HISTORY_H

#include "base/json_emit.h"
#include "replay/history.h"

/* One that is being printed. */
struct hub_history_print {
    const struct hub_history *history;
    struct hub_json_emit document; /* of the format "document", while it is written */
};

/* From begin to end. */
struct hub_history_format {
    const char *name;
    void (*head)(struct hub_history_print *print, struct hub_buf *out);
    void (*event)(struct hub_history_print *print, const struct hub_history_event *event, struct hub_buf *out);
    void (*foot)(struct hub_history_print *print, struct hub_buf *out);
};

/* By name: table, json (an object a line: the customer, then events), document (one object with all of it), html (one page that
 * needs nothing else). NULL: none. */
const struct hub_history_format *hub_history_format_find(const char *name);

#endif
