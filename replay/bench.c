/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Measuring replay. The ways are walked in turn, some rounds, and the best time of each counts: the first round warms the caches, and
 * others may be using the machine. */
#include "replay/bench.h"

#include <errno.h>
#include <inttypes.h>
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

enum { ROUNDS = 5, US_PER_S = 1000000 };

/* So much that nothing is written before the end. */
static const size_t fold_cache_bytes = (size_t) 2 << 30;

struct bench {
    struct hub_log *log;
    struct hub_raw_scan *raw;
    const char *data_dir;
    char *dir; /* owned; scratch, removed at the end */
    FILE *out;
    uint64_t events;
    struct hub_rows *rows;           /* owned; what was folded last */
    struct hub_projector *projector; /* owned */
};

static int scan_rows(struct bench *self, uint64_t *ret_events)
{
    uint64_t bytes;
    return hub_raw_scan_walk(self->raw, ret_events, &bytes);
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
    const struct hub_refold_options options = { .data_dir = self->data_dir,
                                                .log = self->log,
                                                .scratch_dir = self->dir };
    int verdict = hub_refold(&options, &report, why, sizeof why);
    *ret_events = report.events;
    return verdict == HUB_REFOLD_same ? 0 : -1;
}

struct way {
    const char *name;
    int (*walk)(struct bench *self, uint64_t *ret_events);
    int64_t best_us, best_cpu_us; /* by the clock; processor time of all threads, which other programs disturb less */
    uint64_t events;
};

static int64_t cpu_us(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return (int64_t) spent.tv_sec * US_PER_S + spent.tv_nsec / 1000;
}

static int64_t lesser(int64_t best, int64_t found)
{
    return best == 0 || found < best ? found : best;
}

/* Letting go of all states at once is no part of folding: that is only done here. */
static int measure(struct bench *self, struct way *way)
{
    int64_t began_us = hub_tick_us(hub_world_real()), cpu_began_us = cpu_us();
    int done = way->walk(self, &way->events);
    int64_t took_us = hub_tick_us(hub_world_real()) - began_us, took_cpu_us = cpu_us() - cpu_began_us;
    hub_projector_destroy(&self->projector);
    hub_rows_memory_destroy(&self->rows);
    if (done < 0) {
        return -1;
    }
    way->best_us = lesser(way->best_us, took_us);
    way->best_cpu_us = lesser(way->best_cpu_us, took_cpu_us);
    return 0;
}

static int measure_all(struct bench *self)
{
    struct way ways[] = {
        { .name = "scan", .walk = scan_rows },    { .name = "fold", .walk = fold_states },
        { .name = "chain", .walk = check_chain }, { .name = "view", .walk = fold_views },
        { .name = "verify", .walk = verify_all },
    };
    enum { WAYS = sizeof ways / sizeof ways[0] };
    fprintf(self->out, "events=%" PRIu64 "\n", self->events);
    for (size_t i = 0; i < (size_t) ROUNDS * WAYS; i++) {
        if (measure(self, &ways[i % WAYS]) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < WAYS; i++) {
        int64_t us = ways[i].best_us > 0 ? ways[i].best_us : 1;
        double events = ways[i].events > 0 ? (double) ways[i].events : 1;
        fprintf(self->out, "%s_events_per_s=%.0f\n", ways[i].name, (double) ways[i].events * US_PER_S / (double) us);
        fprintf(self->out, "%s_cpu_ns=%.0f\n", ways[i].name, (double) ways[i].best_cpu_us * 1000 / events);
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

int hub_replay_bench(const char *data_dir, const char *scratch_dir, FILE *out, char *ret_why, size_t why_size)
{
    struct bench self = { .out = out, .data_dir = data_dir, .dir = scratch_new(scratch_dir) };
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
