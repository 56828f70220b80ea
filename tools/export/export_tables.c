/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The readings of export.def that need no database. */
#include "tools/export/export_tables.h"

#include <stdbool.h>
#include <string.h>

#include "base/span.h"

static const char tables_sql[] =
#define TABLE(name, columns, ...) "CREATE TABLE " #name " (" columns ");"
#define EVENT(type, statement)
#define LATEST(type, statement)
#include "tools/export/export.def"
#undef TABLE
#undef EVENT
#undef LATEST
    "CREATE TABLE export_position (log TEXT NOT NULL, incarnation INTEGER NOT NULL, sequence INTEGER NOT NULL)";

static const struct hub_export_statement statements[] = {
    { NULL,
      "INSERT INTO events (sequence, time, kind, entity, version, type, company, subject, session, principal,"
      " credential, payload, hash) VALUES (@sequence, @time, @kind, @entity, @version, @type, @company, @subject,"
      " @session, @principal, @credential, @payload, @hash)",
      false },
#define TABLE(name, columns, ...)
#define EVENT(type, statement) { #type, statement, false },
#define LATEST(type, statement) { #type, statement, true },
#include "tools/export/export.def"
#undef TABLE
#undef EVENT
#undef LATEST
};

const struct hub_export_statement *hub_export_statements(size_t *ret_count)
{
    *ret_count = sizeof statements / sizeof statements[0];
    return statements;
}

const char *hub_export_tables_sql(void)
{
    return tables_sql;
}

int32_t hub_export_tables_version(void)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (const char *at = tables_sql; *at; at++)
        hash = (hash ^ (uint8_t) *at) * 16777619U;
    return (int32_t) (hash & INT32_MAX);
}

/* A line each. */
static void put_columns(struct hub_buf *out, const char *columns)
{
    int depth = 0;
    for (const char *at = columns; *at; at++) {
        depth += (*at == '(') - (*at == ')');
        bool is_end = depth == 0 && *at == ',';
        hub_buf_put_text(out, is_end ? ",\n" : (char[]){ *at, 0 });
        at += is_end; /* and the blank */
    }
}

void hub_export_describe(struct hub_buf *out)
{
    static const struct {
        const char *name, *columns, *doc;
    } tables[] = {
#define TABLE(name_, columns_, ...) { .name = #name_, .columns = columns_, __VA_ARGS__ },
#define EVENT(type, statement)
#define LATEST(type, statement)
#include "tools/export/export.def"
#undef TABLE
#undef EVENT
#undef LATEST
    };
    hub_buf_put_text(
        out,
        "# What does an export hold?\n\nPrinted by `omnihub schema export`. `omnihub export --to FILE` copies the events of a data directory, also of a\n"
        "running hub, into an SQLite database. A second run adds exactly what is new, in one transaction with the position it reached\n"
        "(table `export_position`). A first run writes FILE.part, and FILE is there when it is through. A run that is interrupted, killed or\n"
        "finds the disk full leaves what it committed, at least every 5 seconds; the next one goes on there. Times are RFC 3339\n"
        "in UTC. Personal values stand in the clear where `keys/` could be read when they were exported: erase them there too.\n"
        "`--format csv` and `--format json` write every event as a line of text instead; FILE.position says how many events and bytes of it\n"
        "are whole. Where `--to` names a directory, the file in it is omnihub.sqlite, events.csv or events.ndjson.\n");
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        hub_buf_put_text(out, "\n### ");
        hub_buf_put_text(out, tables[i].name);
        hub_buf_put_text(out, "\n\n");
        hub_buf_put_text(out, tables[i].doc);
        hub_buf_put_text(out, "\n\n```sql\n");
        put_columns(out, tables[i].columns);
        hub_buf_put_text(out, "\n```\n");
    }
}
