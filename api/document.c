/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Documents: what is referred to is remembered once, and a shape that two dialects spell differently once in each. */
#include "api/document.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

void hub_document_init(struct hub_document *self, struct hub_buf *out)
{
    self->shape_count = self->vocab_count = 0;
    hub_json_emit_init(&self->emit, out);
}

/* --- what is referred to --- */

static void need_vocab(struct hub_document *self, const struct hub_vocab *vocab)
{
    for (size_t i = 0; i < self->vocab_count; i++) {
        if (self->vocabs[i] == vocab) {
            return;
        }
    }
    assert(self->vocab_count < HUB_DOCUMENT_VOCABS);
    self->vocabs[self->vocab_count++] = vocab;
}

static void need_shape(struct hub_document *self, const struct hub_shape *shape, enum hub_dialect dialect);

void hub_document_need_fields(struct hub_document *self, const struct hub_shape *shape, enum hub_dialect dialect)
{
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        if (field->vocab != NULL) {
            need_vocab(self, field->vocab);
        }
        if (field->shape != NULL) {
            need_shape(self, field->shape, dialect);
        }
    }
}

static bool is_spelt_alike(const struct hub_shape *shape)
{
    for (unsigned i = 0; i < shape->count; i++) {
        if (shape->fields[i].camel != NULL) {
            return false;
        }
    }
    return true;
}

static void need_shape(struct hub_document *self, const struct hub_shape *shape, enum hub_dialect dialect)
{
    for (size_t i = 0; i < self->shape_count; i++) {
        if (self->shapes[i] == shape && (self->dialects[i] == dialect || is_spelt_alike(shape))) {
            return;
        }
    }
    assert(self->shape_count < HUB_DOCUMENT_SHAPES);
    self->dialects[self->shape_count] = dialect;
    self->shapes[self->shape_count++] = shape;
    hub_document_need_fields(self, shape, dialect);
}

/* What a shape is called here: the dialect that comes second is said. */
static void put_name(const struct hub_document *self, const struct hub_shape *shape, enum hub_dialect dialect,
                     struct hub_buf *out)
{
    size_t first = 0;
    while (self->shapes[first] != shape) {
        first++;
    }
    hub_buf_put_text(out, shape->name);
    if (self->dialects[first] != dialect && !is_spelt_alike(shape)) {
        hub_buf_put_text(out, dialect == HUB_DIALECT_snake ? "_snake" : "_camel");
    }
}

void hub_document_ref(struct hub_document *self, const struct hub_shape *shape, enum hub_dialect dialect)
{
    struct hub_buf name;
    need_shape(self, shape, dialect);
    hub_buf_init(&name);
    put_name(self, shape, dialect, &name);
    hub_buf_put_byte(&name, 0);
    hub_document_joined(self, "$ref", "#/components/schemas/", name.at);
    hub_buf_done(&name);
}

/* --- pieces --- */

void hub_document_begin(struct hub_document *self, const char *key)
{
    if (key != NULL) {
        hub_json_emit_key(&self->emit, key);
    }
    hub_json_emit_object_begin(&self->emit);
}

void hub_document_end(struct hub_document *self)
{
    hub_json_emit_object_end(&self->emit);
}

void hub_document_member(struct hub_document *self, const char *name, const char *text)
{
    hub_json_emit_member_text(&self->emit, name, text);
}

void hub_document_joined(struct hub_document *self, const char *key, const char *first, const char *second)
{
    struct hub_buf text;
    hub_buf_init(&text);
    hub_buf_put_text(&text, first);
    hub_buf_put_text(&text, second);
    hub_json_emit_key(&self->emit, key);
    hub_json_emit_span(&self->emit, hub_buf_span(&text));
    hub_buf_done(&text);
}

void hub_document_shape(struct hub_document *self, const struct hub_shape *shape, enum hub_dialect dialect)
{
    struct hub_shape spelt = *shape;
    struct hub_field *fields = hub_memory_new((shape->count + 1u) * sizeof *fields);
    for (unsigned i = 0; i < shape->count; i++) {
        fields[i] = shape->fields[i];
        bool is_camel = dialect == HUB_DIALECT_camel && fields[i].camel != NULL;
        fields[i].name = is_camel ? fields[i].camel : fields[i].name;
    }
    spelt.fields = fields;
    hub_describe(&spelt, hub_json_emit_value(&self->emit));
    free(fields);
}

/* They come last: by then all that are referred to are known. */
void hub_document_schemas(struct hub_document *self)
{
    hub_document_begin(self, "schemas");
    for (size_t i = 0; i < self->shape_count; i++) {
        struct hub_buf name;
        hub_buf_init(&name);
        put_name(self, self->shapes[i], self->dialects[i], &name);
        hub_buf_put_byte(&name, 0);
        hub_json_emit_key(&self->emit, (const char *) name.at);
        hub_buf_done(&name);
        hub_document_shape(self, self->shapes[i], self->dialects[i]);
    }
    for (size_t i = 0; i < self->vocab_count; i++) {
        hub_json_emit_key(&self->emit, self->vocabs[i]->name);
        hub_describe_vocab(self->vocabs[i], hub_json_emit_value(&self->emit));
    }
    hub_document_end(self);
}
