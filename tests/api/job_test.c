/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of api/job.h. */
#include "api/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <pthread.h>

#include <cmocka.h>

/* Jobs hold at a gate, so that a test decides when the queue is full. */
struct bench {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    int let, began, done;
    uint64_t order[16];
};

static void bench_init(struct bench *self)
{
    *self = (struct bench){ .let = 0 };
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->moved, NULL);
}

static void run(struct hub_job *job, void *server)
{
    struct bench *self = server;
    (void) job;
    pthread_mutex_lock(&self->mutex);
    self->began++;
    pthread_cond_broadcast(&self->moved);
    while (self->let == 0) {
        pthread_cond_wait(&self->moved, &self->mutex);
    }
    self->let--;
    pthread_mutex_unlock(&self->mutex);
}

static void on_done(void *server, struct hub_job *job)
{
    struct bench *self = server;
    pthread_mutex_lock(&self->mutex);
    self->order[self->done++] = job->ticket.number;
    pthread_cond_broadcast(&self->moved);
    pthread_mutex_unlock(&self->mutex);
    hub_job_destroy(&job);
}

static void wait_until(struct bench *self, const int *figure, int value)
{
    pthread_mutex_lock(&self->mutex);
    while (*figure < value) {
        pthread_cond_wait(&self->moved, &self->mutex);
    }
    pthread_mutex_unlock(&self->mutex);
}

static void let(struct bench *self, int count)
{
    pthread_mutex_lock(&self->mutex);
    self->let += count;
    pthread_cond_broadcast(&self->moved);
    pthread_mutex_unlock(&self->mutex);
}

static struct hub_job *job_of(uint64_t number)
{
    struct hub_job *job = hub_job_new(0);
    job->ticket.number = number;
    job->run = run;
    return job;
}

static void jobs_are_done_in_order_and_a_full_queue_refuses(void **state)
{
    struct bench bench;
    (void) state;
    bench_init(&bench);
    struct hub_helper *helper = hub_helper_new(2, on_done, &bench);
    assert_non_null(helper);
    struct hub_job *job = job_of(1);
    assert_true(hub_helper_give(helper, &job));
    assert_null(job);
    wait_until(&bench, &bench.began, 1);
    for (uint64_t number = 2; number <= 3; number++) {
        job = job_of(number);
        assert_true(hub_helper_give(helper, &job));
    }
    job = job_of(4);
    assert_false(hub_helper_give(helper, &job));
    assert_non_null(job);
    let(&bench, 3);
    wait_until(&bench, &bench.done, 3);
    assert_true(hub_helper_give(helper, &job));
    let(&bench, 1);
    wait_until(&bench, &bench.done, 4);
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(bench.order[i], i + 1);
    }
    hub_helper_destroy(&helper);
    assert_null(helper);
}

static void stopping_finishes_the_job_under_way_and_forgets_the_rest(void **state)
{
    struct bench bench;
    (void) state;
    bench_init(&bench);
    struct hub_helper *helper = hub_helper_new(8, on_done, &bench);
    for (uint64_t number = 1; number <= 5; number++) {
        struct hub_job *job = job_of(number);
        assert_true(hub_helper_give(helper, &job));
    }
    wait_until(&bench, &bench.began, 1);
    let(&bench, 5);
    hub_helper_destroy(&helper);
    assert_true(bench.done >= 1);
    assert_int_equal(bench.order[0], 1);
    hub_helper_destroy(&helper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_done_in_order_and_a_full_queue_refuses),
        cmocka_unit_test(stopping_finishes_the_job_under_way_and_forgets_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
