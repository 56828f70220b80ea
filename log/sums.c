/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Sums over the rows that no event repeats. A sum does not depend on order, so that rows may come and go. */
#include "log/sums.h"

#include "base/pack.h"
#include "log/field.h"
#include "log/keys.h"
#include "log/rows.h"

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

/* The lowest four bits say what kind of row it is, so no two kinds share a place. */
uint64_t hub_place_of_append(enum hub_sum_kind kind, uint64_t sequence, bool is_loose)
{
    return (sequence << 8 >> 4) | (is_loose ? 8U : 0U) | (kind + 1U);
}

uint64_t hub_place_of_alias(struct hub_ulid entity)
{
    return (mix_bytes(0, HUB_KEY_SPAN(entity)) >> 8 << 4) | (HUB_SUM_alias + 1U);
}

static void add_powers(struct hub_powers *self, const struct hub_powers *terms)
{
    for (unsigned i = 0; i < HUB_SUM_POWERS; i++) {
        self->sums[i] = hub_field_add(self->sums[i], terms->sums[i]);
    }
}

/* In how many samples a place is. All that an append left is in the same. */
static unsigned samples_of(uint64_t place)
{
    return (unsigned) __builtin_ctzll(mix(0, place >> 4) | UINT64_C(1) << HUB_SUM_SAMPLES);
}

static void add_place(struct hub_sums *self, uint64_t place, uint64_t term)
{
    struct hub_powers terms;
    unsigned samples = samples_of(place);
    for (unsigned i = 0; i < HUB_SUM_POWERS; i++) {
        terms.sums[i] = term;
        term = hub_field_mul(term, place);
    }
    add_powers(&self->powers, &terms);
    for (unsigned i = 0; i < samples; i++) {
        add_powers(&self->samples[i], &terms);
    }
    self->changed |= (UINT32_C(1) << samples) - 1;
}

void hub_sums_add(struct hub_sums *self, enum hub_sum_kind kind, uint64_t place, uint64_t hash)
{
    self->rows[kind]++;
    self->hashes[kind] += hash;
    add_place(self, place, hub_field_of(hash));
}

void hub_sums_take(struct hub_sums *self, enum hub_sum_kind kind, uint64_t place, uint64_t hash)
{
    self->rows[kind]--;
    self->hashes[kind] -= hash;
    add_place(self, place, hub_field_negate(hub_field_of(hash)));
}

static void subtract_powers(struct hub_powers *self, const struct hub_powers *other)
{
    for (unsigned i = 0; i < HUB_SUM_POWERS; i++) {
        self->sums[i] = hub_field_add(self->sums[i], hub_field_negate(other->sums[i]));
    }
}

void hub_sums_subtract(struct hub_sums *self, const struct hub_sums *other)
{
    for (unsigned kind = 0; kind < HUB_SUM_COUNT; kind++) {
        self->rows[kind] -= other->rows[kind];
        self->hashes[kind] -= other->hashes[kind];
    }
    subtract_powers(&self->powers, &other->powers);
    for (unsigned i = 0; i < HUB_SUM_SAMPLES; i++) {
        subtract_powers(&self->samples[i], &other->samples[i]);
    }
    self->changed |= other->changed;
}

static bool kind_of(unsigned family, struct hub_span key, enum hub_sum_kind *ret_kind)
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

static void read_alias(struct hub_span value, struct hub_sum_row *row)
{
    struct hub_ulid entity = { { 0 } };
    row->is_whole = value.len == sizeof entity;
    memcpy(entity.b, value.at, row->is_whole ? sizeof entity : 0);
    row->place = hub_place_of_alias(entity);
}

bool hub_sum_row_read(unsigned family, struct hub_span key, struct hub_span value, struct hub_arena *arena,
                      struct hub_sum_row *ret_row)
{
    struct hub_sum_row row = { .is_whole = true, .hash = hub_row_hash(key, value) };
    struct hub_pending_key pending;
    struct command_row command;
    if (!kind_of(family, key, &row.kind)) {
        return false;
    }
    if (family == HUB_FAMILY_alias) {
        read_alias(value, &row);
    } else if (family == HUB_FAMILY_pending) {
        memcpy(pending.b, key.at, sizeof pending.b);
        row.sequence = hub_pending_key_sequence(&pending, &row.is_loose);
        row.place = hub_place_of_append(row.kind, row.sequence, row.is_loose);
    } else {
        hub_arena_reset(arena);
        row.is_whole = hub_unpack(&command_row_shape, value, arena, &command, NULL) == 0;
        row.sequence = row.is_whole ? command.sequence : 0;
        row.place = hub_place_of_append(row.kind, row.sequence, false);
    }
    *ret_row = row;
    return true;
}

static int walk_family(struct hub_rocks *db, unsigned family, struct hub_arena *arena, struct hub_sums *sums)
{
    struct hub_rocks_iter *iter = hub_rocks_iter_new_passing(db, family, hub_span(NULL), hub_span(NULL));
    int result = 0;
    for (hub_rocks_iter_first(iter); result == 0 && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_sum_row row;
        if (hub_sum_row_read(family, hub_rocks_iter_key(iter), hub_rocks_iter_value(iter), arena, &row)) {
            hub_sums_add(sums, row.kind, row.place, row.hash);
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
    static const enum hub_family families[] = { HUB_FAMILY_command, HUB_FAMILY_alias, HUB_FAMILY_pending };
    struct hub_sums sums = { .changed = hub_all_samples };
    struct hub_arena *arena = hub_arena_new(0);
    int result = 0;
    for (size_t i = 0; result == 0 && i < sizeof families / sizeof families[0]; i++) {
        result = walk_family(db, families[i], arena, &sums);
    }
    hub_arena_destroy(&arena);
    if (result == 0) {
        *ret_sums = sums;
    }
    return result;
}
