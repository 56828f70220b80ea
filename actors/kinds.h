/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The numbers of the kinds of entity, and the vocabularies that kinds share. */
#ifndef HUB_ACTORS_KINDS_H
#define HUB_ACTORS_KINDS_H

#include "base/schema.h"

enum hub_entity_number {
#define KIND(name, number, ...) KIND_##name = number,
#include "actors/kinds.def"
#undef KIND
    HUB_KINDS = 8, /* room for a table indexed by kind */
};

#include "base/def/structs.h"
#include "actors/words.def"
#include "base/def/none.h"

/* Every record the hub knows (log, kinds, replay), for reading events back and for `omnihub schema`. */
const struct hub_registry *hub_records(void);

#endif
