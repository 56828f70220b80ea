/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Measuring replay. The ways are walked in turn, some rounds: the first one warms the caches, and others may be using the machine. */
#include "replay/bench.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "log/stored.h"
#include "replay/afresh.h"
#include "replay/directory.h"
#include "replay/projector.h"
#include "replay/raw_scan.h"
#include "replay/refold.h"
#include "replay/views/all.h"

enum { ROUNDS = 5, ROUNDS_MAX = 99, WAYS = 6, US_PER_S = 1000000 };

/* So much that nothing is written before the end. */
static const size_t fold_cache_bytes = (size_t) 2 << 30;

struct bench {
    const struct hub_replay_bench_options *options;
    struct hub_log *log;
    struct hub_raw_scan *raw;
    char *dir; /* owned; scratch, removed at the end */
    FILE *out;
    uint64_t events;
    struct hub_rows *rows;           /* owned; what was folded last */
    struct hub_projector *projector; /* owned */
};

static int scan_rows(struct bench *self, uint64_t *ret_events)
{
    return hub_raw_scan_walk(self->raw, 1, 0, ret_events);
}

struct half {
    struct bench *bench;
    uint64_t events;
    int done;
};

static void *scan_half(void *arg)
{
    struct half *self = arg;
    self->done = hub_raw_scan_walk(self->bench->raw, self->bench->events / 2 + 1, 0, &self->events);
    return NULL;
}

static int scan_by_two(struct bench *self, uint64_t *ret_events)
{
    struct half second = { .bench = self };
    uint64_t events = 0, middle = self->events / 2;
    pthread_t thread;
    if (pthread_create(&thread, NULL, scan_half, &second) != 0) {
        return -1;
    }
    int done = middle > 0 ? hub_raw_scan_walk(self->raw, 1, middle, &events) : 0;
    pthread_join(thread, NULL);
    *ret_events = events + second.events;
    return done < 0 ? done : second.done;
}

static int fold_states(struct bench *self, uint64_t *ret_events)
{
    static const struct hub_view_info *const entities[] = { &hub_view_entities };
    self->rows = hub_rows_memory_new();
    const struct hub_projector_options options = {
        .rows = *self->rows,
        .views = entities,
        .count = 1,
        .cache_bytes = fold_cache_bytes,
    };
    self->projector = hub_projector_new(&options);
    struct hub_scan *scan = hub_scan_all(self->log, 1, self->events);
    struct hub_stored stored;
    int found = 1;
    int done = 0;
    uint64_t events = 0;
    while (done == 0 && (found = hub_scan_next(scan, &stored)) == 1) {
        hub_projector_expect(self->projector, hub_scan_ahead(scan, HUB_FOLD_EXPECT));
        done = hub_projector_fold(self->projector, &stored);
        events++;
    }
    hub_scan_close(&scan);
    *ret_events = events;
    return done != 0 ? done : found;
}

static int check_chain(struct bench *self, uint64_t *ret_events)
{
    struct hub_scan *scan = hub_scan_all(self->log, 1, self->events);
    struct hub_digest hash = hub_chain_start(hub_log_identity(self->log));
    struct hub_stored stored;
    int found;
    uint64_t events = 0;
    while ((found = hub_scan_next(scan, &stored)) == 1) {
        struct hub_digest digest = hub_sha256(stored.payload);
        hash = hub_chain_next(&hash, stored.header_bytes, &digest);
        if (!hub_digest_is(&hash, &stored.hash)) {
            found = -1;
            break;
        }
        events++;
    }
    hub_scan_close(&scan);
    *ret_events = events;
    return found;
}

static int fold_views(struct bench *self, uint64_t *ret_events)
{
    struct hub_afresh *afresh;
    char why[256];
    const struct hub_afresh_options options = { .log = self->log, .scratch_dir = self->dir };
    int done = hub_afresh_fold(&options, &afresh, why, sizeof why);
    if (done == 0) {
        *ret_events = hub_views_position(hub_afresh_views(afresh)).sequence;
        hub_afresh_destroy(&afresh);
    }
    return done;
}

static int verify_all(struct bench *self, uint64_t *ret_events)
{
    struct hub_refold_report report;
    char why[256];
    const struct hub_refold_options options = { .data_dir = self->options->data_dir,
                                                .log = self->log,
                                                .scratch_dir = self->dir };
    int verdict = hub_refold(&options, &report, why, sizeof why);
    *ret_events = report.events;
    return verdict == HUB_REFOLD_same ? 0 : -1;
}

/* One walk: by the clock, and the processor time of all threads, which other programs disturb less. */
struct took {
    int64_t us, cpu_us;
};

struct way {
    const char *name;
    int (*walk)(struct bench *self, uint64_t *ret_events);
    bool is_wanted;
    uint64_t events;
    struct took rounds[ROUNDS_MAX];
};

static int64_t cpu_us(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return (int64_t) spent.tv_sec * US_PER_S + spent.tv_nsec / 1000;
}

/* Letting go of all states at once is no part of folding: that is only done here. */
static int measure(struct bench *self, struct way *way, struct took *ret_took)
{
    int64_t began_us = hub_tick_us(hub_world_real()), cpu_began_us = cpu_us();
    int done = way->walk(self, &way->events);
    int64_t us = hub_tick_us(hub_world_real()) - began_us, spent_us = cpu_us() - cpu_began_us;
    *ret_took = (struct took){ us > 0 ? us : 1, spent_us > 0 ? spent_us : 1 };
    hub_projector_destroy(&self->projector);
    hub_rows_memory_destroy(&self->rows);
    return done < 0 ? -1 : 0;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;
    return (left > right) - (left < right);
}

/* The median of how fast a way is beside the scan of the same round. */
static double ratio(const struct way *scan, const struct way *way, unsigned rounds, bool by_cpu)
{
    double ratios[ROUNDS_MAX] = { 0 };
    for (unsigned i = 0; i < rounds; i++) {
        const struct took *one = &scan->rounds[i], *other = &way->rounds[i];
        ratios[i] = by_cpu ? (double) one->cpu_us / (double) other->cpu_us : (double) one->us / (double) other->us;
    }
    qsort(ratios, rounds, sizeof ratios[0], by_size);
    return ratios[rounds / 2];
}

static void print(const struct bench *self, const struct way *ways, const struct way *way, unsigned rounds)
{
    struct took best = way->rounds[0];
    for (unsigned i = 1; i < rounds; i++) {
        best.us = way->rounds[i].us < best.us ? way->rounds[i].us : best.us;
        best.cpu_us = way->rounds[i].cpu_us < best.cpu_us ? way->rounds[i].cpu_us : best.cpu_us;
    }
    double events = way->events > 0 ? (double) way->events : 1;
    fprintf(self->out, "%s_events_per_s=%.0f\n", way->name, (double) way->events * US_PER_S / (double) best.us);
    fprintf(self->out, "%s_cpu_ns=%.0f\n", way->name, (double) best.cpu_us * 1000 / events);
    if (way != ways && ways->is_wanted) {
        fprintf(self->out, "%s_of_scan=%.3f\n", way->name, ratio(ways, way, rounds, false));
        fprintf(self->out, "%s_cpu_of_scan=%.3f\n", way->name, ratio(ways, way, rounds, true));
    }
}

static int measure_all(struct bench *self)
{
    struct way ways[WAYS] = {
        { .name = "scan", .walk = scan_rows },   { .name = "pair", .walk = scan_by_two },
        { .name = "fold", .walk = fold_states }, { .name = "chain", .walk = check_chain },
        { .name = "view", .walk = fold_views },  { .name = "verify", .walk = verify_all },
    };
    unsigned rounds = self->options->rounds > 0 ? self->options->rounds : ROUNDS;
    rounds = rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX;
    fprintf(self->out, "events=%" PRIu64 "\n", self->events);
    for (unsigned i = 0; i < rounds; i++) {
        for (unsigned k = 0; k < WAYS; k++) {
            const char *wanted = self->options->ways;
            ways[k].is_wanted = wanted == NULL || strstr(wanted, ways[k].name) != NULL;
            if (ways[k].is_wanted && measure(self, &ways[k], &ways[k].rounds[i]) < 0) {
                return -1;
            }
        }
    }
    for (unsigned k = 0; k < WAYS; k++) {
        if (ways[k].is_wanted) {
            print(self, ways, &ways[k], rounds);
        }
    }
    return 0;
}

static char *scratch_new(const char *scratch_dir)
{
    size_t size = strlen(scratch_dir) + sizeof "/bench-XXXXXX";
    char *dir = hub_memory_new(size);
    snprintf(dir, size, "%s/bench-XXXXXX", scratch_dir);
    return dir;
}

static int open_all(struct bench *self, const char *data_dir, char *ret_why, size_t why_size)
{
    const struct hub_log_options options = {
        .data_dir = data_dir,
        .world = hub_world_real(),
        .mode = HUB_LOG_FOLLOW,
    };
    if (mkdtemp(self->dir) == NULL) {
        snprintf(ret_why, why_size, "%s cannot be made: %s", self->dir, strerror(errno));
        return -1;
    }
    size_t size = strlen(self->dir) + sizeof "/raw";
    char *raw_dir = hub_memory_new(size);
    snprintf(raw_dir, size, "%s/raw", self->dir);
    int done = hub_log_open(&options, &self->log, ret_why, why_size);
    done = done == 0 ? hub_raw_scan_open(data_dir, raw_dir, &self->raw, ret_why, why_size) : done;
    free(raw_dir);
    return done;
}

int hub_replay_bench(const struct hub_replay_bench_options *options, FILE *out, char *ret_why, size_t why_size)
{
    const char *data_dir = options->data_dir;
    struct bench self = { .options = options, .out = out, .dir = scratch_new(options->scratch_dir) };
    int done = open_all(&self, data_dir, ret_why, why_size);
    if (done == 0) {
        self.events = hub_log_commit(self.log).sequence;
        done = measure_all(&self);
        if (done < 0) {
            snprintf(ret_why, why_size, "the log of %s cannot be read to its end", data_dir);
        }
    }
    hub_raw_scan_close(&self.raw);
    hub_log_close(&self.log);
    hub_directory_empty(self.dir);
    rmdir(self.dir);
    free(self.dir);
    return done;
}
