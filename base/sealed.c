/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Sealed values: making boxes, opening them, and going through a record for all of them. */
#include "base/sealed.h"

enum { BOX_VERSION = 1, SUBJECT_AT = 1, NONCE_AT = SUBJECT_AT + 16, CIPHER_AT = NONCE_AT + HUB_NONCE };

_Static_assert(CIPHER_AT + HUB_TAG == HUB_BOX_OVERHEAD, "a box is a head, a ciphertext and a tag");

/* What the tag vouches for besides the ciphertext. */
struct bound_to {
    struct hub_ulid company;
    struct hub_ulid subject;
};

_Static_assert(sizeof(struct bound_to) == 32, "company and subject lie side by side");

/* What is done to every sealed value that is present, `of` being text or json. */
struct visitor {
    void (*visit)(const struct visitor *self, const struct hub_field *field, hub_sealed *value);
    struct bound_to to;
    const struct hub_key *key;         /* to seal */
    const struct hub_world *world;     /* to seal */
    const struct hub_key_source *keys; /* to open */
    struct hub_arena *arena;
    size_t *count; /* to look */
};

static void go_through(const struct visitor *visitor, const struct hub_shape *shape, void *record);

static void go_through_field(const struct visitor *visitor, const struct hub_field *field, void *value)
{
    if (field->kind == HUB_KIND_sealed) {
        visitor->visit(visitor, field, value);
    } else if (field->kind == HUB_KIND_record) {
        go_through(visitor, field->shape, *(void **) value);
    } else if (field->kind == HUB_KIND_union) {
        go_through(visitor, ((hub_union *) value)->shape, ((hub_union *) value)->at);
    } else if (field->kind == HUB_KIND_list && field->of == HUB_KIND_record) {
        const hub_list *list = value;
        for (uint32_t i = 0; i < list->count; i++) {
            go_through(visitor, field->shape, (char *) list->at + (size_t) i * field->shape->size);
        }
    }
}

static void go_through(const struct visitor *visitor, const struct hub_shape *shape, void *record)
{
    for (uint64_t has = hub_record_present(shape, record); has != 0; has &= has - 1) {
        const struct hub_field *field = &shape->fields[__builtin_ctzll(has)];
        go_through_field(visitor, field, hub_record_field(record, field));
    }
}

static bool is_boxed(const hub_sealed *value)
{
    return value->box.len > 0 && value->clear.at == NULL;
}

static void seal_value(const struct visitor *self, const struct hub_field *field, hub_sealed *value)
{
    (void) field;
    if (is_boxed(value)) {
        return; /* carried from elsewhere, unopened */
    }
    size_t len = HUB_BOX_OVERHEAD + value->clear.len;
    uint8_t *box = hub_arena_get(self->arena, len);
    box[0] = BOX_VERSION;
    memcpy(box + SUBJECT_AT, self->to.subject.b, sizeof self->to.subject.b);
    self->world->random(self->world->self, box + NONCE_AT, HUB_NONCE);
    hub_seal(self->key, box + NONCE_AT, hub_span_of(&self->to, sizeof self->to), value->clear, box + CIPHER_AT);
    *value = (hub_sealed){ .box = hub_span_of(box, len) };
}

void hub_record_seal(const struct hub_shape *shape, void *record, const struct hub_sealing *with)
{
    const struct visitor visitor = { .visit = seal_value,
                                     .to = { with->company, with->subject },
                                     .key = with->key,
                                     .world = with->world,
                                     .arena = with->arena };
    go_through(&visitor, shape, record);
}

static void count_open(const struct visitor *self, const struct hub_field *field, hub_sealed *value)
{
    (void) field;
    *self->count += !is_boxed(value);
}

static void count_box(const struct visitor *self, const struct hub_field *field, hub_sealed *value)
{
    (void) field;
    *self->count += value->box.len > 0;
}

static size_t count(const struct hub_shape *shape, void *record,
                    void (*visit)(const struct visitor *, const struct hub_field *, hub_sealed *))
{
    size_t found = 0;
    const struct visitor visitor = { .visit = visit, .count = &found };
    go_through(&visitor, shape, record);
    return found;
}

bool hub_record_is_open(const struct hub_shape *shape, void *record)
{
    return count(shape, record, count_open) > 0;
}

size_t hub_record_boxes(const struct hub_shape *shape, void *record)
{
    return count(shape, record, count_box);
}

bool hub_box_open(struct hub_span box, struct hub_ulid company, const struct hub_key_source *keys,
                  struct hub_arena *arena, struct hub_span *ret_clear)
{
    if (box.len < HUB_BOX_OVERHEAD || box.at[0] != BOX_VERSION) {
        return false;
    }
    struct bound_to to = { .company = company };
    memcpy(to.subject.b, box.at + SUBJECT_AT, sizeof to.subject.b);
    struct hub_key key;
    if (!keys->find(keys->self, company, to.subject, &key)) {
        return false;
    }
    struct hub_span inner = hub_span_of(box.at + CIPHER_AT, box.len - CIPHER_AT);
    char *clear = hub_arena_get(arena, inner.len - HUB_TAG);
    bool fine = hub_unseal(&key, (const uint8_t *) box.at + NONCE_AT, hub_span_of(&to, sizeof to), inner, clear);
    explicit_bzero(&key, sizeof key);
    if (fine) {
        *ret_clear = hub_span_of(clear, inner.len - HUB_TAG);
    }
    return fine;
}

static void open_value(const struct visitor *self, const struct hub_field *field, hub_sealed *value)
{
    struct hub_opened *opened = field->refers != 0 ? self->keys->opened : NULL;
    struct hub_span clear;
    if (value->box.len == 0) {
        return;
    }
    if (opened != NULL && hub_opened_find(opened, self->to.company, value->box, &clear)) {
        value->clear = hub_arena_copy(self->arena, clear);
        return;
    }
    bool fine = hub_box_open(value->box, self->to.company, self->keys, self->arena, &value->clear);
    if (fine && opened != NULL) {
        hub_opened_keep(opened, self->to.company, value->box, value->clear);
    }
}

void hub_record_open(const struct hub_shape *shape, void *record, struct hub_ulid company,
                     const struct hub_key_source *keys, struct hub_arena *arena)
{
    const struct visitor visitor = { .visit = open_value, .to = { .company = company }, .keys = keys, .arena = arena };
    go_through(&visitor, shape, record);
}
