/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of a customer. */
#ifndef HUB_ACTORS_CUSTOMER_APPLY_H
#define HUB_ACTORS_CUSTOMER_APPLY_H

#include "actors/customer/customer.h"

enum {
    HUB_CUSTOMER_SESSIONS = 64,   /* open at a time */
    HUB_CUSTOMER_IDENTITIES = 64, /* addresses */
    HUB_CUSTOMER_HELPS = 64,      /* inboxes on which a person is wanted */
};

/* Fold one event into a customer_state; see hub_apply_fn. An event of another kind changes the version only. */
hub_apply_fn hub_customer_apply;

/* Where a session stands in the list of open ones, -1 when it does not. */
int hub_customer_session_at(const struct customer_state *state, struct hub_ulid session);

/* Where a wish for a person on an inbox stands in the list of them, -1 when it does not. */
int hub_customer_help_at(const struct customer_state *state, struct hub_span page_id);

#endif
