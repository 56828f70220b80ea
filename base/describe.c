/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From a shape to its JSON Schema (2020-12), as OpenAPI 3.1 has it below #/components/schemas.
 *
 * What JSON Schema has no word for stands in members of its own: "x-unit", "x-personal" (a sealed value), "x-scale". */
#include <assert.h>

#include "base/json.h"
#include "base/json_emit.h"
#include "base/value.h"

#define ID_PATTERN "^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$"

enum { CASES_DEPTH = 3 }; /* how deep unions inside of cases of unions are spelt out */

static void emit_ref(struct hub_json_emit *emit, const char *name)
{
    struct hub_buf path;
    hub_buf_init(&path);
    hub_buf_put_text(&path, "#/components/schemas/");
    hub_buf_put_text(&path, name);
    hub_json_emit_key(emit, "$ref");
    hub_json_emit_span(emit, hub_buf_span(&path));
    hub_buf_done(&path);
}

static void emit_member_decimal(struct hub_json_emit *emit, const char *name, int64_t value, unsigned scale)
{
    char text[HUB_DECIMAL_TEXT];
    hub_json_emit_key(emit, name);
    hub_json_emit_raw(emit, hub_span_of(text, hub_decimal_print(value, scale, text)));
}

static void emit_integer(struct hub_json_emit *emit, const struct hub_field *field, const char *format)
{
    hub_json_emit_member_text(emit, "type", "integer");
    hub_json_emit_member_text(emit, "format", format);
    hub_json_emit_member_i64(emit, "minimum", hub_field_min(field));
    hub_json_emit_key(emit, "maximum");
    if (field->kind == HUB_KIND_u64) {
        hub_json_emit_u64(emit, hub_value_u64_max(field));
    } else {
        hub_json_emit_i64(emit, hub_field_max(field));
    }
}

static void emit_decimal(struct hub_json_emit *emit, const struct hub_field *field)
{
    hub_json_emit_member_text(emit, "type", "number");
    emit_member_decimal(emit, "multipleOf", 1, field->scale);
    emit_member_decimal(emit, "minimum", hub_field_min(field), field->scale);
    emit_member_decimal(emit, "maximum", hub_field_max(field), field->scale);
    hub_json_emit_member_i64(emit, "x-scale", field->scale);
}

/* "minLength" and "maxLength", "minItems" and "maxItems"; a minimum of 0 says nothing. */
static void emit_counts(struct hub_json_emit *emit, const char *least, int64_t min, const char *most, int64_t max)
{
    if (min > 0) {
        hub_json_emit_member_i64(emit, least, min);
    }
    if (max < INT64_MAX) {
        hub_json_emit_member_i64(emit, most, max);
    }
}

static void emit_text(struct hub_json_emit *emit, const struct hub_field *field)
{
    hub_json_emit_member_text(emit, "type", "string");
    emit_counts(emit, "minLength", hub_field_min(field), "maxLength", hub_field_max(field));
}

/* Four characters for three bytes. */
static void emit_bytes(struct hub_json_emit *emit, const struct hub_field *field)
{
    hub_json_emit_member_text(emit, "type", "string");
    hub_json_emit_member_text(emit, "contentEncoding", "base64");
    emit_counts(emit, "minLength", (hub_field_min(field) + 2) / 3 * 4, "maxLength", (hub_field_max(field) + 2) / 3 * 4);
}

static void emit_time(struct hub_json_emit *emit)
{
    hub_json_emit_member_text(emit, "type", "string");
    hub_json_emit_member_text(emit, "format", "date-time");
}

static void emit_id(struct hub_json_emit *emit)
{
    hub_json_emit_member_text(emit, "type", "string");
    hub_json_emit_member_text(emit, "format", "ulid");
    hub_json_emit_member_text(emit, "pattern", ID_PATTERN);
}

/* Any value: no type. JSON Schema cannot count bytes. */
static void emit_free(struct hub_json_emit *emit, const struct hub_field *field)
{
    hub_json_emit_member_i64(emit, "x-max-bytes", hub_field_max(field));
}

static void emit_sealed(struct hub_json_emit *emit, const struct hub_field *field)
{
    if (field->of == HUB_KIND_json) {
        emit_free(emit, field);
    } else {
        emit_text(emit, field);
    }
    hub_json_emit_member_bool(emit, "x-personal", true);
}

static void emit_set(struct hub_json_emit *emit, const struct hub_field *field)
{
    hub_json_emit_member_text(emit, "type", "array");
    hub_json_emit_member_bool(emit, "uniqueItems", true);
    emit_counts(emit, "minItems", hub_field_min(field), "maxItems", hub_field_max(field));
    hub_json_emit_key(emit, "items");
    hub_json_emit_object_begin(emit);
    emit_ref(emit, field->vocab->name);
    hub_json_emit_object_end(emit);
}

static void emit_kind(struct hub_json_emit *emit, const struct hub_field *field, unsigned depth);

static void emit_list(struct hub_json_emit *emit, const struct hub_field *field)
{
    const struct hub_field item = hub_value_item(field);
    hub_json_emit_member_text(emit, "type", "array");
    emit_counts(emit, "minItems", hub_field_min(field), "maxItems", hub_field_max(field));
    hub_json_emit_key(emit, "items");
    hub_json_emit_object_begin(emit);
    if (field->of == HUB_KIND_record) {
        emit_ref(emit, field->shape->name);
    } else {
        emit_kind(emit, &item, 0);
    }
    hub_json_emit_object_end(emit);
}

static void emit_shape(struct hub_json_emit *emit, const struct hub_shape *shape, bool is_case, unsigned depth);

/* The cases stand here in full, each with its "type": behind a reference, "additionalProperties" would forbid it. */
static void emit_union(struct hub_json_emit *emit, const struct hub_field *field, unsigned depth)
{
    if (depth >= CASES_DEPTH) {
        hub_json_emit_member_text(emit, "type", "object");
        return;
    }
    hub_json_emit_key(emit, "oneOf");
    hub_json_emit_array_begin(emit);
    for (size_t i = 0; field->cases[i] != NULL; i++) {
        emit_shape(emit, field->cases[i], true, depth + 1);
    }
    hub_json_emit_array_end(emit);
}

static void emit_kind(struct hub_json_emit *emit, const struct hub_field *field, unsigned depth)
{
    switch (field->kind) {
    case HUB_KIND_bool: hub_json_emit_member_text(emit, "type", "boolean"); break;
    case HUB_KIND_i64: emit_integer(emit, field, "int64"); break;
    case HUB_KIND_u32: emit_integer(emit, field, "uint32"); break;
    case HUB_KIND_u64: emit_integer(emit, field, "uint64"); break;
    case HUB_KIND_decimal: emit_decimal(emit, field); break;
    case HUB_KIND_text: emit_text(emit, field); break;
    case HUB_KIND_bytes: emit_bytes(emit, field); break;
    case HUB_KIND_enum: emit_ref(emit, field->vocab->name); break;
    case HUB_KIND_set: emit_set(emit, field); break;
    case HUB_KIND_time: emit_time(emit); break;
    case HUB_KIND_id: emit_id(emit); break;
    case HUB_KIND_json: emit_free(emit, field); break;
    case HUB_KIND_sealed: emit_sealed(emit, field); break;
    case HUB_KIND_record: emit_ref(emit, field->shape->name); break;
    case HUB_KIND_list: emit_list(emit, field); break;
    case HUB_KIND_union: emit_union(emit, field, depth); break;
    default: assert(!"a kind of schema.h");
    }
}

static void emit_field(struct hub_json_emit *emit, const struct hub_field *field, unsigned depth)
{
    hub_json_emit_object_begin(emit);
    emit_kind(emit, field, depth);
    hub_json_emit_member_text(emit, "description", field->doc);
    hub_json_emit_member_text(emit, "x-unit", field->unit);
    if (field->example != NULL) {
        hub_json_emit_key(emit, "examples");
        hub_json_emit_array_begin(emit);
        hub_json_emit_raw(emit, hub_span(field->example));
        hub_json_emit_array_end(emit);
    }
    hub_json_emit_object_end(emit);
}

static void emit_properties(struct hub_json_emit *emit, const struct hub_shape *shape, bool is_case, unsigned depth)
{
    hub_json_emit_key(emit, "properties");
    hub_json_emit_object_begin(emit);
    if (is_case) {
        hub_json_emit_key(emit, "type");
        hub_json_emit_object_begin(emit);
        hub_json_emit_member_text(emit, "const", shape->name);
        hub_json_emit_object_end(emit);
    }
    for (size_t i = 0; i < shape->count; i++) {
        hub_json_emit_key(emit, shape->fields[i].name);
        emit_field(emit, &shape->fields[i], depth);
    }
    hub_json_emit_object_end(emit);
}

static void emit_required(struct hub_json_emit *emit, const struct hub_shape *shape, bool is_case)
{
    bool any = is_case;
    for (size_t i = 0; i < shape->count; i++) {
        any = any || shape->fields[i].required;
    }
    if (!any) {
        return;
    }
    hub_json_emit_key(emit, "required");
    hub_json_emit_array_begin(emit);
    if (is_case) {
        hub_json_emit_text(emit, "type");
    }
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].required) {
            hub_json_emit_text(emit, shape->fields[i].name);
        }
    }
    hub_json_emit_array_end(emit);
}

static void emit_shape(struct hub_json_emit *emit, const struct hub_shape *shape, bool is_case, unsigned depth)
{
    hub_json_emit_object_begin(emit);
    hub_json_emit_member_text(emit, "type", "object");
    hub_json_emit_member_text(emit, "description", shape->doc);
    emit_properties(emit, shape, is_case, depth);
    emit_required(emit, shape, is_case);
    hub_json_emit_member_bool(emit, "additionalProperties", shape->keep_unknown);
    hub_json_emit_object_end(emit);
}

void hub_describe(const struct hub_shape *shape, struct hub_buf *out)
{
    struct hub_json_emit emit;
    hub_json_emit_init(&emit, out);
    emit_shape(&emit, shape, false, 0);
    hub_json_emit_done(&emit);
}

void hub_describe_field(const struct hub_field *field, struct hub_buf *out)
{
    struct hub_json_emit emit;
    hub_json_emit_init(&emit, out);
    emit_field(&emit, field, 0);
    hub_json_emit_done(&emit);
}

void hub_describe_vocab(const struct hub_vocab *vocab, struct hub_buf *out)
{
    struct hub_json_emit emit;
    hub_json_emit_init(&emit, out);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_member_text(&emit, "type", "string");
    hub_json_emit_member_text(&emit, "description", vocab->doc);
    hub_json_emit_key(&emit, "enum");
    hub_json_emit_array_begin(&emit);
    for (size_t i = 0; i < vocab->count; i++) {
        hub_json_emit_text(&emit, vocab->words[i].name);
    }
    hub_json_emit_array_end(&emit);
    hub_json_emit_key(&emit, "x-enum-descriptions");
    hub_json_emit_object_begin(&emit);
    for (size_t i = 0; i < vocab->count; i++) {
        hub_json_emit_member_text(&emit, vocab->words[i].name, vocab->words[i].doc);
    }
    hub_json_emit_object_end(&emit);
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
}
