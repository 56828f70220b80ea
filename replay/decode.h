/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From a stored event to the record that projections fold. */
#ifndef HUB_REPLAY_DECODE_H
#define HUB_REPLAY_DECODE_H

#include "replay/view.h"

/* The shape of an event type, NULL when this program does not know it. */
const struct hub_shape *hub_view_shape(uint32_t type);

/* Decode an event, whose shape is hub_view_shape of its type. Text and boxes stay borrowed from its payload.
 *
 * arena     holds the record
 * ret       filled, also when the event cannot be read: then without record, and without shape when the type is unknown
 * ret_why   a sentence when it cannot be read
 *
 * Returns 0, or HUB_ERROR_internal: of an unknown type or a later version, or damaged. Any thread. */
int hub_view_decode(const struct hub_stored *stored, const struct hub_shape *shape, struct hub_arena *arena,
                    struct hub_view_event *ret, struct hub_fault *ret_why);

#endif
