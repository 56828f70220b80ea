/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rule at the end of a zone's file: when summer time begins and ends in years that have no entry of their own. */
#ifndef HUB_BASE_ZONE_RULE_H
#define HUB_BASE_ZONE_RULE_H

#include "base/span.h"

/* A day of every year and a time of it. */
struct hub_zone_day {
    char kind;           /* 'M': the week'th weekday of a month; 'J': 1-365 without 29 February; 'D': 0-365 with it */
    int32_t month, week; /* of 'M'; week 5 is the last one */
    int32_t day;         /* weekday (0: Sunday) or number of the day */
    int32_t time_s;      /* after midnight; may lie outside the day */
};

struct hub_zone_rule {
    int32_t standard_s, summer_s; /* east of UTC */
    bool has_summer;
    struct hub_zone_day begin, end; /* of summer time; begin by standard time, end by summer time */
};

/* Read a rule as POSIX (TZ) and RFC 9636 write it: "PST8PDT,M3.2.0,M11.1.0", "<+0330>-3:30".
 * Returns false for anything else; summer time without days is refused too. */
bool hub_zone_rule_parse(struct hub_span text, struct hub_zone_rule *ret_rule);

/* The offset at a moment, seconds since the epoch. */
int32_t hub_zone_rule_offset(const struct hub_zone_rule *rule, int64_t at_s);

#endif
