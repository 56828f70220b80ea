/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The key of a view's row: which view, whose, and what; put together from left to right.
 *
 *     1 entities           company, kind (1), entity                     -> entity_row
 *     2 active             company, 'o', sequence of the opening (8)     -> index_row: session
 *                          company, 's', session                         -> index_row: sequence
 *     3 messages           company, session, index (4)                   -> message_row
 *     4 transfers          company, session, number (4)                  -> transfer_row
 *     5 customer_sessions  company, customer, sequence of the opening (8) -> index_row: session
 *     6 figures            company, 'c', customer                        -> customer_figures
 *                          company, 'r', session                         -> index_row: it was resolved once
 *                          company, 't', session, number (4)             -> index_row: where a transfer under way goes
 *     7 credentials        none, 't', digest of a token (32)             -> credential_row
 *                          none, 'u', user                               -> user_row
 *                          company, 'k', key or login                    -> index_row: digest of its token
 *                          company, 'o'                                  -> index_row: present for the operator's company
 *                          company, 's'                                  -> settings_row
 *     8 waiting            company, 'h', customer, inbox (8)             -> waiting_row; an inbox is the start of its digest
 *                          company, 'p', inbox                           -> waiting_page
 *                          company, 'q', inbox, place (1), since (8), customer -> index_row: key of the waiting_row
 *                          company, 'a', place, since, customer, inbox   -> index_row: key of the waiting_row
 *     9 agents             company, 'o', sequence of the beginning (8)   -> index_row: user
 *                          company, 'a', agent                           -> index_row: sequence
 *    10 routing            company, 'd', decision                        -> routing_row
 *                          company, 's'                                  -> routing_figures
 *    11 campaigns          company, 'n', campaign                         -> campaign_counts
 *                          company, 'a', campaign                         -> index_row: launched and not over
 *                          none, 'w', company, campaign                   -> index_row: contacts somebody
 *    12 recipients         company, 'c', campaign, customer               -> recipient_row
 *                          company, channel (1), campaign, due (4, s), customer -> index_row: waits for its turn
 *    13 analytics          company, 'b', size (1), channel (1), start (8)  -> channel_bucket
 *                          company, 'n', channel (1)                     -> channel_now
 *                          company, 's', session                         -> session_place
 *                          company, 'h', customer, digest of inbox (8)   -> help_place
 *     0x8000 + view        company, kind (1), entity                     -> parked_row
 *
 * All numbers are big-endian. On disk the slot of the view follows its number; views and queries do not see it. */
#ifndef HUB_REPLAY_ROW_KEY_H
#define HUB_REPLAY_ROW_KEY_H

#include "base/span.h"
#include "base/ulid.h"

enum hub_view_number {
    HUB_VIEW_entities = 1,
    HUB_VIEW_active = 2,
    HUB_VIEW_messages = 3,
    HUB_VIEW_transfers = 4,
    HUB_VIEW_customer_sessions = 5,
    HUB_VIEW_figures = 6,
    HUB_VIEW_credentials = 7,
    HUB_VIEW_waiting = 8,
    HUB_VIEW_agents = 9,
    HUB_VIEW_routing = 10,
    HUB_VIEW_campaigns = 11,
    HUB_VIEW_recipients = 12,
    HUB_VIEW_analytics = 13,
    HUB_VIEW_NUMBERS = 32, /* numbers are below this */
    HUB_VIEW_PARKED = 0x8000,
};

enum { HUB_ROW_KEY = 55, HUB_ROW_KEY_COMPANY = 2 + 16 };

struct hub_row_key {
    uint8_t len;
    uint8_t b[HUB_ROW_KEY];
};

static inline void hub_row_key_add(struct hub_row_key *self, const void *at, uint8_t len)
{
    memcpy(self->b + self->len, at, len);
    self->len = (uint8_t) (self->len + len);
}

static inline void hub_row_key_byte(struct hub_row_key *self, uint8_t byte)
{
    self->b[self->len++] = byte;
}

static inline void hub_row_key_id(struct hub_row_key *self, struct hub_ulid id)
{
    hub_row_key_add(self, id.b, sizeof id.b);
}

static inline void hub_row_key_be32(struct hub_row_key *self, uint32_t value)
{
    value = __builtin_bswap32(value);
    hub_row_key_add(self, &value, sizeof value);
}

static inline void hub_row_key_be64(struct hub_row_key *self, uint64_t value)
{
    value = __builtin_bswap64(value);
    hub_row_key_add(self, &value, sizeof value);
}

/* The number alone: the start of all rows of a view. */
static inline struct hub_row_key hub_row_key_of_view(uint16_t number)
{
    return (struct hub_row_key){ 2, { (uint8_t) (number >> 8), (uint8_t) number } };
}

static inline struct hub_row_key hub_row_key(uint16_t number, struct hub_ulid company)
{
    struct hub_row_key key = hub_row_key_of_view(number);
    hub_row_key_id(&key, company);
    return key;
}

/* A key of three parts, the most usual. */
static inline struct hub_row_key hub_row_key_of(uint16_t number, struct hub_ulid company, uint8_t what,
                                                struct hub_ulid id)
{
    struct hub_row_key key = hub_row_key(number, company);
    hub_row_key_byte(&key, what);
    hub_row_key_id(&key, id);
    return key;
}

static inline struct hub_row_key hub_row_key_of_part(uint16_t number, struct hub_ulid company, struct hub_ulid session,
                                                     uint32_t part)
{
    struct hub_row_key key = hub_row_key(number, company);
    hub_row_key_id(&key, session);
    hub_row_key_be32(&key, part);
    return key;
}

/* The number that a key ends with. */
static inline uint64_t hub_row_key_last_be64(struct hub_span key)
{
    uint64_t value;
    memcpy(&value, key.at + key.len - sizeof value, sizeof value);
    return __builtin_bswap64(value);
}

static inline struct hub_span hub_row_key_span(const struct hub_row_key *self)
{
    return hub_span_of(self->b, self->len);
}

#endif
