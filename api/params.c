/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Percent-encoding and the pairs of a query. */
#include "api/params.h"

#include "base/utf8.h"

bool hub_param_next(struct hub_span *rest, struct hub_span *ret_name, struct hub_span *ret_value)
{
    while (rest->len > 0) {
        const char *end = memchr(rest->at, '&', rest->len);
        size_t len = end == NULL ? rest->len : (size_t) (end - rest->at);
        struct hub_span pair = { rest->at, len };
        size_t used = end == NULL ? len : len + 1;
        rest->at += used;
        rest->len -= used;
        if (pair.len == 0) {
            continue;
        }
        const char *equals = memchr(pair.at, '=', pair.len);
        size_t name = equals == NULL ? pair.len : (size_t) (equals - pair.at);
        *ret_name = hub_span_of(pair.at, name);
        *ret_value = equals == NULL ? hub_span_of(pair.at + name, 0) : hub_span_of(equals + 1, pair.len - name - 1);
        return true;
    }
    return false;
}

static int hex_digit(char sign)
{
    if (sign >= '0' && sign <= '9') {
        return sign - '0';
    }
    char lower = (char) (sign | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Returns the bytes written, or -1. */
static long decode(struct hub_span text, bool plus_is_blank, char *to)
{
    long count = 0;
    for (size_t i = 0; i < text.len; i++) {
        char sign = text.at[i];
        if (sign == '+' && plus_is_blank) {
            sign = ' ';
        } else if (sign == '%') {
            int high = i + 2 < text.len ? hex_digit(text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.at[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return -1;
            }
            sign = (char) (high << 4 | low);
            i += 2;
        }
        to[count++] = sign;
    }
    return count;
}

static bool is_encoded(struct hub_span text, bool plus_is_blank)
{
    return text.len > 0 &&
           (memchr(text.at, '%', text.len) != NULL || (plus_is_blank && memchr(text.at, '+', text.len) != NULL));
}

bool hub_param_decode(struct hub_span text, bool plus_is_blank, struct hub_arena *arena, struct hub_span *ret_text)
{
    struct hub_span plain = text;
    if (is_encoded(text, plus_is_blank)) {
        char *to = hub_arena_get(arena, text.len);
        long count = decode(text, plus_is_blank, to);
        if (count < 0) {
            return false;
        }
        plain = hub_span_of(to, (size_t) count);
    }
    if (!hub_utf8_is_valid(plain) || (plain.len > 0 && memchr(plain.at, '\0', plain.len) != NULL)) {
        return false;
    }
    *ret_text = plain;
    return true;
}

static bool is_unreserved(char sign)
{
    return (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z') || (sign >= '0' && sign <= '9') ||
           (sign != '\0' && strchr("-._~", sign) != NULL);
}

void hub_param_encode(struct hub_span text, struct hub_buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t) text.at[i];
        if (is_unreserved(text.at[i])) {
            hub_buf_put_byte(out, byte);
        } else {
            hub_buf_put_byte(out, '%');
            hub_buf_put_byte(out, (uint8_t) digits[byte >> 4]);
            hub_buf_put_byte(out, (uint8_t) digits[byte & 15]);
        }
    }
}
