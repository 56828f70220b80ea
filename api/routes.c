/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of routes.def, as data. */
#include "api/agents.h"
#include "api/auth.h"
#include "api/campaigns.h"
#include "api/companies.h"
#include "api/erasure.h"
#include "api/events.h"
#include "api/letters.h"
#include "api/live/door.h"
#include "api/records.h"
#include "api/route.h"
#include "api/routing.h"
#include "api/system.h"

static const struct hub_route rows[] = {
#define ROUTE(method_, path_, ...) { .method = HUB_##method_, .path = path_, __VA_ARGS__ },
#include "api/routes.def"
#undef ROUTE
};

const struct hub_route *hub_routes(size_t *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}
