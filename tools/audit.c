/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `audit verify`: the whole log, from its first event to its last. */
#include <unistd.h>

#include "log/verify.h"
#include "tools/datadir.h"
#include "tools/tool.h"

enum { BAR = 30, EVERY_US = 200000 };

struct progress {
    int64_t started_us, shown_us;
    bool is_shown; /* stderr is a terminal */
};

/* Draws the bar, with an estimate of what remains. */
static bool on_progress(void *arg, uint64_t done, uint64_t total)
{
    struct progress *self = arg;
    int64_t now = hub_tick_us(hub_world_real());
    if (!self->is_shown || now - self->shown_us < EVERY_US || done == 0)
        return true;
    self->shown_us = now;
    int full = total ? (int) (done * BAR / total) : BAR;
    double remains_s = (double) (now - self->started_us) / (double) done * (double) (total - done) / 1e6;
    fprintf(stderr, "\r[%.*s%*s] %3d%%  %llu of %llu, about %.0f s left ", full, "##############################",
            BAR - full, "", (int) (total ? done * 100 / total : 100), (unsigned long long) done,
            (unsigned long long) total, remains_s);
    return true;
}

int hub_tool_audit_verify(const struct hub_tool_call *call)
{
    struct hub_datadir reader;
    int status = HUB_EXIT_FAILED;
    if (hub_datadir_open(&reader, hub_settings_text(call->settings, HUB_SETTING_data), NULL) == 0) {
        struct progress progress = { .started_us = hub_tick_us(hub_world_real()), .is_shown = isatty(STDERR_FILENO) };
        const struct hub_verify_options options = { .on_progress = on_progress, .arg = &progress };
        struct hub_verify_report report = { .sequence = 0 };
        uint64_t events = 0;
        enum hub_verdict verdict = hub_log_verify(reader.log, &options, &report, &events);
        if (progress.is_shown)
            fputs("\r\033[K", stderr);
        if (verdict == HUB_VERDICT_sound) {
            printf("The log is sound: %llu events; chain, density, versions and indexes are right.\n",
                   (unsigned long long) events);
            status = HUB_EXIT_OK;
        } else
            hub_tool_fail("the log is not sound: position %llu: %s", (unsigned long long) report.sequence, report.what);
    }
    hub_datadir_close(&reader);
    return status;
}
