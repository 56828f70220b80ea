/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Free JSON: its canonical text, and the names that may stand in an object once only. */
#include <stdlib.h>

#include "base/error.h"
#include "base/json_canonical.h"
#include "base/json_reader.h"

enum { FEW_NAMES = 8 };

void hub_reader_add_name(struct reader *self, struct hub_span name)
{
    if (self->name_count == self->name_room) {
        struct hub_span *names = HUB_NEW_ARRAY(self->arena, struct hub_span, self->name_room * 2);
        memcpy(names, self->names, self->name_count * sizeof *names);
        self->names = names;
        self->name_room *= 2;
    }
    self->names[self->name_count++] = name;
}

static int compare_names(const void *a, const void *b)
{
    const struct hub_span *left = a;
    const struct hub_span *right = b;
    size_t common = left->len < right->len ? left->len : right->len;
    int order = common > 0 ? memcmp(left->at, right->at, common) : 0;
    return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

static const struct hub_span *duplicate_of_few(const struct hub_span *names, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (hub_span_is(names[i], names[j])) {
                return &names[i];
            }
        }
    }
    return NULL;
}

static const struct hub_span *duplicate_of_many(struct hub_span *names, size_t count)
{
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++) {
        if (hub_span_is(names[i - 1], names[i])) {
            return &names[i];
        }
    }
    return NULL;
}

bool hub_reader_names_are_unique(struct reader *self, struct frame *object)
{
    struct hub_span *names = self->names + object->names;
    size_t count = self->name_count - object->names;
    const struct hub_span *twice = count <= FEW_NAMES ? duplicate_of_few(names, count)
                                                      : duplicate_of_many(names, count);
    if (twice != NULL) {
        object->key = *twice;
        hub_reader_malformed(self, "appears twice");
        return false;
    }
    self->name_count = object->names;
    return true;
}

/* A comma between the items of an array; members have theirs before the name. */
static void separate(struct reader *self)
{
    const struct frame *outer = self->depth > self->free_depth ? &self->frames[self->depth - 1] : NULL;
    if (outer != NULL && outer->kind == FRAME_array && outer->index > 0) {
        hub_buf_put_byte(&self->canon, ',');
    }
}

void hub_reader_free_scalar(struct reader *self, struct hub_token token)
{
    if (!self->keep) {
        return;
    }
    separate(self);
    if (token.kind == HUB_TOKEN_text) {
        hub_json_write_text(token.text, &self->canon);
    } else {
        hub_buf_put(&self->canon, token.text.at, token.text.len);
    }
}

void hub_reader_free_name(struct reader *self, struct hub_span name)
{
    if (!self->keep) {
        return;
    }
    if (self->frames[self->depth - 1].index > 0) {
        hub_buf_put_byte(&self->canon, ',');
    }
    hub_json_write_text(name, &self->canon);
    hub_buf_put_byte(&self->canon, ':');
}

void hub_reader_free_begin(struct reader *self, char bracket)
{
    if (self->keep) {
        separate(self);
        hub_buf_put_byte(&self->canon, (uint8_t) bracket);
    }
}

void hub_reader_free_end(struct reader *self, char bracket)
{
    if (self->keep) {
        hub_buf_put_byte(&self->canon, (uint8_t) bracket);
    }
}

int hub_json_canonical(struct hub_span text, struct hub_arena *arena, struct hub_span *ret_canonical,
                       struct hub_fault *ret_fault)
{
    struct reader reader;
    hub_reader_init(&reader, text, arena, NULL, NULL);
    reader.keep = true;
    hub_reader_run(&reader, &hub_reader_callbacks);
    if (reader.is_malformed) {
        *ret_fault = reader.fault;
    } else {
        *ret_canonical = hub_arena_copy(arena, hub_buf_span(&reader.canon));
    }
    hub_buf_done(&reader.canon);
    return reader.is_malformed ? HUB_ERROR_malformed_json : 0;
}
