/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How far long work has come: a bar on a terminal, a plain line now and then elsewhere, nothing when it is quick. */
#ifndef HUB_TOOLS_PROGRESS_H
#define HUB_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct hub_progress {
    const char *what;   /* "events": what is counted */
    bool is_terminal;   /* stderr is one */
    bool is_shown;      /* something stands there */
    int64_t started_us; /* monotone clock */
    int64_t shown_us;
};

/* Begin now. what: borrowed. */
void hub_progress_start(struct hub_progress *self, const char *what);

/* It came so far; as often as one likes. total 0: nobody knows. Goes to stderr. */
void hub_progress_show(struct hub_progress *self, uint64_t done, uint64_t total);

/* Take the bar away. */
void hub_progress_end(struct hub_progress *self);

#endif
