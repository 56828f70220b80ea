/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* HTTP/1.1 requests from a template that is cut up once, so that making one is a few copies.
 *
 * The template becomes a list of pieces: literal bytes, the counter, a column, and the length of the body,
 * which is known from the pieces behind it before the first byte is written. */
#include "tools/bench/request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/rows.h"

enum { LENGTH_DIGITS = 20 };

enum piece_kind { LITERAL, COUNTER, COLUMN, BODY_LENGTH };

struct piece {
    enum piece_kind kind;
    unsigned column; /* of COLUMN, from 0 */
    size_t at;       /* of LITERAL, in `text` */
    size_t len;
};

struct hub_request {
    char *text; /* head and body as given, end to end */
    size_t text_len;
    struct piece *pieces;
    size_t piece_count;
    size_t body_fixed;                    /* bytes of the body that every row has */
    size_t body_columns[HUB_ROW_COLUMNS]; /* how often each column is in the body */
    size_t bound;
};

void hub_request_destroy(struct hub_request **self_p)
{
    if (!self_p || !*self_p)
        return;
    free((*self_p)->text);
    free((*self_p)->pieces);
    free(*self_p);
    *self_p = NULL;
}

/* The head, with the place of the length left out at the end of what is written before `*ret_split`. */
static int write_head(const struct hub_request_spec *spec, FILE *out, long *ret_split)
{
    fprintf(out, "%s %s HTTP/1.1\r\nHost: %s\r\n", spec->method, spec->path, spec->host);
    for (size_t i = 0; i < spec->header_count; i++)
        fprintf(out, "%s\r\n", spec->headers[i]);
    if (spec->body)
        fputs("Content-Length: ", out);
    *ret_split = ftell(out);
    fputs("\r\n", out);
    if (spec->body)
        fputs("\r\n", out);
    return ferror(out) ? -ENOMEM : 0;
}

/* Puts head and body behind one another in `text`. */
static int join(struct hub_request *self, const struct hub_request_spec *spec, size_t *ret_split, size_t *ret_body)
{
    long split = 0, body = 0;
    FILE *out = open_memstream(&self->text, &self->text_len);
    if (!out)
        return -ENOMEM;
    int rc = write_head(spec, out, &split);
    body = ftell(out);
    if (rc == 0 && spec->body && spec->body_len && fwrite(spec->body, spec->body_len, 1, out) != 1)
        rc = -ENOMEM;
    if (fclose(out) != 0 || split < 0 || body < 0)
        rc = -ENOMEM;
    *ret_split = (size_t) split;
    *ret_body = (size_t) body;
    return rc;
}

/* Is there a `{n}` or `{1}`..`{4}` at this place? */
static bool is_mark(const char *at, size_t left, struct piece *ret_piece)
{
    if (left < 3 || at[0] != '{' || at[2] != '}')
        return false;
    if (at[1] == 'n')
        *ret_piece = (struct piece)
        {
            .kind = COUNTER
            , .len = HUB_REQUEST_COUNTER_DIGITS
        };
    else if (at[1] >= '1' && at[1] < '1' + HUB_ROW_COLUMNS)
        *ret_piece = (struct piece){ .kind = COLUMN, .column = (unsigned) (at[1] - '1') };
    else
        return false;
    return true;
}

static void add(struct hub_request *self, struct piece piece)
{
    if (piece.kind != LITERAL || piece.len > 0)
        self->pieces[self->piece_count++] = piece;
}

/* Cuts text[from, to) into pieces. */
static void cut(struct hub_request *self, size_t from, size_t to)
{
    size_t literal = from;
    struct piece mark;
    for (size_t at = from; at < to; at++) {
        if (!is_mark(self->text + at, to - at, &mark))
            continue;
        add(self, (struct piece){ .kind = LITERAL, .at = literal, .len = at - literal });
        add(self, mark);
        literal = at + 3;
        at += 2;
    }
    add(self, (struct piece){ .kind = LITERAL, .at = literal, .len = to - literal });
}

/* Adds up what the pieces of the body, which start at `first`, take. */
static void measure_body(struct hub_request *self, size_t first)
{
    for (size_t i = first; i < self->piece_count; i++) {
        if (self->pieces[i].kind == COLUMN)
            self->body_columns[self->pieces[i].column]++;
        else
            self->body_fixed += self->pieces[i].len;
    }
}

static size_t longest(const struct hub_rows *rows, unsigned column)
{
    size_t most = 0;
    for (size_t i = 0; i < hub_rows_count(rows); i++) {
        size_t len = hub_rows_at(rows, i)->column[column].len;
        most = len > most ? len : most;
    }
    return most;
}

/* Needs rows where columns are used, and sums up the longest request. */
static int measure_bound(struct hub_request *self, const struct hub_rows *rows)
{
    size_t widths[HUB_ROW_COLUMNS] = { 0 };
    for (unsigned i = 0; rows && i < HUB_ROW_COLUMNS; i++)
        widths[i] = longest(rows, i);
    for (size_t i = 0; i < self->piece_count; i++) {
        const struct piece *piece = &self->pieces[i];
        if (piece->kind == COLUMN && !rows)
            return -EINVAL;
        self->bound += piece->kind == COLUMN ? widths[piece->column] : piece->len;
    }
    return 0;
}

int hub_request_new(const struct hub_request_spec *spec, const struct hub_rows *rows, struct hub_request **ret_self)
{
    size_t split = 0, body = 0;
    struct hub_request *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    int rc = join(self, spec, &split, &body);
    if (rc == 0) /* at most a mark and a literal for each 3 bytes, and the literals at the two ends */
        self->pieces = calloc(self->text_len + 4, sizeof *self->pieces);
    if (rc == 0 && !self->pieces)
        rc = -ENOMEM;
    if (rc == 0) {
        cut(self, 0, split);
        if (spec->body)
            add(self, (struct piece){ .kind = BODY_LENGTH, .len = LENGTH_DIGITS });
        cut(self, split, body);
        size_t first = self->piece_count;
        cut(self, body, self->text_len);
        measure_body(self, first);
        rc = measure_bound(self, rows);
    }
    if (rc < 0)
        hub_request_destroy(&self);
    else
        *ret_self = self;
    return rc;
}

size_t hub_request_bound(const struct hub_request *self)
{
    return self->bound;
}

static size_t body_length(const struct hub_request *self, const struct hub_row *row)
{
    size_t len = self->body_fixed;
    for (unsigned i = 0; row && i < HUB_ROW_COLUMNS; i++)
        len += self->body_columns[i] * row->column[i].len;
    return len;
}

static void write_counter(uint64_t counter, char *into)
{
    for (int i = HUB_REQUEST_COUNTER_DIGITS - 1; i >= 0; i--, counter /= 10)
        into[i] = (char) ('0' + counter % 10);
}

static size_t write_number(uint64_t value, char *into)
{
    char digits[LENGTH_DIGITS];
    size_t start = sizeof digits;
    do {
        digits[--start] = (char) ('0' + value % 10);
        value /= 10;
    } while (value);
    memcpy(into, digits + start, sizeof digits - start);
    return sizeof digits - start;
}

size_t hub_request_write(const struct hub_request *self, const struct hub_row *row, uint64_t counter, char *into)
{
    char *at = into;
    for (size_t i = 0; i < self->piece_count; i++) {
        const struct piece *piece = &self->pieces[i];
        size_t len = piece->len;
        switch (piece->kind) {
        case LITERAL: memcpy(at, self->text + piece->at, len); break;
        case COUNTER: write_counter(counter, at); break;
        case COLUMN:
            len = row->column[piece->column].len;
            memcpy(at, row->column[piece->column].at, len);
            break;
        case BODY_LENGTH: len = write_number(body_length(self, row), at); break;
        }
        at += len;
    }
    return (size_t) (at - into);
}
