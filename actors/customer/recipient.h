/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A customer as the recipient of campaigns: where it stands in each, and what moves it. */
#ifndef HUB_ACTORS_CUSTOMER_RECIPIENT_H
#define HUB_ACTORS_CUSTOMER_RECIPIENT_H

#include "actors/customer/customer.h"
#include "base/buf.h"

enum {
    HUB_CUSTOMER_CAMPAIGNS = 64, /* remembered at a time; the oldest that is over gives way */
    HUB_RECIPIENT_STEPS = 4,     /* a first channel and at most three more */
};

/* True when a recipient may go from one status to the other (codes of recipient_status). Any thread. */
bool hub_recipient_may_move(unsigned from, unsigned to);

/* True for a status in which the recipient waits for its turn. */
bool hub_recipient_waits(unsigned status);

/* True for a status that only the outside world can still change, or nothing. */
bool hub_recipient_is_over(unsigned status);

/* Append the recipients' part of docs/campaign-states.md. Any thread. */
void hub_recipient_moves_print(struct hub_buf *out);

/* The order in which channels are tried for a customer.
 *
 * channels   hub_enum items; at least one
 * preferred  tried first when it is one of them; 0: none
 * ret_route  room for HUB_RECIPIENT_STEPS bytes
 *
 * Returns how many there are. Any thread. */
size_t hub_recipient_route(const hub_list *channels, unsigned preferred, uint8_t *ret_route);

/* The session that a customer has in a campaign: it follows from the two, so that nothing is opened twice. Any thread. */
struct hub_ulid hub_recipient_session(struct hub_ulid campaign, struct hub_ulid customer);

/* The end of the quiet hours that a moment lies in, or the moment itself.
 *
 * from, until  minutes of the day; equal: there are none
 * offset_s     how far the place's clocks are ahead of UTC */
int64_t hub_quiet_end(uint32_t from, uint32_t until, int64_t at_us, int64_t offset_s);

/* Who said stop, where. */
struct hub_recipient_stop {
    unsigned channel;        /* 0: on every one */
    struct hub_ulid session; /* in which it was said; none: elsewhere */
};

/* Decide what a stop makes of the customer's campaigns: those that wait or are under way on that channel are over, and so
 * is the one in whose session it was said. */
void hub_recipient_stop(const struct customer_state *state, const struct hub_recipient_stop *stop,
                        struct hub_decision *decision);

/* Decide that an erased customer's turn comes in no campaign any more. */
void hub_recipient_erase(const struct customer_state *state, struct hub_decision *decision);

/* Fold recipient_selected or recipient_moved into a customer's list. */
void hub_recipient_apply(struct customer_state *state, const struct hub_event *event, struct hub_arena *arena);

#endif
