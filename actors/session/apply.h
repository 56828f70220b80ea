/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of a session, and what its state says about a message. */
#ifndef HUB_ACTORS_SESSION_APPLY_H
#define HUB_ACTORS_SESSION_APPLY_H

#include "actors/session/session.h"

enum {
    HUB_SESSION_MESSAGES = 100000, /* messages that one session may have */
    HUB_MESSAGE_OUTBOUND = 16,     /* flag in message_ranks: to the customer */
    HUB_MESSAGE_RANK = 15,         /* mask of the status' code there */
};

/* Fold one event into a session_state; see hub_apply_fn. An event of another kind changes the version only. */
hub_apply_fn hub_session_apply;

/* The rank byte of message `index` (from 1), 0 when there is no such message. */
unsigned hub_session_message(const struct session_state *state, uint32_t index);

#endif
