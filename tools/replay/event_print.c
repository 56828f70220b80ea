/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One stored event for people, and for programs. */
#include "tools/replay/event_print.h"

#include "actors/kind.h"
#include "base/json.h"
#include "base/json_emit.h"
#include "base/pack.h"
#include "tools/plain.h"

static const char unknown_type[] = "?";

/* The payload as JSON, personal values opened where there is a key; null for a type that this program does not know. */
static void put_payload(const struct hub_datadir *reader, const struct hub_stored *event, struct hub_arena *arena,
                        struct hub_buf *out)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) event->header.type);
    struct hub_fault fault;
    void *record = shape ? hub_arena_get(arena, shape->size) : NULL;
    if (!shape || hub_unpack(shape, event->payload, arena, record, &fault)) {
        hub_buf_put_text(out, "null");
        return;
    }
    hub_datadir_unseal(reader, event->header.company, shape, record, arena);
    hub_json_write(shape, record, HUB_DIALECT_snake, out);
}

static const char *type_name(const struct hub_stored *event)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) event->header.type);
    return shape ? shape->name : unknown_type;
}

static const char *kind_name(const struct hub_stored *event)
{
    const struct hub_kind_info *kind = hub_kind_find((uint8_t) event->header.kind);
    return kind ? kind->name : unknown_type;
}

static void put_padded(struct hub_buf *out, size_t start, size_t width)
{
    while (out->len - start < width)
        hub_buf_put_byte(out, ' ');
    hub_buf_put_byte(out, ' ');
}

static void put_id(struct hub_buf *out, struct hub_ulid id)
{
    char text[HUB_ULID_TEXT];
    hub_ulid_print(id, text);
    hub_buf_put(out, text, sizeof text);
}

/* Widths of the table's columns; its head repeats them. */
enum { WIDTH_POSITION = 8, WIDTH_TIME = 27, WIDTH_STREAM = 35, WIDTH_VERSION = 4, WIDTH_TYPE = 24 };

static const char table_head[] =
    "position time                        stream                                 v event                    payload\n";
static const char csv_head[] = "sequence,time,kind,entity,version,type,subject,session,principal,hash,payload\r\n";

static void print_row(const struct hub_datadir *reader, const struct hub_stored *event, struct hub_arena *arena,
                      struct hub_buf *out)
{
    struct hub_buf payload;
    char number[48];
    int len = snprintf(number, sizeof number, "%*llu ", WIDTH_POSITION, (unsigned long long) event->header.sequence);
    hub_buf_put(out, number, (size_t) len);
    size_t start = out->len;
    hub_time_print(event->header.time, out);
    put_padded(out, start, WIDTH_TIME);
    start = out->len;
    hub_buf_put_text(out, kind_name(event));
    hub_buf_put_byte(out, '/');
    put_id(out, event->header.entity);
    put_padded(out, start, WIDTH_STREAM);
    len = snprintf(number, sizeof number, "%*llu ", WIDTH_VERSION, (unsigned long long) event->header.version);
    hub_buf_put(out, number, (size_t) len);
    start = out->len;
    hub_buf_put_text(out, type_name(event));
    put_padded(out, start, WIDTH_TYPE);
    hub_buf_init(&payload);
    put_payload(reader, event, arena, &payload);
    hub_plain_put(out, hub_buf_span(&payload), HUB_PLAIN_ONE_LINE);
    hub_buf_done(&payload);
    hub_buf_put_byte(out, '\n');
}

static void emit_id(struct hub_json_emit *emit, const char *name, struct hub_ulid id)
{
    char text[HUB_ULID_TEXT];
    if (hub_ulid_is_none(id))
        return;
    hub_ulid_print(id, text);
    hub_json_emit_key(emit, name);
    hub_json_emit_span(emit, hub_span_of(text, sizeof text));
}

static void put_hex(struct hub_buf *out, const void *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *at = bytes;
    char *text = hub_buf_reserve(out, 2 * len);
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[at[i] >> 4];
        text[2 * i + 1] = digits[at[i] & 15];
    }
    out->len += 2 * len;
}

static void emit_hex(struct hub_json_emit *emit, const char *name, struct hub_span bytes)
{
    struct hub_buf text;
    if (bytes.len == 0)
        return;
    hub_buf_init(&text);
    put_hex(&text, bytes.at, bytes.len);
    hub_json_emit_key(emit, name);
    hub_json_emit_span(emit, hub_buf_span(&text));
    hub_buf_done(&text);
}

static void emit_header(struct hub_json_emit *emit, const struct hub_stored *event)
{
    const struct event_header *header = &event->header;
    hub_json_emit_member_time(emit, "time", header->time);
    hub_json_emit_member_time(emit, "decided_at", header->decided_at);
    emit_id(emit, "company", header->company);
    hub_json_emit_member_text(emit, "kind", kind_name(event));
    emit_id(emit, "entity", header->entity);
    hub_json_emit_member_i64(emit, "version", (int64_t) header->version);
    hub_json_emit_member_text(emit, "type", type_name(event));
    hub_json_emit_member_i64(emit, "schema", header->schema);
    emit_id(emit, "subject", header->subject);
    emit_id(emit, "session", header->session);
    emit_id(emit, "principal", header->principal);
    emit_id(emit, "credential", header->credential);
    emit_hex(emit, "command", header->command);
    emit_hex(emit, "correlation", header->correlation);
    if (header->cause)
        hub_json_emit_member_i64(emit, "cause", (int64_t) header->cause);
    emit_hex(emit, "digest", header->digest);
    emit_hex(emit, "hash", hub_span_of(event->hash.b, sizeof event->hash.b));
}

static void print_json(const struct hub_datadir *reader, const struct hub_stored *event, struct hub_arena *arena,
                       struct hub_buf *out)
{
    char position[HUB_POSITION_TEXT];
    struct hub_json_emit emit;
    hub_position_print((struct hub_position){ event->header.sequence }, hub_log_identity(reader->log), position);
    hub_json_emit_init(&emit, out);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_member_text(&emit, "position", position);
    hub_json_emit_member_i64(&emit, "sequence", (int64_t) event->header.sequence);
    emit_header(&emit, event);
    hub_json_emit_key(&emit, "payload");
    put_payload(reader, event, arena, hub_json_emit_value(&emit));
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    hub_buf_put_byte(out, '\n');
}

static void put_csv_id(struct hub_buf *out, struct hub_ulid id)
{
    if (!hub_ulid_is_none(id))
        put_id(out, id);
    hub_buf_put_byte(out, ',');
}

static void print_csv(const struct hub_datadir *reader, const struct hub_stored *event, struct hub_arena *arena,
                      struct hub_buf *out)
{
    struct hub_buf payload;
    hub_buf_init(&payload);
    put_payload(reader, event, arena, &payload);
    hub_buf_put_u64(out, event->header.sequence);
    hub_buf_put_byte(out, ',');
    hub_time_print(event->header.time, out);
    hub_buf_put_byte(out, ',');
    hub_buf_put_text(out, kind_name(event));
    hub_buf_put_byte(out, ',');
    put_csv_id(out, event->header.entity);
    hub_buf_put_u64(out, event->header.version);
    hub_buf_put_byte(out, ',');
    hub_buf_put_text(out, type_name(event));
    hub_buf_put_byte(out, ',');
    put_csv_id(out, event->header.subject);
    put_csv_id(out, event->header.session);
    put_csv_id(out, event->header.principal);
    put_hex(out, event->hash.b, sizeof event->hash.b);
    hub_buf_put_byte(out, ',');
    hub_buf_put_byte(out, '"');
    for (size_t i = 0; i < payload.len; i++) {
        if (payload.at[i] == '"')
            hub_buf_put_byte(out, '"');
        hub_buf_put_byte(out, (uint8_t) payload.at[i]);
    }
    hub_buf_put_text(out, "\"\r\n");
    hub_buf_done(&payload);
}

static void print_msgpack(const struct hub_datadir *reader, const struct hub_stored *event, struct hub_arena *arena,
                          struct hub_buf *out)
{
    enum { ARRAY_OF_TWO = 0x92 };
    (void) reader;
    (void) arena;
    hub_buf_put_byte(out, ARRAY_OF_TWO);
    hub_buf_put(out, event->header_bytes.at, event->header_bytes.len);
    hub_buf_put(out, event->payload.at, event->payload.len);
}

const struct hub_event_format *hub_event_format_find(const char *name)
{
    static const struct hub_event_format formats[] = { { "table", table_head, print_row },
                                                       { "json", NULL, print_json },
                                                       { "csv", csv_head, print_csv },
                                                       { "msgpack", NULL, print_msgpack } };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
