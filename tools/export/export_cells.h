/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The statements of export.def, and the values that an event gives to their parameters. */
#ifndef HUB_TOOLS_EXPORT_EXPORT_CELLS_H
#define HUB_TOOLS_EXPORT_EXPORT_CELLS_H

#include "tools/export/exporting.h"

/* A row in a batch: a cell that says which statement, then one for each of its parameters. */
struct hub_export_cell {
    enum hub_export_cell_kind { HUB_CELL_statement = 1, HUB_CELL_null, HUB_CELL_number, HUB_CELL_text } kind;
    uint32_t len; /* of the text */
    union {
        int64_t number;
        const char *at; /* in the batch's arena, or constant */
    };
};

/* Where a parameter's value comes from. */
struct hub_export_bind {
    enum { FROM_HEADER, FROM_PAYLOAD, FROM_NESTED, FROM_KIND, FROM_TYPE, FROM_JSON, FROM_HASH } from;
    unsigned index, inner; /* of the fields; inner: within the nested record */
    const struct hub_field *field;
    const struct hub_field *nest;
};

enum { HUB_EXPORT_BINDS = 24 };

struct hub_export_row {
    const struct hub_shape *shape; /* of the events it is for; NULL: every event */
    unsigned count;                /* parameters */
    struct hub_export_bind binds[HUB_EXPORT_BINDS];
};

/* The shape of an event type's payload; NULL: there is none of that name. */
const struct hub_shape *hub_export_shape(const char *type);

/* Add a parameter, by its name: @FIELD, :FIELD or :FIELD__FIELD as in export.def. Returns false when that names nothing, or there
 * are too many. */
bool hub_export_row_take(struct hub_export_row *self, const char *name);

/* Append the rows that an event makes. */
void hub_export_rows_render(const struct hub_export_row *rows, size_t count, const struct hub_datadir *reader,
                            const struct hub_stored *stored, struct hub_export_batch *batch);

#endif
