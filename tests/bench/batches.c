/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-batches: what RocksDB alone makes durable, one synced batch after the other, of rows as many and as long as the log's.
 *
 * This is group commit with nothing around it: no commands, no hashes, no versions, one thread. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/world.h"
#include "log/keys.h"
#include "log/rocks.h"
#include "tools/bench/histogram.h"
#include "tools/bench/options.h"

enum { KEY_BYTES = 40, EVENTS_MAX = 4096, BYTES_MAX = 65536, KEYS_MAX = 16 };

struct settings {
    const char *dir;
    uint64_t events, keys, bytes;
    double seconds;
};

static const struct hub_option rows[] = {
#include "tools/bench/option_rows.h"
#include "tests/bench/batches_options.def"
    { .name = NULL },
};

static const struct hub_options options = {
    .usage = "bench-batches --dir DIR [options]",
    .doc = "Write synced batches to a new RocksDB store, print the rate and the latency of a batch.",
    .rows = rows,
};

/* One row with the event's bytes, in order; the others have long keys in no order and nothing else. */
static void put_event(struct hub_rocks_batch *batch, const struct settings *settings, uint64_t number,
                      const char *bytes)
{
    uint64_t key[KEY_BYTES / 8] = { 0 };
    size_t keys_bytes = (size_t) (settings->keys - 1) * KEY_BYTES + 8;
    hub_put_be64((uint8_t *) key, number);
    hub_rocks_put(batch, 0, hub_span_of((const char *) key, 8),
                  hub_span_of(bytes, settings->bytes > keys_bytes ? settings->bytes - keys_bytes : 1));
    for (uint64_t i = 1; i < settings->keys; i++) {
        key[0] = i;
        key[1] = number % 4096 * UINT64_C(0x9E3779B97F4A7C15);
        hub_put_be64((uint8_t *) &key[2], number);
        hub_rocks_put(batch, 0, hub_span_of((const char *) key, KEY_BYTES), hub_span_of("", 0));
    }
}

static int measure(const struct settings *settings, struct hub_rocks *db, struct hub_histogram *latency,
                   int64_t *ret_us)
{
    const struct hub_world *world = hub_world_real();
    static char bytes[BYTES_MAX];
    char why[256];
    struct hub_rocks_batch *batch = hub_rocks_batch_new(db);
    int64_t start_us = hub_tick_us(world), now_us = start_us, until_us = start_us + (int64_t) (settings->seconds * 1e6);
    uint64_t number = 0;
    int failed = 0;
    world->random(world->self, bytes, sizeof bytes);
    while (!failed && now_us < until_us) {
        for (uint64_t i = 0; i < settings->events; i++)
            put_event(batch, settings, ++number, bytes);
        failed = hub_rocks_write(db, batch, why, sizeof why);
        int64_t before_us = now_us;
        now_us = hub_tick_us(world);
        hub_histogram_record(latency, now_us - before_us);
    }
    if (failed)
        fprintf(stderr, "bench-batches: %s\n", why);
    hub_rocks_batch_destroy(&batch);
    *ret_us = now_us - start_us;
    return failed;
}

static bool is_fine(const struct settings *settings)
{
    return settings->dir && settings->events >= 1 && settings->events <= EVENTS_MAX && settings->keys >= 1 &&
           settings->keys <= KEYS_MAX && settings->bytes >= 1 && settings->bytes <= BYTES_MAX;
}

int main(int argc, char **argv)
{
    static const char *const families[] = { "default", NULL };
    struct settings settings = { .events = 64, .keys = 4, .bytes = 460, .seconds = 2 };
    struct hub_rocks *db;
    char why[256];
    int64_t took_us;
    int rc = hub_options_read(&options, argc, argv, &settings);
    if (rc != 0)
        return rc < 0 ? 2 : 0;
    if (!is_fine(&settings)) {
        fprintf(stderr, "bench-batches: --dir is needed, the numbers have bounds; see --help\n");
        return 2;
    }
    struct hub_rocks_options open = { .dir = settings.dir, .profile = HUB_ROCKS_TRUTH, .families = families };
    if (hub_rocks_open(&open, &db, why, sizeof why) != 0) {
        fprintf(stderr, "bench-batches: %s\n", why);
        return 1;
    }
    struct hub_histogram *latency = hub_histogram_new();
    rc = latency ? measure(&settings, db, latency, &took_us) : -1;
    if (rc == 0) {
        uint64_t batches = hub_histogram_count(latency);
        printf("batches=%" PRIu64 "\nrate=%.1f\n", batches,
               (double) (batches * settings.events) * 1e6 / (double) took_us);
        printf("p50_us=%" PRId64 "\np99_us=%" PRId64 "\nmax_us=%" PRId64 "\n", hub_histogram_percentile_us(latency, 50),
               hub_histogram_percentile_us(latency, 99), hub_histogram_max_us(latency));
    }
    hub_histogram_destroy(&latency);
    hub_rocks_close(&db);
    return rc == 0 ? 0 : 1;
}
