/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Each connection is known by what hangs at its socket's end, in a list of its loop.
 *
 * h2o lets a hundred streams be open at once, but one that is reset is open no more, so a client that resets at once may begin as
 * many as it can send. What is counted is what such a client cannot help: requests begun within one round of the loop, in
 * which no answer can have reached it, and requests given up within a second. */
#include "api/http2.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "api/serving.h"
#include "base/memory.h"

enum {
    BEGUN_MAX = 128,            /* requests of one connection in one round */
    GIVEN_UP_MAX = 100,         /* ... without an answer, in a second */
    SECOND_MS = 1000,           /* also between two looks for what should be over */
    COMING_S = 30,              /* until a request is there as a whole, as over HTTP/1 */
    GOING_S = 120,              /* until its answer is gone, a long poll's too */
    UNREAD_MAX_BYTES = 1 << 17, /* in a socket: all of it is parsed in one round */
};

const h2o_iovec_t hub_http2_protocols[] = { { (char *) "h2", 2 }, { (char *) "http/1.1", 8 }, { NULL, 0 } };

struct connection {
    h2o_linklist_t link;
    h2o_socket_t *sock;
    uint64_t round;     /* of the loop, in which `begun` were begun */
    uint64_t second_ms; /* since when `given_up` were given up */
    unsigned begun, given_up;
    bool is_shut;
};

static void on_close(void *data)
{
    struct connection *self = data;
    h2o_linklist_unlink(&self->link);
    free(self);
}

void hub_http2_accept(struct hub_loop *loop, h2o_socket_t *sock)
{
    struct connection *self = hub_memory_zero(sizeof *self);
    int bytes = UNREAD_MAX_BYTES;
    setsockopt(h2o_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    self->sock = sock;
    sock->on_close.cb = on_close;
    sock->on_close.data = self;
    h2o_linklist_insert(&loop->known, &self->link);
}

static void shut(struct connection *self)
{
    if (!self->is_shut) {
        self->is_shut = true;
        shutdown(h2o_socket_get_fd(self->sock), SHUT_RDWR);
    }
}

static struct connection *connection_of(h2o_req_t *req)
{
    return req->version < 0x200 ? NULL : req->conn->callbacks->get_socket(req->conn)->on_close.data;
}

bool hub_http2_admit(struct hub_loop *loop, h2o_req_t *req)
{
    struct connection *self = connection_of(req);
    if (self == NULL) {
        return true;
    }
    self->begun = self->round == loop->round ? self->begun + 1 : 1;
    self->round = loop->round;
    if (self->begun > BEGUN_MAX || self->given_up > GIVEN_UP_MAX) {
        atomic_fetch_add_explicit(&loop->calmed, !self->is_shut, memory_order_relaxed);
        shut(self);
    }
    return !self->is_shut;
}

/* The connection may be in the middle of its end, so nothing but counting is done here. */
void hub_http2_given_up(struct hub_loop *loop, h2o_req_t *req)
{
    struct connection *self = connection_of(req);
    if (self == NULL) {
        return;
    }
    uint64_t now_ms = h2o_now(loop->context.loop);
    if (now_ms - self->second_ms >= SECOND_MS) {
        self->second_ms = now_ms;
        self->given_up = 0;
    }
    self->given_up++;
}

static int look(h2o_req_t *req, void *now)
{
    struct connection *self = connection_of(req);
    const struct timeval *at = now, *begun = &req->timestamps.request_begin_at;
    int patience_s = req->processed_at.at.tv_sec == 0 ? COMING_S : GOING_S;
    if (self != NULL && begun->tv_sec != 0 && at->tv_sec - begun->tv_sec > patience_s) {
        shut(self);
    }
    return 0;
}

void hub_http2_tick(struct hub_loop *loop)
{
    uint64_t now_ms = h2o_now(loop->context.loop);
    if (now_ms - loop->looked_ms >= SECOND_MS && !h2o_linklist_is_empty(&loop->context.http2._conns)) {
        struct timeval now = *h2o_get_timestamp(&loop->context, NULL, NULL);
        loop->looked_ms = now_ms;
        loop->context.globalconf->http2.callbacks.foreach_request(&loop->context, look, &now);
    }
}

void hub_http2_shut_all(struct hub_loop *loop)
{
    for (h2o_linklist_t *at = loop->known.next; at != &loop->known; at = at->next) {
        shut(H2O_STRUCT_FROM_MEMBER(struct connection, link, at));
    }
}
