/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What opening a log checks and refuses. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "log/file.h"
#include "log/keys.h"
#include "log/meta.h"
#include "log/store.h"
#include "log/verify.h"
#include "log/witness.h"
#include "tests/log/fixture.h"

static void write_some(struct fixture *f, uint64_t from, uint64_t to)
{
    for (uint64_t version = from; version < to; version++) {
        fixture_event(f, fixture_stream(1, 2, 1), version, "payload");
    }
}

/* Expect the next open to be refused with a sentence that says this. */
static void assert_refused(struct fixture *f, const char *words)
{
    fixture_close(f);
    assert_true(fixture_open(f) < 0);
    assert_null(f->log);
    if (strstr(f->why, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", f->why, words);
    }
    size_t len = strlen(f->why);
    assert_true(len > 0 && f->why[len - 1] == '.');
    hub_keyring_close(&f->ring);
}

static struct hub_witness witness_of(struct fixture *f)
{
    struct hub_witness witness;
    assert_int_equal(hub_witness_read(f->dir, &witness, f->why, sizeof f->why), 0);
    return witness;
}

static void a_second_writer_is_refused(void **state)
{
    struct fixture *f = *state;
    struct hub_log_options options = { .data_dir = f->dir, .world = f->world, .mode = HUB_LOG_WRITE };
    struct hub_log *second = NULL;
    assert_int_equal(hub_log_open(&options, &second, f->why, sizeof f->why), HUB_ERROR_conflict);
    assert_null(second);
    assert_non_null(strstr(f->why, "Another hub is using"));
    write_some(f, 0, 1); /* the first one goes on */
}

static void a_log_keeps_its_identity(void **state)
{
    struct fixture *f = *state;
    struct hub_log_identity before = *hub_log_identity(f->log);
    assert_int_equal(before.incarnation, 1);
    fixture_reopen(f);
    assert_memory_equal(&before, hub_log_identity(f->log), sizeof before);
}

static void the_witness_is_written_at_close(void **state)
{
    struct fixture *f = *state;
    write_some(f, 0, 3);
    struct hub_digest hash;
    assert_int_equal(hub_log_hash(f->log, (struct hub_position){ 3 }, &hash), 0);
    fixture_close(f);
    struct hub_witness witness = witness_of(f);
    assert_int_equal(witness.sequence, 3);
    assert_true(hub_digest_is(&witness.hash, &hash));
}

static void the_witness_is_at_most_a_second_behind(void **state)
{
    struct fixture *f = *state;
    struct hub_log_sink sink = hub_log_sink(f->log);
    hub_world_fake_advance(f->world, 1000 * 1000);
    write_some(f, 0, 1);
    assert_int_equal(witness_of(f).sequence, 1);
    write_some(f, 1, 2);
    assert_int_equal(witness_of(f).sequence, 1);
    hub_world_fake_advance(f->world, 1000 * 1000);
    assert_int_equal(sink.write(sink.self, NULL, 0, f->why, sizeof f->why), 0);
    assert_int_equal(witness_of(f).sequence, 2);
}

static void a_head_older_than_the_witness_is_refused(void **state)
{
    struct fixture *f = *state;
    write_some(f, 0, 3);
    fixture_close(f);
    struct hub_witness witness = witness_of(f);
    witness.sequence = 4;
    assert_int_equal(hub_witness_write(f->dir, &witness), 0);
    assert_refused(f, "ends at 3, but the witness saw 4: acknowledged events are missing");
}

static void another_event_than_the_witness_saw_is_refused(void **state)
{
    struct fixture *f = *state;
    write_some(f, 0, 3);
    fixture_close(f);
    struct hub_witness witness = witness_of(f);
    witness.sequence = 2;
    assert_int_equal(hub_witness_write(f->dir, &witness), 0);
    assert_refused(f, "Event 2 of the log");
}

static void the_witness_of_another_log_is_refused(void **state)
{
    struct fixture *f = *state;
    write_some(f, 0, 1);
    fixture_close(f);
    struct hub_witness witness = witness_of(f);
    witness.identity.log_id[0] ^= 1;
    assert_int_equal(hub_witness_write(f->dir, &witness), 0);
    assert_refused(f, "belongs to another log");
}

static void a_damaged_witness_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[FIXTURE_DIR + 16];
    fixture_close(f);
    snprintf(path, sizeof path, "%s/witness", f->dir);
    for (int at = 0; at < 77; at += 4) {
        struct hub_buf bytes;
        hub_buf_init(&bytes);
        assert_int_equal(hub_file_read(f->dir, "witness", 100, &bytes), 0);
        assert_int_equal(bytes.len, 76);
        if (at == 76) {
            hub_buf_put_byte(&bytes, 0);
        } else {
            bytes.at[at] ^= 1;
        }
        assert_int_equal(hub_file_replace(f->dir, "witness", hub_buf_span(&bytes)), 0);
        assert_refused(f, "is damaged");
        bytes.at[at] ^= at == 76 ? 0 : 1;
        bytes.len = 76;
        assert_int_equal(hub_file_replace(f->dir, "witness", hub_buf_span(&bytes)), 0);
        hub_buf_done(&bytes);
    }
    assert_int_equal(truncate(path, 40), 0);
    assert_refused(f, "is damaged");
}

static void a_file_that_cannot_be_replaced_leaves_no_other(void **state)
{
    struct fixture *f = *state;
    char path[FIXTURE_DIR + 32];
    snprintf(path, sizeof path, "%s/taken", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(hub_file_replace(f->dir, "taken", HUB_SPAN("text")) < 0);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(rmdir(path), 0);
    snprintf(path, sizeof path, "%s/taken.new", f->dir);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_log_without_witness_opens(void **state)
{
    struct fixture *f = *state;
    char path[FIXTURE_DIR + 16];
    write_some(f, 0, 2);
    fixture_close(f);
    snprintf(path, sizeof path, "%s/witness", f->dir);
    assert_int_equal(unlink(path), 0);
    fixture_reopen(f);
    assert_int_equal(hub_log_commit(f->log).sequence, 2);
}

static void a_witness_without_log_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[FIXTURE_DIR + 16];
    write_some(f, 0, 2);
    fixture_close(f);
    snprintf(path, sizeof path, "%s/log", f->dir);
    fixture_remove(path);
    assert_refused(f, "the log was lost");
}

/* --- The part behind the verified mark --- */

/* Write five events and make the log believe that only the first two were verified. */
static void leave_three_unverified(struct fixture *f, struct hub_mark *ret_mark)
{
    write_some(f, 0, 2);
    ret_mark->sequence = 2;
    assert_int_equal(hub_log_hash(f->log, (struct hub_position){ 2 }, &ret_mark->hash), 0);
    write_some(f, 2, 5);
    fixture_close(f);
    uint8_t row[40];
    hub_put_be64(row, 2);
    memcpy(row + 8, ret_mark->hash.b, 32);
    struct hub_span value = hub_span_of(row, sizeof row);
    fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("verified"), &value);
}

static void a_missing_header_is_refused(void **state)
{
    struct fixture *f = *state;
    struct hub_mark mark;
    leave_three_unverified(f, &mark);
    struct hub_sequence_key key = hub_sequence_key(4);
    fixture_poke(f, HUB_FAMILY_header, HUB_KEY_SPAN(key), NULL);
    assert_refused(f, "damaged at position 4: its header is missing");
}

static void a_missing_payload_is_refused(void **state)
{
    struct fixture *f = *state;
    struct hub_mark mark;
    leave_three_unverified(f, &mark);
    struct hub_sequence_key key = hub_sequence_key(3);
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(key), NULL);
    assert_refused(f, "damaged at position 3: its payload is missing");
}

static void another_payload_is_refused(void **state)
{
    struct fixture *f = *state;
    struct hub_mark mark;
    leave_three_unverified(f, &mark);
    struct hub_sequence_key key = hub_sequence_key(5);
    struct hub_span value = HUB_SPAN("pAyload");
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(key), &value);
    assert_refused(f, "damaged at position 5: its payload is not the one that its digest names");
}

static void headers_and_payloads_of_different_length_are_refused(void **state)
{
    struct fixture *f = *state;
    struct hub_mark mark;
    leave_three_unverified(f, &mark);
    struct hub_sequence_key key = hub_sequence_key(5);
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(key), NULL);
    assert_refused(f, "has headers up to 5, but payloads up to 4");
}

static void a_changed_mark_is_refused(void **state)
{
    struct fixture *f = *state;
    struct hub_mark mark;
    leave_three_unverified(f, &mark);
    uint8_t row[40];
    hub_put_be64(row, 2);
    memcpy(row + 8, mark.hash.b, 32);
    row[20] ^= 1;
    struct hub_span value = hub_span_of(row, sizeof row);
    fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("verified"), &value);
    assert_refused(f, "damaged at position 2: its chain hash is not the one that was verified before");
    hub_put_be64(row, 6);
    fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("verified"), &value);
    assert_refused(f, "it was verified up to 6 before");
}

static void damage_before_the_mark_is_not_looked_for_at_start(void **state)
{
    struct fixture *f = *state;
    write_some(f, 0, 5);
    fixture_close(f);
    fixture_reopen(f); /* moves the mark to 5 */
    fixture_close(f);
    struct hub_sequence_key key = hub_sequence_key(2);
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(key), NULL);
    fixture_reopen(f);
}

static void another_format_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    uint8_t row[22] = { 0, 9 };
    struct hub_span value = hub_span_of(row, sizeof row);
    fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("identity"), &value);
    assert_refused(f, "has format 9; this program knows format 1");
    value.len = 21;
    fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("identity"), &value);
    assert_refused(f, "cannot be read");
}

static void events_without_identity_are_refused(void **state)
{
    struct fixture *f = *state;
    write_some(f, 0, 1);
    fixture_close(f);
    fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("identity"), NULL);
    assert_refused(f, "There is no log in");
}

static void an_unreadable_store_is_refused_with_its_own_words(void **state)
{
    struct fixture *f = *state;
    char path[2 * FIXTURE_DIR];
    write_some(f, 0, 1);
    fixture_close(f);
    snprintf(path, sizeof path, "%s/log/CURRENT", f->dir);
    FILE *current = fopen(path, "w");
    fputs("MANIFEST-999999\n", current);
    fclose(current);
    assert_refused(f, "cannot be opened");
}

static void a_directory_that_cannot_be_made_is_refused(void **state)
{
    struct fixture *f = *state;
    struct hub_log_options options = { .data_dir = "/proc/omnihub", .world = f->world, .mode = HUB_LOG_WRITE };
    struct hub_log *log = NULL;
    assert_true(hub_log_open(&options, &log, f->why, sizeof f->why) < 0);
    assert_non_null(strstr(f->why, "The directory /proc/omnihub cannot be made"));
}

/* --- Following --- */

static struct hub_log *follow(struct fixture *f)
{
    struct hub_log_options options = { .data_dir = f->dir, .world = f->world, .mode = HUB_LOG_FOLLOW };
    struct hub_log *log = NULL;
    if (hub_log_open(&options, &log, f->why, sizeof f->why) != 0) {
        fail_msg("%s", f->why);
    }
    return log;
}

static void a_follower_sees_what_a_running_writer_wrote(void **state)
{
    struct fixture *f = *state;
    write_some(f, 0, 3);
    struct hub_log *reader = follow(f);
    assert_int_equal(hub_log_commit(reader).sequence, 3);
    write_some(f, 3, 5);
    assert_int_equal(hub_log_commit(reader).sequence, 3);
    assert_int_equal(hub_log_catch_up(reader), 0);
    assert_int_equal(hub_log_commit(reader).sequence, 5);
    struct hub_stored event;
    struct hub_scan *scan = hub_scan_all(reader, 0, 0);
    for (uint64_t i = 1; i <= 5; i++) {
        assert_int_equal(hub_scan_next(scan, &event), 1);
        assert_int_equal(event.header.sequence, i);
        assert_true(hub_span_is(event.payload, HUB_SPAN("payload")));
    }
    assert_int_equal(hub_scan_next(scan, &event), 0);
    hub_scan_close(&scan);
    assert_memory_equal(hub_log_identity(reader), hub_log_identity(f->log), sizeof(struct hub_log_identity));
    hub_log_close(&reader);
    assert_null(reader);
    write_some(f, 5, 6);
}

static void a_follower_goes_on_while_files_come_and_go(void **state)
{
    struct fixture *f = *state;
    write_some(f, 0, 3);
    struct hub_log *reader = follow(f);
    for (uint64_t round = 1; round < 30; round++) {
        write_some(f, 3 * round, 3 * round + 3);
        if (round % 2 == 0) {
            assert_int_equal(hub_rocks_flush(f->log->db), 0); /* new tables, a new WAL; the old one goes */
        }
        assert_int_equal(hub_log_catch_up(reader), 0);
        assert_int_equal(hub_log_commit(reader).sequence, 3 * round + 3);
        struct hub_stream stream = fixture_stream(1, 2, 1);
        uint64_t version;
        assert_int_equal(hub_log_stream_version(reader, &stream, &version), 0);
        assert_int_equal(version, 3 * round + 3);
        struct hub_verify_options options = { 0 };
        struct hub_verify_report report;
        uint64_t events;
        assert_int_equal(hub_log_verify(reader, &options, &report, &events), HUB_VERDICT_sound);
    }
    hub_log_close(&reader);
}

static void there_is_nothing_to_follow_without_a_log(void **state)
{
    struct fixture *f = *state;
    char dir[FIXTURE_DIR + 16];
    snprintf(dir, sizeof dir, "%s/none", f->dir);
    struct hub_log_options options = { .data_dir = dir, .world = f->world, .mode = HUB_LOG_FOLLOW };
    struct hub_log *log = NULL;
    assert_true(hub_log_open(&options, &log, f->why, sizeof f->why) < 0);
    assert_null(log);
    assert_true(f->why[0] != '\0');
    assert_int_equal(access(dir, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_second_writer_is_refused),
        TEST(a_log_keeps_its_identity),
        TEST(the_witness_is_written_at_close),
        TEST(the_witness_is_at_most_a_second_behind),
        TEST(a_head_older_than_the_witness_is_refused),
        TEST(another_event_than_the_witness_saw_is_refused),
        TEST(the_witness_of_another_log_is_refused),
        TEST(a_damaged_witness_is_refused),
        TEST(a_file_that_cannot_be_replaced_leaves_no_other),
        TEST(a_log_without_witness_opens),
        TEST(a_witness_without_log_is_refused),
        TEST(a_missing_header_is_refused),
        TEST(a_missing_payload_is_refused),
        TEST(another_payload_is_refused),
        TEST(headers_and_payloads_of_different_length_are_refused),
        TEST(a_changed_mark_is_refused),
        TEST(damage_before_the_mark_is_not_looked_for_at_start),
        TEST(another_format_is_refused),
        TEST(events_without_identity_are_refused),
        TEST(an_unreadable_store_is_refused_with_its_own_words),
        TEST(a_directory_that_cannot_be_made_is_refused),
        TEST(a_follower_sees_what_a_running_writer_wrote),
        TEST(a_follower_goes_on_while_files_come_and_go),
        TEST(there_is_nothing_to_follow_without_a_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
