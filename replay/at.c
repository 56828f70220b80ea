/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Answers as of a moment: what the query's scope needs is folded into rows in memory, by the same views, up to that moment, and
 * the same function answers from them.
 *
 * A session's scope is its stream and its customer's; a customer's is every event with the customer as subject. A company's
 * would be everything: of it only the openings and endings of sessions since the last list are folded, found by the type's tag,
 * and then the streams of those entities that the answer looks at, when it looks at them. A view that knows few types of events is
 * folded in the same way, its types merged in order. */
#include "replay/views_state.h"

#include "base/error.h"
#include "base/fault.h"
#include "base/pack.h"
#include "replay/active_lists.h"
#include "replay/past_figures.h"
#include "replay/query.h"
#include "replay/reading.h"
#include "replay/views/all.h"

enum { LOOK_AT_CLOCK = 64, PAST_CACHE_BYTES = 64 * 1024 * 1024 };

struct past {
    struct hub_views *views;
    const struct hub_ask *ask;
    struct hub_reading reading;
    struct hub_rows *memory;          /* owned */
    struct hub_projector *all;        /* owned: every view */
    struct hub_projector *active;     /* owned: the one that a company's scope or figures are folded into; else NULL */
    struct hub_past_figures *figures; /* owned: of a company's figures; else NULL */
    int failed;                       /* while an answer was looking things up */
};

static int too_long_ago(const struct past *self)
{
    return hub_reading_refuse(&self->reading, HUB_ERROR_too_long_ago, "", "%s",
                              "folding the events up to that moment takes longer than the bound");
}

static bool is_late(const struct past *self)
{
    return self->ask->deadline_tick_us > 0 && hub_tick_us(self->views->world) > self->ask->deadline_tick_us;
}

/* Fold what a scan finds. Returns 0, too_long_ago, or < 0. Closes the scan. */
static int fold_scan(struct past *self, struct hub_projector *projector, struct hub_scan *scan)
{
    struct hub_stored stored;
    int found = 1;
    int done = 0;
    for (unsigned count = 1; done == 0 && (found = hub_scan_next(scan, &stored)) == 1; count++) {
        if (hub_ulid_is(stored.header.company, self->ask->company)) {
            done = hub_projector_fold(projector, &stored);
        }
        if (done == 0 && count % LOOK_AT_CLOCK == 0 && is_late(self)) {
            done = too_long_ago(self);
        }
    }
    hub_scan_close(&scan);
    hub_projector_flush(projector);
    return done != 0 ? done : found;
}

static int fold_stream(struct past *self, uint8_t kind, struct hub_ulid entity)
{
    const struct hub_stream stream = { self->ask->company, entity, kind };
    return fold_scan(self, self->all, hub_scan_stream(self->views->log, &stream, 1, self->reading.at.sequence));
}

static int fold_session(struct past *self, struct hub_ulid session)
{
    struct session_state *state;
    int done = fold_stream(self, KIND_session, session);
    done = done == 0 ? hub_reading_session(&self->reading, session, &state) : done;
    if (done == HUB_ERROR_not_found) {
        return 0; /* the answer says so in its own words */
    }
    return done == 0 ? fold_stream(self, KIND_customer, state->customer) : done;
}

static int fold_customer(struct past *self, struct hub_ulid customer)
{
    const struct hub_tag_range range = {
        .company = self->ask->company, .tag = HUB_TAG_subject, .id = customer, .to = self->reading.at.sequence
    };
    return fold_scan(self, self->all, hub_scan_tag(self->views->log, &range));
}

/* Fold the company's events of a type behind `after`. */
static int fold_type(struct past *self, uint16_t type, uint64_t after)
{
    if (after >= self->reading.at.sequence) {
        return 0;
    }
    const struct hub_tag_range range = { .company = self->ask->company,
                                         .tag = HUB_TAG_type,
                                         .id = hub_tag_of_type(type),
                                         .from = after + 1,
                                         .to = self->reading.at.sequence };
    return fold_scan(self, self->active, hub_scan_tag(self->views->log, &range));
}

/* --- The rows of a company: entities are folded when they are looked at --- */

static int get(void *arg, struct hub_span key, struct hub_buf *ret_value)
{
    struct past *self = arg;
    int done = self->memory->get(self->memory->self, key, ret_value);
    struct hub_row_key entities = hub_row_key(HUB_VIEW_entities, self->ask->company);
    if (done != HUB_ERROR_not_found || key.len != entities.len + 1u + sizeof(struct hub_ulid) ||
        memcmp(key.at, entities.b, entities.len) != 0) {
        return done;
    }
    struct hub_ulid id;
    memcpy(id.b, key.at + entities.len + 1, sizeof id.b);
    done = fold_stream(self, (uint8_t) key.at[entities.len], id);
    if (done != 0) {
        self->failed = done;
        return -1;
    }
    return self->memory->get(self->memory->self, key, ret_value);
}

static int scan(void *arg, struct hub_span prefix, struct hub_span from,
                bool (*visit)(void *arg, struct hub_span key, struct hub_span value), void *visit_arg)
{
    struct past *self = arg;
    return self->memory->scan(self->memory->self, prefix, from, visit, visit_arg);
}

static void put_index(struct past *self, const struct hub_row_key *key, const struct index_row *row,
                      struct hub_buf *value)
{
    hub_buf_clear(value);
    hub_pack(&index_row_shape, row, value);
    self->memory->put(self->memory->self, hub_row_key_span(key), hub_buf_span(value));
}

/* Put the rows of the view `active` that a list stands for. */
static void put_list(struct past *self, struct hub_span list)
{
    struct hub_buf value;
    hub_buf_init(&value);
    for (; list.len >= HUB_ACTIVE_LIST_ENTRY; list.at += HUB_ACTIVE_LIST_ENTRY, list.len -= HUB_ACTIVE_LIST_ENTRY) {
        struct hub_ulid session;
        memcpy(session.b, list.at + 8, sizeof session.b);
        struct hub_row_key by_order = hub_row_key(HUB_VIEW_active, self->ask->company);
        hub_row_key_byte(&by_order, 'o');
        hub_row_key_add(&by_order, list.at, 8);
        struct index_row row = { 0 };
        HUB_SET(index_row, &row, session, session);
        put_index(self, &by_order, &row, &value);
        struct hub_row_key by_session = hub_row_key_of(HUB_VIEW_active, self->ask->company, 's', session);
        row = (struct index_row){ 0 };
        HUB_SET(index_row, &row, sequence, hub_row_key_last_be64(hub_row_key_span(&by_order)));
        put_index(self, &by_session, &row, &value);
    }
    hub_buf_done(&value);
}

/* Begin with the list before that moment; ret_after 0 when there is none. Returns 0 or < 0. */
static int begin_company(struct past *self, uint64_t *ret_after)
{
    struct hub_buf list;
    hub_buf_init(&list);
    *ret_after = 0;
    int found = hub_active_lists_find(self->views->db, self->ask->company, self->reading.at.sequence, &list, ret_after);
    if (found == 0) {
        put_list(self, hub_buf_span(&list));
    }
    hub_buf_done(&list);
    return found < 0 ? found : 0;
}

/* Whoever ended was opened before, so openings first is as good as in order. */
static int fold_company(struct past *self)
{
    static const struct hub_view_info *const active[] = { &hub_view_active };
    const struct hub_projector_options options = {
        .rows = *self->memory,
        .views = active,
        .count = 1,
        .cache_bytes = PAST_CACHE_BYTES,
    };
    self->active = hub_projector_new(&options);
    self->reading.rows = (struct hub_rows){ .get = get, .scan = scan, .self = self };
    uint64_t after;
    int done = begin_company(self, &after);
    done = done == 0 ? fold_type(self, session_opened_id, after) : done;
    return done == 0 ? fold_type(self, session_moved_id, after) : done;
}

/* --- One view, from the types of events that it knows --- */

enum { TYPES = 8 };

/* The scans of the types, each at its next event. */
struct merge {
    struct hub_scan *scans[TYPES];
    struct hub_stored next[TYPES];
    unsigned count;
};

/* Go on with a scan; one that is at its end leaves. Returns 0 or < 0. */
static int merge_advance(struct merge *self, unsigned which)
{
    int found = hub_scan_next(self->scans[which], &self->next[which]);
    if (found == 0) {
        hub_scan_close(&self->scans[which]);
        self->count--;
        self->scans[which] = self->scans[self->count];
        self->next[which] = self->next[self->count];
        self->scans[self->count] = NULL;
    }
    return found < 0 ? found : 0;
}

static unsigned merge_first(const struct merge *self)
{
    unsigned first = 0;
    for (unsigned i = 1; i < self->count; i++) {
        if (self->next[i].header.sequence < self->next[first].header.sequence) {
            first = i;
        }
    }
    return first;
}

static int merge_open(struct merge *self, const struct past *past, const uint16_t *types)
{
    for (; *types != 0 && self->count < TYPES; types++) {
        const struct hub_tag_range range = { .company = past->ask->company,
                                             .tag = HUB_TAG_type,
                                             .id = hub_tag_of_type(*types),
                                             .from = 1,
                                             .to = past->reading.at.sequence };
        self->scans[self->count++] = hub_scan_tag(past->views->log, &range);
    }
    int done = 0;
    for (unsigned i = self->count; i > 0 && done == 0; i--) {
        done = merge_advance(self, i - 1);
    }
    return done;
}

static int fold_merged(struct past *self, const uint16_t *types)
{
    struct merge merge = { .count = 0 };
    int done = merge_open(&merge, self, types);
    for (unsigned count = 1; done == 0 && merge.count > 0; count++) {
        unsigned first = merge_first(&merge);
        done = hub_projector_fold(self->active, &merge.next[first]);
        done = done == 0 ? merge_advance(&merge, first) : done;
        if (done == 0 && count % LOOK_AT_CLOCK == 0 && is_late(self)) {
            done = too_long_ago(self);
        }
    }
    for (unsigned i = 0; i < merge.count; i++) {
        hub_scan_close(&merge.scans[i]);
    }
    hub_projector_flush(self->active);
    return done;
}

/* Fold the view with this number into memory. */
static int fold_types(struct past *self, uint16_t number)
{
    const struct hub_view_info *const *all = self->views->infos;
    const struct hub_view_info *view = NULL;
    for (size_t i = 0; i < self->views->count; i++) {
        view = all[i]->number == number ? all[i] : view;
    }
    if (view == NULL || view->types == NULL) {
        return -1;
    }
    self->active = hub_projector_new(&(struct hub_projector_options){
        .rows = *self->memory, .views = &view, .count = 1, .cache_bytes = PAST_CACHE_BYTES });
    return fold_merged(self, view->types);
}

static int fold_view(struct past *self)
{
    self->reading.rows = (struct hub_rows){ .get = get, .scan = scan, .self = self };
    return fold_types(self, self->ask->query->view);
}

/* --- Figures --- */

static int fold_figures(struct past *self)
{
    static const struct hub_view_info *const analytics[] = { &hub_view_analytics };
    struct hub_stored last;
    int done = hub_log_read(self->views->log, self->reading.at, self->ask->arena, &last) == 0
                   ? fold_types(self, HUB_VIEW_waiting)
                   : -1;
    hub_projector_destroy(&self->active);
    if (done != 0) {
        return done;
    }
    done = hub_past_figures_new(self->views, &self->reading, last.header.time, self->memory, &self->figures);
    if (done == HUB_ERROR_behind) {
        return hub_reading_refuse(&self->reading, done, "", "the views have not reached that position");
    }
    if (done != 0) {
        return done;
    }
    self->reading.rows = hub_past_figures_rows(self->figures);
    self->active = hub_projector_new(
        &(struct hub_projector_options){ .rows = self->reading.rows, .views = analytics, .count = 1 });
    return fold_scan(self, self->active,
                     hub_scan_all(self->views->log, hub_past_figures_from(self->figures), self->reading.at.sequence));
}

/* --- Asking --- */

static int fold_scope(struct past *self)
{
    const struct hub_query_info *query = self->ask->query;
    struct hub_ulid entity = { { 0 } };
    int done = query->find_fn != NULL ? query->find_fn(&self->reading, self->ask->params, &entity) : 0;
    if (done != 0 || self->reading.at.sequence == 0) {
        return done;
    }
    switch (query->scope) {
    case HUB_SCOPE_session: return fold_session(self, entity);
    case HUB_SCOPE_customer: return fold_customer(self, entity);
    case HUB_SCOPE_routing: return fold_stream(self, KIND_routing, self->ask->company);
    case HUB_SCOPE_company: return fold_company(self);
    case HUB_SCOPE_agent: return fold_stream(self, KIND_agent, entity);
    case HUB_SCOPE_view: return fold_view(self);
    case HUB_SCOPE_figures: return fold_figures(self);
    case HUB_SCOPE_log: return 0;
    }
    return -1;
}

static void past_init(struct past *self, struct hub_views *views, const struct hub_ask *ask, struct hub_position at)
{
    *self = (struct past){ .views = views, .ask = ask, .memory = hub_rows_memory_new() };
    /* A view that is folded by itself must not see an event twice. */
    const struct hub_view_info **rest = HUB_NEW_ARRAY(ask->arena, const struct hub_view_info *, views->count);
    size_t count = 0;
    for (size_t i = 0; i < views->count; i++) {
        if (ask->query->scope != HUB_SCOPE_view || views->infos[i]->number != ask->query->view) {
            rest[count++] = views->infos[i];
        }
    }
    const struct hub_projector_options options = {
        .rows = *self->memory,
        .views = rest,
        .count = count,
        .cache_bytes = PAST_CACHE_BYTES,
    };
    self->all = hub_projector_new(&options);
    self->reading = (struct hub_reading){
        .rows = *self->memory,
        .log = views->log,
        .at = at,
        .company = ask->company,
        .names = ask->names,
        .viewer = ask->viewer,
        .arena = ask->arena,
        .keys = ask->keys,
        .data_dir = ask->data_dir,
    };
}

static void past_done(struct past *self)
{
    hub_projector_destroy(&self->active);
    hub_past_figures_destroy(&self->figures);
    hub_projector_destroy(&self->all);
    hub_rows_memory_destroy(&self->memory);
}

int hub_query_at(struct hub_views *views, const struct hub_ask *ask, struct hub_position at, void **ret_answer,
                 struct hub_fault *ret_fault)
{
    struct past past;
    hub_fault_init(ret_fault, HUB_ERROR_internal);
    past_init(&past, views, ask, at);
    past.reading.fault = ret_fault;
    int done = 0;
    if (at.sequence > hub_log_commit(views->log).sequence) {
        done = hub_reading_refuse(&past.reading, HUB_ERROR_behind, "", "the log has not reached that position");
    }
    done = done == 0 ? hub_query_moment(views, ask, at, &past.reading.now_us) : done;
    done = done == 0 ? fold_scope(&past) : done;
    if (done == 0) {
        void *answer = hub_arena_get(ask->arena, ask->query->answer->size);
        done = ask->query->answer_fn(&past.reading, ask->params, answer);
        done = past.failed != 0 ? past.failed : done;
        if (done == 0) {
            *ret_answer = answer;
        }
    }
    past_done(&past);
    return done;
}
