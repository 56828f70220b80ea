/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The copying walker: a record with everything that it points to. */
#include "base/pack.h"

static void copy_into(const struct hub_shape *shape, const void *record, void *ret_copy, struct hub_arena *arena);

static void *copy_record(const struct hub_shape *shape, const void *record, struct hub_arena *arena)
{
    if (record == NULL) {
        return NULL;
    }
    void *copy = hub_arena_get(arena, shape->size);
    copy_into(shape, record, copy, arena);
    return copy;
}

static void keep_span(struct hub_span *span, struct hub_arena *arena)
{
    if (span->at != NULL) {
        *span = hub_arena_copy(arena, *span);
    }
}

static void keep_list(const struct hub_field *field, hub_list *list, struct hub_arena *arena)
{
    bool of_records = field->of == HUB_KIND_record;
    size_t size = of_records ? field->shape->size : hub_kind_size(field->of);
    const char *from = list->at;
    char *to = hub_arena_get(arena, size * list->count);
    for (uint32_t i = 0; of_records && i < list->count; i++) {
        copy_into(field->shape, from + i * size, to + i * size, arena);
    }
    if (!of_records && list->count > 0) {
        memcpy(to, from, size * list->count);
    }
    for (uint32_t i = 0; field->of == HUB_KIND_text && i < list->count; i++) {
        keep_span((struct hub_span *) (void *) to + i, arena);
    }
    *list = (hub_list){ .at = to, .count = list->count, .room = list->count };
}

/* Replace what a copied value points to by a copy of its own. */
static void keep_value(const struct hub_field *field, void *value, struct hub_arena *arena)
{
    switch (field->kind) {
    case HUB_KIND_text:
    case HUB_KIND_bytes:
    case HUB_KIND_json: keep_span(value, arena); break;
    case HUB_KIND_sealed:
        keep_span(&((hub_sealed *) value)->box, arena);
        keep_span(&((hub_sealed *) value)->clear, arena);
        break;
    case HUB_KIND_record: *(void **) value = copy_record(field->shape, *(void **) value, arena); break;
    case HUB_KIND_list: keep_list(field, value, arena); break;
    case HUB_KIND_union:
        ((hub_union *) value)->at = copy_record(((hub_union *) value)->shape, ((hub_union *) value)->at, arena);
        break;
    default: break; /* the value itself is all there is */
    }
}

/* Absent fields stay zero, whatever the original has there. */
static void copy_into(const struct hub_shape *shape, const void *record, void *ret_copy, struct hub_arena *arena)
{
    uint64_t has = hub_record_present(shape, record);
    memcpy(ret_copy, &has, sizeof has);
    for (; has != 0; has &= has - 1) {
        const struct hub_field *field = &shape->fields[__builtin_ctzll(has)];
        void *value = hub_record_field(ret_copy, field);
        memcpy(value, hub_record_field_const(record, field), hub_kind_size(field->kind));
        keep_value(field, value, arena);
    }
}

void *hub_record_copy(const struct hub_shape *shape, const void *record, struct hub_arena *arena)
{
    return copy_record(shape, record, arena);
}
