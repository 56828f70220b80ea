/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The door: which route, who asks, may they, how often. */
#ifndef HUB_API_ADMIT_H
#define HUB_API_ADMIT_H

#include "api/call.h"

/* Look at a call's head: fills headers, route, path's parts, caller. False when the call is answered already: refused, or
 * a question about methods (OPTIONS). */
bool hub_admit(struct hub_call *call);

/* The name of the cookie that a login sets. */
#define HUB_COOKIE "omnihub_session"

#endif
