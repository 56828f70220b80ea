/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The writer with a syncer: what is handed back, and when. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <czmq.h>

#include "log/writer.h"
#include "tests/log/dies.h"

enum { JOBS = 1000 };

/* A sink in two steps that counts, whose sync waits at a gate. */
struct slow_disk {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open, fails;
    unsigned put, begun, synced,
        back; /* appends that came so far; those before the sync that runs; synced; handed back */
    bool in_order, too_early;
};

static int put(void *arg, struct hub_append *const *appends, size_t count, char *ret_why, size_t why_size)
{
    struct slow_disk *self = arg;
    (void) appends;
    (void) ret_why;
    (void) why_size;
    pthread_mutex_lock(&self->lock);
    self->put += (unsigned) count;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return 0;
}

static int sync_all(void *arg, char *ret_why, size_t why_size)
{
    struct slow_disk *self = arg;
    pthread_mutex_lock(&self->lock);
    unsigned until = self->put;
    self->begun = until;
    pthread_cond_broadcast(&self->changed);
    while (!self->is_open && until > 0) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    self->synced = until;
    snprintf(ret_why, why_size, "The disk is gone.");
    int result = self->fails && until > 0 ? -1 : 0;
    pthread_mutex_unlock(&self->lock);
    return result;
}

static void on_written(void *arg, struct hub_append *const *appends, size_t count)
{
    struct slow_disk *self = arg;
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < count; i++) {
        self->in_order &= appends[i]->cause == self->back++;
    }
    self->too_early |= self->back > self->synced;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static struct slow_disk disk(void)
{
    return (
        struct slow_disk){ .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .in_order = true };
}

static struct hub_writer_options over(struct slow_disk *disk)
{
    return (struct hub_writer_options){ .sink = { .put = put, .sync = sync_all, .self = disk },
                                        .on_written = on_written,
                                        .arg = disk };
}

static void wait_until(struct slow_disk *self, const unsigned *figure, unsigned least)
{
    pthread_mutex_lock(&self->lock);
    while (*figure < least) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    pthread_mutex_unlock(&self->lock);
}

static void append_one(struct hub_writer_port *port, struct hub_append *append, uint64_t number)
{
    *append = (struct hub_append){ .cause = number };
    hub_writer_send(port, &append, 1);
}

static void the_next_batch_is_put_while_the_last_one_is_synced(void **state)
{
    (void) state;
    struct slow_disk slow = disk();
    struct hub_writer_options options = over(&slow);
    struct hub_writer *writer = hub_writer_new(&options);
    struct hub_writer_port *port = hub_writer_port_new(writer);
    struct hub_append appends[3];
    append_one(port, &appends[0], 0);
    wait_until(&slow, &slow.begun, 1);
    append_one(port, &appends[1], 1);
    wait_until(&slow, &slow.put, 2); /* the sync still stands at the gate */
    pthread_mutex_lock(&slow.lock);
    assert_int_equal(slow.back, 0);
    assert_int_equal(slow.synced, 0);
    slow.is_open = true;
    pthread_cond_broadcast(&slow.changed);
    pthread_mutex_unlock(&slow.lock);
    wait_until(&slow, &slow.back, 2);
    append_one(port, &appends[2], 2);
    hub_writer_port_destroy(&port);
    hub_writer_destroy(&writer);
    assert_int_equal(slow.back, 3);
    assert_true(slow.in_order);
    assert_false(slow.too_early);
}

static void i1_stopping_syncs_and_hands_back_all_in_order(void **state)
{
    (void) state;
    struct slow_disk slow = disk();
    slow.is_open = true;
    struct hub_writer_options options = over(&slow);
    struct hub_writer *writer = hub_writer_new(&options);
    struct hub_writer_port *port = hub_writer_port_new(writer);
    struct hub_append *appends = calloc(JOBS, sizeof *appends);
    for (uint64_t i = 0; i < JOBS; i++) {
        append_one(port, &appends[i], i);
    }
    hub_writer_port_destroy(&port);
    hub_writer_destroy(&writer);
    assert_int_equal(slow.back, JOBS);
    assert_true(slow.in_order);
    assert_false(slow.too_early);
    free(appends);
}

static void sync_on_a_failing_disk(void)
{
    struct slow_disk slow = disk();
    slow.is_open = slow.fails = true;
    struct hub_writer_options options = over(&slow);
    struct hub_writer *writer = hub_writer_new(&options);
    struct hub_writer_port *port = hub_writer_port_new(writer);
    struct hub_append append;
    append_one(port, &append, 0);
    wait_until(&slow, &slow.back, 1);
}

static void i1_a_failed_sync_ends_the_process_without_an_answer(void **state)
{
    (void) state;
    assert_dies_saying(sync_on_a_failing_disk, "The disk is gone.");
}

int main(void)
{
    zsys_handler_set(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i1_a_failed_sync_ends_the_process_without_an_answer),
        cmocka_unit_test(the_next_batch_is_put_while_the_last_one_is_synced),
        cmocka_unit_test(i1_stopping_syncs_and_hands_back_all_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
