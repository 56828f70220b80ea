/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The log actor: batches, order, what happens when writing fails. */
#include "log/writer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <czmq.h>

#include "tests/log/fixture.h"
#include "tests/log/dies.h"
#include "tests/log/memory_log.h"

enum { THREADS = 3, EACH = 500 };

/* Counts what came back; owners are numbers in order of sending, per thread. */
struct inbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned count;
    unsigned next[THREADS]; /* expected number of each thread's next append */
    bool in_order;
    int results[8];
};

struct job {
    struct hub_append append;
    struct hub_new_event event;
    unsigned thread, number;
};

static void on_written(void *arg, struct hub_append *const *appends, size_t count)
{
    struct inbox *inbox = arg;
    pthread_mutex_lock(&inbox->lock);
    for (size_t i = 0; i < count; i++) {
        struct job *job = appends[i]->owner;
        inbox->in_order &= inbox->next[job->thread]++ == job->number;
        inbox->results[appends[i]->result]++;
    }
    inbox->count += (unsigned) count;
    pthread_cond_signal(&inbox->changed);
    pthread_mutex_unlock(&inbox->lock);
}

static void wait_for(struct inbox *inbox, unsigned count)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 20;
    pthread_mutex_lock(&inbox->lock);
    while (inbox->count < count) {
        assert_int_equal(pthread_cond_timedwait(&inbox->changed, &inbox->lock, &deadline), 0);
    }
    pthread_mutex_unlock(&inbox->lock);
}

static void make_job(struct job *job, unsigned thread, unsigned number)
{
    *job = (struct job){ .event = { .type = 1, .schema = 1, .payload = HUB_SPAN("abc") },
                         .thread = thread,
                         .number = number };
    job->append = (struct hub_append){ .stream = fixture_stream(1, 2, thread),
                                       .expected_version = number,
                                       .events = &job->event,
                                       .event_count = 1,
                                       .owner = job };
}

struct sender {
    pthread_t thread;
    struct hub_writer *writer;
    struct job *jobs;
    unsigned number;
};

/* Sends in frames of one to seven. */
static void *send_all(void *arg)
{
    struct sender *self = arg;
    struct hub_writer_port *port = hub_writer_port_new(self->writer);
    for (unsigned i = 0; i < EACH;) {
        struct hub_append *frame[7];
        unsigned count = 0;
        for (; count < 1 + i % 7 && i < EACH; i++) {
            make_job(&self->jobs[i], self->number, i);
            frame[count++] = &self->jobs[i].append;
        }
        hub_writer_send(port, frame, count);
    }
    hub_writer_port_destroy(&port);
    return NULL;
}

static void appends_of_each_port_come_back_in_order(void **state)
{
    (void) state;
    struct memory_log *log = memory_log_new();
    struct inbox inbox = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .in_order = true };
    struct hub_writer_options options = {
        .sink = memory_log_sink(log), .on_written = on_written, .arg = &inbox, .batch_events = 64
    };
    struct hub_writer *writer = hub_writer_new(&options);
    struct sender senders[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){ .writer = writer, .number = i, .jobs = calloc(EACH, sizeof(struct job)) };
        pthread_create(&senders[i].thread, NULL, send_all, &senders[i]);
    }
    wait_for(&inbox, THREADS * EACH);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
    }
    hub_writer_destroy(&writer);
    assert_null(writer);
    assert_true(inbox.in_order);
    assert_int_equal(inbox.results[HUB_APPENDED], THREADS * EACH);
    assert_int_equal(memory_log_head(log), THREADS * EACH);
    for (unsigned i = 0; i < THREADS; i++) {
        free(senders[i].jobs);
    }
    memory_log_destroy(&log);
}

static void stopping_finishes_what_waits(void **state)
{
    (void) state;
    struct memory_log *log = memory_log_new();
    struct inbox inbox = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .in_order = true };
    struct hub_writer_options options = {
        .sink = memory_log_sink(log), .on_written = on_written, .arg = &inbox, .batch_events = 3, .batch_bytes = 5
    };
    struct hub_writer *writer = hub_writer_new(&options);
    struct sender sender = { .writer = writer, .jobs = calloc(EACH, sizeof(struct job)) };
    send_all(&sender);
    hub_writer_destroy(&writer);
    assert_int_equal(inbox.count, EACH);
    assert_true(inbox.in_order);
    assert_int_equal(memory_log_batches(log), EACH); /* five bytes hold one of three, not two */
    free(sender.jobs);
    memory_log_destroy(&log);
}

static void a_conflict_is_handed_back_like_the_rest(void **state)
{
    (void) state;
    struct memory_log *log = memory_log_new();
    memory_log_answer(log, HUB_APPEND_UNKNOWN, 1, false);
    struct inbox inbox = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .in_order = true };
    struct hub_writer_options options = { .sink = memory_log_sink(log), .on_written = on_written, .arg = &inbox };
    struct hub_writer *writer = hub_writer_new(&options);
    struct hub_writer_port *port = hub_writer_port_new(writer);
    struct job jobs[2];
    make_job(&jobs[0], 0, 0);
    make_job(&jobs[1], 0, 1);
    struct hub_append *both[] = { &jobs[0].append, &jobs[1].append };
    hub_writer_send(port, both, 2);
    hub_writer_send(port, both, 0);
    wait_for(&inbox, 2);
    assert_int_equal(inbox.results[HUB_APPEND_UNKNOWN], 1);
    assert_int_equal(inbox.results[HUB_APPEND_CONFLICT], 1);
    hub_writer_port_destroy(&port);
    hub_writer_destroy(&writer);
    memory_log_destroy(&log);
}

static void write_to_a_broken_log(void)
{
    struct memory_log *log = memory_log_new();
    memory_log_fail(log, "The disk is gone.");
    struct inbox inbox = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
    struct hub_writer_options options = { .sink = memory_log_sink(log), .on_written = on_written, .arg = &inbox };
    struct hub_writer *writer = hub_writer_new(&options);
    struct hub_writer_port *port = hub_writer_port_new(writer);
    struct job job;
    make_job(&job, 0, 0);
    struct hub_append *one = &job.append;
    hub_writer_send(port, &one, 1);
    wait_for(&inbox, 1);
}

static void a_fatal_error_ends_the_process_with_a_sentence_and_no_answer(void **state)
{
    (void) state;
    assert_dies_saying(write_to_a_broken_log, "The disk is gone.");
}

int main(void)
{
    zsys_handler_set(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fatal_error_ends_the_process_with_a_sentence_and_no_answer),
        cmocka_unit_test(appends_of_each_port_come_back_in_order),
        cmocka_unit_test(stopping_finishes_what_waits),
        cmocka_unit_test(a_conflict_is_handed_back_like_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
