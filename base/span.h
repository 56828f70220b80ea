/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A span: borrowed bytes with a length, never terminated, never owned. */
#ifndef HUB_BASE_SPAN_H
#define HUB_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hub_span {
    const char *at; /* first byte; may be NULL when len is 0 */
    size_t len;     /* bytes */
};

/* A span over a string literal. */
#define HUB_SPAN(literal) ((struct hub_span){ (literal), sizeof(literal) - 1 })

/* A span over a terminated string; NULL gives the empty span. */
static inline struct hub_span hub_span(const char *text)
{
    return (struct hub_span){ text, text == NULL ? 0 : strlen(text) };
}

/* A span over `len` bytes at `at`. */
static inline struct hub_span hub_span_of(const void *at, size_t len)
{
    return (struct hub_span){ at, len };
}

/* True when both spans hold the same bytes. Not constant time: never for secrets. */
static inline bool hub_span_is(struct hub_span a, struct hub_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* True when a text begins with another one. */
static inline bool hub_span_starts(struct hub_span text, struct hub_span start)
{
    return text.len >= start.len && (start.len == 0 || memcmp(text.at, start.at, start.len) == 0);
}

#endif
