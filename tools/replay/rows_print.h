/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rows of a few named values, in the formats in which events are printed. */
#ifndef HUB_TOOLS_REPLAY_ROWS_PRINT_H
#define HUB_TOOLS_REPLAY_ROWS_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"

enum { HUB_COLUMNS_MAX = 8 };

struct hub_column {
    const char *name;
    unsigned width; /* of the table; what is longer pushes on */
    bool is_json;   /* the value is JSON text */
};

struct hub_rows_print {
    const char *format; /* table, json, csv or msgpack */
    const struct hub_column *columns;
    size_t count;
    FILE *out;
    bool has_head;       /* it was printed */
    struct hub_buf line; /* owned */
};

/* Begin. All borrowed. The head, where the format has one, comes with the first row. */
void hub_rows_print_begin(struct hub_rows_print *self, const char *format, const struct hub_column *columns,
                          size_t count, FILE *out);

/* Print a row: a value for each column, empty where there is none. As JSON that is null, in msgpack nil; JSON texts are put in
 * as they are in JSON, as text elsewhere. */
void hub_rows_print_row(struct hub_rows_print *self, const struct hub_span *values);

/* End; with status 0 there is a head even without rows. Returns the status, or another one when `out` could not be written. */
int hub_rows_print_end(struct hub_rows_print *self, int status);

#endif
