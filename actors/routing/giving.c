/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the routing asks of a customer's actor, who decides who has the customer. */
#include "actors/customer/customer.h"
#include "actors/routing/decide.h"

static void follow(const struct hub_routing_giving *giving, const struct hub_shape *shape, void *record,
                   struct hub_decision *decision)
{
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_customer,
                                                      .entity = giving->customer,
                                                      .shape = shape,
                                                      .record = record,
                                                      .subject = giving->customer });
}

void hub_routing_give(const struct hub_routing_giving *giving, struct hub_decision *decision)
{
    struct request_help *wish = HUB_NEW(hub_decision_arena(decision), struct request_help);
    HUB_SET(request_help, wish, session, giving->session);
    HUB_SET(request_help, wish, channel, (hub_enum) giving->channel);
    HUB_SET(request_help, wish, cause, help_cause_rule);
    if (giving->page_id.len > 0) {
        HUB_SET(request_help, wish, page_id, giving->page_id);
    }
    follow(giving, &request_help_shape, wish, decision);
    if (hub_ulid_is_none(giving->agent)) {
        return;
    }
    struct assign_customer *giving_to = HUB_NEW(hub_decision_arena(decision), struct assign_customer);
    HUB_SET(assign_customer, giving_to, agent, giving->agent);
    HUB_SET(assign_customer, giving_to, decision, giving->decision);
    HUB_SET(assign_customer, giving_to, page_id,
            giving->page_id.len > 0 ? giving->page_id
                                    : hub_span(hub_vocab_name(&channel_vocab, (uint16_t) giving->channel)));
    follow(giving, &assign_customer_shape, giving_to, decision);
}
