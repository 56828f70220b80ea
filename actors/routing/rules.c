/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading and replacing the routing table: checked, and run dry over the last decisions before it takes effect. */
#include <stdio.h>

#include "actors/routing/calendar.h"
#include "actors/routing/decide.h"
#include "actors/routing/engine.h"
#include "base/filter.h"

static const struct hub_ulid none;

/* --- checking --- */

static bool refuse(struct hub_decision *decision, const char *list, uint32_t at, const char *member, const char *reason)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/%s/%u/%s", list, (unsigned) at, member);
    hub_decide_refuse(decision, HUB_ERROR_invalid_field, pointer, "%s", reason);
    return false;
}

static bool has_calendar(const struct routing_table *table, struct hub_span name, uint32_t before)
{
    for (uint32_t i = 0; i < before; i++) {
        if (hub_span_is(table->calendars.at[i].name, name)) {
            return true;
        }
    }
    return false;
}

static bool condition_is_sound(const struct routing_rule *rule, uint32_t at, struct hub_decision *decision)
{
    const struct hub_filter *filter;
    struct hub_filter_fault fault;
    char reason[200];
    if (!HUB_HAS(routing_rule, rule, when) ||
        hub_filter_compile(rule->when, &routing_context_shape, hub_decision_arena(decision), &filter, &fault) == 0) {
        return true;
    }
    snprintf(reason, sizeof reason, "byte %zu: %s", fault.at, fault.reason);
    return refuse(decision, "rules", at, "when", reason);
}

static bool rule_is_sound(const struct routing_table *table, uint32_t at, struct hub_decision *decision)
{
    const struct routing_rule *rule = &table->rules.at[at];
    for (uint32_t i = 0; i < at; i++) {
        if (hub_span_is(table->rules.at[i].name, rule->name)) {
            return refuse(decision, "rules", at, "name", "Another rule has this name.");
        }
    }
    if (hub_span_is(rule->name, HUB_SPAN("scored"))) {
        return refuse(decision, "rules", at, "name", "This name stands for decisions without a rule.");
    }
    if (HUB_HAS(routing_rule, rule, calendar) && !has_calendar(table, rule->calendar, table->calendars.count)) {
        return refuse(decision, "rules", at, "calendar", "There is no calendar of this name.");
    }
    for (uint32_t i = 0; i < rule->targets.count; i++) {
        if (rule->targets.at[i].minutes_min > rule->targets.at[i].minutes_max) {
            return refuse(decision, "rules", at, "targets", "An estimate's lower end lies above its upper end.");
        }
    }
    return condition_is_sound(rule, at, decision);
}

static bool calendar_is_sound(const struct routing_table *table, uint32_t at, struct hub_decision *decision)
{
    const struct routing_calendar *calendar = &table->calendars.at[at];
    const struct hub_span *holidays = calendar->holidays.at;
    if (has_calendar(table, calendar->name, at)) {
        return refuse(decision, "calendars", at, "name", "Another calendar has this name.");
    }
    for (uint32_t i = 0; i < calendar->hours.count; i++) {
        uint32_t from, to;
        if (!hub_calendar_minute(calendar->hours.at[i].from, &from) ||
            !hub_calendar_minute(calendar->hours.at[i].to, &to) || from >= to) {
            return refuse(decision, "calendars", at, "hours",
                          "Hours run from one minute of a day to a later one, such as 09:00 to 17:30.");
        }
    }
    for (uint32_t i = 0; i < calendar->holidays.count; i++) {
        if (!hub_calendar_is_day(holidays[i])) {
            return refuse(decision, "calendars", at, "holidays", "A holiday is a day such as 2026-12-25.");
        }
    }
    return true;
}

bool hub_routing_table_is_sound(const struct routing_table *table, struct hub_decision *decision)
{
    for (uint32_t i = 0; i < table->calendars.count; i++) {
        if (!calendar_is_sound(table, i, decision)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < table->rules.count; i++) {
        if (!rule_is_sound(table, i, decision)) {
            return false;
        }
    }
    return true;
}

/* --- the dry run --- */

enum { COUNTS = 256 };

static struct routing_rule_count *count_of(struct routing_dry_run *run, struct hub_span rule)
{
    for (uint32_t i = 0; i < run->rules.count; i++) {
        if (hub_span_is(run->rules.at[i].rule, rule)) {
            return &run->rules.at[i];
        }
    }
    if (run->rules.count == COUNTS) {
        return NULL;
    }
    struct routing_rule_count *count = &run->rules.at[run->rules.count++];
    HUB_SET(routing_rule_count, count, rule, rule);
    HUB_SET(routing_rule_count, count, before, 0);
    HUB_SET(routing_rule_count, count, after, 0);
    return count;
}

static struct hub_span queue_of(const struct routing_rule *rule)
{
    bool has = rule != NULL && HUB_HAS(routing_rule, rule, needs) && HUB_HAS(routing_needs, rule->needs, queue);
    return has ? rule->needs->queue : (struct hub_span){ NULL, 0 };
}

static void run_one(const struct routing_table *table, const struct routing_recent *recent, struct hub_arena *scratch,
                    struct routing_dry_run *run)
{
    struct hub_routing_choice choice;
    const struct hub_routing_question question = { table, recent->context, recent->at, scratch };
    hub_routing_choose(&question, &choice);
    bool by_rule = !hub_span_is(choice.rule_name, recent->rule);
    bool by_channel = choice.advice[0].channel != recent->channel;
    bool by_queue = !hub_span_is(queue_of(choice.rule), recent->queue);
    run->decisions++;
    run->changed += by_rule || by_channel || by_queue;
    run->changed_rule += by_rule;
    run->changed_channel += by_channel;
    run->changed_queue += by_queue;
    struct routing_rule_count *before = count_of(run, recent->rule);
    struct routing_rule_count *after = count_of(run, choice.rule != NULL ? choice.rule->name : HUB_SPAN("scored"));
    if (before != NULL) {
        before->before++;
    }
    if (after != NULL) {
        after->after++;
    }
}

/* The queue of a fallback that decided is not the rule's own; such a decision counts as changed only by rule or channel. */
static struct routing_dry_run *run_dry(const struct routing_state *state, const struct routing_table *table,
                                       struct hub_arena *arena)
{
    struct routing_dry_run *run = HUB_NEW(arena, struct routing_dry_run);
    struct hub_arena *scratch = hub_arena_new(0);
    HUB_SET(routing_dry_run, run, decisions, 0);
    HUB_SET(routing_dry_run, run, changed, 0);
    HUB_SET(routing_dry_run, run, changed_rule, 0);
    HUB_SET(routing_dry_run, run, changed_channel, 0);
    HUB_SET(routing_dry_run, run, changed_queue, 0);
    run->rules.at = HUB_NEW_ARRAY(arena, struct routing_rule_count, COUNTS);
    HUB_MARK(routing_dry_run, run, rules);
    for (uint32_t i = 0; state != NULL && i < state->recent.count; i++) {
        run_one(table, &state->recent.at[i], scratch, run);
        hub_arena_reset(scratch);
    }
    hub_arena_destroy(&scratch);
    return run;
}

/* --- reading and replacing --- */

static struct routing_rules_reply *reply_with(const struct routing_table *table, uint32_t version,
                                              struct hub_arena *arena)
{
    struct routing_rules_reply *reply = HUB_NEW(arena, struct routing_rules_reply);
    HUB_SET(routing_rules_reply, reply, success, true);
    HUB_SET(routing_rules_reply, reply, version, version);
    HUB_SET(routing_rules_reply, reply, is_default, version == 1);
    reply->rules.at = table->rules.at;
    reply->rules.count = table->rules.count;
    reply->calendars.at = table->calendars.at;
    reply->calendars.count = table->calendars.count;
    reply->zones.at = table->zones.at;
    reply->zones.count = table->zones.count;
    HUB_MARK(routing_rules_reply, reply, rules);
    HUB_MARK(routing_rules_reply, reply, calendars);
    HUB_MARK(routing_rules_reply, reply, zones);
    return reply;
}

void hub_routing_show_rules(const struct routing_state *state, struct hub_arena *arena,
                            struct routing_rules_reply *ret_reply)
{
    uint32_t version;
    const struct routing_table *table = hub_routing_table(state, arena, &version);
    *ret_reply = *reply_with(table, version, arena);
    if (state != NULL) {
        HUB_COPY(routing_rules_reply, ret_reply, routing_state, state, changed_at);
    }
}

void hub_routing_decide_get(const void *state, const void *command, struct hub_decision *decision)
{
    struct routing_rules_reply *reply = HUB_NEW(hub_decision_arena(decision), struct routing_rules_reply);
    (void) command;
    hub_routing_show_rules(state, hub_decision_arena(decision), reply);
    hub_decide_answer(decision, &routing_rules_reply_shape, reply, none);
}

static struct routing_table *table_of(const struct put_routing_rules *command, struct hub_arena *arena)
{
    struct routing_table *table = HUB_NEW(arena, struct routing_table);
    table->rules.at = command->rules.at;
    table->rules.count = command->rules.count;
    HUB_MARK(routing_table, table, rules);
    if (command->calendars.count > 0) {
        table->calendars.at = command->calendars.at;
        table->calendars.count = command->calendars.count;
        table->zones.at = command->zones.at;
        table->zones.count = command->zones.count;
        HUB_MARK(routing_table, table, calendars);
        HUB_MARK(routing_table, table, zones);
    }
    return table;
}

static bool is_expected(const hub_list *expected, uint32_t version)
{
    for (uint32_t i = 0; i < expected->count; i++) {
        if (((const uint64_t *) expected->at)[i] == version) {
            return true;
        }
    }
    return false;
}

void hub_routing_decide_put(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct routing_state *state = state_;
    const struct put_routing_rules *command = command_;
    struct hub_arena *arena = hub_decision_arena(decision);
    struct routing_table *table = table_of(command, arena);
    uint32_t version;
    hub_routing_table(state, arena, &version);
    if (HUB_HAS(put_routing_rules, command, expected) && !is_expected(&command->expected, version)) {
        hub_decide_refuse(decision, HUB_ERROR_precondition_failed, "", "The table has version %u by now.",
                          (unsigned) version);
        return;
    }
    if (!hub_routing_table_is_sound(table, decision)) {
        return;
    }
    struct routing_dry_run *run = run_dry(state, table, arena);
    bool is_dry = HUB_HAS(put_routing_rules, command, dry_run) && command->dry_run;
    if (!is_dry) {
        struct routing_rules_changed *changed = HUB_NEW(arena, struct routing_rules_changed);
        HUB_SET(routing_rules_changed, changed, rules_version, ++version);
        HUB_SET(routing_rules_changed, changed, table, table);
        HUB_SET(routing_rules_changed, changed, dry_run, run);
        hub_decide_event(decision, &routing_rules_changed_shape, changed, none, none);
    }
    struct routing_rules_reply *reply = reply_with(table, version, arena);
    HUB_SET(routing_rules_reply, reply, is_default, version == 1 && !is_dry);
    HUB_SET(routing_rules_reply, reply, dry_run, run);
    hub_decide_answer(decision, &routing_rules_reply_shape, reply, none);
}
