/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Calls: beginning, dispatch by what the route names, waiting, end. */
#include "api/call.h"

#include "api/admit.h"
#include "api/ask.h"
#include "api/bulk.h"
#include "api/headers.h"
#include "api/hold.h"
#include "api/http2.h"
#include "api/perform.h"
#include "api/respond.h"

enum { ARENA_BYTES = 2048 };

#define CALL_OF(member_, pointer) H2O_STRUCT_FROM_MEMBER(struct hub_call, member_, pointer)

/* --- what comes back --- */

static void on_answer(struct hub_expect *expect, struct hub_answer *answer)
{
    struct hub_call *self = CALL_OF(expect, expect);
    self->on_answer(self, answer);
}

static void on_job(struct hub_expect *expect, struct hub_job *job)
{
    struct hub_call *self = CALL_OF(expect, expect);
    self->on_job(self, job);
}

static void on_late(struct hub_expect *expect)
{
    struct hub_call *self = CALL_OF(expect, expect);
    bool stops = atomic_load(&self->loop->server->stopping);
    hub_respond_problem(self, HUB_ERROR_overloaded, "", "%s",
                        stops ? "The hub stops; ask again." : "Nothing came back in time; ask again.");
}

static const struct hub_expect_ops expect_ops = { .on_answer = on_answer, .on_job = on_job, .on_late = on_late };

/* The request goes away: nobody waits any more. */
static void dispose(void *call)
{
    struct hub_call *self = call;
    hub_hold_end(self->req);
    hub_tickets_close(self->loop->tickets, &self->expect);
    hub_waits_drop(&self->loop->waits, &self->wait);
    if (self->on_dispose != NULL) {
        self->on_dispose(self);
    }
    if (self->command != NULL) {
        hub_command_destroy(&self->command);
    }
    if (self->held != NULL) {
        hub_answer_destroy(&self->held);
    }
    hub_arena_destroy(&self->arena);
    if (!self->answered) {
        hub_http2_given_up(self->loop, self->req);
        atomic_fetch_sub_explicit(&self->loop->under_way, 1, memory_order_relaxed);
    }
}

struct hub_arena *hub_call_arena(struct hub_call *self)
{
    if (self->arena == NULL) {
        self->arena = hub_arena_new(ARENA_BYTES);
    }
    return self->arena;
}

struct hub_name *hub_call_names(struct hub_call *self)
{
    if (self->names == NULL) {
        self->names = HUB_NEW_ARRAY(hub_call_arena(self), struct hub_name, HUB_KINDS);
    }
    return self->names;
}

h2o_iovec_t hub_call_keep(struct hub_call *self, struct hub_span bytes)
{
    h2o_iovec_t copy = { h2o_mem_alloc_pool(&self->req->pool, bytes.len + 1), bytes.len };
    if (bytes.len > 0) {
        memcpy(copy.base, bytes.at, bytes.len);
    }
    copy.base[bytes.len] = '\0';
    return copy;
}

bool hub_call_open_ticket(struct hub_call *self, struct hub_ticket *ret_ticket)
{
    int64_t late_us = hub_tick_us(self->loop->server->options.world) + HUB_PATIENCE_US;
    *ret_ticket = hub_tickets_open(self->loop->tickets, &self->expect, late_us);
    if (ret_ticket->number == 0) {
        hub_respond_problem(self, HUB_ERROR_overloaded, "", "Too many requests are under way; try again.");
        return false;
    }
    hub_hold(self->req);
    return true;
}

void hub_call_give(struct hub_call *self, struct hub_helper *helper, struct hub_job *job,
                   void (*on_job_done)(struct hub_call *self, struct hub_job *job))
{
    if (!hub_call_open_ticket(self, &job->ticket)) {
        hub_job_destroy(&job);
        return;
    }
    self->on_job = on_job_done;
    if (!hub_helper_give(helper, &job)) {
        hub_job_destroy(&job);
        hub_tickets_close(self->loop->tickets, &self->expect);
        hub_respond_problem(self, HUB_ERROR_overloaded, "", "Too much of this kind waits already; try again.");
    }
}

/* --- waiting for a position --- */

struct hub_call *hub_call_of_wait(struct hub_wait *wait)
{
    return CALL_OF(wait, wait);
}

void hub_call_wait(struct hub_call *self, uint64_t sequence, int64_t patience_us,
                   void (*on_ready)(struct hub_wait *wait, int reached))
{
    struct hub_loop *loop = self->loop;
    const struct hub_server_options *options = &loop->server->options;
    self->wait = (struct hub_wait){ .sequence = sequence, .on_ready = on_ready };
    if (hub_views_position(options->views).sequence >= sequence) {
        on_ready(&self->wait, 1);
        return;
    }
    self->wait.late_tick_us = hub_tick_us(options->world) + patience_us;
    if (hub_waits_add(&loop->waits, &self->wait) != 0) {
        hub_respond_problem(self, HUB_ERROR_overloaded, "", "Too many queries wait; try again.");
        return;
    }
    hub_hold(self->req);
    atomic_store_explicit(&loop->waiting, true, memory_order_relaxed);
    hub_views_hurry(options->views);
}

/* --- beginning --- */

/* A target that names its host goes before the Host field (RFC 9112 §3.2.2). */
static void read_absolute(struct hub_call *self)
{
    struct hub_span authority;
    if (hub_target_is_absolute(self->path, &authority, &self->path)) {
        self->req->authority = h2o_iovec_init(authority.at, authority.len);
    }
}

static struct hub_call *call_new(struct hub_loop *loop, h2o_req_t *req)
{
    struct hub_call *self = h2o_mem_alloc_shared(&req->pool, sizeof *self, dispose);
    memset(self, 0, sizeof *self);
    self->expect.ops = &expect_ops;
    self->req = req;
    self->loop = loop;
    size_t len = req->query_at == SIZE_MAX ? req->path.len : req->query_at;
    self->path = hub_span_of(req->path.base, len);
    if (len < req->path.len) {
        self->query = hub_span_of(req->path.base + len + 1, req->path.len - len - 1);
    }
    if (len > 0 && self->path.at[0] != '/') {
        read_absolute(self);
    }
    atomic_fetch_add_explicit(&loop->requests, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&loop->under_way, 1, memory_order_relaxed);
    return self;
}

static void dispatch(struct hub_call *self)
{
    const struct hub_route *route = self->ready->route;
    if (route->query != NULL) {
        hub_ask(self);
    } else if (route->each != NULL) {
        hub_bulk(self);
    } else if (route->command != NULL) {
        hub_perform(self);
    } else if (self->query.len > 0 && route->method != HUB_WS) {
        hub_respond_problem(self, HUB_ERROR_invalid_query, "", "This takes no query parameters.");
    } else {
        route->run(self);
    }
}

int hub_call_on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    (void) handler;
    struct hub_call *self = call_new(H2O_STRUCT_FROM_MEMBER(struct hub_loop, context, req->conn->ctx), req);
    if (!hub_http2_admit(self->loop, req)) {
        hub_respond_problem(self, HUB_ERROR_limit_reached, "", "This connection gives up too many requests.");
    } else if (hub_admit(self)) {
        dispatch(self);
    }
    return 0;
}
