/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `load`: the load generator at the command line. */
#include "tools/bench/load_command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/world.h"
#include "tools/bench/address.h"
#include "tools/bench/file.h"
#include "tools/bench/load.h"
#include "tools/bench/load_report.h"
#include "tools/bench/load_result.h"
#include "tools/bench/options.h"
#include "tools/bench/request.h"
#include "tools/bench/rows.h"

struct settings {
    const char *url, *method, *body, *body_file, *rows_file;
    struct hub_texts headers;
    uint64_t connections, first_counter;
    double seconds, warmup, drain, rate;
    bool is_once, is_plain;
};

static const struct hub_option rows[] = {
#include "tools/bench/option_rows.h"
#include "tools/bench/load_options.def"
    { .name = NULL },
};

static const struct hub_options options = {
    .usage = "load --url http://HOST:PORT/PATH [options]",
    .doc = "Put load on an HTTP/1.1 server and print rate, latency and statuses.",
    .rows = rows,
};

/* What a plan borrows, made from the settings. */
struct parts {
    char *body_text;
    size_t body_len;
    struct hub_rows *rows;
    struct hub_request *request;
    struct hub_address address;
};

static void parts_done(struct parts *self)
{
    free(self->body_text);
    hub_rows_destroy(&self->rows);
    hub_request_destroy(&self->request);
}

static int complain(const char *what, const char *which, int rc)
{
    fprintf(stderr, "load: %s %s%s%s\n", what, which, rc ? ": " : "", rc ? strerror(-rc) : "");
    return -1;
}

static int read_files(const struct settings *settings, struct parts *parts)
{
    int rc = 0;
    if (settings->body_file)
        rc = hub_bench_file_read(settings->body_file, &parts->body_text, &parts->body_len);
    if (rc < 0)
        return complain("cannot read", settings->body_file, rc);
    if (settings->rows_file)
        rc = hub_rows_open(settings->rows_file, &parts->rows);
    return rc < 0 ? complain("cannot use", settings->rows_file, rc) : 0;
}

static int make_parts(const struct settings *settings, struct parts *parts)
{
    const char *path;
    if (hub_address_of_url(settings->url, &parts->address, &path) < 0)
        return complain("cannot use --url", settings->url, 0);
    if (read_files(settings, parts) < 0)
        return -1;
    struct hub_request_spec spec = {
        .method = settings->method,
        .host = parts->address.host,
        .path = path,
        .headers = settings->headers.at,
        .header_count = settings->headers.count,
        .body = parts->body_text ? parts->body_text : settings->body,
        .body_len = parts->body_text ? parts->body_len
                    : settings->body ? strlen(settings->body)
                                     : 0,
    };
    int rc = hub_request_new(&spec, parts->rows, &parts->request);
    return rc < 0 ? complain("the template needs --rows for", "{1} to {4}", rc) : 0;
}

static struct hub_load_plan plan_of(const struct settings *settings, const struct parts *parts)
{
    return (struct hub_load_plan){
        .world = hub_world_real(),
        .address = parts->address.at,
        .address_len = parts->address.len,
        .request = parts->request,
        .rows = parts->rows,
        .is_head = strcmp(settings->method, "HEAD") == 0,
        .connections = (unsigned) settings->connections,
        .warmup_us = (int64_t) (settings->warmup * 1e6),
        .duration_us = (int64_t) (settings->seconds * 1e6),
        .drain_us = (int64_t) (settings->drain * 1e6),
        .is_once = settings->is_once,
        .first_counter = settings->first_counter,
        .rate = settings->rate,
    };
}

static bool is_sound(const struct settings *settings)
{
    bool is_in_range = settings->connections >= 1 && settings->connections <= HUB_LOAD_CONNECTIONS_MAX;
    return settings->url && is_in_range && settings->seconds <= 86400 && settings->warmup <= 86400 &&
           settings->drain <= 86400 && !(settings->is_once && !settings->rows_file) &&
           !(settings->body && settings->body_file);
}

static int run(const struct settings *settings, const struct parts *parts)
{
    struct hub_load_result result;
    struct hub_load_plan plan = plan_of(settings, parts);
    int rc = hub_load_run(&plan, &result);
    if (rc < 0) {
        complain("cannot run", settings->url, rc);
        return 1;
    }
    if (settings->is_plain)
        hub_load_report_plain(&result, stdout);
    else
        hub_load_report_table(&result, stdout);
    hub_load_result_done(&result);
    return 0;
}

int hub_bench_load(int argc, char **argv)
{
    struct parts parts = { 0 };
    struct settings settings = { .method = "GET", .connections = 64, .seconds = 5, .warmup = 0.3, .drain = 2 };
    int rc = hub_options_read(&options, argc, argv, &settings);
    if (rc != 0)
        return rc < 0 ? 2 : 0;
    if (!is_sound(&settings)) {
        fprintf(stderr,
                "load: --url is needed, --connections is 1 to %d, times are at most a day, --once needs --rows, "
                "and a body is given once\n",
                HUB_LOAD_CONNECTIONS_MAX);
        return 2;
    }
    rc = make_parts(&settings, &parts) < 0 ? 1 : run(&settings, &parts);
    parts_done(&parts);
    return rc;
}
