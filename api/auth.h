/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* People: logging in and out, and who one is. Functions of routes. */
#ifndef HUB_API_AUTH_H
#define HUB_API_AUTH_H

#include "base/arena.h"
#include "base/ulid.h"

struct hub_call;
struct hub_server;

/* POST /auth/login: compare the password (on a helper's thread), remember the login, set the cookie. An unknown address costs the
 * same time as a wrong password and gets the same answer. */
void hub_auth_login(struct hub_call *call);

/* Whether a person's password is this one; the same time when there is no such person. On a helper's thread. */
bool hub_auth_knows_password(struct hub_server *server, struct hub_ulid user, struct hub_span password,
                             struct hub_arena *arena);

/* Count an attempt at a person's password. False when there were too many: answered 429. */
bool hub_auth_may_try(struct hub_call *call, struct hub_ulid user);

/* That attempt was right. */
void hub_auth_was_right(struct hub_call *call, struct hub_ulid user);

/* POST /auth/logout: the login that the request came with stops working. */
void hub_auth_logout(struct hub_call *call);

/* GET /auth/me. */
void hub_auth_me(struct hub_call *call);

#endif
