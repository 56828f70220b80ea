/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rows that are added up. A table holds, for each row, hashes of its key and of both key and value, and where in the file the row
 * lies; two keys of one hash among some millions are as likely as 10^-6. A value is only read back when its row changes once
 * more after it was forgotten elsewhere, so the file is mostly written: at its end, in large pieces, and removed beforehand. */
#include "replay/tally.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "replay/view.h"

enum { PIECE = 256 * 1024, SLOTS_MIN = 1024, HEAD = 8, READ_AHEAD = 4096, WAITING = 16 };

static const uint64_t seen_bit = UINT64_C(1) << 63;

struct slot {
    uint64_t key;   /* hash of the key; 0: free */
    uint64_t row;   /* hash of both */
    uint64_t place; /* in the file; the highest bit says that it was seen */
};

/* A row that was put, and is not in the table yet. */
struct waiting {
    uint64_t key, row, place;
    unsigned view;
};

struct hub_tally {
    struct hub_tally_options options;
    struct slot *slots; /* owned */
    size_t mask, count; /* at most three quarters are taken */
    struct hub_tally_sum sums[HUB_VIEW_NUMBERS];
    int fd;                          /* -1 until it is needed */
    uint64_t written;                /* bytes in the file */
    struct hub_buf tail;             /* what follows behind them */
    struct waiting waiting[WAITING]; /* while their slots are fetched from memory */
    unsigned waiting_count;
    int error, failed; /* what hub_tally_error says */
};

/* --- Hashes --- */

static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide) a * b;
    return (uint64_t) product ^ (uint64_t) (product >> 64);
}

static uint64_t word_at(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t hash_of(const uint64_t seed[2], uint64_t start, struct hub_span bytes)
{
    static const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = start ^ seed[0];
    size_t at = 0;
    for (; at + 16 <= bytes.len; at += 16) {
        hash = fold(word_at(bytes.at + at) ^ seed[1], word_at(bytes.at + at + 8) ^ hash);
    }
    char rest[16] = { 0 };
    if (at < bytes.len) {
        memcpy(rest, bytes.at + at, bytes.len - at);
    }
    hash = fold(word_at(rest) ^ seed[1], word_at(rest + 8) ^ hash);
    return fold(hash ^ bytes.len, odd ^ seed[0]);
}

static uint64_t hash_of_key(const uint64_t seed[2], struct hub_span key)
{
    uint64_t hash = hash_of(seed, 0, key);
    return hash != 0 ? hash : 1;
}

/* The view's number, 0 for what is no row of a view. */
static unsigned view_of(struct hub_span key)
{
    unsigned number = (unsigned) (uint8_t) key.at[0] << 8 | (uint8_t) key.at[1];
    return number < HUB_VIEW_NUMBERS ? number : 0;
}

void hub_tally_add(const uint64_t seed[2], struct hub_span key, struct hub_span value, struct hub_tally_sum *sum)
{
    sum->rows++;
    sum->sum += hash_of(seed, hash_of_key(seed, key), value);
}

/* --- The table --- */

static void free_slots(struct slot *slots, size_t count)
{
    hub_memory_table_free(slots, count * sizeof *slots);
}

static void make_slots(struct hub_tally *self, size_t rows)
{
    size_t count = SLOTS_MIN;
    while (count / 4 * 3 < rows) {
        count *= 2;
    }
    self->slots = hub_memory_table(count * sizeof *self->slots);
    self->mask = count - 1;
}

/* Where the key is, or the free slot where it would be. */
static struct slot *slot_of(const struct hub_tally *self, uint64_t key)
{
    size_t at = key & self->mask;
    while (self->slots[at].key != 0 && self->slots[at].key != key) {
        at = (at + 1) & self->mask;
    }
    return &self->slots[at];
}

static void grow(struct hub_tally *self)
{
    struct slot *old = self->slots;
    size_t count = self->mask + 1;
    make_slots(self, count);
    for (size_t i = 0; i < count; i++) {
        if (old[i].key != 0) {
            *slot_of(self, old[i].key) = old[i];
        }
    }
    free_slots(old, count);
}

/* Free a slot, and move up what was put behind it for want of room. */
static void remove_slot(struct hub_tally *self, struct slot *slot)
{
    size_t hole = (size_t) (slot - self->slots);
    for (size_t at = (hole + 1) & self->mask; self->slots[at].key != 0; at = (at + 1) & self->mask) {
        size_t home = self->slots[at].key & self->mask;
        if (((at - home) & self->mask) >= ((at - hole) & self->mask)) {
            self->slots[hole] = self->slots[at];
            hole = at;
        }
    }
    self->slots[hole] = (struct slot){ 0 };
    self->count--;
}

/* --- The file --- */

static int fail(struct hub_tally *self, int failed)
{
    if (self->error == 0) {
        self->error = -1;
        self->failed = failed;
    }
    return -1;
}

static int open_file(struct hub_tally *self)
{
    size_t size = strlen(self->options.scratch_dir) + sizeof "/rows-XXXXXX";
    char *path = hub_memory_new(size);
    snprintf(path, size, "%s/rows-XXXXXX", self->options.scratch_dir);
    self->fd = mkstemp(path);
    if (self->fd >= 0) {
        unlink(path);
    }
    free(path);
    return self->fd >= 0 ? 0 : fail(self, errno);
}

static void write_tail(struct hub_tally *self)
{
    if (self->error != 0 || (self->fd < 0 && open_file(self) < 0)) {
        hub_buf_clear(&self->tail);
        return;
    }
    for (size_t at = 0; at < self->tail.len;) {
        ssize_t done = pwrite(self->fd, self->tail.at + at, self->tail.len - at, (off_t) (self->written + at));
        if (done < 0 && errno != EINTR) {
            fail(self, errno);
            break;
        }
        at += done > 0 ? (size_t) done : 0;
    }
    self->written += self->tail.len;
    hub_buf_clear(&self->tail);
}

/* Keep a row: lengths of key and value, then both. Returns where. */
static uint64_t keep(struct hub_tally *self, struct hub_span key, struct hub_span value)
{
    uint64_t place = self->written + self->tail.len;
    const uint32_t lens[] = { (uint32_t) key.len, (uint32_t) value.len };
    hub_buf_put(&self->tail, lens, sizeof lens);
    hub_buf_put(&self->tail, key.at, key.len);
    hub_buf_put(&self->tail, value.at, value.len);
    if (self->tail.len >= PIECE) {
        write_tail(self);
    }
    return place;
}

/* Fill `room` bytes, or as many as there are from here on. Returns how many, or < 0. */
static ssize_t read_at(const struct hub_tally *self, uint64_t place, char *ret_bytes, size_t room)
{
    if (place >= self->written) {
        size_t from = place - self->written;
        size_t len = self->tail.len - from < room ? self->tail.len - from : room;
        memcpy(ret_bytes, self->tail.at + from, len);
        return (ssize_t) len;
    }
    size_t len = self->written - place < room ? self->written - place : room;
    return pread(self->fd, ret_bytes, len, (off_t) place) == (ssize_t) len ? (ssize_t) len : -1;
}

/* Read a row back: key_len bytes of key, then the value. Returns 0 or < 0. */
static int read_row(struct hub_tally *self, uint64_t place, struct hub_buf *ret_row, size_t *ret_key_len)
{
    char first[READ_AHEAD];
    uint32_t lens[2];
    ssize_t got = read_at(self, place, first, sizeof first);
    if (got < HEAD) {
        return fail(self, EIO);
    }
    memcpy(lens, first, sizeof lens);
    size_t whole = (size_t) lens[0] + lens[1], here = (size_t) got - HEAD < whole ? (size_t) got - HEAD : whole;
    hub_buf_clear(ret_row);
    hub_buf_put(ret_row, first + HEAD, here);
    if (here < whole) {
        char *rest = hub_memory_new(whole - here);
        got = read_at(self, place + HEAD + here, rest, whole - here);
        hub_buf_put(ret_row, rest, whole - here);
        free(rest);
    }
    *ret_key_len = lens[0];
    return here == whole || got == (ssize_t) (whole - here) ? 0 : fail(self, EIO);
}

/* --- The store --- */

static void enter(struct hub_tally *self, const struct waiting *row)
{
    struct slot *slot = slot_of(self, row->key);
    if (slot->key == 0) {
        if (self->count >= self->options.rows_max) {
            self->error = self->error == 0 ? HUB_ERROR_limit_reached : self->error;
            return;
        }
        if (++self->count > (self->mask + 1) / 4 * 3) {
            grow(self);
            slot = slot_of(self, row->key);
        }
        self->sums[row->view].rows++;
    }
    self->sums[row->view].sum += row->row - slot->row;
    *slot = (struct slot){ .key = row->key, .row = row->row, .place = row->place };
}

static void enter_waiting(struct hub_tally *self)
{
    for (unsigned i = 0; i < self->waiting_count; i++) {
        enter(self, &self->waiting[i]);
    }
    self->waiting_count = 0;
}

static int get(void *arg, struct hub_span key, struct hub_buf *ret_value)
{
    struct hub_tally *self = arg;
    size_t key_len;
    enter_waiting(self);
    const struct slot *slot = slot_of(self, hash_of_key(self->options.seed, key));
    hub_buf_clear(ret_value);
    if (slot->key == 0) {
        return HUB_ERROR_not_found;
    }
    if (self->error != 0 || read_row(self, slot->place & ~seen_bit, ret_value, &key_len) < 0) {
        return -1;
    }
    memmove(ret_value->at, ret_value->at + key_len, ret_value->len - key_len);
    ret_value->len -= key_len;
    return 0;
}

static void put(void *arg, struct hub_span key, struct hub_span value)
{
    struct hub_tally *self = arg;
    unsigned view = view_of(key);
    if (view == 0 || self->error != 0) {
        return;
    }
    if (self->waiting_count == WAITING) {
        enter_waiting(self);
    }
    uint64_t hash = hash_of_key(self->options.seed, key);
    __builtin_prefetch(&self->slots[hash & self->mask], 1);
    self->waiting[self->waiting_count++] = (struct waiting){
        .key = hash,
        .row = hash_of(self->options.seed, hash, value),
        .place = keep(self, key, value),
        .view = view,
    };
}

static void drop(void *arg, struct hub_span key)
{
    struct hub_tally *self = arg;
    unsigned view = view_of(key);
    enter_waiting(self);
    struct slot *slot = slot_of(self, hash_of_key(self->options.seed, key));
    if (view != 0 && slot->key != 0) {
        self->sums[view].rows--;
        self->sums[view].sum -= slot->row;
        remove_slot(self, slot);
    }
}

struct hub_rows hub_tally_rows(struct hub_tally *self)
{
    return (struct hub_rows){ .get = get, .put = put, .drop = drop, .self = self };
}

/* --- Life --- */

struct hub_tally *hub_tally_new(const struct hub_tally_options *options)
{
    struct hub_tally *self = hub_memory_new(sizeof *self);
    *self = (struct hub_tally){ .options = *options, .fd = -1 };
    make_slots(self, options->rows);
    hub_buf_init(&self->tail);
    return self;
}

void hub_tally_destroy(struct hub_tally **self_p)
{
    struct hub_tally *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    if (self->fd >= 0) {
        close(self->fd);
    }
    hub_buf_done(&self->tail);
    free_slots(self->slots, self->mask + 1);
    free(self);
    *self_p = NULL;
}

int hub_tally_error(struct hub_tally *self, int *ret_errno)
{
    enter_waiting(self);
    if (self->error < 0) {
        *ret_errno = self->failed;
    }
    return self->error;
}

struct hub_tally_sum hub_tally_sum_of(struct hub_tally *self, uint16_t view)
{
    enter_waiting(self);
    return self->sums[view];
}

/* --- Comparing row by row --- */

enum hub_tally_finding hub_tally_find(struct hub_tally *self, struct hub_span key, struct hub_span value)
{
    enter_waiting(self);
    uint64_t hash = hash_of_key(self->options.seed, key);
    struct slot *slot = slot_of(self, hash);
    if (slot->key == 0) {
        return HUB_TALLY_UNKNOWN;
    }
    slot->place |= seen_bit;
    return slot->row == hash_of(self->options.seed, hash, value) ? HUB_TALLY_SAME : HUB_TALLY_OTHER;
}

int hub_tally_unseen(struct hub_tally *self, uint16_t view, bool (*visit)(void *arg, struct hub_span key), void *arg)
{
    struct hub_buf row;
    hub_buf_init(&row);
    enter_waiting(self);
    int done = 0;
    bool goes_on = true;
    for (size_t i = 0; goes_on && done == 0 && i <= self->mask; i++) {
        const struct slot *slot = &self->slots[i];
        size_t key_len = 0;
        if (slot->key == 0 || (slot->place & seen_bit) != 0) {
            continue;
        }
        done = read_row(self, slot->place, &row, &key_len);
        struct hub_span key = hub_span_of(row.at, key_len);
        if (done == 0 && view_of(key) == view) {
            goes_on = visit(arg, key);
        }
    }
    hub_buf_done(&row);
    return done;
}
