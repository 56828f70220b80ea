/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One stored event for people, and for programs. */
#include "tools/event_print.h"

#include "actors/kind.h"
#include "base/json.h"
#include "base/json_emit.h"
#include "base/pack.h"

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

enum { WIDTH_POSITION = 8, WIDTH_TIME = 27, WIDTH_STREAM = 35, WIDTH_VERSION = 4, WIDTH_TYPE = 24 };

void hub_event_print_head(FILE *out)
{
    fprintf(out, "%*s %-*s %-*s %*s %-*s %s\n", WIDTH_POSITION, "position", WIDTH_TIME, "time", WIDTH_STREAM, "stream",
            WIDTH_VERSION, "v", WIDTH_TYPE, "event", "payload");
}

void hub_event_print_row(const struct hub_datadir *reader, const struct hub_stored *event, struct hub_arena *arena,
                         struct hub_buf *out)
{
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
    put_payload(reader, event, arena, out);
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

static void emit_hex(struct hub_json_emit *emit, const char *name, struct hub_span bytes)
{
    static const char digits[] = "0123456789abcdef";
    char text[128];
    size_t len = 0;
    for (size_t i = 0; i < bytes.len && len + 2 <= sizeof text; i++) {
        text[len++] = digits[(uint8_t) bytes.at[i] >> 4];
        text[len++] = digits[(uint8_t) bytes.at[i] & 15];
    }
    if (len == 0)
        return;
    hub_json_emit_key(emit, name);
    hub_json_emit_span(emit, hub_span_of(text, len));
}

static void emit_time(struct hub_json_emit *emit, const char *name, int64_t time_us)
{
    struct hub_buf text;
    hub_buf_init(&text);
    hub_time_print(time_us, &text);
    hub_json_emit_key(emit, name);
    hub_json_emit_span(emit, hub_buf_span(&text));
    hub_buf_done(&text);
}

static void emit_header(struct hub_json_emit *emit, const struct hub_stored *event)
{
    const struct event_header *header = &event->header;
    emit_time(emit, "time", header->time);
    emit_time(emit, "decided_at", header->decided_at);
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

void hub_event_print_json(const struct hub_datadir *reader, const struct hub_stored *event, struct hub_arena *arena,
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
}
