/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* JSON for people: line breaks, indentation, and colours on a terminal. */
#ifndef HUB_TOOLS_DEMO_PRETTY_H
#define HUB_TOOLS_DEMO_PRETTY_H

#include <stdio.h>

#include "base/span.h"

/* Print JSON text with a line for each member and item, `indent` blanks before each. Text that is no JSON is printed as
 * it is. Ends with a line break. */
void hub_pretty_print(struct hub_span json, unsigned indent, bool colours, FILE *out);

/* True when `out` is a terminal that shows colours (NO_COLOR is not set). */
bool hub_pretty_has_colours(FILE *out);

#endif
