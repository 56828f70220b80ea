/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* msgpack at the level of bytes: one writer that uses the shortest forms, one reader that never looks behind its end.
 *
 * The format is https://github.com/msgpack/msgpack/blob/master/spec.md: a first byte tells the type and, for small
 * values, the value or length too; what follows is big-endian. Inline because the walkers call these for every field. */
#ifndef HUB_BASE_MSGPACK_H
#define HUB_BASE_MSGPACK_H

#include "base/span.h"

/* The most that hub_msgpack_put_* writes: a first byte and eight more. */
enum { HUB_MSGPACK_HEAD_MAX = 9 };

enum hub_msgpack {
    HUB_MSGPACK_map_fix = 0x80,
    HUB_MSGPACK_array_fix = 0x90,
    HUB_MSGPACK_str_fix = 0xA0,
    HUB_MSGPACK_nil = 0xC0,
    HUB_MSGPACK_never = 0xC1,
    HUB_MSGPACK_false = 0xC2,
    HUB_MSGPACK_true = 0xC3,
    HUB_MSGPACK_bin_8 = 0xC4,
    HUB_MSGPACK_bin_32 = 0xC6,
    HUB_MSGPACK_ext_8 = 0xC7,
    HUB_MSGPACK_ext_32 = 0xC9,
    HUB_MSGPACK_float_32 = 0xCA,
    HUB_MSGPACK_float_64 = 0xCB,
    HUB_MSGPACK_unsigned_8 = 0xCC,
    HUB_MSGPACK_unsigned_64 = 0xCF,
    HUB_MSGPACK_signed_8 = 0xD0,
    HUB_MSGPACK_signed_64 = 0xD3,
    HUB_MSGPACK_ext_fix_1 = 0xD4,
    HUB_MSGPACK_ext_fix_16 = 0xD8,
    HUB_MSGPACK_str_8 = 0xD9,
    HUB_MSGPACK_str_32 = 0xDB,
    HUB_MSGPACK_array_16 = 0xDC,
    HUB_MSGPACK_array_32 = 0xDD,
    HUB_MSGPACK_map_16 = 0xDE,
    HUB_MSGPACK_map_32 = 0xDF,
    HUB_MSGPACK_negative_fix = 0xE0,
};

/* Write `first` and then the lowest 2^width bytes of a value, big-endian. Returns the byte behind. */
static inline char *hub_msgpack_put_wide(char *at, unsigned first, unsigned width, uint64_t value)
{
    uint64_t big_endian = __builtin_bswap64(value << (64 - (8u << width)));
    *at = (char) first;
    memcpy(at + 1, &big_endian, sizeof big_endian);
    return at + 1 + (1u << width);
}

/* How wide (as a power of two of bytes) the shortest form of an unsigned number is. */
static inline unsigned hub_msgpack_width(uint64_t value)
{
    return value <= UINT8_MAX ? 0 : value <= UINT16_MAX ? 1 : value <= UINT32_MAX ? 2 : 3;
}

/* Write one number, or the head of a string, a binary, an array or a map, in its shortest form.
 *
 * at  HUB_MSGPACK_HEAD_MAX bytes that may all be overwritten
 *
 * Each returns the byte behind what counts. Lengths are at most UINT32_MAX. */
static inline char *hub_msgpack_put_unsigned(char *at, uint64_t value)
{
    if (value < 0x80) {
        *at = (char) value;
        return at + 1;
    }
    unsigned width = hub_msgpack_width(value);
    return hub_msgpack_put_wide(at, HUB_MSGPACK_unsigned_8 + width, width, value);
}

static inline char *hub_msgpack_put_signed(char *at, int64_t value)
{
    if (value >= 0) {
        return hub_msgpack_put_unsigned(at, (uint64_t) value);
    }
    if (value >= -32) {
        *at = (char) value;
        return at + 1;
    }
    unsigned width = value >= INT8_MIN ? 0 : value >= INT16_MIN ? 1 : value >= INT32_MIN ? 2 : 3;
    return hub_msgpack_put_wide(at, HUB_MSGPACK_signed_8 + width, width, (uint64_t) value);
}

static inline char *hub_msgpack_put_str(char *at, size_t len)
{
    if (len < 32) {
        *at = (char) (HUB_MSGPACK_str_fix | len);
        return at + 1;
    }
    unsigned width = hub_msgpack_width(len);
    return hub_msgpack_put_wide(at, HUB_MSGPACK_str_8 + width, width, len);
}

static inline char *hub_msgpack_put_bin(char *at, size_t len)
{
    unsigned width = hub_msgpack_width(len);
    return hub_msgpack_put_wide(at, HUB_MSGPACK_bin_8 + width, width, len);
}

static inline char *hub_msgpack_put_array(char *at, size_t count)
{
    if (count < 16) {
        *at = (char) (HUB_MSGPACK_array_fix | count);
        return at + 1;
    }
    unsigned width = count <= UINT16_MAX ? 1 : 2;
    return hub_msgpack_put_wide(at, HUB_MSGPACK_array_16 + width - 1, width, count);
}

static inline char *hub_msgpack_put_map(char *at, size_t count)
{
    if (count < 16) {
        *at = (char) (HUB_MSGPACK_map_fix | count);
        return at + 1;
    }
    unsigned width = count <= UINT16_MAX ? 1 : 2;
    return hub_msgpack_put_wide(at, HUB_MSGPACK_map_16 + width - 1, width, count);
}

/* What remains to be read. Every take moves `at` forward only when it succeeds. */
struct hub_msgpack_reader {
    const uint8_t *at;
    const uint8_t *end;
};

/* How many bytes remain. */
static inline size_t hub_msgpack_remains(const struct hub_msgpack_reader *self)
{
    return (size_t) (self->end - self->at);
}

/* A number in any form that msgpack has for integers.
 *
 * ret_negative  true for a number below 0
 * ret_bits      the number, in two's complement when negative
 *
 * False when it is something else or cut off. */
bool hub_msgpack_take_wide(struct hub_msgpack_reader *self, bool *ret_negative, uint64_t *ret_bits);

static inline bool hub_msgpack_take_integer(struct hub_msgpack_reader *self, bool *ret_negative, uint64_t *ret_bits)
{
    if (self->at < self->end && *self->at < 0x80) {
        *ret_negative = false;
        *ret_bits = *self->at++;
        return true;
    }
    return hub_msgpack_take_wide(self, ret_negative, ret_bits);
}

/* The content of a str, or of a bin; borrowed from what is read. False when it is something else or cut off.
 * The _any of each knows all forms; what is inline knows the form that short ones have. */
bool hub_msgpack_take_any_str(struct hub_msgpack_reader *self, struct hub_span *ret_text);
bool hub_msgpack_take_any_bin(struct hub_msgpack_reader *self, struct hub_span *ret_bytes);

static inline bool hub_msgpack_take_str(struct hub_msgpack_reader *self, struct hub_span *ret_text)
{
    size_t remains = hub_msgpack_remains(self);
    size_t len = remains > 0 ? self->at[0] ^ HUB_MSGPACK_str_fix : SIZE_MAX;
    if (len >= 32 || len >= remains) {
        return hub_msgpack_take_any_str(self, ret_text);
    }
    *ret_text = hub_span_of(self->at + 1, len);
    self->at += 1 + len;
    return true;
}

static inline bool hub_msgpack_take_bin(struct hub_msgpack_reader *self, struct hub_span *ret_bytes)
{
    size_t remains = hub_msgpack_remains(self);
    if (remains < 2 || self->at[0] != HUB_MSGPACK_bin_8 || self->at[1] > remains - 2) {
        return hub_msgpack_take_any_bin(self, ret_bytes);
    }
    *ret_bytes = hub_span_of(self->at + 2, self->at[1]);
    self->at += 2 + ret_bytes->len;
    return true;
}

/* The head of an array or of a map: its number of items or of pairs. False when it is something else, cut off, or when
 * fewer bytes remain than that many must have (1 an item, 2 a pair). */
bool hub_msgpack_take_array(struct hub_msgpack_reader *self, uint32_t *ret_count);
bool hub_msgpack_take_any_map(struct hub_msgpack_reader *self, uint32_t *ret_count);

static inline bool hub_msgpack_take_map(struct hub_msgpack_reader *self, uint32_t *ret_count)
{
    size_t remains = hub_msgpack_remains(self);
    unsigned count = remains > 0 ? self->at[0] ^ HUB_MSGPACK_map_fix : 16;
    if (count >= 16 || count * 2 >= remains) {
        return hub_msgpack_take_any_map(self, ret_count);
    }
    *ret_count = count;
    self->at++;
    return true;
}

/* Go past one value of any type, with all that is in it. False when it is cut off, no msgpack, or when arrays and maps
 * lie more than `depth` deep in one another; `at` may then stand anywhere in the value. */
bool hub_msgpack_skip(struct hub_msgpack_reader *self, unsigned depth);

#endif
