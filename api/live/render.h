/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From an event to the bytes of WebSocket frames. A server's frames are not masked (RFC 6455 §5.1), so the same bytes serve
 * whoever listens. */
#ifndef HUB_API_LIVE_RENDER_H
#define HUB_API_LIVE_RENDER_H

#include "api/live/frame.h"
#include "log/keyring/keyring.h"

/* What is worked with, one thread at a time. */
struct hub_renderer {
    struct hub_log *log;
    struct hub_keyring *keys;
    struct hub_arena *arena; /* of the event at hand */
    struct hub_buf payload, json;
};

/* Begin and end; log and keys are borrowed. */
void hub_renderer_init(struct hub_renderer *self, struct hub_log *log, struct hub_keyring *keys);
void hub_renderer_done(struct hub_renderer *self);

/* Append a WebSocket frame (RFC 6455 §5.2): final, not masked. opcode: 1 text, 8 close, 9 ping, 10 pong. */
void hub_render_frame(uint8_t opcode, struct hub_span payload, struct hub_buf *out);

/* What a frame is about, for those who choose who gets it. */
struct hub_rendered {
    const struct hub_frame_row *row;
    struct hub_ulid company, session, customer, agent;
    struct hub_ulid differs_for; /* `mine` is that person's; none: all get the same */
    struct hub_span frame, mine; /* valid until the renderer's next call */
};

struct hub_render_calls {
    bool (*wants)(void *arg, const struct hub_frame *frame);
    void (*take)(void *arg, const struct hub_rendered *rendered);
    void *arg;
};

/* Render one event for a contract: `take` is called for each frame. A row that `wants` (may be NULL: all) says no to is not even
 * filled in.
 *
 * reading  of the views; its company is replaced by the event's
 * stored   an event with its payload
 *
 * An event that cannot be read is passed over: the views have set it aside and said so. */
void hub_render_event(struct hub_renderer *self, const struct hub_reading *reading, const struct hub_stored *stored,
                      uint8_t contract, const struct hub_render_calls *calls);

/* A frame of a row that says something by itself. */
struct hub_say {
    const struct hub_frame_row *row;
    const void *payload; /* of the row's shape, opened */
    int64_t time_us;
    const hub_sealed *session, *customer; /* what clients call them; NULL for none */
    struct hub_span position;             /* its text; empty for none */
};

/* Append it to `out`. Any thread. */
void hub_render_said(const struct hub_say *say, struct hub_buf *out);

#endif
