/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `ears`: many WebSockets that listen, and what they hear how late. Prints key=value lines. */
#include "tools/bench/ears_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tools/bench/address.h"
#include "tools/bench/ears.h"
#include "tools/bench/histogram.h"
#include "tools/bench/options.h"

struct settings {
    const char *url, *post, *body;
    struct hub_texts headers;
    uint64_t sockets, stalled;
    double rate, seconds, settle;
    bool waits;
};

static const struct hub_option rows[] = {
#include "tools/bench/option_rows.h"
#include "tools/bench/ears_options.def"
    { .name = NULL },
};

static const struct hub_options options = {
    .usage = "ears --url http://HOST:PORT/PATH [options]",
    .doc = "Listen on many WebSockets while messages come in, and print how late they are heard.",
    .rows = rows,
};

static void print_times(const char *name, const struct hub_histogram *times)
{
    static const struct {
        const char *name;
        double percent;
    } points[] = { { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p999", 99.9 }, { "max", 100 } };
    printf("%s=%" PRIu64 "\n", name, hub_histogram_count(times));
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        printf("%s_%s_us=%" PRId64 "\n", name, points[i].name, hub_histogram_percentile_us(times, points[i].percent));
}

static void print_result(const struct hub_ears_result *result)
{
    printf("opened=%" PRIu64 "\nrefused=%" PRIu64 "\nopen_us=%" PRId64 "\n", result->opened, result->refused,
           result->open_us);
    printf("frames=%" PRIu64 "\nbytes=%" PRIu64 "\nposts=%" PRIu64 "\nposts_failed=%" PRIu64 "\n", result->frames,
           result->bytes, result->posts, result->posts_failed);
    printf("lost=%" PRIu64 "\ntold_to_resume=%" PRIu64 "\nstalled_open=%" PRIu64 "\n", result->lost,
           result->told_to_resume, result->stalled_open);
    print_times("heard", result->heard);
    print_times("answered", result->answered);
}

static void raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int hub_bench_ears(int argc, char **argv)
{
    struct settings settings = { .sockets = 100, .rate = 200, .seconds = 5, .settle = 1 };
    struct hub_address address;
    struct hub_ears_result result;
    const char *path;
    int rc = hub_options_read(&options, argc, argv, &settings);
    if (rc != 0)
        return rc < 0 ? 2 : 0;
    if (!settings.url || settings.sockets < 1 || settings.sockets > HUB_EARS_MAX || settings.rate <= 0 ||
        settings.stalled > settings.sockets || hub_address_of_url(settings.url, &address, &path) < 0 ||
        (settings.post != NULL) != (settings.body != NULL)) {
        fprintf(stderr, "ears: --url is needed, --sockets is 1 to %d, --post and --body belong together\n",
                HUB_EARS_MAX);
        return 2;
    }
    const struct hub_ears_plan plan = {
        .address = address.at,
        .address_len = address.len,
        .host = address.host,
        .path = path,
        .post_path = settings.post,
        .body = settings.body,
        .headers = &settings.headers,
        .sockets = (unsigned) settings.sockets,
        .stalled = (unsigned) settings.stalled,
        .rate = settings.rate,
        .duration_us = (int64_t) (settings.seconds * 1e6),
        .settle_us = (int64_t) (settings.settle * 1e6),
        .waits_for_input = settings.waits,
    };
    raise_files();
    rc = hub_ears_run(&plan, &result);
    if (rc < 0)
        fprintf(stderr, "ears: cannot run: %s\n", strerror(-rc));
    else
        print_result(&result);
    hub_histogram_destroy(&result.heard);
    hub_histogram_destroy(&result.answered);
    return rc < 0 ? 1 : 0;
}
