/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A calendar at a moment: local time by the table's own zones, hours of the day, holidays. */
#include "actors/routing/calendar.h"

#include "base/json.h"

enum { MINUTES_OF_HOUR = 60, HOURS_OF_DAY = 24, DAY_TEXT = 10, DAYS_OF_WEEK = 7, THURSDAY = 3 };

static const int64_t second_us = 1000000, minute_us = 60 * 1000000, day_us = INT64_C(86400) * 1000000;

static const struct routing_calendar *find(const struct routing_table *table, struct hub_span name)
{
    for (uint32_t i = 0; i < table->calendars.count; i++) {
        if (name.len == 0 || hub_span_is(table->calendars.at[i].name, name)) {
            return &table->calendars.at[i];
        }
    }
    return NULL;
}

static int64_t offset_us(const struct routing_table *table, struct hub_span timezone, int64_t now_us)
{
    int64_t offset_s = 0;
    for (uint32_t i = 0; i < table->zones.count; i++) {
        const struct routing_zone *zone = &table->zones.at[i];
        for (uint32_t k = 0; hub_span_is(zone->timezone, timezone) && k < zone->shifts.count; k++) {
            if (k == 0 || zone->shifts.at[k].from <= now_us) {
                offset_s = zone->shifts.at[k].offset_s;
            }
        }
    }
    return offset_s * second_us;
}

static int64_t floored(int64_t value, int64_t by)
{
    return value >= 0 ? value / by : -((-value + by - 1) / by);
}

static bool is_holiday(const struct routing_calendar *calendar, int64_t local_us)
{
    const struct hub_span *days = calendar->holidays.at;
    struct hub_buf text;
    bool is_one = false;
    hub_buf_init(&text);
    hub_time_print(local_us, &text);
    for (uint32_t i = 0; i < calendar->holidays.count; i++) {
        is_one |= hub_span_is(days[i], hub_span_of(text.at, DAY_TEXT));
    }
    hub_buf_done(&text);
    return is_one;
}

static bool has_hours(const struct routing_calendar *calendar, unsigned weekday, uint32_t minute)
{
    for (uint32_t i = 0; i < calendar->hours.count; i++) {
        const struct routing_hours *hours = &calendar->hours.at[i];
        uint32_t from, to;
        if ((hours->days >> weekday & 1) != 0 && hub_calendar_minute(hours->from, &from) &&
            hub_calendar_minute(hours->to, &to) && from <= minute && minute < to) {
            return true;
        }
    }
    return false;
}

void hub_calendar_fill(const struct routing_table *table, struct hub_span name, int64_t now_us,
                       struct routing_context *context)
{
    const struct routing_calendar *calendar = find(table, name);
    int64_t local_us = now_us + (calendar != NULL ? offset_us(table, calendar->timezone, now_us) : 0);
    int64_t day = floored(local_us, day_us);
    uint32_t minute = (uint32_t) ((local_us - day * day_us) / minute_us);
    unsigned weekday = (unsigned) (((day + THURSDAY) % DAYS_OF_WEEK + DAYS_OF_WEEK) % DAYS_OF_WEEK) + weekday_monday;
    bool holiday = calendar != NULL && is_holiday(calendar, local_us);
    HUB_SET(routing_context, context, hour, minute / MINUTES_OF_HOUR);
    HUB_SET(routing_context, context, weekday, (hub_enum) weekday);
    HUB_SET(routing_context, context, is_holiday, holiday);
    HUB_SET(routing_context, context, is_open, calendar == NULL || (!holiday && has_hours(calendar, weekday, minute)));
}

static bool read_two(const char *at, uint32_t *ret_number)
{
    *ret_number = (uint32_t) (at[0] - '0') * 10 + (uint32_t) (at[1] - '0');
    return at[0] >= '0' && at[0] <= '9' && at[1] >= '0' && at[1] <= '9';
}

bool hub_calendar_minute(struct hub_span text, uint32_t *ret_minute)
{
    uint32_t hour, minute;
    if (text.len != 5 || text.at[2] != ':' || !read_two(text.at, &hour) || !read_two(text.at + 3, &minute)) {
        return false;
    }
    *ret_minute = hour * MINUTES_OF_HOUR + minute;
    return minute < MINUTES_OF_HOUR && *ret_minute <= HOURS_OF_DAY * MINUTES_OF_HOUR;
}

bool hub_calendar_is_day(struct hub_span text)
{
    static const char noon[] = "T12:00:00Z";
    char moment[DAY_TEXT + sizeof noon];
    int64_t time_us;
    if (text.len != DAY_TEXT) {
        return false;
    }
    memcpy(moment, text.at, DAY_TEXT);
    memcpy(moment + DAY_TEXT, noon, sizeof noon);
    return hub_time_parse(hub_span(moment), &time_us);
}
