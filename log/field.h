/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Counting in the field of 2^61 - 1 elements, where everything but 0 can be divided by; docs/log-format.md §2.6. */
#ifndef HUB_LOG_FIELD_H
#define HUB_LOG_FIELD_H

#include <stdint.h>

#define HUB_FIELD_PRIME ((UINT64_C(1) << 61) - 1)

static inline uint64_t hub_field_add(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum >= HUB_FIELD_PRIME ? sum - HUB_FIELD_PRIME : sum;
}

static inline uint64_t hub_field_negate(uint64_t a)
{
    return a == 0 ? 0 : HUB_FIELD_PRIME - a;
}

static inline uint64_t hub_field_mul(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128) a * b;
    return hub_field_add((uint64_t) product & HUB_FIELD_PRIME, (uint64_t) (product >> 61));
}

/* The element of any number; of the two that would be 0 it makes 1, as a term that is 0 could not be missed. */
static inline uint64_t hub_field_of(uint64_t number)
{
    uint64_t element = number % HUB_FIELD_PRIME;
    return element == 0 ? 1 : element;
}

/* b with a * b = 1; a is not 0. */
static inline uint64_t hub_field_invert(uint64_t a)
{
    uint64_t result = 1;
    for (uint64_t exponent = HUB_FIELD_PRIME - 2; exponent > 0; exponent >>= 1) {
        result = (exponent & 1) != 0 ? hub_field_mul(result, a) : result;
        a = hub_field_mul(a, a);
    }
    return result;
}

#endif
