/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Sums over the rows that no event repeats: command ids, aliases, pending rows. The writer keeps them with every batch, so
 * that a row which somebody removed, added or changed is missed, and the position that it belongs to is known.
 * docs/log-format.md §2.6 is normative. */
#ifndef HUB_LOG_SUMS_H
#define HUB_LOG_SUMS_H

#include "base/arena.h"
#include "log/append.h"
#include "log/rocks.h"

enum hub_sum_kind {
    HUB_SUM_command = 0,
    HUB_SUM_follow = HUB_PENDING_follow, /* a pending row is counted by its kind */
    HUB_SUM_timer = HUB_PENDING_timer,
    HUB_SUM_effect = HUB_PENDING_effect,
    HUB_SUM_dead = HUB_PENDING_dead,
    HUB_SUM_parked = HUB_PENDING_parked,
    HUB_SUM_alias,
    HUB_SUM_COUNT,
};

enum {
    HUB_SUM_POWERS =
        12, /* twice as many as the places that are found again when rows there are not as they were (log/locate.h) */
    HUB_SUM_SAMPLES = 24,
};

/* Power i: hash * place^i of each row, modulo 2^61 - 1. */
struct hub_powers {
    uint64_t sums[HUB_SUM_POWERS];
};

struct hub_sums {
    uint64_t rows[HUB_SUM_COUNT];
    uint64_t hashes[HUB_SUM_COUNT]; /* modulo 2^64; all that a log knew before there were powers */
    struct hub_powers powers;
    struct hub_powers samples[HUB_SUM_SAMPLES]; /* of half of all places, of half of these, and so on: of however many
                                                 * places differ, some sample has few enough to be found */
    uint32_t changed;                           /* bit i: sample i is not yet on disk as it is here */
};

static const uint32_t hub_all_samples = (UINT32_C(1) << HUB_SUM_SAMPLES) - 1;

/* The hash of a row, never 0. Not for secrets and not against forgers: those the chain and its checkpoints are for. */
uint64_t hub_row_hash(struct hub_span key, struct hub_span value);

/* The place of a row: a number below 2^60, by which its position is found. Of what an append left: the append's; of an
 * alias: that of what it leads to.
 *
 * sequence  of the append, or which of those without events it is (is_loose) */
uint64_t hub_place_of_append(enum hub_sum_kind kind, uint64_t sequence, bool is_loose);
uint64_t hub_place_of_alias(struct hub_ulid entity);

/* Count a row in, or out again. hash: hub_row_hash's */
void hub_sums_add(struct hub_sums *self, enum hub_sum_kind kind, uint64_t place, uint64_t hash);
void hub_sums_take(struct hub_sums *self, enum hub_sum_kind kind, uint64_t place, uint64_t hash);

/* Count all rows of other sums out. */
void hub_sums_subtract(struct hub_sums *self, const struct hub_sums *other);

/* What a row says of itself. */
struct hub_sum_row {
    enum hub_sum_kind kind;
    bool is_whole; /* its value is one; if not, the place is no one's */
    bool is_loose;
    uint64_t sequence; /* of a command id or a pending row: of its append; else 0 */
    uint64_t place, hash;
};

/* Read a row of a family. arena: scratch, reset. Returns false for a family or key that has no sum. */
bool hub_sum_row_read(unsigned family, struct hub_span key, struct hub_span value, struct hub_arena *arena,
                      struct hub_sum_row *ret_row);

/* Add up all rows that there are, with all samples changed. For a log that has no such sums, or whose rows were changed on purpose, as by a restore
 * up to an earlier moment. Returns 0, or < 0 for a read error or a row that is none. */
int hub_sums_walk(struct hub_rocks *db, struct hub_sums *ret_sums);

#endif
