/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What stands in the headers of a request: pure readers of text that a stranger wrote. None allocates, none fails but by
 * saying no, and each may be called on any thread. */
#ifndef HUB_API_HEADERS_H
#define HUB_API_HEADERS_H

#include "actors/command.h"

enum { HUB_IDEMPOTENCY_KEY_MAX = 255, HUB_TOKEN_MAX = 256 };

/* The same letters, whatever their case (ASCII). */
bool hub_text_is(struct hub_span text, const char *lower_case);

/* The text without blanks and tabs around it. */
struct hub_span hub_text_trim(struct hub_span text);

/* A request target in absolute form (RFC 9112 §3.2.2), "http://hub.example/health", cut in two: who is asked, and the path,
 * which is "/" where there is none. False for any other form. */
bool hub_target_is_absolute(struct hub_span target, struct hub_span *ret_authority, struct hub_span *ret_path);

/* The token of "Bearer <token>" (RFC 6750 §2.1): 1 .. HUB_TOKEN_MAX visible characters without blanks. */
bool hub_header_bearer(struct hub_span authorization, struct hub_span *ret_token);

/* The value of a cookie (RFC 6265 §5.4), without quotes around it. False when there is none of that name, or two. */
bool hub_header_cookie(struct hub_span cookies, struct hub_span name, struct hub_span *ret_value);

/* True for application/json, with whatever parameters. */
bool hub_header_is_json(struct hub_span content_type);

/* True when an answer of this type is welcome (RFC 9110 §12.5.1): no header, the type, its group or everything, with a
 * weight above 0. type is like "application/json". */
bool hub_header_accepts(struct hub_span accept, const char *type);

/* If-Match (RFC 9110 §13.1.1): a list of entity tags, or * for whatever there is (then *ret_any). The versions that strong
 * tags of ours name, and zeros; a weak tag matches nothing, nor does one that is not ours. False for what is no such list, or
 * names more than HUB_EXPECTED_MAX versions. */
bool hub_header_if_match(struct hub_span value, bool *ret_any, uint64_t ret_versions[HUB_EXPECTED_MAX]);

/* 1 .. 255 visible ASCII characters, quoted or not; the key is what stands between the quotes. */
bool hub_header_idempotency_key(struct hub_span value, struct hub_span *ret_key);

/* What may be said as the purpose of a reading: 1 .. 300 bytes (HUB_ACCESS_PURPOSE_MAX) of UTF-8 without control characters. */
bool hub_header_is_purpose(struct hub_span value);

/* The trace id of a traceparent header (W3C Trace Context, version 00 and later). False for an invalid or all-zero one. */
bool hub_header_trace(struct hub_span traceparent, uint8_t ret_trace[16]);

/* True when an Origin is the site that the request came to: scheme "http" or "https" and the Host. */
bool hub_header_is_same_origin(struct hub_span origin, struct hub_span scheme, struct hub_span authority);

/* True when an origin stands in a list separated by blanks or commas, or the list is "*". */
bool hub_header_is_listed(struct hub_span origin, const char *list);

#endif
