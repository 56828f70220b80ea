/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What changed between two moments, and by which events.
 *
 * Each entity is folded from its beginning to the second moment. What it was at the first is kept, and which paths each event in between
 * changed; at the end both states are compared, and every difference is given the events that touched its path. What was
 * changed and changed back is no difference. */
#include <inttypes.h>

#include "actors/kind.h"
#include "base/json_emit.h"
#include "replay/row_map.h"
#include "tools/replay/replay_entity.h"
#include "tools/replay/replay_study.h"
#include "tools/tool.h"

enum { TOUCHED_MAX = 100000 };

/* A path that an event changed. */
struct touch {
    struct hub_span path;
    uint64_t sequence;
    uint32_t type;
    struct touch *next;
};

/* Entities that are to be compared, in the order in which they were first touched. */
struct entity {
    struct hub_row_slot slot; /* first; its key is the stream */
    struct hub_stream stream;
    struct entity *next;
};

struct touched {
    struct hub_row_map map;
    struct hub_arena *arena; /* owned */
    struct entity *first, **last;
    bool is_full;
};

struct diff {
    struct hub_study study;
    struct hub_study_way way;
    struct touch *first, **last; /* of the entity under way; in the study's arena */
    void *before;                /* as shown, at the first moment; NULL: it was not there yet */
    uint64_t found;
};

/* --- One entity --- */

static void note_touch(void *arg, const struct hub_difference *difference)
{
    struct diff *self = arg;
    struct touch *touch = HUB_NEW(self->study.arena, struct touch);
    *touch = (struct touch){ .path = hub_arena_copy(self->study.arena, difference->path),
                             .sequence = self->way.header->sequence,
                             .type = self->way.header->type };
    *self->last = touch;
    self->last = &touch->next;
}

/* The events that touched a path, once each: as JSON, or as "12 session_moved, 15 message_received". */
static struct hub_span events_of(struct diff *self, struct hub_span path)
{
    bool as_json = strcmp(self->study.query->format, "json") == 0;
    struct hub_json_emit emit;
    struct hub_buf out;
    uint64_t before = 0;
    hub_buf_init(&out);
    hub_json_emit_init(&emit, &out);
    if (as_json)
        hub_json_emit_array_begin(&emit);
    for (const struct touch *touch = self->first; touch; touch = touch->next) {
        if (touch->sequence == before || !hub_path_touches(path, touch->path))
            continue;
        before = touch->sequence;
        if (as_json) {
            hub_json_emit_object_begin(&emit);
            hub_json_emit_member_i64(&emit, "position", (int64_t) touch->sequence);
            hub_json_emit_member_text(&emit, "type", hub_study_type(touch->type));
            hub_json_emit_object_end(&emit);
            continue;
        }
        hub_buf_put_text(&out, out.len > 0 ? ", " : "");
        hub_buf_put_u64(&out, touch->sequence);
        hub_buf_put_byte(&out, ' ');
        hub_buf_put_text(&out, hub_study_type(touch->type));
    }
    if (as_json)
        hub_json_emit_array_end(&emit);
    struct hub_span text = hub_arena_copy(self->study.arena, hub_buf_span(&out));
    hub_buf_done(&out);
    return text;
}

static struct hub_span name_of(struct diff *self)
{
    struct hub_study *study = &self->study;
    struct hub_span id = hub_study_id(study->stream.entity, study->arena);
    char text[64];
    int len = snprintf(text, sizeof text, "%s/%.*s", hub_kind_find(study->stream.kind)->name, (int) id.len, id.at);
    return hub_arena_copy(study->arena, hub_span_of(text, (size_t) len));
}

static void print_difference(void *arg, const struct hub_difference *difference)
{
    struct diff *self = arg;
    const struct hub_span values[] = { name_of(self), difference->path, difference->before, difference->after,
                                       events_of(self, difference->path) };
    hub_rows_print_row(&self->study.print, values);
    self->found++;
}

static int fold_before(struct diff *self)
{
    struct hub_study *study = &self->study;
    struct hub_folded_state folded = { 0 };
    uint64_t to = study->to;
    self->before = NULL;
    if (study->from == 0)
        return 0;
    study->to = study->from;
    int error = hub_study_fold(study, NULL, NULL, &folded);
    study->to = to;
    if (!error && folded.state)
        self->before = hub_study_shown(study, folded.state, study->arena);
    return error;
}

/* Returns 0, or an exit status as a negative number. */
static int compare_entity(struct diff *self, const struct hub_stream *stream)
{
    struct hub_folded_state folded = { 0 };
    hub_arena_reset(self->study.arena);
    hub_study_choose(&self->study, stream);
    self->first = NULL;
    self->last = &self->first;
    self->way = (struct hub_study_way){ .study = &self->study, .visit = note_touch, .arg = self };
    int error = fold_before(self);
    self->way.before = self->before;
    error = error ? error : hub_study_walk(&self->way, &folded);
    if (!error && folded.state) {
        const void *after = hub_study_shown(&self->study, folded.state, self->study.arena);
        const struct hub_difference_sink sink = { print_difference, self, self->study.arena };
        hub_record_diff(self->study.shape, self->before, after, &sink);
    }
    return error;
}

/* --- Several --- */

static void add_entity(void *arg, const struct hub_stored *event, struct hub_arena *arena)
{
    struct touched *self = arg;
    struct hub_stream stream = { .kind = 0 };
    (void) arena;
    stream.company = event->header.company;
    stream.entity = event->header.entity;
    stream.kind = (uint8_t) event->header.kind;
    if (hub_row_map_find(&self->map, hub_span_of(&stream, sizeof stream)))
        return;
    self->is_full = self->map.count == TOUCHED_MAX;
    if (self->is_full)
        return;
    struct entity *entity = HUB_NEW(self->arena, struct entity);
    entity->stream = stream;
    entity->slot.key = hub_span_of(&entity->stream, sizeof stream);
    hub_row_map_add(&self->map, &entity->slot);
    *self->last = entity;
    self->last = &entity->next;
}

/* The entities that the query's events touched between the moments. Returns an exit status. */
static int find_touched(struct diff *self, struct touched *ret_touched)
{
    struct hub_replay_query query = *self->study.query;
    char from[24], to[24];
    snprintf(from, sizeof from, "%" PRIu64, self->study.from + 1);
    snprintf(to, sizeof to, "%" PRIu64, self->study.to);
    query.from = from;
    query.to = to;
    query.limit = 0;
    if (self->study.from == self->study.to)
        return HUB_EXIT_OK;
    int status = hub_replay_walk(&self->study.reader, &query, add_entity, ret_touched);
    if (status == HUB_EXIT_OK && ret_touched->is_full)
        return hub_tool_fail("more than %d entities changed; narrow them with --customer, --session, --type or --where",
                             TOUCHED_MAX);
    return status;
}

static int compare_all(struct diff *self)
{
    struct touched touched = { .arena = hub_arena_new(65536) };
    touched.last = &touched.first;
    hub_row_map_init(&touched.map);
    int status = find_touched(self, &touched);
    for (const struct entity *entity = touched.first; status == HUB_EXIT_OK && entity; entity = entity->next)
        status = -compare_entity(self, &entity->stream);
    hub_row_map_done(&touched.map);
    hub_arena_destroy(&touched.arena);
    return status;
}

static int compare_named(struct diff *self, const char *name)
{
    int error = hub_study_find(&self->study, name);
    const struct hub_stream stream = self->study.stream;
    return error ? -error : -compare_entity(self, &stream);
}

/* --- The command --- */

/* The first moment may lie before everything: 0. */
static int find_moments(struct diff *self, const char *a, const char *b)
{
    struct hub_study *study = &self->study;
    int error = strcmp(a, "0") == 0 ? 0 : hub_datadir_moment(&study->reader, a, &study->from);
    error = error ? error : hub_datadir_moment(&study->reader, b, &study->to);
    if (!error && study->from > study->to) {
        hub_tool_misused("--diff %s lies behind %s", a, b);
        return -HUB_EXIT_USAGE;
    }
    return error;
}

int hub_replay_diff(const struct hub_replay_query *query, const char *name, const char *a, const char *b)
{
    static const struct hub_column columns[] = { { "entity", 35 },
                                                 { "path", 24 },
                                                 { "before", 20, .is_json = true },
                                                 { "after", 20, .is_json = true },
                                                 { "events", .is_json = true } };
    struct diff self = { .found = 0 };
    int error = hub_study_open(&self.study, query);
    error = error ? error : find_moments(&self, a, b);
    int status = -error;
    if (!error) {
        hub_rows_print_begin(&self.study.print, query->format, columns, sizeof columns / sizeof *columns, stdout);
        status = name ? compare_named(&self, name) : compare_all(&self);
        status = hub_rows_print_end(&self.study.print, status);
    }
    hub_study_close(&self.study);
    return status;
}
