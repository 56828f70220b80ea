/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Scheduling of the calling thread, and joining others. */
#include "base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SLICE_NS = 100 * 1000 };

/* The kernel's sched_attr, which the C library does not declare. */
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

void hub_thread_urgent(void)
{
    const struct sched_param lowest = { .sched_priority = 1 };
    if (sched_setscheduler(0, SCHED_RR, &lowest) < 0) {
        struct attributes shorter = { .size = sizeof shorter, .policy = SCHED_OTHER, .runtime = SLICE_NS };
        (void) syscall(SYS_sched_setattr, 0, &shorter, 0);
    }
}

bool hub_thread_join_within(pthread_t thread, unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until); /* the clock that pthread_timedjoin_np goes by */
    until.tv_nsec += (long) ms * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    return pthread_timedjoin_np(thread, NULL, &until) == 0;
}
