/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A few places, found by a hash of what was asked; who comes later takes the place. Nothing is ever cleared: an answer of another
 * position is found by nobody. */
#include "api/recall.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/memory.h"

enum { PLACES = 64, TARGET_MAX = 1024, LINK_MAX = 2048 };

struct place {
    struct hub_ulid company;
    uint64_t position, erasures, version; /* position 0: empty */
    size_t path_len, query_len, link_len;
    struct hub_buf bytes; /* path, query, link, body */
};

struct hub_recall {
    struct place places[PLACES];
};

struct hub_recall *hub_recall_new(void)
{
    struct hub_recall *self = hub_memory_zero(sizeof *self);
    for (unsigned i = 0; i < PLACES; i++) {
        hub_buf_init(&self->places[i].bytes);
    }
    return self;
}

void hub_recall_destroy(struct hub_recall **self_p)
{
    struct hub_recall *self = *self_p;
    *self_p = NULL;
    for (unsigned i = 0; self != NULL && i < PLACES; i++) {
        hub_buf_done(&self->places[i].bytes);
    }
    free(self);
}

static uint64_t hash_of(uint64_t hash, struct hub_span bytes)
{
    const uint8_t *at = (const uint8_t *) bytes.at;
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static unsigned place_of(const struct hub_recall_key *key)
{
    uint64_t hash = hash_of(UINT64_C(0xcbf29ce484222325), hub_span_of(key->company.b, sizeof key->company.b));
    hash = hash_of(hash_of(hash, key->path), key->query);
    return (unsigned) ((hash ^ hash >> 32) % PLACES);
}

/* The part of a place's bytes that begins behind `before`. */
static struct hub_span part(const struct place *place, size_t before, size_t len)
{
    return hub_span_of(hub_buf_span(&place->bytes).at + before, len);
}

bool hub_recall_find(const struct hub_recall *self, const struct hub_recall_key *key, struct hub_recalled *ret_answer)
{
    const struct place *place = &self->places[place_of(key)];
    size_t target = place->path_len + place->query_len, head = target + place->link_len;
    if (key->position == 0 || place->position != key->position || place->erasures != key->erasures ||
        !hub_ulid_is(place->company, key->company) || !hub_span_is(part(place, 0, place->path_len), key->path) ||
        !hub_span_is(part(place, place->path_len, place->query_len), key->query)) {
        return false;
    }
    *ret_answer = (struct hub_recalled){ .link = part(place, target, place->link_len),
                                         .body = part(place, head, place->bytes.len - head),
                                         .version = place->version };
    return true;
}

void hub_recall_keep(struct hub_recall *self, const struct hub_recall_key *key, const struct hub_recalled *answer)
{
    struct place *place = &self->places[place_of(key)];
    if (key->position == 0 || key->path.len + key->query.len > TARGET_MAX || answer->link.len > LINK_MAX ||
        answer->body.len > HUB_RECALL_BODY) {
        return;
    }
    place->company = key->company;
    place->position = key->position;
    place->erasures = key->erasures;
    place->version = answer->version;
    place->path_len = key->path.len;
    place->query_len = key->query.len;
    place->link_len = answer->link.len;
    hub_buf_clear(&place->bytes);
    hub_buf_put(&place->bytes, key->path.at, key->path.len);
    hub_buf_put(&place->bytes, key->query.at, key->query.len);
    hub_buf_put(&place->bytes, answer->link.at, answer->link.len);
    hub_buf_put(&place->bytes, answer->body.at, answer->body.len);
}
