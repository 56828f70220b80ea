/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* All rows of a small log in memory, and changing them behind its back; for programs that tests run. */
#ifndef HUB_TESTS_LOG_ROW_SET_H
#define HUB_TESTS_LOG_ROW_SET_H

#include "log/keys.h"
#include "log/rocks.h"

struct row {
    enum hub_family family;
    struct hub_span key, value; /* in the set's arena */
};

struct row_set {
    struct hub_rocks *db;
    struct hub_rocks_batch *batch;
    struct hub_arena *arena;
    struct row *rows; /* by family, then by key */
    size_t count, room;
    size_t first[HUB_FAMILY_COUNT + 1]; /* of each family */
};

/* Open DIR/log, with nothing else in DIR looked at. Ends the program with 3 when that fails. */
void row_set_open(struct row_set *self, const char *dir);

/* Read every row. */
void row_set_read(struct row_set *self);

/* How many rows a family has, and one of them. */
size_t row_set_count(const struct row_set *self, enum hub_family family);
struct row *row_set_at(const struct row_set *self, enum hub_family family, size_t index);

/* The value of a key, NULL when there is none. */
struct row *row_set_find(const struct row_set *self, enum hub_family family, struct hub_span key);

/* Note a change, which row_set_close writes. */
void row_set_put(struct row_set *self, enum hub_family family, struct hub_span key, struct hub_span value);
void row_set_delete(struct row_set *self, enum hub_family family, struct hub_span key);

/* Write what was noted and close. Ends the program with 3 when that fails. */
void row_set_close(struct row_set *self);

#endif
