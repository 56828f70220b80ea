/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of base/ref.h. */
#include "base/ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>

#include <cmocka.h>

static void a_blob_lives_until_its_last_holder_drops_it(void **state)
{
    (void) state;
    char text[] = "shared";
    struct hub_ref *first = hub_ref_new(hub_span(text));
    text[0] = 'x';
    struct hub_ref *second = hub_ref_hold(first);
    assert_ptr_equal(first, second);
    hub_ref_drop(&first);
    assert_null(first);
    assert_true(hub_span_is(hub_ref_bytes(second), HUB_SPAN("shared")));
    hub_ref_drop(&second);
    hub_ref_drop(&second);
}

static void *hold_and_drop(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        struct hub_ref *mine = hub_ref_hold(arg);
        if (hub_ref_bytes(mine).len != 3) {
            return arg;
        }
        hub_ref_drop(&mine);
    }
    struct hub_ref *last = arg;
    hub_ref_drop(&last);
    return NULL;
}

static void holders_on_several_threads_agree(void **state)
{
    (void) state;
    struct hub_ref *ref = hub_ref_new(HUB_SPAN("abc"));
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_drop, hub_ref_hold(ref)), 0);
    }
    hub_ref_drop(&ref);
    for (int i = 0; i < 4; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blob_lives_until_its_last_holder_drops_it),
        cmocka_unit_test(holders_on_several_threads_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
