/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Splitting canonical JSON at the members of its outermost object. Canonical text has no blanks between tokens, and it was
 * read once: here it is only cut. */
#include "base/json_rest.h"

#include "base/buf.h"

/* From a quote to behind the quote that closes it. */
static size_t skip_text(struct hub_span text, size_t at)
{
    for (at++; at < text.len && text.at[at] != '"'; at++) {
        at += text.at[at] == '\\';
    }
    return at + 1;
}

/* From behind a colon to the comma or brace behind the value. */
static size_t skip_value(struct hub_span text, size_t at)
{
    int depth = 0;
    while (at < text.len) {
        char c = text.at[at];
        if (c == '"') {
            at = skip_text(text, at);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}')) {
            break;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
    }
    return at;
}

static bool has_field(const struct hub_shape *shape, struct hub_span name)
{
    for (unsigned i = 0; i < shape->count; i++) {
        if (hub_span_is(hub_span(shape->fields[i].name), name)) {
            return true;
        }
    }
    return false;
}

struct hub_span hub_json_rest(const struct hub_shape *shape, struct hub_span text, struct hub_arena *arena)
{
    struct hub_buf rest;
    struct hub_span kept = { 0 };
    hub_buf_init(&rest);
    size_t at = 1;
    while (text.len > 2 && text.at[0] == '{' && at < text.len && text.at[at] == '"') {
        size_t colon = skip_text(text, at);
        size_t end = skip_value(text, colon + 1);
        if (end > text.len) {
            break;
        }
        if (!has_field(shape, hub_span_of(text.at + at + 1, colon - at - 2))) {
            hub_buf_put_byte(&rest, rest.len == 0 ? '{' : ',');
            hub_buf_put(&rest, text.at + at, end - at);
        }
        at = end + 1;
    }
    if (rest.len > 0) {
        hub_buf_put_byte(&rest, '}');
        kept = hub_arena_copy(arena, hub_buf_span(&rest));
    }
    hub_buf_done(&rest);
    return kept;
}
