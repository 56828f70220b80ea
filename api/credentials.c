/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A set-associative table of credentials by the digest of their token. The digest is of a secret, and looking it up takes
 * a time that depends on other digests only. */
#include "api/credentials.h"

#include <stdlib.h>

#include "base/memory.h"

enum { SETS = 512, WAYS = 4 };

/* A row is believed this long even if nothing said that it changed. */
#define BELIEVED_US INT64_C(60000000)

struct hub_credentials {
    struct hub_views *views;
    const struct hub_world *world;
    struct hub_arena *arena; /* for reading a row */
    uint64_t epoch;          /* of the views when the table was filled */
    int64_t cost_us;         /* of one request in a bucket; 0: no limit */
    uint32_t burst;
    uint8_t turn[SETS];                      /* next slot of a set to give way */
    struct hub_credential slots[SETS][WAYS]; /* known_until_us 0: empty */
};

struct hub_credentials *hub_credentials_new(struct hub_views *views, const struct hub_world *world, uint32_t rate_per_s,
                                            uint32_t burst)
{
    struct hub_credentials *self = hub_memory_zero(sizeof *self);
    self->views = views;
    self->world = world;
    self->arena = hub_arena_new(0);
    self->cost_us = rate_per_s == 0 ? 0 : (INT64_C(1000000) + rate_per_s - 1) / rate_per_s;
    self->burst = burst != 0 ? burst : 2 * rate_per_s;
    return self;
}

void hub_credentials_destroy(struct hub_credentials **self_p)
{
    struct hub_credentials *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        hub_arena_destroy(&self->arena);
        free(self);
    }
}

/* The slot of a token: the one that holds it, or one that gives way. */
static struct hub_credential *slot_of(struct hub_credentials *self, const struct hub_digest *token)
{
    size_t set = (size_t) (token->b[0] | token->b[1] << 8) % SETS;
    for (int i = 0; i < WAYS; i++) {
        struct hub_credential *slot = &self->slots[set][i];
        if (slot->known_until_us != 0 && hub_secret_is(slot->token.b, token->b, HUB_DIGEST)) {
            return slot;
        }
    }
    struct hub_credential *slot = &self->slots[set][self->turn[set]++ % WAYS];
    *slot = (struct hub_credential){ .token = *token };
    return slot;
}

static bool load(struct hub_credentials *self, struct hub_credential *slot, int64_t now_us)
{
    struct credential_row row = { 0 };
    hub_arena_reset(self->arena);
    if (hub_views_credential(self->views, &slot->token, self->arena, &row) != 0) {
        slot->known_until_us = 0;
        return false;
    }
    slot->caller = (struct hub_caller){
        .company = row.company, .principal = row.principal, .credential = row.credential, .role = (enum role) row.role
    };
    if (hub_views_settled(self->views, row.company, self->arena, &slot->caller.settled) != 0) {
        slot->known_until_us = 0;
        return false;
    }
    slot->caller.operator= HUB_HAS(credential_row, &row, operator) && row.operator;
    slot->login = HUB_HAS(credential_row, &row, login) && row.login;
    slot->expires_us = HUB_HAS(credential_row, &row, expires_at) ? row.expires_at : INT64_MAX;
    slot->known_until_us = now_us + BELIEVED_US;
    return true;
}

/* Rows that changed are read again; the buckets stay. */
static void forget(struct hub_credentials *self, uint64_t epoch)
{
    self->epoch = epoch;
    for (int set = 0; set < SETS; set++) {
        for (int i = 0; i < WAYS; i++) {
            struct hub_credential *slot = &self->slots[set][i];
            slot->known_until_us = slot->known_until_us == 0 ? 0 : 1;
        }
    }
}

struct hub_credential *hub_credentials_find(struct hub_credentials *self, struct hub_span token)
{
    struct hub_digest digest = hub_sha256(token);
    return hub_credentials_find_by(self, &digest);
}

struct hub_credential *hub_credentials_find_by(struct hub_credentials *self, const struct hub_digest *digest)
{
    uint64_t epoch = hub_views_credentials_epoch(self->views);
    if (epoch != self->epoch) {
        forget(self, epoch);
    }
    int64_t now_us = hub_now_us(self->world);
    struct hub_credential *slot = slot_of(self, digest);
    if (slot->known_until_us <= now_us && !load(self, slot, now_us)) {
        return NULL;
    }
    return slot->expires_us > now_us ? slot : NULL;
}

static uint32_t seconds(int64_t us)
{
    return us <= 0 ? 0 : (uint32_t) ((us + 999999) / 1000000);
}

/* The bucket is kept as the moment at which it will be full: each request moves that by the time of one request. */
bool hub_credentials_count(struct hub_credentials *self, struct hub_credential *credential, struct hub_rate *ret_rate)
{
    *ret_rate = (struct hub_rate){ 0 };
    if (self->cost_us == 0) {
        return true;
    }
    int64_t now_us = hub_tick_us(self->world);
    int64_t full_at_us = credential->full_at_us > now_us ? credential->full_at_us : now_us;
    int64_t after_us = full_at_us + self->cost_us - now_us;
    bool fits = after_us <= self->cost_us * self->burst;
    if (fits) {
        credential->full_at_us = full_at_us + self->cost_us;
    } else {
        after_us -= self->cost_us;
        ret_rate->retry_s = seconds(after_us + self->cost_us - self->cost_us * self->burst);
    }
    ret_rate->limit = self->burst;
    ret_rate->remaining = (uint32_t) ((self->cost_us * self->burst - after_us) / self->cost_us);
    ret_rate->reset_s = seconds(after_us);
    return fits;
}
