/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The list that a load walks: one row per session (or whatever is asked about), tab-separated columns. */
#include "tools/bench/rows.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/file.h"

struct hub_rows {
    char *text; /* the whole file; the rows point into it */
    struct hub_row *rows;
    size_t count;
};

void hub_rows_destroy(struct hub_rows **self_p)
{
    if (!self_p || !*self_p)
        return;
    free((*self_p)->text);
    free((*self_p)->rows);
    free(*self_p);
    *self_p = NULL;
}

static size_t count_lines(const char *at, size_t len)
{
    size_t lines = 1;
    for (size_t i = 0; i < len; i++)
        lines += at[i] == '\n';
    return lines;
}

static int cut_row(const char *at, size_t len, struct hub_row *ret_row)
{
    const char *end = at + len;
    for (size_t i = 0; i < HUB_ROW_COLUMNS; i++)
        ret_row->column[i] = hub_span_of(end, 0);
    for (size_t i = 0; i < HUB_ROW_COLUMNS; i++) {
        const char *tab = memchr(at, '\t', (size_t) (end - at));
        const char *stop = tab ? tab : end;
        ret_row->column[i] = hub_span_of(at, (size_t) (stop - at));
        if (!tab)
            return 0;
        at = tab + 1;
    }
    return -EINVAL;
}

static int cut_rows(struct hub_rows *self, size_t len)
{
    const char *at = self->text, *end = self->text + len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t) (end - at));
        const char *stop = newline ? newline : end;
        if (stop > at && cut_row(at, (size_t) (stop - at), &self->rows[self->count++]) < 0)
            return -EINVAL;
        at = stop + 1;
    }
    return self->count ? 0 : -EINVAL;
}

int hub_rows_open(const char *path, struct hub_rows **ret_self)
{
    size_t len = 0;
    struct hub_rows *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    int rc = hub_bench_file_read(path, &self->text, &len);
    if (rc == 0) {
        self->rows = calloc(count_lines(self->text, len), sizeof *self->rows);
        rc = self->rows ? cut_rows(self, len) : -ENOMEM;
    }
    if (rc < 0)
        hub_rows_destroy(&self);
    else
        *ret_self = self;
    return rc;
}

size_t hub_rows_count(const struct hub_rows *self)
{
    return self->count;
}

const struct hub_row *hub_rows_at(const struct hub_rows *self, size_t index)
{
    assert(index < self->count);
    return &self->rows[index];
}
