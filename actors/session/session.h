/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The records of the kind session, and its row for the runtime. */
#ifndef HUB_ACTORS_SESSION_H
#define HUB_ACTORS_SESSION_H

#include "actors/kind.h"

#include "actors/customer/customer.h"

#include "base/def/structs.h"
#include "actors/session/session.def"
#include "actors/session/help.def"
#include "actors/session/outreach.def"
#include "base/def/indexes.h"
#include "actors/session/session.def"
#include "actors/session/help.def"
#include "actors/session/outreach.def"
#include "base/def/none.h"

/* Attempts to deliver a message; the last one that fails makes it a dead letter. */
enum { HUB_DELIVERY_ATTEMPTS = 5 };

extern const struct hub_kind_info hub_kind_session;

#endif
