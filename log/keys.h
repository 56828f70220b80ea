/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The key layout of the log's column families: one place. All numbers are big-endian, so that byte order is their order.
 *
 *     meta     name                                       -> see log/meta.h
 *     header   sequence (8)                               -> chain hash (32), header (msgpack)
 *     payload  sequence (8)                               -> payload as stored
 *     stream   company (16) kind (1) entity (16) version (8) -> sequence (8)
 *     tag      company (16) tag (1) id (16) sequence (8)  -> varint deltas to the batch's further sequences with this tag
 *     command  id (16)                                    -> command_row (msgpack)
 *     alias    company (16) kind (1) digest (16)          -> entity (16)
 *     pending  hub_pending_key (19)                       -> opaque
 */
#ifndef HUB_LOG_KEYS_H
#define HUB_LOG_KEYS_H

#include "base/buf.h"
#include "log/append.h"

enum hub_family {
    HUB_FAMILY_meta = 0,
    HUB_FAMILY_header,
    HUB_FAMILY_payload,
    HUB_FAMILY_stream,
    HUB_FAMILY_tag,
    HUB_FAMILY_command,
    HUB_FAMILY_alias,
    HUB_FAMILY_pending,
    HUB_FAMILY_COUNT,
};

/* Their names for hub_rocks_open, NULL-terminated. */
extern const char *const hub_log_families[];

/* What a stream, a tag and an alias have in common: company, one byte, sixteen bytes. */
enum { HUB_NAME = 33, HUB_NAMED_KEY = HUB_NAME + 8 };

struct hub_name {
    uint8_t b[HUB_NAME];
};

struct hub_named_key {
    uint8_t b[HUB_NAMED_KEY];
};

struct hub_sequence_key {
    uint8_t b[8];
};

static inline void hub_put_be64(void *at, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(at, &value, sizeof value);
}

static inline uint64_t hub_get_be64(const void *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap64(value);
}

static inline void hub_put_be32(void *at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(at, &value, sizeof value);
}

static inline uint32_t hub_get_be32(const void *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap32(value);
}

static inline struct hub_sequence_key hub_sequence_key(uint64_t sequence)
{
    struct hub_sequence_key key = { { 0 } };
    hub_put_be64(key.b, sequence);
    return key;
}

static inline struct hub_name hub_name(const struct hub_ulid *company, uint8_t what, const void *sixteen)
{
    struct hub_name name;
    memcpy(name.b, company->b, 16);
    name.b[16] = what;
    memcpy(name.b + 17, sixteen, 16);
    return name;
}

static inline struct hub_name hub_name_of_stream(const struct hub_stream *stream)
{
    return hub_name(&stream->company, stream->kind, stream->entity.b);
}

static inline struct hub_name hub_name_of_alias(const struct hub_alias *alias, struct hub_ulid company)
{
    static const struct hub_ulid hub;
    return hub_name(alias->of_hub ? &hub : &company, alias->kind, alias->digest);
}

static inline struct hub_named_key hub_named_key(const struct hub_name *name, uint64_t number)
{
    struct hub_named_key key;
    memcpy(key.b, name->b, HUB_NAME);
    hub_put_be64(key.b + HUB_NAME, number);
    return key;
}

/* A span over one of the keys above. */
#define HUB_KEY_SPAN(key) hub_span_of((key).b, sizeof(key).b)

/* --- Tags --- */

enum { HUB_EVENT_TAGS = 3 };

/* The tags of an event, by its header alone. Returns how many (at most HUB_EVENT_TAGS). */
unsigned hub_event_tags(const struct event_header *header, struct hub_name ret_tags[HUB_EVENT_TAGS]);

/* Varints of tag rows: seven bits a byte, lowest first, the top bit says that more follow; at most ten bytes. */
size_t hub_varint_put(uint8_t *at, uint64_t value);

/* Read one at *at_p and move past it. Returns false when it does not end before `end` or does not fit. */
bool hub_varint_get(const uint8_t **at_p, const uint8_t *end, uint64_t *ret_value);

enum { HUB_VARINT = 10 };

/* Decode a tag row into uint64_t sequences, ascending (ret_sequences cleared first): the sequence of its key, then the
 * deltas. Returns 0, or < 0 when it is damaged. */
int hub_tag_row_decode(struct hub_span key, struct hub_span value, struct hub_buf *ret_sequences);

#endif
