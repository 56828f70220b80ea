/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who did it, by what people know of them. */
#ifndef HUB_TOOLS_REPLAY_ACTOR_H
#define HUB_TOOLS_REPLAY_ACTOR_H

#include "base/buf.h"
#include "tools/datadir.h"

/* Write the condition (docs/filter-language.md) that an event is the doing of whom the text names: the hub's own id of a person or
 * key, the address that a person logs in by, or the name of an API key, also of one that was removed; several keys may have it.
 *
 * company  whose keys; none: every company's
 * ret_condition  empty before
 *
 * Returns 0, or an exit status as a negative number when nobody is meant, which was said on stderr. */
int hub_actor_condition(const struct hub_datadir *reader, struct hub_ulid company, const char *text,
                        struct hub_buf *ret_condition);

#endif
