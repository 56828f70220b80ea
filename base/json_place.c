/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Where the values of a JSON text go: fields of records, items of lists, words of sets, free JSON. */
#include <assert.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/json_reader.h"
#include "base/list.h"

/* A field's value is wrong: the reason stands already. The pointer gets the steps of the first `depth` frames. */
void hub_reader_refuse(struct reader *self, size_t depth)
{
    hub_reader_point(self, HUB_ERROR_invalid_field, depth);
}

void hub_reader_refuse_expected(struct reader *self, const struct hub_field *field)
{
    hub_value_expected(field, &self->fault);
    hub_reader_refuse(self, self->depth);
}

struct frame *hub_reader_push(struct reader *self, enum frame_kind kind)
{
    struct frame *frame = &self->frames[self->depth++];
    *frame = (struct frame){ .kind = kind, .names = self->name_count };
    return frame;
}

struct frame *hub_reader_push_record(struct reader *self, const struct hub_shape *shape, void *record)
{
    struct frame *frame = hub_reader_push(self, FRAME_record);
    frame->shape = shape;
    frame->at = record;
    return frame;
}

void hub_place_mark(const struct place *place)
{
    if (place->record != NULL) {
        hub_record_mark(place->record->at, (unsigned) (place->field - place->record->shape->fields));
    }
}

/* Room for one more item of a list; NULL, and refused, when it is full. */
void *hub_reader_next_item(struct reader *self, struct frame *frame, size_t size)
{
    struct hub_list *list = frame->at;
    if (list->count >= (uint64_t) hub_field_max(frame->field)) {
        list->count++;
        bool fits = hub_value_check(frame->field, list, &self->fault);
        assert(!fits);
        (void) fits;
        hub_reader_refuse(self, self->depth - 1);
        return NULL;
    }
    list->at = hub_list_grow(list->at, size, list->count, &list->room, self->arena);
    return (char *) list->at + list->count++ * size;
}

struct place hub_reader_find_place(struct reader *self)
{
    struct frame *outer = hub_reader_top(self);
    if (hub_reader_is_refused(self) || outer == NULL) {
        return (struct place){ NULL };
    }
    switch (outer->kind) {
    case FRAME_record:
        if (outer->field == NULL) {
            return (struct place){ NULL };
        }
        return (struct place){ outer->field, hub_record_field(outer->at, outer->field), outer };
    case FRAME_scalars:
        return (struct place){ &self->item, hub_reader_next_item(self, outer, hub_kind_size(self->item.kind)), NULL };
    default: return (struct place){ NULL };
    }
}

bool hub_reader_is_free(const struct hub_field *field)
{
    return field->kind == HUB_KIND_json || (field->kind == HUB_KIND_sealed && field->of == HUB_KIND_json);
}

/* Free JSON for a field is complete. */
void hub_reader_store_free(struct reader *self)
{
    struct frame *frame = hub_reader_top(self);
    struct place place = hub_reader_find_place(self);
    if (!self->keep || frame == NULL || place.field == NULL || place.at == NULL) {
        return;
    }
    struct hub_span text = hub_arena_copy(self->arena, hub_buf_span(&self->canon));
    self->keep = false;
    if (place.field->kind == HUB_KIND_sealed) {
        *(struct hub_sealed *) place.at = (struct hub_sealed){ .clear = text };
    } else {
        *(struct hub_span *) place.at = text;
    }
    hub_place_mark(&place);
    if (!hub_value_check(place.field, place.at, &self->fault)) {
        hub_reader_refuse(self, self->depth);
    }
}

void hub_reader_start_free(struct reader *self)
{
    self->keep = true;
    self->free_depth = self->depth;
    hub_buf_clear(&self->canon);
}

void hub_reader_take_word(struct reader *self, struct frame *frame, struct hub_token token)
{
    const struct hub_word *word = token.kind == HUB_TOKEN_text ? hub_vocab_by_name(frame->field->vocab, token.text)
                                                               : NULL;
    uint64_t *bits = frame->at;
    if (word == NULL) {
        hub_reader_refuse_expected(self, &self->item);
        return;
    }
    assert(word->code < 64);
    if ((*bits >> word->code & 1) != 0) {
        hub_fault_reason(&self->fault, "must not be there twice");
        hub_reader_refuse(self, self->depth);
    }
    *bits |= UINT64_C(1) << word->code;
}

/* A scalar as the value of a field or an item. */
void hub_reader_take_value(struct reader *self, struct hub_token token)
{
    struct place place = hub_reader_find_place(self);
    if (place.field == NULL || place.at == NULL) {
        return;
    }
    if (token.kind == HUB_TOKEN_null && place.record != NULL) {
        if (place.field->required) {
            hub_fault_reason(&self->fault, "is required and must not be null");
            hub_reader_refuse(self, self->depth);
        }
    } else if (hub_reader_is_free(place.field)) {
        hub_reader_start_free(self);
        hub_reader_free_scalar(self, token);
        hub_reader_store_free(self);
    } else if (hub_value_take(place.field, token, self->arena, place.at, &self->fault)) {
        hub_place_mark(&place);
    } else {
        hub_reader_refuse(self, self->depth);
    }
}
