/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Hashes of everything folded afresh from a data directory's log. */
#ifndef HUB_TOOLS_REPLAY_REPLAY_HASHES_H
#define HUB_TOOLS_REPLAY_REPLAY_HASHES_H

#include "tools/settings.h"

/* Fold the log up to its end afresh, without keys and views: each entity by itself, and every view in a temporary directory
 * (TMPDIR). Print a line for each kind of entity (name, how many, SHA-256 over the hashes of their states in the order in which
 * they began) and for each view (name, SHA-256 over its rows). Returns an exit status. */
int hub_replay_hashes(const struct hub_settings *settings);

#endif
