/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reads WebSocket frames of a client (RFC 6455) with wslay, which knows masks, fragments, UTF-8, lengths and closing. Its context
 * is there only while something is incomplete: it costs 8 KB, and most sockets say nothing most of the time. */
#ifndef HUB_API_LIVE_READER_H
#define HUB_API_LIVE_READER_H

#include <wslay/wslay.h>

#include "base/buf.h"

enum { HUB_READER_MESSAGE_MAX = 65536 }; /* bytes of a message */

/* Zeroed is ready. One thread. */
struct hub_reader {
    wslay_event_context_ptr ws; /* NULL between messages */
    uint64_t fed, framed;       /* bytes given to it; bytes of the frames that it has begun */
    bool in_message;            /* a fragment came, its end did not */
    bool is_deaf;               /* what comes makes no sense any more, or nothing may come */

    /* During a call. */
    const struct hub_reader_calls *calls;
    void *arg;
    struct hub_span incoming;
    struct hub_buf *outgoing;
};

/* What is told while bytes are read. text and binary come whole. */
struct hub_reader_calls {
    void (*on_frame)(void *arg, uint8_t opcode, uint64_t len);              /* a frame begins */
    void (*on_message)(void *arg, uint8_t opcode, struct hub_span message); /* WSLAY_TEXT_FRAME, WSLAY_BINARY_FRAME */
};

/* What became of the bytes. */
struct hub_read {
    bool is_sound;       /* false: that was no frame, and wslay says no more */
    bool closes;         /* a close frame is in the answer: the client closed, or broke the rules */
    bool close_received; /* the client closed */
};

/* Read what came. The protocol's own answers (pongs, a close) are appended to `answer`. */
struct hub_read hub_reader_take(struct hub_reader *self, struct hub_span bytes, const struct hub_reader_calls *calls,
                                void *arg, struct hub_buf *answer);

/* Free the context, if there is one. */
void hub_reader_done(struct hub_reader *self);

#endif
