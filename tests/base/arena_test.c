/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/arena.h. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    char *pieces[400];
    size_t used = 0;
    for (size_t i = 0; i < 400; i++) {
        size_t bytes = i * 37 % 1500;
        pieces[i] = hub_arena_get(arena, bytes);
        used += bytes;
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t) pieces[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < bytes; k++) {
            assert_int_equal(pieces[i][k], 0);
        }
        memset(pieces[i], (int) i, bytes);
    }
    for (size_t i = 0; i < 400; i++) {
        for (size_t k = 0; k < i * 37 % 1500; k++) {
            assert_int_equal((uint8_t) pieces[i][k], (uint8_t) i);
        }
    }
    assert_int_equal(hub_arena_used(arena), used);
    hub_arena_destroy(&arena);
    assert_null(arena);
    hub_arena_destroy(&arena);
}

static void a_big_piece_leaves_the_current_block_in_use(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(256);
    char *before = hub_arena_get(arena, 16);
    char *big = hub_arena_get(arena, 1 << 20);
    char *after = hub_arena_get(arena, 16);
    assert_true(after > before && after < before + 256);
    assert_int_equal(big[(1 << 20) - 1], 0);
    hub_arena_destroy(&arena);
}

static void reset_keeps_the_first_block_and_zeroes_again(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(64);
    char *first = hub_arena_get(arena, 32);
    memset(first, 'x', 32);
    hub_arena_get(arena, 5000);
    hub_arena_get(arena, 100000);
    hub_arena_reset(arena);
    assert_int_equal(hub_arena_used(arena), 0);
    char *again = hub_arena_get(arena, 32);
    assert_ptr_equal(first, again);
    assert_int_equal(again[0], 0);
    hub_arena_destroy(&arena);
}

static void a_copy_lives_in_the_arena(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    char text[] = "hello";
    struct hub_span copy = hub_arena_copy(arena, hub_span(text));
    text[0] = 'j';
    assert_true(hub_span_is(copy, HUB_SPAN("hello")));
    assert_int_equal(hub_arena_copy(arena, hub_span(NULL)).len, 0);
    hub_arena_destroy(&arena);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

static void what_was_not_handed_out_is_poisoned(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(256);
    static const size_t sizes[] = { 1, 15, 16, 17, 100, 3000, 100000 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *piece = hub_arena_get(arena, sizes[i]);
        assert_false(__asan_address_is_poisoned(piece + sizes[i] - 1));
        assert_true(__asan_address_is_poisoned(piece + sizes[i]));
        hub_arena_get(arena, 16);
        assert_true(__asan_address_is_poisoned(piece + sizes[i]));
    }
    char *before = hub_arena_get(arena, 8);
    hub_arena_reset(arena);
    assert_true(__asan_address_is_poisoned(before));
    hub_arena_destroy(&arena);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(a_big_piece_leaves_the_current_block_in_use),
        cmocka_unit_test(reset_keeps_the_first_block_and_zeroes_again),
        cmocka_unit_test(a_copy_lives_in_the_arena),
#ifdef __SANITIZE_ADDRESS__
        cmocka_unit_test(what_was_not_handed_out_is_poisoned),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
