/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A log in a fresh directory, and short ways to write to it. */
#include "tests/log/fixture.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "log/keys.h"
#include "log/rocks.h"

static const int64_t start_us = INT64_C(1767225600) * 1000 * 1000; /* 2026-01-01 */

int fixture_setup(void **state)
{
    struct fixture *self = calloc(1, sizeof *self);
    snprintf(self->dir, sizeof self->dir, "/tmp/omnihub-test-XXXXXX");
    assert_non_null(mkdtemp(self->dir));
    self->world = hub_world_fake_new(start_us, 1);
    self->arena = hub_arena_new(0);
    *state = self;
    fixture_reopen(self);
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void) info;
    (void) kind;
    (void) walk;
    return remove(path);
}

void fixture_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int fixture_teardown(void **state)
{
    struct fixture *self = *state;
    fixture_close(self);
    fixture_remove(self->dir);
    hub_world_fake_destroy(&self->world);
    hub_arena_destroy(&self->arena);
    free(self);
    return 0;
}

void fixture_close(struct fixture *self)
{
    hub_log_close(&self->log);
    hub_keyring_close(&self->ring);
}

int fixture_open(struct fixture *self)
{
    self->why[0] = '\0';
    const struct hub_keyring_options ring = { .data_dir = self->dir, .create = true, .world = self->world };
    assert_int_equal(hub_keyring_open(&ring, &self->ring, self->why, sizeof self->why), 0);
    struct hub_log_options options = {
        .data_dir = self->dir,
        .world = self->world,
        .keyring = self->ring,
        .mode = HUB_LOG_WRITE,
        .node = 7,
        .reserve_bytes = self->reserve_bytes,
        .no_sync = true,
    };
    return hub_log_open(&options, &self->log, self->why, sizeof self->why);
}

void fixture_reopen(struct fixture *self)
{
    fixture_close(self);
    if (fixture_open(self) != 0) {
        fail_msg("%s", self->why);
    }
}

struct hub_ulid fixture_id(uint64_t number)
{
    struct hub_ulid id = { { 0x01, 0x99 } };
    hub_put_be64(id.b + 8, number);
    return id;
}

struct hub_stream fixture_stream(uint64_t company, uint8_t kind, uint64_t entity)
{
    return (struct hub_stream){ .company = fixture_id(company), .kind = kind, .entity = fixture_id(entity) };
}

void fixture_write(struct fixture *self, struct hub_append *const *appends, size_t count)
{
    struct hub_log_sink sink = hub_log_sink(self->log);
    if (sink.write(sink.self, appends, count, self->why, sizeof self->why) != 0) {
        fail_msg("%s", self->why);
    }
}

uint64_t fixture_event(struct fixture *self, struct hub_stream stream, uint64_t version_before, const char *payload)
{
    struct hub_new_event event = { .type = 0x0200, .schema = 1, .payload = hub_span(payload) };
    struct hub_append append = { .stream = stream,
                                 .expected_version = version_before,
                                 .decided_at_us = start_us,
                                 .events = &event,
                                 .event_count = 1 };
    struct hub_append *one = &append;
    fixture_write(self, &one, 1);
    assert_int_equal(append.result, HUB_APPENDED);
    return append.first.sequence;
}

void fixture_file(const struct fixture *self, const char *folder, const char *suffix, char *ret_path, size_t size)
{
    char dir[2 * FIXTURE_DIR], found[256] = "";
    snprintf(dir, sizeof dir, "%s/%s", self->dir, folder);
    DIR *entries = opendir(dir);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        size_t len = strlen(entry->d_name), tail = strlen(suffix);
        if (len >= tail && strcmp(entry->d_name + len - tail, suffix) == 0 && strcmp(entry->d_name, found) > 0) {
            snprintf(found, sizeof found, "%s", entry->d_name);
        }
    }
    closedir(entries);
    assert_true(found[0] != '\0');
    snprintf(ret_path, size, "%s/%s", dir, found);
}

void fixture_poke(struct fixture *self, unsigned family, struct hub_span key, const struct hub_span *value)
{
    char dir[2 * FIXTURE_DIR];
    assert_null(self->log);
    snprintf(dir, sizeof dir, "%s/log", self->dir);
    struct hub_rocks_options options = { .dir = dir, .profile = HUB_ROCKS_TRUTH, .families = hub_log_families };
    struct hub_rocks *db;
    if (hub_rocks_open(&options, &db, self->why, sizeof self->why) != 0) {
        fail_msg("%s", self->why);
    }
    struct hub_rocks_batch *batch = hub_rocks_batch_new(db);
    if (value == NULL) {
        hub_rocks_delete(batch, family, key);
    } else {
        hub_rocks_put(batch, family, key, *value);
    }
    assert_int_equal(hub_rocks_write(db, batch, self->why, sizeof self->why), 0);
    hub_rocks_batch_destroy(&batch);
    hub_rocks_close(&db);
}
