/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Walking events of a data directory: which index is taken, and what is passed over. */
#include "tools/replay/replay_events.h"

#include "actors/kind.h"
#include "base/buf.h"
#include "base/json.h"
#include "tools/replay/actor.h"
#include "tools/replay/event_filter.h"
#include "tools/replay/event_print.h"
#include "tools/serve/signals.h"
#include "tools/tool.h"

enum { FILTERS = 3, LOOK_EVERY_US = 200000 };

/* A query with its texts looked up. */
struct walk {
    const struct hub_replay_query *query;
    const struct hub_datadir *reader;
    struct hub_ulid company;
    bool one_company; /* only events of `company` */
    uint64_t from, to;
    uint16_t type; /* 0: no matter */
    struct hub_stream stream;
    struct hub_ulid subject, session;
    struct hub_arena *arena; /* of the filters */
    const struct hub_event_filter *filters[FILTERS];
    size_t filter_count;
    hub_replay_visit_fn *visit;
    void *arg;
    uint64_t visited;
};

static int find_company(struct walk *self)
{
    self->one_company = self->query->company != NULL;
    return hub_datadir_company(self->reader, self->query->company, &self->company);
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

/* Compile a condition; what is wrong with it is shown under the place. Returns 0 or < 0. */
static int add_filter(struct walk *self, const char *flag, struct hub_span text)
{
    struct hub_filter_fault fault;
    const struct hub_event_filter *filter = hub_event_filter_new(text, self->arena, &fault);
    if (!filter) {
        hub_tool_misused("%s: byte %zu: %s", flag, fault.at, fault.reason);
        fprintf(stderr, "  %.*s\n  %*s^\n", (int) text.len, text.at, (int) fault.at, "");
        return -HUB_EXIT_USAGE;
    }
    self->filters[self->filter_count++] = filter;
    return 0;
}

/* field == "text", for a text that has no quote in it. */
static int add_equals(struct walk *self, const char *flag, const char *field, const char *text)
{
    char condition[256];
    if (!text)
        return 0;
    int len = snprintf(condition, sizeof condition, "%s == \"%s\"", field, text);
    if (len >= (int) sizeof condition || strpbrk(text, "\"\\")) {
        hub_tool_misused("%s cannot be '%s'", flag, text);
        return -HUB_EXIT_USAGE;
    }
    return add_filter(self, flag, hub_span(condition));
}

static int add_actor(struct walk *self)
{
    static const struct hub_ulid any;
    struct hub_buf condition;
    hub_buf_init(&condition);
    int error = hub_actor_condition(self->reader, self->one_company ? self->company : any, self->query->actor,
                                    &condition);
    error = error ? error : add_filter(self, "--actor", hub_arena_copy(self->arena, hub_buf_span(&condition)));
    hub_buf_done(&condition);
    return error;
}

static int find_filters(struct walk *self)
{
    const struct hub_replay_query *query = self->query;
    int error = query->where ? add_filter(self, "--where", hub_span(query->where)) : 0;
    error = error ? error : add_equals(self, "--channel", "channel", query->channel);
    return error || !query->actor ? error : add_actor(self);
}

static int find_points(struct walk *self)
{
    const struct hub_replay_query *query = self->query;
    struct hub_datadir_range range;
    int error = hub_datadir_range(self->reader, query->from, query->to, query->follow, &range);
    if (error)
        return error;
    self->from = range.from;
    self->to = range.to;
    if (query->last > 0)
        self->from = self->to > query->last ? self->to - query->last + 1 : 1;
    return 0;
}

/* What is named, narrowest first: one of them decides which index is walked. */
static int find_entity(struct walk *self)
{
    const struct hub_replay_query *query = self->query;
    if (query->stream)
        return hub_datadir_stream(self->reader, self->company, query->stream, &self->stream);
    if (query->session)
        return hub_datadir_entity(self->reader, self->company, KIND_session, query->session, &self->session);
    if (query->customer)
        return hub_datadir_entity(self->reader, self->company, KIND_customer, query->customer, &self->subject);
    return 0;
}

/* The narrowest index that holds what is asked for. */
static struct hub_scan *open_scan(const struct walk *self)
{
    const struct hub_replay_query *query = self->query;
    struct hub_log *log = self->reader->log;
    struct hub_tag_range range = { .company = self->company, .from = self->from, .to = self->to };
    if (query->stream)
        return hub_scan_stream(log, &self->stream, 1, self->to);
    if (query->session) {
        range.tag = HUB_TAG_session;
        range.id = self->session;
    } else if (query->customer) {
        range.tag = HUB_TAG_subject;
        range.id = self->subject;
    } else if (self->type && self->one_company) {
        range.tag = HUB_TAG_type;
        range.id = hub_tag_of_type(self->type);
    } else {
        return hub_scan_all(log, self->from, self->to);
    }
    return hub_scan_tag(log, &range);
}

static bool is_wanted(const struct walk *self, const struct hub_stored *event, struct hub_arena *scratch)
{
    const struct event_header *header = &event->header;
    bool is_in = header->sequence >= self->from && header->sequence <= self->to &&
                 (!self->type || header->type == self->type) &&
                 (!self->one_company || hub_ulid_is(header->company, self->company)) &&
                 (!self->query->customer || hub_ulid_is_none(self->subject) ||
                  hub_ulid_is(header->subject, self->subject));
    for (size_t i = 0; is_in && i < self->filter_count; i++)
        is_in = hub_event_filter_holds(self->filters[i], event, scratch, hub_now_us(hub_world_real()));
    return is_in;
}

static bool is_enough(const struct walk *self)
{
    return self->query->limit > 0 && self->visited >= self->query->limit;
}

/* Visit what a scan has. Returns an exit status. */
static int visit_scan(struct walk *self, struct hub_scan *scan)
{
    struct hub_arena *arena = hub_arena_new(65536);
    struct hub_stored event;
    int more = 1;
    while (!is_enough(self) && (more = hub_scan_next(scan, &event)) == 1) {
        hub_arena_reset(arena);
        if (!is_wanted(self, &event, arena))
            continue;
        hub_arena_reset(arena);
        self->visit(self->arg, &event, arena);
        self->visited++;
    }
    hub_arena_destroy(&arena);
    return more < 0 ? hub_tool_fail("the log cannot be read further; 'omnihub audit verify' says what is wrong")
                    : HUB_EXIT_OK;
}

/* Visit what lies between the points. Returns an exit status. */
static int visit_range(struct walk *self)
{
    if (self->to == 0 || self->from > self->to) /* nothing is there before the first position */
        return HUB_EXIT_OK;
    struct hub_scan *scan = open_scan(self);
    int status = visit_scan(self, scan);
    hub_scan_close(&scan);
    return status;
}

/* Go on with what the hub writes. Returns an exit status. */
static int follow(struct walk *self, FILE *out)
{
    int status = HUB_EXIT_OK;
    while (status == HUB_EXIT_OK && !is_enough(self) && !ferror(out) && hub_signals_wait(LOOK_EVERY_US) == 0) {
        if (hub_log_catch_up(self->reader->log) < 0)
            return hub_tool_fail("the log cannot be followed any more");
        uint64_t commit = hub_log_commit(self->reader->log).sequence;
        if (commit <= self->to)
            continue;
        self->from = self->to + 1;
        self->to = commit;
        status = visit_range(self);
        fflush(out);
    }
    return status;
}

static int look_up(struct walk *self)
{
    const struct hub_tool_call *call = self->query->call;
    int error = call ? -hub_datadir_tell(self->reader, call) : 0;
    error = error ? error : find_company(self);
    error = error ? error : find_type(self);
    error = error ? error : find_filters(self);
    error = error ? error : find_entity(self);
    return error ? error : find_points(self);
}

int hub_replay_walk(const struct hub_datadir *reader, const struct hub_replay_query *query, hub_replay_visit_fn *visit,
                    void *arg)
{
    struct walk self = { .query = query, .reader = reader, .visit = visit, .arg = arg, .arena = hub_arena_new(65536) };
    int error = look_up(&self);
    int status = error ? -error : visit_range(&self);
    hub_arena_destroy(&self.arena);
    return status;
}

/* Where events are printed to. */
struct printing {
    const struct hub_datadir *reader;
    const struct hub_event_format *format;
    FILE *out;
    struct hub_buf line;
};

static void print_event(void *arg, const struct hub_stored *event, struct hub_arena *arena)
{
    struct printing *self = arg;
    hub_buf_clear(&self->line);
    self->format->print(self->reader, event, arena, &self->line);
    fwrite(self->line.at, 1, self->line.len, self->out);
}

static int print_walk(struct walk *self, struct printing *printing)
{
    int error = look_up(self);
    if (error)
        return -error;
    if (printing->format->head)
        fputs(printing->format->head, printing->out);
    int status = visit_range(self);
    fflush(printing->out);
    return status == HUB_EXIT_OK && self->query->follow ? follow(self, printing->out) : status;
}

int hub_replay_print(const struct hub_replay_query *query, FILE *out)
{
    struct hub_datadir reader;
    struct printing printing = {
        .reader = &reader, .format = hub_event_format_find(query->format), .out = out, .line = { 0 }
    };
    struct walk self = {
        .query = query, .reader = &reader, .visit = print_event, .arg = &printing, .arena = hub_arena_new(65536)
    };
    if (query->follow)
        hub_signals_block();
    int status = -hub_datadir_open(&reader, query->data, query->master_key);
    if (status == HUB_EXIT_OK)
        status = print_walk(&self, &printing);
    hub_buf_done(&printing.line);
    hub_datadir_close(&reader);
    hub_arena_destroy(&self.arena);
    return status;
}
