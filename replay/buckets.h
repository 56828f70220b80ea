/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Buckets of time that a channel's figures are summed in: five minutes, hours, days (UTC).
 *
 * An event is counted in its five minutes only. When the next five minutes of that channel begin, those before are added to their
 * hour; when the next hour begins, that one is added to its day. So a bucket is final once a later one of its size began. */
#ifndef HUB_REPLAY_BUCKETS_H
#define HUB_REPLAY_BUCKETS_H

#include "replay/row_key.h"
#include "replay/view.h"

enum hub_bucket_size { HUB_BUCKET_minutes, HUB_BUCKET_hour, HUB_BUCKET_day, HUB_BUCKET_SIZES };

/* Times are kept in milliseconds, in cells of a histogram of 4 bits: at most 6.25 % too long. */
enum { HUB_RESPONSE_BITS = 4, HUB_RATINGS = 5 };

/* Bytes of an inbox's digest in the key of a wish for a person. */
enum { HUB_HELP_PAGE = 8 };

/* How long buckets of a size are, in microseconds. */
int64_t hub_bucket_us(enum hub_bucket_size size);

/* When the bucket that holds a time (at or after the epoch) began. */
int64_t hub_bucket_start(enum hub_bucket_size size, int64_t time_us);

/* Keys: of a bucket, of all buckets of a size and channel, and of the channel's channel_now row. */
struct hub_row_key hub_bucket_key(struct hub_ulid company, enum hub_bucket_size size, hub_enum channel,
                                  int64_t start_us);
struct hub_row_key hub_bucket_keys(struct hub_ulid company, enum hub_bucket_size size, hub_enum channel);
struct hub_row_key hub_bucket_now_key(struct hub_ulid company, hub_enum channel);

/* Count one in a list of counts, which grows as it has to. arena: the record's. */
void hub_bucket_count(hub_list *counts, size_t index, struct hub_arena *arena);

/* Count a time in a histogram of such cells, and add it to the sum of its milliseconds. arena: the record's. */
void hub_bucket_time(hub_list *cells, uint64_t *sum_ms, int64_t time_us, struct hub_arena *arena);

/* Add the sums of another bucket. What `active` says stays. */
void hub_bucket_add(struct channel_bucket *self, const struct channel_bucket *other, struct hub_arena *arena);

/* Sessions on the channel when the bucket ended. */
int64_t hub_bucket_active(const struct channel_bucket *self);

#endif
