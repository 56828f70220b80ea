/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Events into one file of text, a line each. FILE.position beside it says how many events and bytes are whole; what a crash
 * left behind that is cut off by the next run. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/file.h"
#include "tools/export/exporting.h"

enum { BUFFER = 1 << 20 };

struct text_file {
    int fd;
    const struct hub_event_format *format;
    struct hub_buf buffer;        /* not written yet */
    uint64_t bytes;               /* written, whole or not */
    bool is_new;                  /* there was no position */
    char *folder, *position_name; /* where the position is kept, beside the file */
};

static int fail(struct hub_export *to)
{
    return hub_export_fail(to, HUB_EXIT_FULL, "%s: %s", to->path, strerror(errno));
}

/* "LOG-ID INCARNATION EVENTS BYTES" */
static int read_mark(struct hub_export *to)
{
    struct text_file *self = to->self;
    const struct hub_log_identity *identity = hub_log_identity(to->reader->log);
    struct hub_buf text;
    char id[40] = "", hex[33];
    unsigned incarnation = 0;
    hub_buf_init(&text);
    int result = hub_file_read(self->folder, self->position_name, 200, &text);
    hub_buf_put_byte(&text, 0);
    bool is_read = result == 0 &&
                   sscanf(text.at, "%32s %u %" SCNu64 " %" SCNu64, id, &incarnation, &to->position, &self->bytes) == 4;
    hub_buf_done(&text);
    for (size_t i = 0; i < sizeof identity->log_id; i++)
        snprintf(hex + 2 * i, 3, "%02x", identity->log_id[i]);
    self->is_new = result == HUB_ERROR_not_found;
    if (self->is_new)
        return 0;
    if (!is_read)
        return hub_export_fail(to, HUB_EXIT_UNSOUND, "%s.position cannot be read; delete it and %s to begin anew",
                               to->path, to->path);
    if (strcmp(id, hex) != 0 || incarnation != identity->incarnation)
        return hub_export_fail(to, HUB_EXIT_TAKEN, "%s holds an export of another log", to->path);
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
                             sequence, self->bytes);
    return hub_file_replace(self->folder, self->position_name, hub_span_of(text, len)) == 0 ? 0 : fail(to);
}

/* Everything behind the mark goes. */
static int cut(struct hub_export *to)
{
    struct text_file *self = to->self;
    struct stat status;
    if (fstat(self->fd, &status) < 0)
        return fail(to);
    if ((uint64_t) status.st_size < self->bytes)
        return hub_export_fail(to, HUB_EXIT_UNSOUND, "%s is shorter than %s.position says; delete both to begin anew",
                               to->path, to->path);
    if (self->is_new && status.st_size > 0)
        return hub_export_fail(to, HUB_EXIT_TAKEN, "%s is there already and is no export", to->path);
    return ftruncate(self->fd, (off_t) self->bytes) == 0 && lseek(self->fd, 0, SEEK_END) >= 0 ? 0 : fail(to);
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

static int open_text(struct hub_export *to, const char *format)
{
    struct text_file *self = hub_memory_zero(sizeof *self);
    to->self = self;
    self->format = hub_event_format_find(format);
    find_position_file(self, to->path);
    self->fd = open(to->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (self->fd < 0)
        return fail(to);
    int error = read_mark(to);
    error = error ? error : cut(to);
    if (!error && self->is_new)
        error = write_mark(to, 0); /* what a crash leaves from here on is known to be ours */
    if (!error && self->bytes == 0 && self->format->head)
        hub_buf_put_text(&self->buffer, self->format->head);
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

static int flush(struct hub_export *to)
{
    struct text_file *self = to->self;
    if (hub_write_all(self->fd, hub_buf_span(&self->buffer)) < 0)
        return fail(to);
    self->bytes += self->buffer.len;
    hub_buf_clear(&self->buffer);
    return 0;
}

static int add(struct hub_export *to, const struct hub_exported *event)
{
    struct text_file *self = to->self;
    self->format->print(event->reader, event->stored, event->arena, &self->buffer);
    return self->buffer.len >= BUFFER ? flush(to) : 0;
}

static int commit(struct hub_export *to, uint64_t sequence)
{
    struct text_file *self = to->self;
    int error = flush(to);
    if (!error && fdatasync(self->fd) < 0)
        error = fail(to);
    error = error ? error : write_mark(to, sequence);
    if (!error)
        to->position = sequence;
    return error;
}

static void close_text(struct hub_export *to)
{
    struct text_file *self = to->self;
    if (!self)
        return;
    if (self->fd >= 0)
        close(self->fd);
    hub_buf_done(&self->buffer);
    free(self->folder);
    free(self->position_name);
    free(self);
    to->self = NULL;
}

const struct hub_export_kind hub_export_csv = { "csv", open_csv, add, commit, close_text };
const struct hub_export_kind hub_export_json = { "json", open_json, add, commit, close_text };
