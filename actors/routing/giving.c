/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the routing asks of a customer's actor, who decides who has the customer. */
#include "actors/routing/decide.h"

#include "actors/customer/customer.h"

void hub_routing_give(const struct hub_routing_giving *giving, struct hub_decision *decision)
{
    (void) giving;
    (void) decision;
}
