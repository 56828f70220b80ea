/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `replay --verify`: needs the log and views/, no keys. */
#include "tools/replay/replay_verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay/refold.h"
#include "tools/datadir.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/serve/signals.h"
#include "tools/tool.h"

static bool on_progress(void *arg, uint64_t done, uint64_t total)
{
    hub_progress_show(arg, done, total);
    return hub_signals_wait(0) == 0;
}

static void list_views(struct hub_report *report, const struct hub_refold_report *found)
{
    hub_report_list(report, "views");
    for (size_t i = 0; i < found->count; i++) {
        const struct hub_refold_view *view = &found->views[i];
        hub_report_row(report);
        hub_report_text(report, "view", view->info->name);
        hub_report_u64(report, "stored_rows", view->stored);
        hub_report_u64(report, "folded_rows", view->folded);
        hub_report_u64(report, "differences", view->differences);
        hub_report_u64(report, "parked_streams", view->parked);
    }
    hub_report_list_end(report);
}

static void report_all(struct hub_report *report, const struct hub_refold_report *found, bool is_sound)
{
    hub_report_bool(report, "sound", is_sound);
    hub_report_u64(report, "events", found->events);
    hub_report_u64(report, "position", found->at);
    hub_report_u64(report, "states", found->entities);
    list_views(report, found);
    if (found->at < found->events)
        hub_report_note(report,
                        "views/ holds what was on disk at position %" PRIu64 "; the %" PRIu64
                        " events behind it were checked for their chain only.",
                        found->at, found->events - found->at);
}

/* What it came to. Returns an exit status. */
static int conclude(struct hub_report *report, const struct hub_refold_report *found, int verdict)
{
    switch (verdict) {
    case HUB_REFOLD_same:
        report_all(report, found, true);
        hub_report_say(report,
                       "All is as the log says: %" PRIu64 " events, their chain, %" PRIu64 " states and %zu views.",
                       found->events, found->entities, found->count);
        return HUB_EXIT_OK;
    case HUB_REFOLD_different:
        report_all(report, found, false);
        hub_report_say(report, "The views are not what the log says.");
        hub_report_text(report, "what", found->difference);
        return hub_tool_end(
            HUB_EXIT_UNSOUND,
            "%s. The log is right; views/ can be removed while the hub is stopped, and is folded again at its "
            "start",
            found->difference);
    case HUB_REFOLD_broken:
        hub_report_quiet(report);
        hub_report_bool(report, "sound", false);
        hub_report_u64(report, "position", found->broken.sequence);
        hub_report_text(report, "what", found->broken.what);
        return hub_tool_end(HUB_EXIT_UNSOUND, "the log is not sound: position %" PRIu64 ": %s", found->broken.sequence,
                            found->broken.what);
    case HUB_REFOLD_foreign:
        hub_report_quiet(report);
        hub_report_bool(report, "sound", false);
        hub_report_text(report, "what", found->difference);
        return hub_tool_end(HUB_EXIT_UNSOUND, "the views cannot be compared with the log: %s", found->difference);
    default: hub_report_quiet(report); return hub_tool_end(HUB_EXIT_INTERRUPTED, "interrupted; nothing was changed");
    }
}

static int verify(struct hub_log *log, const char *data, struct hub_report *report)
{
    const char *place = getenv("TMPDIR");
    struct hub_progress progress;
    struct hub_refold_report found;
    char why[512] = "";
    hub_progress_start(&progress, "events");
    const struct hub_refold_options options = { .data_dir = data,
                                                .log = log,
                                                .scratch_dir = place && *place ? place : "/tmp",
                                                .on_progress = on_progress,
                                                .arg = &progress };
    int verdict = hub_refold(&options, &found, why, sizeof why);
    hub_progress_end(&progress);
    return verdict < 0 ? hub_tool_fail("%s", why) : conclude(report, &found, verdict);
}

int hub_replay_verify(const struct hub_settings *settings)
{
    const char *data = hub_settings_text(settings, HUB_SETTING_data);
    struct hub_datadir reader;
    struct hub_report report;
    hub_signals_block();
    int status = -hub_datadir_open(&reader, data, NULL);
    if (status == HUB_EXIT_OK) {
        hub_report_begin(&report, settings);
        status = verify(reader.log, data, &report);
        status = hub_report_end(&report, status);
    }
    hub_datadir_close(&reader);
    return status;
}
