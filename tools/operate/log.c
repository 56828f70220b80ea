/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `log`: what the log consists of, its last events, and packing it closer. */
#include <inttypes.h>

#include "actors/kind.h"
#include "log/archive/archive.h"
#include "log/survey.h"
#include "tools/apart.h"
#include "tools/datadir.h"
#include "tools/progress.h"
#include "tools/replay/replay_events.h"
#include "tools/report.h"
#include "tools/serve/signals.h"
#include "tools/tool.h"

#define HOUR_US (INT64_C(3600) * 1000000)

static bool on_streams(void *arg, uint64_t streams)
{
    hub_progress_show(arg, streams, 0);
    return hub_signals_wait(0) == 0;
}

static bool on_family(void *arg, uint64_t family)
{
    hub_progress_show(arg, family, HUB_SURVEY_FAMILIES);
    return hub_signals_wait(0) == 0;
}

static int64_t time_at(struct hub_log *log, uint64_t sequence)
{
    struct hub_arena *arena = hub_arena_new(4096);
    struct hub_stored event;
    int64_t time_us = hub_log_read(log, (struct hub_position){ sequence }, arena, &event) == 0 ? event.header.time : 0;
    hub_arena_destroy(&arena);
    return time_us;
}

/* Events of the time up to now. */
static uint64_t events_within(struct hub_log *log, uint64_t head, int64_t span_us)
{
    struct hub_position before = { .sequence = head };
    return hub_log_at_time(log, hub_now_us(hub_world_real()) - span_us, &before) < 0 ? 0 : head - before.sequence;
}

static void report_span(struct hub_log *log, struct hub_report *report)
{
    char position[HUB_POSITION_TEXT];
    struct hub_position head = hub_log_commit(log);
    hub_position_print(head, hub_log_identity(log), position);
    hub_report_u64(report, "events", head.sequence);
    if (head.sequence == 0)
        return;
    hub_report_text(report, "position", position);
    hub_report_time(report, "first_event", time_at(log, 1));
    hub_report_time(report, "last_event", time_at(log, head.sequence));
    hub_report_u64(report, "in_the_last_hour", events_within(log, head.sequence, HOUR_US));
    hub_report_u64(report, "in_the_last_day", events_within(log, head.sequence, 24 * HOUR_US));
    hub_report_u64(report, "in_the_last_week", events_within(log, head.sequence, 7 * 24 * HOUR_US));
}

static void report_families(const struct hub_survey_family *families, struct hub_report *report)
{
    hub_report_list(report, "families");
    for (size_t i = 0; i < HUB_SURVEY_FAMILIES; i++) {
        hub_report_row(report);
        hub_report_text(report, "family", families[i].name);
        hub_report_u64(report, "rows_about", families[i].rows);
        hub_report_u64(report, "bytes_on_disk", families[i].bytes);
        hub_report_u64(report, "bytes_in_the_wal", families[i].in_memory);
    }
    hub_report_list_end(report);
}

static void report_archive(void *arg, const struct hub_archive_row *row)
{
    struct hub_report *report = arg;
    char name[HUB_ARCHIVE_NAME];
    hub_archive_name(row->first, row->last, name);
    hub_report_row(report);
    hub_report_text(report, "archive", name);
    hub_report_u64(report, "first", row->first);
    hub_report_u64(report, "last", row->last);
    hub_report_u64(report, "events", row->rows);
    hub_report_u64(report, "bytes", row->bytes);
}

static void report_archives(struct hub_log *log, struct hub_report *report)
{
    hub_report_list(report, "archives");
    hub_archive_each(log, report_archive, report);
    hub_report_list_end(report);
}

static const char *kind_name(unsigned kind)
{
    const struct hub_kind_info *info = hub_kind_find((uint8_t) kind);
    return info ? info->name : "other";
}

static void report_streams(const struct hub_survey *survey, struct hub_report *report)
{
    hub_report_list(report, "streams");
    for (unsigned i = 0; i < HUB_SURVEY_KINDS; i++) {
        if (survey->streams[i] == 0)
            continue;
        hub_report_row(report);
        hub_report_text(report, "kind", kind_name(i));
        hub_report_u64(report, "streams", survey->streams[i]);
        hub_report_u64(report, "events", survey->events[i]);
        hub_report_u64(report, "events_a_stream", survey->events[i] / survey->streams[i]);
    }
    hub_report_list_end(report);
    hub_report_list(report, "longest");
    for (size_t i = 0; i < survey->longest_count; i++) {
        const struct hub_survey_stream *stream = &survey->longest[i];
        hub_report_row(report);
        hub_report_text(report, "kind", kind_name(stream->stream.kind));
        hub_report_id(report, "entity", stream->stream.entity);
        hub_report_id(report, "company", stream->stream.company);
        hub_report_u64(report, "events", stream->versions);
    }
    hub_report_list_end(report);
}

static int interrupted(void)
{
    return hub_tool_end(HUB_EXIT_INTERRUPTED, "interrupted");
}

static int look(const struct hub_tool_call *call, struct hub_log *log)
{
    struct hub_progress progress;
    struct hub_survey survey;
    struct hub_report report;
    hub_progress_start(&progress, "streams");
    int result = hub_log_survey(log, on_streams, &progress, &survey);
    hub_progress_end(&progress);
    if (result != 0)
        return result > 0 ? interrupted() : hub_tool_fail("the log cannot be read; 'omnihub audit verify' says why");
    hub_report_begin(&report, call->settings);
    report_span(log, &report);
    report_families(survey.families, &report);
    report_archives(log, &report);
    report_streams(&survey, &report);
    return hub_report_end(&report, HUB_EXIT_OK);
}

static int show(const struct hub_tool_call *call)
{
    struct hub_datadir reader;
    hub_signals_block();
    int status = -hub_datadir_open(&reader, hub_settings_text(call->settings, HUB_SETTING_data), NULL);
    if (status == HUB_EXIT_OK)
        status = look(call, reader.log);
    hub_datadir_close(&reader);
    return status;
}

int hub_tool_log_info(const struct hub_tool_call *call)
{
    return hub_run_aside(call, show);
}

int hub_tool_log_tail(const struct hub_tool_call *call)
{
    const struct hub_settings *settings = call->settings;
    const struct hub_replay_query query = { .data = hub_settings_text(settings, HUB_SETTING_data),
                                            .master_key = hub_settings_text(settings, HUB_SETTING_master_key),
                                            .last = hub_settings_count(settings, HUB_SETTING_last),
                                            .format = hub_settings_is(settings, HUB_SETTING_json) ? "json" : "table",
                                            .follow = hub_settings_is(settings, HUB_SETTING_follow) };
    return hub_replay_print(&query, stdout);
}

/* --- compact --- */

static uint64_t bytes_of(const struct hub_survey_family *families)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < HUB_SURVEY_FAMILIES; i++)
        bytes += families[i].bytes;
    return bytes;
}

static void report_packed(const struct hub_survey_family *before, const struct hub_survey_family *after,
                          struct hub_report *report)
{
    hub_report_u64(report, "bytes_before", bytes_of(before));
    hub_report_u64(report, "bytes_after", bytes_of(after));
    hub_report_list(report, "families");
    for (size_t i = 0; i < HUB_SURVEY_FAMILIES; i++) {
        hub_report_row(report);
        hub_report_text(report, "family", before[i].name);
        hub_report_u64(report, "before", before[i].bytes + before[i].in_memory);
        hub_report_u64(report, "after", after[i].bytes);
    }
    hub_report_list_end(report);
}

/* A family is written anew before the old files go. Returns an exit status. */
static int check_room(const struct hub_tool_call *call, const struct hub_log *log, const struct hub_survey_family *now)
{
    struct hub_log_stats stats;
    uint64_t largest = 0, reserve = hub_settings_count(call->settings, HUB_SETTING_reserve_mb) << 20;
    for (size_t i = 0; i < HUB_SURVEY_FAMILIES; i++)
        if (now[i].bytes + now[i].in_memory > largest)
            largest = now[i].bytes + now[i].in_memory;
    hub_log_stats(log, &stats);
    if (stats.free_bytes >= largest + reserve)
        return HUB_EXIT_OK;
    return hub_tool_end(HUB_EXIT_FULL,
                        "packing needs %" PRIu64 " free bytes and a reserve of %" PRIu64 ", but there are %" PRIu64
                        "; nothing was written",
                        largest, reserve, stats.free_bytes);
}

static int pack(const struct hub_tool_call *call, struct hub_log *log)
{
    struct hub_survey_family before[HUB_SURVEY_FAMILIES], after[HUB_SURVEY_FAMILIES];
    struct hub_progress progress;
    struct hub_report report;
    char why[256] = "";
    hub_log_sizes(log, before);
    int status = check_room(call, log, before);
    if (status != HUB_EXIT_OK)
        return status;
    hub_progress_start(&progress, "families");
    int result = hub_log_compact(log, on_family, &progress, why, sizeof why);
    hub_progress_end(&progress);
    hub_log_sizes(log, after);
    if (result < 0)
        return hub_tool_end(HUB_EXIT_FULL, "the log was not packed: %s; it is as it was", why);
    if (result > 0)
        return interrupted();
    hub_report_begin(&report, call->settings);
    report_packed(before, after, &report);
    return hub_report_end(&report, HUB_EXIT_OK);
}

int hub_tool_log_compact(const struct hub_tool_call *call)
{
    const struct hub_log_options options = { .data_dir = hub_settings_text(call->settings, HUB_SETTING_data),
                                             .world = hub_world_real(),
                                             .mode = HUB_LOG_WRITE };
    struct hub_log *log = NULL;
    char why[512] = "";
    hub_signals_block();
    if (!hub_datadir_has_log(options.data_dir))
        return hub_tool_end(HUB_EXIT_ABSENT, "there is no log in %s", options.data_dir);
    int error = hub_log_open(&options, &log, why, sizeof why);
    int status = error ? hub_datadir_refuse(error, why) : pack(call, log);
    hub_log_close(&log);
    return status;
}
