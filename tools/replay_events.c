/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Printing events of a data directory: which index is walked, and what is passed over. */
#include "tools/replay_events.h"

#include "actors/kind.h"
#include "base/buf.h"
#include "base/json.h"
#include "tools/event_print.h"
#include "tools/tool.h"

/* A query with its texts looked up. */
struct walk {
    const struct hub_replay_query *query;
    struct hub_datadir reader;
    struct hub_ulid company;
    bool one_company; /* only events of `company` */
    uint64_t from, to;
    uint16_t type; /* 0: no matter */
    struct hub_ulid subject, session;
};

static int find_company(struct walk *self)
{
    const char *text = self->query->company;
    self->company = self->reader.company;
    self->one_company = text != NULL;
    if (text && !hub_ulid_parse(hub_span(text), &self->company)) {
        hub_tool_misused("--company takes an id of 26 characters, not '%s'", text);
        return -HUB_EXIT_USAGE;
    }
    return 0;
}

static int find_type(struct walk *self)
{
    const struct hub_registry *registry = hub_records();
    const char *text = self->query->type;
    for (size_t i = 0; text && i < registry->count; i++)
        if (registry->shapes[i]->category == HUB_CATEGORY_event && strcmp(registry->shapes[i]->name, text) == 0)
            self->type = registry->shapes[i]->id;
    if (text && self->type == 0) {
        hub_tool_misused("there is no event '%s'; 'omnihub schema events' lists them", text);
        return -HUB_EXIT_USAGE;
    }
    return 0;
}

/* Nothing can lie between two points of which the later one is given first. Returns 0 or < 0. */
static int check_order(const struct walk *self, bool from_is_time, bool to_is_time)
{
    const struct hub_replay_query *query = self->query;
    int64_t from_us = 0, to_us = 0;
    bool is_wrong = self->from > self->to;
    if (!query->from || !query->to)
        return 0;
    if (from_is_time && to_is_time) /* there may be no event between two moments that are in order */
        is_wrong = hub_time_parse(hub_span(query->from), &from_us) && hub_time_parse(hub_span(query->to), &to_us) &&
                   from_us > to_us;
    if (is_wrong)
        hub_tool_misused("--from %s lies behind --to %s", query->from, query->to);
    return is_wrong ? -HUB_EXIT_USAGE : 0;
}

static int find_points(struct walk *self)
{
    const struct hub_replay_query *query = self->query;
    bool is_time = false, to_is_time = false;
    self->from = 1;
    if (query->from && hub_datadir_point(&self->reader, query->from, &self->from, &is_time) < 0)
        return -HUB_EXIT_USAGE;
    if (query->from && is_time) { /* the first one from then on, not the last before */
        struct hub_stored event;
        struct hub_arena *arena = hub_arena_new(4096);
        int64_t time_us;
        hub_time_parse(hub_span(query->from), &time_us);
        bool is_before = hub_log_read(self->reader.log, (struct hub_position){ self->from }, arena, &event) != 0 ||
                         event.header.time < time_us;
        self->from += is_before ? 1 : 0;
        hub_arena_destroy(&arena);
    }
    if (query->to && hub_datadir_point(&self->reader, query->to, &self->to, &to_is_time) < 0)
        return -HUB_EXIT_USAGE;
    if (!query->to)
        self->to = hub_log_commit(self->reader.log).sequence;
    return check_order(self, is_time, to_is_time);
}

/* The narrowest index that holds what is asked for. Returns NULL when something named is not there. */
static struct hub_scan *open_scan(struct walk *self)
{
    const struct hub_replay_query *query = self->query;
    struct hub_log *log = self->reader.log;
    struct hub_stream stream;
    if (query->stream)
        return hub_datadir_stream(&self->reader, self->company, query->stream, &stream) < 0
                   ? NULL
                   : hub_scan_stream(log, &stream, 1, self->to);
    struct hub_tag_range range = { .company = self->company, .from = self->from, .to = self->to };
    if (query->session) {
        range.tag = HUB_TAG_session;
        if (hub_datadir_entity(&self->reader, self->company, KIND_session, query->session, &self->session) < 0)
            return NULL;
        range.id = self->session;
    } else if (query->customer) {
        range.tag = HUB_TAG_subject;
        if (hub_datadir_entity(&self->reader, self->company, KIND_customer, query->customer, &self->subject) < 0)
            return NULL;
        range.id = self->subject;
    } else if (self->type && self->one_company) {
        range.tag = HUB_TAG_type;
        range.id = hub_tag_of_type(self->type);
    } else {
        return hub_scan_all(log, self->from, self->to);
    }
    return hub_scan_tag(log, &range);
}

static bool is_wanted(const struct walk *self, const struct event_header *header)
{
    return header->sequence >= self->from && header->sequence <= self->to &&
           (!self->type || header->type == self->type) &&
           (!self->one_company || hub_ulid_is(header->company, self->company)) &&
           (!self->query->customer || hub_ulid_is_none(self->subject) || hub_ulid_is(header->subject, self->subject));
}

static int print_all(struct walk *self, struct hub_scan *scan, FILE *out)
{
    struct hub_arena *arena = hub_arena_new(65536);
    struct hub_stored event;
    struct hub_buf line;
    uint64_t printed = 0;
    int more = 1;
    hub_buf_init(&line);
    if (!self->query->json)
        hub_event_print_head(out);
    while ((self->query->limit == 0 || printed < self->query->limit) && (more = hub_scan_next(scan, &event)) == 1) {
        if (!is_wanted(self, &event.header))
            continue;
        hub_buf_clear(&line);
        hub_arena_reset(arena);
        (self->query->json ? hub_event_print_json : hub_event_print_row)(&self->reader, &event, arena, &line);
        hub_buf_put_byte(&line, '\n');
        fwrite(line.at, 1, line.len, out);
        printed++;
    }
    hub_buf_done(&line);
    hub_arena_destroy(&arena);
    return more < 0 ? hub_tool_fail("the log cannot be read further; 'omnihub audit verify' says what is wrong")
                    : HUB_EXIT_OK;
}

static int look_up(struct walk *self)
{
    int error = find_company(self);
    error = error ? error : find_type(self);
    return error ? error : find_points(self);
}

int hub_replay_print(const struct hub_replay_query *query, FILE *out)
{
    struct walk self = { .query = query };
    int status = HUB_EXIT_FAILED;
    if (hub_datadir_open(&self.reader, query->data, query->master_key) == 0) {
        int error = look_up(&self);
        /* Nothing is there before the first position. */
        bool is_empty = !error && (self.to == 0 || self.from > self.to);
        struct hub_scan *scan = error || is_empty ? NULL : open_scan(&self);
        status = scan ? print_all(&self, scan, out) : error ? -error : is_empty ? HUB_EXIT_OK : HUB_EXIT_FAILED;
        hub_scan_close(&scan);
    }
    hub_datadir_close(&self.reader);
    return status;
}
