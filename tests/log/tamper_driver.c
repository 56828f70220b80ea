/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A program for the tamper test: does one thing to the rows of DIR/log, behind the log's back, which follows from the seed.
 *
 *     tamper_driver DIR SEED
 *
 * Prints a line of three parts, with tabs between: what was done; the family; the positions of which one is the right
 * answer, with blanks between ("N+": this one or a later one).
 * Exit: 0; 2 usage; 3 the store cannot be opened or written. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/pack.h"
#include "log/meta.h"
#include "log/stored.h"
#include "tests/log/row_set.h"

enum { KEY_MAX = 64 };

struct tamper {
    struct row_set set;
    uint64_t random;
    enum hub_family family;
    const char *did;
    struct hub_buf positions; /* uint64_t each */
    bool or_later;
    struct hub_arena *scratch;
};

/* xorshift64*, so that a seed means the same everywhere. */
static uint64_t draw(struct tamper *self, uint64_t below)
{
    self->random ^= self->random >> 12;
    self->random ^= self->random << 25;
    self->random ^= self->random >> 27;
    return (self->random * UINT64_C(0x2545f4914f6cdd1d) >> 11) % below;
}

/* --- What is right to answer --- */

static void expect(struct tamper *self, uint64_t sequence)
{
    hub_buf_put(&self->positions, &sequence, sizeof sequence);
}

/* How many events there were. */
static uint64_t head_of(const struct tamper *self)
{
    return row_set_count(&self->set, HUB_FAMILY_header);
}

/* The first event of each stream of an entity. */
static void expect_entity(struct tamper *self, struct hub_span entity)
{
    for (size_t i = 0; i < row_set_count(&self->set, HUB_FAMILY_stream); i++) {
        const struct row *row = row_set_at(&self->set, HUB_FAMILY_stream, i);
        if (hub_get_be64(row->key.at + HUB_NAME) == 1 && hub_span_is(hub_span_of(row->key.at + 17, 16), entity)) {
            expect(self, hub_get_be64(row->value.at));
        }
    }
}

/* A row that no event repeats belongs to a place, and that to a position. */
static void expect_place(struct tamper *self, enum hub_family family, struct hub_span key, struct hub_span value)
{
    struct hub_sum_row row;
    if (!hub_sum_row_read(family, key, value, self->scratch, &row)) {
        return;
    }
    if (family == HUB_FAMILY_alias) {
        expect_entity(self, value);
    } else if (row.is_whole) {
        expect(self, row.sequence < head_of(self) ? row.sequence : head_of(self));
    }
}

/* A name of the log's own is about all that there is up to the head; the mark about what was verified, up to where it says or
 * not at all; an archive's about its first event. */
static void expect_name(struct tamper *self, struct hub_span key, struct hub_span value)
{
    expect(self, head_of(self));
    if (hub_span_is(key, hub_span("verified"))) {
        expect(self, 1);
        expect(self, value.len == 8 + HUB_DIGEST ? hub_get_be64(value.at) : 1);
    } else if (hub_meta_is_archive(key)) {
        expect(self, hub_get_be64(key.at + key.len - 8));
    }
}

/* The positions that a row speaks of. */
static void expect_row(struct tamper *self, enum hub_family family, struct hub_span key, struct hub_span value)
{
    struct hub_buf sequences;
    hub_buf_init(&sequences);
    if ((family == HUB_FAMILY_header || family == HUB_FAMILY_payload) && key.len == 8) {
        expect(self, hub_get_be64(key.at));
    } else if (family == HUB_FAMILY_stream && value.len == 8) {
        expect(self, hub_get_be64(value.at));
    } else if (family == HUB_FAMILY_tag && hub_tag_row_decode(key, value, &sequences) == 0) {
        hub_buf_put(&self->positions, sequences.at, sequences.len);
    } else if (family == HUB_FAMILY_meta) {
        expect_name(self, key, value);
    } else {
        expect_place(self, family, key, value);
    }
    hub_buf_done(&sequences);
}

/* Of events the first bad one is the answer, of an index any event of the row. */
static void only_first(struct tamper *self)
{
    uint64_t first = UINT64_MAX, sequence;
    for (size_t at = 0; at < self->positions.len; at += sizeof sequence) {
        memcpy(&sequence, self->positions.at + at, sizeof sequence);
        first = sequence < first ? sequence : first;
    }
    first = first > head_of(self) ? head_of(self) + 1 : first; /* behind a hole nobody looks */
    first = first == 0 ? 1 : first;
    hub_buf_clear(&self->positions);
    expect(self, first);
}

/* --- Single rows --- */

static struct row *pick(struct tamper *self)
{
    return row_set_at(&self->set, self->family, draw(self, row_set_count(&self->set, self->family)));
}

static struct hub_span copy_of(struct tamper *self, struct hub_span bytes)
{
    return hub_arena_copy(self->set.arena, bytes);
}

static void flip(struct tamper *self, struct hub_span bytes)
{
    ((char *) bytes.at)[draw(self, bytes.len)] ^= (char) (1 << draw(self, 8));
}

static void replace(struct tamper *self, const struct row *row, struct hub_span value)
{
    expect_row(self, row->family, row->key, row->value);
    expect_row(self, row->family, row->key, value);
    row_set_put(&self->set, row->family, row->key, value);
}

static void drop(struct tamper *self, const struct row *row)
{
    expect_row(self, row->family, row->key, row->value);
    row_set_delete(&self->set, row->family, row->key);
}

static void insert(struct tamper *self, enum hub_family family, struct hub_span key, struct hub_span value)
{
    const struct row *before = row_set_find(&self->set, family, key);
    if (before != NULL) {
        expect_row(self, family, before->key, before->value);
    }
    expect_row(self, family, key, value);
    row_set_put(&self->set, family, key, value);
}

static void flip_value(struct tamper *self)
{
    const struct row *row = pick(self);
    struct hub_span value = copy_of(self, row->value);
    self->did = "a bit of a value flipped";
    if (value.len == 0) {
        value = copy_of(self, HUB_SPAN("\x01"));
    } else {
        flip(self, value);
    }
    replace(self, row, value);
}

static void flip_key(struct tamper *self)
{
    const struct row *row = pick(self);
    struct hub_span key = copy_of(self, row->key);
    self->did = "a bit of a key flipped";
    flip(self, key);
    drop(self, row);
    insert(self, row->family, key, row->value);
}

static void swap_values(struct tamper *self)
{
    const struct row *a = pick(self), *b = pick(self);
    self->did = "two values swapped";
    if (hub_span_is(a->value, b->value)) {
        flip_value(self);
        return;
    }
    replace(self, a, b->value);
    replace(self, b, a->value);
}

static void delete_row(struct tamper *self)
{
    self->did = "a row deleted";
    drop(self, pick(self));
}

/* A row like another one, a little further on. */
static void insert_row(struct tamper *self)
{
    const struct row *row = pick(self);
    struct hub_span key = copy_of(self, row->key);
    self->did = "a row inserted";
    do {
        ((char *) key.at)[key.len - 1 - draw(self, key.len < 3 ? key.len : 3)] += (char) (1 + draw(self, 5));
    } while (row_set_find(&self->set, row->family, key) != NULL);
    insert(self, row->family, key, row->value);
}

static void cut_value(struct tamper *self)
{
    const struct row *row = pick(self);
    self->did = "a value cut short";
    if (row->value.len == 0) {
        delete_row(self);
        return;
    }
    replace(self, row, hub_span_of(row->value.at, draw(self, row->value.len)));
}

static void cut_family(struct tamper *self)
{
    size_t count = row_set_count(&self->set, self->family), from = draw(self, count);
    self->did = "the end of a family cut off";
    for (size_t i = from; i < count; i++) {
        drop(self, row_set_at(&self->set, self->family, i));
    }
}

/* --- With all that belongs to it made anew --- */

/* A header row with another payload's digest, linked to the hash before it. */
static struct hub_span make_header(struct tamper *self, struct hub_span row, struct hub_digest *hash,
                                   const struct hub_span *payload)
{
    struct event_header header;
    struct hub_buf packed;
    struct hub_digest digest;
    hub_buf_init(&packed);
    hub_buf_reserve(&packed, HUB_DIGEST);
    packed.len = HUB_DIGEST;
    if (hub_unpack(&event_header_shape, hub_span_of(row.at + HUB_DIGEST, row.len - HUB_DIGEST), self->set.arena,
                   &header, NULL) != 0) {
        abort();
    }
    memcpy(digest.b, header.digest.at, HUB_DIGEST); /* of a payload that is archived */
    if (payload != NULL) {
        digest = hub_sha256(*payload);
        HUB_SET(event_header, &header, digest, hub_span_of(digest.b, HUB_DIGEST));
    }
    hub_pack(&event_header_shape, &header, &packed);
    *hash = hub_chain_next(hash, hub_span_of(packed.at + HUB_DIGEST, packed.len - HUB_DIGEST), &digest);
    memcpy(packed.at, hash->b, HUB_DIGEST);
    struct hub_span made = copy_of(self, hub_buf_span(&packed));
    hub_buf_done(&packed);
    return made;
}

static struct hub_digest hash_before(struct tamper *self, uint64_t sequence)
{
    struct hub_digest hash;
    if (sequence > 1) {
        memcpy(hash.b, row_set_at(&self->set, HUB_FAMILY_header, sequence - 2)->value.at, HUB_DIGEST);
        return hash;
    }
    struct hub_meta meta;
    if (hub_meta_read(self->set.db, &meta) < 0) {
        abort();
    }
    return hub_chain_start(&meta.identity);
}

static struct row *payload_at(const struct tamper *self, uint64_t sequence)
{
    struct hub_sequence_key key = hub_sequence_key(sequence);
    return row_set_find(&self->set, HUB_FAMILY_payload, HUB_KEY_SPAN(key));
}

/* A position whose payload is in the store. */
static uint64_t draw_live(struct tamper *self)
{
    uint64_t at;
    do {
        at = 1 + draw(self, head_of(self));
    } while (payload_at(self, at) == NULL);
    return at;
}

/* Another payload, and the links of some events or of all that follow. */
static void rewrite(struct tamper *self)
{
    uint64_t head = head_of(self), at = draw_live(self), to = draw(self, 2) ? head : at + draw(self, head - at + 1);
    struct hub_digest hash = hash_before(self, at);
    self->family = HUB_FAMILY_payload;
    self->did = to == head ? "an event rewritten, and the chain to its end" : "an event rewritten, and some links";
    for (uint64_t sequence = at; sequence <= to; sequence++) {
        const struct row *header = row_set_at(&self->set, HUB_FAMILY_header, sequence - 1);
        const struct row *stored = payload_at(self, sequence);
        struct hub_span payload = copy_of(self, stored == NULL ? hub_span("") : stored->value);
        if (sequence == at) {
            flip(self, payload);
            row_set_put(&self->set, HUB_FAMILY_payload, header->key, payload);
        }
        row_set_put(&self->set, HUB_FAMILY_header, header->key,
                    make_header(self, header->value, &hash, stored == NULL ? NULL : &payload));
    }
    expect(self, to == head ? at : to + 1);
    self->or_later = to == head;
}

static bool speaks_beyond(struct tamper *self, const struct row *row, uint64_t sequence)
{
    struct hub_sum_row sum;
    uint64_t said = 0;
    if (row->family == HUB_FAMILY_stream) {
        said = hub_get_be64(row->value.at);
    } else if (hub_sum_row_read(row->family, row->key, row->value, self->scratch, &sum)) {
        said = sum.sequence;
    } else if (row->family != HUB_FAMILY_meta) {
        said = hub_get_be64(row->key.at + row->key.len - 8);
    }
    return said > sequence;
}

/* A tag row up to a position. */
static struct hub_span shorten_tag(struct tamper *self, const struct row *row, uint64_t sequence)
{
    uint64_t at = hub_get_be64(row->key.at + HUB_NAME), delta;
    const uint8_t *from = (const uint8_t *) row->value.at, *kept = from, *end = from + row->value.len;
    while (kept < end) {
        const uint8_t *next = kept;
        if (!hub_varint_get(&next, end, &delta) || (at += delta) > sequence) {
            break;
        }
        kept = next;
    }
    (void) self;
    return hub_span_of(row->value.at, (size_t) (kept - from));
}

/* The log as it was earlier, with nothing in it that says more. */
static void cut_log(struct tamper *self)
{
    uint64_t head = head_of(self), keep = draw(self, head);
    struct hub_sums sums = { .changed = hub_all_samples };
    const struct hub_mark mark = { .sequence = keep, .hash = hash_before(self, keep + 1) };
    static const struct hub_sums nothing;
    struct hub_sum_row sum;
    struct hub_meta meta;
    if (hub_meta_read(self->set.db, &meta) < 0) {
        abort();
    }
    self->did = "the end of the log cut off, with all that spoke of it";
    self->family = HUB_FAMILY_header;
    for (size_t i = 0; i < self->set.count; i++) {
        const struct row *row = &self->set.rows[i];
        if (speaks_beyond(self, row, keep)) {
            row_set_delete(&self->set, row->family, row->key);
        } else if (row->family == HUB_FAMILY_tag) {
            row_set_put(&self->set, row->family, row->key, shorten_tag(self, row, keep));
        } else if (hub_sum_row_read(row->family, row->key, row->value, self->scratch, &sum)) {
            hub_sums_add(&sums, sum.kind, sum.place, sum.hash);
        }
    }
    hub_meta_put_sums(self->set.batch, &sums, meta.epoch, meta.loose);
    hub_meta_put_forgot(self->set.batch, &nothing);
    hub_meta_put_mark(self->set.batch, &mark);
    expect(self, keep + 1);
}

/* --- One of them --- */

static void act(struct tamper *self)
{
    static void (*const of_rows[])(struct tamper *) = { flip_value, flip_key,  swap_values, delete_row,
                                                        insert_row, cut_value, cut_family };
    uint64_t what = draw(self, sizeof of_rows / sizeof of_rows[0] + 2);
    do {
        self->family = (enum hub_family) draw(self, HUB_FAMILY_COUNT);
    } while (row_set_count(&self->set, self->family) == 0);
    if (what < sizeof of_rows / sizeof of_rows[0]) {
        of_rows[what](self);
    } else if (what == sizeof of_rows / sizeof of_rows[0]) {
        rewrite(self);
    } else {
        cut_log(self);
    }
    if (self->positions.len > 0 && (self->family == HUB_FAMILY_header || self->family == HUB_FAMILY_payload)) {
        only_first(self);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: tamper_driver DIR SEED\n", stderr);
        return 2;
    }
    struct tamper self = { .random = strtoull(argv[2], NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1 };
    hub_buf_init(&self.positions);
    self.scratch = hub_arena_new(0);
    row_set_open(&self.set, argv[1]);
    row_set_read(&self.set);
    (void) draw(&self, 1);
    act(&self);
    printf("%s\t%s\t", self.did, hub_log_families[self.family]);
    for (size_t at = 0; at < self.positions.len; at += sizeof(uint64_t)) {
        uint64_t sequence;
        memcpy(&sequence, self.positions.at + at, sizeof sequence);
        printf("%s%llu%s", at == 0 ? "" : " ", (unsigned long long) sequence, self.or_later ? "+" : "");
    }
    putchar('\n');
    hub_buf_done(&self.positions);
    hub_arena_destroy(&self.scratch);
    row_set_close(&self.set);
    return 0;
}
