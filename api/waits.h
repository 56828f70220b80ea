/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Queries that wait until the views have reached a position. One list per loop; only its thread may call. */
#ifndef HUB_API_WAITS_H
#define HUB_API_WAITS_H

#include <stddef.h>
#include <stdint.h>

enum { HUB_WAITS_MAX = 8192 };

/* One that waits; embedded in what waits. */
struct hub_wait {
    uint64_t sequence;                                    /* position waited for */
    int64_t late_tick_us;                                 /* when waiting is over */
    void (*on_ready)(struct hub_wait *self, int reached); /* 1: it is there; 0: time is over. Out of the list already */
    struct hub_wait *before, *after;                      /* NULL: waits for nothing */
};

struct hub_waits {
    struct hub_wait anchor;
    size_t count;
};

/* An empty list. */
void hub_waits_init(struct hub_waits *self);

/* Wait. Returns 0, or 1 when too many wait already. */
int hub_waits_add(struct hub_waits *self, struct hub_wait *wait);

/* Wait no longer. Takes one that waits for nothing. */
void hub_waits_drop(struct hub_waits *self, struct hub_wait *wait);

/* Let those go on whose position is reached or whose time is over. */
void hub_waits_run(struct hub_waits *self, uint64_t reached, int64_t tick_us);

#endif
