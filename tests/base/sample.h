/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records of sample.def, and values for the fields of any record. */
#ifndef HUB_TESTS_BASE_SAMPLE_H
#define HUB_TESTS_BASE_SAMPLE_H

#include "base/arena.h"
#include "base/schema.h"

#include "base/def/structs.h"
#include "tests/base/sample.def"
#include "base/def/indexes.h"
#include "tests/base/sample.def"
#include "base/def/none.h"

/* All shapes of sample.def. */
extern const struct hub_registry sample_registry;

enum fill {
    FILL_LEAST, /* required fields only, at their lower bounds */
    FILL_MOST,  /* every field, at its upper bound */
    FILL_MIXED, /* what the seed says */
};

/* Fill a zeroed record of any shape; what it points to lies in the arena. Sealed values get a box of bytes that mean
 * nothing. Records nest at most three deep, lists have at most five items (but as many as they must). */
void sample_fill(const struct hub_shape *shape, void *record, enum fill fill, uint64_t seed, struct hub_arena *arena);

/* True when two records say the same, value by value; of sealed values the box counts. */
bool sample_is(const struct hub_shape *shape, const void *a, const void *b);

#endif
