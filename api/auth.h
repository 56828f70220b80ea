/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* People: logging in and out, and who one is. Functions of routes. */
#ifndef HUB_API_AUTH_H
#define HUB_API_AUTH_H

struct hub_call;

/* POST /auth/login: compare the password (on a helper's thread), remember the login, set the cookie. An unknown address costs the
 * same time as a wrong password and gets the same answer. */
void hub_auth_login(struct hub_call *call);

/* POST /auth/logout: the login that the request came with stops working. */
void hub_auth_logout(struct hub_call *call);

/* GET /auth/me. */
void hub_auth_me(struct hub_call *call);

#endif
