/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Bulk requests: a list of items, each a command of its own, and one answer that gathers theirs in order. */
#ifndef HUB_API_BULK_H
#define HUB_API_BULK_H

#include "api/call.h"

/* Do what a route with .each asks for. The whole body is checked first: an item that is no command refuses them all. What
 * an actor refuses is that item's own problem. */
void hub_bulk(struct hub_call *call);

#endif
