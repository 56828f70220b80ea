/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* UTF-8 with a fast way through ASCII: eight bytes at a time while no high bit is set. */
#include "base/utf8.h"

#include <assert.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS UINT64_C(0x0101010101010101)

static uint64_t load_eight(const char *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    return eight;
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The length of the well-formed character that starts with a byte >= 0x80; 0 when there is none. */
static size_t long_character(const uint8_t *at, size_t remains)
{
    uint8_t first = at[0];
    if (first < 0xC2 || first > 0xF4) {
        return 0;
    }
    size_t len = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (remains < len || !is_continuation(at[1])) {
        return 0;
    }
    /* The second byte decides about overlong forms (E0, F0), surrogates (ED) and the upper end (F4). */
    if ((first == 0xE0 && at[1] < 0xA0) || (first == 0xED && at[1] > 0x9F) || (first == 0xF0 && at[1] < 0x90) ||
        (first == 0xF4 && at[1] > 0x8F)) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (!is_continuation(at[i])) {
            return 0;
        }
    }
    return len;
}

bool hub_utf8_is_valid(struct hub_span text)
{
    size_t i = 0;
    while (i < text.len) {
        if (text.len - i >= 8 && (load_eight(text.at + i) & HIGH_BITS) == 0) {
            i += 8;
        } else if ((uint8_t) text.at[i] < 0x80) {
            i++;
        } else {
            size_t len = long_character((const uint8_t *) text.at + i, text.len - i);
            if (len == 0) {
                return false;
            }
            i += len;
        }
    }
    return true;
}

void hub_utf8_repair(char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t step = (uint8_t) text[i] < 0x80 ? 1 : long_character((const uint8_t *) text + i, len - i);
        if (step == 0) {
            text[i] = '?';
            step = 1;
        }
        i += step;
    }
}

size_t hub_utf8_count(struct hub_span text)
{
    size_t continuations = 0;
    size_t i = 0;
    for (; text.len - i >= 8; i += 8) {
        uint64_t eight = load_eight(text.at + i);
        /* Bit 0 of each byte: its bit 7 is set and its bit 6 is not. */
        uint64_t marks = (eight >> 7) & (~eight >> 6) & LOW_BITS;
        continuations += (marks * LOW_BITS) >> 56;
    }
    for (; i < text.len; i++) {
        continuations += is_continuation((uint8_t) text.at[i]);
    }
    return text.len - continuations;
}

struct hub_span hub_utf8_prefix(struct hub_span text, size_t max)
{
    size_t i = 0;
    for (size_t count = 0; i < text.len; i++) {
        if (is_continuation((uint8_t) text.at[i])) {
            continue;
        }
        if (count == max) {
            break;
        }
        count++;
    }
    return hub_span_of(text.at, i);
}

size_t hub_utf8_put(uint32_t code_point, char ret_bytes[4])
{
    assert(code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF));
    if (code_point < 0x80) {
        ret_bytes[0] = (char) code_point;
        return 1;
    }
    size_t len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (size_t i = len - 1; i > 0; i--) {
        ret_bytes[i] = (char) (0x80 | (code_point & 0x3F));
        code_point >>= 6;
    }
    ret_bytes[0] = (char) (leads[len] | code_point);
    return len;
}
