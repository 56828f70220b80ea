/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From the bytes of a header row to an event, and the links of the chain. */
#include "log/stored.h"

#include "base/pack.h"

int hub_stored_decode(struct hub_span row, uint64_t sequence, struct hub_arena *arena, struct hub_stored *ret_event)
{
    if (row.len <= HUB_DIGEST) {
        return -1;
    }
    memcpy(ret_event->hash.b, row.at, HUB_DIGEST);
    ret_event->header_bytes = hub_span_of(row.at + HUB_DIGEST, row.len - HUB_DIGEST);
    ret_event->payload = (struct hub_span){ NULL, 0 };
    struct event_header *header = &ret_event->header;
    if (hub_unpack(&event_header_shape, ret_event->header_bytes, arena, header, NULL) != 0) {
        return -1;
    }
    return header->sequence == sequence && header->digest.len == HUB_DIGEST ? 0 : -1;
}

struct hub_digest hub_chain_start(const struct hub_log_identity *identity)
{
    return hub_sha256(hub_span_of(identity->log_id, sizeof identity->log_id));
}

struct hub_digest hub_chain_next(const struct hub_digest *before, struct hub_span header_bytes,
                                 const struct hub_digest *payload_digest)
{
    const struct hub_span parts[] = {
        hub_span_of(before->b, HUB_DIGEST),
        header_bytes,
        hub_span_of(payload_digest->b, HUB_DIGEST),
    };
    return hub_sha256_of(parts, sizeof parts / sizeof parts[0]);
}
