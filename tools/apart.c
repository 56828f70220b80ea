/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A command in a process of its own. */
#include "tools/apart.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/thread.h"
#include "log/file.h"
#include "tools/serve/signals.h"

enum { LOOK_US = 20 * 1000 };

static bool is_beside(const struct hub_tool_call *call)
{
    return hub_dir_is_locked(hub_settings_text(call->settings, HUB_SETTING_data));
}

/* Hand signals on until the child ends. Returns its exit status, or what on_crash does. */
static int await(const struct hub_tool_call *call, pid_t child,
                 int (*on_crash)(const struct hub_tool_call *call, int signal))
{
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        int number = hub_signals_wait(LOOK_US);
        if (number > 0)
            kill(child, number);
    }
    if (ended < 0)
        return hub_tool_fail("it cannot be told how %s ended: %s", hub_tools()[call->tool].words, strerror(errno));
    return WIFEXITED(status) ? WEXITSTATUS(status) : on_crash(call, WTERMSIG(status));
}

/* mask: of the child's signals; NULL: as they are. */
static int run_child(const struct hub_tool_call *call, int (*run)(const struct hub_tool_call *call),
                     int (*on_crash)(const struct hub_tool_call *call, int signal), const sigset_t *mask)
{
    pid_t parent = getpid(), child;
    fflush(stdout);
    signal(SIGCHLD, SIG_DFL); /* who started us may ignore it: then nobody was told how a child ended */
    child = fork();
    if (child < 0)
        return hub_tool_fail("no process can be made: %s", strerror(errno));
    if (child > 0)
        return await(call, child, on_crash);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (is_beside(call))
        hub_process_stand_back();
    if (mask)
        sigprocmask(SIG_SETMASK, mask, NULL);
    return getppid() == parent ? run(call) : HUB_EXIT_INTERRUPTED;
}

int hub_run_apart(const struct hub_tool_call *call, int (*run)(const struct hub_tool_call *call),
                  int (*on_crash)(const struct hub_tool_call *call, int signal))
{
    return run_child(call, run, on_crash, NULL);
}

static int on_signal(const struct hub_tool_call *call, int signal)
{
    if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP)
        return hub_tool_end(HUB_EXIT_INTERRUPTED, "interrupted");
    return hub_tool_fail("%s was ended by signal %d", hub_tools()[call->tool].words, signal);
}

/* The child has the signals as they were: a command that never asks for them is ended by them. */
int hub_run_aside(const struct hub_tool_call *call, int (*run)(const struct hub_tool_call *call))
{
    sigset_t before;
    if (!is_beside(call))
        return run(call);
    sigprocmask(SIG_BLOCK, NULL, &before);
    hub_signals_block();
    return run_child(call, run, on_signal, &before);
}
