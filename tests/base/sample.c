/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of sample.def, and values for the fields of any record. */
#include "tests/base/sample.h"

#include <assert.h>

#include "base/sealed.h"

static const struct hub_shape *const figure_cases[] = { &circle_shape, &polygon_shape, NULL };

#include "base/def/shapes.h"
#include "tests/base/sample.def"
#include "base/def/heads.h"
#include "tests/base/sample.def"
#include "base/def/none.h"

static const struct hub_shape *const sample_shapes[] = {
#include "base/def/list.h"
#include "tests/base/sample.def"
#include "base/def/none.h"
};

const struct hub_registry sample_registry = { sample_shapes, sizeof sample_shapes / sizeof sample_shapes[0] };

enum { DEPTH_MAX = 3, ITEMS_MAX = 5 };

struct filler {
    enum fill fill;
    uint64_t seed;
    struct hub_arena *arena;
};

static void fill_record(struct filler *self, const struct hub_shape *shape, void *record, unsigned depth);

static uint64_t draw(struct filler *self)
{
    self->seed = self->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return self->seed >> 33 | self->seed << 31;
}

/* A number between two bounds. */
static int64_t pick(struct filler *self, int64_t min, int64_t max)
{
    if (self->fill != FILL_MIXED) {
        return self->fill == FILL_LEAST ? min : max;
    }
    uint64_t range = (uint64_t) max - (uint64_t) min;
    uint64_t drawn = draw(self) >> (draw(self) % 64);
    return (int64_t) ((uint64_t) min + (range == UINT64_MAX ? drawn : drawn % (range + 1)));
}

/* Characters of one to four bytes. */
static struct hub_span make_text(struct filler *self, const struct hub_field *field)
{
    static const char *const characters[] = { "a", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80" };
    int64_t count = pick(self, hub_field_min(field), hub_field_max(field) < 300 ? hub_field_max(field) : 300);
    char *at = hub_arena_get(self->arena, (size_t) count * 4);
    size_t len = 0;
    for (int64_t i = 0; i < count; i++) {
        struct hub_span character = hub_span(characters[self->fill == FILL_LEAST ? 0 : draw(self) % 4]);
        memcpy(at + len, character.at, character.len);
        len += character.len;
    }
    return hub_span_of(at, len);
}

static struct hub_span make_bytes(struct filler *self, size_t len)
{
    char *at = hub_arena_get(self->arena, len);
    for (size_t i = 0; i < len; i++) {
        at[i] = (char) draw(self);
    }
    return hub_span_of(at, len);
}

static uint16_t make_word(struct filler *self, const struct hub_field *field)
{
    int64_t last = field->vocab->count - 1;
    return field->vocab->words[pick(self, 0, last)].code;
}

static uint64_t make_set(struct filler *self, const struct hub_field *field)
{
    uint64_t set = 0;
    for (unsigned i = 0; i < field->vocab->count; i++) {
        set |= (uint64_t) pick(self, 0, 1) << field->vocab->words[i].code;
    }
    return set;
}

static void fill_scalar(struct filler *self, const struct hub_field *field, unsigned kind, void *value)
{
    /* A list's bounds are of its number of items. */
    const struct hub_field bare = { .kind = (uint8_t) kind, .vocab = field->vocab };
    const struct hub_field *of = field->kind == HUB_KIND_list ? &bare : field;
    int64_t min = hub_field_min(of);
    int64_t max = hub_field_max(of);
    switch (kind) {
    case HUB_KIND_bool: *(hub_bool *) value = pick(self, 0, 1); break;
    case HUB_KIND_u32: *(hub_u32 *) value = (hub_u32) pick(self, min, max); break;
    case HUB_KIND_i64:
    case HUB_KIND_decimal:
    case HUB_KIND_time:
    case HUB_KIND_u64: *(int64_t *) value = pick(self, min, max); break;
    case HUB_KIND_set: *(hub_set *) value = make_set(self, field); break;
    case HUB_KIND_enum: *(hub_enum *) value = make_word(self, field); break;
    case HUB_KIND_text: *(hub_text *) value = make_text(self, of); break;
    case HUB_KIND_bytes:
        *(hub_bytes *) value = make_bytes(self, (size_t) pick(self, min, max < 400 ? max : 400));
        break;
    case HUB_KIND_id: memcpy(value, make_bytes(self, 16).at, 16); break;
    case HUB_KIND_json: *(hub_json *) value = HUB_SPAN("{\"a\":[1,2.50,null],\"b\":\"\xC3\xBC\"}"); break;
    case HUB_KIND_sealed:
        ((hub_sealed *) value)->box = make_bytes(self, HUB_BOX_OVERHEAD + (size_t) pick(self, 0, 300));
        break;
    default: assert(!"no scalar");
    }
}

static void fill_list(struct filler *self, const struct hub_field *field, hub_list *list, unsigned depth)
{
    int64_t most = hub_field_max(field) < ITEMS_MAX ? hub_field_max(field) : ITEMS_MAX;
    most = hub_field_min(field) > most ? hub_field_min(field) : most;
    uint32_t count = (uint32_t) pick(self, hub_field_min(field), most);
    size_t size = field->of == HUB_KIND_record ? field->shape->size : hub_kind_size(field->of);
    char *at = hub_arena_get(self->arena, size * count);
    *list = (hub_list){ .at = at, .count = count, .room = count };
    for (uint32_t i = 0; i < count; i++) {
        if (field->of == HUB_KIND_record) {
            fill_record(self, field->shape, at + i * size, depth + 1);
        } else {
            fill_scalar(self, field, field->of, at + i * size);
        }
    }
}

static void fill_field(struct filler *self, const struct hub_field *field, void *value, unsigned depth)
{
    if (field->kind == HUB_KIND_record) {
        *(void **) value = hub_arena_get(self->arena, field->shape->size);
        fill_record(self, field->shape, *(void **) value, depth + 1);
    } else if (field->kind == HUB_KIND_list) {
        fill_list(self, field, value, depth);
    } else if (field->kind == HUB_KIND_union) {
        unsigned cases = 0;
        while (field->cases[cases] != NULL) {
            cases++;
        }
        hub_union *one = value;
        one->shape = field->cases[pick(self, 0, cases - 1)];
        one->at = hub_arena_get(self->arena, one->shape->size);
        fill_record(self, one->shape, one->at, depth + 1);
    } else {
        fill_scalar(self, field, field->kind, value);
    }
}

static void fill_record(struct filler *self, const struct hub_shape *shape, void *record, unsigned depth)
{
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        bool nests = field->kind >= HUB_KIND_record;
        bool wanted = pick(self, 0, 1) == 1 && (!nests || depth < DEPTH_MAX);
        if (field->required || wanted) {
            hub_record_mark(record, i);
            fill_field(self, field, hub_record_field(record, field), depth);
        }
    }
}

void sample_fill(const struct hub_shape *shape, void *record, enum fill fill, uint64_t seed, struct hub_arena *arena)
{
    struct filler filler = { .fill = fill, .seed = seed, .arena = arena };
    fill_record(&filler, shape, record, 1);
}

static bool scalar_is(unsigned kind, const void *a, const void *b)
{
    switch (kind) {
    case HUB_KIND_text:
    case HUB_KIND_bytes:
    case HUB_KIND_json: return hub_span_is(*(const struct hub_span *) a, *(const struct hub_span *) b);
    case HUB_KIND_sealed: return hub_span_is(((const hub_sealed *) a)->box, ((const hub_sealed *) b)->box);
    default: return memcmp(a, b, hub_kind_size(kind)) == 0;
    }
}

static bool list_is(const struct hub_field *field, const hub_list *a, const hub_list *b)
{
    bool of_records = field->of == HUB_KIND_record;
    size_t size = of_records ? field->shape->size : hub_kind_size(field->of);
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        const void *one = (const char *) a->at + i * size;
        const void *other = (const char *) b->at + i * size;
        if (of_records ? !sample_is(field->shape, one, other) : !scalar_is(field->of, one, other)) {
            return false;
        }
    }
    return a->count == b->count;
}

static bool value_is(const struct hub_field *field, const void *a, const void *b)
{
    if (field->kind == HUB_KIND_record) {
        return sample_is(field->shape, *(void *const *) a, *(void *const *) b);
    }
    if (field->kind == HUB_KIND_list) {
        return list_is(field, a, b);
    }
    if (field->kind == HUB_KIND_union) {
        const hub_union *one = a;
        const hub_union *other = b;
        return one->shape == other->shape && sample_is(one->shape, one->at, other->at);
    }
    return scalar_is(field->kind, a, b);
}

bool sample_is(const struct hub_shape *shape, const void *a, const void *b)
{
    if (hub_record_present(shape, a) != hub_record_present(shape, b)) {
        return false;
    }
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        if (hub_record_has(a, i) &&
            !value_is(field, hub_record_field_const(a, field), hub_record_field_const(b, field))) {
            return false;
        }
    }
    return true;
}
