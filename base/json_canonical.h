/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Free JSON that does not stand inside of a record. */
#ifndef HUB_BASE_JSON_CANONICAL_H
#define HUB_BASE_JSON_CANONICAL_H

#include "base/arena.h"
#include "base/schema.h"

/* Read one JSON value of any type, as strictly as hub_json_read, into its canonical text: no blanks, members in the
 * order they came, numbers as they were written, strings with the fewest escapes.
 *
 * text           borrowed for the call
 * ret_canonical  in the arena; the same text again when it was canonical
 * ret_fault      malformed_json, pointer inside of the value
 *
 * Returns 0 or malformed_json. Any thread. */
int hub_json_canonical(struct hub_span text, struct hub_arena *arena, struct hub_span *ret_canonical,
                       struct hub_fault *ret_fault);

#endif
