/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* `zactor`: what one CZMQ actor for each entity would cost.
 *
 * The hub keeps entities as plain structs inside a few worker actors (virtual actors). This measures the other
 * choice, a thread and a pipe of its own for every entity, so that the decision can be checked again whenever
 * libraries or machines change. It stops at a number of actors that every machine survives. */
#include "tools/bench/zactor.h"

#include <czmq.h>
#include <dirent.h>
#include <inttypes.h>

#include "base/world.h"
#include "tools/bench/histogram.h"
#include "tools/bench/options.h"

enum { ACTORS_MAX = 400, TRIPS_MAX = 10000 };

struct settings {
    uint64_t actors, trips;
};

static const struct hub_option rows[] = {
#include "tools/bench/option_rows.h"
#include "tools/bench/zactor_options.def"
    { .name = NULL },
};

static const struct hub_options options = {
    .usage = "zactor [options]",
    .doc = "Start one CZMQ actor for each of N entities and print what one costs.",
    .rows = rows,
};

/* What the process uses. */
struct usage {
    int64_t resident_bytes, descriptors, threads;
};

static int64_t entries_in(const char *path)
{
    int64_t entries = 0;
    DIR *dir = opendir(path);
    if (!dir)
        return -1;
    while (readdir(dir))
        entries++;
    closedir(dir);
    return entries;
}

static struct usage usage_now(void)
{
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (statm) {
        if (fscanf(statm, "%*s %ld", &pages) != 1)
            pages = 0;
        fclose(statm);
    }
    return (struct usage){
        .resident_bytes = (int64_t) pages * sysconf(_SC_PAGESIZE),
        .descriptors = entries_in("/proc/self/fd"),
        .threads = entries_in("/proc/self/task"),
    };
}

/* The entity: sends back what it gets, until told to end. */
static void entity(zsock_t *pipe, void *arg)
{
    (void) arg;
    zsock_signal(pipe, 0);
    while (true) {
        zmsg_t *message = zmsg_recv(pipe);
        zframe_t *first = message ? zmsg_first(message) : NULL;
        bool is_over = !first || zframe_streq(first, "$TERM");
        if (is_over) {
            zmsg_destroy(&message);
            return;
        }
        zmsg_send(&message, pipe);
    }
}

/* Returns how many could be started. */
static uint64_t start_all(zactor_t **actors, uint64_t wanted, struct hub_histogram *create)
{
    const struct hub_world *world = hub_world_real();
    for (uint64_t i = 0; i < wanted; i++) {
        int64_t before_us = hub_tick_us(world);
        actors[i] = zactor_new(entity, NULL);
        if (!actors[i])
            return i;
        hub_histogram_record(create, hub_tick_us(world) - before_us);
    }
    return wanted;
}

static bool make_trips(zactor_t **actors, uint64_t count, uint64_t trips, struct hub_histogram *latency)
{
    const struct hub_world *world = hub_world_real();
    for (uint64_t i = 0; i < count * trips; i++) {
        zactor_t *actor = actors[i % count];
        int64_t before_us = hub_tick_us(world);
        if (zstr_send(actor, "PING") != 0)
            return false;
        char *answer = zstr_recv(actor);
        if (!answer)
            return false;
        zstr_free(&answer);
        hub_histogram_record(latency, hub_tick_us(world) - before_us);
    }
    return true;
}

static void print_latency(const char *name, const struct hub_histogram *latency)
{
    printf("%s_mean_us=%.1f\n%s_p50_us=%" PRId64 "\n%s_p99_us=%" PRId64 "\n", name, hub_histogram_mean_us(latency),
           name, hub_histogram_percentile_us(latency, 50), name, hub_histogram_percentile_us(latency, 99));
}

static void print_usage_each(struct usage before, struct usage after, uint64_t count)
{
    double each = (double) count;
    printf("resident_bytes_per_actor=%.0f\n", (double) (after.resident_bytes - before.resident_bytes) / each);
    printf("descriptors_per_actor=%.2f\n", (double) (after.descriptors - before.descriptors) / each);
    printf("threads_per_actor=%.2f\n", (double) (after.threads - before.threads) / each);
}

static bool measure(const struct settings *settings, struct hub_histogram *create, struct hub_histogram *trip)
{
    zactor_t *actors[ACTORS_MAX] = { NULL };
    zsock_t *first = zsock_new(ZMQ_PUSH); /* CZMQ's own threads and sockets are there before the count starts */
    struct usage before = usage_now();
    uint64_t started = start_all(actors, settings->actors, create);
    struct usage after = usage_now();
    bool is_fine = started > 0 && make_trips(actors, started, settings->trips, trip);
    if (is_fine) {
        printf("actors=%" PRIu64 "\nactors_wanted=%" PRIu64 "\n", started, settings->actors);
        print_latency("create", create);
        print_latency("round_trip", trip);
        print_usage_each(before, after, started);
    }
    for (uint64_t i = 0; i < started; i++)
        zactor_destroy(&actors[i]);
    zsock_destroy(&first);
    return is_fine;
}

int hub_bench_zactor(int argc, char **argv)
{
    struct settings settings = { .actors = 200, .trips = 20 };
    int rc = hub_options_read(&options, argc, argv, &settings);
    if (rc != 0)
        return rc < 0 ? 2 : 0;
    bool is_sound = settings.actors >= 1 && settings.actors <= ACTORS_MAX && settings.trips >= 1 &&
                    settings.trips <= TRIPS_MAX;
    if (!is_sound) {
        fprintf(stderr, "zactor: --actors is 1 to %d, --trips 1 to %d\n", ACTORS_MAX, TRIPS_MAX);
        return 2;
    }
    struct hub_histogram *create = hub_histogram_new(), *trip = hub_histogram_new();
    bool is_fine = create && trip && measure(&settings, create, trip);
    if (!is_fine)
        fprintf(stderr, "zactor: the actors did not start or did not answer\n");
    hub_histogram_destroy(&create);
    hub_histogram_destroy(&trip);
    return is_fine ? 0 : 1;
}
