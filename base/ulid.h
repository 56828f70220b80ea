/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Our ids: ULIDs (48 bits of milliseconds, 80 bits of randomness), 16 bytes inside, 26 characters outside. */
#ifndef HUB_BASE_ULID_H
#define HUB_BASE_ULID_H

#include "base/span.h"

enum { HUB_ULID_TEXT = 26 };

struct hub_ulid {
    uint8_t b[16]; /* big-endian, so that byte order is time order */
};

/* The ULID for a moment and ten random bytes.
 *
 * time_us  microseconds since the epoch, >= 0; the ULID keeps milliseconds
 * random   ten bytes, borrowed
 */
struct hub_ulid hub_ulid_make(int64_t time_us, const uint8_t random[10]);

/* Write the 26 characters (Crockford base 32, upper case, not terminated) of an id. */
void hub_ulid_print(struct hub_ulid id, char ret_text[HUB_ULID_TEXT]);

/* Read an id from exactly 26 characters, either case. Returns false (and leaves ret_id alone) for anything else. */
bool hub_ulid_parse(struct hub_span text, struct hub_ulid *ret_id);

/* The shard of an id: 0 .. 1023, from the ten lowest bits of its random part. Entities of one shard share a worker. */
uint32_t hub_ulid_shard(struct hub_ulid id);

/* The same id with its shard replaced (0 .. 1023). */
struct hub_ulid hub_ulid_with_shard(struct hub_ulid id, uint32_t shard);

static inline bool hub_ulid_is(struct hub_ulid a, struct hub_ulid b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

/* True for the all-zero id, which stands for "none". */
static inline bool hub_ulid_is_none(struct hub_ulid id)
{
    static const struct hub_ulid none;
    return hub_ulid_is(id, none);
}

#endif
