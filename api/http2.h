/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* HTTP/2, where it is offered: what h2o leaves to us. It knows no limit on streams that are begun and given up, none on how
 * long a request may take to come or an answer to go, and cannot say which connections are open. */
#ifndef HUB_API_HTTP2_H
#define HUB_API_HTTP2_H

#include <stdbool.h>

#define H2O_USE_LIBUV 0
#include <h2o.h>

struct hub_loop;

/* What ALPN offers, best first; ends with an empty one. */
extern const h2o_iovec_t hub_http2_protocols[];

/* Know a connection from its acceptance to its end, whatever it will speak. Its loop's thread, as all below. */
void hub_http2_accept(struct hub_loop *loop, h2o_socket_t *sock);

/* A request came. False: its connection begins or gives up more than a client does that waits for answers; it is shut, and
 * what still comes of it should cost as little as can be. Takes requests of HTTP/1. */
bool hub_http2_admit(struct hub_loop *loop, h2o_req_t *req);

/* A request is disposed of that nobody answered. Takes requests of HTTP/1. */
void hub_http2_given_up(struct hub_loop *loop, h2o_req_t *req);

/* Shut connections with a request that should be over. Call it in every round; it looks once a second. */
void hub_http2_tick(struct hub_loop *loop);

/* Shut all connections. h2o sees it as their end in a later round. */
void hub_http2_shut_all(struct hub_loop *loop);

#endif
