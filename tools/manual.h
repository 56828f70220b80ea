/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The manual page docs/man/omnihub.1, printed from the tables of commands and options. */
#ifndef HUB_TOOLS_MANUAL_H
#define HUB_TOOLS_MANUAL_H

#include "base/buf.h"

/* Append the page in man(7) macros: a function of the tables alone. */
void hub_manual_print(struct hub_buf *out);

#endif
