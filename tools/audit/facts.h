/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A record as facts for people: one name and one text for each value in it. */
#ifndef HUB_TOOLS_AUDIT_FACTS_H
#define HUB_TOOLS_AUDIT_FACTS_H

#include "base/arena.h"
#include "base/schema.h"

/* One value: "profile.tier" is "premium", "sessions[0].channel" is "chat". Borrowed for the call. */
typedef void hub_fact_fn(void *arg, struct hub_span name, struct hub_span text);

/* Tell every present value of a record in order of declaration, those of nested records too. Sealed values are told as their
 * clear part, bytes are left out. */
void hub_facts_tell(const struct hub_shape *shape, const void *record, hub_fact_fn *tell, void *arg);

#endif
