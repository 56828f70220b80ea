/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A table with open addressing; taking goes through it from its end. */
#include "tools/export/export_latest.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

enum { SLOTS = 1 << 16, ROOM = SLOTS / 2 };

struct slot {
    uint32_t statement; /* plus 1; 0: free */
    uint8_t lens[HUB_LATEST_CELLS];
    char texts[HUB_LATEST_CELLS][HUB_LATEST_TEXT];
};

struct hub_export_latest {
    size_t count;
    size_t left; /* slots that may be taken: those behind are free */
    struct slot slots[SLOTS];
};

struct hub_export_latest *hub_export_latest_new(void)
{
    struct hub_export_latest *self = hub_memory_zero(sizeof *self);
    self->left = SLOTS;
    return self;
}

void hub_export_latest_destroy(struct hub_export_latest **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

static struct slot *find(struct hub_export_latest *self, uint32_t statement, const struct hub_export_cell *key)
{
    uint64_t hash = statement;
    for (uint32_t i = 0; i < key->len; i++)
        hash = (hash ^ (uint8_t) key->at[i]) * UINT64_C(1099511628211);
    for (size_t at = hash ^ hash >> 32;; at++) {
        struct slot *slot = &self->slots[at % SLOTS];
        if (slot->statement == 0 || (slot->statement == statement && slot->lens[HUB_LATEST_CELLS - 1] == key->len &&
                                     memcmp(slot->texts[HUB_LATEST_CELLS - 1], key->at, key->len) == 0))
            return slot;
    }
}

bool hub_export_latest_keep(struct hub_export_latest *self, size_t statement, const struct hub_export_cell *cells)
{
    struct slot *slot = find(self, (uint32_t) statement + 1, &cells[HUB_LATEST_CELLS - 1]);
    if (slot->statement == 0 && self->count == ROOM)
        return false;
    self->count += slot->statement == 0;
    self->left = SLOTS;
    slot->statement = (uint32_t) statement + 1;
    for (int i = 0; i < HUB_LATEST_CELLS; i++) {
        assert(cells[i].kind == HUB_CELL_text && cells[i].len <= HUB_LATEST_TEXT);
        slot->lens[i] = (uint8_t) cells[i].len;
        memcpy(slot->texts[i], cells[i].at, cells[i].len);
    }
    return true;
}

bool hub_export_latest_take(struct hub_export_latest *self, size_t *ret_statement,
                            struct hub_export_cell ret_cells[HUB_LATEST_CELLS])
{
    if (self->count == 0)
        return false;
    struct slot *slot;
    do
        slot = &self->slots[--self->left];
    while (slot->statement == 0);
    *ret_statement = slot->statement - 1;
    for (int i = 0; i < HUB_LATEST_CELLS; i++)
        ret_cells[i] = (struct hub_export_cell){ .kind = HUB_CELL_text, .len = slot->lens[i], .at = slot->texts[i] };
    slot->statement = 0;
    self->count--;
    return true;
}
