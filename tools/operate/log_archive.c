/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `log archive`: the payloads of sessions that ended long ago go from the log's store into files beside it.
 *
 * Which sessions: by the index of one type of event, in order of time, so nothing newer than the moment is looked at. A group of them fills a
 * file; then whoever writes the log takes it in, which is the hub that serves it, or this process. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "actors/kinds.h"
#include "actors/session/session.h"
#include "base/json.h"
#include "base/pack.h"
#include "log/archive/archive.h"
#include "log/file.h"
#include "log/witness.h"
#include "tools/datadir.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/serve/signals.h"
#include "tools/tool.h"

enum { WORDS = 1024, LOG_BYTES = 32 * 1024 * 1024 };

struct archiving {
    const struct hub_tool_call *call;
    const char *data;
    struct hub_log *log;
    bool is_writer; /* of the log; else a hub serves it, or nothing is written */
    bool is_trial;
    int lock; /* of the archives; -1: none */
    int64_t before_us;
    uint64_t durable; /* position up to which nothing can be lost any more */
    struct hub_arena *arena;
    struct hub_buf positions; /* uint64_t; of the group at hand */
    struct hub_report report;
    struct hub_progress progress;
    uint64_t sessions, events, bytes, files;
    struct hub_archive_why why;
};

/* --- What was asked --- */

/* 90d, 12h, 30m, 45s. Returns false for anything else. */
static bool read_age(const char *text, int64_t *ret_us)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = { { "d", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 } };
    char *end;
    errno = 0;
    long long count = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || errno || count > 100 * 366 * INT64_C(86400))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0) {
            *ret_us = count * units[i].seconds * 1000000;
            return true;
        }
    return false;
}

/* Returns an exit status. */
static int read_moment(struct archiving *self)
{
    const char *age = hub_settings_text(self->call->settings, HUB_SETTING_older_than);
    const char *moment = hub_settings_text(self->call->settings, HUB_SETTING_archive_before);
    int64_t age_us = 0;
    if (!age == !moment)
        return hub_tool_misused("say which sessions: --older-than 90d, or --before 2026-01-31T12:00:00Z");
    if (age && !read_age(age, &age_us))
        return hub_tool_misused("--older-than takes days, hours, minutes or seconds, as in 90d, and not '%s'", age);
    if (moment && !hub_time_parse(hub_span(moment), &self->before_us))
        return hub_tool_misused("--before takes a time like 2026-01-31T12:00:00Z, and not '%s'", moment);
    if (age)
        self->before_us = hub_now_us(hub_world_real()) - age_us;
    return HUB_EXIT_OK;
}

/* --- The log --- */

static int exit_of(int end)
{
    return end == HUB_ARCHIVE_full      ? HUB_EXIT_FULL
           : end == HUB_ARCHIVE_unsound ? HUB_EXIT_UNSOUND
           : end == HUB_ARCHIVE_taken   ? HUB_EXIT_TAKEN
           : end == HUB_ARCHIVE_stopped ? HUB_EXIT_INTERRUPTED
                                        : HUB_EXIT_FAILED;
}

/* Say how it ended, where it did not go well. Returns an exit status. */
static int settle(const struct archiving *self, int end)
{
    if (end == HUB_ARCHIVE_done)
        return HUB_EXIT_OK;
    return hub_tool_end(exit_of(end), "%s%s", self->why.at,
                        end == HUB_ARCHIVE_stopped ? " What was archived stays so; run it again to go on." : "");
}

/* Returns an exit status. */
static int open_log(struct archiving *self, bool to_write)
{
    char why[WORDS] = "";
    const struct hub_log_options options = { .data_dir = self->data,
                                             .world = hub_world_real(),
                                             .mode = to_write ? HUB_LOG_WRITE : HUB_LOG_FOLLOW,
                                             .memory_bytes = LOG_BYTES };
    struct hub_witness witness = { .sequence = 0 };
    hub_log_close(&self->log);
    self->is_writer = to_write;
    int error = hub_log_open(&options, &self->log, why, sizeof why);
    if (error || hub_witness_read(self->data, &witness, why, sizeof why) < 0)
        return hub_datadir_refuse(error, why);
    self->durable = witness.sequence;
    return HUB_EXIT_OK;
}

/* Have what was written taken in. A hub that went away meanwhile leaves it to us. Returns an exit status. */
static bool goes_on(void *arg)
{
    (void) arg;
    return hub_signals_wait(0) == 0;
}

static int take_in(struct archiving *self)
{
    int end = self->is_writer ? HUB_ARCHIVE_absent : hub_archive_ask(self->log, goes_on, NULL, self->why);
    if (end == HUB_ARCHIVE_absent) {
        int status = self->is_writer ? HUB_EXIT_OK : open_log(self, true);
        if (status != HUB_EXIT_OK)
            return status;
        end = hub_archive_adopt(self->log, self->why);
    }
    return settle(self, end);
}

/* --- One file after the other --- */

static bool shows_and_goes_on(void *arg)
{
    struct archiving *self = arg;
    hub_progress_show(&self->progress, self->events, 0);
    return goes_on(NULL);
}

static void on_file(void *arg, const struct hub_archive_row *row)
{
    struct archiving *self = arg;
    char name[HUB_ARCHIVE_NAME];
    hub_archive_name(row->first, row->last, name);
    hub_report_row(&self->report);
    hub_report_text(&self->report, "archive", name);
    hub_report_u64(&self->report, "first", row->first);
    hub_report_u64(&self->report, "last", row->last);
    hub_report_u64(&self->report, "events", row->rows);
    hub_report_u64(&self->report, "bytes", row->bytes);
    self->events += row->rows;
    self->bytes += row->bytes;
    self->files++;
}

static int compare_positions(const void *a, const void *b)
{
    uint64_t left, right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return left < right ? -1 : left > right;
}

/* Archive the group at hand. Returns an exit status. */
static int flush(struct archiving *self)
{
    size_t count = self->positions.len / sizeof(uint64_t);
    if (count == 0)
        return HUB_EXIT_OK;
    qsort(self->positions.at, count, sizeof(uint64_t), compare_positions);
    const struct hub_archive_order order = {
        .positions = (const uint64_t *) (const void *) self->positions.at,
        .count = count,
        .reserve_bytes = hub_settings_count(self->call->settings, HUB_SETTING_reserve_mb) << 20,
        .is_trial = self->is_trial,
        .goes_on = shows_and_goes_on,
        .on_file = on_file,
        .arg = self,
    };
    int status = settle(self, hub_archive_make(self->log, &order, self->why));
    hub_buf_clear(&self->positions);
    return status == HUB_EXIT_OK && !self->is_trial ? take_in(self) : status;
}

/* --- Which sessions --- */

/* Note the positions of a session all of whose events are older than the moment. Returns 0 or < 0. */
static int add_session(struct archiving *self, const struct hub_stream *stream)
{
    struct hub_stored event;
    size_t before = self->positions.len;
    int result;
    bool is_old = true;
    struct hub_scan *scan = hub_scan_stream(self->log, stream, 1, 0);
    hub_scan_headers_only(scan);
    while ((result = hub_scan_next(scan, &event)) == 1 && is_old) {
        is_old = event.header.time < self->before_us && event.header.sequence < self->durable;
        hub_buf_put(&self->positions, &event.header.sequence, sizeof event.header.sequence);
    }
    hub_scan_close(&scan);
    if (is_old)
        self->sessions++;
    else
        self->positions.len = before;
    return result < 0 ? -1 : 0;
}

/* A session got to another status. Its payload goes last of all that came before it, so once it is archived, they are. Returns 0 or < 0. */
static int look_at_move(struct archiving *self, const struct event_header *header)
{
    struct session_moved moved;
    struct hub_stored event;
    const struct hub_stream stream = { .company = header->company,
                                       .entity = header->entity,
                                       .kind = (uint8_t) header->kind };
    int result = hub_archive_is_live(self->log, header->sequence);
    if (result != 0)
        return result < 0 ? -1 : 0;
    hub_arena_reset(self->arena);
    if (hub_log_read(self->log, (struct hub_position){ header->sequence }, self->arena, &event) != 0 ||
        hub_unpack(&session_moved_shape, event.payload, self->arena, &moved, NULL) != 0)
        return -1;
    return moved.status == session_status_ended ? add_session(self, &stream) : 0;
}

/* Archive what ended in a company. Returns an exit status. */
static int walk_company(struct archiving *self, struct hub_ulid company)
{
    const struct hub_tag_range range = {
        .company = company, .tag = HUB_TAG_type, .id = hub_tag_of_type(session_moved_id), .from = 1
    };
    struct hub_scan *scan = hub_scan_tag(self->log, &range);
    struct hub_stored event;
    uint64_t seen = 0;
    int status = HUB_EXIT_OK, result;
    hub_scan_headers_only(scan);
    while (status == HUB_EXIT_OK && (result = hub_scan_next(scan, &event)) != 0) {
        if (result < 0 || (event.header.time < self->before_us && look_at_move(self, &event.header) < 0)) {
            status = hub_tool_end(HUB_EXIT_UNSOUND, "the log cannot be read; 'omnihub audit verify' says why");
        } else if (event.header.time >= self->before_us) {
            break;
        } else if (self->positions.len >= HUB_ARCHIVE_ROWS * sizeof(uint64_t)) {
            uint64_t next = event.header.sequence + 1;
            hub_scan_close(&scan); /* the log may be opened anew */
            status = flush(self);
            if (status == HUB_EXIT_OK) {
                scan = hub_scan_tag(
                    self->log,
                    &(struct hub_tag_range){ .company = company, .tag = HUB_TAG_type, .id = range.id, .from = next });
                hub_scan_headers_only(scan);
            }
        } else if (++seen % 256 == 0 && !shows_and_goes_on(self)) {
            status = hub_tool_end(HUB_EXIT_INTERRUPTED, "interrupted; run it again to go on");
        }
    }
    hub_scan_close(&scan);
    return status;
}

static int walk(struct archiving *self)
{
    struct hub_ulid company = { { 0 } };
    int status = HUB_EXIT_OK;
    while (status == HUB_EXIT_OK && hub_log_next_company(self->log, company, &company) == 0)
        status = walk_company(self, company);
    return status == HUB_EXIT_OK ? flush(self) : status;
}

/* --- All of it --- */

/* What an earlier run left comes first. Returns an exit status. */
static int enter(struct archiving *self)
{
    int status = open_log(self, !self->is_trial && !hub_dir_is_locked(self->data));
    if (status != HUB_EXIT_OK || self->is_trial)
        return status;
    status = settle(self, hub_archive_enter(self->log, &self->lock, self->why));
    return status == HUB_EXIT_OK && hub_archive_has_new(self->log) ? take_in(self) : status;
}

static int archive(struct archiving *self)
{
    int status = enter(self);
    if (status != HUB_EXIT_OK)
        return status;
    hub_report_begin(&self->report, self->call->settings);
    hub_report_list(&self->report, "archives");
    hub_progress_start(&self->progress, "events archived");
    status = walk(self);
    hub_progress_end(&self->progress);
    if (status != HUB_EXIT_OK) {
        hub_report_drop(&self->report);
        return status;
    }
    hub_report_list_end(&self->report);
    hub_report_say(
        &self->report, "%s %" PRIu64 " events of %" PRIu64 " sessions in %" PRIu64 " archives, %" PRIu64 " bytes.",
        self->is_trial ? "There would be" : "Archived", self->events, self->sessions, self->files, self->bytes);
    hub_report_u64(&self->report, "sessions", self->sessions);
    hub_report_u64(&self->report, "events", self->events);
    hub_report_u64(&self->report, "bytes", self->bytes);
    hub_report_bool(&self->report, "dry_run", self->is_trial);
    return hub_report_end(&self->report, HUB_EXIT_OK);
}

int hub_tool_log_archive(const struct hub_tool_call *call)
{
    char words[WORDS] = "";
    struct archiving self = { .call = call,
                              .data = hub_settings_text(call->settings, HUB_SETTING_data),
                              .is_trial = hub_settings_is(call->settings, HUB_SETTING_archive_dry_run),
                              .lock = -1,
                              .why = { words, sizeof words } };
    int status = read_moment(&self);
    if (status != HUB_EXIT_OK)
        return status;
    hub_signals_block();
    if (!hub_datadir_has_log(self.data))
        return hub_tool_end(HUB_EXIT_ABSENT, "there is no log in %s", self.data);
    self.arena = hub_arena_new(0);
    hub_buf_init(&self.positions);
    status = archive(&self);
    hub_log_close(&self.log);
    hub_buf_done(&self.positions);
    hub_arena_destroy(&self.arena);
    if (self.lock >= 0)
        close(self.lock);
    return status;
}
