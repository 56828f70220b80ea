/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* An inbox between threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/inbox.h"

enum { THREADS = 4, EACH = 20000, LONG_MS = 60000 };

struct piece {
    uint32_t thread, number;
};

struct putter {
    pthread_t thread;
    struct hub_inbox *inbox;
    uint32_t number;
};

/* One to three pieces at a time. */
static void *put_all(void *arg)
{
    struct putter *self = arg;
    for (uint32_t i = 0; i < EACH;) {
        struct piece pieces[3];
        size_t count = 0;
        for (; count < 1 + i % 3 && i < EACH; i++) {
            pieces[count++] = (struct piece){ self->number, i };
        }
        hub_inbox_put(self->inbox, pieces, count);
    }
    return NULL;
}

static void pieces_of_each_thread_come_once_and_in_order(void **state)
{
    (void) state;
    struct hub_inbox *inbox = hub_inbox_new(sizeof(struct piece));
    struct putter putters[THREADS];
    uint32_t next[THREADS] = { 0 };
    for (uint32_t i = 0; i < THREADS; i++) {
        putters[i] = (struct putter){ .inbox = inbox, .number = i };
        assert_int_equal(pthread_create(&putters[i].thread, NULL, put_all, &putters[i]), 0);
    }
    for (size_t all = 0; all < (size_t) THREADS * EACH;) {
        void *at = NULL;
        size_t count = hub_inbox_take(inbox, LONG_MS, &at);
        assert_int_not_equal(count, 0);
        for (size_t i = 0; i < count; i++) {
            struct piece piece = ((struct piece *) at)[i];
            assert_int_equal(piece.number, next[piece.thread]++);
        }
        all += count;
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(putters[i].thread, NULL);
    }
    void *none = NULL;
    assert_int_equal(hub_inbox_take(inbox, 0, &none), 0);
    assert_null(none);
    hub_inbox_destroy(&inbox);
    assert_null(inbox);
}

static void an_empty_inbox_is_waited_for_a_while(void **state)
{
    (void) state;
    struct hub_inbox *inbox = hub_inbox_new(sizeof(struct piece));
    void *at = NULL;
    assert_int_equal(hub_inbox_take(inbox, 1, &at), 0);
    hub_inbox_put(inbox, NULL, 0);
    assert_int_equal(hub_inbox_take(inbox, 1, &at), 0);
    hub_inbox_destroy(&inbox);
}

static void *stop(void *inbox)
{
    struct piece last = { 7, 7 };
    hub_inbox_put(inbox, &last, 1);
    hub_inbox_stop(inbox);
    return NULL;
}

static void what_was_put_before_a_stop_is_still_taken(void **state)
{
    (void) state;
    struct hub_inbox *inbox = hub_inbox_new(sizeof(struct piece));
    pthread_t thread;
    size_t all = 0;
    assert_int_equal(pthread_create(&thread, NULL, stop, inbox), 0);
    for (bool is_last = false; !is_last;) {
        void *at;
        is_last = hub_inbox_is_stopped(inbox);
        all += hub_inbox_take(inbox, LONG_MS, &at); /* the stop ends the wait */
    }
    assert_int_equal(all, 1);
    pthread_join(thread, NULL);
    hub_inbox_destroy(&inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_each_thread_come_once_and_in_order),
        cmocka_unit_test(an_empty_inbox_is_waited_for_a_while),
        cmocka_unit_test(what_was_put_before_a_stop_is_still_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
