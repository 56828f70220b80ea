/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One function a format. */
#include "tools/replay/rows_print.h"

#include "base/json_emit.h"
#include "tools/plain.h"
#include "tools/tool.h"

static void put_table(struct hub_rows_print *self, const struct hub_span *values)
{
    for (size_t i = 0; i < self->count; i++) {
        struct hub_span value = values[i].len > 0 ? values[i] : HUB_SPAN("-");
        hub_plain_put(&self->line, value, HUB_PLAIN_ONE_LINE);
        for (size_t len = value.len; i + 1 < self->count && len < self->columns[i].width; len++)
            hub_buf_put_byte(&self->line, ' ');
        hub_buf_put_text(&self->line, i + 1 < self->count ? "  " : "\n");
    }
}

static void put_csv(struct hub_rows_print *self, const struct hub_span *values)
{
    for (size_t i = 0; i < self->count; i++) {
        hub_buf_put_byte(&self->line, '"');
        for (size_t at = 0; at < values[i].len; at++) {
            if (values[i].at[at] == '"')
                hub_buf_put_byte(&self->line, '"');
            hub_buf_put_byte(&self->line, (uint8_t) values[i].at[at]);
        }
        hub_buf_put_text(&self->line, i + 1 < self->count ? "\"," : "\"\r\n");
    }
}

static void put_json(struct hub_rows_print *self, const struct hub_span *values)
{
    struct hub_json_emit emit;
    hub_json_emit_init(&emit, &self->line);
    hub_json_emit_object_begin(&emit);
    for (size_t i = 0; i < self->count; i++) {
        hub_json_emit_key(&emit, self->columns[i].name);
        if (values[i].len == 0)
            hub_json_emit_null(&emit);
        else if (self->columns[i].is_json)
            hub_json_emit_raw(&emit, values[i]);
        else
            hub_json_emit_span(&emit, values[i]);
    }
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    hub_buf_put_byte(&self->line, '\n');
}

static void put_packed_text(struct hub_buf *out, struct hub_span text)
{
    enum { STR_32 = 0xdb };
    hub_buf_put_byte(out, STR_32);
    hub_buf_put_be16(out, (uint16_t) (text.len >> 16));
    hub_buf_put_be16(out, (uint16_t) text.len);
    hub_buf_put(out, text.at, text.len);
}

static void put_msgpack(struct hub_rows_print *self, const struct hub_span *values)
{
    enum { MAP_OF_NONE = 0x80, NIL = 0xc0 };
    hub_buf_put_byte(&self->line, (uint8_t) (MAP_OF_NONE + self->count));
    for (size_t i = 0; i < self->count; i++) {
        put_packed_text(&self->line, hub_span(self->columns[i].name));
        if (values[i].len == 0)
            hub_buf_put_byte(&self->line, NIL);
        else
            put_packed_text(&self->line, values[i]);
    }
}

static void flush_line(struct hub_rows_print *self)
{
    if (self->line.len > 0)
        fwrite(self->line.at, 1, self->line.len, self->out);
    hub_buf_clear(&self->line);
}

void hub_rows_print_begin(struct hub_rows_print *self, const char *format, const struct hub_column *columns,
                          size_t count, FILE *out)
{
    *self = (struct hub_rows_print){ .format = format, .columns = columns, .count = count, .out = out };
    hub_buf_init(&self->line);
}

static void print_head(struct hub_rows_print *self)
{
    struct hub_span names[HUB_COLUMNS_MAX] = { { NULL, 0 } };
    self->has_head = true;
    for (size_t i = 0; i < self->count; i++)
        names[i] = hub_span(self->columns[i].name);
    if (strcmp(self->format, "table") == 0)
        put_table(self, names);
    else if (strcmp(self->format, "csv") == 0)
        put_csv(self, names);
    flush_line(self);
}

void hub_rows_print_row(struct hub_rows_print *self, const struct hub_span *values)
{
    static const struct {
        const char *name;
        void (*put)(struct hub_rows_print *self, const struct hub_span *values);
    } formats[] = { { "table", put_table }, { "json", put_json }, { "csv", put_csv }, { "msgpack", put_msgpack } };
    if (!self->has_head)
        print_head(self);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i].name, self->format) == 0)
            formats[i].put(self, values);
    flush_line(self);
}

int hub_rows_print_end(struct hub_rows_print *self, int status)
{
    if (!self->has_head && status == HUB_EXIT_OK)
        print_head(self);
    hub_buf_done(&self->line);
    return fflush(self->out) == 0 && !ferror(self->out)
               ? status
               : hub_tool_end(HUB_EXIT_FULL, "what was found cannot be written");
}
