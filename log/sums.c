/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Sums over the rows that no event repeats. A sum does not depend on order, so that rows may come and go. */
#include "log/sums.h"

#include "log/keys.h"

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 29;
}

/* Eight bytes at a time, the first lowest; what is left over is filled up with zeros. */
static uint64_t mix_bytes(uint64_t hash, struct hub_span bytes)
{
    uint64_t word;
    for (; bytes.len >= sizeof word; bytes = hub_span_of(bytes.at + sizeof word, bytes.len - sizeof word)) {
        memcpy(&word, bytes.at, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    if (bytes.len > 0) {
        memcpy(&word, bytes.at, bytes.len);
    }
    return mix(hash, word);
}

uint64_t hub_row_hash(struct hub_span key, struct hub_span value)
{
    uint64_t hash = mix_bytes(mix_bytes(mix(0, key.len), key), value);
    hash = mix(hash, value.len);
    return hash == 0 ? 1 : hash;
}

void hub_sums_add(struct hub_sums *self, enum hub_sum_kind kind, uint64_t hash)
{
    self->of[kind].rows++;
    self->of[kind].hashes += hash;
}

void hub_sums_take(struct hub_sums *self, enum hub_sum_kind kind, uint64_t hash)
{
    self->of[kind].rows--;
    self->of[kind].hashes -= hash;
}

bool hub_sum_kind_of(unsigned family, struct hub_span key, enum hub_sum_kind *ret_kind)
{
    static const enum hub_sum_kind kinds[HUB_FAMILY_COUNT] = {
        [HUB_FAMILY_command] = HUB_SUM_command, [HUB_FAMILY_alias] = HUB_SUM_alias
    };
    static const size_t lens[HUB_FAMILY_COUNT] = {
        [HUB_FAMILY_command] = HUB_COMMAND_ID, [HUB_FAMILY_alias] = HUB_NAME, [HUB_FAMILY_pending] = HUB_PENDING_KEY
    };
    if (family >= HUB_FAMILY_COUNT || lens[family] == 0 || key.len != lens[family]) {
        return false;
    }
    uint8_t kind = (uint8_t) key.at[0];
    *ret_kind = family == HUB_FAMILY_pending ? (enum hub_sum_kind) kind : kinds[family];
    return family != HUB_FAMILY_pending || (kind >= HUB_PENDING_follow && kind <= HUB_PENDING_parked);
}

static int walk_family(struct hub_rocks *db, unsigned family, struct hub_sums *sums)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(db, family, hub_span(NULL), hub_span(NULL));
    int result = 0;
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_span key = hub_rocks_iter_key(iter);
        enum hub_sum_kind kind;
        if (hub_sum_kind_of(family, key, &kind)) {
            hub_sums_add(sums, kind, hub_row_hash(key, hub_rocks_iter_value(iter)));
        } else {
            result = -1;
        }
    }
    if (result == 0) {
        result = hub_rocks_iter_error(iter, NULL, 0);
    }
    hub_rocks_iter_destroy(&iter);
    return result;
}

int hub_sums_walk(struct hub_rocks *db, struct hub_sums *ret_sums)
{
    struct hub_sums sums = { .of = { { 0, 0 } } };
    if (walk_family(db, HUB_FAMILY_command, &sums) < 0 || walk_family(db, HUB_FAMILY_alias, &sums) < 0 ||
        walk_family(db, HUB_FAMILY_pending, &sums) < 0) {
        return -1;
    }
    *ret_sums = sums;
    return 0;
}
