/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Holding a connection while its request waits.
 *
 * h2o stops reading when a request is complete and starts again after the answer. Its loop looks at the end of a round at
 * who reads; an answer that comes in a later round therefore costs two epoll_ctl, to take the socket out and to put it
 * back, which is a quarter of a message's system time. So reading is started again in h2o's place, by a callback that
 * reads nothing: the request's bytes lie in the socket's buffer, which must not move. Most clients send nothing before
 * they are answered. When one does, or hangs up, the callback stops reading, and everything is as without a hold. */
#include "api/hold.h"

static void on_readable(h2o_socket_t *sock, const char *error)
{
    (void) error;
    h2o_socket_read_stop(sock);
}

/* The socket of a plain HTTP/1 connection, or NULL. */
static h2o_socket_t *socket_of(h2o_req_t *req)
{
    h2o_socket_t *sock = req->version < 0x200 ? req->conn->callbacks->get_socket(req->conn) : NULL;
    return sock != NULL && sock->ssl == NULL ? sock : NULL;
}

void hub_hold(h2o_req_t *req)
{
    h2o_socket_t *sock = socket_of(req);
    if (sock != NULL && !h2o_socket_is_reading(sock)) {
        h2o_socket_dont_read(sock, 1);
        h2o_socket_read_start(sock, on_readable);
    }
}

void hub_hold_end(h2o_req_t *req)
{
    h2o_socket_t *sock = socket_of(req);
    if (sock != NULL) {
        h2o_socket_dont_read(sock, 0);
    }
}
