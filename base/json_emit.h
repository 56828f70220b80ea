/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writing a JSON document that is no record (OpenAPI, AsyncAPI, JSON Schema), value by value.
 *
 *     struct hub_json_emit emit;
 *     hub_json_emit_init(&emit, &out);
 *     hub_json_emit_object_begin(&emit);
 *     hub_json_emit_key(&emit, "openapi");
 *     hub_json_emit_text(&emit, "3.1.0");
 *     hub_json_emit_object_end(&emit);
 *     hub_json_emit_done(&emit);
 *
 * Commas and colons are the emitter's, order and nesting the caller's: a value inside of an object needs a key before it,
 * an end must match its begin, and there is one value at the outside. What breaks this is a programmer error (assert).
 * No blanks are written, and nothing fails. One thread at a time. */
#ifndef HUB_BASE_JSON_EMIT_H
#define HUB_BASE_JSON_EMIT_H

#include "base/buf.h"

enum { HUB_JSON_EMIT_DEPTH = 64 };

struct hub_json_emit {
    struct hub_buf *out; /* borrowed */
    unsigned depth;      /* objects and arrays that are open */
    uint64_t objects;    /* bit i: the open one at depth i is an object */
    bool has_items;      /* a comma is due before the next value or key */
    bool has_key;        /* a key waits for its value */
};

/* Start a document at the end of `out`, which must outlive the emitter. The emitter owns nothing. */
void hub_json_emit_init(struct hub_json_emit *self, struct hub_buf *out);

/* Check that the document is complete: one value was written and everything is closed. */
void hub_json_emit_done(const struct hub_json_emit *self);

/* Open and close an object or array; at most HUB_JSON_EMIT_DEPTH are open at once. */
void hub_json_emit_object_begin(struct hub_json_emit *self);
void hub_json_emit_object_end(struct hub_json_emit *self);
void hub_json_emit_array_begin(struct hub_json_emit *self);
void hub_json_emit_array_end(struct hub_json_emit *self);

/* The name of the next member: UTF-8, escaped as needed. The caller sees to it that names are unique in their object. */
void hub_json_emit_key(struct hub_json_emit *self, const char *name);
void hub_json_emit_key_span(struct hub_json_emit *self, struct hub_span name);

/* A value. Text is UTF-8 and is escaped; NULL text is null. */
void hub_json_emit_null(struct hub_json_emit *self);
void hub_json_emit_bool(struct hub_json_emit *self, bool value);
void hub_json_emit_i64(struct hub_json_emit *self, int64_t value);
void hub_json_emit_u64(struct hub_json_emit *self, uint64_t value);
void hub_json_emit_text(struct hub_json_emit *self, const char *text);
void hub_json_emit_span(struct hub_json_emit *self, struct hub_span text);

/* A value that is JSON already, put in as it is; the caller vouches for it. */
void hub_json_emit_raw(struct hub_json_emit *self, struct hub_span json);

/* A key with its value; members whose text is NULL are left out altogether. */
void hub_json_emit_member_text(struct hub_json_emit *self, const char *name, const char *text);
void hub_json_emit_member_i64(struct hub_json_emit *self, const char *name, int64_t value);
void hub_json_emit_member_bool(struct hub_json_emit *self, const char *name, bool value);
void hub_json_emit_member_time(struct hub_json_emit *self, const char *name, int64_t time_us);

/* The place where the next value goes, for a writer that appends exactly one JSON value to the returned buffer itself,
 * such as hub_json_write or hub_describe. */
struct hub_buf *hub_json_emit_value(struct hub_json_emit *self);

#endif
