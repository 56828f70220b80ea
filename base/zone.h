/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Time zones: how far a place's clocks are from UTC at a moment.
 *
 * Zones are read from the system's tz database (RFC 9636) and kept. What a zone says may change with an update of that
 * database, so no decision and no fold asks: whoever sends a command asks, and puts the offset into the command. */
#ifndef HUB_BASE_ZONE_H
#define HUB_BASE_ZONE_H

#include "base/span.h"

struct hub_zones;

enum { HUB_ZONE_NAME = 64 }; /* longest name of a zone that is looked for */

/* No zone is read yet. dir: of the tz database; NULL: /usr/share/zoneinfo. Never NULL. */
struct hub_zones *hub_zones_new(const char *dir);

/* Free them; *self_p becomes NULL. Takes NULL. */
void hub_zones_destroy(struct hub_zones **self_p);

/* Seconds that a zone's clocks are ahead of UTC (east positive) at a moment.
 *
 * name   an IANA name (America/Los_Angeles), a usual abbreviation (zone_short.def), or an offset (+05:30, UTC-3)
 * at_us  microseconds since the epoch
 *
 * Returns 0, or HUB_ERROR_not_found for a name that is none of these. Any thread. */
int hub_zone_offset(struct hub_zones *self, struct hub_span name, int64_t at_us, int32_t *ret_offset_s);

#endif
