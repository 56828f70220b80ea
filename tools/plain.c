/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The bytes of UTF-8 are looked at where they stand; what is no UTF-8 goes through as it is. */
#include "tools/plain.h"

#include <stdio.h>

/* Length of the sign at the start of a text that a terminal obeys or that hides what stands there: 0, there is none. */
static size_t bad_sign(struct hub_span text)
{
    const uint8_t *at = (const uint8_t *) text.at;
    if (at[0] < ' ' || at[0] == 0x7f)
        return 1;
    if (text.len >= 2 && ((at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xd8 && at[1] == 0x9c)))
        return 2; /* U+0080 .. U+009F, and U+061C */
    if (text.len < 3 || at[0] != 0xe2)
        return 0;
    bool is_mark = at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xa8 && at[2] <= 0xae));
    bool is_isolate = at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9;
    return is_mark || is_isolate ? 3 : 0; /* U+200E, U+200F, U+2028 .. U+202E, U+2066 .. U+2069 */
}

void hub_plain_put(struct hub_buf *out, struct hub_span text, int indent)
{
    while (text.len > 0) {
        size_t bad = bad_sign(text), len = bad > 0 ? bad : 1;
        bool is_end = text.at[0] == '\n' && indent != HUB_PLAIN_ONE_LINE;
        hub_buf_put_byte(out, is_end || bad == 0 ? (uint8_t) text.at[0] : '?');
        for (int i = 0; is_end && i < indent; i++)
            hub_buf_put_byte(out, ' ');
        text = hub_span_of(text.at + len, text.len - len);
    }
}

static void put_escape(struct hub_buf *out, const uint8_t *at, size_t len)
{
    static const uint8_t firsts[] = { 0, 0x7f, 0x1f, 0x0f };
    char escape[sizeof "\\uffff"];
    unsigned sign = at[0] & firsts[len];
    for (size_t i = 1; i < len; i++)
        sign = sign << 6 | (at[i] & 0x3f);
    snprintf(escape, sizeof escape, "\\u%04x", sign & 0xffff);
    hub_buf_put_text(out, escape);
}

void hub_plain_put_json(struct hub_buf *out, struct hub_span json)
{
    while (json.len > 0) {
        size_t bad = bad_sign(json), len = bad > 0 ? bad : 1;
        if (bad > 0)
            put_escape(out, (const uint8_t *) json.at, bad);
        else
            hub_buf_put_byte(out, (uint8_t) json.at[0]);
        json = hub_span_of(json.at + len, json.len - len);
    }
}
