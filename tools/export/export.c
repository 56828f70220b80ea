/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `export`: the events of a data directory for other programs. A second run adds what is new. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "actors/kinds.h"
#include "base/pack.h"
#include "tools/export/exporting.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/serve/signals.h"
#include "tools/tool.h"

enum { EVENTS_A_COMMIT = 20000, EVENTS_A_LOOK = 1000 };

const struct hub_export_kind *hub_export_kind_find(const char *name)
{
    static const struct hub_export_kind *const kinds[] = { &hub_export_sqlite, &hub_export_csv, &hub_export_json };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

int hub_export_fail(struct hub_export *to, enum hub_exit status, const char *format, ...)
{
    va_list args;
    to->status = status;
    va_start(args, format);
    vsnprintf(to->why, sizeof to->why, format, args);
    va_end(args);
    return -1;
}

static int add_event(struct hub_export *to, const struct hub_stored *stored, struct hub_arena *arena)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) stored->header.type);
    void *record = shape ? hub_arena_get(arena, shape->size) : NULL;
    if (shape && hub_unpack(shape, stored->payload, arena, record, NULL) != 0)
        record = NULL;
    if (record)
        hub_datadir_unseal(to->reader, stored->header.company, shape, record, arena);
    const struct hub_exported event = {
        .reader = to->reader, .stored = stored, .shape = shape, .record = record, .arena = arena
    };
    return to->kind->add(to, &event);
}

/* Add everything from a scan. Returns 0, 1 when it was interrupted, or < 0 with `why` filled. */
static int copy(struct hub_export *to, struct hub_scan *scan, uint64_t head, struct hub_progress *progress)
{
    struct hub_arena *arena = hub_arena_new(65536);
    struct hub_stored event;
    uint64_t at = to->position, first = at;
    int error = 0, more = 1, is_stopped = 0;
    while (!error && !is_stopped && (more = hub_scan_next(scan, &event)) == 1) {
        hub_arena_reset(arena);
        error = add_event(to, &event, arena);
        at = event.header.sequence;
        if (!error && at % EVENTS_A_COMMIT == 0)
            error = to->kind->commit(to, at);
        if (at % EVENTS_A_LOOK == 0) {
            hub_progress_show(progress, at - first, head - first);
            is_stopped = hub_signals_wait(0) != 0;
        }
    }
    if (!error && more < 0)
        error = hub_export_fail(to, HUB_EXIT_UNSOUND,
                                "the log cannot be read further; 'omnihub audit verify' says what is wrong");
    if (!error && at > to->position)
        error = to->kind->commit(to, at);
    hub_arena_destroy(&arena);
    return error ? error : is_stopped;
}

static int run(struct hub_export *to, const struct hub_settings *settings)
{
    struct hub_progress progress;
    uint64_t head = hub_log_commit(to->reader->log).sequence;
    int result = to->kind->open(to);
    if (!result && to->position > head)
        result = hub_export_fail(to, HUB_EXIT_UNSOUND, "%s has %" PRIu64 " events, but the log ends at %" PRIu64,
                                 to->path, to->position, head);
    uint64_t before = to->position;
    if (!result && before < head) {
        struct hub_scan *scan = hub_scan_all(to->reader->log, before + 1, head);
        hub_progress_start(&progress, "events");
        result = copy(to, scan, head, &progress);
        hub_progress_end(&progress);
        hub_scan_close(&scan);
    }
    to->kind->close(to);
    if (result < 0)
        return hub_tool_end(to->status, "%s", to->why);
    if (result > 0)
        return hub_tool_end(HUB_EXIT_INTERRUPTED,
                            "interrupted at event %" PRIu64 " of %" PRIu64 "; run it again to go on", to->position,
                            head);
    struct hub_report report;
    hub_report_begin(&report, settings);
    hub_report_say(&report, "%s: %" PRIu64 " events, %" PRIu64 " of them new.", to->path, to->position,
                   to->position - before);
    hub_report_text(&report, "file", to->path);
    hub_report_u64(&report, "events", to->position);
    hub_report_u64(&report, "new", to->position - before);
    return hub_report_end(&report, HUB_EXIT_OK);
}

int hub_tool_export(const struct hub_tool_call *call)
{
    const struct hub_settings *settings = call->settings;
    struct hub_datadir reader;
    struct hub_export to = { .kind = hub_export_kind_find(hub_settings_text(settings, HUB_SETTING_export_format)),
                             .reader = &reader,
                             .path = hub_settings_text(settings, HUB_SETTING_export_to) };
    if (!to.path || !to.kind)
        return hub_tool_misused("export needs --to FILE");
    hub_signals_block();
    int status = -hub_datadir_open(&reader, hub_settings_text(settings, HUB_SETTING_data),
                                   hub_settings_text(settings, HUB_SETTING_master_key));
    if (status == HUB_EXIT_OK)
        status = hub_datadir_tell(&reader, call);
    if (status == HUB_EXIT_OK)
        status = run(&to, settings);
    hub_datadir_close(&reader);
    return status;
}
