/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `consent`: what a customer allows, line by line. */
#include "replay/reading.h"

static void show(const struct customer_consent *line, struct consent_shown *shown)
{
    HUB_COPY(consent_shown, shown, customer_consent, line, channel);
    HUB_COPY(consent_shown, shown, customer_consent, line, purpose);
    HUB_COPY(consent_shown, shown, customer_consent, line, identity);
    HUB_COPY(consent_shown, shown, customer_consent, line, status);
    HUB_COPY(consent_shown, shown, customer_consent, line, source);
    HUB_COPY(consent_shown, shown, customer_consent, line, since);
    HUB_COPY(consent_shown, shown, customer_consent, line, version);
    if (HUB_HAS(customer_consent, line, session)) {
        HUB_SET(consent_shown, shown, session_id, line->session);
    }
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    (void) params;
    struct consent_ledger *ledger = ret_answer;
    struct hub_ulid customer;
    struct customer_state *state;
    int done = hub_reading_named(reading, KIND_customer, &customer);
    done = done == 0 ? hub_reading_customer(reading, customer, &state) : done;
    if (done != 0) {
        return done;
    }
    HUB_SET(consent_ledger, ledger, customer_id, hub_reading_customer_name(reading, state, customer));
    ledger->consents.at = HUB_NEW_ARRAY(reading->arena, struct consent_shown, state->consents.count);
    ledger->consents.count = state->consents.count;
    HUB_MARK(consent_ledger, ledger, consents);
    for (uint32_t i = 0; i < state->consents.count; i++) {
        show(&state->consents.at[i], &ledger->consents.at[i]);
    }
    return 0;
}

const struct hub_query_info hub_query_consent = {
    .name = "consent",
    .params = &consent_query_shape,
    .answer = &consent_ledger_shape,
    .scope = HUB_SCOPE_customer,
    .find_fn = hub_reading_find_customer,
    .answer_fn = answer,
};
