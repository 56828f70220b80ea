/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One entity: as it was, and where its values come from. */
#include "tools/replay/replay_entity.h"

#include "base/json.h"
#include "base/json_emit.h"
#include "base/pack.h"
#include "tools/nearest.h"
#include "tools/plain.h"
#include "tools/replay/replay_study.h"
#include "tools/tool.h"

/* --- As it was --- */

static void print_document(const struct hub_study *self, const struct hub_folded_state *folded)
{
    struct hub_digest hash = hub_record_hash(self->shape, folded->state);
    char hex[2 * HUB_DIGEST + 1];
    struct hub_json_emit emit;
    struct hub_buf out, shown;
    for (size_t i = 0; i < HUB_DIGEST; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash.b[i]);
    hub_buf_init(&out);
    hub_json_emit_init(&emit, &out);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_member_text(&emit, "kind", hub_kind_find(self->stream.kind)->name);
    hub_json_emit_member_i64(&emit, "version", (int64_t) folded->version);
    hub_json_emit_member_text(&emit, "hash", hex);
    hub_json_emit_key(&emit, "state");
    hub_json_write(self->shape, hub_study_shown(self, folded->state, self->arena), HUB_DIALECT_snake,
                   hub_json_emit_value(&emit));
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    hub_buf_init(&shown);
    hub_plain_put_json(&shown, hub_buf_span(&out));
    hub_buf_put_byte(&shown, '\n');
    fwrite(shown.at, 1, shown.len, stdout);
    hub_buf_done(&shown);
    hub_buf_done(&out);
}

static void print_value(void *arg, const struct hub_difference *difference)
{
    const struct hub_span values[] = { difference->path, difference->after };
    hub_rows_print_row(arg, values);
}

static int print_state(struct hub_study *self, const struct hub_folded_state *folded)
{
    static const struct hub_column columns[] = { { "path", 30 }, { "value", .is_json = true } };
    const char *format = self->query->format;
    if (strcmp(format, "csv") != 0 && strcmp(format, "msgpack") != 0) {
        print_document(self, folded);
        return HUB_EXIT_OK;
    }
    hub_rows_print_begin(&self->print, format, columns, 2, stdout);
    const struct hub_difference_sink sink = { print_value, &self->print, self->arena };
    hub_record_diff(self->shape, NULL, hub_study_shown(self, folded->state, self->arena), &sink);
    return hub_rows_print_end(&self->print, HUB_EXIT_OK);
}

int hub_replay_state(const struct hub_replay_query *query, const char *name, const char *at)
{
    struct hub_study self;
    struct hub_folded_state folded = { 0 };
    int error = hub_study_open_at(&self, query, at);
    error = error ? error : hub_study_find(&self, name);
    error = error ? error : hub_datadir_moment(&self.reader, at, &self.to);
    error = error ? error : hub_study_fold(&self, NULL, NULL, &folded);
    if (!error && !folded.state)
        error = -hub_tool_end(HUB_EXIT_ABSENT, "there was no %s at that moment", name);
    int status = error ? -error : print_state(&self, &folded);
    hub_study_close(&self);
    return status;
}

/* --- Where a value comes from --- */

struct lineage {
    struct hub_study study;
    struct hub_study_way way;
    struct hub_span path;
    uint64_t events;
};

static void print_step(void *arg, const struct hub_difference *difference)
{
    struct lineage *self = arg;
    const struct event_header *header = self->way.header;
    char position[24];
    struct hub_buf time;
    if (!hub_path_touches(self->path, difference->path))
        return;
    hub_buf_init(&time);
    hub_time_print(header->time, &time);
    int len = snprintf(position, sizeof position, "%llu", (unsigned long long) header->sequence);
    const struct hub_span values[] = {
        hub_span_of(position, (size_t) len),
        hub_buf_span(&time),
        hub_span(hub_study_type(header->type)),
        hub_study_id(header->principal, self->way.other),
        difference->path,
        difference->before,
        difference->after,
    };
    hub_rows_print_row(&self->study.print, values);
    hub_buf_done(&time);
    self->events++;
}

static int find_path(struct lineage *self, const char *name, const char *field)
{
    struct hub_path_found found;
    const char *best = NULL;
    bool is_there = hub_path_find(self->study.shape, field, self->study.arena, &found);
    self->path = found.path;
    if (is_there)
        return 0;
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int) found.wrong.len, found.wrong.at);
    for (unsigned i = 0; found.near && i < found.near->count; i++) {
        const char *other = found.near->fields[i].name;
        if (hub_nearest_is_close(word, other) &&
            (!best || hub_nearest_distance(word, other) < hub_nearest_distance(word, best)))
            best = other;
    }
    hub_tool_misused("%s has no value '%s': there is no '%s'%s%s%s", name, field, word, best ? "; did you mean '" : "",
                     best ? best : "", best ? "'?" : "");
    return -HUB_EXIT_USAGE;
}

static int print_lineage(struct lineage *self, const char *name, const char *field)
{
    static const struct hub_column columns[] = {
        { "position", 8, .is_json = true },
        { "time", 27 },
        { "event", 24 },
        { "by", 26 },
        { "path", 20 },
        { "before", 20, .is_json = true },
        { "after", .is_json = true },
    };
    struct hub_folded_state folded = { 0 };
    hub_rows_print_begin(&self->study.print, self->study.query->format, columns, sizeof columns / sizeof *columns,
                         stdout);
    self->way = (struct hub_study_way){ .study = &self->study, .visit = print_step, .arg = self };
    int error = hub_study_walk(&self->way, &folded);
    int status = -error;
    if (!error && !folded.state)
        status = hub_tool_end(HUB_EXIT_ABSENT, "there was no %s at that moment", name);
    else if (!error && self->events == 0)
        status = hub_tool_end(HUB_EXIT_ABSENT, "no event had given %s a value '%s' by then", name, field);
    return hub_rows_print_end(&self->study.print, status);
}

int hub_replay_lineage(const struct hub_replay_query *query, const char *name, const char *field, const char *at)
{
    struct lineage self = { .events = 0 };
    int error = hub_study_open_at(&self.study, query, at);
    error = error ? error : hub_study_find(&self.study, name);
    error = error ? error : hub_datadir_moment(&self.study.reader, at, &self.study.to);
    error = error ? error : find_path(&self, name, field);
    int status = error ? -error : print_lineage(&self, name, field);
    hub_study_close(&self.study);
    return status;
}
