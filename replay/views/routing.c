/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `routing`: every decision with what became of it, and how often which rule and channel came to what. */
#include "base/error.h"
#include "base/list.h"
#include "base/pack.h"
#include "replay/routing_times.h"
#include "replay/views/all.h"

struct counting {
    struct hub_view_fold *fold;
    const struct event_header *header;
};

/* --- counts --- */

static struct routing_counts *counts_of_rule(struct hub_folded *row, struct hub_span rule)
{
    struct routing_figures *figures = row->record;
    for (uint32_t i = 0; i < figures->rules.count; i++) {
        if (hub_span_is(figures->rules.at[i].rule, rule)) {
            return &figures->rules.at[i];
        }
    }
    if (figures->rules.count == HUB_ROUTING_RULES_COUNTED) {
        return NULL;
    }
    struct routing_counts *counts = HUB_LIST_ADD(&figures->rules, row->arena);
    HUB_SET(routing_counts, counts, rule, hub_arena_copy(row->arena, rule));
    HUB_MARK(routing_figures, figures, rules);
    return counts;
}

static struct routing_counts *counts_of_channel(struct hub_folded *row, hub_enum channel)
{
    struct routing_figures *figures = row->record;
    for (uint32_t i = 0; i < figures->channels.count; i++) {
        if (figures->channels.at[i].channel == channel) {
            return &figures->channels.at[i];
        }
    }
    struct routing_counts *counts = HUB_LIST_ADD(&figures->channels, row->arena);
    HUB_SET(routing_counts, counts, channel, channel);
    HUB_MARK(routing_figures, figures, channels);
    return counts;
}

static struct routing_counts *counts_of_all(struct hub_folded *row)
{
    struct routing_figures *figures = row->record;
    if (figures->all == NULL) {
        HUB_SET(routing_figures, figures, all, HUB_NEW(row->arena, struct routing_counts));
    }
    return figures->all;
}

static void mark(struct routing_counts *counts)
{
    HUB_MARK(routing_counts, counts, decided);
    HUB_MARK(routing_counts, counts, assigned);
    HUB_MARK(routing_counts, counts, queued);
    HUB_MARK(routing_counts, counts, accepted);
    HUB_MARK(routing_counts, counts, refused);
    HUB_MARK(routing_counts, counts, gone);
}

static void count_decided(struct routing_counts *counts, unsigned outcome)
{
    mark(counts);
    counts->decided++;
    counts->assigned += outcome == routing_outcome_assigned;
    counts->queued += outcome == routing_outcome_queued;
}

static void count_settled(struct routing_counts *counts, unsigned end)
{
    mark(counts);
    counts->accepted += end == routing_end_accepted;
    counts->refused += end == routing_end_refused;
    counts->gone += end == routing_end_gone;
}

/* Count once for all, for the rule and for the channel. */
static void count(struct hub_folded *row, const struct routing_decided *decided,
                  void (*add)(struct routing_counts *counts, unsigned what), unsigned what)
{
    struct routing_counts *by_rule = counts_of_rule(row, decided->rule);
    add(counts_of_all(row), what);
    if (by_rule != NULL) {
        add(by_rule, what);
    }
    add(counts_of_channel(row, decided->channel), what);
}

static void count_time(struct hub_folded *row, int64_t took_us)
{
    struct routing_figures *figures = row->record;
    if (figures->times.count == 0) {
        uint64_t *buckets = HUB_NEW_ARRAY(row->arena, uint64_t, HUB_ROUTING_TIMES);
        HUB_SET(routing_figures, figures, times, ((hub_list){ .at = buckets, .count = HUB_ROUTING_TIMES }));
    }
    ((uint64_t *) figures->times.at)[hub_routing_bucket((uint64_t) took_us / 1000)]++;
}

/* --- events --- */

static int open_figures(const struct counting *self, struct hub_folded **ret_row)
{
    struct hub_row_key key = hub_row_key(HUB_VIEW_routing, self->header->company);
    hub_row_key_byte(&key, 's');
    return hub_fold_open(self->fold, &key, &routing_figures_shape, ret_row);
}

static int open_decision(const struct counting *self, struct hub_ulid decision, struct hub_folded **ret_row)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_routing, self->header->company, 'd', decision);
    return hub_fold_open(self->fold, &key, &routing_row_shape, ret_row);
}

static int decided(const struct counting *self, const struct routing_decided *event)
{
    struct hub_folded *row, *figures;
    int done = open_decision(self, event->decision, &row);
    done = done == 0 ? open_figures(self, &figures) : done;
    if (done != 0) {
        return done;
    }
    struct routing_row *decision = row->record;
    HUB_SET(routing_row, decision, decided, hub_record_copy(&routing_decided_shape, event, row->arena));
    HUB_SET(routing_row, decision, decided_at, self->header->decided_at);
    hub_fold_touch(self->fold, row);
    count(figures, event, count_decided, event->outcome);
    hub_fold_touch(self->fold, figures);
    return 0;
}

static int assigned(const struct counting *self, const struct routing_assigned *event)
{
    struct hub_folded *row;
    int done = open_decision(self, event->decision, &row);
    if (done != 0 || row->is_new) {
        return done != 0 ? done : HUB_ERROR_internal;
    }
    struct routing_row *decision = row->record;
    HUB_SET(routing_row, decision, assigned_at, self->header->decided_at);
    HUB_SET(routing_row, decision, agent, event->agent);
    hub_fold_touch(self->fold, row);
    return 0;
}

static int settled(const struct counting *self, const struct routing_settled *event)
{
    struct hub_folded *row, *figures;
    int done = open_decision(self, event->decision, &row);
    done = done == 0 ? open_figures(self, &figures) : done;
    if (done != 0 || row->is_new) {
        return done != 0 ? done : HUB_ERROR_internal;
    }
    struct routing_row *decision = row->record;
    HUB_SET(routing_row, decision, end, event->end);
    HUB_SET(routing_row, decision, ended_at, self->header->decided_at);
    HUB_COPY(routing_row, decision, routing_settled, event, agent);
    hub_fold_touch(self->fold, row);
    count(figures, decision->decided, count_settled, event->end);
    if (event->end == routing_end_accepted) {
        count_time(figures, event->took_us);
    }
    hub_fold_touch(self->fold, figures);
    return 0;
}

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    const struct counting counting = { self, &event->stored->header };
    switch (event->stored->header.type) {
    case routing_decided_id: return decided(&counting, event->record);
    case routing_assigned_id: return assigned(&counting, event->record);
    case routing_settled_id: return settled(&counting, event->record);
    default: return 0;
    }
}

const struct hub_view_info hub_view_routing = {
    .name = "routing",
    .number = HUB_VIEW_routing,
    .version = 1,
    .fold = fold,
    .doc = "Routing decisions with what became of them, and their figures.",
};
