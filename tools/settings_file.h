/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The file of settings: a line each, option = value; # begins a comment line. */
#ifndef HUB_TOOLS_SETTINGS_FILE_H
#define HUB_TOOLS_SETTINGS_FILE_H

#include "base/arena.h"

/* Read a file line by line. What on_line gets lives in the arena; where says "file PATH:LINE".
 *
 * Returns 0; what on_line returned when that was not 0; -2 when the file cannot be read or a line is none, which was
 * said on stderr. */
int hub_settings_file_read(const char *path, struct hub_arena *arena,
                           int (*on_line)(void *arg, const char *where, const char *key, const char *text), void *arg);

#endif
