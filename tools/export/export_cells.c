/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From events to cells. Everything that costs time and needs no database happens here, in the reading thread. */
#include "tools/export/export_cells.h"

#include "actors/kind.h"
#include "actors/kinds.h"
#include "base/json.h"
#include "base/pack.h"

/* --- Which value each parameter takes --- */

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

static bool resolve(const char *name, const struct hub_shape *payload, struct hub_export_bind *ret_bind)
{
    const char *inner = strstr(name + 1, "__");
    size_t len = inner ? (size_t) (inner - name - 1) : strlen(name + 1);
    struct hub_export_bind bind = { .from = FROM_PAYLOAD };
    if (strcmp(name, "@kind") == 0)
        bind.from = FROM_KIND;
    else if (strcmp(name, "@type") == 0)
        bind.from = FROM_TYPE;
    else if (strcmp(name, "@payload") == 0)
        bind.from = FROM_JSON;
    else if (strcmp(name, "@hash") == 0)
        bind.from = FROM_HASH;
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

bool hub_export_row_take(struct hub_export_row *self, const char *name)
{
    return self->count < HUB_EXPORT_BINDS && resolve(name, self->shape, &self->binds[self->count++]);
}

const struct hub_shape *hub_export_shape(const char *type)
{
    const struct hub_registry *registry = hub_records();
    for (size_t i = 0; i < registry->count; i++)
        if (strcmp(registry->shapes[i]->name, type) == 0)
            return registry->shapes[i];
    return NULL;
}

/* --- Values --- */

static struct hub_export_cell null_cell(void)
{
    return (struct hub_export_cell){ .kind = HUB_CELL_null };
}

static struct hub_export_cell number_cell(int64_t number)
{
    return (struct hub_export_cell){ .kind = HUB_CELL_number, .number = number };
}

static struct hub_export_cell text_cell(struct hub_span text)
{
    return (struct hub_export_cell){ .kind = HUB_CELL_text, .len = (uint32_t) text.len, .at = text.len ? text.at : "" };
}

static struct hub_export_cell time_cell(int64_t time_us, struct hub_arena *arena)
{
    struct hub_buf text;
    hub_buf_init(&text);
    hub_time_print(time_us, &text);
    struct hub_span kept = hub_arena_copy(arena, hub_buf_span(&text));
    hub_buf_done(&text);
    return text_cell(kept);
}

static struct hub_export_cell id_cell(struct hub_ulid id, struct hub_arena *arena)
{
    char *text = hub_arena_room(arena, HUB_ULID_TEXT);
    hub_ulid_print(id, text);
    return text_cell(hub_span_of(text, HUB_ULID_TEXT));
}

static struct hub_export_cell hash_cell(const struct hub_digest *hash, struct hub_arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    char *text = hub_arena_room(arena, 2 * sizeof hash->b);
    for (size_t i = 0; i < sizeof hash->b; i++) {
        text[2 * i] = digits[hash->b[i] >> 4];
        text[2 * i + 1] = digits[hash->b[i] & 15];
    }
    return text_cell(hub_span_of(text, 2 * sizeof hash->b));
}

/* A list of words, "voice,video"; of anything else nothing, it is in the event's payload. */
static struct hub_export_cell list_cell(const struct hub_field *field, const hub_list *list, struct hub_arena *arena)
{
    if (field->of != HUB_KIND_enum)
        return null_cell();
    size_t len = 0;
    for (uint32_t i = 0; i < list->count; i++)
        len += strlen(hub_vocab_name(field->vocab, ((const hub_enum *) list->at)[i])) + 1;
    char *text = hub_arena_room(arena, len + 1), *end = text;
    for (uint32_t i = 0; i < list->count; i++) {
        end = stpcpy(end, hub_vocab_name(field->vocab, ((const hub_enum *) list->at)[i]));
        *end++ = ',';
    }
    return text_cell(hub_span_of(text, len > 0 ? len - 1 : 0));
}

/* One present field; kinds that have no column of their own stay NULL, they are in the event's payload. */
static struct hub_export_cell field_cell(const struct hub_field *field, const void *value, struct hub_arena *arena)
{
    switch (field->kind) {
    case HUB_KIND_bool: return number_cell(*(const hub_bool *) value);
    case HUB_KIND_i64: return number_cell(*(const hub_i64 *) value);
    case HUB_KIND_u32: return number_cell(*(const hub_u32 *) value);
    case HUB_KIND_u64: return number_cell((int64_t) * (const hub_u64 *) value);
    case HUB_KIND_text: return text_cell(*(const hub_text *) value);
    case HUB_KIND_time: return time_cell(*(const hub_time *) value, arena);
    case HUB_KIND_sealed: return text_cell(((const hub_sealed *) value)->clear);
    case HUB_KIND_enum: return text_cell(hub_span(hub_vocab_name(field->vocab, *(const hub_enum *) value)));
    case HUB_KIND_id: return id_cell(*(const hub_id *) value, arena);
    case HUB_KIND_list: return list_cell(field, value, arena);
    default: return null_cell();
    }
}

/* --- Events --- */

/* An event on its way into cells. */
struct event {
    const struct hub_stored *stored;
    const struct hub_shape *shape; /* NULL: a type that this program does not know */
    void *record;                  /* decoded, personal values opened where there is a key */
    struct hub_span json;
    struct hub_arena *arena;
};

static struct hub_export_cell cell_of_field(const struct hub_export_bind *bind, const void *record,
                                            const struct event *event)
{
    unsigned index = bind->index;
    if (bind->from == FROM_NESTED) {
        record = record && hub_record_has(record, bind->index)
                     ? *(void *const *) hub_record_field_const(record, bind->nest)
                     : NULL;
        index = bind->inner;
    }
    if (!record || !hub_record_has(record, index))
        return null_cell();
    return field_cell(bind->field, hub_record_field_const(record, bind->field), event->arena);
}

static struct hub_export_cell cell_of(const struct hub_export_bind *bind, const struct event *event)
{
    const struct hub_kind_info *kind;
    switch (bind->from) {
    case FROM_KIND:
        kind = hub_kind_find((uint8_t) event->stored->header.kind);
        return text_cell(hub_span(kind ? kind->name : "?"));
    case FROM_TYPE: return text_cell(hub_span(event->shape ? event->shape->name : "?"));
    case FROM_JSON: return text_cell(event->json);
    case FROM_HASH: return hash_cell(&event->stored->hash, event->arena);
    case FROM_HEADER: return cell_of_field(bind, &event->stored->header, event);
    default: return cell_of_field(bind, event->record, event);
    }
}

static void render_row(const struct hub_export_row *row, uint32_t number, const struct event *event,
                       struct hub_buf *out)
{
    struct hub_export_cell *cells = (void *) hub_buf_reserve(out, (row->count + 1) * sizeof *cells);
    cells[0] = (struct hub_export_cell){ .kind = HUB_CELL_statement, .number = number };
    for (unsigned i = 0; i < row->count; i++)
        cells[i + 1] = cell_of(&row->binds[i], event);
    out->len += (row->count + 1) * sizeof *cells;
}

/* Everything that cells may point to is copied: the log's bytes are gone with the next event. */
static void decode(struct event *event, const struct hub_datadir *reader, struct hub_buf *json)
{
    const struct hub_stored *stored = event->stored;
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) stored->header.type);
    void *record = shape ? hub_arena_get(event->arena, shape->size) : NULL;
    event->json = HUB_SPAN("null");
    event->shape = shape;
    if (!shape || hub_unpack(shape, hub_arena_copy(event->arena, stored->payload), event->arena, record, NULL) != 0)
        return;
    hub_datadir_unseal(reader, stored->header.company, shape, record, event->arena);
    hub_buf_clear(json);
    hub_json_write(shape, record, HUB_DIALECT_snake, json);
    event->json = hub_arena_copy(event->arena, hub_buf_span(json));
    event->record = record;
}

void hub_export_rows_render(const struct hub_export_row *rows, size_t count, const struct hub_datadir *reader,
                            const struct hub_stored *stored, struct hub_export_batch *batch)
{
    struct event event = { .stored = stored, .arena = batch->arena };
    decode(&event, reader, &batch->scratch);
    for (size_t i = 0; i < count; i++)
        if (!rows[i].shape || (event.record && rows[i].shape == event.shape))
            render_row(&rows[i], (uint32_t) i, &event, &batch->rows);
}
