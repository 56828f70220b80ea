/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How messages and events are shown, wherever they are. */
#ifndef HUB_REPLAY_QUERIES_SHOWN_H
#define HUB_REPLAY_QUERIES_SHOWN_H

#include "replay/reading.h"

/* Fill a client's picture of a message from its row. Spans and boxes are borrowed from the row. */
void hub_show_message(const struct hub_reading *reading, const struct message_row *row, hub_sealed session,
                      struct message_shown *ret_shown);

/* Some messages of a session. */
struct hub_message_range {
    struct hub_ulid session;
    hub_sealed name;   /* what the client calls it */
    uint32_t from, to; /* numbers, inclusive; nothing when from > to */
};

/* Show them, oldest first, into `ret_shown` (room for all of them). Those that are not there are left out.
 * Returns 0 or < 0. */
int hub_show_messages(const struct hub_reading *reading, const struct hub_message_range *range,
                      struct message_shown *ret_shown, uint32_t *ret_count);

/* Which events of a customer make entries. */
enum hub_timeline { HUB_TIMELINE_UNIFIED = 1, /* messages and transfers */ HUB_TIMELINE_HISTORY /* everything */ };

struct hub_timeline_page {
    struct timeline_entry *at; /* in the reading's arena */
    uint32_t count;
    struct hub_span next_cursor; /* empty when there are no more */
};

struct hub_timeline_ask {
    struct hub_ulid customer;
    enum hub_timeline which;
    uint32_t limit;
    struct hub_span cursor; /* the page before; empty for the first */
};

/* The customer's entries, oldest first, read from the log by subject.
 * Returns 0, a refusal of the cursor, or < 0. */
int hub_show_timeline(const struct hub_reading *reading, const struct hub_timeline_ask *ask,
                      struct hub_timeline_page *ret_page);

#endif
