/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The decisions of a session, one per command, and what they share. Only session/ includes this. */
#ifndef HUB_ACTORS_SESSION_DECIDE_H
#define HUB_ACTORS_SESSION_DECIDE_H

#include "actors/session/apply.h"

/* Decide one command each; see hub_decide_fn. State: session_state or NULL. */
hub_decide_fn hub_session_decide_open;
hub_decide_fn hub_session_decide_get;
hub_decide_fn hub_session_decide_update;
hub_decide_fn hub_session_decide_end;
hub_decide_fn hub_session_decide_timer;
hub_decide_fn hub_session_decide_help;
hub_decide_fn hub_session_decide_process;
hub_decide_fn hub_session_decide_respond;
hub_decide_fn hub_session_decide_message;
hub_decide_fn hub_session_decide_transfer;

/* Refuse with not_found: nobody opened this session. */
void hub_session_refuse_unknown(struct hub_decision *decision);

/* True when the command names no customer, or this session's. Else the decision is refused with conflict. */
bool hub_session_is_of_named(const struct session_state *state, struct hub_decision *decision);

#endif
