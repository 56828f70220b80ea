/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reads the tz database for a table of rules, at the edge. */
#include "actors/routing/zones.h"

#include "base/list.h"
#include "base/zone.h"

enum { SHIFTS_MAX = 64 };

static const int64_t second_us = 1000000, day_us = INT64_C(86400) * 1000000;

/* How far ahead a zone's shifts are looked up, and how far back, for dry runs over decisions of late. */
static const int64_t ahead_us = INT64_C(5 * 366) * 86400 * 1000000, back_us = INT64_C(400) * 86400 * 1000000;

struct looking {
    struct hub_zones *zones;
    struct hub_span name;
    struct hub_arena *arena;
};

static int32_t offset_at(const struct looking *self, int64_t at_us)
{
    int32_t offset_s = 0;
    (void) hub_zone_offset(self->zones, self->name, at_us, &offset_s);
    return offset_s;
}

/* The first second behind `from` with another offset, where `to` has one. */
static int64_t find_shift(const struct looking *self, int64_t from_us, int64_t to_us)
{
    const int32_t before = offset_at(self, from_us);
    while (to_us - from_us > second_us) {
        int64_t middle_us = from_us + (to_us - from_us) / 2 / second_us * second_us;
        if (offset_at(self, middle_us) == before) {
            from_us = middle_us;
        } else {
            to_us = middle_us;
        }
    }
    return to_us;
}

static void add_shift(const struct looking *self, int64_t from_us, struct routing_zone *zone)
{
    struct routing_shift *shift = HUB_LIST_ADD(&zone->shifts, self->arena);
    HUB_SET(routing_shift, shift, from, from_us);
    HUB_SET(routing_shift, shift, offset_s, offset_at(self, from_us));
    HUB_MARK(routing_zone, zone, shifts);
}

static void look_up(const struct looking *self, int64_t now_us, struct routing_zone *zone)
{
    int64_t at_us = (now_us - back_us) / second_us * second_us;
    HUB_SET(routing_zone, zone, timezone, self->name);
    add_shift(self, at_us, zone);
    int32_t before = offset_at(self, at_us);
    for (; at_us < now_us + ahead_us && zone->shifts.count < SHIFTS_MAX; at_us += day_us) {
        int32_t after = offset_at(self, at_us + day_us);
        if (after != before) {
            add_shift(self, find_shift(self, at_us, at_us + day_us), zone);
        }
        before = after;
    }
}

static bool has_zone(const struct put_routing_rules *record, struct hub_span name)
{
    for (uint32_t i = 0; i < record->zones.count; i++) {
        if (hub_span_is(record->zones.at[i].timezone, name)) {
            return true;
        }
    }
    return false;
}

bool hub_routing_fill_zones(struct put_routing_rules *rules, int64_t now_us, struct hub_arena *arena,
                            uint32_t *ret_calendar)
{
    struct hub_zones *zones = hub_zones_new(NULL);
    bool known = true;
    for (uint32_t i = 0; known && i < rules->calendars.count; i++) {
        const struct looking looking = { zones, rules->calendars.at[i].timezone, arena };
        int32_t offset_s;
        if (hub_zone_offset(zones, looking.name, now_us, &offset_s) != 0) {
            *ret_calendar = i;
            known = false;
        } else if (!has_zone(rules, looking.name)) {
            look_up(&looking, now_us, HUB_LIST_ADD(&rules->zones, arena));
            HUB_MARK(put_routing_rules, rules, zones);
        }
    }
    hub_zones_destroy(&zones);
    return known;
}
