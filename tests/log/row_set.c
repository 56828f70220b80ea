/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* All rows of a small log in memory. */
#include "tests/log/row_set.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/memory.h"

enum { WORDS = 256, REFUSED = 3, FIRST_ROOM = 1024 };

static void give_up(const char *what, const char *words)
{
    fprintf(stderr, "%s: %s\n", what, words);
    exit(REFUSED);
}

void row_set_open(struct row_set *self, const char *dir)
{
    char path[1024], words[WORDS] = "";
    snprintf(path, sizeof path, "%s/log", dir);
    const struct hub_rocks_options options = {
        .dir = path, .profile = HUB_ROCKS_TRUTH, .families = hub_log_families, .no_sync = true
    };
    *self = (struct row_set){ .arena = hub_arena_new(0), .room = FIRST_ROOM };
    self->rows = hub_memory_new(self->room * sizeof *self->rows);
    if (hub_rocks_open(&options, &self->db, words, sizeof words) < 0) {
        give_up("cannot open", words);
    }
    self->batch = hub_rocks_batch_new(self->db);
}

static void add(struct row_set *self, const struct row *row)
{
    if (self->count == self->room) {
        self->room *= 2;
        self->rows = hub_memory_resize(self->rows, self->room * sizeof *self->rows);
    }
    self->rows[self->count++] = *row;
}

void row_set_read(struct row_set *self)
{
    char words[WORDS];
    for (unsigned family = 0; family < HUB_FAMILY_COUNT; family++) {
        struct hub_rocks_iter *iter = hub_rocks_iter_new(self->db, family, NULL, hub_span(NULL), hub_span(NULL));
        self->first[family] = self->count;
        for (hub_rocks_iter_first(iter); hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
            add(self, &(struct row){ .family = (enum hub_family) family,
                                     .key = hub_arena_copy(self->arena, hub_rocks_iter_key(iter)),
                                     .value = hub_arena_copy(self->arena, hub_rocks_iter_value(iter)) });
        }
        if (hub_rocks_iter_error(iter, words, sizeof words) < 0) {
            give_up("cannot read", words);
        }
        hub_rocks_iter_destroy(&iter);
    }
    self->first[HUB_FAMILY_COUNT] = self->count;
}

size_t row_set_count(const struct row_set *self, enum hub_family family)
{
    return self->first[family + 1] - self->first[family];
}

struct row *row_set_at(const struct row_set *self, enum hub_family family, size_t index)
{
    return &self->rows[self->first[family] + index];
}

struct row *row_set_find(const struct row_set *self, enum hub_family family, struct hub_span key)
{
    for (size_t i = self->first[family]; i < self->first[family + 1]; i++) {
        if (hub_span_is(self->rows[i].key, key)) {
            return &self->rows[i];
        }
    }
    return NULL;
}

void row_set_put(struct row_set *self, enum hub_family family, struct hub_span key, struct hub_span value)
{
    hub_rocks_put(self->batch, family, key, value);
}

void row_set_delete(struct row_set *self, enum hub_family family, struct hub_span key)
{
    hub_rocks_delete(self->batch, family, key);
}

void row_set_close(struct row_set *self)
{
    char words[WORDS];
    if (hub_rocks_write(self->db, self->batch, words, sizeof words) < 0) {
        give_up("cannot write", words);
    }
    hub_rocks_batch_destroy(&self->batch);
    hub_rocks_close(&self->db);
    hub_arena_destroy(&self->arena);
    free(self->rows);
}
