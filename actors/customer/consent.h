/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a customer allows: the ledger of consent, and the words that change it. */
#ifndef HUB_ACTORS_CUSTOMER_CONSENT_H
#define HUB_ACTORS_CUSTOMER_CONSENT_H

#include "actors/customer/customer.h"

enum { HUB_CUSTOMER_CONSENTS = 64 }; /* lines of the ledger */

/* What a text wishes when it is nothing but one of the words of consent_words.def, whatever its case and blanks.
 * Returns false for any other text. Any thread. */
bool hub_wish_find(struct hub_span text, enum consent_wish *ret_wish, bool *ret_everywhere);

/* What a message is about, for the ledger. */
struct hub_consent_ask {
    unsigned channel;
    unsigned purpose;  /* 0: whatever it is; only lines for every purpose cover it */
    uint32_t identity; /* number of the address, 0: none is known */
};

/* The newest line that covers such a message; NULL when none does. */
const struct customer_consent *hub_consent_for(const struct customer_state *state, const struct hub_consent_ask *ask);

/* Fold consent_changed into a ledger: a line about the same channel, purpose and address is replaced. */
void hub_consent_apply(struct customer_state *state, const struct hub_event *event, struct hub_arena *arena);

#endif
