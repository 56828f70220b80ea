/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who may do what, as a page: printed from the tables that the door goes by. */
#ifndef HUB_API_ROLES_H
#define HUB_API_ROLES_H

#include "base/buf.h"

/* Append the page docs/roles.md. Any thread. */
void hub_roles_print(struct hub_buf *out);

#endif
