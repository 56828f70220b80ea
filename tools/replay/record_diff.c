/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Two records side by side. A value's text is that of a record which has it alone, without its name. */
#include "tools/replay/record_diff.h"

#include <stdio.h>

#include "base/json.h"

struct comparing {
    const struct hub_difference_sink *sink;
    struct hub_arena *arena; /* the sink's */
    struct hub_buf path, text;
};

static void compare_records(struct comparing *self, const struct hub_shape *shape, const void *before,
                            const void *after);

/* --- Texts --- */

/* A field's value as JSON; empty when it is absent. */
static struct hub_span text_of(struct comparing *self, const struct hub_shape *shape, const void *record,
                               unsigned index)
{
    enum { QUOTES_AND_COLON = 3 };
    if (!record || !hub_record_has(record, index))
        return (struct hub_span){ 0 };
    void *alone = hub_arena_get(self->arena, shape->size);
    uint64_t has = UINT64_C(1) << index;
    memcpy(alone, record, shape->size);
    memcpy(alone, &has, sizeof has);
    hub_buf_clear(&self->text);
    hub_json_write(shape, alone, HUB_DIALECT_snake, &self->text);
    size_t before = 1 + strlen(shape->fields[index].name) + QUOTES_AND_COLON;
    return hub_arena_copy(self->arena, hub_span_of(self->text.at + before, self->text.len - before - 1));
}

/* An item of a list of records. */
static struct hub_span text_of_item(struct comparing *self, const struct hub_shape *shape, const void *item)
{
    if (!item)
        return (struct hub_span){ 0 };
    hub_buf_clear(&self->text);
    hub_json_write(shape, item, HUB_DIALECT_snake, &self->text);
    return hub_arena_copy(self->arena, hub_buf_span(&self->text));
}

static void show(struct comparing *self, struct hub_span before, struct hub_span after)
{
    const struct hub_difference difference = { .path = hub_arena_copy(self->arena, hub_buf_span(&self->path)),
                                               .before = before,
                                               .after = after };
    self->sink->visit(self->sink->arg, &difference);
}

/* --- Comparing --- */

static const void *item_at(const hub_list *list, const struct hub_shape *shape, uint32_t i)
{
    return list && i < list->count ? (const char *) list->at + (size_t) i * shape->size : NULL;
}

static void compare_lists(struct comparing *self, const struct hub_shape *shape, const hub_list *before,
                          const hub_list *after)
{
    uint32_t count = before->count > after->count ? before->count : after->count;
    size_t len = self->path.len;
    for (uint32_t i = 0; i < count; i++) {
        const void *left = item_at(before, shape, i), *right = item_at(after, shape, i);
        hub_buf_put_byte(&self->path, '/');
        hub_buf_put_u64(&self->path, i);
        if (left && right)
            compare_records(self, shape, left, right);
        else
            show(self, text_of_item(self, shape, left), text_of_item(self, shape, right));
        self->path.len = len;
    }
}

/* Whether a sealed value was sealed anew, which its text does not show when there is no key. */
static bool is_resealed(const struct hub_field *field, const void *before, const void *after, struct hub_span text)
{
    const hub_sealed *left = hub_record_field_const(before, field), *right = hub_record_field_const(after, field);
    bool is_closed = text.len > 2 && text.at[1] == '[' && text.at[text.len - 2] == ']';
    return is_closed && !hub_span_is(left->box, right->box);
}

static void compare_fields(struct comparing *self, const struct hub_shape *shape, const void *before, const void *after,
                           unsigned i)
{
    const struct hub_field *field = &shape->fields[i];
    bool is_in_both = before && after && hub_record_has(before, i) && hub_record_has(after, i);
    if (is_in_both && field->kind == HUB_KIND_record) {
        compare_records(self, field->shape, *(const void *const *) hub_record_field_const(before, field),
                        *(const void *const *) hub_record_field_const(after, field));
        return;
    }
    if (is_in_both && field->kind == HUB_KIND_list && field->shape) {
        compare_lists(self, field->shape, hub_record_field_const(before, field), hub_record_field_const(after, field));
        return;
    }
    struct hub_span left = text_of(self, shape, before, i), right = text_of(self, shape, after, i);
    if (!hub_span_is(left, right) ||
        (is_in_both && field->kind == HUB_KIND_sealed && is_resealed(field, before, after, left)))
        show(self, left, right);
}

static void compare_records(struct comparing *self, const struct hub_shape *shape, const void *before,
                            const void *after)
{
    size_t len = self->path.len;
    for (unsigned i = 0; i < shape->count; i++) {
        if (!(before && hub_record_has(before, i)) && !(after && hub_record_has(after, i)))
            continue;
        hub_buf_put_byte(&self->path, '/');
        hub_buf_put_text(&self->path, shape->fields[i].name);
        compare_fields(self, shape, before, after, i);
        self->path.len = len;
    }
}

void hub_record_diff(const struct hub_shape *shape, const void *before, const void *after,
                     const struct hub_difference_sink *sink)
{
    struct comparing self = { .sink = sink, .arena = sink->arena };
    hub_buf_init(&self.path);
    hub_buf_init(&self.text);
    compare_records(&self, shape, before, after);
    hub_buf_done(&self.path);
    hub_buf_done(&self.text);
}

/* --- Paths --- */

bool hub_path_touches(struct hub_span a, struct hub_span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    const struct hub_span *longer = a.len < b.len ? &b : &a;
    return memcmp(a.at, b.at, len) == 0 && (longer->len == len || longer->at[len] == '/');
}

static const struct hub_field *field_named(const struct hub_shape *shape, struct hub_span name)
{
    for (unsigned i = 0; i < shape->count; i++)
        if (hub_span_is(hub_span(shape->fields[i].name), name))
            return &shape->fields[i];
    return NULL;
}

/* One step on the way: into `*at`, which is a record's shape, or a list's field. Returns false when it is not there. */
static bool take_step(const struct hub_shape **shape, const struct hub_field **list, struct hub_span step)
{
    if (*list) {
        bool is_number = step.len > 0 && strspn(step.at, "0123456789") >= step.len;
        *shape = (*list)->shape;
        *list = NULL;
        return is_number;
    }
    const struct hub_field *field = field_named(*shape, step);
    if (!field)
        return false;
    *list = field->kind == HUB_KIND_list && field->shape ? field : NULL;
    *shape = field->kind == HUB_KIND_record ? field->shape : NULL; /* inside of anything else nothing is looked up */
    return true;
}

bool hub_path_find(const struct hub_shape *shape, const char *text, struct hub_arena *arena,
                   struct hub_path_found *ret_found)
{
    size_t len = strlen(text);
    bool is_pointer = *text == '/';
    char *path = hub_arena_get(arena, len + 2);
    snprintf(path, len + 2, "%s%s", is_pointer ? "" : "/", text);
    for (char *at = path; !is_pointer && *at; at++)
        *at = *at == '.' ? '/' : *at;
    *ret_found = (struct hub_path_found){ .path = hub_span(path) };
    const struct hub_field *list = NULL;
    for (const char *at = path; *at;) {
        size_t step_len = strcspn(at + 1, "/");
        ret_found->near = list ? NULL : shape;
        ret_found->wrong = hub_span_of(at + 1, step_len);
        if ((shape || list) && !take_step(&shape, &list, ret_found->wrong))
            return false;
        at += 1 + step_len;
    }
    return true;
}
