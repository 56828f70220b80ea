/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The hash table of rows: what is in it is found, what was taken out is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "replay/row_map.h"

enum { KEYS = 3000 };

struct row {
    struct hub_row_slot slot;
    char key[24];
    bool is_in;
};

static struct row rows[KEYS];

static void make_keys(void)
{
    for (int i = 0; i < KEYS; i++) {
        rows[i] = (struct row){ .is_in = false };
        int len = snprintf(rows[i].key, sizeof rows[i].key, i % 7 == 0 ? "k%d" : "a longer key %d", i);
        rows[i].slot.key = hub_span_of(rows[i].key, (size_t) len);
    }
}

static void put_in(struct hub_row_map *map, int i)
{
    hub_row_map_add(map, &rows[i].slot);
    rows[i].is_in = true;
}

static void take_out(struct hub_row_map *map, int i)
{
    hub_row_map_remove(map, &rows[i].slot);
    rows[i].is_in = false;
}

static void assert_map(const struct hub_row_map *map)
{
    size_t count = 0, walked = 0, at = 0;
    for (int i = 0; i < KEYS; i++) {
        struct hub_row_slot *slot = rows[i].is_in ? &rows[i].slot : NULL;
        assert_ptr_equal(hub_row_map_find(map, rows[i].slot.key), slot);
        assert_ptr_equal(hub_row_map_guess(map, hub_row_map_hash(rows[i].slot.key)), slot);
        count += rows[i].is_in;
    }
    for (struct hub_row_slot *slot; (slot = hub_row_map_walk(map, &at)) != NULL; walked++) {
        assert_true(((struct row *) slot)->is_in);
    }
    assert_int_equal(map->count, count);
    assert_int_equal(walked, count);
}

static void an_empty_map_finds_nothing(void **state)
{
    (void) state;
    struct hub_row_map map;
    make_keys();
    hub_row_map_init(&map);
    hub_row_map_load(&map, 1);
    assert_map(&map);
    put_in(&map, 0);
    take_out(&map, 0);
    assert_map(&map);
    hub_row_map_done(&map);
}

/* Taking out closes the gap, so that what was pushed past it stays to be found. */
static void what_was_put_in_is_found_until_it_is_taken_out(void **state)
{
    (void) state;
    struct hub_row_map map;
    uint32_t chance = 1;
    make_keys();
    hub_row_map_init(&map);
    for (int i = 0; i < KEYS; i++) {
        put_in(&map, i);
    }
    assert_map(&map);
    for (int round = 0; round < 20; round++) {
        for (int turn = 0; turn < KEYS; turn++) {
            chance = chance * 1664525 + 1013904223;
            int i = (int) (chance >> 8) % KEYS;
            if (rows[i].is_in) {
                take_out(&map, i);
            } else {
                put_in(&map, i);
            }
        }
        assert_map(&map);
    }
    hub_row_map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_finds_nothing),
        cmocka_unit_test(what_was_put_in_is_found_until_it_is_taken_out),
    };
    return cmocka_run_group_tests_name("replay/row_map", tests, NULL, NULL);
}
