/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the scheduler knows of a thread that asked. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/thread.h"

static void *ask(void *permitted)
{
    const struct sched_param lowest = { .sched_priority = 1 };
    *(int *) permitted = sched_setscheduler(0, SCHED_RR, &lowest) == 0;
    return NULL;
}

static void *ask_to_be_urgent(void *policy)
{
    hub_thread_urgent();
    *(int *) policy = sched_getscheduler(0);
    return NULL;
}

static int in_a_thread(void *(*run)(void *) )
{
    pthread_t thread;
    int result = -1;
    assert_int_equal(pthread_create(&thread, NULL, run, &result), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return result;
}

static void an_urgent_thread_is_a_real_time_one_where_that_is_permitted(void **state)
{
    (void) state;
    int policy = in_a_thread(ask_to_be_urgent);
    assert_int_equal(policy, in_a_thread(ask) ? SCHED_RR : SCHED_OTHER);
    assert_int_equal(sched_getscheduler(0), SCHED_OTHER); /* nobody else is */
}

static void *look_after_the_others(void *policy)
{
    hub_process_stand_back();
    *(int *) policy = sched_getscheduler(0);
    return NULL;
}

/* The last test: there is no way back. */
static void a_process_that_stands_back_does_so_with_all_its_threads(void **state)
{
    (void) state;
    assert_int_equal(in_a_thread(look_after_the_others), SCHED_IDLE);
    assert_int_equal(sched_getscheduler(0), SCHED_IDLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_urgent_thread_is_a_real_time_one_where_that_is_permitted),
        cmocka_unit_test(a_process_that_stands_back_does_so_with_all_its_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
