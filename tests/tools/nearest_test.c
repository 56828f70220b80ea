/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/nearest.h"

static void distances_count_letters_and_swaps(void **state)
{
    (void) state;
    assert_int_equal(hub_nearest_distance("", ""), 0);
    assert_int_equal(hub_nearest_distance("", "abc"), 3);
    assert_int_equal(hub_nearest_distance("data", "data"), 0);
    assert_int_equal(hub_nearest_distance("dta", "data"), 1);
    assert_int_equal(hub_nearest_distance("dtaa", "data"), 1);
    assert_int_equal(hub_nearest_distance("kitten", "sitting"), 3);
    assert_int_equal(hub_nearest_distance("sevre", "serve"), 1);
}

static void words_that_are_too_long_are_far(void **state)
{
    char word[65];
    (void) state;
    for (size_t i = 0; i < sizeof word - 1; i++)
        word[i] = 'x';
    word[sizeof word - 1] = 0;
    assert_true(hub_nearest_distance(word, "x") == SIZE_MAX);
    assert_false(hub_nearest_is_close(word, "data"));
    word[63] = 0;
    assert_int_equal(hub_nearest_distance(word, word), 0);
}

static void close_means_one_letter_in_four_and_one_more(void **state)
{
    (void) state;
    assert_true(hub_nearest_is_close("dta", "data"));
    assert_true(hub_nearest_is_close("supervize", "supervise"));
    assert_false(hub_nearest_is_close("listen", "data"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_count_letters_and_swaps),
        cmocka_unit_test(words_that_are_too_long_are_far),
        cmocka_unit_test(close_means_one_letter_in_four_and_one_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
