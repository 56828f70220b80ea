/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a command found, said once: cells in the order they came, laid out when all are there. */
#include "tools/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_emit.h"
#include "tools/plain.h"
#include "tools/tool.h"

enum cell_kind { CELL_text, CELL_number, CELL_yes, CELL_sentence, CELL_list, CELL_row, CELL_list_end };

struct hub_report_cell {
    enum cell_kind kind;
    const char *name; /* borrowed; NULL of rows, ends and sentences */
    struct hub_span text;
    uint64_t number;
    struct hub_report_cell *next;
};

enum { COLUMNS = 24 };

/* The columns of one list. */
struct table {
    const char *names[COLUMNS];
    size_t widths[COLUMNS];
    size_t count;
};

void hub_report_begin(struct hub_report *self, const struct hub_settings *settings)
{
    *self = (struct hub_report){ .arena = hub_arena_new(4096), .is_json = hub_settings_is(settings, HUB_SETTING_json) };
}

static struct hub_report_cell *add(struct hub_report *self, enum cell_kind kind, const char *name)
{
    struct hub_report_cell *cell = HUB_NEW(self->arena, struct hub_report_cell);
    cell->kind = kind;
    cell->name = name;
    if (self->last)
        self->last->next = cell;
    else
        self->cells = cell;
    self->last = cell;
    return cell;
}

void hub_report_span(struct hub_report *self, const char *name, struct hub_span text)
{
    add(self, CELL_text, name)->text = hub_arena_copy(self->arena, text);
}

void hub_report_text(struct hub_report *self, const char *name, const char *text)
{
    if (text)
        hub_report_span(self, name, hub_span(text));
}

void hub_report_u64(struct hub_report *self, const char *name, uint64_t value)
{
    struct hub_report_cell *cell = add(self, CELL_number, name);
    char text[24];
    cell->number = value;
    snprintf(text, sizeof text, "%llu", (unsigned long long) value);
    cell->text = hub_arena_copy(self->arena, hub_span(text));
}

void hub_report_bool(struct hub_report *self, const char *name, bool value)
{
    struct hub_report_cell *cell = add(self, CELL_yes, name);
    cell->number = value;
    cell->text = value ? HUB_SPAN("yes") : HUB_SPAN("no");
}

void hub_report_id(struct hub_report *self, const char *name, struct hub_ulid id)
{
    char text[HUB_ULID_TEXT];
    hub_ulid_print(id, text);
    if (!hub_ulid_is_none(id))
        hub_report_span(self, name, hub_span_of(text, sizeof text));
}

void hub_report_time(struct hub_report *self, const char *name, int64_t time_us)
{
    struct hub_buf text;
    if (time_us == 0)
        return;
    hub_buf_init(&text);
    hub_time_print(time_us, &text);
    hub_report_span(self, name, hub_buf_span(&text));
    hub_buf_done(&text);
}

void hub_report_list(struct hub_report *self, const char *name)
{
    add(self, CELL_list, name);
}

void hub_report_row(struct hub_report *self)
{
    add(self, CELL_row, NULL);
}

void hub_report_list_end(struct hub_report *self)
{
    add(self, CELL_list_end, NULL);
}

static void add_sentence(struct hub_report *self, const char *format, va_list arguments)
{
    char sentence[2048];
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the callers started it */
    vsnprintf(sentence, sizeof sentence, format, arguments);
    add(self, CELL_sentence, NULL)->text = hub_arena_copy(self->arena, hub_span(sentence));
}

void hub_report_say(struct hub_report *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_sentence(self, format, arguments);
    va_end(arguments);
    self->has_sentence = true;
}

void hub_report_note(struct hub_report *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_sentence(self, format, arguments);
    va_end(arguments);
}

void hub_report_quiet(struct hub_report *self)
{
    self->has_sentence = true;
}

/* --- For programs --- */

static void emit_value(struct hub_json_emit *emit, const struct hub_report_cell *cell)
{
    hub_json_emit_key(emit, cell->name);
    if (cell->kind == CELL_text)
        hub_json_emit_span(emit, cell->text);
    else if (cell->kind == CELL_number)
        hub_json_emit_u64(emit, cell->number);
    else
        hub_json_emit_bool(emit, cell->number != 0);
}

/* A list with its rows. Returns its last cell. */
static const struct hub_report_cell *emit_list(struct hub_json_emit *emit, const struct hub_report_cell *cell)
{
    bool in_row = false;
    hub_json_emit_key(emit, cell->name);
    hub_json_emit_array_begin(emit);
    for (cell = cell->next; cell->kind != CELL_list_end; cell = cell->next) {
        if (cell->kind != CELL_row) {
            emit_value(emit, cell);
            continue;
        }
        if (in_row)
            hub_json_emit_object_end(emit);
        hub_json_emit_object_begin(emit);
        in_row = true;
    }
    if (in_row)
        hub_json_emit_object_end(emit);
    hub_json_emit_array_end(emit);
    return cell;
}

static void put_json(const struct hub_report *self, struct hub_buf *out)
{
    struct hub_json_emit emit;
    hub_json_emit_init(&emit, out);
    hub_json_emit_object_begin(&emit);
    for (const struct hub_report_cell *cell = self->cells; cell; cell = cell->next) {
        if (cell->kind == CELL_list)
            cell = emit_list(&emit, cell);
        else if (cell->kind != CELL_sentence)
            emit_value(&emit, cell);
    }
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    hub_buf_put_byte(out, '\n');
}

/* --- For people --- */

static void put_blanks(struct hub_buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hub_buf_put_byte(out, ' ');
}

static void put_name(struct hub_buf *out, const char *name)
{
    for (; *name; name++)
        hub_buf_put_byte(out, *name == '_' ? ' ' : (uint8_t) *name);
}

/* Characters, not bytes. */
static size_t width_of(struct hub_span text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++)
        width += ((uint8_t) text.at[i] & 0xc0) != 0x80;
    return width;
}

static size_t column_of(const struct table *table, const char *name)
{
    size_t at = 0;
    while (at < table->count && strcmp(table->names[at], name) != 0)
        at++;
    return at;
}

static void measure(struct table *table, const struct hub_report_cell *cell)
{
    for (; cell->kind != CELL_list_end; cell = cell->next) {
        size_t at = cell->name ? column_of(table, cell->name) : COLUMNS;
        if (at == table->count && at < COLUMNS) {
            table->names[table->count++] = cell->name;
            table->widths[at] = strlen(cell->name);
        }
        if (at < COLUMNS && width_of(cell->text) > table->widths[at])
            table->widths[at] = width_of(cell->text);
    }
}

/* One field of a line, numbers to the right; no blanks at the end of a line. */
static void put_field(struct hub_buf *out, const struct table *table, size_t at, const struct hub_report_cell *cell)
{
    struct hub_span text = cell ? cell->text : HUB_SPAN("-");
    size_t blanks = table->widths[at] - width_of(text);
    bool is_right = cell && cell->kind == CELL_number;
    put_blanks(out, at > 0 ? 2 : 0);
    put_blanks(out, is_right ? blanks : 0);
    hub_plain_put(out, text, HUB_PLAIN_ONE_LINE);
    put_blanks(out, is_right || at + 1 == table->count ? 0 : blanks);
}

/* A row, whose cells begin at `cell`. Returns the cell behind them. */
static const struct hub_report_cell *put_row(struct hub_buf *out, const struct table *table,
                                             const struct hub_report_cell *cell)
{
    const struct hub_report_cell *fields[COLUMNS] = { NULL };
    for (; cell->name; cell = cell->next) {
        size_t at = column_of(table, cell->name);
        if (at < table->count)
            fields[at] = cell;
    }
    for (size_t i = 0; i < table->count; i++)
        put_field(out, table, i, fields[i]);
    hub_buf_put_byte(out, '\n');
    return cell;
}

static void put_heading(struct hub_buf *out, const struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        put_blanks(out, i > 0 ? 2 : 0);
        put_name(out, table->names[i]);
        put_blanks(out, i + 1 < table->count ? table->widths[i] - strlen(table->names[i]) : 0);
    }
    hub_buf_put_byte(out, '\n');
}

/* A list as a table. Returns its last cell. */
static const struct hub_report_cell *put_table(struct hub_buf *out, const struct hub_report_cell *cell)
{
    struct table table = { .count = 0 };
    measure(&table, cell->next);
    if (table.count == 0)
        return cell->next;
    if (out->len > 0)
        hub_buf_put_byte(out, '\n');
    put_heading(out, &table);
    for (cell = cell->next; cell->kind == CELL_row;)
        cell = put_row(out, &table, cell->next);
    return cell;
}

static size_t widest_name(const struct hub_report *self)
{
    size_t widest = 0;
    bool in_list = false;
    for (const struct hub_report_cell *cell = self->cells; cell; cell = cell->next) {
        in_list = cell->kind == CELL_list || (in_list && cell->kind != CELL_list_end);
        if (cell->name && !in_list && strlen(cell->name) > widest)
            widest = strlen(cell->name);
    }
    return widest;
}

static void put_member(struct hub_buf *out, const struct hub_report_cell *cell, size_t width)
{
    put_name(out, cell->name);
    put_blanks(out, width + 2 - strlen(cell->name));
    hub_plain_put(out, cell->text, (int) width + 2);
    hub_buf_put_byte(out, '\n');
}

static void put_lines(const struct hub_report *self, struct hub_buf *out)
{
    size_t width = widest_name(self);
    for (const struct hub_report_cell *cell = self->cells; cell; cell = cell->next) {
        if (cell->kind == CELL_list)
            cell = put_table(out, cell);
        else if (cell->kind == CELL_sentence) {
            hub_plain_put(out, cell->text, 0);
            hub_buf_put_byte(out, '\n');
        } else if (!self->has_sentence)
            put_member(out, cell, width);
    }
}

void hub_report_drop(struct hub_report *self)
{
    hub_arena_destroy(&self->arena);
}

int hub_report_end(struct hub_report *self, int status)
{
    struct hub_buf out;
    hub_buf_init(&out);
    if (self->is_json)
        put_json(self, &out);
    else
        put_lines(self, &out);
    bool is_out = (out.len == 0 || fwrite(out.at, 1, out.len, stdout) == out.len) && fflush(stdout) == 0;
    hub_buf_done(&out);
    hub_arena_destroy(&self->arena);
    return is_out ? status : hub_tool_end(HUB_EXIT_FULL, "what was found could not be written to stdout");
}
