/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Percent-encoded text: parts of a path, and name=value pairs of a query. */
#ifndef HUB_API_PARAMS_H
#define HUB_API_PARAMS_H

#include "base/arena.h"
#include "base/buf.h"

/* Cut the next name=value off a query ("a=1&b=2", without the question mark). Both are still encoded; a name without
 * an equals sign has an empty value; empty pairs are passed over. Returns false at the end. */
bool hub_param_next(struct hub_span *rest, struct hub_span *ret_name, struct hub_span *ret_value);

/* Undo percent-encoding (RFC 3986 §2.1).
 *
 * plus_is_blank  in a query a plus stands for a blank, in a path for itself
 * ret_text       in the arena when something had to be undone, otherwise the same bytes
 *
 * Returns false for a percent sign without two hexadecimal digits, and for text that is not UTF-8 or has U+0000. */
bool hub_param_decode(struct hub_span text, bool plus_is_blank, struct hub_arena *arena, struct hub_span *ret_text);

/* Append text so that it may stand in a path or as a query's value: everything but unreserved characters is encoded. */
void hub_param_encode(struct hub_span text, struct hub_buf *out);

#endif
