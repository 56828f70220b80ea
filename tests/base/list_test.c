/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Lists that grow and shrink in an arena. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    uint64_t number, other;
};

struct items {
    struct item *at;
    uint32_t count, room;
};

static void assert_items(const struct items *items, const uint64_t *numbers, uint32_t count)
{
    assert_int_equal(items->count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(items->at[i].number, numbers[i]);
    }
}

static void items_stay_in_order_while_the_list_grows(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    struct items items = { 0 };
    for (uint64_t i = 0; i < 1000; i++) {
        struct item *item = HUB_LIST_ADD(&items, arena);
        assert_int_equal(item->number, 0);
        item->number = i;
    }
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(items.at[i].number, i);
    }
    assert_true(items.room < 2 * items.count);
    assert_true(hub_arena_used(arena) < 4 * sizeof(struct item) * items.count);
    hub_arena_destroy(&arena);
}

static void a_list_without_room_leaves_its_items_where_they_were(void **state)
{
    (void) state;
    static const struct item fixed[] = { { 7, 0 }, { 8, 0 } };
    struct hub_arena *arena = hub_arena_new(0);
    struct items items = { .at = (struct item *) fixed, .count = 2, .room = 2 };
    HUB_LIST_ADD(&items, arena)->number = 9;
    assert_items(&items, (const uint64_t[]){ 7, 8, 9 }, 3);
    assert_ptr_not_equal(items.at, fixed);
    hub_arena_destroy(&arena);
}

static void an_item_is_taken_out_and_its_place_comes_back_empty(void **state)
{
    (void) state;
    struct hub_arena *arena = hub_arena_new(0);
    struct items items = { 0 };
    for (uint64_t i = 1; i <= 4; i++) {
        *HUB_LIST_ADD(&items, arena) = (struct item){ i, i };
    }
    HUB_LIST_REMOVE(&items, 1);
    assert_items(&items, (const uint64_t[]){ 1, 3, 4 }, 3);
    HUB_LIST_REMOVE(&items, 2);
    HUB_LIST_REMOVE(&items, 0);
    assert_items(&items, (const uint64_t[]){ 3 }, 1);
    assert_int_equal(HUB_LIST_ADD(&items, arena)->other, 0);
    hub_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_stay_in_order_while_the_list_grows),
        cmocka_unit_test(a_list_without_room_leaves_its_items_where_they_were),
        cmocka_unit_test(an_item_is_taken_out_and_its_place_comes_back_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
