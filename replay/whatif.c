/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Routing once more, in a world of its own.
 *
 * The recorded stream of the company's routing is walked once for each way of routing. A decision is asked again with the
 * inputs of its receipt; agents come, go and change as they did; each takes who is given at once and keeps the customer as
 * long as the log says. All of it goes through the deciders and the fold of the kind routing, as commands, so that queues,
 * points and room are those of the hub. The two ways differ in nothing but the rules and the room. */
#include "replay/whatif.h"

#include <stdlib.h>

#include "actors/decision.h"
#include "actors/routing/apply.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/pack.h"
#include "replay/whatif_talks.h"

enum { TIDY_STEPS = 2000 };
static const int64_t minute_us = INT64_C(60) * 1000 * 1000;

/* A conversation of the replay, until it ends. */
struct busy {
    int64_t until_us;
    struct hub_ulid agent, customer;
    unsigned channel;
};

/* One replay. */
struct scratch {
    const struct hub_whatif_options *options;
    const struct hub_talks *talks; /* borrowed */
    bool is_other;                 /* goes by the options' rules and room */

    struct hub_arena *arena; /* of the state; made anew from time to time */
    struct routing_state *state;
    uint64_t version, steps;
    struct busy *busy; /* owned; not in order */
    size_t busy_count, busy_room;
    int64_t now_us;
    struct hub_whatif_run *run;
    struct hub_span rule; /* of the last decision, in the arena */
    unsigned channel;
};

/* --- The scratch world --- */

static void fold(struct scratch *self, const struct hub_shape *shape, const void *record)
{
    const struct hub_event event = {
        .shape = shape, .record = record, .version = ++self->version, .decided_at_us = self->now_us
    };
    if (self->state == NULL) {
        self->state = HUB_NEW(self->arena, struct routing_state);
    }
    hub_routing_apply(self->state, &event, self->arena);
}

/* What folding left behind is given back. */
static void tidy(struct scratch *self)
{
    if (++self->steps % TIDY_STEPS != 0 || self->state == NULL) {
        return;
    }
    struct hub_arena *arena = hub_arena_new(0);
    self->state = hub_record_copy(&routing_state_shape, self->state, arena);
    hub_arena_destroy(&self->arena);
    self->arena = arena;
}

static uint32_t load_of(const struct scratch *self, struct hub_ulid agent, unsigned channel, bool any)
{
    uint32_t load = 0;
    for (size_t i = 0; i < self->busy_count; i++) {
        load += hub_ulid_is(self->busy[i].agent, agent) && (any || self->busy[i].channel == channel);
    }
    return load;
}

/* Agents' time up to a moment. */
static void pass_time(struct scratch *self, int64_t to_us)
{
    for (uint32_t i = 0; self->state != NULL && to_us > self->now_us && i < self->state->agents.count; i++) {
        const struct roster_agent *agent = &self->state->agents.at[i];
        bool is_busy = load_of(self, agent->agent, 0, true) > 0;
        self->run->available_us += agent->available || is_busy ? to_us - self->now_us : 0;
        self->run->busy_us += is_busy ? to_us - self->now_us : 0;
    }
    self->now_us = to_us > self->now_us ? to_us : self->now_us;
}

/* An agent as the replay knows one: loads are its own, room is another one where asked for. */
static struct roster_agent *picture(struct scratch *self, const struct roster_agent *of, struct hub_arena *arena)
{
    struct roster_agent *agent = hub_record_copy(&roster_agent_shape, of, arena);
    HUB_SET(roster_agent, agent, version, self->version + 1);
    for (uint32_t i = 0; i < agent->loads.count; i++) {
        struct roster_load *load = &agent->loads.at[i];
        HUB_SET(roster_load, load, load, load_of(self, agent->agent, load->channel, false));
        if (self->is_other && load->channel < HUB_WHATIF_CHANNELS && self->options->has_room[load->channel]) {
            HUB_SET(roster_load, load, limit, self->options->room[load->channel]);
        }
    }
    return agent;
}

static void command(struct scratch *self, const struct hub_shape *shape, const void *record, struct hub_arena *arena);

static void report(struct scratch *self, const struct roster_agent *agent, unsigned change, const struct busy *busy)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct roster_report *said = HUB_NEW(arena, struct roster_report);
    HUB_SET(roster_report, said, agent, picture(self, agent, arena));
    HUB_SET(roster_report, said, change, (hub_enum) change);
    if (busy != NULL) {
        HUB_SET(roster_report, said, customer, busy->customer);
    }
    command(self, &roster_report_shape, said, arena);
    hub_arena_destroy(&arena);
}

/* The agent takes who was given, at once. */
static void take(struct scratch *self, struct hub_ulid decision, struct hub_arena *arena)
{
    int at = self->state == NULL ? -1 : hub_routing_promise_at(self->state, decision);
    if (at < 0) {
        return;
    }
    const struct routing_promise promise = self->state->promises.at[at];
    int64_t waited_us = self->now_us - promise.since;
    self->run->given++;
    self->run->within += waited_us <= self->options->within_us;
    self->run->wait_us += waited_us;
    self->run->longest_us = waited_us > self->run->longest_us ? waited_us : self->run->longest_us;
    if (self->busy_count == self->busy_room) {
        self->busy_room = self->busy_room == 0 ? 64 : 2 * self->busy_room;
        self->busy = hub_memory_resize(self->busy, self->busy_room * sizeof *self->busy);
    }
    int64_t until_us = self->now_us + hub_talks_length(self->talks, promise.customer, promise.since);
    self->busy[self->busy_count++] = (struct busy){ until_us, promise.agent, promise.customer, promise.channel };
    struct routing_settled *settled = HUB_NEW(arena, struct routing_settled);
    HUB_SET(routing_settled, settled, decision, decision);
    HUB_SET(routing_settled, settled, end, routing_end_accepted);
    HUB_SET(routing_settled, settled, took_us, waited_us);
    HUB_SET(routing_settled, settled, agent, promise.agent);
    fold(self, &routing_settled_shape, settled);
    int agent = hub_routing_agent_at(self->state, promise.agent);
    if (agent >= 0) {
        report(self, &self->state->agents.at[agent], roster_change_work_added, &self->busy[self->busy_count - 1]);
    }
}

static void note_decided(struct scratch *self, const struct routing_decided *decided)
{
    self->run->decisions++;
    self->run->by_channel[decided->channel % HUB_WHATIF_CHANNELS]++;
    self->run->wanted += decided->outcome != routing_outcome_advised;
    self->rule = hub_arena_copy(self->arena, decided->rule);
    self->channel = decided->channel;
}

/* Decide, fold what was decided, and let agents take whom they were given. */
static void command(struct scratch *self, const struct hub_shape *shape, const void *record, struct hub_arena *arena)
{
    static const struct hub_ulid named[HUB_KINDS];
    static const bool names[HUB_KINDS];
    const struct hub_caller caller = { .company = self->options->company, .principal = self->options->company };
    struct hub_decision *decision = hub_decision_new(&(struct hub_decision_input){ .caller = &caller,
                                                                                   .self = self->options->company,
                                                                                   .named = named,
                                                                                   .names = names,
                                                                                   .now_us = self->now_us,
                                                                                   .world = self->options->world,
                                                                                   .arena = arena });
    for (size_t i = 0; i < hub_kind_routing.decider_count; i++) {
        if (hub_kind_routing.deciders[i].command == shape) {
            hub_kind_routing.deciders[i].decide(self->state, record, decision);
        }
    }
    const struct hub_decided *decided = hub_decision_result(decision);
    for (size_t i = 0; decided->error == 0 && i < decided->event_count; i++) {
        fold(self, decided->events[i].shape, decided->events[i].record);
    }
    for (size_t i = 0; decided->error == 0 && i < decided->event_count; i++) {
        const struct hub_decided_event *event = &decided->events[i];
        if (event->shape == &routing_decided_shape) {
            const struct routing_decided *made = event->record;
            note_decided(self, made);
            take(self, made->decision, arena);
        } else if (event->shape == &routing_assigned_shape) {
            take(self, ((const struct routing_assigned *) event->record)->decision, arena);
        }
    }
}

/* Conversations end in their order, and who waits is given to who has room then. */
static void run_to(struct scratch *self, int64_t to_us)
{
    for (;;) {
        size_t next = self->busy_count;
        for (size_t i = 0; i < self->busy_count; i++) {
            if (self->busy[i].until_us <= to_us &&
                (next == self->busy_count || self->busy[i].until_us < self->busy[next].until_us)) {
                next = i;
            }
        }
        if (next == self->busy_count) {
            break;
        }
        const struct busy ended = self->busy[next];
        pass_time(self, ended.until_us);
        self->busy[next] = self->busy[--self->busy_count];
        int agent = self->state == NULL ? -1 : hub_routing_agent_at(self->state, ended.agent);
        if (agent >= 0) {
            report(self, &self->state->agents.at[agent], roster_change_work_removed, &ended);
        }
    }
    pass_time(self, to_us);
}

/* --- What is asked again --- */

static void add_attempts(const struct routing_context *context, struct hub_arena *arena,
                         struct interaction_context *known)
{
    uint32_t count = 0, room = context->attempts > 0 ? context->attempts : 32;
    struct hub_span *names = HUB_NEW_ARRAY(arena, struct hub_span, room);
    for (unsigned code = 0; code < 64 && count < room; code++) {
        if (context->tried >> code & 1) {
            names[count++] = hub_span(hub_vocab_name(&channel_vocab, (uint16_t) code));
        }
    }
    while (count < context->attempts) { /* more attempts than channels, or by words that are none */
        names[count++] = HUB_SPAN("");
    }
    HUB_SET(interaction_context, known, previous_channel_attempts, ((hub_list){ .at = names, .count = count }));
}

/* The command that led to a receipt: its inputs. */
static const struct decide_routing *ask_again(const struct routing_decided *then, int64_t at_us,
                                              struct hub_arena *arena)
{
    const struct routing_context *context = then->context;
    struct decide_routing *asked = HUB_NEW(arena, struct decide_routing);
    struct interaction_context *known = HUB_NEW(arena, struct interaction_context);
    HUB_SET(decide_routing, asked, customer, then->customer);
    HUB_COPY(decide_routing, asked, routing_decided, then, session);
    if (HUB_HAS(routing_context, context, channel)) {
        HUB_SET(decide_routing, asked, current_channel, context->channel);
    }
    HUB_COPY(decide_routing, asked, routing_context, context, sentiment);
    HUB_COPY(decide_routing, asked, routing_context, context, urgency);
    HUB_COPY(decide_routing, asked, routing_context, context, intent);
    HUB_COPY(decide_routing, asked, routing_context, context, priority);
    HUB_COPY(decide_routing, asked, routing_context, context, page_id);
    if (HUB_HAS(routing_context, context, waited_minutes)) {
        HUB_SET(decide_routing, asked, waiting_since, at_us - (int64_t) context->waited_minutes * minute_us);
    }
    HUB_COPY(interaction_context, known, routing_context, context, issue_type);
    HUB_COPY(interaction_context, known, routing_context, context, language);
    if (HUB_HAS(routing_context, context, tier)) {
        HUB_SET(interaction_context, known, customer_tier, context->tier);
    }
    if (HUB_HAS(routing_context, context, tried)) {
        add_attempts(context, arena, known);
    }
    HUB_SET(decide_routing, asked, interaction_context, known);
    HUB_SET(decide_routing, asked, assign, then->outcome != routing_outcome_advised);
    HUB_SET(decide_routing, asked, transfer, then->transfers);
    return asked;
}

/* --- Walking --- */

struct walk {
    const struct hub_whatif_options *options;
    struct hub_whatif *result;
    struct scratch before, after;
    bool is_begun;
};

static void decide_again(struct walk *self, const struct routing_decided *then, int64_t at_us, struct hub_arena *arena)
{
    struct hub_whatif_run *recorded = &self->result->recorded;
    const struct decide_routing *asked = ask_again(then, at_us, arena);
    recorded->decisions++;
    recorded->by_channel[then->channel % HUB_WHATIF_CHANNELS]++;
    recorded->wanted += then->outcome != routing_outcome_advised;
    command(&self->before, &decide_routing_shape, asked, arena);
    command(&self->after, &decide_routing_shape, asked, arena);
    self->result->changed_rule += !hub_span_is(self->before.rule, self->after.rule);
    self->result->changed_channel += self->before.channel != self->after.channel;
}

static void note_settled(struct walk *self, const struct routing_settled *settled)
{
    struct hub_whatif_run *recorded = &self->result->recorded;
    if (settled->end == routing_end_accepted) {
        recorded->given++;
        recorded->within += settled->took_us <= self->options->within_us;
        recorded->wait_us += settled->took_us;
        recorded->longest_us = settled->took_us > recorded->longest_us ? settled->took_us : recorded->longest_us;
    }
}

/* Loads are the replay's own, so of an agent only the coming, going and changing is taken over. */
static void note_roster(struct scratch *self, const struct roster_changed *changed)
{
    if (changed->change == roster_change_removed) {
        fold(self, &roster_changed_shape, changed);
    } else if (changed->change == roster_change_profile || changed->change == roster_change_presence ||
               self->state == NULL || hub_routing_agent_at(self->state, changed->agent->agent) < 0) {
        report(self, changed->agent, changed->change, NULL);
    }
}

static void note(struct walk *self, const struct hub_stored *event, struct hub_arena *arena)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) event->header.type);
    void *record = shape == NULL ? NULL : hub_arena_get(arena, shape->size);
    bool is_in = event->header.sequence >= self->options->from;
    if (record == NULL || hub_unpack(shape, event->payload, arena, record, NULL) != 0) {
        return;
    }
    int64_t at_us = event->header.decided_at;
    if (is_in && !self->is_begun) {
        self->is_begun = true;
        run_to(&self->before, at_us);
        run_to(&self->after, at_us);
        self->before.run->busy_us = self->before.run->available_us = 0; /* until here it was another time */
        self->after.run->busy_us = self->after.run->available_us = 0;
    }
    run_to(&self->before, at_us);
    run_to(&self->after, at_us);
    if (shape == &roster_changed_shape) {
        note_roster(&self->before, record);
        note_roster(&self->after, record);
    } else if (shape == &routing_rules_changed_shape) {
        fold(&self->before, shape, record);
        if (self->options->rules == NULL) {
            fold(&self->after, shape, record);
        }
    } else if (is_in && shape == &routing_decided_shape) {
        decide_again(self, record, at_us, arena);
    } else if (is_in && shape == &routing_settled_shape) {
        note_settled(self, record);
    }
    tidy(&self->before);
    tidy(&self->after);
}

/* The other rules, checked as the hub checks them. Returns 0 or HUB_ERROR_invalid_field. */
static int put_rules(struct scratch *self, struct hub_fault *ret_fault)
{
    struct hub_arena *arena = hub_arena_new(0);
    const struct hub_caller caller = { .company = self->options->company };
    static const struct hub_ulid named[HUB_KINDS];
    static const bool names[HUB_KINDS];
    struct hub_decision *decision = hub_decision_new(&(struct hub_decision_input){
        .caller = &caller, .named = named, .names = names, .world = self->options->world, .arena = arena });
    for (size_t i = 0; i < hub_kind_routing.decider_count; i++) {
        if (hub_kind_routing.deciders[i].command == &put_routing_rules_shape) {
            hub_kind_routing.deciders[i].decide(NULL, self->options->rules, decision);
        }
    }
    const struct hub_decided *decided = hub_decision_result(decision);
    for (size_t i = 0; decided->error == 0 && i < decided->event_count; i++) {
        fold(self, decided->events[i].shape, decided->events[i].record);
    }
    int error = decided->error;
    *ret_fault = decided->fault;
    hub_arena_destroy(&arena);
    return error == 0 ? 0 : HUB_ERROR_invalid_field;
}

static int walk(struct walk *self)
{
    const struct hub_stream stream = { self->options->company, self->options->company, KIND_routing };
    struct hub_scan *scan = hub_scan_stream(self->options->log, &stream, 1, self->options->to);
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored event;
    int more;
    while ((more = hub_scan_next(scan, &event)) == 1) {
        note(self, &event, arena);
        hub_arena_reset(arena);
    }
    hub_arena_destroy(&arena);
    hub_scan_close(&scan);
    return more;
}

static void scratch_init(struct scratch *self, const struct walk *walk, const struct hub_talks *talks, bool is_other)
{
    *self = (struct scratch){ .options = walk->options,
                              .talks = talks,
                              .is_other = is_other,
                              .arena = hub_arena_new(0),
                              .run = is_other ? &walk->result->after : &walk->result->before };
}

static void scratch_done(struct scratch *self)
{
    hub_arena_destroy(&self->arena);
    free(self->busy);
}

int hub_whatif(const struct hub_whatif_options *options, struct hub_whatif *ret_whatif, struct hub_fault *ret_fault)
{
    struct hub_talks talks;
    struct walk self = { .options = options, .result = ret_whatif };
    int result = hub_talks_read(options->log, options->company, options->from, options->to, &talks);
    *ret_whatif = (struct hub_whatif){ .known = talks.known, .usual_us = talks.usual_us };
    scratch_init(&self.before, &self, &talks, false);
    scratch_init(&self.after, &self, &talks, true);
    if (result == 0 && options->rules != NULL) {
        result = put_rules(&self.after, ret_fault);
    }
    if (result == 0) {
        result = walk(&self);
    }
    if (result == 0 && ret_whatif->recorded.decisions == 0) {
        result = HUB_ERROR_not_found;
    }
    scratch_done(&self.before);
    scratch_done(&self.after);
    hub_talks_done(&talks);
    return result;
}
