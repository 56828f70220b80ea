/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `audit history`: everything that was known about a customer at a moment: who they were, and what happened, by whom. */
#include "tools/audit/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "log/file.h"
#include "tools/datadir.h"
#include "tools/outfile.h"
#include "tools/report.h"
#include "tools/tool.h"

/* The records of this customer are opened as everywhere in the tools. */
static void unseal(void *arg, const struct hub_shape *shape, void *record, struct hub_arena *arena)
{
    const struct hub_datadir *reader = arg;
    hub_datadir_unseal(reader, reader->company, shape, record, arena);
}

/* The history of the customer that a command names. Returns an exit status. */
static int begin(struct hub_history *self, struct hub_datadir *reader, const char *customer, const char *point)
{
    struct hub_history_of of = { .log = reader->log,
                                 .data_dir = reader->dir,
                                 .company = reader->company,
                                 .until_us = point ? 0 : INT64_MAX,
                                 .open = unseal,
                                 .open_arg = reader };
    *self = (struct hub_history){ .state = NULL };
    if (point) /* a position stands for its own time, and a time for itself: somebody may have read when nothing happened */
        (void) hub_time_parse(hub_span(point), &of.until_us);
    int error = hub_datadir_moment(reader, point, &of.to);
    if (!error)
        error = hub_datadir_entity(reader, reader->company, KIND_customer, customer, &of.customer);
    if (error)
        return -error;
    error = hub_history_begin(self, &of);
    if (error == HUB_ERROR_not_found)
        return hub_tool_end(HUB_EXIT_ABSENT, "the customer '%s' was not known yet at %s", customer,
                            point ? point : "the log's end");
    return error ? hub_tool_fail("the log cannot be read; 'omnihub audit verify' says what is wrong") : HUB_EXIT_OK;
}

/* --- The command --- */

static int print_all(struct hub_history *history, const struct hub_history_format *format, FILE *to)
{
    struct hub_arena *scratch = hub_arena_new(65536);
    struct hub_history_print print = { .history = history };
    struct hub_history_event event;
    struct hub_buf out;
    const char *why = "";
    int more;
    hub_buf_init(&out);
    format->head(&print, &out);
    while ((more = hub_history_next(history, scratch, &event, &why)) == 1) {
        format->event(&print, &event, &out);
        fwrite(out.at, 1, out.len, to);
        hub_buf_clear(&out);
        hub_arena_reset(scratch);
    }
    format->foot(&print, &out);
    fwrite(out.at, 1, out.len, to);
    hub_buf_done(&out);
    hub_arena_destroy(&scratch);
    return more < 0 ? hub_tool_end(HUB_EXIT_UNSOUND, "%s; 'omnihub audit verify' says what is wrong", why)
                    : HUB_EXIT_OK;
}

/* The history of the customer that a command names, to a file (NULL: stdout). */
static int write_history(const struct hub_tool_call *call, struct hub_datadir *reader, const char *format,
                         const char *path)
{
    struct hub_history history;
    struct hub_outfile file;
    int status = begin(&history, reader, call->operands[0], hub_settings_text(call->settings, HUB_SETTING_as_of));
    if (status == HUB_EXIT_OK)
        status = hub_outfile_begin(&file, path);
    if (status == HUB_EXIT_OK)
        status = hub_outfile_end(&file, print_all(&history, hub_history_format_find(format), file.out));
    hub_history_end(&history);
    return status;
}

static int open_reader(const struct hub_tool_call *call, struct hub_datadir *reader)
{
    const struct hub_settings *settings = call->settings;
    int status = -hub_datadir_open(reader, hub_settings_text(settings, HUB_SETTING_data),
                                   hub_settings_text(settings, HUB_SETTING_master_key));
    if (status == HUB_EXIT_OK)
        status = hub_datadir_tell(reader, call);
    return status ? status
                  : -hub_datadir_company(reader, hub_settings_text(settings, HUB_SETTING_company), &reader->company);
}

int hub_tool_audit_history(const struct hub_tool_call *call)
{
    const struct hub_settings *settings = call->settings;
    bool is_json = hub_settings_is(settings, HUB_SETTING_json);
    struct hub_datadir reader;
    if (call->count != 1)
        return hub_tool_misused("audit history takes one CUSTOMER");
    int status = open_reader(call, &reader);
    if (status == HUB_EXIT_OK)
        status = write_history(call, &reader,
                               is_json ? "json" : hub_settings_text(settings, HUB_SETTING_history_format), NULL);
    hub_datadir_close(&reader);
    return status;
}

/* --- Handing it out --- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), part = strlen(end);
    return len >= part && strcmp(text + len - part, end) == 0;
}

/* One file in a directory, and its line in the report. */
static int write_into(const struct hub_tool_call *call, struct hub_datadir *reader, const char *dir, const char *format,
                      struct hub_report *report)
{
    bool is_page = strcmp(format, "html") == 0;
    char *path = hub_path(dir, is_page ? "person.html" : "person.json");
    int status = write_history(call, reader, format, path);
    if (status == HUB_EXIT_OK)
        hub_report_text(report, is_page ? "page" : "data", path);
    free(path);
    return status;
}

static int hand_out(const struct hub_tool_call *call, struct hub_datadir *reader, const char *to,
                    struct hub_report *report)
{
    bool is_page = ends_with(to, ".html");
    if (is_page || ends_with(to, ".json")) {
        hub_report_text(report, is_page ? "page" : "data", to);
        return write_history(call, reader, is_page ? "html" : "document", to);
    }
    bool is_made = mkdir(to, 0700) == 0;
    if (!is_made && errno != EEXIST)
        return hub_tool_end(HUB_EXIT_FULL, "the directory %s cannot be made: %s", to, strerror(errno));
    int status = write_into(call, reader, to, "document", report);
    if (status == HUB_EXIT_OK)
        status = write_into(call, reader, to, "html", report);
    if (status != HUB_EXIT_OK && is_made)
        (void) rmdir(to); /* when nothing is in it */
    return status;
}

int hub_tool_audit_export(const struct hub_tool_call *call)
{
    const char *to = hub_settings_text(call->settings, HUB_SETTING_person_to);
    struct hub_datadir reader;
    struct hub_report report;
    if (call->count != 1 || !to)
        return hub_tool_misused("audit export takes one CUSTOMER, and --to says where it goes");
    int status = open_reader(call, &reader);
    if (status == HUB_EXIT_OK && !reader.has_keys)
        status = hub_tool_end(HUB_EXIT_DENIED,
                              "keys/ cannot be read, and without it nothing of a person can be handed out");
    hub_report_begin(&report, call->settings);
    if (status == HUB_EXIT_OK)
        status = hand_out(call, &reader, to, &report);
    hub_datadir_close(&reader);
    if (status == HUB_EXIT_OK)
        return hub_report_end(&report, status);
    hub_report_drop(&report);
    return status;
}
