/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The master key, and the keys of companies that it wraps. */
#ifndef HUB_LOG_KEYRING_KEY_COMPANIES_H
#define HUB_LOG_KEYRING_KEY_COMPANIES_H

#include "base/digest.h"
#include "base/world.h"

/* What a company has: one key that wraps the data keys of its customers, one for keyed digests. */
struct hub_company_keys {
    struct hub_ulid company;
    struct hub_key key;
    struct hub_key index_key;
    struct hub_mac index; /* of that key */
};

struct hub_key_companies;

struct hub_key_master_options {
    const char *dir;
    const char *master_path; /* NULL: DIR/master */
    bool create;             /* make what is missing, cut what a crash left unfinished */
    const struct hub_world *world;
};

/* Read the master key and unwrap every company's keys. Returns 0; HUB_ERROR_not_found: there is no master key (and create
 * is not set); with a sentence in ret_why HUB_ERROR_unauthenticated: it is none, or not theirs, or < 0. The ring has the lock for all of these. */
int hub_key_companies_open(const struct hub_key_master_options *options, struct hub_key_companies **ret_companies,
                           char *ret_why, size_t why_size);
void hub_key_companies_close(struct hub_key_companies **self_p);

/* A company's keys, or NULL. Valid until the next hub_key_companies_add. */
const struct hub_company_keys *hub_key_companies_find(struct hub_key_companies *self, struct hub_ulid company);

/* Make keys for a company that has none, durably. Returns 0, or < 0 with errno set. */
int hub_key_companies_add(struct hub_key_companies *self, struct hub_ulid company);

#endif
