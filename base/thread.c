/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Scheduling of the calling thread, and joining others. */
#include "base/thread.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    SLICE_NS = 100 * 1000,
    POLITE_NICE = 4,
    IOPRIO_OF_THREAD = 1, /* the kernel's IOPRIO_WHO_PROCESS, and its idle class */
    IOPRIO_IDLE = 3 << 13,
};

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

void hub_thread_polite(void)
{
    if (getpriority(PRIO_PROCESS, 0) < POLITE_NICE) {
        (void) setpriority(PRIO_PROCESS, 0, POLITE_NICE); /* of this thread alone, on Linux */
    }
}

/* As a session of its own, a third of what another one gets that wants the processor. */
static void take_small_share(void)
{
    FILE *file = setsid() < 0 ? NULL : fopen("/proc/self/autogroup", "we");
    if (file != NULL) {
        fputs("5", file);
        fclose(file);
    }
}

/* Threads that start meanwhile have it from those that started them. */
void hub_process_stand_back(void)
{
    const struct sched_param none = { .sched_priority = 0 };
    const struct dirent *entry;
    DIR *threads = opendir("/proc/self/task");
    take_small_share();
    while (threads != NULL && (entry = readdir(threads)) != NULL) {
        pid_t thread = (pid_t) strtol(entry->d_name, NULL, 10);
        if (thread > 0) {
            (void) sched_setscheduler(thread, SCHED_IDLE, &none);
            (void) syscall(SYS_ioprio_set, IOPRIO_OF_THREAD, thread, IOPRIO_IDLE);
        }
    }
    if (threads != NULL) {
        closedir(threads);
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
