/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whether the stored views and snapshots are what the log folds to. */
#ifndef HUB_TOOLS_REPLAY_REPLAY_VERIFY_H
#define HUB_TOOLS_REPLAY_REPLAY_VERIFY_H

#include "tools/settings.h"

/* Fold the log of the data directory afresh, compare, and report each view. Shows how far it is on stderr and can be
 * interrupted. Returns an exit status; of what is not right, the first difference is on stderr. */
int hub_replay_verify(const struct hub_settings *settings);

#endif
