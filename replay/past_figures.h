/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of the view `analytics` as they were at an event: final buckets are the live view's own, and only the five minutes
 * under way then are folded again. */
#ifndef HUB_REPLAY_PAST_FIGURES_H
#define HUB_REPLAY_PAST_FIGURES_H

#include "replay/views_state.h"

struct hub_past_figures;

/* Begin.
 *
 * views    borrowed; live ones must not be behind the reading
 * reading  whose company, and as of where
 * time_us  log time of the event there
 * memory   borrowed: where rows of those five minutes go; rows of other views there are shown as they are
 *
 * Never NULL when it returns 0. Returns 0, HUB_ERROR_behind, < 0. One thread at a time. */
int hub_past_figures_new(struct hub_views *views, const struct hub_reading *reading, int64_t time_us,
                         const struct hub_rows *memory, struct hub_past_figures **ret_self);

/* End; *self_p becomes NULL. Takes NULL. */
void hub_past_figures_destroy(struct hub_past_figures **self_p);

/* The rows; `self` must outlive them. Fold the events from hub_past_figures_from to `at` into them, then ask them. */
struct hub_rows hub_past_figures_rows(struct hub_past_figures *self);

/* Position of the first event of those five minutes. */
uint64_t hub_past_figures_from(const struct hub_past_figures *self);

#endif
