/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a command hands out as a whole. */
#include "tools/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log/file.h"
#include "tools/tool.h"

static int refuse(const char *path, int error)
{
    hub_tool_end(HUB_EXIT_FULL, "%s cannot be written: %s", path, strerror(error));
    return HUB_EXIT_FULL;
}

int hub_outfile_begin(struct hub_outfile *self, const char *path)
{
    *self = (struct hub_outfile){ .out = stdout, .path = path };
    if (!path)
        return HUB_EXIT_OK;
    if (asprintf(&self->half, "%s.part", path) < 0)
        abort();
    int fd = open(self->half, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    self->out = fd < 0 ? NULL : fdopen(fd, "w");
    if (self->out)
        return HUB_EXIT_OK;
    int error = errno;
    free(self->half);
    return refuse(path, error);
}

/* Returns 0, or the errno of what failed. */
static int finish(struct hub_outfile *self)
{
    bool is_out = fflush(self->out) == 0 && !ferror(self->out) && fdatasync(fileno(self->out)) == 0;
    int error = is_out ? 0 : errno ? errno : EIO;
    if (fclose(self->out) != 0 && !error)
        error = errno;
    if (!error && rename(self->half, self->path) < 0)
        error = errno;
    char *copy = strdup(self->path);
    if (!error && hub_dir_sync(dirname(copy)) < 0)
        error = errno;
    free(copy);
    return error;
}

int hub_outfile_end(struct hub_outfile *self, int status)
{
    if (!self->path) {
        bool is_out = fflush(stdout) == 0 && !ferror(stdout);
        return is_out ? status : hub_tool_end(HUB_EXIT_FULL, "what was found could not be written to stdout");
    }
    int error = 0;
    errno = 0;
    if (status == HUB_EXIT_OK)
        error = finish(self);
    else
        fclose(self->out);
    if (status != HUB_EXIT_OK || error)
        unlink(self->half);
    free(self->half);
    return error ? refuse(self->path, error) : status;
}
