/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Events into one file of text, a line each. FILE.position beside it says how many events and bytes are whole; what a crash
 * left behind that is cut off by the next run. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/file.h"
#include "tools/export/exporting.h"

struct text_file {
    const struct hub_event_format *format;
    uint64_t bytes;               /* whole and on disk */
    uint64_t written;             /* whole or not */
    bool is_fresh;                /* nobody said anything beside the file, */
    bool is_ours;                 /* which was made here */
    bool is_cut;                  /* nothing is in it behind what is whole, but what was written here */
    char *folder, *position_name; /* where the position is kept */
};

static int fail(struct hub_export *to)
{
    return hub_export_fail(to, HUB_EXIT_FULL, "%s cannot be written: %s", to->file, strerror(errno));
}

/* "LOG-ID INCARNATION EVENTS BYTES" */
static int read_mark(struct hub_export *to)
{
    struct text_file *self = to->self;
    const struct hub_log_identity *identity = hub_log_identity(to->reader->log);
    struct hub_buf text;
    char id[40] = "", hex[33];
    unsigned incarnation = 0;
    uint64_t position = 0;
    hub_buf_init(&text);
    int result = hub_file_read(self->folder, self->position_name, 200, &text);
    hub_buf_put_byte(&text, 0);
    bool is_read = result == 0 &&
                   sscanf(text.at, "%32s %u %" SCNu64 " %" SCNu64, id, &incarnation, &position, &self->bytes) == 4;
    hub_buf_done(&text);
    for (size_t i = 0; i < sizeof identity->log_id; i++)
        snprintf(hex + 2 * i, 3, "%02x", identity->log_id[i]);
    self->is_fresh = result == HUB_ERROR_not_found;
    if (self->is_fresh)
        return 0;
    if (!is_read)
        return hub_export_fail(to, HUB_EXIT_UNSOUND, "%s.position cannot be read; delete it and %s to begin anew",
                               to->path, to->file);
    if (strcmp(id, hex) != 0 || incarnation != identity->incarnation)
        return hub_export_fail(to, HUB_EXIT_TAKEN, "%s holds an export of another log", to->file);
    to->position = position;
    return 0;
}

static int write_mark(struct hub_export *to, uint64_t sequence)
{
    struct text_file *self = to->self;
    const struct hub_log_identity *identity = hub_log_identity(to->reader->log);
    char text[160];
    size_t len = 0;
    for (size_t i = 0; i < sizeof identity->log_id; i++)
        len += (size_t) snprintf(text + len, sizeof text - len, "%02x", identity->log_id[i]);
    len += (size_t) snprintf(text + len, sizeof text - len, " %u %" PRIu64 " %" PRIu64 "\n", identity->incarnation,
                             sequence, self->written);
    return hub_file_replace(self->folder, self->position_name, hub_span_of(text, len)) == 0 ? 0 : fail(to);
}

/* Everything behind the mark goes. */
static int cut(struct hub_export *to)
{
    struct text_file *self = to->self;
    struct stat status;
    if (fstat(to->fd, &status) < 0)
        return fail(to);
    if (self->is_fresh && status.st_size > 0)
        return hub_export_refuse(to);
    if ((uint64_t) status.st_size < self->bytes)
        return hub_export_fail(to, HUB_EXIT_UNSOUND, "%s is shorter than %s.position says; delete both to begin anew",
                               to->file, to->path);
    self->written = self->bytes;
    return ftruncate(to->fd, (off_t) self->bytes) == 0 && lseek(to->fd, 0, SEEK_END) >= 0 ? 0 : fail(to);
}

/* What is there was written in the same format, with the columns of today. One without a head is of objects. */
static int check_head(struct hub_export *to)
{
    const struct text_file *self = to->self;
    const char *head = self->format->head ? self->format->head : "{";
    char there[200];
    size_t len = strlen(head);
    if (self->bytes == 0)
        return 0;
    if (len <= sizeof there && pread(to->fd, there, len, 0) == (ssize_t) len && memcmp(there, head, len) == 0)
        return 0;
    return hub_export_fail(to, HUB_EXIT_TAKEN, "%s has the columns of another format or release; export to a new file",
                           to->file);
}

/* FILE.position, in the folder of FILE. */
static void find_position_file(struct text_file *self, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t folder = slash == path ? 1 : slash ? (size_t) (slash - path) : 0, room = strlen(name) + sizeof ".position";
    self->folder = hub_memory_new(folder + 2);
    snprintf(self->folder, folder + 2, "%.*s", folder > 0 ? (int) folder : 1, folder > 0 ? path : ".");
    self->position_name = hub_memory_new(room);
    snprintf(self->position_name, room, "%s.position", name);
}

static int write_bytes(struct hub_export *to, struct hub_span bytes)
{
    struct text_file *self = to->self;
    if (hub_write_all(to->fd, bytes) < 0)
        return fail(to);
    self->written += bytes.len;
    return 0;
}

static int open_text(struct hub_export *to, const char *format)
{
    struct text_file *self = hub_memory_zero(sizeof *self);
    to->self = self;
    self->format = hub_event_format_find(format);
    find_position_file(self, to->path);
    int error = read_mark(to);
    error = error ? error : check_head(to);
    error = error ? error : cut(to);
    self->is_cut = !error;
    self->is_ours = !error && self->is_fresh && to->is_new;
    if (!error && self->is_fresh)
        error = write_mark(to, 0); /* what a crash leaves from here on is known to be ours */
    if (!error && self->bytes == 0 && self->format->head)
        error = write_bytes(to, hub_span(self->format->head));
    return error;
}

static int open_csv(struct hub_export *to)
{
    return open_text(to, "csv");
}

static int open_json(struct hub_export *to)
{
    return open_text(to, "json");
}

static void render(const struct hub_export *to, const struct hub_stored *stored, struct hub_export_batch *batch)
{
    const struct text_file *self = to->self;
    self->format->print(to->reader, stored, batch->arena, &batch->rows);
}

static int write_batch(struct hub_export *to, const struct hub_export_batch *batch)
{
    return write_bytes(to, hub_buf_span(&batch->rows));
}

static int commit(struct hub_export *to, uint64_t sequence)
{
    struct text_file *self = to->self;
    if (fdatasync(to->fd) < 0)
        return fail(to);
    self->bytes = self->written; /* from here on the mark may say so, even when writing it fails */
    if (write_mark(to, sequence) < 0)
        return -1;
    to->position = sequence;
    return 0;
}

/* A line that was begun goes, and a mark that speaks of nothing. */
static void clear_up(struct hub_export *to)
{
    struct text_file *self = to->self;
    char *mark = hub_path(self->folder, self->position_name);
    if (self->is_cut && ftruncate(to->fd, (off_t) self->bytes) < 0)
        self->is_cut = false; /* the next run cuts it */
    if (self->is_ours && to->position == 0)
        unlink(mark);
    free(mark);
}

static void close_text(struct hub_export *to)
{
    struct text_file *self = to->self;
    if (!self)
        return;
    clear_up(to);
    free(self->folder);
    free(self->position_name);
    free(self);
    to->self = NULL;
}

const struct hub_export_kind hub_export_csv = {
    "csv", "events.csv", open_csv, render, write_batch, commit, close_text
};
const struct hub_export_kind hub_export_json = { "json",      "events.ndjson", open_json, render,
                                                 write_batch, commit,          close_text };
