/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A view: a fold of the log into rows. */
#ifndef HUB_REPLAY_VIEW_H
#define HUB_REPLAY_VIEW_H

#include "actors/kind.h"
#include "log/envelope.h"
#include "replay/rows.h"

#include "actors/agent/agent.h"
#include "actors/campaign/campaign.h"
#include "actors/company/company.h"
#include "actors/customer/customer.h"
#include "actors/routing/routing.h"
#include "actors/session/session.h"

#include "base/def/structs.h"
#include "replay/views.def"
#include "replay/analytics.def"
#include "replay/people.def"
#include "replay/routing.def"
#include "replay/campaigns.def"
#include "replay/audit.def"
#include "base/def/indexes.h"
#include "replay/views.def"
#include "replay/analytics.def"
#include "replay/people.def"
#include "replay/routing.def"
#include "replay/campaigns.def"
#include "replay/audit.def"
#include "base/def/none.h"

/* An event as a projection sees it. Everything is borrowed for the call. */
struct hub_view_event {
    const struct hub_stored *stored;
    const struct hub_shape *shape; /* NULL: a type this program does not know */
    const void *record;            /* boxes only */
    struct hub_arena *arena;       /* scratch for this event */
};

struct
    hub_view_fold; /* a projection at work on one store: caches of decoded rows, written back at the end of a batch */

/* Which events touch the same rows, when the log is folded by several threads at once. */
enum hub_view_spread {
    HUB_SPREAD_none = 0, /* any two may: they are folded in the order of the log */
    HUB_SPREAD_stream,   /* only those of one stream */
    HUB_SPREAD_subject,  /* only those of one subject */
    HUB_SPREADS,
};

struct hub_view_info {
    const char *name;
    uint16_t number;  /* permanent; first two bytes of its keys together with its version */
    uint16_t version; /* of its code: another one is rebuilt */
    /* Fold one event. Deterministic: reads nothing but the event and its own rows (I5, I7). What it cannot take it refuses
     * before it changed anything.
     * Returns 0; HUB_ERROR_internal for an event it cannot take (its stream is parked); < 0 when the store failed. */
    int (*fold)(struct hub_view_fold *fold, const struct hub_view_event *event);
    enum hub_view_spread spread;
    const uint16_t *types; /* the only types of events that it knows, ending with 0; NULL: many */
    /* The event will be folded after some others: tell the fold which rows it will open (hub_fold_expect). May be NULL. */
    void (*expect)(struct hub_view_fold *fold, const struct event_header *header);
    const char *doc;
};

/* All views, in the order of their numbers; count in ret_count. */
const struct hub_view_info *const *hub_views_all(size_t *ret_count);

#endif
