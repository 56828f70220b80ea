/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A frame: what one event says to those who listen. The rows are in frames.def.
 *
 * A row names an event, a contract, the type on the wire, the record that the payload is, and a function that fills it from
 * the event. Everything else is the same for all: opening sealed values, the envelope, the position, who gets it.
 *
 *     FRAME(message_received, a, "new_message", .payload = &live_new_message_shape, .roles = HUB_MAY_READ,
 *           .fill = hub_frame_message_received, .doc = "...")
 *
 * A function reads the event, and the views by frame->reading (at the event's position or later). It is called on the feed's
 * thread and on the one that resumes, and must give the same for the same event: what may have changed since does not belong
 * into a payload, unless the newest is what is wanted. */
#ifndef HUB_API_LIVE_FRAME_H
#define HUB_API_LIVE_FRAME_H

#include "api/live/interest.h"
#include "api/live/records.h"
#include "api/route.h"
#include "replay/reading.h"

struct hub_frame_row;

/* An event on its way into a frame. Everything is borrowed for the call; the arena is reading->arena. */
struct hub_frame {
    const struct hub_frame_row *row;
    const struct event_header *header;
    const void *event; /* record of the row's event; personal values as boxes */
    const struct hub_reading *reading;

    /* Who it is about, from the event's header; a function may say more. Whoever listens to one of these gets it, and so does
     * whoever listens to the whole company. */
    struct hub_ulid session, customer, agent;
    hub_sealed session_name, customer_name; /* what clients call them; absent with the ids */

    /* Contract B: rows look different to the person they are about (is_assigned_to_me). The first call is for everybody else
     * (viewer none); a function that sets `differs_for` is called once more with that person as viewer. */
    struct hub_ulid viewer, differs_for;
};

/* Fill a zeroed record of the row's payload. Returns false when this event is not worth a frame. */
typedef bool hub_frame_fill(struct hub_frame *frame, void *payload);

struct hub_frame_row {
    uint16_t event;   /* type of the event; 0: no event's, said by the hub (ephemeral, or an answer) */
    uint8_t contract; /* enum hub_contract */
    const char *type; /* on the wire */
    bool flat;        /* contract B: the payload's members stand beside the type */
    bool is_agents;   /* only for sockets of the agent that it is about, and of the whole company */
    uint32_t roles;   /* who may see it: HUB_MAY_... of route.h */
    const struct hub_shape *payload;
    hub_frame_fill *fill; /* NULL with event 0 */
    const char *doc;
};

/* The rows, and how many. */
const struct hub_frame_row *hub_frame_rows(size_t *ret_count);

/* A row that says something by itself (event 0), by contract and type. NULL: there is none. */
const struct hub_frame_row *hub_frame_said(uint8_t contract, const char *type);

/* The functions of frames.def. */
#define FRAME(event_, contract_, type_, ...)
#define SAID(contract_, type_, ...)
#define FILL(name) hub_frame_fill name;
#include "api/live/frames.def"
#undef FRAME
#undef SAID
#undef FILL

#endif
