/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `events`: the company's events as they stand in the log, by the index that fits best. */
#include "actors/company/company.h"
#include "base/json.h"
#include "base/sealed.h"
#include "replay/queries/log_queries.h"

enum { LIMIT = 100, LOOKED_MAX = 20000 };

struct page {
    const struct hub_reading *reading;
    struct hub_events_wanted wanted;
    struct event_page *page;
    uint32_t limit;
};

/* --- showing one --- */

static void hide_secrets(const struct hub_shape *shape, void *record)
{
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        if (field->secret && hub_record_has(record, i)) {
            uint64_t has = hub_record_present(shape, record) & ~(UINT64_C(1) << i);
            memcpy(record, &has, sizeof has);
        }
    }
}

void hub_log_query_open(const struct hub_reading *reading, const struct hub_shape *shape, void *record,
                        struct hub_arena *arena)
{
    hide_secrets(shape, record);
    if (reading->keys != NULL) {
        hub_record_open(shape, record, reading->company, reading->keys, arena);
    }
}

static struct hub_span payload_of(const struct hub_reading *reading, const struct hub_stored *stored)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) stored->header.type);
    void *record = shape == NULL ? NULL : hub_arena_get(reading->arena, shape->size);
    if (shape == NULL || hub_unpack(shape, stored->payload, reading->arena, record, NULL) != 0) {
        return HUB_SPAN("null");
    }
    struct hub_buf text;
    hub_buf_init(&text);
    hub_log_query_open(reading, shape, record, reading->arena);
    hub_json_write(shape, record, HUB_DIALECT_snake, &text);
    struct hub_span kept = hub_arena_copy(reading->arena, hub_buf_span(&text));
    hub_buf_done(&text);
    return kept;
}

static const char *type_name(uint32_t type)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) type);
    return shape == NULL ? "?" : shape->name;
}

static void show(const struct page *self, const struct hub_stored *stored)
{
    const struct hub_reading *reading = self->reading;
    const struct event_header *header = &stored->header;
    const struct hub_kind_info *kind = hub_kind_find((uint8_t) header->kind);
    struct event_shown *shown = &self->page->events.at[self->page->events.count++];
    HUB_SET(event_shown, shown, position, hub_reading_cursor_print(reading, header->sequence));
    HUB_SET(event_shown, shown, time, header->time);
    HUB_SET(event_shown, shown, decided_at, header->decided_at);
    HUB_SET(event_shown, shown, type, hub_span(type_name(header->type)));
    HUB_SET(event_shown, shown, kind, hub_span(kind == NULL ? "?" : kind->name));
    HUB_SET(event_shown, shown, id, header->entity);
    HUB_SET(event_shown, shown, version, header->version);
    HUB_SET(event_shown, shown, schema, header->schema);
    HUB_COPY(event_shown, shown, event_header, header, subject);
    HUB_COPY(event_shown, shown, event_header, header, session);
    HUB_COPY(event_shown, shown, event_header, header, principal);
    HUB_COPY(event_shown, shown, event_header, header, credential);
    if (HUB_HAS(event_header, header, cause)) {
        HUB_SET(event_shown, shown, cause, hub_reading_cursor_print(reading, header->cause));
    }
    struct hub_span hash = hub_arena_copy(reading->arena, hub_span_of(stored->hash.b, HUB_DIGEST));
    HUB_SET(event_shown, shown, hash, hash);
    HUB_SET(event_shown, shown, payload, payload_of(reading, stored));
}

/* --- finding them --- */

/* The first version of a stream whose event is at or behind a position, by halves. */
static uint64_t version_at(struct hub_log *log, const struct hub_stream *stream, uint64_t position)
{
    uint64_t low = 1, high = 0;
    if (hub_log_stream_version(log, stream, &high) != 0) {
        return 1;
    }
    high++;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct hub_scan *scan = hub_scan_stream(log, stream, middle, 0);
        struct hub_stored stored;
        hub_scan_headers_only(scan);
        bool is_before = hub_scan_next(scan, &stored) == 1 && stored.header.sequence < position;
        hub_scan_close(&scan);
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low;
}

static struct hub_scan *scan_of(const struct hub_reading *reading, const struct hub_events_wanted *wanted)
{
    struct hub_tag_range range = { .company = reading->company, .from = wanted->from, .to = reading->at.sequence };
    if (wanted->stream.kind != 0) {
        return hub_scan_stream(reading->log, &wanted->stream, version_at(reading->log, &wanted->stream, wanted->from),
                               reading->at.sequence);
    }
    if (!hub_ulid_is_none(wanted->customer)) {
        range.tag = HUB_TAG_subject;
        range.id = wanted->customer;
        return hub_scan_tag(reading->log, &range);
    }
    if (wanted->type != 0) {
        range.tag = HUB_TAG_type;
        range.id = hub_tag_of_type(wanted->type);
        return hub_scan_tag(reading->log, &range);
    }
    return hub_scan_all(reading->log, wanted->from, reading->at.sequence);
}

/* What consumers acknowledge is not shown unless it is asked for: else each acknowledging would be something to acknowledge. */
static bool is_wanted(const struct page *self, const struct event_header *header)
{
    const struct hub_events_wanted *wanted = &self->wanted;
    bool is_bookkeeping = header->type == company_consumer_moved_id || header->type == company_consumer_removed_id;
    bool is_type = wanted->type == 0 ? !is_bookkeeping : header->type == wanted->type;
    bool is_customer = hub_ulid_is_none(wanted->customer) ||
                       (HUB_HAS(event_header, header, subject) && hub_ulid_is(header->subject, wanted->customer));
    return is_type && is_customer && header->time >= wanted->from_us &&
           hub_ulid_is(header->company, self->reading->company);
}

static int fill(const struct page *self, struct hub_scan *scan)
{
    const struct hub_reading *reading = self->reading;
    struct hub_stored stored;
    uint64_t last = self->wanted.from - 1;
    unsigned looked = 0;
    int more = 1;
    while (self->page->events.count < self->limit && looked < LOOKED_MAX &&
           (more = hub_scan_next(scan, &stored)) == 1) {
        looked++;
        last = stored.header.sequence;
        if (is_wanted(self, &stored.header)) {
            show(self, &stored);
        }
    }
    last = more == 1 || reading->at.sequence < last ? last : reading->at.sequence;
    HUB_SET(event_page, self->page, position, hub_reading_cursor_print(reading, last));
    if (more == 1) {
        HUB_SET(event_page, self->page, next_cursor, self->page->position);
    }
    return more < 0 ? -1 : 0;
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct events_query *query = params;
    struct page self = { .reading = reading, .page = ret_answer };
    int done = hub_events_wanted_read(reading, query, &self.wanted);
    if (done != 0) {
        return done;
    }
    self.limit = HUB_HAS(events_query, query, limit) ? query->limit : LIMIT;
    self.page->events.at = HUB_NEW_ARRAY(reading->arena, struct event_shown, self.limit);
    HUB_MARK(event_page, self.page, events);
    if (self.wanted.from > reading->at.sequence) {
        uint64_t last = self.wanted.from - 1;
        HUB_SET(event_page, self.page, position, hub_reading_cursor_print(reading, last));
        return 0;
    }
    struct hub_scan *scan = scan_of(reading, &self.wanted);
    done = fill(&self, scan);
    hub_scan_close(&scan);
    return done;
}

/* How long the asker would rather wait than have this answer, and for what. */
static uint32_t patience(const void *params, const void *answer_, struct hub_span *ret_behind)
{
    const struct events_query *query = params;
    const struct event_page *page = answer_;
    bool is_empty = page->events.count == 0 && !HUB_HAS(event_page, page, next_cursor);
    *ret_behind = page->position;
    return is_empty && HUB_HAS(events_query, query, wait) ? query->wait : 0;
}

static void go_on(void *params, struct hub_span behind)
{
    struct events_query *query = params;
    HUB_SET(events_query, query, cursor, behind);
}

const struct hub_query_info hub_query_events = {
    .name = "events",
    .params = &events_query_shape,
    .answer = &event_page_shape,
    .scope = HUB_SCOPE_log,
    .answer_fn = answer,
    .patience_fn = patience,
    .go_on_fn = go_on,
};
