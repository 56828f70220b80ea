/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Signals: blocked in every thread, taken by the main thread when it asks. */
#include "tools/serve/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static sigset_t ours(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

void hub_signals_block(void)
{
    sigset_t set = ours();
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file too large is an error of its write */
    setenv("ZSYS_SIGHANDLER", "false", 1);
}

int hub_signals_wait(int64_t patience_us)
{
    sigset_t set = ours();
    const struct timespec patience = { .tv_sec = patience_us / 1000000, .tv_nsec = patience_us % 1000000 * 1000 };
    for (;;) {
        int number = sigtimedwait(&set, NULL, patience_us < 0 ? NULL : &patience);
        if (number > 0)
            return number;
        if (errno != EINTR)
            return 0;
    }
}

bool hub_signals_pending(void)
{
    sigset_t waiting;
    return sigpending(&waiting) == 0 && (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1 ||
                                         sigismember(&waiting, SIGHUP) == 1);
}

static void on_alarm(int number)
{
    static const char sentence[] = "omnihub: it did not stop in time and ends now; what was acknowledged is on disk\n";
    (void) number;
    ssize_t written = write(STDERR_FILENO, sentence, sizeof sentence - 1);
    _exit(written < 0 ? 1 : 1);
}

void hub_signals_hurry(unsigned patience_s)
{
    signal(SIGALRM, on_alarm);
    alarm(patience_s);
    hub_signals_unblock();
}

void hub_signals_unblock(void)
{
    sigset_t set = ours();
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}
