/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The keys of the view `waiting`, for its queries. */
#ifndef HUB_REPLAY_VIEWS_WAITING_H
#define HUB_REPLAY_VIEWS_WAITING_H

#include "replay/row_key.h"

/* Who stands where in a queue: one byte of a key. */
enum { HUB_WAITING_FIRST = 1, HUB_WAITING_NEXT = 2, HUB_WAITING_ASSIGNED = 3 };

enum { HUB_WAITING_PAGE = 8 }; /* bytes of an inbox's digest in a key */

/* The row of a wish; the start of the queue of an inbox ('q'), or its counts ('p'). */
struct hub_row_key hub_waiting_key_of(struct hub_ulid company, struct hub_ulid customer, struct hub_span page_id);
struct hub_row_key hub_waiting_key(struct hub_ulid company, uint8_t what, struct hub_span page_id);

#endif
