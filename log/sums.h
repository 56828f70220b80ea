/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Sums over the rows that no event repeats: command ids, aliases, pending rows. The writer keeps them with every batch, so
 * that a row which somebody removed, added or changed is missed. docs/log-format.md §2.6 is normative. */
#ifndef HUB_LOG_SUMS_H
#define HUB_LOG_SUMS_H

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

struct hub_sum {
    uint64_t rows;
    uint64_t hashes; /* modulo 2^64 */
};

struct hub_sums {
    struct hub_sum of[HUB_SUM_COUNT];
};

/* The hash of a row, never 0. Not for secrets and not against forgers: those the chain and its checkpoints are for. */
uint64_t hub_row_hash(struct hub_span key, struct hub_span value);

/* Count a row in, or out again. */
void hub_sums_add(struct hub_sums *self, enum hub_sum_kind kind, uint64_t hash);
void hub_sums_take(struct hub_sums *self, enum hub_sum_kind kind, uint64_t hash);

/* Which sum a row of a family belongs to. Returns false for a family or key that has none. */
bool hub_sum_kind_of(unsigned family, struct hub_span key, enum hub_sum_kind *ret_kind);

/* Add up all rows that there are. For a log that has no sums, or whose rows were changed on purpose, as by a restore up to
 * an earlier moment. Returns 0, or < 0 for a read error or a row that is none. */
int hub_sums_walk(struct hub_rocks *db, struct hub_sums *ret_sums);

#endif
