/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of metrics.def and one gauge per view. */
#include "api/metrics.h"

#include "api/live/feed.h"
#include "api/live/live.h"
#include "log/access/access.h"
#include "log/log.h"

enum { VIEWS_MAX = 64 };

struct figures {
    uint64_t commit, views_position, uptime_s;
    uint64_t requests, problems, connections, calmed, under_way, unclaimed;
    uint64_t parsed, parse_us, replied, reply_us;
    uint64_t sockets, sockets_opened, slow_sockets, resumed, reloaded, said, refused;
    struct hub_feed_stats feed;
    struct hub_runtime_stats runtime;
    struct hub_log_stats log;
    struct hub_access_stats access;
};

static void gather_live(const struct hub_live *live, struct figures *figures)
{
    figures->sockets += atomic_load(&live->sockets);
    figures->sockets_opened += atomic_load(&live->opened);
    figures->slow_sockets += atomic_load(&live->slow);
    figures->resumed += atomic_load(&live->resumed);
    figures->reloaded += atomic_load(&live->reloaded);
    figures->said += atomic_load(&live->said);
    figures->refused += atomic_load(&live->refused);
}

static void gather(struct hub_server *server, struct figures *figures)
{
    const struct hub_server_options *options = &server->options;
    *figures = (struct figures){ 0 };
    figures->commit = hub_log_commit(options->log).sequence;
    figures->views_position = hub_views_position(options->views).sequence;
    figures->uptime_s = (uint64_t) (hub_tick_us(options->world) - server->started_us) / 1000000;
    for (unsigned i = 0; i < server->loop_count; i++) {
        struct hub_loop *loop = &server->loops[i];
        figures->requests += atomic_load(&loop->requests);
        figures->problems += atomic_load(&loop->problems);
        figures->connections += atomic_load(&loop->connections);
        figures->calmed += atomic_load(&loop->calmed);
        figures->under_way += atomic_load(&loop->under_way);
        figures->unclaimed += atomic_load(&loop->unclaimed);
        figures->parsed += atomic_load(&loop->parsed);
        figures->parse_us += atomic_load(&loop->parse_us);
        figures->replied += atomic_load(&loop->replied);
        figures->reply_us += atomic_load(&loop->reply_us);
        if (hub_loop_enter(loop)) {
            gather_live(loop->live, figures);
            hub_loop_leave(loop);
        }
    }
    hub_feed_stats(server->feed, &figures->feed);
    hub_runtime_stats(options->runtime, &figures->runtime);
    hub_log_stats(options->log, &figures->log);
    if (options->access != NULL) {
        hub_access_stats(options->access, &figures->access);
    }
}

static void put_head(struct hub_buf *out, const char *name, const char *type, const char *doc)
{
    hub_buf_put_text(out, "# HELP ");
    hub_buf_put_text(out, name);
    hub_buf_put_byte(out, ' ');
    hub_buf_put_text(out, doc);
    hub_buf_put_text(out, "\n# TYPE ");
    hub_buf_put_text(out, name);
    hub_buf_put_byte(out, ' ');
    hub_buf_put_text(out, type);
    hub_buf_put_byte(out, '\n');
}

static void put_value(struct hub_buf *out, const char *name, uint64_t value)
{
    hub_buf_put_text(out, name);
    hub_buf_put_byte(out, ' ');
    hub_buf_put_u64(out, value);
    hub_buf_put_byte(out, '\n');
}

static void put_of_view(struct hub_buf *out, const char *name, const char *view, uint64_t value)
{
    hub_buf_put_text(out, name);
    hub_buf_put_text(out, "{view=\"");
    hub_buf_put_text(out, view);
    hub_buf_put_text(out, "\"} ");
    hub_buf_put_u64(out, value);
    hub_buf_put_byte(out, '\n');
}

static void put_views(struct hub_buf *out, const struct hub_views *views)
{
    struct hub_view_status rows[VIEWS_MAX];
    size_t count = hub_views_status(views, rows, VIEWS_MAX);
    put_head(out, "omnihub_view_position", "gauge", "Position that a view has reached.");
    for (size_t i = 0; i < count; i++) {
        put_of_view(out, "omnihub_view_position", rows[i].info->name, rows[i].at.sequence);
    }
    put_head(out, "omnihub_view_parked_events", "gauge", "Events that a view has set aside.");
    for (size_t i = 0; i < count; i++) {
        put_of_view(out, "omnihub_view_parked_events", rows[i].info->name, rows[i].parked_events);
    }
}

void hub_metrics_write(struct hub_server *server, struct hub_buf *out)
{
    struct figures gathered, *figures = &gathered;
    gather(server, figures);
#define METRIC(name, type, value, doc) \
    put_head(out, #name, #type, doc);  \
    put_value(out, #name, value);
#include "api/metrics.def"
#undef METRIC
    put_views(out, server->options.views);
}
