/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/pack.h: what goes out comes back, and nothing else comes in. They loop over all of sample.def. */
#include "base/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <msgpack.h>

#include "base/error.h"
#include "tests/base/sample.h"

struct fixture {
    struct hub_arena *arena;
    struct hub_buf bytes;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.arena = hub_arena_new(0);
    hub_buf_init(&fixture.bytes);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *self = *state;
    hub_arena_destroy(&self->arena);
    hub_buf_done(&self->bytes);
    return 0;
}

static void *fill(struct fixture *self, const struct hub_shape *shape, enum fill how, uint64_t seed)
{
    void *record = hub_arena_get(self->arena, shape->size);
    sample_fill(shape, record, how, seed, self->arena);
    return record;
}

static struct hub_span pack(struct fixture *self, const struct hub_shape *shape, const void *record)
{
    hub_buf_clear(&self->bytes);
    hub_pack(shape, record, &self->bytes);
    return hub_buf_span(&self->bytes);
}

/* NULL when refused. */
static void *unpack(struct fixture *self, const struct hub_shape *shape, struct hub_span bytes)
{
    /* A block of exactly this size, so that AddressSanitizer sees a byte too far. */
    struct hub_span exact = hub_arena_copy(self->arena, bytes);
    void *record = hub_arena_get(self->arena, shape->size);
    memset(record, 0x55, shape->size);
    struct hub_fault fault = { .error = 0 };
    int error = hub_unpack(shape, exact, self->arena, record, &fault);
    assert_int_equal(error, fault.error);
    assert_int_equal(hub_unpack(shape, exact, self->arena, record, NULL), error);
    assert_true(error == 0 || (error == HUB_ERROR_invalid_field && strlen(fault.reason) > 0));
    return error == 0 ? record : NULL;
}

/* Where the fault is. */
static const char *pointer_of_fault(struct fixture *self, const struct hub_shape *shape, struct hub_span bytes)
{
    struct hub_fault *fault = HUB_NEW(self->arena, struct hub_fault);
    void *record = hub_arena_get(self->arena, shape->size);
    assert_int_equal(hub_unpack(shape, bytes, self->arena, record, fault), HUB_ERROR_invalid_field);
    return fault->pointer;
}

static void assert_comes_back(struct fixture *self, const struct hub_shape *shape, enum fill how, uint64_t seed)
{
    void *record = fill(self, shape, how, seed);
    struct hub_span bytes = hub_arena_copy(self->arena, pack(self, shape, record));
    void *back = unpack(self, shape, bytes);
    assert_non_null(back);
    assert_true(sample_is(shape, record, back));
    assert_true(hub_span_is(pack(self, shape, back), bytes));
}

static void every_record_comes_back_as_it_went(void **state)
{
    struct fixture *self = *state;
    for (size_t i = 0; i < sample_registry.count; i++) {
        assert_comes_back(self, sample_registry.shapes[i], FILL_LEAST, 0);
        assert_comes_back(self, sample_registry.shapes[i], FILL_MOST, 0);
        for (uint64_t seed = 0; seed < 200; seed++) {
            assert_comes_back(self, sample_registry.shapes[i], FILL_MIXED, seed);
        }
    }
}

static void another_reader_of_msgpack_reads_it_too(void **state)
{
    struct fixture *self = *state;
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        const void *record = fill(self, shape, FILL_MIXED, i);
        struct hub_span bytes = pack(self, shape, record);
        msgpack_unpacked unpacked;
        msgpack_unpacked_init(&unpacked);
        size_t at = 0;
        assert_int_equal(msgpack_unpack_next(&unpacked, bytes.at, bytes.len, &at), MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(at, bytes.len);
        assert_int_equal(unpacked.data.type, MSGPACK_OBJECT_MAP);
        assert_int_equal(unpacked.data.via.map.size, __builtin_popcountll(hub_record_present(shape, record)));
        msgpack_unpacked_destroy(&unpacked);
    }
}

/* The bytes themselves: a change here is a change of the log's format. */
static void the_bytes_are_those_of_the_format(void **state)
{
    struct fixture *self = *state;
    struct circle round = { 0 };
    HUB_SET(circle, &round, radius, 65536);
    struct sample record = { 0 };
    HUB_SET(sample, &record, yes, true);
    HUB_SET(sample, &record, whole, -33);
    HUB_SET(sample, &record, small, 128);
    HUB_SET(sample, &record, large, UINT64_MAX);
    HUB_SET(sample, &record, price, -32);
    HUB_SET(sample, &record, title, HUB_SPAN("t"));
    HUB_SET(sample, &record, raw, HUB_SPAN("\1\2"));
    HUB_SET(sample, &record, colour, colour_blue);
    HUB_SET(sample, &record, figure, ((hub_union){ &circle_shape, &round }));
    HUB_SET(sample, &record, words, ((hub_list){ (struct hub_span[]){ HUB_SPAN("x"), HUB_SPAN("") }, 2, 2 }));
    HUB_SET(sample, &record, distant, 5);
    struct hub_span want = HUB_SPAN("\x8B"
                                    "\x01\x01"
                                    "\x02\xD0\xDF"
                                    "\x03\xCC\x80"
                                    "\x04\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                                    "\x05\xE0"
                                    "\x06\xA1t"
                                    "\x07\xC4\x02\x01\x02"
                                    "\x08\xCD\x03\x84"
                                    "\x11\x92\xCD\x70\x02\x81\x01\xCE\x00\x01\x00\x00"
                                    "\x12\x92\xA1x\xA0"
                                    "\xCD\x01\x2C\x05");
    struct hub_span got = pack(self, &sample_shape, &record);
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.at, want.at, want.len);
}

static void numbers_take_the_shortest_form_and_come_back(void **state)
{
    struct fixture *self = *state;
    static const struct {
        int64_t value;
        size_t bytes;
    } cases[] = { { 0, 1 },
                  { 127, 1 },
                  { 128, 2 },
                  { 255, 2 },
                  { 256, 3 },
                  { 65535, 3 },
                  { 65536, 5 },
                  { UINT32_MAX, 5 },
                  { INT64_C(1) << 32, 9 },
                  { INT64_MAX, 9 },
                  { -1, 1 },
                  { -32, 1 },
                  { -33, 2 },
                  { -128, 2 },
                  { -129, 3 },
                  { INT16_MIN, 3 },
                  { INT16_MIN - 1, 5 },
                  { INT32_MIN, 5 },
                  { INT64_C(-2147483649), 9 },
                  { INT64_MIN, 9 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct point point = { 0 };
        HUB_SET(point, &point, x, cases[i].value);
        HUB_SET(point, &point, y, 0);
        struct hub_span bytes = pack(self, &point_shape, &point);
        assert_int_equal(bytes.len, 4 + cases[i].bytes);
        struct point *back = unpack(self, &point_shape, bytes);
        assert_non_null(back);
        assert_true(back->x == cases[i].value);
    }
}

static void every_cut_is_refused(void **state)
{
    struct fixture *self = *state;
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct hub_span all = pack(self, shape, fill(self, shape, seed == 0 ? FILL_MOST : FILL_MIXED, seed));
            all = hub_arena_copy(self->arena, all);
            for (size_t len = 0; len < all.len; len++) {
                assert_null(unpack(self, shape, hub_span_of(all.at, len)));
            }
        }
        hub_arena_reset(self->arena);
    }
}

static void trailing_bytes_are_refused(void **state)
{
    struct fixture *self = *state;
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        pack(self, shape, fill(self, shape, FILL_MIXED, i));
        hub_buf_put_byte(&self->bytes, 0xC0);
        assert_null(unpack(self, shape, hub_buf_span(&self->bytes)));
    }
}

/* What still reads is a record like any other: it can be written and read again. */
static void flipped_bits_do_no_harm(void **state)
{
    struct fixture *self = *state;
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        const void *record = fill(self, shape, FILL_MIXED, 17 + i);
        struct hub_buf flipped;
        hub_buf_init(&flipped);
        hub_pack(shape, record, &flipped);
        for (size_t bit = 0; bit < flipped.len * 8; bit++) {
            struct hub_arena *outer = self->arena;
            self->arena = hub_arena_new(0);
            flipped.at[bit / 8] ^= (char) (1 << bit % 8);
            void *back = unpack(self, shape, hub_buf_span(&flipped));
            if (back != NULL) {
                struct hub_span again = pack(self, shape, back);
                assert_non_null(unpack(self, shape, again));
            }
            flipped.at[bit / 8] ^= (char) (1 << bit % 8);
            hub_arena_destroy(&self->arena);
            self->arena = outer;
        }
        hub_buf_done(&flipped);
    }
}

/* A shape that does not know one of the tags: as an older program is. */
static void an_unknown_tag_is_skipped(void **state)
{
    struct fixture *self = *state;
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        for (unsigned k = 0; k < shape->count; k++) {
            void *record = fill(self, shape, FILL_MOST, k);
            struct hub_span bytes = pack(self, shape, record);
            struct hub_field *fields = HUB_NEW_ARRAY(self->arena, struct hub_field, shape->count);
            memcpy(fields, shape->fields, sizeof *fields * shape->count);
            fields[k].tag = 9999;
            fields[k].required = false;
            struct hub_shape older = *shape;
            older.fields = fields;
            void *back = unpack(self, &older, bytes);
            assert_non_null(back);
            uint64_t has = hub_record_present(shape, record) & ~(UINT64_C(1) << k);
            memcpy(record, &has, sizeof has);
            assert_true(sample_is(shape, record, back));
        }
    }
}

/* What records never hold, but a newer format might. */
static void values_of_every_type_of_msgpack_can_be_skipped(void **state)
{
    struct fixture *self = *state;
    static const struct hub_span values[] = {
        HUB_SPAN("\xC0"),
        HUB_SPAN("\xC2"),
        HUB_SPAN("\xC3"),
        HUB_SPAN("\xCA\1\2\3\4"),
        HUB_SPAN("\xCB\1\2\3\4\5\6\7\10"),
        HUB_SPAN("\xC7\3\1abc"),
        HUB_SPAN("\xC8\0\3\1abc"),
        HUB_SPAN("\xC9\0\0\0\3\1abc"),
        HUB_SPAN("\xD4\1a"),
        HUB_SPAN("\xD5\1ab"),
        HUB_SPAN("\xD6\1abcd"),
        HUB_SPAN("\xD7\1abcdefgh"),
        HUB_SPAN("\xD8\1abcdefghijklmnop"),
        HUB_SPAN("\xD9\3abc"),
        HUB_SPAN("\xDA\0\3abc"),
        HUB_SPAN("\xDB\0\0\0\3abc"),
        HUB_SPAN("\xC4\3abc"),
        HUB_SPAN("\xC5\0\3abc"),
        HUB_SPAN("\xC6\0\0\0\3abc"),
        HUB_SPAN("\x92\xC0\xC0"),
        HUB_SPAN("\xDC\0\2\xC0\xC0"),
        HUB_SPAN("\xDD\0\0\0\2\xC0\xC0"),
        HUB_SPAN("\x81\xA1"
                 "a\xC0"),
        HUB_SPAN("\xDE\0\1\xA1"
                 "a\xC0"),
        HUB_SPAN("\xDF\0\0\0\1\xA1"
                 "a\xC0"),
        HUB_SPAN("\xD1\xFF\0"),
        HUB_SPAN("\xCD\1\2"),
        HUB_SPAN("\xFF"),
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct hub_buf *bytes = &self->bytes;
        hub_buf_clear(bytes);
        hub_buf_put_text(bytes, "\x82\x64");
        hub_buf_put(bytes, values[i].at, values[i].len);
        hub_buf_put_text(bytes, "\x01\x07");
        struct node *back = unpack(self, &node_shape, hub_buf_span(bytes));
        assert_non_null(back);
        assert_int_equal(back->number, 7);
        for (size_t len = 0; len < bytes->len; len++) {
            assert_null(unpack(self, &node_shape, hub_span_of(bytes->at, len)));
        }
    }
    assert_null(unpack(self, &node_shape, HUB_SPAN("\x81\x64\xC1")));
}

/* A record with only one of its fields: a map of one pair. */
static void *only(struct fixture *self, const struct hub_shape *shape, unsigned field)
{
    void *record = fill(self, shape, FILL_MOST, field);
    uint64_t has = UINT64_C(1) << field;
    memcpy(record, &has, sizeof has);
    return record;
}

static void a_repeated_tag_is_refused(void **state)
{
    struct fixture *self = *state;
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        for (unsigned k = 0; k < shape->count; k++) {
            struct hub_span one = hub_arena_copy(self->arena, pack(self, shape, only(self, shape, k)));
            hub_buf_clear(&self->bytes);
            hub_buf_put_byte(&self->bytes, 0x82);
            hub_buf_put(&self->bytes, one.at + 1, one.len - 1);
            hub_buf_put(&self->bytes, one.at + 1, one.len - 1);
            const char *pointer = pointer_of_fault(self, shape, hub_buf_span(&self->bytes));
            assert_string_equal(pointer + 1, shape->fields[k].name);
        }
    }
}

static void a_missing_required_field_is_named(void **state)
{
    struct fixture *self = *state;
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        for (unsigned k = 0; k < shape->count; k++) {
            void *record = fill(self, shape, FILL_MOST, k);
            uint64_t has = hub_record_present(shape, record) & ~(UINT64_C(1) << k);
            memcpy(record, &has, sizeof has);
            struct hub_span bytes = pack(self, shape, record);
            if (shape->fields[k].required) {
                assert_string_equal(pointer_of_fault(self, shape, bytes) + 1, shape->fields[k].name);
            } else {
                assert_non_null(unpack(self, shape, bytes));
            }
        }
    }
}

static void a_known_tag_of_another_type_is_refused(void **state)
{
    struct fixture *self = *state;
    static const struct hub_span strangers[] = { HUB_SPAN("\xC0"),
                                                 HUB_SPAN("\xC3"),
                                                 HUB_SPAN("\xCB\0\0\0\0\0\0\0\0"),
                                                 HUB_SPAN("\xD4\1a"),
                                                 HUB_SPAN("\x92\xC0\xC0"),
                                                 HUB_SPAN("\x81\xA1"
                                                          "a\1") };
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        for (unsigned k = 0; k < shape->count; k++) {
            for (size_t s = 0; s < sizeof strangers / sizeof strangers[0]; s++) {
                hub_buf_clear(&self->bytes);
                hub_buf_put_byte(&self->bytes, 0x81);
                hub_buf_put_byte(&self->bytes, 0xCD);
                hub_buf_put_be16(&self->bytes, shape->fields[k].tag);
                hub_buf_put(&self->bytes, strangers[s].at, strangers[s].len);
                const char *pointer = pointer_of_fault(self, shape, hub_buf_span(&self->bytes));
                assert_memory_equal(pointer + 1, shape->fields[k].name, strlen(shape->fields[k].name));
            }
        }
    }
}

static void values_outside_their_c_type_are_refused(void **state)
{
    struct fixture *self = *state;
    static const struct hub_span bad[] = {
        HUB_SPAN("\x81\x01\x02"),                   /* a bool is 0 or 1 */
        HUB_SPAN("\x81\x02\xCF\x80\0\0\0\0\0\0\0"), /* i64 */
        HUB_SPAN("\x81\x03\xCF\0\0\0\1\0\0\0\0"),   /* u32 */
        HUB_SPAN("\x81\x03\xFF"),                   /* u32 */
        HUB_SPAN("\x81\x04\xFF"),                   /* u64 */
        HUB_SPAN("\x81\x08\xCE\0\1\0\0"),           /* enum */
        HUB_SPAN("\x81\x06\xA2\xC3\x28"),           /* UTF-8 */
        HUB_SPAN("\x81\x0C\xA1\xFF"),               /* UTF-8 */
        HUB_SPAN("\x81\x0B\xC4\x0F"
                 "123456789012345"), /* an id has 16 bytes */
        HUB_SPAN("\x81\x0B\xC4\x11"
                 "12345678901234567"),
        HUB_SPAN("\x81\x0D\xC4\x03"
                 "abc"),                          /* too short for a box */
        HUB_SPAN("\x81\x11\x93\x01\x80\x80"),     /* a union is a pair */
        HUB_SPAN("\x81\x11\x92\xCD\x70\x01\x80"), /* of a type that may stand there */
        HUB_SPAN("\x81\x12\xDD\xFF\xFF\xFF\xFF"), /* more items than bytes */
        HUB_SPAN("\xDF\xFF\xFF\xFF\xFF\x01"),     /* more pairs than bytes */
        HUB_SPAN("\x81\xFF\x01"),                 /* a tag below 0 */
        HUB_SPAN("\x81\xA1"
                 "a\x01"), /* a tag that is a text */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct hub_fault fault;
        assert_null(unpack(self, &sample_shape, bad[i]));
        struct sample record;
        assert_int_not_equal(hub_unpack(&sample_shape, bad[i], self->arena, &record, &fault), 0);
        assert_string_not_equal(fault.reason, "A required field is missing.");
    }
    /* Not what is wrong: other forms of the same number. */
    static const struct hub_span same[] = { HUB_SPAN("\x81\x01\x07"), HUB_SPAN("\x81\x01\xCC\x07"),
                                            HUB_SPAN("\x81\x01\xD3\0\0\0\0\0\0\0\7"),
                                            HUB_SPAN("\xDE\0\1\xCD\0\1\xCF\0\0\0\0\0\0\0\7") };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        const struct node *node = unpack(self, &node_shape, same[i]);
        assert_non_null(node);
        assert_int_equal(node->number, 7);
    }
}

static void a_fault_points_through_records_and_lists(void **state)
{
    struct fixture *self = *state;
    struct point points[3] = { 0 };
    for (int i = 0; i < 3; i++) {
        HUB_SET(point, &points[i], x, i);
        HUB_SET(point, &points[i], y, i);
    }
    HUB_SET(point, &points[0], label, HUB_SPAN("the first"));
    HUB_CLEAR(point, &points[2], y);
    struct sample *record = fill(self, &sample_shape, FILL_LEAST, 0);
    record->path.at = points;
    record->path.count = 3;
    HUB_MARK(sample, record, path);
    assert_string_equal(pointer_of_fault(self, &sample_shape, pack(self, &sample_shape, record)), "/path/2/y");
    HUB_CLEAR(sample, record, path);
    struct node leaf = { 0 };
    struct node middle = { 0 };
    HUB_SET(node, &leaf, note, ((hub_sealed){ .box = HUB_SPAN("short") }));
    HUB_SET(node, &middle, inner, &leaf);
    HUB_SET(sample, record, tree, &middle);
    assert_string_equal(pointer_of_fault(self, &sample_shape, pack(self, &sample_shape, record)), "/tree/inner/note");
}

/* `levels` records in one another: { 2: { 2: ... { 1: 7 } } }. */
static struct hub_span nested(struct fixture *self, unsigned levels, uint8_t tag)
{
    hub_buf_clear(&self->bytes);
    for (unsigned i = 1; i < levels; i++) {
        hub_buf_put_byte(&self->bytes, 0x81);
        hub_buf_put_byte(&self->bytes, tag);
    }
    hub_buf_put_text(&self->bytes, "\x81\x01\x07");
    return hub_buf_span(&self->bytes);
}

static void records_nest_thirty_two_deep_and_no_deeper(void **state)
{
    struct fixture *self = *state;
    struct node *node = unpack(self, &node_shape, nested(self, HUB_PACK_DEPTH, 2));
    assert_non_null(node);
    struct hub_span bytes = hub_arena_copy(self->arena, nested(self, HUB_PACK_DEPTH, 2));
    assert_true(hub_span_is(pack(self, &node_shape, node), bytes));
    for (unsigned i = 1; i < HUB_PACK_DEPTH; i++) {
        node = node->inner;
    }
    assert_int_equal(node->number, 7);
    assert_null(unpack(self, &node_shape, nested(self, HUB_PACK_DEPTH + 1, 2)));
    assert_null(unpack(self, &node_shape, nested(self, 100000, 2)));
    assert_non_null(unpack(self, &node_shape, nested(self, HUB_PACK_DEPTH, 100)));
    assert_null(unpack(self, &node_shape, nested(self, HUB_PACK_DEPTH + 1, 100)));
    assert_null(unpack(self, &node_shape, nested(self, 100000, 100)));
}

static void a_list_counts_as_deep_as_a_record(void **state)
{
    struct fixture *self = *state;
    for (unsigned levels = HUB_PACK_DEPTH - 1; levels <= HUB_PACK_DEPTH; levels++) {
        nested(self, levels, 2);
        self->bytes.len -= 2;
        hub_buf_put_text(&self->bytes, "\x03\x90");
        void *node = unpack(self, &node_shape, hub_buf_span(&self->bytes));
        assert_true((node != NULL) == (levels < HUB_PACK_DEPTH));
    }
}

static void a_hash_is_that_of_the_bytes_and_of_nothing_else(void **state)
{
    struct fixture *self = *state;
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        void *record = fill(self, shape, FILL_MIXED, i);
        struct hub_digest hash = hub_record_hash(shape, record);
        struct hub_digest want = hub_sha256(pack(self, shape, record));
        assert_true(hub_digest_is(&hash, &want));
        void *back = unpack(self, shape, hub_buf_span(&self->bytes));
        hash = hub_record_hash(shape, back);
        assert_true(hub_digest_is(&hash, &want));
    }
}

/* The original is overwritten and freed before the copy is looked at. */
static void a_copy_shares_nothing_with_the_original(void **state)
{
    struct fixture *self = *state;
    for (size_t i = 0; i < sample_registry.count; i++) {
        const struct hub_shape *shape = sample_registry.shapes[i];
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct hub_arena *outer = self->arena;
            struct hub_arena *other = hub_arena_new(1 << 20);
            self->arena = other;
            void *record = fill(self, shape, seed == 0 ? FILL_MOST : FILL_MIXED, seed);
            struct hub_digest want = hub_record_hash(shape, record);
            void *copy = hub_record_copy(shape, record, outer);
            self->arena = outer;
            memset(record, 0xEE, shape->size);
            hub_arena_destroy(&other);
            struct hub_digest hash = hub_record_hash(shape, copy);
            assert_true(hub_digest_is(&hash, &want));
        }
    }
    assert_null(hub_record_copy(&point_shape, NULL, self->arena));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_record_comes_back_as_it_went),
        TEST(another_reader_of_msgpack_reads_it_too),
        TEST(the_bytes_are_those_of_the_format),
        TEST(numbers_take_the_shortest_form_and_come_back),
        TEST(every_cut_is_refused),
        TEST(trailing_bytes_are_refused),
        TEST(flipped_bits_do_no_harm),
        TEST(an_unknown_tag_is_skipped),
        TEST(values_of_every_type_of_msgpack_can_be_skipped),
        TEST(a_repeated_tag_is_refused),
        TEST(a_missing_required_field_is_named),
        TEST(a_known_tag_of_another_type_is_refused),
        TEST(values_outside_their_c_type_are_refused),
        TEST(a_fault_points_through_records_and_lists),
        TEST(records_nest_thirty_two_deep_and_no_deeper),
        TEST(a_list_counts_as_deep_as_a_record),
        TEST(a_hash_is_that_of_the_bytes_and_of_nothing_else),
        TEST(a_copy_shares_nothing_with_the_original),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
