/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the API adds to commands for the routing: what the views know of whom it is about, and time zones as data. */
#ifndef HUB_API_ROUTING_H
#define HUB_API_ROUTING_H

struct hub_call;

/* POST /routing/decision: reads the request, adds what the hub knows, and hands it to the company's routing. */
void hub_routing_run_decision(struct hub_call *call);

/* PUT /routing/rules, before it is sent: looks up the calendars' time zones, and moves If-Match into the record, for it
 * names the table's version and not the entity's. Answers the call when a zone is not known. */
void hub_routing_prepare_rules(struct hub_call *call);

#endif
