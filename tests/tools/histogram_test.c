/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of tools/bench/histogram.h. */
#include "tools/bench/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SAMPLES = 20000 };

static int set_up(void **state)
{
    *state = hub_histogram_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    struct hub_histogram *histogram = *state;
    hub_histogram_destroy(&histogram);
    assert_null(histogram);
    return 0;
}

/* Numbers of every size, the same in each run. */
static int64_t sample(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t) ((*seed >> 32) >> (*seed >> 20 & 31));
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *) a, right = *(const int64_t *) b;
    return (left > right) - (left < right);
}

static void an_empty_histogram_is_all_zero(void **state)
{
    struct hub_histogram *self = *state;
    assert_int_equal(hub_histogram_count(self), 0);
    assert_int_equal(hub_histogram_min_us(self), 0);
    assert_int_equal(hub_histogram_max_us(self), 0);
    assert_int_equal(hub_histogram_percentile_us(self, 99), 0);
    assert_true(hub_histogram_mean_us(self) == 0.0);
}

static void one_value_is_every_percentile(void **state)
{
    struct hub_histogram *self = *state;
    hub_histogram_record(self, 1234567);
    for (int percent = 0; percent <= 100; percent += 5)
        assert_int_equal(hub_histogram_percentile_us(self, percent), 1234567);
}

static void small_values_are_exact(void **state)
{
    struct hub_histogram *self = *state;
    for (int64_t value = 1; value <= 1000; value++)
        hub_histogram_record(self, value);
    assert_int_equal(hub_histogram_percentile_us(self, 50), 500);
    assert_int_equal(hub_histogram_percentile_us(self, 99), 990);
    assert_int_equal(hub_histogram_percentile_us(self, 99.9), 999);
    assert_int_equal(hub_histogram_percentile_us(self, 99.91), 1000);
    assert_int_equal(hub_histogram_min_us(self), 1);
    assert_true(hub_histogram_mean_us(self) == 500.5);
}

static void every_percentile_is_within_a_thousandth_of_a_sorted_list(void **state)
{
    struct hub_histogram *self = *state;
    uint64_t seed = 7;
    int64_t *sorted = malloc(SAMPLES * sizeof *sorted);
    assert_non_null(sorted);
    for (size_t i = 0; i < SAMPLES; i++)
        hub_histogram_record(self, sorted[i] = sample(&seed));
    qsort(sorted, SAMPLES, sizeof *sorted, by_size);
    for (size_t rank = 1; rank <= SAMPLES; rank += 37) {
        int64_t truth = sorted[rank - 1];
        int64_t found = hub_histogram_percentile_us(self, ((double) rank - 0.5) * 100.0 / SAMPLES);
        assert_true(found >= truth);
        assert_true(found - truth <= truth / 1000);
    }
    assert_int_equal(hub_histogram_percentile_us(self, 100), sorted[SAMPLES - 1]);
    free(sorted);
}

static void the_edges_of_every_power_of_two_keep_their_order(void **state)
{
    (void) state;
    for (int bit = 1; bit < 32; bit++) {
        int64_t edge = INT64_C(1) << bit;
        struct hub_histogram *self = hub_histogram_new();
        hub_histogram_record(self, edge - 1);
        hub_histogram_record(self, edge);
        hub_histogram_record(self, INT64_C(1) << 33);
        assert_int_equal(hub_histogram_percentile_us(self, 33), edge - 1);
        assert_in_range(hub_histogram_percentile_us(self, 66), edge, edge + edge / 1000);
        hub_histogram_destroy(&self);
    }
}

static void merging_is_recording_in_one_place(void **state)
{
    struct hub_histogram *whole = *state, *odd = hub_histogram_new(), *even = hub_histogram_new();
    uint64_t seed = 11;
    for (int i = 0; i < SAMPLES; i++) {
        int64_t value = sample(&seed);
        hub_histogram_record(whole, value);
        hub_histogram_record(i % 2 ? odd : even, value);
    }
    hub_histogram_merge(odd, even);
    assert_int_equal(hub_histogram_count(odd), SAMPLES);
    assert_int_equal(hub_histogram_min_us(odd), hub_histogram_min_us(whole));
    assert_int_equal(hub_histogram_max_us(odd), hub_histogram_max_us(whole));
    assert_true(hub_histogram_mean_us(odd) == hub_histogram_mean_us(whole));
    for (int tenth = 0; tenth <= 1000; tenth += 7)
        assert_int_equal(hub_histogram_percentile_us(odd, tenth / 10.0),
                         hub_histogram_percentile_us(whole, tenth / 10.0));
    hub_histogram_destroy(&odd);
    hub_histogram_destroy(&even);
}

static void merging_an_empty_one_changes_nothing(void **state)
{
    struct hub_histogram *self = *state, *empty = hub_histogram_new();
    hub_histogram_record(self, 40);
    hub_histogram_merge(self, empty);
    assert_int_equal(hub_histogram_count(self), 1);
    assert_int_equal(hub_histogram_min_us(self), 40);
    hub_histogram_merge(empty, self);
    assert_int_equal(hub_histogram_min_us(empty), 40);
    hub_histogram_destroy(&empty);
}

static void values_out_of_range_are_counted_at_the_ends(void **state)
{
    struct hub_histogram *self = *state;
    hub_histogram_record(self, -5);
    hub_histogram_record(self, INT64_MAX / 2);
    assert_int_equal(hub_histogram_count(self), 2);
    assert_int_equal(hub_histogram_min_us(self), 0);
    assert_true(hub_histogram_max_us(self) == INT64_MAX / 2);
    assert_int_equal(hub_histogram_percentile_us(self, 50), 0);
}

static void destroying_nothing_is_fine(void **state)
{
    (void) state;
    struct hub_histogram *none = NULL;
    hub_histogram_destroy(&none);
    hub_histogram_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_histogram_is_all_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_value_is_every_percentile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_values_are_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_percentile_is_within_a_thousandth_of_a_sorted_list, set_up, tear_down),
        cmocka_unit_test(the_edges_of_every_power_of_two_keep_their_order),
        cmocka_unit_test_setup_teardown(merging_is_recording_in_one_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merging_an_empty_one_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_out_of_range_are_counted_at_the_ends, set_up, tear_down),
        cmocka_unit_test(destroying_nothing_is_fine),
    };
    return cmocka_run_group_tests_name("tools/bench/histogram", tests, NULL, NULL);
}
