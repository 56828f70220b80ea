/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Measurements inside of the hub, without HTTP: replay, activation. */
#include "tools/bench/bench_inside.h"

#include <stdlib.h>

#include "actors/entity.h"
#include "base/memory.h"
#include "replay/bench.h"
#include "tools/bench/options.h"
#include "tools/bench/bench_hub.h"
#include "tools/tool.h"

struct settings {
    const char *data, *ways;
    uint64_t runs, rounds;
};

static const struct hub_option replay_rows[] = {
    { "--data", HUB_OPTION_TEXT, offsetof(struct settings, data), "DIR", "data directory (./var)" },
    { "--ways", HUB_OPTION_TEXT, offsetof(struct settings, ways), "NAMES",
      "of scan, pair, fold, chain, view, verify, with commas (all)" },
    { "--rounds", HUB_OPTION_COUNT, offsetof(struct settings, rounds), "N", "in each, every way once (5)" },
    { .name = NULL },
};
static const struct hub_option activation_rows[] = {
    { "--runs", HUB_OPTION_COUNT, offsetof(struct settings, runs), "N",
      "activations of each kind; the median counts (200)" },
    { .name = NULL },
};

/* Returns -1 to go on, or an exit status. */
static int read_options(const struct hub_options *options, int argc, char **argv, struct settings *settings)
{
    int read = hub_options_read(options, argc, argv, settings);
    return read == 0 ? -1 : read > 0 ? HUB_EXIT_OK : HUB_EXIT_USAGE;
}

int hub_bench_replay(int argc, char **argv)
{
    static const struct hub_options options = { "bench replay [options]",
                                                "How fast events are scanned, folded, checked.", replay_rows };
    struct settings settings = { .data = "./var" };
    char why[512] = "";
    const char *place = getenv("TMPDIR");
    int status = read_options(&options, argc, argv, &settings);
    if (status >= 0)
        return status;
    const struct hub_replay_bench_options bench = { .data_dir = settings.data,
                                                    .scratch_dir = place && *place ? place : "/tmp",
                                                    .ways = settings.ways,
                                                    .rounds = (unsigned) settings.rounds };
    if (hub_replay_bench(&bench, stdout, why, sizeof why) != 0)
        return hub_tool_fail("%s", why);
    return HUB_EXIT_OK;
}

/* --- activation --- */

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *) a, right = *(const int64_t *) b;
    return left < right ? -1 : left > right;
}

/* Brings an entity into an empty table, again and again. Returns the median in microseconds, < 0 when it cannot be read. */
static int64_t activate(struct hub_log *log, struct hub_snapshots snapshots, const struct hub_stream *stream,
                        uint64_t runs)
{
    const struct hub_world *world = hub_world_real();
    int64_t *took = hub_memory_zero(sizeof *took * (runs + 1));
    int error = 0;
    for (uint64_t i = 0; !error && i < runs; i++) {
        const struct hub_entities_options options = {
            .log = log, .snapshots = snapshots, .room = 16, .idle_us = INT64_MAX
        };
        struct hub_entities *entities = hub_entities_new(&options);
        struct hub_entity *entity = NULL;
        int64_t begun = hub_tick_us(world);
        error = hub_entities_get(entities, stream, false, begun, &entity);
        took[i] = hub_tick_us(world) - begun;
        error = error || !entity->state ? -1 : 0;
        hub_entities_destroy(&entities);
    }
    qsort(took, runs, sizeof *took, by_size);
    int64_t median = error ? -1 : took[runs / 2];
    free(took);
    return median;
}

static int no_snapshot(void *self, const struct hub_stream *stream, struct hub_buf *ret_state, uint64_t *ret_version,
                       struct hub_position *ret_at)
{
    (void) self;
    (void) stream;
    (void) ret_state;
    (void) ret_version;
    (void) ret_at;
    return HUB_ERROR_not_found;
}

int hub_bench_activation(int argc, char **argv)
{
    enum { EVENTS = 1000 };
    static const struct hub_options options = { "bench activation [options]",
                                                "How long it takes to bring a session of 1,000 events into memory.",
                                                activation_rows };
    struct settings settings = { .runs = 200 };
    struct hub_bench_hub *bench = NULL;
    struct hub_stream session, customer;
    char why[512] = "the session could not be made";
    int status = read_options(&options, argc, argv, &settings);
    if (status >= 0)
        return status;
    if (settings.runs == 0)
        return hub_tool_misused("--runs is at least 1");
    status = HUB_EXIT_FAILED;
    if (hub_bench_hub_open(&bench, why, sizeof why) == 0 &&
        hub_bench_hub_talk(bench, 1, EVENTS - 1, &session, &customer) == 0 && hub_bench_hub_settle(bench) == 0) {
        struct hub_hub *hub = hub_bench_hub(bench);
        int64_t without = activate(hub_hub_log(hub), (struct hub_snapshots){ .find = no_snapshot }, &session,
                                   settings.runs);
        int64_t with = activate(hub_hub_log(hub), hub_views_snapshots(hub_hub_views(hub)), &session, settings.runs);
        printf("events=%d\nwithout_snapshot_us=%lld\nwith_snapshot_us=%lld\n", EVENTS, (long long) without,
               (long long) with);
        status = without >= 0 && with >= 0 ? HUB_EXIT_OK : HUB_EXIT_FAILED;
    }
    if (status != HUB_EXIT_OK)
        hub_tool_fail("%s", why);
    hub_bench_hub_close(&bench);
    return status;
}
