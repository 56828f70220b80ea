/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A parent that starts the work again when it crashes. It stays single-threaded, so that fork() is all it takes. */
#include "tools/serve/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/world.h"
#include "tools/serve/signals.h"
#include "tools/tool.h"

enum {
    CRASHES = 10,
    SECOND_US = 1000000,
    MINUTE_US = 60 * SECOND_US,
    SHORTEST_US = SECOND_US / 10,
    LONGEST_US = 10 * SECOND_US
};

struct parent {
    struct hub_supervised next; /* what the next child gets */
    int hears;                  /* the other end of next.tell */
    pid_t child;
    int64_t crashes[CRASHES]; /* moments, in a ring */
    unsigned count;           /* of crashes */
    int64_t pause_us, started_us;
    bool is_stopping;
};

static int64_t tick(void)
{
    return hub_tick_us(hub_world_real());
}

/* Starts a child. Returns its exit status in the child, -1 in the parent, -2 when there is none. */
static int start(struct parent *self, int (*work)(void *arg, const struct hub_supervised *self), void *arg)
{
    int ends[2];
    pid_t parent = getpid();
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -2;
    self->started_us = tick();
    self->child = fork();
    if (self->child == 0) {
        close(ends[0]);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            return HUB_EXIT_FAILED;
        self->next.tell = ends[1];
        return work(arg, &self->next);
    }
    close(ends[1]);
    self->hears = ends[0];
    return self->child < 0 ? -2 : -1;
}

/* Waits for the child's end, passing signals on. SIGCHLD is blocked and taken here. Returns its wait status. */
static int wait_for_child(struct parent *self)
{
    sigset_t set;
    int status;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    for (;;) {
        if (waitpid(self->child, &status, WNOHANG) == self->child)
            return status;
        int number = sigwaitinfo(&set, NULL);
        if (number == SIGTERM || number == SIGINT) {
            self->is_stopping = true;
            kill(self->child, number);
        }
    }
}

static void hear_port(struct parent *self)
{
    uint16_t port;
    if (read(self->hears, &port, sizeof port) == (ssize_t) sizeof port)
        self->next.port = port;
    close(self->hears);
}

/* Notes a crash. Returns true when it was one too many. */
static bool is_too_much(struct parent *self)
{
    int64_t now = tick(), tenth_last = self->crashes[self->count % CRASHES];
    self->crashes[self->count % CRASHES] = now;
    self->count++;
    return self->count > CRASHES && now - tenth_last < MINUTE_US;
}

static void choose_pause(struct parent *self)
{
    if (tick() - self->started_us > MINUTE_US || self->pause_us == 0)
        self->pause_us = SHORTEST_US;
    else
        self->pause_us = self->pause_us * 2 > LONGEST_US ? LONGEST_US : self->pause_us * 2;
}

/* After the end of a child. Returns -1 to start another, or the exit status. */
static int after(struct parent *self, int status)
{
    hear_port(self);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    if (self->is_stopping)
        return hub_tool_fail("the hub was stopped by signal %d before it was done", WTERMSIG(status));
    if (is_too_much(self))
        return hub_tool_fail("the hub crashed %d times within a minute; giving up", CRASHES);
    choose_pause(self);
    fprintf(stderr, "omnihub: the hub ended by signal=%d; starting again in_ms=%lld\n", WTERMSIG(status),
            (long long) (self->pause_us / 1000));
    self->next.starts++;
    return hub_signals_wait(self->pause_us) ? HUB_EXIT_OK : -1;
}

int hub_supervise(int (*work)(void *arg, const struct hub_supervised *self), void *arg)
{
    struct parent self = { .next.tell = -1 };
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    hub_signals_block();
    sigprocmask(SIG_BLOCK, &child, NULL);
    for (;;) {
        int status = start(&self, work, arg);
        if (status >= 0)
            return status; /* in the child */
        if (status == -2)
            return hub_tool_fail("no process could be started: %s", strerror(errno));
        status = after(&self, wait_for_child(&self));
        if (status >= 0)
            return status;
    }
}
