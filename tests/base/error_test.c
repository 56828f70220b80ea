/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/error.h. */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_error_has_its_own_code_a_sentence_and_a_status(void **state)
{
    (void) state;
    for (int error = HUB_OK + 1; error < HUB_ERROR_COUNT; error++) {
        assert_true(strlen(hub_error_code(error)) > 0);
        size_t len = strlen(hub_error_title(error));
        assert_true(len > 1 && hub_error_title(error)[len - 1] == '.');
        assert_in_range(hub_error_status(error), 400, 599);
        for (int other = HUB_OK; other < error; other++) {
            assert_string_not_equal(hub_error_code(error), hub_error_code(other));
        }
    }
    assert_string_equal(hub_error_code(HUB_ERROR_not_found), "not_found");
    assert_int_equal(hub_error_status(HUB_ERROR_not_found), 404);
}

static void zero_is_fine_and_a_number_that_is_none_is_internal(void **state)
{
    (void) state;
    assert_string_equal(hub_error_code(HUB_OK), "ok");
    assert_int_equal(hub_error_status(HUB_OK), 200);
    assert_string_equal(hub_error_code(-1), "internal");
    assert_string_equal(hub_error_code(HUB_ERROR_COUNT), "internal");
    assert_int_equal(hub_error_status(9999), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_own_code_a_sentence_and_a_status),
        cmocka_unit_test(zero_is_fine_and_a_number_that_is_none_is_internal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
