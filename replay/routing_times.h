/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The histogram of times to assignment: milliseconds, eight buckets to each doubling, so that a bucket is at most an eighth
 * wide. In whole numbers, so that it comes out the same everywhere. */
#ifndef HUB_REPLAY_ROUTING_TIMES_H
#define HUB_REPLAY_ROUTING_TIMES_H

#include <stdint.h>

enum { HUB_ROUTING_TIMES = 320, HUB_ROUTING_RULES_COUNTED = 256 };

/* The bucket of a number of milliseconds. */
static inline unsigned hub_routing_bucket(uint64_t ms)
{
    if (ms < 8) {
        return (unsigned) ms;
    }
    unsigned top = 63u - (unsigned) __builtin_clzll(ms);
    unsigned bucket = (top - 2) * 8 + (unsigned) (ms >> (top - 3) & 7);
    return bucket < HUB_ROUTING_TIMES ? bucket : HUB_ROUTING_TIMES - 1;
}

/* The largest number of milliseconds in a bucket. */
static inline uint64_t hub_routing_bucket_end(unsigned bucket)
{
    if (bucket < 8) {
        return bucket;
    }
    unsigned top = bucket / 8 + 2;
    return ((UINT64_C(8) + bucket % 8 + 1) << (top - 3)) - 1;
}

#endif
