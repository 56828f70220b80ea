/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Finds the places of rows that are not as the hub left them, from what their sums lack: the decoding of a Reed-Solomon
 * code whose symbols are places, most of them empty. */
#ifndef HUB_LOG_LOCATE_H
#define HUB_LOG_LOCATE_H

#include "log/sums.h"

enum { HUB_LOCATE_MAX = HUB_SUM_POWERS / 2 };

/* A polynomial that is 0 at the places that were found, and nowhere else among those that rows can have. */
struct hub_locator {
    uint64_t factors[HUB_LOCATE_MAX + 1]; /* of the highest power first */
    unsigned places;                      /* how many it is about; 0: all is as it should be */
};

/* Make one.
 *
 * lacks  powers of the rows that were left, less those of the rows that were found
 *
 * Returns false when rows of more than HUB_LOCATE_MAX places differ; nearly always, as more can look like as many. Then
 * hub_locator_has says no to every place, but for one chance in 2^58. */
bool hub_locator_make(const struct hub_powers *lacks, struct hub_locator *ret_locator);

/* Whether rows of this place differ. */
bool hub_locator_has(const struct hub_locator *self, uint64_t place);

#endif
