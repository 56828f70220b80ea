/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of api/password.h. */
#include "api/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/world.h"

static void only_the_password_itself_fits_its_hash(void **state)
{
    char hash[HUB_PASSWORD_HASH], again[HUB_PASSWORD_HASH];
    (void) state;
    assert_true(hub_password_hash(HUB_SPAN("correct horse"), true, hash));
    assert_true(hub_password_hash(HUB_SPAN("correct horse"), true, again));
    assert_memory_equal(hash, "$argon2id$", 10);
    assert_string_not_equal(hash, again);
    assert_true(hub_password_is(hash, HUB_SPAN("correct horse")));
    assert_false(hub_password_is(hash, HUB_SPAN("correct horsf")));
    assert_false(hub_password_is(hash, HUB_SPAN("")));
    assert_false(hub_password_is("", HUB_SPAN("correct horse")));
    assert_false(hub_password_is("$argon2id$v=19$nonsense", HUB_SPAN("correct horse")));
}

static void the_dummy_is_a_hash_that_nothing_fits(void **state)
{
    (void) state;
    char *dummy = hub_password_dummy(true);
    assert_non_null(dummy);
    assert_memory_equal(dummy, "$argon2id$", 10);
    assert_false(hub_password_is(dummy, HUB_SPAN("")));
    assert_false(hub_password_is(dummy, HUB_SPAN("password")));
    free(dummy);
}

static void tokens_are_long_fresh_and_printable(void **state)
{
    struct hub_arena *arena = hub_arena_new(0);
    (void) state;
    struct hub_span one = hub_token_make(hub_world_real(), "ohk_", arena);
    struct hub_span two = hub_token_make(hub_world_real(), "ohk_", arena);
    assert_int_equal(one.len, 47);
    assert_memory_equal(one.at, "ohk_", 4);
    assert_false(hub_span_is(one, two));
    for (size_t i = 0; i < one.len; i++) {
        assert_true(one.at[i] > ' ' && one.at[i] < 0x7f);
    }
    hub_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_password_itself_fits_its_hash),
        cmocka_unit_test(the_dummy_is_a_hash_that_nothing_fits),
        cmocka_unit_test(tokens_are_long_fresh_and_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
