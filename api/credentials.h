/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whose token is that: a bounded memory of credentials in front of the views, one per loop. */
#ifndef HUB_API_CREDENTIALS_H
#define HUB_API_CREDENTIALS_H

#include "base/digest.h"
#include "replay/views.h"

struct hub_credentials;

/* What is known of a credential, and how many requests it may still make (a token bucket). */
struct hub_credential {
    struct hub_digest token; /* SHA-256 of it */
    struct hub_caller caller;
    int64_t expires_us;     /* INT64_MAX: never */
    bool login;             /* a person's login, not a key */
    int64_t full_at_us;     /* bucket: when it will be full again */
    int64_t known_until_us; /* read again after this */
};

/* rate_per_s 0: no limit. Views and world are borrowed. One thread. Never NULL. */
struct hub_credentials *hub_credentials_new(struct hub_views *views, const struct hub_world *world, uint32_t rate_per_s,
                                            uint32_t burst);
void hub_credentials_destroy(struct hub_credentials **self_p);

/* The credential that a token belongs to, or NULL: unknown, removed or expired. Valid until the next call. */
struct hub_credential *hub_credentials_find(struct hub_credentials *self, struct hub_span token);

/* The same by the SHA-256 of the token. */
struct hub_credential *hub_credentials_find_by(struct hub_credentials *self, const struct hub_digest *digest);

/* How a bucket stands after a request, for the RateLimit headers. */
struct hub_rate {
    uint32_t limit; /* requests at once; 0: there is no limit */
    uint32_t remaining;
    uint32_t reset_s; /* until the bucket is full */
    uint32_t retry_s; /* until the next request may come, when this one is too many */
};

/* Count one request. False when it is too many. */
bool hub_credentials_count(struct hub_credentials *self, struct hub_credential *credential, struct hub_rate *ret_rate);

#endif
