/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A command in a process of its own, for work that a library may end. */
#include "tools/operate/apart.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/serve/signals.h"

enum { LOOK_US = 20 * 1000 };

int hub_run_apart(const struct hub_tool_call *call, int (*run)(const struct hub_tool_call *call),
                  int (*on_crash)(const struct hub_tool_call *call, int signal))
{
    int status = 0;
    pid_t parent = getpid(), child;
    fflush(stdout);
    child = fork();
    if (child < 0)
        return hub_tool_fail("no process can be made: %s", strerror(errno));
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        return getppid() == parent ? run(call) : HUB_EXIT_INTERRUPTED;
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        int number = hub_signals_wait(LOOK_US);
        if (number > 0)
            kill(child, number);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : on_crash(call, WTERMSIG(status));
}
