/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Bulk requests. Every item has a ticket of its own; what came back for it is kept as text until the last one is there. */
#include "api/bulk.h"

#include <assert.h>
#include <stdio.h>

#include "api/perform.h"
#include "api/problem.h"
#include "api/respond.h"
#include "base/error.h"
#include "base/json_emit.h"
#include "base/pack.h"

enum { ITEM_BYTES = 1536 };

struct bulk;

struct item {
    struct hub_expect expect;
    struct bulk *bulk;
    struct hub_command *command; /* until it is sent */
    h2o_iovec_t text;            /* its answer as JSON; base NULL: not yet */
    bool success;
};

/* In the request's memory. */
struct bulk {
    struct hub_call *call;
    uint32_t count, done, succeeded;
    bool sending; /* items are still being sent: the answer has to wait */
    struct item items[];
};

/* --- gathering --- */

static void answer_all(struct bulk *self)
{
    struct hub_buf *body = &self->call->loop->body;
    struct hub_json_emit emit;
    hub_buf_clear(body);
    hub_json_emit_init(&emit, body);
    hub_json_emit_object_begin(&emit);
    hub_json_emit_member_bool(&emit, "success", self->succeeded == self->count);
    hub_json_emit_key(&emit, "results");
    hub_json_emit_array_begin(&emit);
    for (uint32_t i = 0; i < self->count; i++) {
        hub_json_emit_raw(&emit, hub_span_of(self->items[i].text.base, self->items[i].text.len));
    }
    hub_json_emit_array_end(&emit);
    hub_json_emit_member_i64(&emit, "succeeded", self->succeeded);
    hub_json_emit_member_i64(&emit, "failed", self->count - self->succeeded);
    hub_json_emit_object_end(&emit);
    hub_json_emit_done(&emit);
    hub_respond_bytes(self->call, 200, HUB_MEDIA_JSON, hub_buf_span(body));
}

/* An item has its answer, in the loop's buffer. The last one ends the call. */
static void keep(struct item *item, bool success)
{
    struct bulk *self = item->bulk;
    item->text = hub_call_keep(self->call, hub_buf_span(&self->call->loop->body));
    item->success = success;
    self->succeeded += success;
    self->done++;
    if (self->done == self->count && !self->sending) {
        answer_all(self);
    }
}

static void keep_fault(struct item *item, const struct hub_fault *fault)
{
    struct hub_buf *body = &item->bulk->call->loop->body;
    hub_buf_clear(body);
    hub_problem_write(fault, hub_span_of(NULL, 0), body);
    keep(item, false);
}

static void keep_error(struct item *item, int error, const char *reason)
{
    struct hub_fault fault = { .error = error };
    snprintf(fault.reason, sizeof fault.reason, "%s", reason);
    keep_fault(item, &fault);
}

static void on_answer(struct hub_expect *expect, struct hub_answer *answer)
{
    struct item *item = H2O_STRUCT_FROM_MEMBER(struct item, expect, expect);
    struct hub_call *call = item->bulk->call;
    if (answer->position.sequence > call->position.sequence) {
        call->position = answer->position;
    }
    if (answer->error != 0) {
        answer->fault.error = answer->error;
        keep_fault(item, &answer->fault);
    } else {
        hub_buf_clear(&call->loop->body);
        hub_write_reply(call->loop->server, answer, &call->loop->body);
        keep(item, true);
    }
    hub_answer_destroy(&answer);
}

static void on_job(struct hub_expect *expect, struct hub_job *job)
{
    (void) expect;
    (void) job;
    assert(!"an item gives no job");
}

static void on_late(struct hub_expect *expect)
{
    keep_error(H2O_STRUCT_FROM_MEMBER(struct item, expect, expect), HUB_ERROR_overloaded,
               "Nothing came back in time; ask again.");
}

static const struct hub_expect_ops item_ops = { .on_answer = on_answer, .on_job = on_job, .on_late = on_late };

static void dispose(struct hub_call *call)
{
    struct bulk *self = call->own;
    for (uint32_t i = 0; i < self->count; i++) {
        hub_command_destroy(&self->items[i].command);
        hub_tickets_close(call->loop->tickets, &self->items[i].expect);
    }
}

/* --- sending --- */

/* Returns false when the whole call is answered, since the item cannot be right. */
static bool read_item(struct bulk *self, uint32_t index, const void *record)
{
    struct hub_call *call = self->call;
    const struct hub_shape *shape = call->ready->route->command;
    struct hub_command *command = hub_make_command(call, shape, ITEM_BYTES);
    const void *copy = hub_record_copy(shape, record, command->arena);
    memcpy(command->record, copy, shape->size);
    self->items[index].command = command;
    return hub_read_names(call, shape, command->record, command->names) && hub_choose_target(call, command) &&
           hub_read_key(call, command, (int) index);
}

/* One that cannot be sent gets its answer here. Items of one session are done in their order: they go the same way. */
static void send_item(struct item *item)
{
    struct hub_loop *loop = item->bulk->call->loop;
    int64_t late_us = item->command->received_tick_us + HUB_PATIENCE_US;
    item->command->ticket = hub_tickets_open(loop->tickets, &item->expect, late_us);
    int failed = item->command->ticket.number == 0 ? HUB_ERROR_overloaded : hub_port_send(loop->port, &item->command);
    if (failed != 0) {
        hub_tickets_close(loop->tickets, &item->expect);
        hub_command_destroy(&item->command);
        keep_error(item, failed > 0 ? failed : HUB_ERROR_internal, "The hub is busy; try again.");
    }
}

static struct bulk *bulk_new(struct hub_call *call, uint32_t count)
{
    size_t bytes = sizeof(struct bulk) + count * sizeof(struct item);
    struct bulk *self = h2o_mem_alloc_pool(&call->req->pool, bytes);
    memset(self, 0, bytes);
    self->call = call;
    self->count = count;
    self->sending = true;
    for (uint32_t i = 0; i < count; i++) {
        self->items[i].expect.ops = &item_ops;
        self->items[i].bulk = self;
    }
    call->own = self;
    call->on_dispose = dispose;
    return self;
}

void hub_bulk(struct hub_call *call)
{
    const struct hub_route *route = call->ready->route;
    const struct hub_shape *shape = route->body;
    struct hub_arena *arena = hub_call_arena(call);
    void *record = hub_arena_get(arena, shape->size);
    assert(hub_span_is(hub_span(shape->fields[0].name), hub_span(route->each)));
    if (call->query.len > 0) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, "", "This takes no query parameters.");
        return;
    }
    if (!hub_read_body(call, arena, record)) {
        return;
    }
    const hub_list *list = hub_record_field_const(record, &shape->fields[0]);
    struct bulk *self = bulk_new(call, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        if (!read_item(self, i, (const char *) list->at + i * route->command->size)) {
            return; /* nothing was sent */
        }
    }
    for (uint32_t i = 0; i < list->count; i++) {
        send_item(&self->items[i]);
    }
    self->sending = false;
    if (self->done == self->count) {
        answer_all(self);
    }
}
