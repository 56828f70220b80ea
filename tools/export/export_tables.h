/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The tables of an SQLite export, and what fills them: export.def. */
#ifndef HUB_TOOLS_EXPORT_EXPORT_TABLES_H
#define HUB_TOOLS_EXPORT_EXPORT_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct hub_export_statement {
    const char *type; /* of the events that it is run for; NULL: every event */
    const char *sql;
    bool is_latest; /* only for the last one of each entity, before a commit */
};

/* In the order in which they are run. */
const struct hub_export_statement *hub_export_statements(size_t *ret_count);

/* What makes all tables. */
const char *hub_export_tables_sql(void);

/* A number that is another one when the tables are. */
int32_t hub_export_tables_version(void);

/* Print the tables as a page of documentation. */
void hub_export_describe(struct hub_buf *out);

#endif
