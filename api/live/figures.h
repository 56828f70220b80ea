/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What those who hear a whole company are told of its figures: once a second, when something happened. Such a frame has no
 * position: the newest is what is wanted, and GET /analytics/channel-performance has it too. */
#ifndef HUB_API_LIVE_FIGURES_H
#define HUB_API_LIVE_FIGURES_H

#include "api/live/batch.h"

struct hub_live_figures;

/* views, interest and world are borrowed. Never NULL. One thread at a time. */
struct hub_live_figures *hub_live_figures_new(struct hub_views *views, const struct hub_interest *interest,
                                              const struct hub_world *world);
void hub_live_figures_destroy(struct hub_live_figures **self_p);

/* Something happened in a company. */
void hub_live_figures_note(struct hub_live_figures *self, struct hub_ulid company);

/* Add the frames that are due to a batch.
 *
 * arena  scratch
 *
 * Returns how long it is until the next ones are, in microseconds; -1: nothing waits. */
int64_t hub_live_figures_say(struct hub_live_figures *self, struct hub_arena *arena, struct hub_batch *batch);

#endif
