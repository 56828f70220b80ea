/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the API adds to commands for the routing. What it reads of views and tz database goes into the command, so that the
 * decision, and every repetition of it, reads nothing else. */
#include "api/routing.h"

#include <stdio.h>

#include "actors/routing/zones.h"
#include "api/ask.h"
#include "api/perform.h"
#include "api/respond.h"
#include "log/log.h"

enum { COMMAND_BYTES = 4096 };

/* --- decisions --- */

static struct interaction_context *interaction_of(struct decide_routing *record, struct hub_arena *arena)
{
    if (!HUB_HAS(decide_routing, record, interaction_context)) {
        HUB_SET(decide_routing, record, interaction_context, HUB_NEW(arena, struct interaction_context));
    }
    return record->interaction_context;
}

/* What the request does not say. */
static void add_known(const struct routing_known *known, struct decide_routing *record, struct hub_arena *arena)
{
    struct interaction_context *interaction = interaction_of(record, arena);
    if (HUB_HAS(routing_known, known, channel) && !HUB_HAS(decide_routing, record, current_channel)) {
        HUB_SET(decide_routing, record, current_channel, known->channel);
    }
    if (HUB_HAS(routing_known, known, sentiment) && !HUB_HAS(decide_routing, record, sentiment)) {
        HUB_SET(decide_routing, record, sentiment, known->sentiment);
    }
    if (HUB_HAS(routing_known, known, urgency) && !HUB_HAS(decide_routing, record, urgency)) {
        HUB_SET(decide_routing, record, urgency, known->urgency);
    }
    if (HUB_HAS(routing_known, known, intent) && !HUB_HAS(decide_routing, record, intent)) {
        HUB_SET(decide_routing, record, intent, known->intent);
    }
    if (HUB_HAS(routing_known, known, tier) && !HUB_HAS(interaction_context, interaction, customer_tier)) {
        HUB_SET(interaction_context, interaction, customer_tier, known->tier);
    }
    if (HUB_HAS(routing_known, known, language) && !HUB_HAS(interaction_context, interaction, language)) {
        HUB_SET(interaction_context, interaction, language, hub_arena_copy(arena, known->language));
    }
    if (HUB_HAS(routing_known, known, page_id)) {
        HUB_SET(decide_routing, record, page_id, hub_arena_copy(arena, known->page_id));
    }
    HUB_COPY(decide_routing, record, routing_known, known, customer);
    HUB_COPY(decide_routing, record, routing_known, known, session);
    HUB_COPY(decide_routing, record, routing_known, known, priority);
    HUB_COPY(decide_routing, record, routing_known, known, waiting_since);
}

static void on_known(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    struct hub_command *command = call->command;
    struct hub_fault fault = { 0 };
    void *known = NULL;
    (void) reached;
    const struct hub_ask ask = { .query = &hub_query_routing_known,
                                 .params = command->record,
                                 .company = call->caller.company,
                                 .names = command->names,
                                 .arena = hub_call_arena(call) };
    int failed = hub_query_live(call->loop->server->options.views, &ask, &known, &call->position, &fault);
    if (failed != 0) {
        fault.error = failed;
        hub_respond_fault(call, &fault);
        return;
    }
    add_known(known, command->record, command->arena);
    hub_send_command(call, hub_answer_call);
}

void hub_routing_run_decision(struct hub_call *call)
{
    call->command = hub_make_command(call, &decide_routing_shape, COMMAND_BYTES);
    struct hub_command *command = call->command;
    command->target = KIND_routing;
    if (!hub_read_body(call, command->arena, command->record) ||
        !hub_read_names(call, &decide_routing_shape, command->record, command->names) ||
        !hub_read_key(call, command, -1)) {
        return;
    }
    hub_call_wait(call, hub_log_commit(call->loop->server->options.log).sequence, HUB_OWN_WRITES_US, on_known);
}

/* --- time zones --- */

static void refuse_zone(struct hub_call *call, uint32_t calendar)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/calendars/%u/timezone", (unsigned) calendar);
    hub_respond_problem(call, HUB_ERROR_invalid_field, pointer, "This time zone is not known here.");
}

void hub_routing_prepare_rules(struct hub_call *call)
{
    struct hub_command *command = call->command;
    struct put_routing_rules *record = command->record;
    int64_t now_us = hub_now_us(call->loop->server->options.world);
    if (command->expects) {
        uint64_t *expected = HUB_NEW_ARRAY(command->arena, uint64_t, HUB_EXPECTED_MAX);
        memcpy(expected, command->expected, sizeof command->expected);
        HUB_SET(put_routing_rules, record, expected, ((hub_list){ .at = expected, .count = HUB_EXPECTED_MAX }));
        command->expects = false;
    }
    uint32_t unknown;
    if (!hub_routing_fill_zones(record, now_us, command->arena, &unknown)) {
        refuse_zone(call, unknown);
    }
}
