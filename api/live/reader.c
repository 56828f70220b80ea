/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether wslay holds half a frame is not to be asked of it. So the bytes it took are compared with the bytes of the frames that it
 * has begun: a frame's length is known from its head, and wslay refuses heads that are longer than they must be. */
#include "api/live/reader.h"

#include <stdlib.h>

static ssize_t on_wants_bytes(wslay_event_context_ptr ws, uint8_t *to, size_t len, int flags, void *arg)
{
    struct hub_reader *self = arg;
    (void) flags;
    if (self->incoming.len == 0) {
        wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    len = len < self->incoming.len ? len : self->incoming.len;
    memcpy(to, self->incoming.at, len);
    self->incoming = hub_span_of(self->incoming.at + len, self->incoming.len - len);
    self->fed += len;
    return (ssize_t) len;
}

static ssize_t on_has_bytes(wslay_event_context_ptr ws, const uint8_t *at, size_t len, int flags, void *arg)
{
    struct hub_reader *self = arg;
    (void) ws;
    (void) flags;
    hub_buf_put(self->outgoing, at, len);
    return (ssize_t) len;
}

static void on_frame(wslay_event_context_ptr ws, const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
    enum { HEAD = 2, MASK = 4, TWO_BYTES = 126, CONTROL = 8 };
    struct hub_reader *self = arg;
    uint64_t len = frame->payload_length;
    (void) ws;
    self->framed += HEAD + MASK + (len < TWO_BYTES ? 0 : len <= UINT16_MAX ? 2 : 8) + len;
    if (frame->opcode < CONTROL) {
        self->in_message = !frame->fin;
    }
    self->calls->on_frame(self->arg, frame->opcode, len);
}

static void on_message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct hub_reader *self = arg;
    (void) ws;
    if (message->opcode == WSLAY_TEXT_FRAME || message->opcode == WSLAY_BINARY_FRAME) {
        self->calls->on_message(self->arg, message->opcode, hub_span_of(message->msg, message->msg_length));
    }
}

static void make_context(struct hub_reader *self)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_wants_bytes,
        .send_callback = on_has_bytes,
        .on_frame_recv_start_callback = on_frame,
        .on_msg_recv_callback = on_message,
    };
    if (wslay_event_context_server_init(&self->ws, &callbacks, self) != 0) {
        abort(); /* no memory */
    }
    wslay_event_config_set_max_recv_msg_length(self->ws, HUB_READER_MESSAGE_MAX);
    self->fed = self->framed = 0;
}

void hub_reader_done(struct hub_reader *self)
{
    if (self->ws != NULL) {
        wslay_event_context_free(self->ws);
    }
    self->ws = NULL;
}

struct hub_read hub_reader_take(struct hub_reader *self, struct hub_span bytes, const struct hub_reader_calls *calls,
                                void *arg, struct hub_buf *answer)
{
    struct hub_read read = { .is_sound = true };
    if (self->is_deaf) {
        return read;
    }
    if (self->ws == NULL) {
        make_context(self);
    }
    self->calls = calls;
    self->arg = arg;
    self->incoming = bytes;
    self->outgoing = answer;
    read.is_sound = wslay_event_recv(self->ws) == 0;
    if (read.is_sound) {
        (void) wslay_event_send(self->ws); /* into a buffer: cannot fail */
        read.closes = wslay_event_get_close_sent(self->ws);
        read.close_received = wslay_event_get_close_received(self->ws);
    }
    self->is_deaf = !read.is_sound || !wslay_event_get_read_enabled(self->ws);
    if (self->is_deaf || (self->fed == self->framed && !self->in_message)) {
        hub_reader_done(self);
    }
    return read;
}
