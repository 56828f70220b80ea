/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Archives: what goes into one, who takes it in, reading it, and that every byte of it counts. */
#include "log/archive/archive.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "log/archive/archive_file.h"
#include "log/file.h"
#include "log/keys.h"
#include "log/scrub.h"
#include "log/store.h"
#include "log/verify.h"
#include "tests/log/fixture.h"

enum { EVENTS = 12, STREAMS = 2, LONG = 200 };

static const uint64_t odd[] = { 1, 3, 5, 7, 9 };
static const char odd_name[] = "1-9.arc";

/* Events of two streams in turn; each payload is its own. */
static int setup(void **state)
{
    fixture_setup(state);
    for (uint64_t i = 0; i < EVENTS; i++) {
        char payload[LONG];
        snprintf(payload, sizeof payload, "%0*d", (int) (i % 3 == 0 ? LONG - 1 : 20 + i), (int) i);
        fixture_event(*state, fixture_stream(1, 2, 1 + i % STREAMS), i / STREAMS, payload);
    }
    return 0;
}

/* What happened to the files of an order. */
struct made {
    struct hub_archive_row rows[8];
    size_t count;
    bool stops;
};

static void on_file(void *arg, const struct hub_archive_row *row)
{
    struct made *made = arg;
    made->rows[made->count++] = *row;
}

static bool goes_on(void *arg)
{
    return !((struct made *) arg)->stops;
}

static int make(struct fixture *f, const uint64_t *positions, size_t count, struct made *made)
{
    const struct hub_archive_order order = {
        .positions = positions, .count = count, .goes_on = goes_on, .on_file = on_file, .arg = made
    };
    struct hub_archive_why why = { f->why, sizeof f->why };
    int lock, entered = hub_archive_enter(f->log, &lock, why);
    assert_int_equal(entered, HUB_ARCHIVE_done);
    int result = hub_archive_make(f->log, &order, why);
    close(lock);
    return result;
}

static int adopt(struct fixture *f)
{
    return hub_archive_adopt(f->log, (struct hub_archive_why){ f->why, sizeof f->why });
}

/* The odd positions are archived. */
static void archive_odd(struct fixture *f)
{
    struct made made = { .count = 0 };
    assert_int_equal(make(f, odd, sizeof odd / sizeof odd[0], &made), HUB_ARCHIVE_done);
    assert_int_equal(made.count, 1);
    assert_true(hub_archive_has_new(f->log));
    assert_int_equal(adopt(f), HUB_ARCHIVE_done);
    assert_false(hub_archive_has_new(f->log));
}

static int setup_archived(void **state)
{
    setup(state);
    archive_odd(*state);
    return 0;
}

static enum hub_verdict verify(struct hub_log *log, struct hub_verify_report *ret_report)
{
    const struct hub_verify_options options = { .from = 0 };
    uint64_t events;
    return hub_log_verify(log, &options, ret_report, &events);
}

static struct hub_buf read_file(const struct fixture *f, const char *name)
{
    struct hub_buf bytes;
    char *dir = hub_path(f->dir, "archive");
    hub_buf_init(&bytes);
    assert_int_equal(hub_file_read(dir, name, HUB_ARCHIVE_MAX, &bytes), 0);
    free(dir);
    return bytes;
}

static void write_file(const struct fixture *f, const char *name, struct hub_span bytes)
{
    char *dir = hub_path(f->dir, "archive"), *path = hub_path(dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                  0600); /* without a sync, which thousands of cases wait for */
    assert_true(fd >= 0 && hub_write_all(fd, bytes) == 0 && close(fd) == 0);
    free(path);
    free(dir);
}

/* --- What is read --- */

static void assert_all_is_read(struct hub_log *log, const struct hub_digest *want)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored event;
    struct hub_scan *scans[] = { hub_scan_all(log, 1, 0), hub_scan_all(log, 4, 0) };
    for (uint64_t at = 1; at <= EVENTS; at++) {
        assert_int_equal(hub_log_read(log, (struct hub_position){ at }, arena, &event), 0);
        struct hub_digest digest = hub_sha256(event.payload);
        assert_true(hub_digest_is(&digest, &want[at]));
        for (size_t i = at < 4 ? 1 : 2; i-- > 0;) {
            assert_int_equal(hub_scan_next(scans[i], &event), 1);
            digest = hub_sha256(event.payload);
            assert_true(event.header.sequence == at && hub_digest_is(&digest, &want[at]));
        }
    }
    hub_scan_close(&scans[0]);
    hub_scan_close(&scans[1]);
    for (uint64_t entity = 1; entity <= STREAMS; entity++) {
        const struct hub_stream stream = fixture_stream(1, 2, entity);
        struct hub_scan *scan = hub_scan_stream(log, &stream, 1, 0);
        for (uint64_t at = entity; at <= EVENTS; at += STREAMS) {
            assert_int_equal(hub_scan_next(scan, &event), 1);
            struct hub_digest digest = hub_sha256(event.payload);
            assert_true(hub_digest_is(&digest, &want[at]));
        }
        hub_scan_close(&scan);
    }
    hub_arena_destroy(&arena);
}

static void digests_of(struct hub_log *log, struct hub_digest ret_digests[EVENTS + 1])
{
    struct hub_arena *arena = hub_arena_new(0);
    for (uint64_t at = 1; at <= EVENTS; at++) {
        struct hub_stored event;
        assert_int_equal(hub_log_read(log, (struct hub_position){ at }, arena, &event), 0);
        ret_digests[at] = hub_sha256(event.payload);
    }
    hub_arena_destroy(&arena);
}

static void a_payload_is_read_wherever_it_lies(void **state)
{
    struct fixture *f = *state;
    struct hub_digest want[EVENTS + 1];
    struct hub_verify_report report;
    digests_of(f->log, want);
    archive_odd(f);
    for (uint64_t at = 1; at <= EVENTS; at++) {
        assert_int_equal(hub_archive_is_live(f->log, at), at % 2 == 1 && at <= 9 ? HUB_ERROR_not_found : 0);
    }
    assert_all_is_read(f->log, want);
    assert_int_equal(verify(f->log, &report), HUB_VERDICT_sound);
    fixture_reopen(f);
    assert_all_is_read(f->log, want);
    assert_int_equal(verify(f->log, &report), HUB_VERDICT_sound);
}

static void archives_may_lie_among_each_other(void **state)
{
    static const uint64_t even[] = { 2, 4, 8 }, rest[] = { 6, 10 };
    struct fixture *f = *state;
    struct hub_digest want[EVENTS + 1];
    struct hub_verify_report report;
    struct made made = { .count = 0 };
    digests_of(f->log, want);
    archive_odd(f);
    assert_int_equal(make(f, even, 3, &made), HUB_ARCHIVE_done);
    assert_int_equal(make(f, rest, 2, &made), HUB_ARCHIVE_done);
    assert_int_equal(adopt(f), HUB_ARCHIVE_done);
    assert_all_is_read(f->log, want);
    assert_int_equal(verify(f->log, &report), HUB_VERDICT_sound);
}

static void a_follower_learns_of_an_archive_when_it_misses_a_row(void **state)
{
    struct fixture *f = *state;
    struct hub_digest want[EVENTS + 1];
    struct hub_log_options options = { .data_dir = f->dir, .world = f->world, .mode = HUB_LOG_FOLLOW };
    struct hub_verify_report report;
    struct hub_log *reader;
    digests_of(f->log, want);
    assert_int_equal(hub_log_open(&options, &reader, f->why, sizeof f->why), 0);
    archive_odd(f);
    assert_all_is_read(reader, want); /* as it was when it opened */
    assert_int_equal(hub_log_catch_up(reader), 0);
    assert_all_is_read(reader, want);
    assert_int_equal(verify(reader, &report), HUB_VERDICT_sound);
    hub_log_close(&reader);
}

enum { MANY = 40, READERS = 4, TURNS = 10 };

/* Every payload of the many, from the last to the first and again, as files are closed for others. */
static void *read_many(void *arg)
{
    struct hub_log *log = arg;
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_stored event;
    uintptr_t wrong = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        for (uint64_t at = hub_log_commit(log).sequence; at > EVENTS; at--) {
            hub_arena_reset(arena);
            wrong += hub_log_read(log, (struct hub_position){ at }, arena, &event) != 0 ||
                     !hub_span_is(event.payload, hub_span("one of many"));
        }
    }
    hub_arena_destroy(&arena);
    return (void *) wrong;
}

static void more_archives_than_may_be_open_are_read(void **state)
{
    struct fixture *f = *state;
    struct hub_verify_report report;
    const struct hub_stream stream = fixture_stream(1, 2, 9);
    for (uint64_t i = 0; i <= MANY; i++) {
        struct made made = { .count = 0 };
        uint64_t at = fixture_event(f, stream, i, "one of many");
        uint64_t before = at - 1;
        assert_int_equal(make(f, &before, 1, &made), HUB_ARCHIVE_done);
    }
    assert_int_equal(adopt(f), HUB_ARCHIVE_done);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(verify(f->log, &report), HUB_VERDICT_sound);
    }
    pthread_t readers[READERS];
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_many, f->log), 0);
    }
    for (int i = 0; i < READERS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(readers[i], &wrong), 0);
        assert_null(wrong);
    }
}

static void what_is_archived_is_not_archived_again(void **state)
{
    struct fixture *f = *state;
    struct made made = { .count = 0 };
    assert_int_equal(make(f, odd, sizeof odd / sizeof odd[0], &made), HUB_ARCHIVE_done);
    assert_int_equal(made.count, 0);
}

static void large_payloads_fill_several_files(void **state)
{
    enum { LARGE = 1024 * 1024 - 1, COUNT = 20 };
    struct fixture *f = *state;
    struct made made = { .count = 0 };
    struct hub_verify_report report;
    uint64_t positions[COUNT];
    char *payload = malloc(LARGE + 1);
    memset(payload, 'x', LARGE);
    payload[LARGE] = '\0';
    for (uint64_t i = 0; i < COUNT; i++) {
        positions[i] = fixture_event(f, fixture_stream(1, 2, 7), i, payload);
    }
    free(payload);
    fixture_event(f, fixture_stream(1, 2, 8), 0, "the last");
    assert_int_equal(make(f, positions, COUNT, &made), HUB_ARCHIVE_done);
    assert_int_equal(made.count, 2);
    assert_int_equal(made.rows[0].rows + made.rows[1].rows, COUNT);
    assert_int_equal(adopt(f), HUB_ARCHIVE_done);
    assert_int_equal(verify(f->log, &report), HUB_VERDICT_sound);
}

static void an_interrupted_order_writes_nothing(void **state)
{
    enum { MANY = 300 };
    struct fixture *f = *state;
    struct made made = { .stops = true };
    uint64_t positions[MANY];
    for (uint64_t i = 0; i < MANY; i++) {
        positions[i] = fixture_event(f, fixture_stream(1, 2, 3), i, "x");
    }
    assert_int_equal(make(f, positions, MANY, &made), HUB_ARCHIVE_stopped);
    assert_int_equal(made.count, 0);
    assert_false(hub_archive_has_new(f->log));
}

/* --- What is not taken in --- */

static void assert_refused(struct fixture *f, const char *name, struct hub_span bytes, const char *words)
{
    write_file(f, name, bytes);
    assert_int_equal(adopt(f), HUB_ARCHIVE_unsound);
    if (strstr(f->why, words) == NULL || strstr(f->why, name) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", f->why, words);
    }
    char *dir = hub_path(f->dir, "archive"), *path = hub_path(dir, name);
    assert_int_equal(unlink(path), 0);
    free(path);
    free(dir);
}

struct new_row {
    uint64_t sequence;
    const char *payload; /* NULL: the log's own */
};

/* A file as somebody else may have made it. */
static void refuse_made(struct fixture *f, const uint8_t log_id[16], const struct new_row rows[2], const char *words)
{
    struct hub_archive_writer writer;
    char name[HUB_ARCHIVE_NAME];
    hub_archive_start(&writer, log_id);
    for (size_t i = 0; i < 2; i++) {
        struct hub_stored event = { .payload = hub_span(rows[i].payload) };
        if (rows[i].payload == NULL) {
            assert_int_equal(hub_log_read(f->log, (struct hub_position){ rows[i].sequence }, f->arena, &event), 0);
        }
        hub_archive_add(&writer, rows[i].sequence, event.payload);
    }
    struct hub_span file = hub_archive_finish(&writer);
    hub_archive_name(rows[0].sequence, rows[1].sequence, name);
    assert_refused(f, name, file, words);
    hub_archive_done(&writer);
}

static void a_file_that_is_not_the_logs_is_not_taken_in(void **state)
{
    static const struct new_row right[] = { { 2, NULL }, { 4, NULL } }, beyond[] = { { 2, NULL }, { 90, "x" } },
                                last[] = { { 2, NULL }, { EVENTS, NULL } },
                                other[] = { { 2, NULL }, { 4, "other words" } };
    static const uint8_t strange[16] = { 1, 2, 3 };
    struct fixture *f = *state;
    const uint8_t *log_id = hub_log_identity(f->log)->log_id;
    refuse_made(f, strange, right, "it belongs to another one, or has another name");
    refuse_made(f, log_id, beyond, "its positions are not the log's");
    refuse_made(f, log_id, last, "its positions are not the log's"); /* the log's last payload stays where it is */
    refuse_made(f, log_id, other, "a payload is not the one that the log has");
    struct hub_buf file = read_file(f, odd_name);
    assert_refused(f, "2-4.arc", hub_buf_span(&file), "it belongs to another one, or has another name");
    assert_refused(f, "2-4.arc", hub_span("no archive"), "it is damaged");
    assert_refused(f, "2-4.arc", hub_span_of(file.at, file.len - 1), "it is damaged");
    hub_buf_done(&file);
    struct hub_verify_report report;
    assert_int_equal(verify(f->log, &report), HUB_VERDICT_sound);
}

static void what_is_no_file_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    char *dir = hub_path(f->dir, "archive"), *pipe = hub_path(dir, "2-4.arc");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    alarm(20);
    assert_int_equal(adopt(f), HUB_ARCHIVE_unsound);
    alarm(0);
    assert_non_null(strstr(f->why, "2-4.arc is no archive of this log: it is no file. It was not taken in."));
    free(pipe);
    free(dir);
}

/* --- Every byte counts --- */

static struct hub_archives *open_archives(struct fixture *f)
{
    struct hub_archives *archives;
    char *dir = hub_path(f->dir, "archive");
    assert_int_equal(hub_archives_new(dir, f->log->db, hub_log_identity(f->log)->log_id, false, &archives), 0);
    free(dir);
    return archives;
}

/* A row is what it was, or is not handed out. */
static void assert_right_or_nothing(struct hub_archives *archives, const struct hub_digest want[EVENTS + 1])
{
    struct hub_archive_pieces pieces;
    char why[HUB_ARCHIVE_WORDS];
    hub_archive_pieces_init(&pieces);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct hub_span payload;
        int result = hub_archives_find(archives, odd[i], &pieces, &payload, why);
        struct hub_digest digest = hub_sha256(result == 0 ? payload : hub_span(NULL));
        assert_true(result < 0 || hub_digest_is(&digest, &want[odd[i]]));
    }
    hub_archive_pieces_done(&pieces);
}

static void a_flipped_byte_is_found_wherever_it_is(void **state)
{
    struct fixture *f = *state;
    struct hub_digest want[EVENTS + 1];
    struct hub_buf file = read_file(f, odd_name);
    const struct hub_archive_row row = { .first = 1, .last = 9, .rows = 5, .bytes = file.len };
    char why[HUB_ARCHIVE_WORDS];
    digests_of(f->log, want);
    for (size_t at = 0; at < file.len; at++) {
        file.at[at] ^= 1 << at % 8;
        write_file(f, odd_name, hub_buf_span(&file));
        file.at[at] ^= 1 << at % 8;
        struct hub_archives *archives = open_archives(f);
        struct hub_archive_row named = row;
        memcpy(named.digest.b, file.at + file.len - HUB_DIGEST, HUB_DIGEST);
        assert_true(hub_archives_check(archives, &named, why) < 0);
        assert_right_or_nothing(archives, want);
        hub_archives_destroy(&archives);
    }
    write_file(f, odd_name, hub_buf_span(&file));
    hub_buf_done(&file);
}

/* Where a flipped byte is reported. */
static void assert_found(struct fixture *f, size_t at, uint64_t position, const char *words)
{
    const struct hub_log_options options = { .data_dir = f->dir, .world = f->world, .mode = HUB_LOG_FOLLOW };
    struct hub_verify_report report = { .sequence = 0 };
    struct hub_log *reader;
    struct hub_buf file = read_file(f, odd_name);
    file.at[at] ^= 1;
    write_file(f, odd_name, hub_buf_span(&file));
    assert_int_equal(hub_log_open(&options, &reader, f->why, sizeof f->why), 0);
    assert_int_equal(verify(reader, &report), HUB_VERDICT_faulty);
    if (report.sequence != position || strstr(report.what, words) == NULL) {
        fail_msg("byte %zu: position %llu: %s", at, (unsigned long long) report.sequence, report.what);
    }
    hub_log_close(&reader);
    file.at[at] ^= 1;
    write_file(f, odd_name, hub_buf_span(&file));
    hub_buf_done(&file);
}

static void a_flipped_byte_is_reported_at_its_position(void **state)
{
    enum { FIRST = HUB_ARCHIVE_HEAD, SECOND = FIRST + 12 + LONG - 1 };
    struct fixture *f = *state;
    struct hub_buf file = read_file(f, odd_name);
    size_t len = file.len;
    hub_buf_done(&file);
    fixture_close(f);
    assert_found(f, 0, 1, "its payload cannot be read: the archive 1-9.arc has a damaged head");
    assert_found(f, 10, 1, "belongs to another log");
    assert_found(f, FIRST + 12, 1, "its payload is not the one that its digest names");
    assert_found(f, SECOND + 12, 3, "its payload is not the one that its digest names");
    assert_found(f, SECOND + 7, 3, "its payload is missing");
    assert_found(f, SECOND + 8, 3, "the archive 1-9.arc is damaged there"); /* of its length */
    assert_found(f, len - HUB_ARCHIVE_END - 1, 1, "has a damaged index");
    assert_found(f, len - 1, 1, "is not the one that the log names");
}

static void a_damaged_block_is_not_handed_out(void **state)
{
    struct fixture *f = *state;
    struct hub_stored event;
    struct hub_buf file = read_file(f, odd_name);
    fixture_reopen(f); /* moves the mark, so that the next opening does not look at it */
    fixture_close(f);
    file.at[HUB_ARCHIVE_HEAD + 20] ^= 1; /* in the first payload */
    write_file(f, odd_name, hub_buf_span(&file));
    hub_buf_done(&file);
    fixture_reopen(f);
    assert_true(hub_log_read(f->log, (struct hub_position){ 1 }, f->arena, &event) < 0);
    assert_int_equal(hub_log_read(f->log, (struct hub_position){ 2 }, f->arena, &event), 0);
}

static void a_row_that_names_an_archive_cannot_be_changed_unseen(void **state)
{
    struct fixture *f = *state;
    char key[15] = "archive";
    struct hub_verify_report report;
    struct hub_log_options options = { .data_dir = f->dir, .world = f->world, .mode = HUB_LOG_FOLLOW };
    struct hub_span name = hub_span_of(key, sizeof key), wrong = HUB_SPAN("0123456789");
    struct hub_log *reader;
    hub_put_be64(key + 7, 1);
    fixture_close(f);
    fixture_poke(f, HUB_FAMILY_meta, name, &wrong);
    assert_true(hub_log_open(&options, &reader, f->why, sizeof f->why) < 0);
    assert_non_null(strstr(f->why, "has a damaged row that names an archive."));
    fixture_poke(f, HUB_FAMILY_meta, name, NULL);
    assert_int_equal(hub_log_open(&options, &reader, f->why, sizeof f->why), 0);
    assert_int_equal(verify(reader, &report), HUB_VERDICT_faulty);
    assert_int_equal(report.sequence, 1);
    assert_string_equal(report.what, "its payload is missing");
    hub_log_close(&reader);
}

/* --- A hub that is asked --- */

static void on_fault(void *arg, const struct hub_verify_report *report)
{
    (void) arg;
    fail_msg("%s", report->what);
}

static void the_scrubber_takes_in_what_it_is_asked_to(void **state)
{
    struct fixture *f = *state;
    struct made made = { .count = 0 };
    struct hub_log_options options = { .data_dir = f->dir, .world = f->world, .mode = HUB_LOG_FOLLOW };
    struct hub_archive_why why = { f->why, sizeof f->why };
    struct hub_log *reader;
    assert_int_equal(make(f, odd, 2, &made), HUB_ARCHIVE_done);
    assert_int_equal(hub_log_open(&options, &reader, f->why, sizeof f->why), 0);
    const struct hub_scrub_options scrub_options = { .log = f->log,
                                                     .events_per_second = 1000000,
                                                     .on_fault = on_fault };
    struct hub_scrub *scrub = hub_scrub_start(&scrub_options);
    assert_true(hub_archive_has_new(reader));
    assert_int_equal(hub_archive_ask(reader, NULL, NULL, why), HUB_ARCHIVE_done);
    assert_false(hub_archive_has_new(reader));
    write_file(f, "2-4.arc", hub_span("no archive"));
    assert_int_equal(hub_archive_ask(reader, NULL, NULL, why), HUB_ARCHIVE_unsound);
    assert_non_null(strstr(f->why, "it is damaged"));
    hub_scrub_stop(&scrub);
    made.stops = true;
    assert_int_equal(hub_archive_ask(reader, goes_on, &made, why), HUB_ARCHIVE_stopped);
    fixture_close(f);
    assert_int_equal(hub_archive_ask(reader, NULL, NULL, why), HUB_ARCHIVE_absent);
    hub_log_close(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_payload_is_read_wherever_it_lies, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(archives_may_lie_among_each_other, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_follower_learns_of_an_archive_when_it_misses_a_row, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(more_archives_than_may_be_open_are_read, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_archived_is_not_archived_again, setup_archived, fixture_teardown),
        cmocka_unit_test_setup_teardown(large_payloads_fill_several_files, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_order_writes_nothing, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_the_logs_is_not_taken_in, setup_archived, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_not_waited_for, setup_archived, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_flipped_byte_is_found_wherever_it_is, setup_archived, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_flipped_byte_is_reported_at_its_position, setup_archived, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_block_is_not_handed_out, setup_archived, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_row_that_names_an_archive_cannot_be_changed_unseen, setup_archived,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_scrubber_takes_in_what_it_is_asked_to, setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
