/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rows of which only the last of each entity counts, kept until the next commit. */
#ifndef HUB_TOOLS_EXPORT_EXPORT_LATEST_H
#define HUB_TOOLS_EXPORT_EXPORT_LATEST_H

#include "tools/export/export_cells.h"

enum { HUB_LATEST_CELLS = 2, HUB_LATEST_TEXT = 28 }; /* a time and an id */

struct hub_export_latest;

/* Never NULL. */
struct hub_export_latest *hub_export_latest_new(void);

/* Takes NULL. *self_p becomes NULL. */
void hub_export_latest_destroy(struct hub_export_latest **self_p);

/* Keep a row of HUB_LATEST_CELLS texts, copied, instead of an older one of the same statement and the same last text. Returns false
 * when there is no room, before hub_export_latest_take has taken what is there. */
bool hub_export_latest_keep(struct hub_export_latest *self, size_t statement, const struct hub_export_cell *cells);

/* Take one of them out, in any order. ret_cells point into it, until the next call. Returns false when there is none. */
bool hub_export_latest_take(struct hub_export_latest *self, size_t *ret_statement,
                            struct hub_export_cell ret_cells[HUB_LATEST_CELLS]);

#endif
