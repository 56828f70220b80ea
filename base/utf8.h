/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* UTF-8, strictly: what is text and how long it is. */
#ifndef HUB_BASE_UTF8_H
#define HUB_BASE_UTF8_H

#include "base/span.h"

/* True when the span is well-formed UTF-8 (Unicode 15, table 3-7): shortest forms only, no surrogates, nothing above
 * U+10FFFF, nothing cut off at the end. The empty span is; U+0000 is a character like any other. Any thread. */
bool hub_utf8_is_valid(struct hub_span text);

/* The number of code points of well-formed UTF-8. Of anything else: the number of bytes that are no continuation. */
size_t hub_utf8_count(struct hub_span text);

/* The longest prefix of well-formed UTF-8 with at most `max` code points; never cuts a character in two. */
struct hub_span hub_utf8_prefix(struct hub_span text, size_t max);

/* Put a question mark in the place of every byte that belongs to no well-formed character, as where a text was cut. */
void hub_utf8_repair(char *text, size_t len);

/* Write one code point (0 .. 0x10FFFF, no surrogate) as 1 to 4 bytes. Returns how many. */
size_t hub_utf8_put(uint32_t code_point, char ret_bytes[4]);

#endif
