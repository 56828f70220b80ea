/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The views there are, one file each. */
#ifndef HUB_REPLAY_VIEWS_ALL_H
#define HUB_REPLAY_VIEWS_ALL_H

#include "replay/fold.h"

extern const struct hub_view_info hub_view_entities;
extern const struct hub_view_info hub_view_active;
extern const struct hub_view_info hub_view_messages;
extern const struct hub_view_info hub_view_transfers;
extern const struct hub_view_info hub_view_customer_sessions;
extern const struct hub_view_info hub_view_figures;
extern const struct hub_view_info hub_view_credentials;
extern const struct hub_view_info hub_view_routing;
extern const struct hub_view_info hub_view_campaigns;
extern const struct hub_view_info hub_view_recipients;
extern const struct hub_view_info hub_view_waiting;
extern const struct hub_view_info hub_view_agents;
extern const struct hub_view_info hub_view_analytics;

#endif
