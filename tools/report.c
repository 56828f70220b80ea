/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a command found, said once: cells in the order they came, laid out when all are there, or a thousand rows of a long list. */
#include "tools/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_emit.h"
#include "base/memory.h"
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

enum { COLUMNS = 24, ROWS = 1000 };

/* The columns of one list. */
struct table {
    const char *names[COLUMNS];
    size_t widths[COLUMNS];
    size_t count;
};

/* How far the printing is; cells that were printed are gone. */
struct hub_report_printing {
    struct hub_buf out;
    struct hub_json_emit emit;
    struct table table; /* of the list that is being printed */
    unsigned rows;      /* among the cells */
    bool is_long;       /* rows are printed as they come */
    bool in_list, in_row, has_begun, is_broken;
};

void hub_report_begin(struct hub_report *self, const struct hub_settings *settings)
{
    struct hub_report_printing *printing = hub_memory_zero(sizeof *printing);
    *self = (struct hub_report){ .arena = hub_arena_new(4096),
                                 .printing = printing,
                                 .is_json = hub_settings_is(settings, HUB_SETTING_json) };
    hub_buf_init(&printing->out);
    hub_json_emit_init(&printing->emit, &printing->out);
    if (self->is_json)
        hub_json_emit_object_begin(&printing->emit);
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

void hub_report_long_list(struct hub_report *self, const char *name)
{
    self->printing->is_long = true;
    add(self, CELL_list, name);
}

static void lay_out(struct hub_report *self);
static void write_out(struct hub_report_printing *self);

void hub_report_row(struct hub_report *self)
{
    struct hub_report_printing *printing = self->printing;
    if (printing->is_long && printing->rows == ROWS) {
        lay_out(self);
        write_out(printing);
        hub_arena_reset(self->arena);
        self->cells = self->last = NULL;
        printing->rows = 0;
    }
    printing->rows++;
    add(self, CELL_row, NULL);
}

void hub_report_list_end(struct hub_report *self)
{
    add(self, CELL_list_end, NULL);
    self->printing->is_long = false;
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

static void emit_cell(struct hub_report_printing *self, const struct hub_report_cell *cell)
{
    if (cell->kind == CELL_row || cell->kind == CELL_list_end) {
        if (self->in_row)
            hub_json_emit_object_end(&self->emit);
        self->in_row = cell->kind == CELL_row;
        if (self->in_row)
            hub_json_emit_object_begin(&self->emit);
        else
            hub_json_emit_array_end(&self->emit);
    } else if (cell->kind == CELL_list) {
        hub_json_emit_key(&self->emit, cell->name);
        hub_json_emit_array_begin(&self->emit);
    } else if (cell->kind != CELL_sentence) {
        emit_value(&self->emit, cell);
    }
}

static void put_json(struct hub_report *self)
{
    for (const struct hub_report_cell *cell = self->cells; cell; cell = cell->next)
        emit_cell(self->printing, cell);
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
    for (; cell && cell->kind != CELL_list_end; cell = cell->next) {
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
    for (; cell && cell->name; cell = cell->next) {
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

/* The rows that are there, as a table with a heading, which comes again when there is another column. Returns the cell behind
 * them, the list's end when that is there. */
static const struct hub_report_cell *put_table(struct hub_report_printing *self, const struct hub_report_cell *cell)
{
    size_t columns = self->table.count;
    measure(&self->table, cell);
    if (self->table.count > columns) {
        if (self->out.len > 0 || self->has_begun)
            hub_buf_put_byte(&self->out, '\n');
        put_heading(&self->out, &self->table);
    }
    while (cell && cell->kind == CELL_row)
        cell = put_row(&self->out, &self->table, cell->next);
    return cell;
}

static size_t widest_name(const struct hub_report *self)
{
    size_t widest = 0;
    bool in_list = self->printing->in_list;
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

static void put_line(struct hub_report *self, const struct hub_report_cell *cell, size_t width)
{
    struct hub_report_printing *printing = self->printing;
    if (cell->kind == CELL_sentence) {
        hub_plain_put(&printing->out, cell->text, 0);
        hub_buf_put_byte(&printing->out, '\n');
    } else if (!self->has_sentence) {
        put_member(&printing->out, cell, width);
    }
}

static void put_lines(struct hub_report *self)
{
    struct hub_report_printing *printing = self->printing;
    size_t width = widest_name(self);
    const struct hub_report_cell *cell = self->cells;
    while (cell) {
        if (cell->kind == CELL_list) {
            printing->in_list = true;
            printing->table.count = 0;
            cell = cell->next;
        } else if (cell->kind == CELL_list_end) {
            printing->in_list = false;
            cell = cell->next;
        } else if (printing->in_list) {
            cell = put_table(printing, cell);
        } else {
            put_line(self, cell, width);
            cell = cell->next;
        }
    }
}

static void lay_out(struct hub_report *self)
{
    if (self->is_json)
        put_json(self);
    else
        put_lines(self);
}

static void write_out(struct hub_report_printing *self)
{
    self->has_begun = self->has_begun || self->out.len > 0;
    if (!self->is_broken && self->out.len > 0)
        self->is_broken = fwrite(self->out.at, 1, self->out.len, stdout) != self->out.len;
    hub_buf_clear(&self->out);
}

void hub_report_drop(struct hub_report *self)
{
    hub_buf_done(&self->printing->out);
    free(self->printing);
    hub_arena_destroy(&self->arena);
}

int hub_report_end(struct hub_report *self, int status)
{
    struct hub_report_printing *printing = self->printing;
    lay_out(self);
    if (self->is_json) {
        hub_json_emit_object_end(&printing->emit);
        hub_json_emit_done(&printing->emit);
        hub_buf_put_byte(&printing->out, '\n');
    }
    write_out(printing);
    bool is_out = fflush(stdout) == 0 && !printing->is_broken;
    hub_report_drop(self);
    return is_out ? status : hub_tool_end(HUB_EXIT_FULL, "what was found could not be written to stdout");
}
