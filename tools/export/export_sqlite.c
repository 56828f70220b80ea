/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Events into an SQLite database, by the statements of export.def. The position stands in the table export_position, in the
 * same transaction as what it speaks of. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tools/export/export_cells.h"
#include "tools/export/export_latest.h"
#include "tools/export/export_tables.h"

/* A reader may hold it for a moment. */
enum { PATIENCE_MS = 5000 };

enum { POSITION_COLUMNS = 3 }; /* of the table export_position */

struct database {
    sqlite3 *db;
    struct hub_export_row *rows; /* owned; read by both threads */
    sqlite3_stmt **statements;   /* owned; one for each row */
    size_t count;
    const struct hub_export_statement *sources; /* of the statements */
    struct hub_export_latest *latest;           /* owned; rows that wait for the commit */
    sqlite3_stmt *mark;
    bool is_open; /* a transaction */
};

/* A rollback journal, as what is appended goes to the disk once: a WAL would write all of it twice. The cache holds what is
 * touched at random, the indexes' pages, so that they are not read back. */
static const char open_sql[] =
    "PRAGMA page_size = 8192; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL;"
    "BEGIN IMMEDIATE";

/* --- What goes wrong --- */

static int fail(struct hub_export *to)
{
    struct database *self = to->self;
    int reason;
    if (!self->db)
        return hub_export_fail(to, HUB_EXIT_FAILED, "%s: no memory", to->file);
    switch (sqlite3_errcode(self->db)) {
    case SQLITE_NOTADB: return hub_export_refuse(to);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return hub_export_fail(to, HUB_EXIT_TAKEN, "another program is at %s", to->file);
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        reason = sqlite3_system_errno(self->db);
        return hub_export_fail(to, HUB_EXIT_FULL, "%s cannot be written: %s", to->file,
                               reason ? strerror(reason) : sqlite3_errmsg(self->db));
    case SQLITE_CORRUPT: return hub_export_fail(to, HUB_EXIT_UNSOUND, "%s is damaged; export to a new file", to->file);
    default: return hub_export_fail(to, HUB_EXIT_FAILED, "%s: %s", to->file, sqlite3_errmsg(self->db));
    }
}

static int run(struct hub_export *to, const char *sql)
{
    struct database *self = to->self;
    return sqlite3_exec(self->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(to);
}

/* --- Opening --- */

static int prepare(struct hub_export *to, const char *sql, sqlite3_stmt **ret_statement)
{
    struct database *self = to->self;
    int result = sqlite3_prepare_v3(self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL);
    return result == SQLITE_OK ? 0 : fail(to);
}

static int prepare_row(struct hub_export *to, const struct hub_export_statement *statement)
{
    struct database *self = to->self;
    struct hub_export_row *row = &self->rows[self->count];
    row->shape = statement->type ? hub_export_shape(statement->type) : NULL;
    if (statement->type && !row->shape)
        return hub_export_fail(to, HUB_EXIT_FAILED, "export.def: there is no event %s", statement->type);
    if (prepare(to, statement->sql, &self->statements[self->count]) < 0)
        return -1;
    int count = sqlite3_bind_parameter_count(self->statements[self->count++]);
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_bind_parameter_name(self->statements[self->count - 1], i + 1);
        if (!hub_export_row_take(row, name))
            return hub_export_fail(to, HUB_EXIT_FAILED, "export.def: %s has no %s",
                                   statement->type ? statement->type : "an event", name);
    }
    return 0;
}

static int prepare_all(struct hub_export *to)
{
    struct database *self = to->self;
    size_t count;
    const struct hub_export_statement *statements = self->sources = hub_export_statements(&count);
    self->rows = hub_memory_zero(count * sizeof *self->rows);
    self->statements = hub_memory_zero(count * sizeof(sqlite3_stmt *));
    self->latest = hub_export_latest_new();
    int error = prepare(to, "UPDATE export_position SET sequence = ?", &self->mark);
    for (size_t i = 0; !error && i < count; i++)
        error = prepare_row(to, &statements[i]);
    return error;
}

/* One number that a query answers. */
static int ask(struct hub_export *to, const char *sql, int64_t *ret_number)
{
    sqlite3_stmt *statement = NULL;
    int error = prepare(to, sql, &statement);
    if (!error && sqlite3_step(statement) != SQLITE_ROW)
        error = fail(to);
    if (!error)
        *ret_number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return error;
}

/* How far the database is; one of another log is refused. */
static int find_position(struct hub_export *to)
{
    const struct hub_log_identity *identity = hub_log_identity(to->reader->log);
    char sql[200], id[33];
    int64_t count, is_ours, version, position;
    for (size_t i = 0; i < sizeof identity->log_id; i++)
        snprintf(id + 2 * i, 3, "%02x", identity->log_id[i]);
    if (ask(to, "SELECT count(*) FROM sqlite_schema", &count) < 0)
        return -1;
    if (count == 0) {
        snprintf(sql, sizeof sql, "PRAGMA user_version = %" PRId32 "; INSERT INTO export_position VALUES ('%s', %u, 0)",
                 hub_export_tables_version(), id, (unsigned) identity->incarnation);
        return run(to, hub_export_tables_sql()) < 0 || run(to, sql) < 0 || run(to, "COMMIT; BEGIN IMMEDIATE") < 0 ? -1
                                                                                                                  : 0;
    }
    if (ask(to,
            "SELECT count(*) FROM sqlite_schema AS tables JOIN pragma_table_info('export_position') AS columns"
            " WHERE tables.type = 'table' AND tables.name = 'export_position'"
            " AND columns.name IN ('log', 'incarnation', 'sequence')",
            &count) < 0)
        return -1;
    if (count != POSITION_COLUMNS)
        return hub_export_refuse(to);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM export_position WHERE log = '%s' AND incarnation = %u", id,
             (unsigned) identity->incarnation);
    if (ask(to, sql, &is_ours) < 0 || ask(to, "PRAGMA user_version", &version) < 0 ||
        ask(to, "SELECT max(sequence) FROM export_position", &position) < 0)
        return -1;
    if (!is_ours)
        return hub_export_fail(to, HUB_EXIT_TAKEN, "%s holds an export of another log", to->file);
    if (version != hub_export_tables_version())
        return hub_export_fail(to, HUB_EXIT_TAKEN,
                               "%s has the tables of another release; export to a new file, which holds the same",
                               to->file);
    to->position = (uint64_t) position;
    return 0;
}

static int open_database(struct hub_export *to)
{
    struct database *self = hub_memory_zero(sizeof *self);
    to->self = self;
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* nobody asks, and every allocation would take a lock */
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX; /* one thread */
    if (sqlite3_open_v2(to->file, &self->db, flags, NULL) != SQLITE_OK)
        return fail(to);
    sqlite3_busy_timeout(self->db, PATIENCE_MS);
    int error = run(to, open_sql);
    self->is_open = !error;
    error = error ? error : find_position(to);
    return error ? error : prepare_all(to);
}

/* --- Adding --- */

static void render(const struct hub_export *to, const struct hub_stored *stored, struct hub_export_batch *batch)
{
    const struct database *self = to->self;
    hub_export_rows_render(self->rows, self->count, to->reader, stored, batch);
}

static void bind(sqlite3_stmt *statement, int at, const struct hub_export_cell *cell)
{
    switch (cell->kind) {
    case HUB_CELL_number: sqlite3_bind_int64(statement, at, cell->number); break;
    case HUB_CELL_text: sqlite3_bind_text(statement, at, cell->at, (int) cell->len, SQLITE_STATIC); break;
    default: sqlite3_bind_null(statement, at);
    }
}

static int step(struct hub_export *to, size_t number, const struct hub_export_cell *cells)
{
    struct database *self = to->self;
    sqlite3_stmt *statement = self->statements[number];
    for (unsigned i = 0; i < self->rows[number].count; i++)
        bind(statement, (int) i + 1, &cells[i]);
    if (sqlite3_step(statement) != SQLITE_DONE)
        return fail(to);
    sqlite3_reset(statement);
    return 0;
}

/* Run what waits for the commit. */
static int write_latest(struct hub_export *to)
{
    struct database *self = to->self;
    struct hub_export_cell cells[HUB_LATEST_CELLS];
    size_t number;
    int error = 0;
    while (!error && hub_export_latest_take(self->latest, &number, cells))
        error = step(to, number, cells);
    return error;
}

static int write_row(struct hub_export *to, size_t number, const struct hub_export_cell *cells)
{
    struct database *self = to->self;
    if (!self->sources[number].is_latest)
        return step(to, number, cells);
    if (hub_export_latest_keep(self->latest, number, cells))
        return 0;
    int error = write_latest(to);
    hub_export_latest_keep(self->latest, number, cells);
    return error;
}

static int write_batch(struct hub_export *to, const struct hub_export_batch *batch)
{
    struct database *self = to->self;
    const struct hub_export_cell *cell = (const void *) batch->rows.at;
    const struct hub_export_cell *end = cell + batch->rows.len / sizeof *cell;
    int error = 0;
    while (!error && cell < end) {
        size_t number = (size_t) cell->number;
        error = write_row(to, number, cell + 1);
        cell += 1 + self->rows[number].count;
    }
    return error;
}

static int commit(struct hub_export *to, uint64_t sequence)
{
    struct database *self = to->self;
    if (write_latest(to) < 0)
        return -1;
    sqlite3_bind_int64(self->mark, 1, (int64_t) sequence);
    int result = sqlite3_step(self->mark);
    sqlite3_reset(self->mark);
    int error = result == SQLITE_DONE ? run(to, "COMMIT; BEGIN IMMEDIATE") : fail(to);
    if (!error)
        to->position = sequence;
    return error;
}

/* A full disk can leave a journal behind, which whoever opens the database next takes back: that is us. */
static void settle(const struct hub_export *to)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(to->file, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
        sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    sqlite3_close(db);
}

static void close_database(struct hub_export *to)
{
    struct database *self = to->self;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        sqlite3_finalize(self->statements[i]);
    sqlite3_finalize(self->mark);
    if (self->is_open)
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(self->db);
    if (to->status == HUB_EXIT_FULL)
        settle(to);
    hub_export_latest_destroy(&self->latest);
    free(self->rows);
    free(self->statements);
    free(self);
    to->self = NULL;
}

const struct hub_export_kind hub_export_sqlite = { "sqlite",    "omnihub.sqlite", open_database, render,
                                                   write_batch, commit,           close_database };
