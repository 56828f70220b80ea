/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Events into an SQLite database, by the statements of export.def. The position stands in the table export_position, in the
 * same transaction as what it speaks of. */
#include <sqlite3.h>
#include <stdlib.h>

#include "actors/kind.h"
#include "base/json.h"
#include "base/memory.h"
#include "tools/export/exporting.h"

enum { BINDS = 24, STATEMENTS = 64 };

/* Where a parameter's value comes from. */
struct bind {
    enum { FROM_HEADER, FROM_PAYLOAD, FROM_NESTED, FROM_KIND, FROM_TYPE, FROM_JSON } from;
    unsigned index, inner; /* of the fields; inner: within the nested record */
    const struct hub_field *field;
    const struct hub_field *nest;
};

struct statement {
    uint16_t type; /* of the event; 0: of every event */
    sqlite3_stmt *sql;
    int bind_count;
    struct bind binds[BINDS];
};

struct database {
    sqlite3 *db;
    struct statement *statements;
    size_t count;
    sqlite3_stmt *mark;
    bool is_open; /* a transaction */
    struct hub_buf payload;
};

/* A rollback journal, as what is appended goes to the disk once: a WAL would write all of it twice. The cache holds what is
 * touched at random, the indexes' pages, so that they are not read back. */
static const char open_sql[] =
    "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;"
    "BEGIN IMMEDIATE";

static const char identity_sql[] =
    "CREATE TABLE IF NOT EXISTS export_position (log TEXT NOT NULL, incarnation INTEGER NOT NULL, sequence INTEGER NOT NULL)";

static const char *const table_sql[] = {
#define TABLE(name, columns, ...) "CREATE TABLE IF NOT EXISTS " #name " (" columns ")",
#define EVENT(type, statement)
#include "tools/export/export.def"
#undef TABLE
#undef EVENT
    identity_sql,
};

static const char event_sql[] =
    "INSERT INTO events (sequence, time, kind, entity, version, type, company, subject, session, principal, credential, payload)"
    " VALUES (@sequence, @time, @kind, @entity, @version, @type, @company, @subject, @session, @principal, @credential,"
    " @payload)";

static const struct {
    const char *type;
    const char *sql;
} rows[] = {
#define TABLE(name, columns, ...)
#define EVENT(type, statement) { #type, statement },
#include "tools/export/export.def"
#undef TABLE
#undef EVENT
};

static enum hub_exit status_of(sqlite3 *db)
{
    switch (db ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: return HUB_EXIT_FULL;
    case SQLITE_NOTADB:
    case SQLITE_BUSY: return HUB_EXIT_TAKEN;
    case SQLITE_CORRUPT: return HUB_EXIT_UNSOUND;
    default: return HUB_EXIT_FAILED;
    }
}

static int fail(struct hub_export *to)
{
    struct database *self = to->self;
    return hub_export_fail(to, status_of(self->db), "%s: %s", to->path,
                           self->db ? sqlite3_errmsg(self->db) : "no memory");
}

static int run(struct hub_export *to, const char *sql)
{
    struct database *self = to->self;
    return sqlite3_exec(self->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(to);
}

/* --- Preparing: which value each parameter takes --- */

static const struct hub_field *find_field(const struct hub_shape *shape, const char *name, size_t len,
                                          unsigned *ret_index)
{
    for (unsigned i = 0; shape && i < shape->count; i++)
        if (strlen(shape->fields[i].name) == len && memcmp(shape->fields[i].name, name, len) == 0) {
            *ret_index = i;
            return &shape->fields[i];
        }
    return NULL;
}

static bool resolve(const char *name, const struct hub_shape *payload, struct bind *ret_bind)
{
    const char *inner = strstr(name + 1, "__");
    size_t len = inner ? (size_t) (inner - name - 1) : strlen(name + 1);
    struct bind bind = { .from = FROM_PAYLOAD };
    if (strcmp(name, "@kind") == 0)
        bind.from = FROM_KIND;
    else if (strcmp(name, "@type") == 0)
        bind.from = FROM_TYPE;
    else if (strcmp(name, "@payload") == 0)
        bind.from = FROM_JSON;
    else if (name[0] == '@')
        bind.from = FROM_HEADER;
    if (bind.from == FROM_HEADER || bind.from == FROM_PAYLOAD)
        bind.field = find_field(bind.from == FROM_HEADER ? &event_header_shape : payload, name + 1, len, &bind.index);
    if (inner && bind.field) {
        bind.from = FROM_NESTED;
        bind.nest = bind.field;
        bind.field = find_field(bind.nest->shape, inner + 2, strlen(inner + 2), &bind.inner);
    }
    *ret_bind = bind;
    return bind.from >= FROM_KIND || bind.field;
}

static const struct hub_shape *shape_by_name(const char *name)
{
    const struct hub_registry *registry = hub_records();
    for (size_t i = 0; i < registry->count; i++)
        if (strcmp(registry->shapes[i]->name, name) == 0)
            return registry->shapes[i];
    return NULL;
}

static int prepare(struct hub_export *to, const char *type, const char *sql)
{
    struct database *self = to->self;
    const struct hub_shape *shape = type ? shape_by_name(type) : NULL;
    struct statement *statement = &self->statements[self->count];
    if (sqlite3_prepare_v3(self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->sql, NULL) != SQLITE_OK)
        return fail(to);
    self->count++;
    statement->type = shape ? shape->id : 0;
    statement->bind_count = sqlite3_bind_parameter_count(statement->sql);
    if ((type && !shape) || statement->bind_count > BINDS)
        return hub_export_fail(to, HUB_EXIT_FAILED, "export.def: %s", type ? type : "too many values");
    for (int i = 0; i < statement->bind_count; i++) {
        const char *name = sqlite3_bind_parameter_name(statement->sql, i + 1);
        if (!resolve(name, shape, &statement->binds[i]))
            return hub_export_fail(to, HUB_EXIT_FAILED, "export.def: %s has no %s", type ? type : "an event", name);
    }
    return 0;
}

static int prepare_all(struct hub_export *to)
{
    struct database *self = to->self;
    int error = prepare(to, NULL, event_sql);
    for (size_t i = 0; !error && i < sizeof rows / sizeof rows[0]; i++)
        error = prepare(to, rows[i].type, rows[i].sql);
    if (!error &&
        sqlite3_prepare_v2(self->db, "UPDATE export_position SET sequence = ?", -1, &self->mark, NULL) != SQLITE_OK)
        error = fail(to);
    return error;
}

/* --- Opening --- */

static void print_id(const struct hub_log_identity *identity, char ret_text[33])
{
    for (size_t i = 0; i < sizeof identity->log_id; i++)
        snprintf(ret_text + 2 * i, 3, "%02x", identity->log_id[i]);
}

/* How far the database is; one of another log is refused. */
static int find_position(struct hub_export *to)
{
    struct database *self = to->self;
    const struct hub_log_identity *identity = hub_log_identity(to->reader->log);
    sqlite3_stmt *ask = NULL;
    char id[33], sql[160];
    print_id(identity, id);
    if (sqlite3_prepare_v2(self->db, "SELECT log, incarnation, sequence FROM export_position", -1, &ask, NULL) !=
        SQLITE_OK)
        return fail(to);
    bool is_there = sqlite3_step(ask) == SQLITE_ROW;
    bool is_ours = is_there && strcmp((const char *) sqlite3_column_text(ask, 0), id) == 0 &&
                   sqlite3_column_int64(ask, 1) == identity->incarnation;
    to->position = is_there ? (uint64_t) sqlite3_column_int64(ask, 2) : 0;
    sqlite3_finalize(ask);
    if (is_there && !is_ours)
        return hub_export_fail(to, HUB_EXIT_TAKEN, "%s holds an export of another log", to->path);
    snprintf(sql, sizeof sql, "INSERT INTO export_position VALUES ('%s', %u, 0)", id, (unsigned) identity->incarnation);
    return is_there ? 0 : run(to, sql);
}

static int open_database(struct hub_export *to)
{
    struct database *self = hub_memory_zero(sizeof *self);
    self->statements = hub_memory_zero(STATEMENTS * sizeof *self->statements);
    to->self = self;
    _Static_assert(sizeof rows / sizeof rows[0] < STATEMENTS, "room for every statement of export.def");
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX; /* one thread */
    if (sqlite3_open_v2(to->path, &self->db, flags, NULL) != SQLITE_OK)
        return fail(to);
    sqlite3_busy_timeout(self->db, 5000);
    int error = run(to, open_sql);
    self->is_open = !error;
    for (size_t i = 0; !error && i < sizeof table_sql / sizeof table_sql[0]; i++)
        error = run(to, table_sql[i]);
    if (!error)
        error = find_position(to);
    if (!error)
        error = run(to, "COMMIT; BEGIN IMMEDIATE");
    return error ? error : prepare_all(to);
}

/* --- Adding --- */

static void bind_text(sqlite3_stmt *sql, int at, struct hub_span text)
{
    sqlite3_bind_text(sql, at, text.len ? text.at : "", (int) text.len, SQLITE_STATIC);
}

static void bind_printed(sqlite3_stmt *sql, int at, struct hub_span text, struct hub_arena *arena)
{
    bind_text(sql, at, hub_arena_copy(arena, text));
}

static void bind_time(sqlite3_stmt *sql, int at, int64_t time_us, struct hub_arena *arena)
{
    struct hub_buf text;
    hub_buf_init(&text);
    hub_time_print(time_us, &text);
    bind_printed(sql, at, hub_buf_span(&text), arena);
    hub_buf_done(&text);
}

/* One present field; kinds that have no column of their own stay NULL, they are in the event's payload. */
static void bind_field(sqlite3_stmt *sql, int at, const struct hub_field *field, const void *value,
                       struct hub_arena *arena)
{
    char id[HUB_ULID_TEXT];
    switch (field->kind) {
    case HUB_KIND_bool: sqlite3_bind_int(sql, at, *(const hub_bool *) value); return;
    case HUB_KIND_i64: sqlite3_bind_int64(sql, at, *(const hub_i64 *) value); return;
    case HUB_KIND_u32: sqlite3_bind_int64(sql, at, *(const hub_u32 *) value); return;
    case HUB_KIND_u64: sqlite3_bind_int64(sql, at, (int64_t) * (const hub_u64 *) value); return;
    case HUB_KIND_text: bind_text(sql, at, *(const hub_text *) value); return;
    case HUB_KIND_time: bind_time(sql, at, *(const hub_time *) value, arena); return;
    case HUB_KIND_sealed: bind_text(sql, at, ((const hub_sealed *) value)->clear); return;
    case HUB_KIND_enum: bind_text(sql, at, hub_span(hub_vocab_name(field->vocab, *(const hub_enum *) value))); return;
    case HUB_KIND_id:
        hub_ulid_print(*(const hub_id *) value, id);
        bind_printed(sql, at, hub_span_of(id, sizeof id), arena);
        return;
    default: sqlite3_bind_null(sql, at);
    }
}

static void bind_of(sqlite3_stmt *sql, int at, const struct bind *bind, const void *record,
                    const struct hub_exported *event)
{
    unsigned index = bind->index;
    const struct hub_field *field = bind->field;
    if (bind->from == FROM_NESTED) {
        record = record && hub_record_has(record, bind->index)
                     ? *(void *const *) hub_record_field_const(record, bind->nest)
                     : NULL;
        index = bind->inner;
    }
    if (record && hub_record_has(record, index))
        bind_field(sql, at, field, hub_record_field_const(record, field), event->arena);
    else
        sqlite3_bind_null(sql, at);
}

static int step(struct hub_export *to, const struct statement *statement, const struct hub_exported *event)
{
    struct database *self = to->self;
    const struct hub_kind_info *kind = hub_kind_find((uint8_t) event->stored->header.kind);
    for (int i = 0; i < statement->bind_count; i++) {
        const struct bind *bind = &statement->binds[i];
        switch (bind->from) {
        case FROM_KIND: bind_text(statement->sql, i + 1, hub_span(kind ? kind->name : "?")); break;
        case FROM_TYPE: bind_text(statement->sql, i + 1, hub_span(event->shape ? event->shape->name : "?")); break;
        case FROM_JSON: bind_text(statement->sql, i + 1, hub_buf_span(&self->payload)); break;
        case FROM_HEADER: bind_of(statement->sql, i + 1, bind, &event->stored->header, event); break;
        default: bind_of(statement->sql, i + 1, bind, event->record, event);
        }
    }
    int result = sqlite3_step(statement->sql);
    sqlite3_reset(statement->sql);
    return result == SQLITE_DONE ? 0 : fail(to);
}

static int add(struct hub_export *to, const struct hub_exported *event)
{
    struct database *self = to->self;
    int error = 0;
    hub_buf_clear(&self->payload);
    if (event->record)
        hub_json_write(event->shape, event->record, HUB_DIALECT_snake, &self->payload);
    else
        hub_buf_put_text(&self->payload, "null");
    for (size_t i = 0; !error && i < self->count; i++) {
        const struct statement *statement = &self->statements[i];
        if (statement->type == 0 || (event->record && statement->type == event->shape->id))
            error = step(to, statement, event);
    }
    return error;
}

static int commit(struct hub_export *to, uint64_t sequence)
{
    struct database *self = to->self;
    sqlite3_bind_int64(self->mark, 1, (int64_t) sequence);
    int result = sqlite3_step(self->mark);
    sqlite3_reset(self->mark);
    int error = result == SQLITE_DONE ? run(to, "COMMIT; BEGIN IMMEDIATE") : fail(to);
    if (!error)
        to->position = sequence;
    return error;
}

static void close_database(struct hub_export *to)
{
    struct database *self = to->self;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        sqlite3_finalize(self->statements[i].sql);
    sqlite3_finalize(self->mark);
    if (self->is_open)
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(self->db);
    hub_buf_done(&self->payload);
    free(self->statements);
    free(self);
    to->self = NULL;
}

const struct hub_export_kind hub_export_sqlite = { "sqlite", open_database, add, commit, close_database };

void hub_export_describe(struct hub_buf *out)
{
    static const struct {
        const char *name, *columns, *doc;
    } tables[] = {
#define TABLE(name_, columns_, ...) { .name = #name_, .columns = columns_, __VA_ARGS__ },
#define EVENT(type, statement)
#include "tools/export/export.def"
#undef TABLE
#undef EVENT
    };
    hub_buf_put_text(
        out,
        "# What does an export hold?\n\nPrinted by `omnihub schema export`. `omnihub export --to FILE` copies the events of a data directory, also of a\n"
        "running hub, into an SQLite database. A second run adds what is new, in one transaction with the position it reached\n"
        "(table `export_position`); an interrupted one loses nothing. Times are RFC 3339 in UTC. Personal values stand in the clear where\n"
        "`keys/` could be read when they were exported: erase them there too. `--format csv` and `--format json` write every event\n"
        "as a line of text instead.\n");
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        hub_buf_put_text(out, "\n### ");
        hub_buf_put_text(out, tables[i].name);
        hub_buf_put_text(out, "\n\n");
        hub_buf_put_text(out, tables[i].doc);
        hub_buf_put_text(out, "\n\n```sql\n");
        for (const char *at = tables[i].columns; *at; at++) {
            bool is_end = *at == ',' && at[1] == ' ' && strncmp(at, ", number)", 9) != 0;
            hub_buf_put_byte(out, (uint8_t) *at);
            if (is_end)
                hub_buf_put_byte(out, '\n');
            at += is_end;
        }
        hub_buf_put_text(out, "\n```\n");
    }
}
