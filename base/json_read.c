/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From JSON text to a record in one pass: every token goes to its place when it comes. */
#include "base/error.h"
#include "base/fault.h"
#include "base/json_reader.h"

/* A value is complete. */
static int finish_value(struct reader *self)
{
    struct frame *outer = hub_reader_top(self);
    if (outer != NULL) {
        outer->index++;
        outer->key = (struct hub_span){ NULL, 0 };
    } else {
        hub_reader_note_end(self);
    }
    return 1;
}

static int on_scalar(struct reader *self, enum hub_token_kind kind, const char *at, size_t len)
{
    struct hub_token token = { kind, { at, len } };
    struct frame *frame = hub_reader_top(self);
    if (frame == NULL && self->shape != NULL) {
        return hub_reader_malformed(self, "must be an object");
    }
    if (frame == NULL || frame->kind == FRAME_object || frame->kind == FRAME_array) {
        hub_reader_free_scalar(self, token);
    } else if (!hub_reader_is_refused(self) && frame->kind == FRAME_set) {
        hub_reader_take_word(self, frame, token);
    } else if (!hub_reader_is_refused(self) && frame->kind == FRAME_records) {
        hub_fault_reason(&self->fault, "must be an object");
        hub_reader_refuse(self, self->depth);
    } else {
        hub_reader_take_value(self, token);
    }
    return finish_value(self);
}

static int on_null(void *ctx)
{
    return on_scalar(ctx, HUB_TOKEN_null, "null", 4);
}

static int on_boolean(void *ctx, int value)
{
    return on_scalar(ctx, HUB_TOKEN_bool, value ? "true" : "false", value ? 4 : 5);
}

static int on_number(void *ctx, const char *at, size_t len)
{
    return on_scalar(ctx, HUB_TOKEN_number, at, len);
}

static int on_string(void *ctx, const unsigned char *at, size_t len)
{
    struct reader *self = ctx;
    struct hub_span text = { (const char *) at, len };
    return hub_reader_text_is_clean(self, text) ? on_scalar(self, HUB_TOKEN_text, text.at, text.len) : 0;
}

static bool name_is(const char *name, struct hub_span key)
{
    return key.len > 0 && name[0] == key.at[0] && strlen(name) == key.len && memcmp(name, key.at, key.len) == 0;
}

/* The field of that name; members mostly come in order of declaration. NULL when there is none. */
static const struct hub_field *find_field(struct frame *frame, struct hub_span name)
{
    const struct hub_shape *shape = frame->shape;
    unsigned i = frame->next;
    for (unsigned tried = 0; tried < shape->count; tried++, i++) {
        i = i < shape->count ? i : 0;
        if (name_is(shape->fields[i].name, name)) {
            frame->next = i + 1;
            return &shape->fields[i];
        }
    }
    return NULL;
}

static int on_record_name(struct reader *self, struct frame *frame, struct hub_span name)
{
    bool is_type = frame->is_union && name_is("type", name);
    const struct hub_field *field = is_type ? NULL : find_field(frame, name);
    frame->field = field;
    if (field == NULL && !is_type) {
        hub_reader_add_name(self, name);
        if (!frame->shape->keep_unknown && !hub_reader_is_refused(self)) {
            hub_fault_reason(&self->fault, "is not known here");
            hub_reader_refuse(self, self->depth);
        }
        return 1;
    }
    uint64_t bit = is_type ? 0 : UINT64_C(1) << (field - frame->shape->fields);
    if (is_type ? frame->type_seen : (frame->seen & bit) != 0) {
        return hub_reader_malformed(self, "appears twice");
    }
    frame->seen |= bit;
    frame->type_seen = frame->type_seen || is_type;
    return 1;
}

static int on_map_key(void *ctx, const unsigned char *at, size_t len)
{
    struct reader *self = ctx;
    struct frame *frame = hub_reader_top(self);
    struct hub_span name = { (const char *) at, len };
    if (!hub_reader_text_is_clean(self, name)) {
        return 0;
    }
    if (len == 0) {
        name.at = "";
    } else if (hub_reader_is_decoded(self, name)) {
        name = hub_arena_copy(self->arena, name);
    }
    frame->key = name;
    if (frame->kind == FRAME_record) {
        return on_record_name(self, frame, name);
    }
    hub_reader_add_name(self, name);
    hub_reader_free_name(self, name);
    return 1;
}

static int too_deep(struct reader *self)
{
    _Static_assert(HUB_JSON_DEPTH == 32, "the reason says so");
    return hub_reader_malformed(self, "is nested deeper than 32 levels");
}

/* The end of an object or array: it was a value of what is around it. */
static int end_container(struct reader *self, char bracket)
{
    hub_reader_free_end(self, bracket);
    self->depth--;
    if (self->keep && self->depth == self->free_depth) {
        hub_reader_store_free(self);
    }
    return finish_value(self);
}

/* An object or array that goes nowhere or into free JSON. */
static int start_skipping(struct reader *self, enum frame_kind kind)
{
    hub_reader_free_begin(self, kind == FRAME_object ? '{' : '[');
    hub_reader_push(self, kind);
    return 1;
}

static int start_union(struct reader *self, const struct place *place)
{
    size_t offset = yajl_get_bytes_consumed(self->yajl);
    struct hub_span rest = { self->text.at + offset, self->text.len - offset };
    struct hub_union *value = place->at;
    bool has_type = hub_reader_find_case(rest, place->field->cases, &value->shape);
    if (value->shape != NULL) {
        value->at = hub_arena_get(self->arena, value->shape->size);
        hub_place_mark(place);
        hub_reader_push_record(self, value->shape, value->at)->is_union = true;
        return 1;
    }
    if (has_type) {
        hub_value_expected_case(place->field, &self->fault);
    } else {
        hub_fault_reason(&self->fault, "is required");
    }
    if (hub_reader_point(self, HUB_ERROR_invalid_field, self->depth)) {
        hub_fault_step(&self->fault, HUB_SPAN("type"));
    }
    return start_skipping(self, FRAME_object);
}

/* An object as an item of a list of records. */
static int start_item(struct reader *self, struct frame *frame)
{
    const struct hub_shape *shape = frame->field->shape;
    void *record = hub_reader_next_item(self, frame, shape->size);
    if (record == NULL) {
        return start_skipping(self, FRAME_object);
    }
    hub_reader_push_record(self, shape, record);
    return 1;
}

/* An object as a field's value. */
static int start_object(struct reader *self, const struct frame *frame)
{
    const struct hub_field *field = frame->field;
    struct place place = hub_reader_find_place(self);
    if (field->kind == HUB_KIND_record) {
        void *record = hub_arena_get(self->arena, field->shape->size);
        memcpy(place.at, &record, sizeof record);
        hub_place_mark(&place);
        hub_reader_push_record(self, field->shape, record);
        return 1;
    }
    if (field->kind == HUB_KIND_union) {
        return start_union(self, &place);
    }
    if (hub_reader_is_free(field)) {
        hub_reader_start_free(self);
    } else {
        hub_reader_refuse_expected(self, field);
    }
    return start_skipping(self, FRAME_object);
}

static int on_start_map(void *ctx)
{
    struct reader *self = ctx;
    struct frame *frame = hub_reader_top(self);
    if (self->depth == HUB_JSON_DEPTH) {
        return too_deep(self);
    }
    if (frame == NULL && self->shape != NULL) {
        hub_reader_push_record(self, self->shape, self->record);
        return 1;
    }
    if (frame == NULL || hub_reader_is_refused(self)) {
        return start_skipping(self, FRAME_object);
    }
    switch (frame->kind) {
    case FRAME_record: return frame->field == NULL ? start_skipping(self, FRAME_object) : start_object(self, frame);
    case FRAME_records: return start_item(self, frame);
    case FRAME_scalars:
    case FRAME_set: hub_reader_refuse_expected(self, &self->item); return start_skipping(self, FRAME_object);
    default: return start_skipping(self, FRAME_object);
    }
}

static int on_end_map(void *ctx)
{
    struct reader *self = ctx;
    struct frame *frame = hub_reader_top(self);
    frame->key = (struct hub_span){ NULL, 0 };
    if (!hub_reader_names_are_unique(self, frame)) {
        return 0;
    }
    return end_container(self, '}');
}

/* An array as a field's value. */
static int start_list(struct reader *self, struct frame *frame)
{
    const struct hub_field *field = frame->field;
    struct place place = hub_reader_find_place(self);
    enum frame_kind kind = field->kind == HUB_KIND_set    ? FRAME_set
                           : field->of == HUB_KIND_record ? FRAME_records
                                                          : FRAME_scalars;
    if (hub_reader_is_free(field)) {
        hub_reader_start_free(self);
        return start_skipping(self, FRAME_array);
    }
    if (field->kind != HUB_KIND_set && field->kind != HUB_KIND_list) {
        hub_reader_refuse_expected(self, field);
        return start_skipping(self, FRAME_array);
    }
    hub_place_mark(&place);
    self->item = hub_value_item(field);
    struct frame *list = hub_reader_push(self, kind);
    list->field = field;
    list->at = place.at;
    return 1;
}

static int on_start_array(void *ctx)
{
    struct reader *self = ctx;
    struct frame *frame = hub_reader_top(self);
    if (frame == NULL && self->shape != NULL) {
        return hub_reader_malformed(self, "must be an object");
    }
    if (self->depth == HUB_JSON_DEPTH) {
        return too_deep(self);
    }
    if (frame == NULL || hub_reader_is_refused(self) || frame->kind == FRAME_object || frame->kind == FRAME_array) {
        return start_skipping(self, FRAME_array);
    }
    if (frame->kind == FRAME_record) {
        return frame->field == NULL ? start_skipping(self, FRAME_array) : start_list(self, frame);
    }
    if (frame->kind == FRAME_records) {
        hub_fault_reason(&self->fault, "must be an object");
        hub_reader_refuse(self, self->depth);
    } else {
        hub_reader_refuse_expected(self, &self->item);
    }
    return start_skipping(self, FRAME_array);
}

static int on_end_array(void *ctx)
{
    struct reader *self = ctx;
    const struct frame *list = hub_reader_top(self);
    bool is_counted = !hub_reader_is_refused(self) && list->kind != FRAME_array;
    if (is_counted && !hub_value_check(list->field, list->at, &self->fault)) {
        hub_reader_refuse(self, self->depth - 1);
    }
    return end_container(self, ']');
}

const yajl_callbacks hub_reader_callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_map_key,
    .yajl_end_map = on_end_map,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

void hub_reader_init(struct reader *self, struct hub_span text, struct hub_arena *arena, const struct hub_shape *shape,
                     void *record)
{
    self->text = text;
    self->arena = arena;
    self->shape = shape;
    self->record = record;
    self->yajl = NULL;
    self->is_malformed = false;
    self->is_finishing = false;
    self->end = 0;
    self->fault.error = 0;
    self->keep = false;
    self->free_depth = 0;
    hub_buf_init(&self->canon);
    self->depth = 0;
    self->names = self->first_names;
    self->name_count = 0;
    self->name_room = READER_NAMES;
    self->work_used = 0;
}

int hub_json_read(const struct hub_shape *shape, struct hub_span text, struct hub_arena *arena, void *record,
                  struct hub_fault *ret_fault)
{
    struct reader reader;
    memset(record, 0, shape->size);
    hub_reader_init(&reader, text, arena, shape, record);
    hub_reader_run(&reader, &hub_reader_callbacks);
    hub_buf_done(&reader.canon);
    if (!hub_reader_is_refused(&reader)) {
        hub_record_is_complete(shape, record, &reader.fault);
    }
    if (reader.fault.error != 0) {
        *ret_fault = reader.fault;
    }
    return reader.fault.error;
}
