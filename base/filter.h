/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A typed filter: a condition in text over the clear fields of a record, compiled once and evaluated often.
 *
 *     channel == "chat" and tier in ["premium", "enterprise"] and not (urgency < "high")
 *     exists last_seen_at and last_seen_at < now - 30d and labels has ["vip", "beta"]
 *
 * docs/filter-language.md has the grammar and every type's operators. What is absent compares as false, whatever the
 * operator; `not` turns that round. Personal (sealed) values, free JSON and bytes cannot be named. */
#ifndef HUB_BASE_FILTER_H
#define HUB_BASE_FILTER_H

#include "base/arena.h"
#include "base/schema.h"

enum { HUB_FILTER_TEXT = 4096, HUB_FILTER_NODES = 256, HUB_FILTER_DEPTH = 32 };

struct hub_filter;

/* What is wrong with a text, and at which byte of it (0-based; its length: at the end). */
struct hub_filter_fault {
    size_t at;
    char reason[160]; /* one sentence, terminated */
};

/* Compile a text against a shape.
 *
 * text       borrowed for the call; UTF-8, at most HUB_FILTER_TEXT bytes; blank text holds for every record
 * shape      what the names are looked up in; lives as long as the filter
 * arena      holds the filter
 * ret_filter untouched on failure
 * ret_fault  filled on failure; NULL when nobody asks
 *
 * Returns 0, or HUB_ERROR_invalid_field when the text is no filter over this shape. Any thread. */
int hub_filter_compile(struct hub_span text, const struct hub_shape *shape, struct hub_arena *arena,
                       const struct hub_filter **ret_filter, struct hub_filter_fault *ret_fault);

/* True when the filter holds for a record of its shape.
 *
 * now_us     what `now` stands for, microseconds since the epoch; the caller says it, so that a repetition decides alike
 *
 * Reads nothing but its arguments and allocates nothing. Any thread. */
bool hub_filter_holds(const struct hub_filter *self, const void *record, int64_t now_us);

/* Why a filter does not hold for a record: the text of the smallest part that makes it fail, for people. Of `and` it is
 * the first side that fails, of `or` the whole, of `not` the whole. Empty when the filter holds. Borrowed from the
 * filter. Any thread. */
struct hub_span hub_filter_why_not(const struct hub_filter *self, const void *record, int64_t now_us);

/* The text it was compiled from. */
struct hub_span hub_filter_text(const struct hub_filter *self);

/* True when the filter compares something with `now`: then the same record may hold at one moment and not at another. */
bool hub_filter_asks_time(const struct hub_filter *self);

/* True when the filter names this field of the shape (by the first step of a path), e.g. to skip work that only some
 * conditions need. */
bool hub_filter_names(const struct hub_filter *self, const struct hub_field *field);

#endif
