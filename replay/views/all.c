/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The list of all views. */
#include "replay/views/all.h"

static const struct hub_view_info *const views[] = {
    &hub_view_entities,  &hub_view_active,      &hub_view_messages,  &hub_view_transfers, &hub_view_customer_sessions,
    &hub_view_figures,   &hub_view_credentials, &hub_view_waiting,   &hub_view_agents,    &hub_view_routing,
    &hub_view_campaigns, &hub_view_recipients,  &hub_view_analytics,
};

const struct hub_view_info *const *hub_views_all(size_t *ret_count)
{
    *ret_count = sizeof views / sizeof views[0];
    return views;
}
