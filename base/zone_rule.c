/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading and asking a zone's rule. */
#include "base/zone_rule.h"

enum { DAY_S = 86400, HOUR_S = 3600, DEFAULT_TIME_S = 2 * HOUR_S, DAYS_TO_MARCH = 60, HOURS_MAX = 167 };

/* What is left to read. */
struct text {
    const char *at, *end;
};

static bool take(struct text *text, char wanted)
{
    bool there = text->at < text->end && *text->at == wanted;
    text->at += there;
    return there;
}

static bool is_digit(const struct text *text)
{
    return text->at < text->end && *text->at >= '0' && *text->at <= '9';
}

static bool number(struct text *text, int32_t max, int32_t *ret_number)
{
    int32_t value = 0;
    if (!is_digit(text)) {
        return false;
    }
    while (is_digit(text)) {
        value = value * 10 + (*text->at++ - '0');
        if (value > max) {
            return false;
        }
    }
    *ret_number = value;
    return true;
}

/* Letters, or anything between angle brackets. */
static bool skip_name(struct text *text)
{
    const char *from = text->at;
    if (take(text, '<')) {
        while (text->at < text->end && *text->at != '>') {
            text->at++;
        }
        return take(text, '>') && text->at - from > 2;
    }
    while (text->at < text->end && ((*text->at | 32) >= 'a' && (*text->at | 32) <= 'z')) {
        text->at++;
    }
    return text->at - from >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool clock_time(struct text *text, int32_t *ret_s)
{
    bool negative = take(text, '-');
    int32_t hours, minutes = 0, seconds = 0;
    if (!negative) {
        take(text, '+');
    }
    if (!number(text, HOURS_MAX, &hours)) {
        return false;
    }
    if (take(text, ':') && (!number(text, 59, &minutes) || (take(text, ':') && !number(text, 59, &seconds)))) {
        return false;
    }
    int32_t value = hours * HOUR_S + minutes * 60 + seconds;
    *ret_s = negative ? -value : value;
    return true;
}

static bool day(struct text *text, struct hub_zone_day *ret_day)
{
    struct hub_zone_day read = { .kind = 'D', .time_s = DEFAULT_TIME_S };
    bool fine;
    if (take(text, 'M')) {
        read.kind = 'M';
        fine = number(text, 12, &read.month) && read.month > 0 && take(text, '.') && number(text, 5, &read.week) &&
               read.week > 0 && take(text, '.') && number(text, 6, &read.day);
    } else if (take(text, 'J')) {
        read.kind = 'J';
        fine = number(text, 365, &read.day) && read.day > 0;
    } else {
        fine = number(text, 365, &read.day);
    }
    if (fine && take(text, '/')) {
        fine = clock_time(text, &read.time_s);
    }
    *ret_day = read;
    return fine;
}

bool hub_zone_rule_parse(struct hub_span span, struct hub_zone_rule *ret_rule)
{
    struct text text = { span.at, span.at + span.len };
    struct hub_zone_rule rule = { 0 };
    int32_t west;
    if (!skip_name(&text) || !clock_time(&text, &west)) {
        return false;
    }
    rule.standard_s = -west;
    rule.summer_s = rule.standard_s;
    if (text.at == text.end) {
        *ret_rule = rule;
        return true;
    }
    if (!skip_name(&text)) {
        return false;
    }
    rule.has_summer = true;
    rule.summer_s = rule.standard_s + HOUR_S;
    if (text.at < text.end && *text.at != ',') {
        if (!clock_time(&text, &west)) {
            return false;
        }
        rule.summer_s = -west;
    }
    bool fine = take(&text, ',') && day(&text, &rule.begin) && take(&text, ',') && day(&text, &rule.end) &&
                text.at == text.end;
    *ret_rule = fine ? rule : *ret_rule;
    return fine;
}

/* --- days; the calendar is the proleptic Gregorian one --- */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from the epoch to 1 January. */
static int64_t days_to_year(int64_t year)
{
    int64_t before = year - 1;
    return 365 * (year - 1970) + (before / 4 - before / 100 + before / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static int64_t year_of(int64_t at_s)
{
    int64_t days = at_s / DAY_S - (at_s % DAY_S < 0);
    int64_t year = 1970 + days / 366;
    while (days_to_year(year + 1) <= days) {
        year++;
    }
    while (days_to_year(year) > days) {
        year--;
    }
    return year;
}

static int32_t days_of_month(int32_t month, int64_t year)
{
    static const int8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1 January to the day that a rule means. */
static int64_t day_of_year(const struct hub_zone_day *day, int64_t year)
{
    if (day->kind == 'J') {
        return day->day - 1 + (is_leap(year) && day->day >= DAYS_TO_MARCH);
    }
    if (day->kind == 'D') {
        return day->day;
    }
    int64_t first = 0;
    for (int32_t month = 1; month < day->month; month++) {
        first += days_of_month(month, year);
    }
    int64_t weekday = ((days_to_year(year) + first + 4) % 7 + 7) % 7; /* the epoch was a Thursday */
    int64_t in_month = (day->day - weekday + 7) % 7 + 7 * (day->week - 1);
    while (in_month >= days_of_month(day->month, year)) {
        in_month -= 7;
    }
    return first + in_month;
}

static int64_t moment(const struct hub_zone_day *day, int64_t year, int32_t offset_s)
{
    return (days_to_year(year) + day_of_year(day, year)) * DAY_S + day->time_s - offset_s;
}

int32_t hub_zone_rule_offset(const struct hub_zone_rule *rule, int64_t at_s)
{
    if (!rule->has_summer) {
        return rule->standard_s;
    }
    int64_t year = year_of(at_s + rule->standard_s);
    int64_t begin = moment(&rule->begin, year, rule->standard_s);
    int64_t end = moment(&rule->end, year, rule->summer_s);
    bool is_summer = begin < end ? at_s >= begin && at_s < end : at_s >= begin || at_s < end;
    return is_summer ? rule->summer_s : rule->standard_s;
}
