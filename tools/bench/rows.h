/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The list that a load walks: one row per session (or whatever is asked about), tab-separated columns. */
#ifndef HUB_TOOLS_BENCH_ROWS_H
#define HUB_TOOLS_BENCH_ROWS_H

#include <stddef.h>

#include "base/span.h"

#define HUB_ROW_COLUMNS 4

struct hub_rows;

/* One row; a column that the file does not have is empty. The bytes belong to the list. */
struct hub_row {
    struct hub_span column[HUB_ROW_COLUMNS];
};

/* Read a file of rows, one a line; empty lines are skipped.
 *
 * ret_self   the list, owned by the caller
 *
 * Returns 0, or a negative errno: what open and read said, -EINVAL for a row of more than HUB_ROW_COLUMNS
 * columns or a file without rows, -ENOMEM. */
int hub_rows_open(const char *path, struct hub_rows **ret_self);

/* Free a list and set the caller's pointer to NULL; takes NULL and a pointer to NULL. */
void hub_rows_destroy(struct hub_rows **self_p);

/* How many rows; at least 1. */
size_t hub_rows_count(const struct hub_rows *self);

/* Row number `index`, which is below the count; valid as long as the list. */
const struct hub_row *hub_rows_at(const struct hub_rows *self, size_t index);

#endif
