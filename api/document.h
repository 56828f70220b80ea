/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A document of schemas under way, OpenAPI or AsyncAPI: pieces of JSON, and the shapes that they refer to, which come last. */
#ifndef HUB_API_DOCUMENT_H
#define HUB_API_DOCUMENT_H

#include "base/json.h"
#include "base/json_emit.h"

enum { HUB_DOCUMENT_SHAPES = 384, HUB_DOCUMENT_VOCABS = 96 };

struct hub_document {
    struct hub_json_emit emit;
    const struct hub_shape *shapes[HUB_DOCUMENT_SHAPES]; /* that are referred to */
    enum hub_dialect dialects[HUB_DOCUMENT_SHAPES];      /* how their fields are spelt */
    const struct hub_vocab *vocabs[HUB_DOCUMENT_VOCABS];
    size_t shape_count, vocab_count;
};

/* Begin at the end of `out`. */
void hub_document_init(struct hub_document *self, struct hub_buf *out);

/* Refer to what a shape's fields refer to; or to the shape itself, as "$ref": a member. */
void hub_document_need_fields(struct hub_document *self, const struct hub_shape *shape, enum hub_dialect dialect);
void hub_document_ref(struct hub_document *self, const struct hub_shape *shape, enum hub_dialect dialect);

/* An object as a value (key NULL) or as a member, its end, and a member of text. */
void hub_document_begin(struct hub_document *self, const char *key);
void hub_document_end(struct hub_document *self);
void hub_document_member(struct hub_document *self, const char *name, const char *text);

/* A member whose text is put together: "$ref": "#/components/" "name". */
void hub_document_joined(struct hub_document *self, const char *key, const char *first, const char *second);

/* The schema of a shape, as a value, with its fields spelt in a dialect. */
void hub_document_shape(struct hub_document *self, const struct hub_shape *shape, enum hub_dialect dialect);

/* "schemas": all that were referred to. */
void hub_document_schemas(struct hub_document *self);

#endif
