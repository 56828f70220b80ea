/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `export`: the events of a data directory for other programs. A second run adds what is new.
 *
 * A first run writes FILE.part and gives it its name when it is through, so that FILE is never an export that only began. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/file.h"
#include "tools/apart.h"
#include "tools/export/export_feed.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/serve/signals.h"

/* Each commit waits for the disk, and in a database writes every page that was touched: the fewer the better. It is also what
 * a run that is killed has to do again. */
enum { COMMIT_EVERY_US = 5000000, FLUSH_EVERY_US = 250000 };

static const struct hub_export_kind *kind_by_name(const char *name)
{
    static const struct hub_export_kind *const kinds[] = { &hub_export_sqlite, &hub_export_csv, &hub_export_json };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return strcmp(name, "ndjson") == 0 ? &hub_export_json : NULL;
}

int hub_export_fail(struct hub_export *to, enum hub_exit status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(to->why, sizeof to->why, format, args);
    va_end(args);
    to->status = status;
    return -1;
}

int hub_export_refuse(struct hub_export *to)
{
    return hub_export_fail(to, HUB_EXIT_TAKEN, "%s is there already and is no export", to->file);
}

/* --- Copying --- */

/* Set the disk to work on what is written, so that the commit need not wait for all of it. */
static void flush(const struct hub_export *to, int64_t *flushed_us)
{
    int64_t now = hub_tick_us(hub_world_real());
    if (now - *flushed_us < FLUSH_EVERY_US)
        return;
    sync_file_range(to->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    *flushed_us = now;
}

/* Write everything that comes. Returns 0, 1 when it was interrupted, or < 0. */
static int copy(struct hub_export *to, struct hub_export_feed *feed, uint64_t head, struct hub_progress *progress)
{
    const struct hub_world *world = hub_world_real();
    const struct hub_export_batch *batch;
    int64_t committed_us = hub_tick_us(world), flushed_us = committed_us;
    uint64_t at = to->position, first = at;
    int error = 0, more = 1, is_stopped = 0;
    while (!error && !is_stopped && (more = hub_export_feed_next(feed, &batch)) == 1) {
        error = to->kind->write(to, batch);
        at = batch->last;
        if (!error && hub_tick_us(world) - committed_us >= COMMIT_EVERY_US) {
            error = to->kind->commit(to, at);
            committed_us = hub_tick_us(world);
        }
        flush(to, &flushed_us);
        hub_progress_show(progress, at - first, head - first);
        is_stopped = at < head && hub_signals_wait(0) != 0;
    }
    if (!error && at > to->position)
        error = to->kind->commit(to, at);
    if (!error && more < 0)
        error = hub_export_fail(
            to, HUB_EXIT_UNSOUND,
            "the log cannot be read behind event %" PRIu64 "; 'omnihub audit verify' says what is wrong", to->position);
    return error ? error : is_stopped;
}

static int copy_from(struct hub_export *to, uint64_t head)
{
    struct hub_progress progress;
    struct hub_export_feed *feed = hub_export_feed_new(to, to->position + 1, head);
    if (!feed)
        return hub_export_fail(to, HUB_EXIT_FAILED, "no thread can be made");
    hub_progress_start(&progress, "events");
    int result = copy(to, feed, head, &progress);
    hub_progress_end(&progress);
    hub_export_feed_destroy(&feed);
    return result;
}

/* --- The file --- */

/* Whether the name still stands for what was opened: another run may have been faster. */
static bool is_same(const struct hub_export *to)
{
    struct stat opened, named;
    return fstat(to->fd, &opened) == 0 && stat(to->file, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

/* Open or create it, for its owner alone, and keep other runs away. */
static int take_file(struct hub_export *to)
{
    to->fd = open(to->file, O_RDWR | O_CLOEXEC | (to->is_new ? O_CREAT : 0), 0600);
    if (to->fd < 0)
        return hub_export_fail(to, HUB_EXIT_FULL, "%s cannot be written: %s", to->file, strerror(errno));
    if (flock(to->fd, LOCK_EX | LOCK_NB) < 0 || !is_same(to))
        return hub_export_fail(to, HUB_EXIT_TAKEN, "another run is at %s", to->file);
    return 0;
}

/* A first run is through. */
static int give_name(struct hub_export *to)
{
    char *copy = strdup(to->path);
    bool is_named = rename(to->file, to->path) == 0 && hub_dir_sync(dirname(copy)) == 0;
    free(copy);
    if (is_named)
        return 0;
    return hub_export_fail(to, HUB_EXIT_FULL, "%s cannot be written: %s", to->path, strerror(errno));
}

/* What began and holds nothing goes again; the kind has closed it. */
static void leave_file(struct hub_export *to, bool is_ours)
{
    if (is_ours && to->is_new && to->position == 0)
        unlink(to->file);
    if (to->fd >= 0)
        close(to->fd);
}

/* --- The command --- */

static int finish(struct hub_export *to, const struct hub_settings *settings, uint64_t before)
{
    struct hub_report report;
    hub_report_begin(&report, settings);
    hub_report_say(&report, "%s: %" PRIu64 " events, %" PRIu64 " of them new.", to->path, to->position,
                   to->position - before);
    hub_report_text(&report, "file", to->path);
    hub_report_u64(&report, "events", to->position);
    hub_report_u64(&report, "new", to->position - before);
    return hub_report_end(&report, HUB_EXIT_OK);
}

/* Returns 0, 1 when it was interrupted, or < 0. */
static int bring_up(struct hub_export *to, uint64_t head, uint64_t *ret_before)
{
    int result = to->kind->open(to);
    uint64_t before = *ret_before = to->position;
    if (!result && before > head)
        result = hub_export_fail(to, HUB_EXIT_UNSOUND, "%s has %" PRIu64 " events, but the log ends at %" PRIu64,
                                 to->path, before, head);
    if (!result && before < head)
        result = copy_from(to, head);
    to->kind->close(to);
    return result;
}

static int run(struct hub_export *to, const struct hub_settings *settings)
{
    uint64_t head = hub_log_commit(to->reader->log).sequence, before = 0;
    int result = take_file(to);
    bool is_ours = !result;
    if (!result)
        result = bring_up(to, head, &before);
    is_ours = is_ours && to->status != HUB_EXIT_TAKEN;
    if (!result && to->is_new)
        result = give_name(to);
    leave_file(to, is_ours);
    if (result < 0 && to->is_new && to->position > 0)
        return hub_tool_end(to->status, "%s. Run it again to go on behind event %" PRIu64 ", or delete %s", to->why,
                            to->position, to->file);
    if (result < 0)
        return hub_tool_end(to->status, "%s", to->why);
    if (result > 0)
        return hub_tool_end(HUB_EXIT_INTERRUPTED,
                            "interrupted at event %" PRIu64 " of %" PRIu64 "; run it again to go on", to->position,
                            head);
    return finish(to, settings, before);
}

/* A directory gets a file named by the format. Owned by the caller. */
static char *path_of(const char *named, const struct hub_export_kind *kind)
{
    struct stat info;
    bool is_dir = stat(named, &info) == 0 && S_ISDIR(info.st_mode);
    char *path = NULL;
    if ((is_dir ? asprintf(&path, "%s/%s", named, kind->in_dir) : asprintf(&path, "%s", named)) < 0)
        abort();
    return path;
}

static int run_all(const struct hub_tool_call *call)
{
    const struct hub_settings *settings = call->settings;
    struct hub_datadir reader;
    char *path, *part;
    struct hub_export to = { .kind = kind_by_name(hub_settings_text(settings, HUB_SETTING_export_format)),
                             .reader = &reader };
    const char *named = hub_settings_text(settings, HUB_SETTING_export_to);
    if (!named || !*named || !to.kind)
        return hub_tool_misused("export needs --to FILE, or a directory");
    to.path = path = path_of(named, to.kind);
    if (asprintf(&part, "%s.part", path) < 0)
        abort();
    to.is_new = access(to.path, F_OK) < 0;
    to.file = to.is_new ? part : to.path;
    to.fd = -1;
    hub_signals_block();
    int status = -hub_datadir_open(&reader, hub_settings_text(settings, HUB_SETTING_data),
                                   hub_settings_text(settings, HUB_SETTING_master_key));
    if (status == HUB_EXIT_OK)
        status = hub_datadir_tell(&reader, call);
    if (status == HUB_EXIT_OK)
        status = run(&to, settings);
    hub_datadir_close(&reader);
    free(path);
    free(part);
    return status;
}

int hub_tool_export(const struct hub_tool_call *call)
{
    return hub_run_aside(call, run_all);
}
