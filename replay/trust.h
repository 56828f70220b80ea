/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether stored views are folds of this log by this code. */
#ifndef HUB_REPLAY_TRUST_H
#define HUB_REPLAY_TRUST_H

#include "log/log.h"
#include "replay/store.h"
#include "replay/view.h"

/* The mark of `count` views that have folded nothing yet. */
struct hub_view_mark hub_view_mark_fresh(struct hub_log *log, const struct hub_view_info *const *infos, size_t count);

/* Why a mark is not to be trusted, as the end of a sentence ("they belong to another log"); NULL when it is. */
const char *hub_view_mark_distrust(const struct hub_view_mark *mark, struct hub_log *log,
                                   const struct hub_view_info *const *infos, size_t count);

#endif
