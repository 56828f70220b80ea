/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Moments as RFC 3339 has them: printed in UTC with microseconds, read with any offset and 0 to 9 digits of fraction.
 *
 * Days are counted in the proleptic Gregorian calendar with years that begin in March, so that the leap day is the last
 * of its year and the lengths of months follow from one formula. 400 years have 146,097 days. */
#include "base/json.h"

enum { DAYS_OF_400_YEARS = 146097, DAYS_BEFORE_1970 = 719468, DAY_S = 86400 };

#define SECOND_US INT64_C(1000000)

/* Days since 1970-01-01 of a day in the years 0 to 9999. */
static int64_t day_number(int year, int month, int day)
{
    int from_march = month > 2 ? month - 3 : month + 9;
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * from_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_OF_400_YEARS + day_of_era - DAYS_BEFORE_1970;
}

static void put_digits(char *to, int value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        to[i] = (char) ('0' + value % 10);
        value /= 10;
    }
}

static void put_day(char *to, int64_t days)
{
    int64_t shifted = days + DAYS_BEFORE_1970;
    int64_t era = (shifted >= 0 ? shifted : shifted - DAYS_OF_400_YEARS + 1) / DAYS_OF_400_YEARS;
    int64_t day_of_era = shifted - era * DAYS_OF_400_YEARS;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * day_of_year + 2) / 153;
    int64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
    put_digits(to, (int) (year_of_era + era * 400 + (month <= 2 ? 1 : 0)), 4);
    put_digits(to + 5, (int) month, 2);
    put_digits(to + 8, (int) (day_of_year - (153 * from_march + 2) / 5 + 1), 2);
}

void hub_time_print(int64_t time_us, struct hub_buf *out)
{
    static const char form[] = "0000-00-00T00:00:00.000000Z";
    enum { LEN = sizeof form - 1 };
    time_us = time_us < HUB_TIME_MIN_US ? HUB_TIME_MIN_US : time_us > HUB_TIME_MAX_US ? HUB_TIME_MAX_US : time_us;
    int64_t seconds = time_us / SECOND_US;
    int64_t fraction = time_us % SECOND_US;
    if (fraction < 0) {
        fraction += SECOND_US;
        seconds--;
    }
    int64_t days = seconds / DAY_S;
    int of_day = (int) (seconds % DAY_S);
    if (of_day < 0) {
        of_day += DAY_S;
        days--;
    }
    char *to = hub_buf_reserve(out, LEN);
    memcpy(to, form, LEN);
    put_day(to, days);
    put_digits(to + 11, of_day / 3600, 2);
    put_digits(to + 14, of_day / 60 % 60, 2);
    put_digits(to + 17, of_day % 60, 2);
    put_digits(to + 20, (int) fraction, 6);
    out->len += LEN;
}

/* Read `count` digits at `at`. */
static bool digits(struct hub_span text, size_t at, size_t count, int *ret_value)
{
    int value = 0;
    if (at + count > text.len) {
        return false;
    }
    for (size_t i = at; i < at + count; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
        value = value * 10 + (text.at[i] - '0');
    }
    *ret_value = value;
    return true;
}

static bool sign_is(struct hub_span text, size_t at, char a, char b)
{
    return at < text.len && (text.at[at] == a || text.at[at] == b);
}

static int days_of_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* "YYYY-MM-DDThh:mm:ss"; a second of 60 is let through here. */
static bool date_and_time(struct hub_span text, int64_t *ret_seconds, bool *ret_leap)
{
    int year, month, day, hour, minute, second;
    bool ok = digits(text, 0, 4, &year) && sign_is(text, 4, '-', '-') && digits(text, 5, 2, &month) &&
              sign_is(text, 7, '-', '-') && digits(text, 8, 2, &day) && sign_is(text, 10, 'T', 't') &&
              digits(text, 11, 2, &hour) && sign_is(text, 13, ':', ':') && digits(text, 14, 2, &minute) &&
              sign_is(text, 16, ':', ':') && digits(text, 17, 2, &second);
    if (!ok || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) || hour > 23 || minute > 59 ||
        second > 60) {
        return false;
    }
    *ret_seconds = day_number(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
    *ret_leap = second == 60;
    return true;
}

/* ".ddd": 1 to 9 digits; what is finer than a microsecond is dropped. Moves *at behind it. */
static bool fraction_us(struct hub_span text, size_t *at, int64_t *ret_us)
{
    int64_t us = 0;
    size_t count = 0;
    if (!sign_is(text, *at, '.', '.')) {
        *ret_us = 0;
        return true;
    }
    for (++*at; *at < text.len && text.at[*at] >= '0' && text.at[*at] <= '9'; ++*at) {
        us = count < 6 ? us * 10 + (text.at[*at] - '0') : us;
        count++;
    }
    for (size_t i = count; i < 6; i++) {
        us *= 10;
    }
    *ret_us = us;
    return count >= 1 && count <= 9;
}

/* "Z" or "+hh:mm" or "-hh:mm", up to the end of the text. */
static bool offset_s(struct hub_span text, size_t at, int64_t *ret_seconds)
{
    int hours, minutes;
    if (sign_is(text, at, 'Z', 'z')) {
        *ret_seconds = 0;
        return at + 1 == text.len;
    }
    bool ok = sign_is(text, at, '+', '-') && at + 6 == text.len && digits(text, at + 1, 2, &hours) &&
              sign_is(text, at + 3, ':', ':') && digits(text, at + 4, 2, &minutes);
    if (!ok || hours > 23 || minutes > 59) {
        return false;
    }
    *ret_seconds = (text.at[at] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool hub_time_parse(struct hub_span text, int64_t *ret_time_us)
{
    int64_t seconds, fraction, offset;
    bool leap;
    size_t at = 19;
    if (!date_and_time(text, &seconds, &leap) || !fraction_us(text, &at, &fraction) || !offset_s(text, at, &offset)) {
        return false;
    }
    seconds -= offset;
    /* A leap second exists only as the last of a day in UTC; it is the same moment as the next day's first. */
    if (leap && seconds % DAY_S != 0) {
        return false;
    }
    int64_t time_us = seconds * SECOND_US + fraction;
    if (time_us < HUB_TIME_MIN_US || time_us > HUB_TIME_MAX_US) {
        return false;
    }
    *ret_time_us = time_us;
    return true;
}
