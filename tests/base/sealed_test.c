/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/sealed.h. */
#include "base/sealed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/pack.h"
#include "tests/base/sample.h"

static const struct hub_ulid company = { "company" };
static const struct hub_ulid subject = { "subject" };

/* One key, of one subject of one company. */
struct key_ring {
    bool gone;
    unsigned asked;
    struct hub_key key;
};

static bool find_key(void *self, struct hub_ulid of_company, struct hub_ulid of_subject, struct hub_key *ret_key)
{
    struct key_ring *ring = self;
    ring->asked++;
    if (ring->gone || !hub_ulid_is(of_subject, subject)) {
        return false;
    }
    (void) of_company; /* a careless source: the box itself must refuse */
    *ret_key = ring->key;
    return true;
}

struct fixture {
    struct hub_arena *arena;
    struct hub_world *world;
    struct key_ring ring;
    struct hub_key_source keys;
    struct sample *record;
    struct circle *circle;
    struct node *leaf;
};

/* Sealed values at the top, in a record in a record, in a list in a record, and in a union. */
static int set_up(void **state)
{
    static struct fixture self;
    self = (struct fixture){ .arena = hub_arena_new(0), .world = hub_world_fake_new(1000000, 3) };
    self.ring.key = (struct hub_key){ "a key" };
    self.keys = (struct hub_key_source){ find_key, &self.ring };
    self.record = HUB_NEW(self.arena, struct sample);
    self.circle = HUB_NEW(self.arena, struct circle);
    self.leaf = HUB_NEW(self.arena, struct node);
    struct node *tree = HUB_NEW(self.arena, struct node);
    HUB_SET(sample, self.record, yes, true);
    HUB_SET(sample, self.record, title, HUB_SPAN("open to all"));
    HUB_SET(sample, self.record, ident, subject);
    HUB_SET(sample, self.record, secret, ((hub_sealed){ .clear = HUB_SPAN("top") }));
    HUB_SET(circle, self.circle, radius, 3);
    HUB_SET(circle, self.circle, name, ((hub_sealed){ .clear = HUB_SPAN("") }));
    HUB_SET(sample, self.record, figure, ((hub_union){ &circle_shape, self.circle }));
    HUB_SET(node, self.leaf, note, ((hub_sealed){ .clear = HUB_SPAN("\"leaf\"") }));
    tree->others.at = self.leaf;
    tree->others.count = 1;
    HUB_MARK(node, tree, others);
    HUB_SET(sample, self.record, tree, tree);
    *state = &self;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *self = *state;
    hub_arena_destroy(&self->arena);
    hub_world_fake_destroy(&self->world);
    return 0;
}

static void seal_with(struct fixture *self, struct hub_ulid whose, const struct hub_key *key)
{
    const struct hub_sealing with = {
        .company = company, .subject = whose, .key = key, .world = self->world, .arena = self->arena
    };
    hub_record_seal(&sample_shape, self->record, &with);
}

static void seal(struct fixture *self)
{
    seal_with(self, subject, &self->ring.key);
}

/* The record as a reader of the log has it. */
static struct sample *carried(struct fixture *self)
{
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    hub_pack(&sample_shape, self->record, &bytes);
    struct sample *record = HUB_NEW(self->arena, struct sample);
    struct hub_span kept = hub_arena_copy(self->arena, hub_buf_span(&bytes));
    hub_buf_done(&bytes);
    assert_int_equal(hub_unpack(&sample_shape, kept, self->arena, record, NULL), 0);
    return record;
}

static void every_sealed_value_is_sealed_carried_and_opened(void **state)
{
    struct fixture *self = *state;
    seal(self);
    assert_int_equal(self->record->secret.box.len, HUB_BOX_OVERHEAD + 3);
    assert_int_equal(self->record->secret.clear.len, 0);
    assert_int_equal(self->circle->name.box.len, HUB_BOX_OVERHEAD);
    assert_int_equal(self->leaf->note.box.len, HUB_BOX_OVERHEAD + 6);
    assert_null(self->leaf->note.clear.at);
    struct sample *record = carried(self);
    hub_record_open(&sample_shape, record, company, &self->keys, self->arena);
    assert_int_equal(self->ring.asked, 3);
    assert_true(hub_span_is(record->secret.clear, HUB_SPAN("top")));
    assert_true(hub_span_is(record->tree->others.at[0].note.clear, HUB_SPAN("\"leaf\"")));
    const struct circle *circle = record->figure.at;
    assert_non_null(circle->name.clear.at);
    assert_int_equal(circle->name.clear.len, 0);
    assert_int_equal(record->secret.box.len, HUB_BOX_OVERHEAD + 3);
}

static void nothing_of_the_clear_text_is_in_the_packed_record(void **state)
{
    struct fixture *self = *state;
    seal(self);
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    hub_pack(&sample_shape, self->record, &bytes);
    assert_null(memmem(bytes.at, bytes.len, "top", 3));
    assert_null(memmem(bytes.at, bytes.len, "leaf", 4));
    assert_non_null(memmem(bytes.at, bytes.len, "open to all", 11));
    hub_buf_done(&bytes);
}

static void the_same_text_never_gives_the_same_box(void **state)
{
    struct fixture *self = *state;
    seal(self);
    struct hub_span first = self->record->secret.box;
    self->record->secret = (hub_sealed){ .clear = HUB_SPAN("top") };
    seal(self);
    assert_int_equal(first.len, self->record->secret.box.len);
    assert_false(hub_span_is(first, self->record->secret.box));
    assert_memory_not_equal(first.at + 1 + 16, self->record->secret.box.at + 1 + 16, HUB_NONCE);
}

static void a_box_from_elsewhere_is_carried_unopened(void **state)
{
    struct fixture *self = *state;
    seal(self);
    struct hub_span box = self->record->secret.box;
    struct hub_span nested = self->leaf->note.box;
    struct hub_key other = { "another key" };
    seal_with(self, company, &other);
    assert_ptr_equal(self->record->secret.box.at, box.at);
    assert_ptr_equal(self->leaf->note.box.at, nested.at);
}

static void a_key_that_is_gone_leaves_boxes_shut(void **state)
{
    struct fixture *self = *state;
    seal(self);
    self->ring.gone = true;
    struct sample *record = carried(self);
    hub_record_open(&sample_shape, record, company, &self->keys, self->arena);
    assert_null(record->secret.clear.at);
    assert_null(record->tree->others.at[0].note.clear.at);
    assert_true(hub_span_is(record->secret.box, self->record->secret.box));
}

static void only_ids_are_remembered_when_that_is_asked_for(void **state)
{
    struct fixture *self = *state;
    seal(self);
    for (unsigned i = 0; i < 2; i++) {
        self->keys.opened = i == 0 ? NULL : hub_opened_new();
        for (unsigned round = 0; round < 3; round++) {
            self->ring.asked = 0;
            struct sample *record = carried(self);
            hub_record_open(&sample_shape, record, company, &self->keys, self->arena);
            assert_true(hub_span_is(record->secret.clear, HUB_SPAN("top")));
            assert_true(hub_span_is(record->tree->others.at[0].note.clear, HUB_SPAN("\"leaf\"")));
            assert_int_equal(self->ring.asked, i == 1 && round > 0 ? 2 : 3);
        }
    }
    struct sample *record = carried(self);
    hub_record_open(&sample_shape, record, (struct hub_ulid){ "Company" }, &self->keys, self->arena);
    assert_null(record->secret.clear.at);
    self->ring.gone = true;
    hub_opened_renew(self->keys.opened, 1);
    hub_record_open(&sample_shape, record, company, &self->keys, self->arena);
    assert_null(record->secret.clear.at);
    hub_opened_destroy(&self->keys.opened);
}

static void a_box_opens_in_its_own_company_and_for_its_own_subject_only(void **state)
{
    struct fixture *self = *state;
    seal(self);
    struct hub_span clear = HUB_SPAN("untouched");
    struct hub_ulid other_company = { "Company" };
    assert_false(hub_box_open(self->record->secret.box, other_company, &self->keys, self->arena, &clear));
    assert_true(hub_span_is(clear, HUB_SPAN("untouched")));

    /* The same key under another subject's name. */
    struct hub_ulid other_subject = { "Subject" };
    self->record->secret = (hub_sealed){ .clear = HUB_SPAN("top") };
    seal_with(self, other_subject, &self->ring.key);
    struct hub_span box = hub_arena_copy(self->arena, self->record->secret.box);
    assert_false(hub_box_open(box, company, &self->keys, self->arena, &clear));
    memcpy((char *) box.at + 1, subject.b, sizeof subject.b);
    assert_false(hub_box_open(box, company, &self->keys, self->arena, &clear));
}

static void a_damaged_box_stays_shut(void **state)
{
    struct fixture *self = *state;
    seal(self);
    struct hub_span box = hub_arena_copy(self->arena, self->record->secret.box);
    char *bytes = (char *) box.at;
    struct hub_span clear;
    for (size_t bit = 0; bit < box.len * 8; bit++) {
        bytes[bit / 8] ^= (char) (1 << bit % 8);
        assert_false(hub_box_open(box, company, &self->keys, self->arena, &clear));
        bytes[bit / 8] ^= (char) (1 << bit % 8);
    }
    for (size_t len = 0; len < box.len; len++) {
        assert_false(hub_box_open(hub_span_of(bytes, len), company, &self->keys, self->arena, &clear));
    }
    assert_true(hub_box_open(box, company, &self->keys, self->arena, &clear));
    assert_true(hub_span_is(clear, HUB_SPAN("top")));
}

static void it_is_known_which_records_still_need_a_key(void **state)
{
    struct fixture *self = *state;
    assert_true(hub_record_is_open(&sample_shape, self->record));
    assert_int_equal(hub_record_boxes(&sample_shape, self->record), 0);
    seal(self);
    assert_false(hub_record_is_open(&sample_shape, self->record));
    assert_int_equal(hub_record_boxes(&sample_shape, self->record), 3); /* at the top, in a union, in a list */
    self->record->secret.clear = HUB_SPAN("another");
    assert_true(hub_record_is_open(&sample_shape, self->record));
    struct sample nothing = { 0 };
    assert_false(hub_record_is_open(&sample_shape, &nothing));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_sealed_value_is_sealed_carried_and_opened),
        TEST(nothing_of_the_clear_text_is_in_the_packed_record),
        TEST(the_same_text_never_gives_the_same_box),
        TEST(a_box_from_elsewhere_is_carried_unopened),
        TEST(a_key_that_is_gone_leaves_boxes_shut),
        TEST(only_ids_are_remembered_when_that_is_asked_for),
        TEST(a_box_opens_in_its_own_company_and_for_its_own_subject_only),
        TEST(a_damaged_box_stays_shut),
        TEST(it_is_known_which_records_still_need_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
