/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A calendar of a routing table at a moment. Time zones are read from the table, never from the machine: see
 * docs/decisions/007-time-zones.md. */
#ifndef HUB_ACTORS_ROUTING_CALENDAR_H
#define HUB_ACTORS_ROUTING_CALENDAR_H

#include "actors/routing/routing.h"

/* Fill is_open, is_holiday, hour and weekday of a context.
 *
 * name  of the calendar; empty: the table's first. A table without calendars is always open, in UTC.
 *
 * Pure. Any thread. */
void hub_calendar_fill(const struct routing_table *table, struct hub_span name, int64_t now_us,
                       struct routing_context *context);

/* "09:30" as minutes of the day, 24:00 as 1440. Returns false for anything else. */
bool hub_calendar_minute(struct hub_span text, uint32_t *ret_minute);

/* True for a day of the calendar written as 2026-12-25. */
bool hub_calendar_is_day(struct hub_span text);

#endif
