/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A directory whose content can be made again. */
#ifndef HUB_REPLAY_DIRECTORY_H
#define HUB_REPLAY_DIRECTORY_H

/* Remove everything in it, but not the directory. Links are removed, not followed. Returns 0, or < 0 with errno set. */
int hub_directory_empty(const char *dir);

#endif
