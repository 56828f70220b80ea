/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `view`: the folds that answer, of a running hub over REST or of a data directory at rest. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/records.h"
#include "log/file.h"
#include "replay/survey.h"
#include "replay/views.h"
#include "tools/apart.h"
#include "tools/asking.h"
#include "tools/datadir.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/serve/signals.h"
#include "tools/tool.h"

static const char whose[] = "the key of the company that runs the hub";

enum { LOOK_US = 100000, PATH_ROOM = 128, NAME_MOST = 64 };

int hub_tool_view_list(const struct hub_tool_call *call)
{
    size_t count;
    const struct hub_view_info *const *infos = hub_views_all(&count);
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    hub_report_list(&report, "views");
    for (size_t i = 0; i < count; i++) {
        hub_report_row(&report);
        hub_report_text(&report, "view", infos[i]->name);
        hub_report_u64(&report, "number", infos[i]->number);
        hub_report_u64(&report, "version", infos[i]->version);
    }
    hub_report_list_end(&report);
    return hub_report_end(&report, HUB_EXIT_OK);
}

/* --- status --- */

static int show_remote(const struct hub_tool_call *call, struct hub_arena *arena)
{
    struct service_status reply = { .views = { .count = 0 } };
    const struct hub_asking question = { .whose = whose,
                                         .method = "GET",
                                         .path = "/status",
                                         .shape = &service_status_shape,
                                         .arena = arena,
                                         .record = &reply };
    struct hub_report report;
    int status = hub_asking_do(call->settings, &question);
    if (status == HUB_EXIT_OK && !HUB_HAS(service_status, &reply, views))
        status = hub_tool_end(HUB_EXIT_DENIED, "the views are shown to the company that runs the hub alone");
    if (status != HUB_EXIT_OK)
        return status;
    hub_report_begin(&report, call->settings);
    hub_report_span(&report, "position", reply.position);
    hub_report_list(&report, "views");
    for (uint32_t i = 0; i < reply.views.count; i++) {
        const struct view_standing *view = &reply.views.at[i];
        hub_report_row(&report);
        hub_report_span(&report, "view", view->name);
        hub_report_u64(&report, "behind", view->events_behind);
        hub_report_bool(&report, "rebuilding", view->rebuilding);
        if (view->rebuilding) {
            hub_report_u64(&report, "rebuilt_to", view->rebuild_at);
            hub_report_u64(&report, "of", view->rebuild_to);
        }
        hub_report_u64(&report, "parked_streams", view->parked_streams);
        hub_report_u64(&report, "parked_events", view->parked_events);
    }
    hub_report_list_end(&report);
    return hub_report_end(&report, HUB_EXIT_OK);
}

static bool on_view(void *arg, uint64_t view)
{
    size_t count;
    (void) hub_views_all(&count);
    hub_progress_show(arg, view, count);
    return hub_signals_wait(0) == 0;
}

static int report_survey(const struct hub_tool_call *call, const struct hub_views_survey *survey, uint64_t head)
{
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    hub_report_u64(&report, "events", head);
    hub_report_u64(&report, "on_disk_up_to", survey->position);
    hub_report_u64(&report, "behind", head > survey->position ? head - survey->position : 0);
    hub_report_list(&report, "views");
    for (size_t i = 0; i < survey->count; i++) {
        const struct hub_view_survey *view = &survey->views[i];
        bool is_of_this = view->is_there && view->version == view->info->version;
        hub_report_row(&report);
        hub_report_text(&report, "view", view->info->name);
        hub_report_text(&report, "state", !view->is_there ? "not there" : is_of_this ? "stored" : "of another version");
        hub_report_u64(&report, "rows", view->rows);
        hub_report_u64(&report, "bytes", view->bytes);
        hub_report_u64(&report, "parked_streams", view->parked_streams);
    }
    hub_report_list_end(&report);
    return hub_report_end(&report, HUB_EXIT_OK);
}

static const char *scratch(void)
{
    const char *place = getenv("TMPDIR");
    return place && *place ? place : "/tmp";
}

static int show_stored(const struct hub_tool_call *call, const char *data, uint64_t head)
{
    struct hub_progress progress;
    struct hub_views_survey survey;
    char why[256] = "";
    const struct hub_survey_options options = {
        .data_dir = data, .scratch_dir = scratch(), .goes_on = on_view, .arg = &progress
    };
    hub_progress_start(&progress, "views");
    int result = hub_views_survey(&options, &survey, why, sizeof why);
    hub_progress_end(&progress);
    if (result == 1)
        return hub_tool_end(HUB_EXIT_INTERRUPTED, "interrupted");
    if (result == HUB_ERROR_not_found)
        return hub_tool_end(HUB_EXIT_ABSENT, "there are no views in %s; %s", data,
                            hub_dir_is_locked(data) ? "the hub there has them in its memory; ask it, with --url"
                                                    : "the next start folds them");
    if (result != 0)
        return hub_tool_fail("the views in %s cannot be read: %s", data, why);
    return report_survey(call, &survey, head);
}

static bool is_remote(const struct hub_tool_call *call)
{
    return hub_settings_text(call->settings, HUB_SETTING_url) != NULL;
}

static int show_local(const struct hub_tool_call *call)
{
    const char *data = hub_settings_text(call->settings, HUB_SETTING_data);
    struct hub_datadir reader;
    hub_signals_block();
    int status = -hub_datadir_open(&reader, data, NULL);
    if (status == HUB_EXIT_OK)
        status = show_stored(call, data, hub_log_commit(reader.log).sequence);
    hub_datadir_close(&reader);
    return status;
}

int hub_tool_view_status(const struct hub_tool_call *call)
{
    if (!is_remote(call))
        return hub_run_aside(call, show_local);
    struct hub_arena *arena = hub_arena_new(16384);
    int status = show_remote(call, arena);
    hub_arena_destroy(&arena);
    return status;
}

/* --- rebuild --- */

static const struct hub_view_info *find(const char *name)
{
    size_t count;
    const struct hub_view_info *const *infos = hub_views_all(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(infos[i]->name, name) == 0)
            return infos[i];
    return NULL;
}

static int rebuild_remote(const struct hub_tool_call *call, const char *name)
{
    char path[PATH_ROOM];
    struct done_reply reply = { .success = false };
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_report report;
    snprintf(path, sizeof path, "/views/%.*s/rebuild", NAME_MOST, name);
    const struct hub_asking question = { .whose = whose,
                                         .method = "POST",
                                         .path = path,
                                         .body = HUB_SPAN("{}"),
                                         .shape = &done_reply_shape,
                                         .arena = arena,
                                         .record = &reply };
    int status = hub_asking_do(call->settings, &question);
    hub_arena_destroy(&arena);
    if (status != HUB_EXIT_OK)
        return status;
    hub_report_begin(&report, call->settings);
    hub_report_say(&report, "%s is built afresh beside the view that answers; 'omnihub view status' shows how far.",
                   name);
    hub_report_text(&report, "view", name);
    return hub_report_end(&report, HUB_EXIT_OK);
}

/* The standing of a view. */
static struct hub_view_status standing(const struct hub_views *views, const struct hub_view_info *info)
{
    struct hub_view_status rows[HUB_VIEW_SURVEYS] = { { .rebuilt = 0 } };
    size_t count = hub_views_status(views, rows, HUB_VIEW_SURVEYS), at = 0;
    while (info && at + 1 < count && rows[at].info != info)
        at++;
    return rows[at];
}

/* Waits until the views, or one of them built afresh, are there. Returns an exit status. */
static int wait_for(struct hub_views *views, const struct hub_view_info *info, uint64_t head)
{
    struct hub_progress progress;
    struct hub_view_status now = standing(views, info);
    int status = HUB_EXIT_OK;
    hub_progress_start(&progress, "events");
    while (status == HUB_EXIT_OK && (now.at.sequence < head || now.rebuilding)) {
        hub_progress_show(&progress, now.rebuilding ? now.rebuild_at : now.at.sequence, head);
        if (hub_signals_wait(LOOK_US) != 0)
            status = HUB_EXIT_INTERRUPTED;
        now = standing(views, info);
        if (now.error[0])
            status = HUB_EXIT_FULL;
    }
    hub_progress_end(&progress);
    if (status == HUB_EXIT_INTERRUPTED)
        return hub_tool_end(status, "interrupted; the next start goes on");
    if (status == HUB_EXIT_FULL)
        return hub_tool_end(status, "the views cannot be written: %s", now.error);
    return status;
}

static int say_rebuilt(const struct hub_tool_call *call, const char *name, uint64_t head)
{
    struct hub_report report;
    hub_report_begin(&report, call->settings);
    hub_report_say(&report, "%s folded afresh from %" PRIu64 " events.", name ? name : "All views", head);
    hub_report_text(&report, "view", name ? name : "all");
    hub_report_u64(&report, "events", head);
    return hub_report_end(&report, HUB_EXIT_OK);
}

/* Nobody else has the directory. */
static int rebuild_stored(const struct hub_tool_call *call, struct hub_log *log, const struct hub_view_info *info)
{
    const struct hub_views_options options = { .data_dir = hub_settings_text(call->settings, HUB_SETTING_data),
                                               .world = hub_world_real(),
                                               .log = log,
                                               .follow = true,
                                               .afresh = info == NULL };
    uint64_t head = hub_log_commit(log).sequence;
    struct hub_views *views = NULL;
    char why[256] = "";
    if (hub_views_open(&options, &views, why, sizeof why) < 0)
        return hub_tool_fail("%s", why);
    int status = wait_for(views, info, head);
    if (status == HUB_EXIT_OK && info) {
        int failed = hub_views_rebuild(views, info->name);
        status = failed ? hub_tool_fail("the rebuild could not be started") : wait_for(views, info, head);
        if (status == HUB_EXIT_OK && standing(views, info).rebuilt == 0)
            status = hub_tool_fail("the rebuild was given up; the view is as it was");
    }
    hub_views_close(&views);
    return status == HUB_EXIT_OK ? say_rebuilt(call, info ? info->name : NULL, head) : status;
}

static int rebuild_at_rest(const struct hub_tool_call *call, const struct hub_view_info *info)
{
    const char *data = hub_settings_text(call->settings, HUB_SETTING_data);
    struct hub_datadir reader = { .log = NULL };
    char why[512] = "";
    int lock = -1;
    hub_signals_block();
    if (!hub_datadir_has_log(data))
        return hub_tool_end(HUB_EXIT_ABSENT, "there is no log in %s", data);
    int error = hub_dir_lock(data, &lock, why, sizeof why);
    if (error)
        return hub_tool_end(hub_datadir_exit(error, why), "%s A running hub rebuilds when it is asked with --url.",
                            why);
    int status = -hub_datadir_open(&reader, data, NULL);
    if (status == HUB_EXIT_OK)
        status = rebuild_stored(call, reader.log, info);
    hub_datadir_close(&reader);
    close(lock);
    return status;
}

int hub_tool_view_rebuild(const struct hub_tool_call *call)
{
    const char *name = call->count > 0 ? call->operands[0] : NULL;
    const struct hub_view_info *info = name ? find(name) : NULL;
    if (call->count > 1)
        return hub_tool_misused("view rebuild takes one view at most");
    if (name && !info)
        return hub_tool_end(HUB_EXIT_ABSENT, "there is no view '%s'; 'omnihub view list' lists them", name);
    if (is_remote(call))
        return name ? rebuild_remote(call, name)
                    : hub_tool_misused("a running hub builds one view at a time: view rebuild NAME");
    return rebuild_at_rest(call, info);
}
