/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rows of views in RocksDB.
 *
 * Everything is in one family, so that what is on disk without a WAL is still a state that once was: a memtable is flushed
 * whole, and the batches in it are whole. On disk a key is: number (2), slot (2), the rest. Marks have number 0. */
#include "replay/store.h"

#include "base/error.h"
#include "base/pack.h"
#include "replay/view.h"

enum { DISK_KEY = HUB_ROW_KEY + 2, PARKED_MASK = HUB_VIEW_PARKED - 1 };

struct disk_key {
    size_t len;
    uint8_t b[DISK_KEY];
};

static void put_be16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t) (value >> 8);
    at[1] = (uint8_t) value;
}

static struct hub_span span_of(const struct disk_key *key)
{
    return hub_span_of(key->b, key->len);
}

static uint16_t number_of(struct hub_span key)
{
    return (uint16_t) ((uint8_t) key.at[0] << 8 | (uint8_t) key.at[1]);
}

static struct disk_key start_of(uint16_t number, uint16_t slot)
{
    struct disk_key key = { .len = 4 };
    put_be16(key.b, number);
    put_be16(key.b + 2, slot);
    return key;
}

/* --- Marks --- */

static struct disk_key key_of_mark(uint16_t which)
{
    return start_of(0, which);
}

static int take_mark(const struct view_checkpoint *row, struct hub_view_mark *ret_mark)
{
    if (row->hash.len != HUB_DIGEST || row->log_id.len != sizeof ret_mark->log.log_id) {
        return -1;
    }
    *ret_mark = (struct hub_view_mark){ .sequence = row->sequence,
                                        .layout = row->version,
                                        .rebuild_to = row->rebuild_to };
    memcpy(ret_mark->hash.b, row->hash.at, HUB_DIGEST);
    memcpy(ret_mark->log.log_id, row->log_id.at, sizeof ret_mark->log.log_id);
    ret_mark->log.incarnation = row->incarnation;
    for (uint32_t i = 0; i < row->slots.count; i++) {
        const struct view_slot *slot = &row->slots.at[i];
        if (slot->number < HUB_VIEW_NUMBERS) {
            ret_mark->places[slot->number] = (struct hub_view_place){ .slot = (uint16_t) slot->slot,
                                                                      .version = (uint16_t) slot->version };
        }
    }
    return 0;
}

int hub_view_mark_read(struct hub_rocks *db, const struct hub_rocks_snapshot *snapshot, uint16_t which,
                       struct hub_view_mark *ret_mark)
{
    struct disk_key key = key_of_mark(which);
    struct hub_buf value;
    hub_buf_init(&value);
    int done = hub_rocks_get(db, 0, snapshot, span_of(&key), &value);
    if (done == 0) {
        struct hub_arena *arena = hub_arena_new(sizeof(struct view_slot) * HUB_VIEW_NUMBERS);
        struct view_checkpoint row;
        done = hub_unpack(&view_checkpoint_shape, hub_buf_span(&value), arena, &row, NULL) == 0
                   ? take_mark(&row, ret_mark)
                   : -1;
        hub_arena_destroy(&arena);
    }
    hub_buf_done(&value);
    return done;
}

void hub_view_mark_put(struct hub_rocks_batch *batch, uint16_t which, const struct hub_view_mark *mark)
{
    struct view_slot slots[HUB_VIEW_NUMBERS];
    uint32_t count = 0;
    for (uint32_t number = 0; number < HUB_VIEW_NUMBERS; number++) {
        if (mark->places[number].slot > 0) {
            struct view_slot *slot = &slots[count++];
            *slot = (struct view_slot){ 0 };
            HUB_SET(view_slot, slot, number, number);
            HUB_SET(view_slot, slot, slot, mark->places[number].slot);
            HUB_SET(view_slot, slot, version, mark->places[number].version);
        }
    }
    struct view_checkpoint row = { 0 };
    HUB_SET(view_checkpoint, &row, sequence, mark->sequence);
    HUB_SET(view_checkpoint, &row, hash, hub_span_of(mark->hash.b, HUB_DIGEST));
    HUB_SET(view_checkpoint, &row, version, mark->layout);
    HUB_SET(view_checkpoint, &row, log_id, hub_span_of(mark->log.log_id, sizeof mark->log.log_id));
    HUB_SET(view_checkpoint, &row, incarnation, mark->log.incarnation);
    if (mark->rebuild_to > 0) {
        HUB_SET(view_checkpoint, &row, rebuild_to, mark->rebuild_to);
    }
    row.slots.at = slots;
    row.slots.count = count;
    HUB_MARK(view_checkpoint, &row, slots);
    struct hub_buf value;
    hub_buf_init(&value);
    hub_pack(&view_checkpoint_shape, &row, &value);
    struct disk_key key = key_of_mark(which);
    hub_rocks_put(batch, 0, span_of(&key), hub_buf_span(&value));
    hub_buf_done(&value);
}

void hub_view_mark_drop(struct hub_rocks_batch *batch, uint16_t which)
{
    struct disk_key key = key_of_mark(which);
    hub_rocks_delete(batch, 0, span_of(&key));
}

void hub_view_slot_drop(struct hub_rocks_batch *batch, uint16_t number, uint16_t slot)
{
    for (unsigned parked = 0; parked < 2; parked++) {
        uint16_t whole = (uint16_t) (number | (parked ? HUB_VIEW_PARKED : 0));
        struct disk_key from = start_of(whole, slot);
        struct disk_key to = start_of(whole, (uint16_t) (slot + 1));
        hub_rocks_delete_range(batch, 0, span_of(&from), span_of(&to));
    }
}

/* --- Rows --- */

/* Returns false when the view has no place: then it has no rows. */
static bool disk_key_of(const struct hub_view_rows *self, struct hub_span key, struct disk_key *ret_key)
{
    uint16_t number = number_of(key);
    uint16_t slot = self->places[(number & PARKED_MASK) % HUB_VIEW_NUMBERS].slot;
    *ret_key = start_of(number, slot);
    memcpy(ret_key->b + 4, key.at + 2, key.len - 2);
    ret_key->len = key.len + 2;
    return slot > 0;
}

static int get(void *arg, struct hub_span key, struct hub_buf *ret_value)
{
    struct hub_view_rows *self = arg;
    struct disk_key disk;
    if (!disk_key_of(self, key, &disk)) {
        return HUB_ERROR_not_found;
    }
    return hub_rocks_get(self->db, 0, self->snapshot, span_of(&disk), ret_value);
}

static void put(void *arg, struct hub_span key, struct hub_span value)
{
    struct hub_view_rows *self = arg;
    struct disk_key disk;
    if (disk_key_of(self, key, &disk)) {
        hub_rocks_put(self->batch, 0, span_of(&disk), value);
    }
}

static void drop(void *arg, struct hub_span key)
{
    struct hub_view_rows *self = arg;
    struct disk_key disk;
    if (disk_key_of(self, key, &disk)) {
        hub_rocks_delete(self->batch, 0, span_of(&disk));
    }
}

/* The first key behind all keys with this start. */
static struct disk_key end_of(const struct disk_key *start)
{
    struct disk_key end = *start;
    while (end.len > 0 && ++end.b[end.len - 1] == 0) {
        end.len--;
    }
    return end;
}

static int scan(void *arg, struct hub_span prefix, struct hub_span from,
                bool (*visit)(void *arg, struct hub_span key, struct hub_span value), void *visit_arg)
{
    struct hub_view_rows *self = arg;
    struct disk_key first;
    struct disk_key start;
    if (!disk_key_of(self, prefix, &start)) {
        return 0;
    }
    (void) disk_key_of(self, from.len > 0 ? from : prefix, &first);
    struct disk_key end = end_of(&start);
    struct hub_rocks_iter *iter = self->is_passing
                                      ? hub_rocks_iter_new_passing(self->db, 0, span_of(&first), span_of(&end))
                                      : hub_rocks_iter_new(self->db, 0, self->snapshot, span_of(&first), span_of(&end));
    bool goes_on = true;
    for (hub_rocks_iter_first(iter); goes_on && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_span disk = hub_rocks_iter_key(iter);
        uint8_t key[DISK_KEY];
        memcpy(key, disk.at, 2);
        memcpy(key + 2, disk.at + 4, disk.len - 4);
        goes_on = visit(visit_arg, hub_span_of(key, disk.len - 2), hub_rocks_iter_value(iter));
    }
    int done = hub_rocks_iter_error(iter, NULL, 0);
    hub_rocks_iter_destroy(&iter);
    return done;
}

struct hub_rows hub_view_rows(struct hub_view_rows *self)
{
    return (struct hub_rows){
        .get = get,
        .put = self->batch == NULL ? NULL : put,
        .drop = self->batch == NULL ? NULL : drop,
        .scan = scan,
        .self = self,
    };
}

/* --- Hashes --- */

static bool add_to_hash(void *arg, struct hub_span key, struct hub_span value)
{
    struct hub_digest *hash = arg;
    uint8_t len = (uint8_t) key.len;
    const struct hub_span parts[] = { hub_span_of(hash->b, HUB_DIGEST), hub_span_of(&len, 1), key, value };
    *hash = hub_sha256_of(parts, sizeof parts / sizeof parts[0]);
    return true;
}

int hub_view_rows_hash(const struct hub_rows *rows, uint16_t number, struct hub_digest *ret_hash)
{
    struct hub_digest hash = { { 0 } };
    struct hub_row_key prefix = hub_row_key_of_view(number);
    int done = rows->scan(rows->self, hub_row_key_span(&prefix), (struct hub_span){ 0 }, add_to_hash, &hash);
    if (done == 0) {
        *ret_hash = hash;
    }
    return done;
}
