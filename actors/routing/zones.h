/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Time zones of a table of rules: read from the machine's tz database before the table is decided on, so that no decision
 * reads it. For the edges: API and tools. */
#ifndef HUB_ACTORS_ROUTING_ZONES_H
#define HUB_ACTORS_ROUTING_ZONES_H

#include "actors/routing/routing.h"

/* Put the shifts of every calendar's zone into the table, from 400 days before now_us to five years behind it.
 *
 * ret_calendar  the calendar whose zone nobody knows here
 *
 * Returns false for such a one. */
bool hub_routing_fill_zones(struct put_routing_rules *rules, int64_t now_us, struct hub_arena *arena,
                            uint32_t *ret_calendar);

#endif
