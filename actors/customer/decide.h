/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The decisions of a customer, one per command, and what they share. Only customer/ includes this. */
#ifndef HUB_ACTORS_CUSTOMER_DECIDE_H
#define HUB_ACTORS_CUSTOMER_DECIDE_H

#include "actors/customer/apply.h"

/* Decide one command each; see hub_decide_fn. State: customer_state or NULL. */
hub_decide_fn hub_customer_decide_session;
hub_decide_fn hub_customer_decide_process;
hub_decide_fn hub_customer_decide_respond;
hub_decide_fn hub_customer_decide_transfer;
hub_decide_fn hub_customer_decide_context;
hub_decide_fn hub_customer_decide_closed;
hub_decide_fn hub_customer_decide_stop;
hub_decide_fn hub_customer_decide_request;
hub_decide_fn hub_customer_decide_assign;
hub_decide_fn hub_customer_decide_routed;
hub_decide_fn hub_customer_decide_release;
hub_decide_fn hub_customer_decide_hand_over;
hub_decide_fn hub_customer_decide_wrap_up;
hub_decide_fn hub_customer_decide_finish;
hub_decide_fn hub_customer_decide_send;
hub_decide_fn hub_customer_decide_take_back;
hub_decide_fn hub_customer_decide_consent;
hub_decide_fn hub_customer_decide_wish;
hub_decide_fn hub_customer_decide_select;
hub_decide_fn hub_customer_decide_contact;
hub_decide_fn hub_customer_decide_report;
hub_decide_fn hub_customer_decide_convert;
hub_decide_fn hub_customer_decide_erase;

/* What a command tells of a customer. */
struct hub_customer_news {
    const hub_sealed *customer_id;          /* the client's own id, as the command has it */
    unsigned channel;                       /* of the contact, 0: none */
    const struct customer_profile *profile; /* NULL: nothing */
    const struct customer_identity *identities;
    uint32_t identity_count;
};

/* Decide what the news make of a customer: created when unknown, profile, addresses. state: NULL when unknown.
 * Returns false when refused. */
bool hub_customer_learn(const struct customer_state *state, const struct hub_customer_news *news,
                        struct hub_decision *decision);

/* Refuse what somebody wants of a customer who was erased. Returns false when it is refused; state may be NULL. */
bool hub_customer_is_there(const struct customer_state *state, struct hub_decision *decision);

/* What a client calls the customer: its own id when the state has one, else the one in the command. */
hub_sealed hub_customer_name(const struct customer_state *state, const hub_sealed *given);

/* Decide that nobody is wanted any more where a session ended. */
void hub_customer_end_helps(const struct customer_state *state, struct hub_ulid session, struct hub_decision *decision);

#endif
