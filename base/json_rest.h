/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What an object says beyond a record's fields. */
#ifndef HUB_BASE_JSON_REST_H
#define HUB_BASE_JSON_REST_H

#include "base/arena.h"
#include "base/schema.h"

/* The members of an object that a shape has no field for, as an object of their own.
 *
 * text   canonical JSON (what a json field holds); borrowed
 * arena  holds the result
 *
 * Returns the empty span when there are none, or when the text is no object. Any thread. */
struct hub_span hub_json_rest(const struct hub_shape *shape, struct hub_span text, struct hub_arena *arena);

#endif
