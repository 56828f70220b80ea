/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The default table as records. */
#include "actors/routing/engine.h"

enum { TARGETS = 2 };

static const struct {
    const char *name, *when;
    struct {
        uint16_t channel;
        const char *reason;
        uint32_t minutes_min, minutes_max;
    } targets[TARGETS];
} rows[] = {
#define RULE(name_, when_, ...) { .name = name_, .when = when_, .targets = { __VA_ARGS__ } },
#include "actors/routing/defaults.def"
#undef RULE
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static void fill(size_t row, struct routing_rule *rule, struct hub_arena *arena)
{
    HUB_SET(routing_rule, rule, name, hub_span(rows[row].name));
    HUB_SET(routing_rule, rule, when, hub_span(rows[row].when));
    rule->targets.at = HUB_NEW_ARRAY(arena, struct routing_target, TARGETS);
    rule->targets.count = TARGETS;
    HUB_MARK(routing_rule, rule, targets);
    for (size_t i = 0; i < TARGETS; i++) {
        struct routing_target *target = &rule->targets.at[i];
        HUB_SET(routing_target, target, channel, rows[row].targets[i].channel);
        HUB_SET(routing_target, target, reason, hub_span(rows[row].targets[i].reason));
        HUB_SET(routing_target, target, minutes_min, rows[row].targets[i].minutes_min);
        HUB_SET(routing_target, target, minutes_max, rows[row].targets[i].minutes_max);
    }
}

const struct routing_table *hub_routing_defaults(struct hub_arena *arena)
{
    struct routing_table *table = HUB_NEW(arena, struct routing_table);
    table->rules.at = HUB_NEW_ARRAY(arena, struct routing_rule, ROWS);
    table->rules.count = ROWS;
    HUB_MARK(routing_table, table, rules);
    for (size_t i = 0; i < ROWS; i++) {
        fill(i, &table->rules.at[i], arena);
    }
    return table;
}
