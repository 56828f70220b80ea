/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From a scalar's text to the value of a field. */
#include "base/value.h"

#include <assert.h>

#include "base/base64.h"
#include "base/json.h"

/* The magnitude of a number without fraction and exponent, as JSON writes it ("0" or no leading zero). */
static bool read_digits(struct hub_span text, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (text.len == 0 || (text.len > 1 && text.at[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned) (unsigned char) text.at[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t) digit, &value)) {
            return false;
        }
    }
    *ret_value = value;
    return true;
}

/* Take a leading minus away. */
static bool take_minus(struct hub_span *text)
{
    bool minus = text->len > 0 && text->at[0] == '-';
    if (minus) {
        text->at++;
        text->len--;
    }
    return minus;
}

/* Give a magnitude its sign; false when there is no such int64. */
static bool with_sign(bool minus, uint64_t magnitude, int64_t *ret_value)
{
    const uint64_t most = (uint64_t) INT64_MAX + (minus ? 1 : 0);
    if (magnitude > most) {
        return false;
    }
    *ret_value = minus ? (int64_t) (0 - magnitude) : (int64_t) magnitude;
    return true;
}

static bool read_i64(struct hub_span text, int64_t *ret_value)
{
    uint64_t magnitude;
    bool minus = take_minus(&text);
    return read_digits(text, &magnitude) && with_sign(minus, magnitude, ret_value);
}

/* -0 is 0; every other negative number is none of these. */
static bool read_u64(struct hub_span text, uint64_t *ret_value)
{
    uint64_t magnitude;
    bool minus = take_minus(&text);
    if (!read_digits(text, &magnitude) || (minus && magnitude != 0)) {
        return false;
    }
    *ret_value = magnitude;
    return true;
}

static bool read_u32(struct hub_span text, uint32_t *ret_value)
{
    uint64_t value;
    if (!read_u64(text, &value) || value > UINT32_MAX) {
        return false;
    }
    *ret_value = (uint32_t) value;
    return true;
}

/* "12.5" in units of 10^-scale, exactly: no exponent, no more digits behind the point than the scale has. */
static bool read_decimal(struct hub_span text, unsigned scale, int64_t *ret_value)
{
    bool minus = take_minus(&text);
    const char *point = text.len > 0 ? memchr(text.at, '.', text.len) : NULL;
    struct hub_span whole = { text.at, point == NULL ? text.len : (size_t) (point - text.at) };
    size_t behind = point == NULL ? 0 : text.len - whole.len - 1;
    uint64_t value;
    if (!read_digits(whole, &value) || behind > scale || (point != NULL && behind == 0)) {
        return false;
    }
    for (size_t i = 0; i < scale; i++) {
        unsigned digit = i < behind ? (unsigned) (unsigned char) point[1 + i] - '0' : 0;
        if (digit > 9 || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t) digit, &value)) {
            return false;
        }
    }
    return with_sign(minus, value, ret_value);
}

static bool read_word(const struct hub_field *field, struct hub_span text, uint16_t *ret_code)
{
    assert(field->vocab != NULL);
    const struct hub_word *word = hub_vocab_by_name(field->vocab, text);
    if (word == NULL) {
        return false;
    }
    *ret_code = word->code;
    return true;
}

/* A copy whose `at` is never NULL, so that an empty text differs from none. */
static struct hub_span keep(struct hub_arena *arena, struct hub_span text)
{
    if (text.len > 0) {
        return hub_arena_copy(arena, text);
    }
    return (struct hub_span){ "", 0 };
}

static bool read_bytes(struct hub_span text, struct hub_arena *arena, struct hub_span *ret_bytes)
{
    size_t len;
    char *to = hub_arena_get(arena, text.len / 4 * 3);
    if (!hub_base64_parse(text, to, &len)) {
        return false;
    }
    *ret_bytes = hub_span_of(to, len);
    return true;
}

static bool take_number(const struct hub_field *field, struct hub_span text, void *at)
{
    switch (field->kind) {
    case HUB_KIND_i64: return read_i64(text, at);
    case HUB_KIND_u32: return read_u32(text, at);
    case HUB_KIND_u64: return read_u64(text, at);
    case HUB_KIND_decimal: return read_decimal(text, field->scale, at);
    default: return false;
    }
}

static bool take_text(const struct hub_field *field, struct hub_span text, struct hub_arena *arena, void *at)
{
    switch (field->kind) {
    case HUB_KIND_text: *(struct hub_span *) at = keep(arena, text); return true;
    case HUB_KIND_bytes: return read_bytes(text, arena, at);
    case HUB_KIND_enum: return read_word(field, text, at);
    case HUB_KIND_time: return hub_time_parse(text, at);
    case HUB_KIND_id: return hub_ulid_parse(text, at);
    case HUB_KIND_sealed:
        *(struct hub_sealed *) at = (struct hub_sealed){ .clear = keep(arena, text) };
        return field->of == HUB_KIND_text;
    default: return false;
    }
}

bool hub_value_take(const struct hub_field *field, struct hub_token token, struct hub_arena *arena, void *at,
                    struct hub_fault *ret_fault)
{
    bool ok = false;
    switch (token.kind) {
    case HUB_TOKEN_bool:
        ok = field->kind == HUB_KIND_bool;
        if (ok) {
            *(bool *) at = token.text.len == 4;
        }
        break;
    case HUB_TOKEN_number: ok = take_number(field, token.text, at); break;
    case HUB_TOKEN_text: ok = take_text(field, token.text, arena, at); break;
    case HUB_TOKEN_null: break;
    }
    if (!ok) {
        hub_value_expected(field, ret_fault);
        return false;
    }
    return hub_value_check(field, at, ret_fault);
}
