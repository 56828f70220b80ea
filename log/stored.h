/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From the bytes of a header row to an event, and the links of the chain. */
#ifndef HUB_LOG_STORED_H
#define HUB_LOG_STORED_H

#include "base/arena.h"
#include "log/position.h"

#include "log/envelope.h"

/* Decode a header row: chain hash, then header. The event's spans point into `row`; payload is left empty.
 *
 * sequence  the row's key, which the header must repeat
 * arena     for the decoder; nothing is kept in it beyond the row's life
 *
 * Returns 0, or < 0 for a row that is damaged. Any thread. */
int hub_stored_decode(struct hub_span row, uint64_t sequence, struct hub_arena *arena, struct hub_stored *ret_event);

/* h(0): SHA-256 of the log id. */
struct hub_digest hub_chain_start(const struct hub_log_identity *identity);

/* h(n) = SHA-256(h(n-1) || header bytes || SHA-256 of the payload as stored). */
struct hub_digest hub_chain_next(const struct hub_digest *before, struct hub_span header_bytes,
                                 const struct hub_digest *payload_digest);

#endif
