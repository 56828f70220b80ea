/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What makes a shell complete commands, options and their values, printed from the tables of commands and options. */
#ifndef HUB_TOOLS_COMPLETION_H
#define HUB_TOOLS_COMPLETION_H

#include "base/buf.h"

/* Append the script of a shell. */
void hub_completion_bash(struct hub_buf *out);
void hub_completion_zsh(struct hub_buf *out);
void hub_completion_fish(struct hub_buf *out);

#endif
