/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The tree against known roots, every proof of every small list, and every proof that was tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/merkle.h"

enum { MOST = 70 };

/* The entries that implementations of Certificate Transparency test with. */
static const struct {
    const char *at;
    size_t len;
} known[] = { { "", 0 },
              { "\x00", 1 },
              { "\x10", 1 },
              { "\x20\x21", 2 },
              { "\x30\x31", 2 },
              { "\x40\x41\x42\x43", 4 },
              { "\x50\x51\x52\x53\x54\x55\x56\x57", 8 },
              { "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16 } };

struct list {
    struct hub_digest leaves[MOST];
    unsigned fails_after; /* readings until the source fails; 0: never */
};

/* By the definition, as slowly as it is written there. */
static struct hub_digest slow_root(const struct hub_digest *leaves, uint64_t count)
{
    if (count == 1) {
        return leaves[0];
    }
    uint64_t left = 1;
    while (left * 2 < count) {
        left *= 2;
    }
    struct hub_digest l = slow_root(leaves, left), r = slow_root(leaves + left, count - left);
    return hub_merkle_parent(&l, &r);
}

static int read_node(void *arg, unsigned level, uint64_t index, struct hub_digest *ret_hash)
{
    struct list *list = arg;
    if (list->fails_after > 0 && --list->fails_after == 0) {
        return -1;
    }
    assert_true(((index + 1) << level) <= MOST);
    *ret_hash = slow_root(list->leaves + (index << level), UINT64_C(1) << level);
    return 0;
}

static void fill(struct list *list)
{
    for (unsigned i = 0; i < MOST; i++) {
        uint8_t entry = (uint8_t) i;
        list->leaves[i] = hub_merkle_leaf(hub_span_of(&entry, 1));
    }
}

static struct hub_digest root_of(struct list *list, uint64_t size)
{
    struct hub_merkle_source source = { read_node, list };
    struct hub_digest root;
    assert_int_equal(hub_merkle_root(&source, size, &root), 0);
    return root;
}

static void roots_are_those_that_others_compute(void **unused)
{
    (void) unused;
    static const uint8_t empty[] = { 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14 };
    static const uint8_t one[] = { 0x6e, 0x34, 0x0b, 0x9c, 0xff, 0xb3, 0x7a, 0x98 };
    static const uint8_t eight[] = { 0x5d, 0xc9, 0xda, 0x79, 0xa7, 0x06, 0x59, 0xa9 };
    struct list list = { .fails_after = 0 };
    for (unsigned i = 0; i < 8; i++) {
        list.leaves[i] = hub_merkle_leaf(hub_span_of(known[i].at, known[i].len));
    }
    assert_memory_equal(root_of(&list, 0).b, empty, sizeof empty);
    assert_memory_equal(root_of(&list, 1).b, one, sizeof one);
    assert_memory_equal(root_of(&list, 8).b, eight, sizeof eight);
}

static void every_entry_of_every_list_is_proved(void **unused)
{
    (void) unused;
    struct list list = { .fails_after = 0 };
    struct hub_merkle_fold fold = { .count = 0 };
    fill(&list);
    struct hub_merkle_source source = { read_node, &list };
    for (uint64_t size = 1; size <= MOST; size++) {
        struct hub_digest root = slow_root(list.leaves, size), fast = root_of(&list, size);
        assert_memory_equal(root.b, fast.b, HUB_DIGEST);
        hub_merkle_fold_add(&fold, &list.leaves[size - 1]);
        assert_memory_equal(root.b, hub_merkle_fold_root(&fold).b, HUB_DIGEST);
        for (uint64_t i = 0; i < size; i++) {
            struct hub_merkle_path path;
            assert_int_equal(hub_merkle_include(&source, i, size, &path), 0);
            assert_true(hub_merkle_is_included(&list.leaves[i], i, size, &path, &root));
            assert_false(hub_merkle_is_included(&list.leaves[(i + 1) % MOST], i, size, &path, &root));
            assert_false(size > 1 && hub_merkle_is_included(&list.leaves[i], (i + 1) % size, size, &path, &root));
            assert_false(hub_merkle_is_included(&list.leaves[i], size, size, &path, &root));
        }
    }
}

static void every_list_extends_every_shorter_one(void **unused)
{
    (void) unused;
    struct list list = { .fails_after = 0 };
    fill(&list);
    struct hub_merkle_source source = { read_node, &list };
    for (uint64_t size = 1; size <= MOST; size++) {
        struct hub_merkle_head after = { size, root_of(&list, size) };
        for (uint64_t old = 0; old <= size; old++) {
            struct hub_merkle_head before = { old, root_of(&list, old) };
            struct hub_merkle_path path;
            assert_int_equal(hub_merkle_extend(&source, old, size, &path), 0);
            assert_true(hub_merkle_is_extended(&before, &after, &path));
            before.root.b[7] ^= 1;
            assert_false(old > 0 && hub_merkle_is_extended(&before, &after, &path));
        }
    }
}

static void a_path_with_any_bit_changed_proves_nothing(void **unused)
{
    (void) unused;
    struct list list = { .fails_after = 0 };
    fill(&list);
    struct hub_merkle_source source = { read_node, &list };
    struct hub_merkle_head before = { 37, root_of(&list, 37) }, after = { 61, root_of(&list, 61) };
    struct hub_merkle_path in, on;
    assert_int_equal(hub_merkle_include(&source, 36, 61, &in), 0);
    assert_int_equal(hub_merkle_extend(&source, 37, 61, &on), 0);
    for (size_t i = 0; i < in.count * 256; i++) {
        struct hub_merkle_path bad = in;
        bad.hashes[i / 256].b[i % 256 / 8] ^= (uint8_t) (1 << i % 8);
        assert_false(hub_merkle_is_included(&list.leaves[36], 36, 61, &bad, &after.root));
    }
    for (size_t i = 0; i < on.count * 256; i++) {
        struct hub_merkle_path bad = on;
        bad.hashes[i / 256].b[i % 256 / 8] ^= (uint8_t) (1 << i % 8);
        assert_false(hub_merkle_is_extended(&before, &after, &bad));
    }
}

static void a_path_of_another_length_proves_nothing(void **unused)
{
    (void) unused;
    struct list list = { .fails_after = 0 };
    fill(&list);
    struct hub_merkle_source source = { read_node, &list };
    struct hub_merkle_head before = { 37, root_of(&list, 37) }, after = { 61, root_of(&list, 61) };
    struct hub_merkle_path in, on;
    assert_int_equal(hub_merkle_include(&source, 36, 61, &in), 0);
    assert_int_equal(hub_merkle_extend(&source, 37, 61, &on), 0);
    size_t in_count = in.count, on_count = on.count;
    for (size_t count = 0; count <= HUB_MERKLE_PATH + 1; count++) {
        in.count = on.count = count;
        assert_int_equal(hub_merkle_is_included(&list.leaves[36], 36, 61, &in, &after.root), count == in_count);
        assert_int_equal(hub_merkle_is_extended(&before, &after, &on), count == on_count);
    }
    on.count = on_count;
    assert_false(hub_merkle_is_extended(&after, &before, &on));
}

static void a_source_that_fails_is_passed_on(void **unused)
{
    (void) unused;
    struct list list = { .fails_after = 0 };
    fill(&list);
    struct hub_merkle_source source = { read_node, &list };
    struct hub_merkle_path path = { .count = 77 };
    for (unsigned n = 1; n <= 4; n++) {
        struct hub_digest root;
        list.fails_after = n;
        assert_int_equal(hub_merkle_root(&source, 15, &root), -1);
        list.fails_after = n;
        assert_int_equal(hub_merkle_include(&source, 3, 15, &path), -1);
        list.fails_after = n;
        assert_int_equal(hub_merkle_extend(&source, 7, 15, &path), -1);
        assert_int_equal(path.count, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_those_that_others_compute),
        cmocka_unit_test(every_entry_of_every_list_is_proved),
        cmocka_unit_test(every_list_extends_every_shorter_one),
        cmocka_unit_test(a_path_with_any_bit_changed_proves_nothing),
        cmocka_unit_test(a_path_of_another_length_proves_nothing),
        cmocka_unit_test(a_source_that_fails_is_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
