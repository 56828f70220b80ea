/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The filter language over stored events: `channel == "chat" and payload.sentiment in ["frustrated", "angry"]`. */
#ifndef HUB_TOOLS_REPLAY_EVENT_FILTER_H
#define HUB_TOOLS_REPLAY_EVENT_FILTER_H

#include "base/filter.h"
#include "log/envelope.h"

struct hub_event_filter;

/* Compile a text. It must fit at least one type of event; it holds for none of the types that it does not fit.
 *
 * text       borrowed for the call
 * ret_fault  of the type that it fits furthest
 *
 * Returns the filter, which the arena owns, or NULL with the fault filled. */
struct hub_event_filter *hub_event_filter_new(struct hub_span text, struct hub_arena *arena,
                                              struct hub_filter_fault *ret_fault);

/* Whether it holds for an event. scratch: for the decoded payload. now_us: what `now` stands for. */
bool hub_event_filter_holds(const struct hub_event_filter *self, const struct hub_stored *event,
                            struct hub_arena *scratch, int64_t now_us);

#endif
