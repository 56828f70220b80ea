/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The routes of events and their consumers: what is between their text and the records. */
#ifndef HUB_API_EVENTS_H
#define HUB_API_EVENTS_H

#include "api/call.h"

/* GET /events: read the name in `stream`. May answer the call. */
void hub_events_prepare(struct hub_call *call);

/* PUT /events/consumers/{consumer}: read the position. May answer the call. */
void hub_events_prepare_move(struct hub_call *call);

/* Show positions of consumers. */
void hub_events_finish(struct hub_call *call, struct hub_answer *answer);

#endif
