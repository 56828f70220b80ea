/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A client of a running hub's WebSockets, for the commands that listen. Blocking; one thread. */
#ifndef HUB_TOOLS_LIVE_CLIENT_H
#define HUB_TOOLS_LIVE_CLIENT_H

#include "base/buf.h"

struct hub_live_client;

/* A client of one hub. url: "http://127.0.0.1:8302"; key: NULL for none. Both are copied. Never NULL. */
struct hub_live_client *hub_live_client_new(const char *url, const char *key);
void hub_live_client_destroy(struct hub_live_client **self_p);

/* Open a socket; one that is open is closed before.
 *
 * path  begins with a slash, with its query
 *
 * Returns 0; an HTTP status of 400 or more when the hub refused; < 0 when it cannot be reached; with a sentence from
 * hub_live_client_why. */
int hub_live_client_open(struct hub_live_client *self, const char *path);

/* Wait for the next message; pings are answered meanwhile.
 *
 * patience_ms  at most this long; 0: only what is there
 * ret_text     the message, valid until the next call
 *
 * Returns 1; 0 when none came in time; < 0 when the socket is closed, with a sentence from hub_live_client_why. */
int hub_live_client_read(struct hub_live_client *self, int patience_ms, struct hub_span *ret_text);

/* What went wrong last. */
const char *hub_live_client_why(const struct hub_live_client *self);

#endif
