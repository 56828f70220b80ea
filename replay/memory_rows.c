/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rows in memory: a hash table that is put in order when somebody walks through it. */
#include "replay/rows.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "replay/row_map.h"

struct row {
    struct hub_row_slot slot;
    struct hub_span value; /* in bytes, or in memory of its own once it outgrew that */
    size_t room;           /* for the value in bytes */
    char *larger;          /* owned; NULL while the value is in bytes */
    char bytes[];          /* the key, then the value */
};

struct store {
    struct hub_rows rows;
    struct hub_row_map map;
    struct row **ordered; /* owned; by key, valid while is_ordered */
    size_t ordered_room;
    bool is_ordered;
};

static void row_destroy(struct row *row)
{
    free(row->larger);
    free(row);
}

static int get(void *self, struct hub_span key, struct hub_buf *ret_value)
{
    struct store *store = self;
    const struct row *row = (const struct row *) hub_row_map_find(&store->map, key);
    hub_buf_clear(ret_value);
    if (row == NULL) {
        return HUB_ERROR_not_found;
    }
    hub_buf_put(ret_value, row->value.at, row->value.len);
    return 0;
}

static struct row *row_new(struct store *store, struct hub_span key, size_t room)
{
    struct row *row = hub_memory_new(sizeof *row + key.len + room);
    memcpy(row->bytes, key.at, key.len);
    row->slot.key = hub_span_of(row->bytes, key.len);
    row->room = room;
    row->larger = NULL;
    hub_row_map_add(&store->map, &row->slot);
    store->is_ordered = false;
    return row;
}

static void put(void *self, struct hub_span key, struct hub_span value)
{
    struct store *store = self;
    struct row *row = (struct row *) hub_row_map_find(&store->map, key);
    if (row == NULL) {
        row = row_new(store, key, value.len);
    }
    char *at = row->bytes + row->slot.key.len;
    if (value.len > row->room) {
        row->larger = hub_memory_resize(row->larger, value.len);
        at = row->larger;
    }
    if (value.len > 0) {
        memcpy(at, value.at, value.len);
    }
    row->value = hub_span_of(at, value.len);
}

static void drop(void *self, struct hub_span key)
{
    struct store *store = self;
    struct hub_row_slot *slot = hub_row_map_find(&store->map, key);
    if (slot != NULL) {
        hub_row_map_remove(&store->map, slot);
        row_destroy((struct row *) slot);
        store->is_ordered = false;
    }
}

static int compare_keys(struct hub_span a, struct hub_span b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_rows(const void *a, const void *b)
{
    return compare_keys((*(struct row *const *) a)->slot.key, (*(struct row *const *) b)->slot.key);
}

static void put_in_order(struct store *store)
{
    if (store->is_ordered) {
        return;
    }
    if (store->map.count > store->ordered_room) {
        store->ordered_room = store->map.count + store->map.count / 2;
        free(store->ordered);
        store->ordered = hub_memory_new(store->ordered_room * sizeof(struct row *));
    }
    size_t count = 0;
    size_t at = 0;
    for (struct hub_row_slot *slot; (slot = hub_row_map_walk(&store->map, &at)) != NULL;) {
        store->ordered[count++] = (struct row *) slot;
    }
    if (count > 0) {
        qsort(store->ordered, count, sizeof(struct row *), compare_rows);
    }
    store->is_ordered = true;
}

static size_t first_from(const struct store *store, struct hub_span from)
{
    size_t first = 0;
    size_t end = store->map.count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (compare_keys(store->ordered[middle]->slot.key, from) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

static int scan(void *self, struct hub_span prefix, struct hub_span from,
                bool (*visit)(void *arg, struct hub_span key, struct hub_span value), void *arg)
{
    struct store *store = self;
    put_in_order(store);
    size_t count = store->map.count; /* rows that come while it runs are not seen */
    for (size_t i = first_from(store, from.len > 0 ? from : prefix); i < count; i++) {
        const struct row *row = store->ordered[i];
        struct hub_span key = row->slot.key;
        if (key.len < prefix.len || memcmp(key.at, prefix.at, prefix.len) != 0 || !visit(arg, key, row->value)) {
            break;
        }
    }
    return 0;
}

struct hub_rows *hub_rows_memory_new(void)
{
    struct store *store = hub_memory_new(sizeof *store);
    *store = (struct store){ .rows = { get, put, drop, scan, store } };
    hub_row_map_init(&store->map);
    return &store->rows;
}

void hub_rows_memory_destroy(struct hub_rows **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    struct store *store = (*self_p)->self;
    *self_p = NULL;
    size_t at = 0;
    for (struct hub_row_slot *slot; (slot = hub_row_map_walk(&store->map, &at)) != NULL;) {
        row_destroy((struct row *) slot);
    }
    hub_row_map_done(&store->map);
    free(store->ordered);
    free(store);
}
