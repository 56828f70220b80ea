/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The legal moves of a session, from the table in session/moves.def. */
#ifndef HUB_ACTORS_SESSION_MOVES_H
#define HUB_ACTORS_SESSION_MOVES_H

#include "actors/session/session.h"
#include "base/buf.h"

/* True when a session may go from one status (code of session_status) to the other. Any thread. */
bool hub_session_may_move(unsigned from, unsigned to);

/* The one function through which a session moves: looks the move up, then decides session_moved, and for a session that
 * ends the news to its customer. `moved` is in the decision's arena and has its status set.
 * Returns false when the move is not legal: the decision is then refused with illegal_transition. */
bool hub_session_move(const struct session_state *state, struct session_moved *moved, struct hub_decision *decision);

/* Decide the news to a customer that this session is over, or is none of this customer's. */
void hub_session_tell_closed(struct hub_ulid customer, struct hub_decision *decision);

/* Append the page docs/session-states.md: the statuses, and the moves as a Mermaid state diagram. Any thread. */
void hub_session_moves_print(struct hub_buf *out);

#endif
