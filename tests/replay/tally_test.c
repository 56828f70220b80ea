/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rows that are added up: sums do not depend on order, and what was put is found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "replay/tally.h"

enum { ROWS = 5000, LONG = 9000, VIEW = 3 };

static const uint64_t seed[2] = { 11, 22 };

static struct hub_tally *tally_new(size_t rows_max)
{
    const struct hub_tally_options options = {
        .scratch_dir = "/tmp", .seed = { seed[0], seed[1] }, .rows = 10, .rows_max = rows_max
    };
    return hub_tally_new(&options);
}

static struct hub_span key_of(unsigned number, char text[16])
{
    text[0] = 0;
    text[1] = VIEW;
    return hub_span_of(text, (size_t) snprintf(text + 2, 14, "row %u", number) + 2);
}

/* Some values are long, so that the file is read in pieces. */
static struct hub_span value_of(unsigned number, unsigned round)
{
    static char text[LONG];
    int len = snprintf(text, sizeof text, "value %u of %u", round, number);
    if (number % 100 == 7) {
        memset(text + len, 'a' + (int) (round % 26), sizeof text - (size_t) len);
        len = LONG;
    }
    return hub_span_of(text, (size_t) len);
}

static void put(struct hub_tally *tally, unsigned number, unsigned round)
{
    char text[16];
    struct hub_rows rows = hub_tally_rows(tally);
    rows.put(rows.self, key_of(number, text), value_of(number, round));
}

static void drop(struct hub_tally *tally, unsigned number)
{
    char text[16];
    struct hub_rows rows = hub_tally_rows(tally);
    rows.drop(rows.self, key_of(number, text));
}

static void assert_sum(struct hub_tally *a, struct hub_tally *b)
{
    struct hub_tally_sum left = hub_tally_sum_of(a, VIEW), right = hub_tally_sum_of(b, VIEW);
    assert_int_equal(left.rows, right.rows);
    assert_true(left.sum == right.sum);
}

static void any_order_gives_the_same_sum(void **state)
{
    (void) state;
    struct hub_tally *a = tally_new(SIZE_MAX), *b = tally_new(SIZE_MAX);
    struct hub_tally_sum sum = { 0 };
    char text[16];
    for (unsigned i = 0; i < ROWS; i++) {
        put(a, i, 1);
        put(b, ROWS - 1 - i, 0);
        put(b, ROWS - 1 - i, 1);
        put(b, ROWS + i, 1);
    }
    for (unsigned i = 0; i < ROWS; i++) {
        drop(b, ROWS + i);
        hub_tally_add(seed, key_of(i, text), value_of(i, 1), &sum);
    }
    assert_sum(a, b);
    assert_int_equal(sum.rows, ROWS);
    assert_true(hub_tally_sum_of(a, VIEW).sum == sum.sum);
    put(b, 17, 2);
    assert_true(hub_tally_sum_of(a, VIEW).sum != hub_tally_sum_of(b, VIEW).sum);
    put(b, 17, 1);
    assert_sum(a, b);
    drop(b, ROWS * 5);
    assert_sum(a, b);
    hub_tally_destroy(&a);
    hub_tally_destroy(&b);
}

static void what_was_put_is_read_back(void **state)
{
    (void) state;
    struct hub_tally *tally = tally_new(SIZE_MAX);
    struct hub_rows rows = hub_tally_rows(tally);
    struct hub_buf value;
    char text[16];
    hub_buf_init(&value);
    for (unsigned i = 0; i < ROWS; i++) {
        put(tally, i, i % 3);
        if (i % 2 == 0) {
            assert_int_equal(rows.get(rows.self, key_of(i / 2, text), &value), 0);
            assert_true(hub_span_is(hub_buf_span(&value), value_of(i / 2, i / 2 % 3)));
        }
    }
    assert_int_equal(rows.get(rows.self, key_of(ROWS, text), &value), HUB_ERROR_not_found);
    hub_buf_done(&value);
    hub_tally_destroy(&tally);
}

static bool count(void *arg, struct hub_span key)
{
    char text[16];
    assert_true(hub_span_is(key, key_of(2, text)));
    ++*(unsigned *) arg;
    return true;
}

static void rows_are_found_told_apart_and_left_over(void **state)
{
    (void) state;
    struct hub_tally *tally = tally_new(SIZE_MAX);
    char text[16];
    unsigned unseen = 0;
    for (unsigned i = 0; i < 3; i++) {
        put(tally, i, 1);
    }
    assert_int_equal(hub_tally_find(tally, key_of(0, text), value_of(0, 1)), HUB_TALLY_SAME);
    assert_int_equal(hub_tally_find(tally, key_of(1, text), value_of(1, 2)), HUB_TALLY_OTHER);
    assert_int_equal(hub_tally_find(tally, key_of(9, text), value_of(9, 1)), HUB_TALLY_UNKNOWN);
    assert_int_equal(hub_tally_unseen(tally, VIEW, count, &unseen), 0);
    assert_int_equal(unseen, 1);
    assert_int_equal(hub_tally_unseen(tally, VIEW + 1, count, &unseen), 0);
    assert_int_equal(unseen, 1);
    hub_tally_destroy(&tally);
}

static void too_many_rows_are_refused(void **state)
{
    (void) state;
    struct hub_tally *tally = tally_new(100);
    int number = 0;
    for (unsigned i = 0; i < 100; i++) {
        put(tally, i, 1);
    }
    put(tally, 5, 2);
    assert_int_equal(hub_tally_error(tally, &number), 0);
    put(tally, 100, 1);
    assert_int_equal(hub_tally_error(tally, &number), HUB_ERROR_limit_reached);
    hub_tally_destroy(&tally);
}

static void a_file_that_cannot_be_made_is_told(void **state)
{
    (void) state;
    const struct hub_tally_options options = { .scratch_dir = "/nowhere", .rows_max = SIZE_MAX };
    struct hub_tally *tally = hub_tally_new(&options);
    int number = 0;
    for (unsigned i = 0; i < ROWS * 8 && hub_tally_error(tally, &number) == 0; i++) {
        put(tally, i, 1);
    }
    assert_true(hub_tally_error(tally, &number) < 0);
    assert_string_equal(strerror(number), "No such file or directory");
    hub_tally_destroy(&tally);
    hub_tally_destroy(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_the_same_sum),
        cmocka_unit_test(what_was_put_is_read_back),
        cmocka_unit_test(rows_are_found_told_apart_and_left_over),
        cmocka_unit_test(too_many_rows_are_refused),
        cmocka_unit_test(a_file_that_cannot_be_made_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
