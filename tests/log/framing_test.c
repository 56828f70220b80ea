/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Damage to RocksDB's log files that it would follow for ever, take for their end, or read memory for, is found before it looks. */
#include "log/framing.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "log/file.h"
#include "tests/log/fixture.h"

enum { BLOCK = 32768, AT_LENGTH = 4, AT_TYPE = 6, PATH = 512 };

static int setup(void **state)
{
    fixture_setup(state);
    for (uint64_t version = 0; version < 5; version++) {
        fixture_event(*state, fixture_stream(1, 2, 1), version, "payload");
    }
    return 0;
}

static int check(struct fixture *f)
{
    char *dir = hub_path(f->dir, "log");
    f->why[0] = '\0';
    int result = hub_framing_check(dir, true, f->why, sizeof f->why);
    free(dir);
    return result;
}

/* Put bytes into the newest file of the log whose name ends so; closed. */
static void put(const struct fixture *f, const char *suffix, off_t at, struct hub_span bytes)
{
    char path[PATH];
    fixture_file(f, "log", suffix, path, sizeof path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes.at, bytes.len, at), bytes.len);
    close(fd);
}

/* Neither beside a hub nor by one; the witness, which could tell as well, is gone. */
static void assert_refused(struct fixture *f, const char *words)
{
    static const enum hub_log_mode modes[] = { HUB_LOG_FOLLOW, HUB_LOG_WRITE };
    char *witness = hub_path(f->dir, "witness");
    unlink(witness);
    free(witness);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct hub_log_options options = { .data_dir = f->dir, .world = f->world, .mode = modes[i] };
        struct hub_log *log = NULL;
        assert_true(hub_log_open(&options, &log, f->why, sizeof f->why) < 0);
        assert_null(log);
        if (strstr(f->why, words) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", f->why, words);
        }
    }
}

static void what_a_writer_wrote_is_framed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(check(f), 0);
    fixture_close(f);
    assert_int_equal(check(f), 0);
}

static void a_type_of_files_used_again_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    put(f, ".log", AT_TYPE, HUB_SPAN("\5"));
    assert_refused(f, ".log is damaged at byte 0.");
}

static void a_type_of_no_frame_is_refused_in_the_manifest_too(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    fixture_close(f);
    fixture_file(f, "log", "CURRENT", path, sizeof path);
    char manifest[64] = "";
    FILE *current = fopen(path, "re");
    assert_non_null(fgets(manifest, sizeof manifest, current));
    fclose(current);
    manifest[strcspn(manifest, "\n")] = '\0';
    put(f, manifest, AT_TYPE, HUB_SPAN("\7"));
    assert_refused(f, "MANIFEST-");
}

static void a_frame_that_leaves_its_block_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    put(f, ".log", AT_LENGTH, HUB_SPAN("\xff\xff"));
    assert_refused(f, ".log is damaged at byte 0.");
}

static void each_block_is_looked_at(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    put(f, ".log", AT_LENGTH, hub_span_of("\0\0\0", 3)); /* the rest of the first block is empty */
    put(f, ".log", BLOCK + AT_TYPE, HUB_SPAN("\1"));
    assert_int_equal(check(f), 0);
    put(f, ".log", 2 * BLOCK + AT_TYPE, HUB_SPAN("\6"));
    assert_int_equal(check(f), -1);
    assert_non_null(strstr(f->why, ".log is damaged at byte 65536"));
}

static void a_torn_end_is_nothing_to_say(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    fixture_close(f);
    fixture_file(f, "log", ".log", path, sizeof path);
    for (off_t size = 40; size >= 0; size--) {
        assert_int_equal(truncate(path, size), 0);
        assert_int_equal(check(f), 0);
    }
}

static void a_directory_that_is_not_there_is_left_to_rocksdb(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(hub_framing_check("/nowhere/at/all", true, f->why, sizeof f->why), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_writer_wrote_is_framed),
        TEST(a_type_of_files_used_again_is_refused),
        TEST(a_type_of_no_frame_is_refused_in_the_manifest_too),
        TEST(a_frame_that_leaves_its_block_is_refused),
        TEST(each_block_is_looked_at),
        TEST(a_torn_end_is_nothing_to_say),
        TEST(a_directory_that_is_not_there_is_left_to_rocksdb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
