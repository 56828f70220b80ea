/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Lists of sessions, paged by the position of their opening. */
#ifndef HUB_REPLAY_QUERIES_SESSIONS_H
#define HUB_REPLAY_QUERIES_SESSIONS_H

#include "replay/reading.h"

struct hub_session_page {
    struct unified_session *at; /* in the reading's arena */
    uint32_t count;
    struct hub_span next_cursor; /* empty when there are no more */
};

struct hub_session_ask {
    struct hub_row_key
        prefix;       /* of an index whose keys end with the position of an opening and whose rows name the session */
    hub_enum channel; /* only sessions that are on this channel now; 0: all */
    uint32_t limit;
    struct hub_span cursor; /* the page before; empty for the first */
};

/* Show the sessions of an index. Returns 0, a refusal of the cursor, or < 0. */
int hub_show_sessions(const struct hub_reading *reading, const struct hub_session_ask *ask,
                      struct hub_session_page *ret_page);

#endif
