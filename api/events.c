/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Positions are opaque outside and numbers inside; a stream is named like what it is of. */
#include "api/events.h"

#include "actors/company/company.h"
#include "api/respond.h"
#include "base/error.h"
#include "log/log.h"
#include "replay/queries/log_queries.h"

void hub_events_prepare(struct hub_call *call)
{
    const struct events_query *query = call->ask_params;
    struct hub_span kind_name = hub_events_stream_kind(query->stream);
    const struct hub_kind_info *kind = kind_name.len == 0 ? NULL : hub_kind_by_name(kind_name);
    if (kind == NULL) {
        return; /* the query says what is wrong, if anything is */
    }
    if (kind->number == KIND_customer && HUB_HAS(events_query, query, customer_id)) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, "/stream",
                            "A customer's stream and customer_id cannot be asked for at once.");
        return;
    }
    struct hub_span id = hub_span_of(query->stream.at + kind_name.len + 1, query->stream.len - kind_name.len - 1);
    if (!hub_name_read(call->loop->server->options.keys, call->caller.company, kind->number, id,
                       &hub_call_names(call)[kind->number])) {
        hub_respond_problem(call, HUB_ERROR_internal, "", "The company has no key for its index.");
    }
}

void hub_events_prepare_move(struct hub_call *call)
{
    struct hub_log *log = call->loop->server->options.log;
    struct move_consumer *command = call->command->record;
    struct hub_position at = { 0 };
    int failed = HUB_HAS(move_consumer, command, position)
                     ? hub_position_parse(command->position, hub_log_identity(log), &at)
                     : 0;
    if (failed != 0) {
        hub_respond_problem(call, failed == HUB_ERROR_position_gone ? failed : HUB_ERROR_invalid_field, "/position",
                            "%s",
                            failed == HUB_ERROR_position_gone ? "/position belongs to another incarnation of the log"
                                                              : "/position must be a position of this hub");
    } else if (at.sequence > hub_log_commit(log).sequence) {
        hub_respond_problem(call, HUB_ERROR_invalid_field, "/position", "/position is not reached yet");
    } else {
        HUB_SET(move_consumer, command, sequence, at.sequence);
    }
}

static void show_position(const struct hub_log_identity *log, struct consumer_shown *shown, struct hub_arena *arena)
{
    char *text = hub_arena_get(arena, HUB_POSITION_TEXT);
    hub_position_print((struct hub_position){ shown->sequence }, log, text);
    HUB_SET(consumer_shown, shown, position, hub_span(text));
}

void hub_events_finish(struct hub_call *call, struct hub_answer *answer)
{
    const struct hub_log_identity *log = hub_log_identity(call->loop->server->options.log);
    if (answer->shape == &consumer_shown_shape) {
        show_position(log, answer->record, answer->arena);
        return;
    }
    struct consumers_reply *reply = answer->record;
    for (uint32_t i = 0; i < reply->consumers.count; i++) {
        show_position(log, &reply->consumers.at[i], answer->arena);
    }
}
