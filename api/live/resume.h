/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Resuming: what a socket missed is read from the log by a thread of its own, a bounded piece at a time, so that neither a
 * client that was away for long nor one that reads slowly costs the others anything. */
#ifndef HUB_API_LIVE_RESUME_H
#define HUB_API_LIVE_RESUME_H

#include "api/live/live.h"

enum { HUB_RESUME_EVENTS_MAX = 100000 }; /* further behind than this: reload */

/* Ask for what comes behind socket->at, up to a position (or less). When it is there it is sent, and the socket goes on from where
 * it ends. Nothing happens when too many ask: the tick asks again. */
void hub_resume_ask(struct hub_live_socket *socket, uint64_t to);

#endif
