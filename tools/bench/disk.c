/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-disk: how many appends a second a directory makes durable, one after the other.
 *
 * No log can acknowledge single events faster than this; group commit is measured by how far it gets beyond. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/world.h"
#include "tools/bench/histogram.h"
#include "tools/bench/options.h"

#define SIZE_LIMIT_BYTES (UINT64_C(16) << 20)
#define RESERVE_BYTES (INT64_C(64) << 20)

struct settings {
    const char *dir;
    uint64_t size;
    double seconds;
    bool is_unsynced, is_reserved;
};

static const struct hub_option rows[] = {
#include "tools/bench/option_rows.h"
#include "tools/bench/disk_options.def"
    { .name = NULL },
};

static const struct hub_options options = {
    .usage = "bench-disk [options]",
    .doc = "Append to a file, make each append durable with fdatasync, print the rate and the latency.",
    .rows = rows,
};

/* A file that has no name any more, so that nothing is left behind. */
static int open_file(const struct settings *settings)
{
    char *path = NULL;
    if (asprintf(&path, "%s/bench-disk.XXXXXX", settings->dir) < 0)
        return -ENOMEM;
    int fd = mkostemp(path, O_CLOEXEC | O_APPEND);
    int rc = fd < 0 ? -errno : fd;
    if (fd >= 0)
        unlink(path);
    free(path);
    return rc;
}

static int append(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0 && errno != EINTR)
            return -errno;
        bytes += done > 0 ? done : 0;
        len -= done > 0 ? (size_t) done : 0;
    }
    return 0;
}

/* Sets room aside ahead of `end`, without changing the file's size. */
static int reserve(int fd, int64_t end, int64_t *reserved)
{
    if (end <= *reserved)
        return 0;
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, *reserved, RESERVE_BYTES) < 0)
        return -errno;
    *reserved += RESERVE_BYTES;
    return 0;
}

static int measure(const struct settings *settings, int fd, struct hub_histogram *latency, int64_t *ret_elapsed_us)
{
    const struct hub_world *world = hub_world_real();
    int64_t start_us = hub_tick_us(world), now_us = start_us, reserved = 0, end = 0;
    int64_t stop_us = start_us + (int64_t) (settings->seconds * 1e6);
    int rc = 0;
    char *bytes = malloc(settings->size);
    if (!bytes)
        return -ENOMEM;
    memset(bytes, 'x', settings->size);
    while (rc == 0 && now_us < stop_us) {
        end += (int64_t) settings->size;
        if (settings->is_reserved)
            rc = reserve(fd, end, &reserved);
        if (rc == 0)
            rc = append(fd, bytes, settings->size);
        if (rc == 0 && !settings->is_unsynced && fdatasync(fd) < 0)
            rc = -errno;
        int64_t before_us = now_us;
        now_us = hub_tick_us(world);
        hub_histogram_record(latency, now_us - before_us);
    }
    free(bytes);
    *ret_elapsed_us = now_us - start_us;
    return rc;
}

static void print(const struct settings *settings, const struct hub_histogram *latency, int64_t elapsed_us)
{
    printf("size_bytes=%" PRIu64 "\nsync=%d\nreserved=%d\n", settings->size, !settings->is_unsynced,
           settings->is_reserved);
    printf("appends=%" PRIu64 "\n", hub_histogram_count(latency));
    printf("rate=%.1f\n", elapsed_us ? (double) hub_histogram_count(latency) * 1e6 / (double) elapsed_us : 0.0);
    printf("mean_us=%.1f\n", hub_histogram_mean_us(latency));
    printf("p50_us=%" PRId64 "\np99_us=%" PRId64 "\nmax_us=%" PRId64 "\n", hub_histogram_percentile_us(latency, 50),
           hub_histogram_percentile_us(latency, 99), hub_histogram_max_us(latency));
}

int main(int argc, char **argv)
{
    struct settings settings = { .dir = ".", .size = 512, .seconds = 2 };
    int64_t elapsed_us = 0;
    int rc = hub_options_read(&options, argc, argv, &settings);
    if (rc != 0)
        return rc < 0 ? 2 : 0;
    if (settings.size < 1 || settings.size > SIZE_LIMIT_BYTES || settings.seconds > 3600) {
        fprintf(stderr, "bench-disk: --size is 1 to %" PRIu64 ", --seconds at most 3600\n", SIZE_LIMIT_BYTES);
        return 2;
    }
    struct hub_histogram *latency = hub_histogram_new();
    int fd = open_file(&settings);
    rc = fd < 0 ? fd : latency ? measure(&settings, fd, latency, &elapsed_us) : -ENOMEM;
    if (rc < 0)
        fprintf(stderr, "bench-disk: cannot measure %s: %s\n", settings.dir, strerror(-rc));
    else
        print(&settings, latency, elapsed_us);
    if (fd >= 0)
        close(fd);
    hub_histogram_destroy(&latency);
    return rc < 0 ? 1 : 0;
}
