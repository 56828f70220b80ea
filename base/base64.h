/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Base64 (RFC 4648 §4): the standard alphabet, padded. */
#ifndef HUB_BASE_BASE64_H
#define HUB_BASE_BASE64_H

#include "base/buf.h"

/* Append the base64 of some bytes. */
void hub_base64_print(struct hub_span bytes, struct hub_buf *out);

/* Read base64, strictly: padding complete, no blanks, unused bits zero, so that every value has one spelling.
 *
 * ret_bytes  room for text.len / 4 * 3 bytes; undefined on refusal
 * ret_len    how many bytes it was
 *
 * Returns false for anything else. Any thread. */
bool hub_base64_parse(struct hub_span text, char *ret_bytes, size_t *ret_len);

#endif
