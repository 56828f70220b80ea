/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What somebody meant who mistyped a word. */
#ifndef HUB_TOOLS_NEAREST_H
#define HUB_TOOLS_NEAREST_H

#include <stddef.h>

/* Letters to insert, delete, replace or swap until one word is the other; words longer than 63 are infinitely far. */
size_t hub_nearest_distance(const char *a, const char *b);

/* True when `other` is near enough to `word` to be worth asking about. */
int hub_nearest_is_close(const char *word, const char *other);

#endif
