/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The hub about itself. */
#include "api/system.h"

#include <stdio.h>

#include "api/metrics.h"
#include "api/page.h"
#include "api/perform.h"
#include "api/records.h"
#include "api/respond.h"
#include "log/access/access.h"
#include "log/log.h"

enum { VIEWS_MAX = 64, CHECKS_MAX = 16, DETAIL_BYTES = 200, IDEMPOTENCY_DAYS = 30 };

static uint64_t uptime_s(const struct hub_server *server)
{
    return (uint64_t) (hub_tick_us(server->options.world) - server->started_us) / 1000000;
}

static bool is_draining(struct hub_server *server)
{
    return atomic_load_explicit(&server->draining, memory_order_relaxed);
}

void hub_system_health(struct hub_call *call)
{
    struct hub_server *server = call->loop->server;
    struct health reply = { 0 };
    HUB_SET(health, &reply, status, is_draining(server) ? HUB_SPAN("draining") : HUB_SPAN("ok"));
    HUB_SET(health, &reply, success, true);
    HUB_SET(health, &reply, uptime_seconds, uptime_s(server));
    hub_respond_record(call, 200, &health_shape, &reply);
}

void hub_system_version(struct hub_call *call)
{
    struct version_shown reply = { 0 };
    HUB_SET(version_shown, &reply, name, HUB_SPAN("omnihub"));
    HUB_SET(version_shown, &reply, version, HUB_SPAN(HUB_VERSION));
    HUB_SET(version_shown, &reply, api_version, HUB_SPAN(HUB_API_VERSION));
    hub_respond_record(call, 200, &version_shown_shape, &reply);
}

/* --- views --- */

static void show_view(const struct hub_view_status *view, uint64_t commit, struct view_standing *ret_shown)
{
    uint64_t behind = commit > view->at.sequence ? commit - view->at.sequence : 0;
    HUB_SET(view_standing, ret_shown, name, hub_span(view->info->name));
    HUB_SET(view_standing, ret_shown, events_behind, behind);
    HUB_SET(view_standing, ret_shown, rebuilding, view->rebuilding);
    if (view->rebuilding) {
        HUB_SET(view_standing, ret_shown, rebuild_at, view->rebuild_at);
        HUB_SET(view_standing, ret_shown, rebuild_to, view->rebuild_to);
    }
    HUB_SET(view_standing, ret_shown, parked_streams, view->parked_streams);
    HUB_SET(view_standing, ret_shown, parked_events, view->parked_events);
}

/* All views, in the call's arena. */
static struct view_standing *show_views(struct hub_call *call, uint32_t *ret_count)
{
    const struct hub_server_options *options = &call->loop->server->options;
    struct hub_arena *arena = hub_call_arena(call);
    struct hub_view_status *rows = HUB_NEW_ARRAY(arena, struct hub_view_status, VIEWS_MAX);
    struct view_standing *shown = HUB_NEW_ARRAY(arena, struct view_standing, VIEWS_MAX);
    size_t count = hub_views_status(options->views, rows, VIEWS_MAX);
    uint64_t commit = hub_log_commit(options->log).sequence;
    for (size_t i = 0; i < count; i++) {
        show_view(&rows[i], commit, &shown[i]);
    }
    *ret_count = (uint32_t) count;
    return shown;
}

void hub_system_status(struct hub_call *call)
{
    struct hub_server *server = call->loop->server;
    struct hub_position commit = hub_log_commit(server->options.log);
    bool behind = hub_views_position(server->options.views).sequence < commit.sequence;
    struct hub_runtime_stats stats;
    struct service_status reply = { 0 };
    char position[HUB_POSITION_TEXT];
    hub_position_print(commit, hub_log_identity(server->options.log), position);
    HUB_SET(service_status, &reply, status,
            is_draining(server) ? HUB_SPAN("draining")
            : behind            ? HUB_SPAN("behind")
                                : HUB_SPAN("ok"));
    HUB_SET(service_status, &reply, version, HUB_SPAN(HUB_VERSION));
    HUB_SET(service_status, &reply, uptime_seconds, uptime_s(server));
    HUB_SET(service_status, &reply, position, hub_span(position));
    if (call->caller.operator) { /* what all companies do is the business of the one that runs the hub */
        hub_runtime_stats(server->options.runtime, &stats);
        HUB_SET(service_status, &reply, active_entities, stats.active_entities);
        HUB_SET(service_status, &reply, waiting, stats.waiting);
        reply.views.at = show_views(call, &reply.views.count);
        HUB_MARK(service_status, &reply, views);
    }
    hub_respond_record(call, 200, &service_status_shape, &reply);
}

/* Ask something of the view that the path names. */
static void ask_view(struct hub_call *call, int (*what)(struct hub_views *self, const char *name))
{
    struct hub_arena *arena = hub_call_arena(call);
    struct view_named *asked = HUB_NEW(arena, struct view_named);
    struct done_reply reply = { 0 };
    if (!hub_read_body(call, arena, asked)) {
        return;
    }
    char *name = hub_arena_get(arena, asked->view_name.len + 1);
    memcpy(name, asked->view_name.at, asked->view_name.len);
    int failed = what(call->loop->server->options.views, name);
    if (failed == HUB_ERROR_not_found) {
        hub_respond_problem(call, HUB_ERROR_not_found, "/view_name", "There is no such view.");
    } else if (failed == HUB_ERROR_conflict) {
        hub_respond_problem(call, HUB_ERROR_conflict, "", "A view is being built afresh already; one at a time.");
    } else if (failed != 0) {
        hub_respond_problem(call, HUB_ERROR_internal, "", "The views cannot be read.");
    } else {
        HUB_SET(done_reply, &reply, success, true);
        hub_respond_record(call, 200, &done_reply_shape, &reply);
    }
}

void hub_system_rebuild(struct hub_call *call)
{
    ask_view(call, hub_views_rebuild);
}

void hub_system_retry(struct hub_call *call)
{
    ask_view(call, hub_views_retry);
}

/* --- abilities --- */

void hub_system_capabilities(struct hub_call *call)
{
    static const struct hub_span features[] = {
#define FEATURE(text) { (text), sizeof(text) - 1 }
        FEATURE("unified-sessions"),     FEATURE("channel-transfer"),
        FEATURE("context-preservation"), FEATURE("unified-customer-view"),
        FEATURE("time-travel"),          FEATURE("intelligent-routing"),
        FEATURE("idempotency-keys"),     FEATURE("bulk"),
        FEATURE("audit-chain"),
#undef FEATURE
    };
    struct capabilities reply = { 0 };
    hub_set channels = 0;
    for (unsigned i = 0; i < channel_vocab.count; i++) {
        channels |= UINT64_C(1) << channel_vocab.words[i].code;
    }
    HUB_SET(capabilities, &reply, channels, channels);
    reply.features = (hub_list){ .at = (void *) features, .count = sizeof features / sizeof features[0] };
    HUB_MARK(capabilities, &reply, features);
    HUB_SET(capabilities, &reply, max_body_bytes, HUB_BODY_MAX);
    HUB_SET(capabilities, &reply, max_bulk_items, HUB_BULK_MAX);
    HUB_SET(capabilities, &reply, idempotency_days, IDEMPOTENCY_DAYS);
    hub_respond_record(call, 200, &capabilities_shape, &reply);
}

void hub_system_metrics(struct hub_call *call)
{
    struct hub_buf *body = &call->loop->body;
    hub_buf_clear(body);
    hub_metrics_write(call->loop->server, body);
    hub_respond_bytes(call, 200, call->ready->route->media, hub_buf_span(body));
}

/* --- diagnostics --- */

struct examination {
    struct hub_call *call;
    struct diagnostics *reply;
    const hub_list *wanted; /* NULL: all */
};

static bool is_wanted(const struct examination *self, const char *name)
{
    const struct hub_span *wanted = self->wanted == NULL ? NULL : self->wanted->at;
    for (uint32_t i = 0; wanted != NULL && i < self->wanted->count; i++) {
        if (hub_span_is(wanted[i], hub_span(name))) {
            return true;
        }
    }
    return wanted == NULL;
}

static void examine(struct examination *self, const char *name, bool ok, const char *what, uint64_t figure)
{
    struct hub_arena *arena = hub_call_arena(self->call);
    if (!is_wanted(self, name) || self->reply->checks.count == CHECKS_MAX) {
        return;
    }
    struct diagnostic *check = &self->reply->checks.at[self->reply->checks.count++];
    char *detail = hub_arena_get(arena, DETAIL_BYTES);
    snprintf(detail, DETAIL_BYTES, "%s: %llu", what, (unsigned long long) figure);
    HUB_SET(diagnostic, check, name, hub_span(name));
    HUB_SET(diagnostic, check, ok, ok);
    HUB_SET(diagnostic, check, detail, hub_span(detail));
    self->reply->ok = self->reply->ok && ok;
}

static void examine_all(struct examination *self, const struct view_standing *views, uint32_t count)
{
    const struct hub_server_options *options = &self->call->loop->server->options;
    struct hub_runtime_stats runtime;
    struct hub_log_stats log;
    uint64_t parked = 0, behind = 0;
    hub_runtime_stats(options->runtime, &runtime);
    hub_log_stats(options->log, &log);
    for (uint32_t i = 0; i < count; i++) {
        parked += views[i].parked_streams;
        behind = views[i].events_behind > behind ? views[i].events_behind : behind;
    }
    examine(self, "disk", log.free_bytes > log.reserve_bytes, "free bytes", log.free_bytes);
    examine(self, "disk_sync", log.sync_us_max < 1000000, "longest synced write in microseconds",
            (uint64_t) log.sync_us_max);
    examine(self, "log_full", log.refused_full == 0, "appends refused for lack of disk space", log.refused_full);
    examine(self, "parked_inputs", runtime.parked == 0, "inputs set aside after three crashes", runtime.parked);
    examine(self, "dead_letters", runtime.dead == 0, "effects that were given up", runtime.dead);
    examine(self, "parked_streams", parked == 0, "streams that a view has set aside", parked);
    examine(self, "views", behind < 10000, "events that the slowest view is behind", behind);
    if (options->access != NULL) {
        struct hub_access_stats access;
        hub_access_stats(options->access, &access);
        examine(self, "accesses", !access.failing, "accesses refused because they could not be noted", access.refused);
    }
    examine(self, "overloads", runtime.overloads == 0, "commands that found a full mailbox", runtime.overloads);
}

void hub_system_diagnostics(struct hub_call *call)
{
    struct hub_arena *arena = hub_call_arena(call);
    struct diagnostics_request *asked = HUB_NEW(arena, struct diagnostics_request);
    struct diagnostics reply = { 0 };
    if (!hub_read_body(call, arena, asked)) {
        return;
    }
    HUB_SET(diagnostics, &reply, success, true);
    HUB_SET(diagnostics, &reply, ok, true);
    reply.checks.at = HUB_NEW_ARRAY(arena, struct diagnostic, CHECKS_MAX);
    HUB_MARK(diagnostics, &reply, checks);
    reply.views.at = show_views(call, &reply.views.count);
    HUB_MARK(diagnostics, &reply, views);
    struct examination self = { .call = call, .reply = &reply };
    self.wanted = HUB_HAS(diagnostics_request, asked, checks) ? &asked->checks : NULL;
    examine_all(&self, reply.views.at, reply.views.count);
    hub_respond_record(call, 200, &diagnostics_shape, &reply);
}

/* --- documents --- */

void hub_system_asyncapi(struct hub_call *call)
{
    hub_respond_bytes(call, 200, call->ready->route->media, hub_buf_span(&call->loop->server->asyncapi));
}

void hub_system_openapi(struct hub_call *call)
{
    hub_respond_bytes(call, 200, call->ready->route->media, hub_buf_span(&call->loop->server->openapi));
}

void hub_system_page(struct hub_call *call)
{
    hub_respond_bytes(call, 200, call->ready->route->media, hub_page());
}
