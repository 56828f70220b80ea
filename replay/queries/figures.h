/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is counted for a customer, read and put into words. */
#ifndef HUB_REPLAY_QUERIES_FIGURES_H
#define HUB_REPLAY_QUERIES_FIGURES_H

#include "replay/reading.h"

/* The customer's figures; all zero when nothing was counted yet. Returns 0 or < 0. */
int hub_reading_figures(const struct hub_reading *reading, struct hub_ulid customer,
                        struct customer_figures *ret_figures);

/* Put them into words, each with its number beside it. Texts are in the arena. */
void hub_show_metrics(const struct customer_figures *figures, struct hub_arena *arena,
                      struct engagement_metrics *ret_metrics);

#endif
