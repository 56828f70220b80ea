/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading goes through a reader. Writing does not need the like: frames are ready, and whole pieces go to the kernel as it
 * takes them. */
#include "api/live/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "api/live/client.h"
#include "api/live/live.h"
#include "api/live/render.h"
#include "base/memory.h"

enum {
    SEND_BUFFER = 64 * 1024, /* of the kernel: what is unsent is seen here, not there */
    PIECES_AT_ONCE = 16,
    REASON_MAX = 123,
    MESSAGES_AT_ONCE = 200,
};

#define SECOND_US INT64_C(1000000)
#define AUTH_US (10 * SECOND_US)
#define PINGS_MISSED 2
#define CLOSE_US (2 * SECOND_US)       /* for the other side's close */
#define SLOW_CLOSE_US (30 * SECOND_US) /* for one that does not read */
#define SLOW_US (10 * SECOND_US)       /* a write that is taken by nobody, while more is to be sent */
#define STUCK_US (60 * SECOND_US)      /* a write that goes nowhere */
#define MESSAGE_US (SECOND_US / 50)    /* a client may say 50 things a second, for long */

static void flush(struct hub_live_socket *self);

static int64_t now(const struct hub_live_socket *self)
{
    return hub_tick_us(self->live->loop->server->options.world);
}

/* --- writing --- */

static void drop_pieces(struct hub_live_socket *self, uint32_t from, uint32_t to)
{
    if (from == to) {
        return;
    }
    for (uint32_t i = from; i < to; i++) {
        self->unsent -= self->queue[i].len;
        hub_ref_drop(&self->queue[i].chunk);
    }
    memmove(self->queue + from, self->queue + to, (self->queued - to) * sizeof *self->queue);
    self->queued -= to - from;
    if (self->queued == 0) {
        free(self->queue);
        self->queue = NULL;
        self->room = 0;
    }
}

static void on_written(h2o_socket_t *sock, const char *error)
{
    struct hub_live_socket *self = sock->data;
    uint32_t written = self->writing;
    self->writing = 0;
    drop_pieces(self, 0, written);
    if (error != NULL || (self->queued == 0 && self->close_sent && self->close_received)) {
        hub_live_socket_destroy(&self);
        return;
    }
    flush(self);
    if (self->queued == 0 && self->state == HUB_SOCKET_behind) {
        hub_live_catch_up(self);
    }
}

static void flush(struct hub_live_socket *self)
{
    h2o_iovec_t pieces[PIECES_AT_ONCE];
    if (self->writing > 0 || self->queued == 0) {
        return;
    }
    while (self->writing < self->queued && self->writing < PIECES_AT_ONCE) {
        const struct hub_piece *piece = &self->queue[self->writing];
        struct hub_span bytes = hub_ref_bytes(piece->chunk);
        pieces[self->writing++] = h2o_iovec_init(bytes.at + piece->at, piece->len);
    }
    self->writing_since_us = self->live->now_us;
    h2o_socket_write(self->sock, pieces, self->writing, on_written);
}

static void enqueue(struct hub_live_socket *self, struct hub_ref *chunk, size_t at, size_t len)
{
    enum { FIRST_ROOM = 4 };
    struct hub_piece *last = self->queued > self->writing ? &self->queue[self->queued - 1] : NULL;
    self->unsent += len;
    if (last != NULL && last->chunk == chunk && last->at + last->len == at) {
        last->len += (uint32_t) len;
        return;
    }
    if (self->queue == NULL || self->queued == self->room) {
        self->room = self->room == 0 ? FIRST_ROOM : self->room * 2;
        self->queue = hub_memory_resize(self->queue, self->room * sizeof *self->queue);
    }
    self->queue[self->queued++] = (struct hub_piece){ hub_ref_hold(chunk), (uint32_t) at, (uint32_t) len };
}

/* What the kernel takes at once needs no queue, no callback, and no second look at the socket; but with TLS it is not the kernel
 * that takes it. Returns how much that was; what is wrong with the socket shows when the rest is written. */
static size_t send_now(const struct hub_live_socket *self, const struct hub_ref *chunk, size_t at, size_t len)
{
    if (self->state != HUB_SOCKET_live || self->queued > 0 || self->sock->ssl != NULL) {
        return 0;
    }
    ssize_t sent = send(h2o_socket_get_fd(self->sock), hub_ref_bytes(chunk).at + at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent > 0 ? (size_t) sent : 0;
}

void hub_live_socket_send(struct hub_live_socket *self, struct hub_ref *chunk, size_t at, size_t len)
{
    if (self->state == HUB_SOCKET_closing || len == 0) {
        return;
    }
    bool is_full = self->queued > 0 && (self->unsent + len > HUB_SOCKET_BYTES || self->queued >= HUB_SOCKET_PIECES);
    if (is_full || (self->writing > 0 && self->live->now_us - self->writing_since_us > SLOW_US)) {
        atomic_fetch_add_explicit(&self->live->slow, 1, memory_order_relaxed);
        hub_live_socket_close(self, HUB_CLOSE_try_again, "Too slow; resume from your last position.");
        self->late_us = now(self) + SLOW_CLOSE_US;
        return;
    }
    size_t sent = send_now(self, chunk, at, len);
    if (sent < len) {
        enqueue(self, chunk, at + sent, len - sent);
        flush(self);
    }
}

void hub_live_socket_send_bytes(struct hub_live_socket *self, struct hub_span frames)
{
    struct hub_ref *chunk = hub_ref_new(frames);
    hub_live_socket_send(self, chunk, 0, frames.len);
    hub_ref_drop(&chunk);
}

void hub_live_socket_close(struct hub_live_socket *self, enum hub_close_code code, const char *reason)
{
    uint8_t body[2 + REASON_MAX] = { (uint8_t) (code >> 8), (uint8_t) code };
    struct hub_span text = hub_span(reason);
    size_t len = text.len < REASON_MAX ? text.len : REASON_MAX;
    struct hub_buf frame;
    if (self->state == HUB_SOCKET_closing) {
        return;
    }
    hub_live_leave(self);
    self->state = HUB_SOCKET_closing;
    self->close_sent = true;
    self->late_us = now(self) + CLOSE_US;
    drop_pieces(self, self->writing, self->queued);
    memcpy(body + 2, text.at, len);
    hub_buf_init(&frame);
    hub_render_frame(WSLAY_CONNECTION_CLOSE, hub_span_of(body, 2 + len), &frame);
    struct hub_ref *chunk = hub_ref_new(hub_buf_span(&frame));
    enqueue(self, chunk, 0, frame.len);
    hub_ref_drop(&chunk);
    hub_buf_done(&frame);
    flush(self);
}

/* --- reading --- */

/* A bucket, kept as the moment when it is full; every frame counts, pings too. */
static bool may_say_more(struct hub_live_socket *self)
{
    int64_t now_us = now(self);
    int64_t full_us = self->said_full_us > now_us ? self->said_full_us : now_us;
    self->said_full_us = full_us + MESSAGE_US;
    return self->said_full_us - now_us <= MESSAGES_AT_ONCE * MESSAGE_US;
}

static void on_frame(void *arg, uint8_t opcode, uint64_t len)
{
    struct hub_live_socket *self = arg;
    if (opcode == WSLAY_CONNECTION_CLOSE && len == 1) {
        hub_live_socket_close(self, HUB_CLOSE_protocol, "A close has a code of two bytes, or none.");
    } else if (!may_say_more(self)) {
        hub_live_socket_close(self, HUB_CLOSE_policy, "More than 50 frames a second; slow down.");
    }
}

static void on_message(void *arg, uint8_t opcode, struct hub_span message)
{
    struct hub_live_socket *self = arg;
    if (self->state == HUB_SOCKET_closing) {
        return;
    }
    if (opcode == WSLAY_TEXT_FRAME) {
        hub_client_said(self, message);
    } else {
        hub_live_socket_close(self, HUB_CLOSE_unsupported, "Text is spoken here, no binary.");
    }
}

/* The reader has closed: the other side closed, or broke the rules. */
static void follow_close(struct hub_live_socket *self)
{
    if (self->state != HUB_SOCKET_closing) {
        hub_live_leave(self);
        drop_pieces(self, self->writing, self->queued);
        self->state = HUB_SOCKET_closing;
        self->late_us = now(self) + CLOSE_US;
    }
}

/* Read what came, and send what the protocol has to say to it. */
static void feed(struct hub_live_socket *self, struct hub_span bytes)
{
    static const struct hub_reader_calls calls = { .on_frame = on_frame, .on_message = on_message };
    struct hub_buf out;
    hub_buf_init(&out);
    struct hub_read read = hub_reader_take(&self->reader, bytes, &calls, self, &out);
    bool closes = read.closes && !self->close_sent;
    self->close_received = self->close_received || read.close_received;
    if (closes) {
        follow_close(self);
    }
    if (!read.is_sound) {
        hub_live_socket_close(self, HUB_CLOSE_protocol, "That is no frame.");
    }
    if (out.len > 0 && (closes || self->state != HUB_SOCKET_closing)) {
        struct hub_ref *chunk = hub_ref_new(hub_buf_span(&out));
        self->close_sent = self->close_sent || closes;
        enqueue(self, chunk, 0, out.len);
        hub_ref_drop(&chunk);
        flush(self);
    }
    hub_buf_done(&out);
    self->is_over = self->close_received && self->close_sent && self->queued == 0;
}

static void on_read(h2o_socket_t *sock, const char *error)
{
    struct hub_live_socket *self = sock->data;
    if (error != NULL) {
        hub_live_socket_destroy(&self);
        return;
    }
    self->heard_us = now(self);
    self->pings = 0;
    feed(self, hub_span_of(sock->input->bytes, sock->input->size));
    h2o_buffer_consume(&sock->input, sock->input->size);
    h2o_buffer_dispose(&sock->input);
    h2o_buffer_init(&sock->input, &h2o_socket_buffer_prototype);
    if (self->is_over) {
        hub_live_socket_destroy(&self);
    }
}

/* --- life --- */

static void set_options(int fd)
{
    int on = 1, bytes = SEND_BUFFER, unsent_ms = STUCK_US / 1000;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unsent_ms, sizeof unsent_ms);
}

struct hub_live_socket *hub_live_socket_new(struct hub_live *live, h2o_socket_t *sock)
{
    struct hub_live_socket *self = hub_memory_zero(sizeof *self);
    self->live = live;
    self->sock = sock;
    self->opened_us = self->heard_us = self->pinged_us = now(self);
    sock->data = self;
    self->after = live->first;
    if (live->first != NULL) {
        live->first->before = self;
    }
    live->first = self;
    atomic_fetch_add_explicit(&live->sockets, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&live->opened, 1, memory_order_relaxed);
    set_options(h2o_socket_get_fd(sock));
    h2o_socket_read_start(sock, on_read);
    return self;
}

void hub_live_socket_begin(struct hub_live_socket *self)
{
    if (self->sock->input->size > 0) {
        on_read(self->sock, NULL);
    }
}

void hub_live_socket_destroy(struct hub_live_socket **self_p)
{
    struct hub_live_socket *self = *self_p;
    *self_p = NULL;
    hub_live_forget(self);
    h2o_socket_close(self->sock);
    hub_reader_done(&self->reader);
    if (self->queued > 0) {
        drop_pieces(self, 0, self->queued);
    }
    free(self->wish);
    free(self);
}

static void ping(struct hub_live_socket *self, int64_t now_us)
{
    int64_t last_us = self->heard_us > self->pinged_us ? self->heard_us : self->pinged_us;
    if (now_us - last_us >= self->live->ping_us) {
        self->pings++;
        self->pinged_us = now_us;
        hub_live_socket_send(self, self->live->ping, 0, hub_ref_bytes(self->live->ping).len);
    }
}

bool hub_live_socket_tick(struct hub_live_socket *self, int64_t now_us)
{
    if (self->state == HUB_SOCKET_closing) {
        return now_us < self->late_us;
    }
    if (self->writing > 0 && now_us - self->writing_since_us > STUCK_US) {
        return false;
    }
    if (self->state == HUB_SOCKET_new && now_us - self->opened_us > AUTH_US) {
        hub_live_socket_close(self, HUB_CLOSE_unauthenticated, "Nobody said who this is for 10 seconds.");
        return true;
    }
    if (self->pings >= PINGS_MISSED && now_us - self->pinged_us >= self->live->ping_us) {
        return false;
    }
    ping(self, now_us);
    return true;
}
