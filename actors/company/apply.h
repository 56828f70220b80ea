/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of a company. */
#ifndef HUB_ACTORS_COMPANY_APPLY_H
#define HUB_ACTORS_COMPANY_APPLY_H

#include "actors/company/company.h"

enum {
    HUB_COMPANY_KEYS = 1000, /* API keys at a time */
    HUB_COMPANY_PAGES = 1000,
    HUB_COMPANY_CONSUMERS = 64, /* of events */
    HUB_COMPANY_USERS = 1000,
    HUB_COMPANY_USERS_EVER = 10000, /* with those who left */
};

/* Fold one event into a company_state; see hub_apply_fn. An event of another kind changes the version only. */
hub_apply_fn hub_company_apply;

/* Where a key, person, inbox or consumer stands in its list, -1 when it does not. */
int hub_company_key_at(const struct company_state *state, struct hub_ulid key);
int hub_company_user_at(const struct company_state *state, struct hub_ulid user);
int hub_company_page_at(const struct company_state *state, struct hub_span page_id);
int hub_company_consumer_at(const struct company_state *state, struct hub_span consumer);

#endif
