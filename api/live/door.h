/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The door of the live streams: from a request for a WebSocket to a socket that listens.
 *
 * Who asks is known before the upgrade by a cookie, an Authorization header, ?access_token=, or the subprotocols "bearer, KEY"
 * (what a browser can send); otherwise by a frame of type auth within 10 seconds after it. What is asked for is looked up in the
 * company of who asks, so what another company has does not exist. */
#ifndef HUB_API_LIVE_DOOR_H
#define HUB_API_LIVE_DOOR_H

#include "api/call.h"
#include "api/live/live.h"

enum { HUB_SOCKETS_MAX = 60000, HUB_SOCKETS_UNKNOWN_MAX = 1000 }; /* of a loop; of them, those that nobody knows yet */

/* The token that a request for a socket brings beside Authorization and cookie. False when there is none. */
bool hub_door_token(struct hub_call *call, struct hub_span *ret_token);

/* What routes of method WS do: .contract and .topic of the row say how and what. */
void hub_door_open(struct hub_call *call);

/* A socket that was opened without credentials says who it is for. An empty token is none. */
void hub_door_let_in(struct hub_live_socket *socket, struct hub_span token);

#endif
