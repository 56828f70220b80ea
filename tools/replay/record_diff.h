/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is different between two records of a shape, by JSON Pointer (RFC 6901). */
#ifndef HUB_TOOLS_REPLAY_RECORD_DIFF_H
#define HUB_TOOLS_REPLAY_RECORD_DIFF_H

#include "base/arena.h"
#include "base/schema.h"

/* One value that is not the same. Texts are JSON as hub_json_write has it; empty where the value is absent. */
struct hub_difference {
    struct hub_span path; /* "/profile/name", "/transfers/0/status" */
    struct hub_span before, after;
};

typedef void hub_difference_fn(void *arg, const struct hub_difference *difference);

/* Who is told. */
struct hub_difference_sink {
    hub_difference_fn *visit;
    void *arg;
    struct hub_arena *arena; /* holds the texts; the spans of a visit stay valid as long as it does */
};

/* Tell of every difference, in the order of the shape. Lists of records are compared item by item, by number; other lists,
 * unions and free JSON as a whole. A sealed value whose box changed is different, even if both are shown as sealed.
 *
 * before, after  with the clear part of their sealed values filled; NULL: no field is there */
void hub_record_diff(const struct hub_shape *shape, const void *before, const void *after,
                     const struct hub_difference_sink *sink);

/* True when one path is the other, or lies in it. */
bool hub_path_touches(struct hub_span a, struct hub_span b);

/* What became of a path that a person wrote. */
struct hub_path_found {
    struct hub_span path;         /* JSON Pointer, in the arena */
    struct hub_span wrong;        /* when it is refused: the step that is not there, */
    const struct hub_shape *near; /* and the record that lacks it; NULL: the step is no number where a list is */
};

/* Make a JSON Pointer of "profile.name" or "/profile/name" and look it up. Returns false when records of the shape have no
 * such value. */
bool hub_path_find(const struct hub_shape *shape, const char *text, struct hub_arena *arena,
                   struct hub_path_found *ret_found);

#endif
