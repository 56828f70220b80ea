/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Hashes of everything folded afresh from a data directory's log. */
#ifndef HUB_TOOLS_REPLAY_HASHES_H
#define HUB_TOOLS_REPLAY_HASHES_H

/* Fold the whole log into fresh views in memory and print a line for each kind of entity and each view: its name, how many
 * entities or rows, and the SHA-256 over all of them in order. Returns an exit status. */
int hub_replay_hashes(const char *data);

#endif
