/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Text from anywhere, shown to a person on a terminal: it moves no cursor, and what it says cannot be taken for a line that we
 * wrote. */
#ifndef HUB_TOOLS_PLAIN_H
#define HUB_TOOLS_PLAIN_H

#include "base/buf.h"

enum { HUB_PLAIN_ONE_LINE = -1 };

/* Append a text. Control characters, and what turns the direction of writing, become question marks.
 *
 * indent  blanks behind each newline in it, so that its lines are not taken for others; HUB_PLAIN_ONE_LINE: a newline is a
 *         question mark, too */
void hub_plain_put(struct hub_buf *out, struct hub_span text, int indent);

/* The same for a JSON document on one line: such signs are written as escapes there, so it says what it said. */
void hub_plain_put_json(struct hub_buf *out, struct hub_span json);

#endif
