/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The write-back cache of a projection.
 *
 * An entry is a row: decoded (record, in an arena of its own), encoded (bytes), known to be absent, or dropped. Decoded rows
 * stay, so that a session that goes on is neither read nor decoded again; when there are too many, the oldest that was not
 * used for one round goes. A row changed many times within a batch is encoded and written once. What applying leaves behind in an arena is reclaimed by copying the record
 * when more than half of the arena is waste. */
#include "replay/fold.h"

#include <stdlib.h>

#include "base/cache.h"
#include "base/memory.h"
#include "base/pack.h"
#include "replay/row_map.h"

enum {
    CACHE_BYTES = 32 * 1024 * 1024,
    ENTRY_BYTES = 256, /* what an entry costs beside its arena: the entry, its key, malloc's own */
    WASTE_BYTES = 2048,
    EXPECTED = 16,     /* a power of two, more than twice the following */
    EXPECTED_STEP = 4, /* keys between two steps of loading one */
};

struct entry {
    struct hub_row_slot slot; /* first: an entry is found by its slot */
    uint8_t key[HUB_ROW_KEY]; /* beside it, as both are looked at together */
    bool is_changed, is_dropped, is_listed;
    bool is_used; /* since the round before */
    struct hub_folded row;
    struct entry *next_changed;       /* while is_changed */
    struct entry *newer, *older;      /* decoded and absent ones only, by when they came or were passed over */
    const struct hub_shape *shape;    /* of the record */
    const struct hub_kind_info *kind; /* an entity's; else NULL */
    char *encoded;                    /* owned; NULL unless the entry is encoded */
    size_t encoded_len;
    size_t kept;    /* of the arena when it was last without waste */
    size_t used;    /* of it by now, from the record on and side by side */
    size_t charged; /* what it counts in `bytes` */
};

struct hub_view_fold {
    struct hub_rows rows;
    struct hub_row_map map;
    struct entry *newest, *oldest;
    struct entry *changed;
    size_t changed_count;
    size_t bytes, limit;
    bool puts_through;
    struct hub_buf value, state; /* scratch */
    uint64_t expected[EXPECTED]; /* hashes of the keys that will be looked for; a ring */
    unsigned expected_count;     /* so far */
};

struct hub_view_fold *hub_fold_new(const struct hub_rows *rows, size_t cache_bytes)
{
    struct hub_view_fold *self = hub_memory_new(sizeof *self);
    *self = (struct hub_view_fold){ .rows = *rows, .limit = cache_bytes > 0 ? cache_bytes : CACHE_BYTES };
    hub_row_map_init(&self->map);
    hub_buf_init(&self->value);
    hub_buf_init(&self->state);
    return self;
}

void hub_fold_put_through(struct hub_view_fold *self)
{
    self->puts_through = true;
}

void hub_fold_destroy(struct hub_view_fold **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    struct hub_view_fold *self = *self_p;
    *self_p = NULL;
    hub_fold_reset(self);
    hub_buf_done(&self->value);
    hub_buf_done(&self->state);
    free(self);
}

/* --- Entries --- */

static void charge(struct hub_view_fold *self, struct entry *entry)
{
    size_t bytes = ENTRY_BYTES + entry->encoded_len;
    if (entry->row.arena != NULL) {
        bytes += hub_arena_used(entry->row.arena);
    }
    self->bytes += bytes - entry->charged;
    entry->charged = bytes;
}

static void unlist(struct hub_view_fold *self, struct entry *entry)
{
    if (!entry->is_listed) {
        return;
    }
    *(entry->newer != NULL ? &entry->newer->older : &self->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &self->oldest) = entry->newer;
    entry->is_listed = false;
}

static void list(struct hub_view_fold *self, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = self->newest;
    *(self->newest != NULL ? &self->newest->newer : &self->oldest) = entry;
    self->newest = entry;
    entry->is_listed = true;
}

static struct entry *entry_new(struct hub_view_fold *self, const struct hub_row_key *key)
{
    struct entry *entry = hub_memory_new(sizeof *entry);
    *entry = (struct entry){ 0 };
    memcpy(entry->key, key->b, key->len);
    entry->slot.key = hub_span_of(entry->key, key->len);
    hub_row_map_add(&self->map, &entry->slot);
    return entry;
}

/* Make it hold nothing. */
static void empty(struct entry *entry)
{
    hub_arena_destroy(&entry->row.arena);
    free(entry->encoded);
    entry->encoded = NULL;
    entry->encoded_len = 0;
    entry->row.record = NULL;
}

static void entry_destroy(struct hub_view_fold *self, struct entry *entry)
{
    unlist(self, entry);
    hub_row_map_remove(&self->map, &entry->slot);
    self->bytes -= entry->charged;
    empty(entry);
    free(entry);
}

static void change(struct hub_view_fold *self, struct entry *entry)
{
    if (!entry->is_changed) {
        entry->is_changed = true;
        entry->next_changed = self->changed;
        self->changed = entry;
        self->changed_count++;
    }
}

/* --- Decoding --- */

static void make_record(struct entry *entry)
{
    entry->row.arena = hub_arena_new(entry->shape->size + HUB_STATE_ROOM);
    entry->row.record = hub_arena_get(entry->row.arena, entry->shape->size);
    entry->row.is_new = true;
    entry->row.version = 0;
    entry->row.sequence = 0;
}

/* Decode a stored value into the entry's record, which is zeroed. */
static int decode(struct entry *entry, struct hub_span value)
{
    struct hub_span bytes = value;
    entry->row.is_new = false;
    if (entry->kind != NULL) {
        struct entity_row stored;
        if (hub_unpack(&entity_row_shape, value, entry->row.arena, &stored, NULL) != 0 ||
            stored.schema != entry->shape->version) {
            return -1;
        }
        entry->row.version = stored.version;
        entry->row.sequence = stored.sequence;
        bytes = stored.state;
    }
    bytes = hub_arena_copy(entry->row.arena, bytes);
    return hub_unpack(entry->shape, bytes, entry->row.arena, entry->row.record, NULL) == 0 ? 0 : -1;
}

static void note_used(struct entry *entry)
{
    size_t used = hub_arena_used(entry->row.arena), first = entry->shape->size + HUB_STATE_ROOM;
    entry->used = used < first ? used : first;
}

/* Fill an entry that is encoded or was just made. */
static int fill(struct hub_view_fold *self, struct entry *entry)
{
    make_record(entry);
    int done = 0;
    if (entry->encoded != NULL) {
        done = decode(entry, hub_span_of(entry->encoded, entry->encoded_len));
        free(entry->encoded);
        entry->encoded = NULL;
        entry->encoded_len = 0;
    } else if (!entry->is_dropped) {
        int got = self->rows.get(self->rows.self, entry->slot.key, &self->value);
        done = got < 0 ? got : got == 0 ? decode(entry, hub_buf_span(&self->value)) : 0;
    }
    entry->kept = hub_arena_used(entry->row.arena);
    note_used(entry);
    return done;
}

static int open_row(struct hub_view_fold *self, const struct hub_row_key *key, const struct hub_shape *shape,
                    const struct hub_kind_info *kind, struct hub_folded **ret_row)
{
    struct entry *entry = (struct entry *) hub_row_map_find(&self->map, hub_row_key_span(key));
    if (entry == NULL) {
        entry = entry_new(self, key);
    }
    if (entry->row.record == NULL) {
        entry->shape = shape;
        entry->kind = kind;
        int done = fill(self, entry);
        charge(self, entry);
        if (done < 0) {
            empty(entry); /* and stays listed nowhere until the reset that follows */
            return -1;
        }
    }
    if (!entry->is_listed) {
        list(self, entry);
    }
    entry->is_used = true;
    *ret_row = &entry->row;
    return 0;
}

int hub_fold_open(struct hub_view_fold *self, const struct hub_row_key *key, const struct hub_shape *shape,
                  struct hub_folded **ret_row)
{
    return open_row(self, key, shape, NULL, ret_row);
}

int hub_fold_open_entity(struct hub_view_fold *self, const struct hub_row_key *key, const struct hub_kind_info *kind,
                         struct hub_folded **ret_row)
{
    return open_row(self, key, kind->state, kind, ret_row);
}

static struct entry *expected_before(const struct hub_view_fold *self, unsigned keys)
{
    uint64_t hash = self->expected[(self->expected_count - keys) % EXPECTED];
    return (struct entry *) hub_row_map_guess(&self->map, hash);
}

/* Each step waits for what the one before began to load: the bucket, the entry, the record. */
void hub_fold_expect(struct hub_view_fold *self, const struct hub_row_key *key)
{
    uint64_t hash = hub_row_map_hash(hub_row_key_span(key));
    hub_row_map_load(&self->map, hash);
    self->expected[self->expected_count++ % EXPECTED] = hash;
    struct entry *entry = expected_before(self, 1 + EXPECTED_STEP);
    if (entry != NULL) {
        hub_cache_read(entry, sizeof *entry);
    }
    entry = expected_before(self, 1 + 2 * EXPECTED_STEP);
    if (entry != NULL && entry->row.record != NULL) {
        hub_cache_read(entry->row.record, entry->used);
    }
}

/* --- Changing --- */

void hub_fold_touch(struct hub_view_fold *self, struct hub_folded *row)
{
    struct entry *entry = (struct entry *) ((char *) row - offsetof(struct entry, row));
    note_used(entry);
    entry->row.is_new = false;
    entry->is_dropped = false;
    change(self, entry);
}

void hub_fold_put(struct hub_view_fold *self, const struct hub_row_key *key, const struct hub_shape *shape,
                  const void *record)
{
    uint64_t hash = hub_row_map_hash(hub_row_key_span(key));
    hub_row_map_load(&self->map, hash); /* while it is packed */
    hub_buf_clear(&self->value);
    hub_pack(shape, record, &self->value);
    struct entry *entry = (struct entry *) hub_row_map_find_hashed(&self->map, hub_row_key_span(key), hash);
    if (entry == NULL && self->puts_through) {
        self->rows.put(self->rows.self, hub_row_key_span(key), hub_buf_span(&self->value));
        return;
    }
    if (entry == NULL) {
        entry = entry_new(self, key);
    }
    unlist(self, entry);
    empty(entry);
    entry->encoded = hub_memory_new(self->value.len);
    entry->encoded_len = self->value.len;
    memcpy(entry->encoded, self->value.at, self->value.len);
    entry->is_dropped = false;
    charge(self, entry);
    change(self, entry);
}

void hub_fold_drop(struct hub_view_fold *self, const struct hub_row_key *key)
{
    struct entry *entry = (struct entry *) hub_row_map_find(&self->map, hub_row_key_span(key));
    if (entry == NULL && self->puts_through) {
        self->rows.drop(self->rows.self, hub_row_key_span(key));
        return;
    }
    if (entry == NULL) {
        entry = entry_new(self, key);
    }
    unlist(self, entry);
    empty(entry);
    entry->is_dropped = true;
    charge(self, entry);
    change(self, entry);
}

bool hub_fold_is_full(const struct hub_view_fold *self)
{
    return self->bytes > self->limit * 2;
}

/* --- Writing back --- */

static struct hub_span encode_entity(struct hub_view_fold *self, const struct entry *entry)
{
    hub_buf_clear(&self->state);
    hub_pack(entry->shape, entry->row.record, &self->state);
    struct hub_digest hash = hub_sha256(hub_buf_span(&self->state));
    struct entity_row stored = { 0 };
    HUB_SET(entity_row, &stored, sequence, entry->row.sequence);
    HUB_SET(entity_row, &stored, version, entry->row.version);
    HUB_SET(entity_row, &stored, schema, entry->shape->version);
    HUB_SET(entity_row, &stored, hash, hub_span_of(hash.b, sizeof hash.b));
    HUB_SET(entity_row, &stored, state, hub_buf_span(&self->state));
    hub_buf_clear(&self->value);
    hub_pack(&entity_row_shape, &stored, &self->value);
    return hub_buf_span(&self->value);
}

static void write_entry(struct hub_view_fold *self, const struct entry *entry)
{
    struct hub_span value = hub_span_of(entry->encoded, entry->encoded_len);
    if (entry->is_dropped) {
        self->rows.drop(self->rows.self, entry->slot.key);
        return;
    }
    if (entry->kind != NULL && entry->row.record != NULL) {
        value = encode_entity(self, entry);
    } else if (entry->row.record != NULL) {
        hub_buf_clear(&self->value);
        hub_pack(entry->shape, entry->row.record, &self->value);
        value = hub_buf_span(&self->value);
    }
    self->rows.put(self->rows.self, entry->slot.key, value);
}

static void reclaim(struct hub_view_fold *self, struct entry *entry)
{
    if (hub_arena_used(entry->row.arena) > entry->kept * 2 + WASTE_BYTES) {
        struct hub_arena *arena = hub_arena_new(entry->kept + HUB_STATE_ROOM);
        entry->row.record = hub_record_copy(entry->shape, entry->row.record, arena);
        hub_arena_destroy(&entry->row.arena);
        entry->row.arena = arena;
        entry->kept = hub_arena_used(arena);
    }
    charge(self, entry);
}

static int compare(const void *a, const void *b)
{
    struct hub_span one = (*(struct entry *const *) a)->slot.key;
    struct hub_span other = (*(struct entry *const *) b)->slot.key;
    int order = memcmp(one.at, other.at, one.len < other.len ? one.len : other.len);
    return order != 0 ? order : (one.len > other.len) - (one.len < other.len);
}

/* The changed entries in the order of their keys: a store that keeps an order takes neighbours at half the cost. */
static struct entry **in_order(struct hub_view_fold *self)
{
    struct entry **entries = hub_memory_new(self->changed_count * sizeof(struct entry *));
    size_t count = 0;
    for (struct entry *entry = self->changed; entry != NULL; entry = entry->next_changed) {
        entries[count++] = entry;
    }
    if (!self->puts_through) {
        qsort(entries, count, sizeof(struct entry *), compare);
    }
    return entries;
}

/* Give the oldest entry up, or another chance. */
static void evict(struct hub_view_fold *self)
{
    struct entry *entry = self->oldest;
    if (entry->is_used) {
        entry->is_used = false;
        unlist(self, entry);
        list(self, entry);
    } else {
        entry_destroy(self, entry);
    }
}

void hub_fold_flush(struct hub_view_fold *self)
{
    struct entry **entries = in_order(self);
    size_t count = self->changed_count;
    self->changed = NULL;
    self->changed_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = entries[i];
        write_entry(self, entry);
        entry->is_changed = false;
        if (entry->row.record == NULL) {
            entry_destroy(self, entry);
        } else {
            reclaim(self, entry);
        }
    }
    free(entries);
    while (self->bytes > self->limit && self->oldest != NULL) {
        evict(self);
    }
}

void hub_fold_reset(struct hub_view_fold *self)
{
    size_t at = 0;
    for (struct hub_row_slot *slot; (slot = hub_row_map_walk(&self->map, &at)) != NULL;) {
        empty((struct entry *) slot);
        free(slot);
    }
    hub_row_map_done(&self->map);
    self->newest = self->oldest = self->changed = NULL;
    self->changed_count = 0;
    self->bytes = 0;
}
