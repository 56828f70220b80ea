/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The bounded reader: each length is compared with what remains before anything is computed from it. */
#include "base/msgpack.h"

/* The first byte of what follows; 0xC1, which msgpack never uses, at the end. */
static uint8_t first_byte(const struct hub_msgpack_reader *self)
{
    return self->at < self->end ? *self->at : HUB_MSGPACK_never;
}

/* The big-endian number of 2^width bytes behind the first byte, which is taken too. */
static bool take_tail(struct hub_msgpack_reader *self, unsigned width, uint64_t *ret_value)
{
    size_t bytes = (size_t) 1 << width;
    size_t remains = hub_msgpack_remains(self);
    if (remains <= bytes) {
        return false;
    }
    uint64_t value = 0;
    if (remains > sizeof value) {
        memcpy(&value, self->at + 1, sizeof value);
        value = __builtin_bswap64(value) >> (64 - 8 * bytes);
    } else {
        for (size_t i = 1; i <= bytes; i++) {
            value = value << 8 | self->at[i];
        }
    }
    self->at += 1 + bytes;
    *ret_value = value;
    return true;
}

bool hub_msgpack_take_wide(struct hub_msgpack_reader *self, bool *ret_negative, uint64_t *ret_bits)
{
    uint8_t first = first_byte(self);
    if (first < 0x80 || first >= HUB_MSGPACK_negative_fix) {
        *ret_negative = first >= 0x80;
        *ret_bits = (uint64_t) (int64_t) (int8_t) first;
        self->at++;
        return true;
    }
    if (first >= HUB_MSGPACK_unsigned_8 && first <= HUB_MSGPACK_unsigned_64) {
        *ret_negative = false;
        return take_tail(self, first - HUB_MSGPACK_unsigned_8, ret_bits);
    }
    unsigned width = first - HUB_MSGPACK_signed_8;
    uint64_t bits;
    if (first < HUB_MSGPACK_signed_8 || first > HUB_MSGPACK_signed_64 || !take_tail(self, width, &bits)) {
        return false;
    }
    uint64_t sign = UINT64_C(1) << ((8u << width) - 1);
    *ret_negative = (bits & sign) != 0;
    *ret_bits = (bits ^ sign) - sign; /* extends the sign */
    return true;
}

/* Take `len` bytes that follow. */
static bool take_bytes(struct hub_msgpack_reader *self, uint64_t len, struct hub_span *ret_bytes)
{
    if (len > hub_msgpack_remains(self)) {
        return false;
    }
    *ret_bytes = hub_span_of(self->at, len);
    self->at += len;
    return true;
}

/* After a failure. (A copy of the reader to try with would be read as one piece just after it was written as two, for which a
 * processor waits until all that was written before is in its cache.) */
static bool go_back(struct hub_msgpack_reader *self, const uint8_t *at)
{
    self->at = at;
    return false;
}

bool hub_msgpack_take_any_str(struct hub_msgpack_reader *self, struct hub_span *ret_text)
{
    const uint8_t *start = self->at;
    uint8_t first = first_byte(self);
    uint64_t len = first & 0x1F;
    if ((first & 0xE0) == HUB_MSGPACK_str_fix) {
        self->at++;
    } else if (first < HUB_MSGPACK_str_8 || first > HUB_MSGPACK_str_32 ||
               !take_tail(self, first - HUB_MSGPACK_str_8, &len)) {
        return false;
    }
    return take_bytes(self, len, ret_text) || go_back(self, start);
}

bool hub_msgpack_take_any_bin(struct hub_msgpack_reader *self, struct hub_span *ret_bytes)
{
    const uint8_t *start = self->at;
    uint8_t first = first_byte(self);
    uint64_t len;
    if (first < HUB_MSGPACK_bin_8 || first > HUB_MSGPACK_bin_32 || !take_tail(self, first - HUB_MSGPACK_bin_8, &len)) {
        return false;
    }
    return take_bytes(self, len, ret_bytes) || go_back(self, start);
}

/* The head of an array or map: fix form 0x.0 to 0x.F, else 16 or 32 bits. */
static bool take_count(struct hub_msgpack_reader *self, uint8_t fix, uint8_t wide, uint32_t *ret_count)
{
    const uint8_t *start = self->at;
    uint8_t first = first_byte(self);
    uint64_t count = first & 0x0F;
    if ((first & 0xF0) == fix) {
        self->at++;
    } else if ((first != wide && first != wide + 1) || !take_tail(self, first - wide + 1u, &count)) {
        return false;
    }
    unsigned pairs = fix == HUB_MSGPACK_map_fix;
    if (count > hub_msgpack_remains(self) >> pairs) {
        return go_back(self, start);
    }
    *ret_count = (uint32_t) count;
    return true;
}

bool hub_msgpack_take_array(struct hub_msgpack_reader *self, uint32_t *ret_count)
{
    return take_count(self, HUB_MSGPACK_array_fix, HUB_MSGPACK_array_16, ret_count);
}

bool hub_msgpack_take_any_map(struct hub_msgpack_reader *self, uint32_t *ret_count)
{
    return take_count(self, HUB_MSGPACK_map_fix, HUB_MSGPACK_map_16, ret_count);
}

static bool skip_bytes(struct hub_msgpack_reader *self, uint64_t len)
{
    struct hub_span ignored;
    return take_bytes(self, len, &ignored);
}

/* nil, booleans, floats and extensions: what records never hold but a newer writer might. */
static bool skip_foreign(struct hub_msgpack_reader *self, uint8_t first)
{
    uint64_t len;
    switch (first) {
    case HUB_MSGPACK_nil:
    case HUB_MSGPACK_false:
    case HUB_MSGPACK_true: return skip_bytes(self, 1);
    case HUB_MSGPACK_float_32: return skip_bytes(self, 1 + 4);
    case HUB_MSGPACK_float_64: return skip_bytes(self, 1 + 8);
    case HUB_MSGPACK_ext_8 ... HUB_MSGPACK_ext_32:
        return take_tail(self, first - HUB_MSGPACK_ext_8, &len) && skip_bytes(self, 1) && skip_bytes(self, len);
    case HUB_MSGPACK_ext_fix_1 ... HUB_MSGPACK_ext_fix_16:
        return skip_bytes(self, 2 + (UINT64_C(1) << (first - HUB_MSGPACK_ext_fix_1)));
    default: return false;
    }
}

bool hub_msgpack_skip(struct hub_msgpack_reader *self, unsigned depth)
{
    uint8_t first = first_byte(self);
    bool negative;
    uint64_t bits;
    struct hub_span bytes;
    uint32_t count;
    if (hub_msgpack_take_integer(self, &negative, &bits) || hub_msgpack_take_str(self, &bytes) ||
        hub_msgpack_take_bin(self, &bytes)) {
        return true;
    }
    uint64_t items;
    if (hub_msgpack_take_array(self, &count)) {
        items = count;
    } else if (hub_msgpack_take_map(self, &count)) {
        items = (uint64_t) count * 2;
    } else {
        return skip_foreign(self, first);
    }
    if (depth == 0) {
        return false;
    }
    while (items > 0 && hub_msgpack_skip(self, depth - 1)) {
        items--;
    }
    return items == 0;
}
