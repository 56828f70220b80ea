/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* ULIDs and their text: 130 bits of base 32 hold the 128, so the first character is at most '7'. */
#include "base/ulid.h"

#include <assert.h>

enum { TIME_BYTES = 6, RANDOM_BYTES = 10, SHARDS = 1024 };

#define TIME_LIMIT_MS (INT64_C(1) << 48)

static const char alphabet[32] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The value of a character plus one; 0 for a character that is none. Only the 32 letters of the alphabet count: an id
 * has one spelling but for case, so I, L and O do not stand for 1 and 0. */
static const uint8_t values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,  ['8'] = 9,
    ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['G'] = 17, ['H'] = 18,
    ['J'] = 19, ['K'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24, ['R'] = 25, ['S'] = 26, ['T'] = 27,
    ['V'] = 28, ['W'] = 29, ['X'] = 30, ['Y'] = 31, ['Z'] = 32, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14,
    ['e'] = 15, ['f'] = 16, ['g'] = 17, ['h'] = 18, ['j'] = 19, ['k'] = 20, ['m'] = 21, ['n'] = 22, ['p'] = 23,
    ['q'] = 24, ['r'] = 25, ['s'] = 26, ['t'] = 27, ['v'] = 28, ['w'] = 29, ['x'] = 30, ['y'] = 31, ['z'] = 32,
};

struct hub_ulid hub_ulid_make(int64_t time_us, const uint8_t random[10])
{
    int64_t time_ms = time_us / 1000;
    assert(time_us >= 0 && time_ms < TIME_LIMIT_MS);
    struct hub_ulid id;
    for (int i = TIME_BYTES - 1; i >= 0; i--) {
        id.b[i] = (uint8_t) time_ms;
        time_ms >>= 8;
    }
    memcpy(id.b + TIME_BYTES, random, RANDOM_BYTES);
    return id;
}

static uint64_t load_be64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap64(value);
}

static void store_be64(uint8_t *at, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(at, &value, sizeof value);
}

void hub_ulid_print(struct hub_ulid id, char ret_text[HUB_ULID_TEXT])
{
    uint64_t high = load_be64(id.b);
    uint64_t low = load_be64(id.b + 8);
    for (int i = HUB_ULID_TEXT - 1; i >= 0; i--) {
        ret_text[i] = alphabet[low & 31];
        low = (low >> 5) | (high << 59);
        high >>= 5;
    }
}

bool hub_ulid_parse(struct hub_span text, struct hub_ulid *ret_id)
{
    if (text.len != HUB_ULID_TEXT || values[(uint8_t) text.at[0]] > 8) {
        return false;
    }
    uint64_t high = 0;
    uint64_t low = 0;
    for (size_t i = 0; i < HUB_ULID_TEXT; i++) {
        uint8_t value = values[(uint8_t) text.at[i]];
        if (value == 0) {
            return false;
        }
        high = (high << 5) | (low >> 59);
        low = (low << 5) | (uint64_t) (value - 1);
    }
    store_be64(ret_id->b, high);
    store_be64(ret_id->b + 8, low);
    return true;
}

uint32_t hub_ulid_shard(struct hub_ulid id)
{
    return ((uint32_t) id.b[14] << 8 | id.b[15]) % SHARDS;
}

struct hub_ulid hub_ulid_with_shard(struct hub_ulid id, uint32_t shard)
{
    assert(shard < SHARDS);
    id.b[14] = (uint8_t) ((id.b[14] & 0xFC) | shard >> 8);
    id.b[15] = (uint8_t) shard;
    return id;
}
