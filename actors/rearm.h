/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Timers of a restored log: what fired behind the moment that came back is waited for again. An entity's state says what it
 * waits for (hub_kind_info.timers), so nothing is kept of timers that fired. */
#ifndef HUB_ACTORS_REARM_H
#define HUB_ACTORS_REARM_H

#include "log/backup/cut.h"

/* Which timers are there. */
struct hub_rearm;

/* Never NULL; *self_p becomes NULL, takes NULL. */
struct hub_rearm *hub_rearm_new(void);
void hub_rearm_destroy(struct hub_rearm **self_p);

/* As hub_cut.mark: a row says that it came back (hub_pending_mark_restored), and a timer is remembered. self: a hub_rearm. */
int hub_rearm_mark(void *self, const struct hub_pending_key *key, struct hub_span value, struct hub_buf *ret_value);

/* As hub_cut.rearm. self: a hub_rearm that every row was shown to. */
int hub_rearm_entity(void *self, struct hub_log *log, const struct hub_stream *stream, uint64_t to,
                     const struct hub_cut_adding *adding);

#endif
