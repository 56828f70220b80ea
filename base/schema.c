/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Looking things up in the record schema, and the bounds of each kind. */
#include "base/schema.h"

#include <assert.h>

/* Where the id is if the shapes stand in the order of their ids, as they do when every .def file keeps them so. */
static const struct hub_shape *find_ordered(const struct hub_registry *registry, uint16_t id)
{
    size_t first = 0;
    size_t end = registry->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        const struct hub_shape *shape = registry->shapes[middle];
        if (shape->id == id) {
            return shape;
        }
        if (shape->id < id) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return NULL;
}

const struct hub_shape *hub_registry_find(const struct hub_registry *registry, uint16_t id)
{
    const struct hub_shape *shape = find_ordered(registry, id);
    for (size_t i = 0; shape == NULL && i < registry->count; i++) {
        if (registry->shapes[i]->id == id) {
            shape = registry->shapes[i];
        }
    }
    return shape;
}

const struct hub_word *hub_vocab_by_code(const struct hub_vocab *vocab, uint16_t code)
{
    /* Codes mostly count up from 1. */
    if (code > 0 && code <= vocab->count && vocab->words[code - 1].code == code) {
        return &vocab->words[code - 1];
    }
    for (size_t i = 0; i < vocab->count; i++) {
        if (vocab->words[i].code == code) {
            return &vocab->words[i];
        }
    }
    return NULL;
}

const struct hub_word *hub_vocab_by_name(const struct hub_vocab *vocab, struct hub_span name)
{
    for (size_t i = 0; i < vocab->count; i++) {
        if (hub_span_is(hub_span(vocab->words[i].name), name)) {
            return &vocab->words[i];
        }
    }
    return NULL;
}

const char *hub_vocab_name(const struct hub_vocab *vocab, uint16_t code)
{
    const struct hub_word *word = hub_vocab_by_code(vocab, code);
    return word == NULL ? "?" : word->name;
}

/* What a kind is in C, and what bounds it when its field says nothing. */
static const struct {
    size_t size;
    int64_t min, max;
} kinds[] = {
    [HUB_KIND_bool] = { sizeof(hub_bool), 0, 1 },
    [HUB_KIND_i64] = { sizeof(hub_i64), INT64_MIN, INT64_MAX },
    [HUB_KIND_u32] = { sizeof(hub_u32), 0, UINT32_MAX },
    [HUB_KIND_u64] = { sizeof(hub_u64), 0, INT64_MAX },
    [HUB_KIND_decimal] = { sizeof(hub_decimal), INT64_MIN, INT64_MAX },
    [HUB_KIND_text] = { sizeof(hub_text), 0, 4096 },
    [HUB_KIND_bytes] = { sizeof(hub_bytes), 0, 64 << 10 },
    [HUB_KIND_enum] = { sizeof(hub_enum), 0, UINT16_MAX },
    [HUB_KIND_set] = { sizeof(hub_set), 0, INT64_MAX },
    [HUB_KIND_time] = { sizeof(hub_time), INT64_MIN, INT64_MAX },
    [HUB_KIND_id] = { sizeof(hub_id), 16, 16 },
    [HUB_KIND_json] = { sizeof(hub_json), 0, 16 << 10 },
    [HUB_KIND_sealed] = { sizeof(hub_sealed), 0, 4096 },
    [HUB_KIND_record] = { sizeof(void *), 0, 0 },
    [HUB_KIND_list] = { sizeof(hub_list), 0, 1000 },
    [HUB_KIND_union] = { sizeof(hub_union), 0, 0 },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

size_t hub_kind_size(unsigned kind)
{
    assert(kind > 0 && kind < KINDS);
    return kinds[kind].size;
}

/* A sealed value is bounded like what it holds. */
static unsigned bounding_kind(const struct hub_field *field)
{
    unsigned kind = field->kind == HUB_KIND_sealed && field->of > 0 ? field->of : field->kind;
    assert(kind > 0 && kind < KINDS);
    return kind;
}

int64_t hub_field_max(const struct hub_field *field)
{
    bool says_nothing = field->max == 0 && field->min >= 0;
    return says_nothing ? kinds[bounding_kind(field)].max : field->max;
}

int64_t hub_field_min(const struct hub_field *field)
{
    bool says_nothing = field->min == 0 && field->max == 0;
    return says_nothing ? kinds[bounding_kind(field)].min : field->min;
}
