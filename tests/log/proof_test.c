/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who kept one signed checkpoint finds a log that was cut, rewritten or forked; and what was not, proves itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "log/file.h"
#include "log/proof/notary.h"
#include "log/proof/proof.h"
#include "tests/log/fixture.h"

enum { EVENTS = 700, KEPT = 300 };

/* A log with its tree, and the key of the one hub that signs for it. */
struct desk {
    struct fixture *fixture;
    struct hub_tree *tree;
    struct hub_note_key key;
};

static void write_events(struct fixture *fixture, uint64_t from, uint64_t to, const char *payload)
{
    for (uint64_t version = from; version < to; version++) {
        (void) fixture_event(fixture, fixture_stream(1, 2, 3), version, payload);
    }
}

static void open_desk(struct desk *self, struct fixture *fixture, bool grows)
{
    static const uint8_t seed[HUB_NOTE_SEED] = { 7 };
    char origin[HUB_ORIGIN];
    self->fixture = fixture;
    assert_int_equal(hub_tree_open(fixture->log, fixture->dir, grows, &self->tree), 0);
    hub_checkpoint_origin(hub_log_identity(fixture->log), origin);
    assert_true(hub_note_key_make(hub_span(origin), seed, &self->key));
}

static struct hub_checkpoint checkpoint_of(struct desk *self, uint64_t size)
{
    struct hub_buf note;
    struct hub_checkpoint checkpoint;
    hub_buf_init(&note);
    assert_int_equal(hub_checkpoint_sign(self->tree, self->fixture->log, size, &self->key, &note), 0);
    assert_true(hub_checkpoint_open(&self->key, hub_buf_span(&note), &checkpoint));
    hub_buf_done(&note);
    return checkpoint;
}

static struct hub_prover prover_of(struct desk *self)
{
    return (struct hub_prover){ .log = self->fixture->log, .tree = self->tree, .key = &self->key };
}

/* Whether the desk can prove that its log grew from the checkpoint that somebody kept. */
static bool grew_from(struct desk *self, const struct hub_checkpoint *kept)
{
    const struct hub_prover prover = prover_of(self);
    uint64_t size = hub_log_commit(self->fixture->log).sequence;
    struct log_proof proof;
    struct hub_proved proved;
    const char *why;
    if (kept->head.size > size) {
        return false; /* there is nothing to prove it with */
    }
    assert_int_equal(hub_prove_consistency(&prover, kept->head.size, size, self->fixture->arena, &proof), 0);
    assert_int_equal(hub_proof_check(&proof, &self->key, self->fixture->arena, &proved, &why), 0);
    return strcmp(kept->origin, proved.before.origin) == 0 && proved.before.head.size == kept->head.size &&
           hub_digest_is(&proved.before.head.root, &kept->head.root);
}

static void a_log_that_only_grew_proves_it(void **state)
{
    struct desk desk;
    write_events(*state, 0, KEPT, "one");
    open_desk(&desk, *state, false);
    struct hub_checkpoint kept = checkpoint_of(&desk, KEPT), none = checkpoint_of(&desk, 0);
    write_events(*state, KEPT, EVENTS, "two");
    assert_true(grew_from(&desk, &kept));
    assert_true(grew_from(&desk, &none));
    hub_tree_close(&desk.tree);
}

static void every_event_is_proved_with_and_without_the_file(void **state)
{
    for (int with = 0; with < 2; with++) {
        struct desk desk;
        write_events(*state, with == 0 ? 0 : EVENTS, EVENTS, "words");
        open_desk(&desk, *state, with == 1);
        if (with == 1) {
            assert_int_equal(hub_tree_grow(desk.tree, 99), EVENTS / 256);
            assert_int_equal(hub_tree_size(desk.tree), EVENTS / 256 * 256);
        }
        const struct hub_prover prover = prover_of(&desk);
        struct fixture *fixture = desk.fixture;
        for (uint64_t at = 1; at <= EVENTS; at += at < 10 || at > 690 ? 1 : 37) {
            struct log_proof proof;
            struct hub_proved proved;
            const char *why;
            assert_int_equal(hub_prove_inclusion(&prover, at, EVENTS, fixture->arena, &proof), 0);
            assert_int_equal(hub_proof_check(&proof, &desk.key, fixture->arena, &proved, &why), 0);
            assert_int_equal(proved.event.header.sequence, at);
            assert_true(proved.event.payload.len == 5 && memcmp(proved.event.payload.at, "words", 5) == 0);
        }
        hub_tree_close(&desk.tree);
    }
}

static void a_log_cut_short_is_found(void **state)
{
    struct fixture *whole = *state;
    struct desk desk;
    struct hub_checkpoint kept;
    void *second;
    write_events(whole, 0, EVENTS, "one");
    open_desk(&desk, whole, false);
    kept = checkpoint_of(&desk, EVENTS);
    hub_tree_close(&desk.tree);
    assert_int_equal(fixture_setup(&second), 0);
    write_events(second, 0, KEPT, "one");
    open_desk(&desk, second, false);
    assert_string_equal(checkpoint_of(&desk, 1).origin, kept.origin); /* it passes for the same log */
    assert_false(grew_from(&desk, &kept));
    write_events(second, KEPT, EVENTS + 1, "two"); /* and grew again, to hide it */
    assert_false(grew_from(&desk, &kept));
    hub_tree_close(&desk.tree);
    fixture_teardown(&second);
}

static void a_log_rewritten_is_found(void **state)
{
    struct fixture *real = *state;
    struct desk desk;
    void *second;
    write_events(real, 0, KEPT, "one");
    open_desk(&desk, real, false);
    struct hub_checkpoint kept = checkpoint_of(&desk, KEPT);
    hub_tree_close(&desk.tree);
    assert_int_equal(fixture_setup(&second), 0);
    write_events(second, 0, 5, "one");
    write_events(second, 5, 6, "1ne");
    write_events(second, 6, EVENTS, "one");
    open_desk(&desk, second, false);
    assert_string_equal(checkpoint_of(&desk, 1).origin, kept.origin);
    assert_false(grew_from(&desk, &kept));
    hub_tree_close(&desk.tree);
    fixture_teardown(&second);
}

static void a_log_forked_is_found_by_one_of_two_who_compare(void **state)
{
    struct fixture *first = *state;
    struct desk one, other;
    void *second;
    assert_int_equal(fixture_setup(&second), 0);
    write_events(first, 0, KEPT, "one");
    write_events(second, 0, KEPT, "one");
    open_desk(&one, first, false);
    open_desk(&other, second, false);
    struct hub_checkpoint common = checkpoint_of(&one, KEPT);
    write_events(first, KEPT, EVENTS, "shown to one");
    write_events(second, KEPT, EVENTS + 5, "shown to another");
    struct hub_checkpoint shown = checkpoint_of(&one, EVENTS);
    assert_true(grew_from(&one, &common));
    assert_true(grew_from(&other, &common));
    assert_false(grew_from(&other, &shown));
    hub_tree_close(&one.tree);
    hub_tree_close(&other.tree);
    fixture_teardown(&second);
}

static void a_damaged_checkpoint_is_told_from_one_of_another_key(void **state)
{
    static const uint8_t seed[HUB_NOTE_SEED] = { 8 };
    struct fixture *fixture = *state;
    struct desk desk;
    struct hub_note_key renewed, other;
    struct hub_checkpoint said;
    struct hub_buf note;
    hub_buf_init(&note);
    write_events(fixture, 0, 3, "words");
    open_desk(&desk, fixture, false);
    assert_true(hub_note_key_make(hub_span(desk.key.name), seed, &renewed));
    assert_true(hub_note_key_make(hub_span("omnihub/other"), seed, &other));
    assert_int_equal(hub_checkpoint_sign(desk.tree, fixture->log, 3, &desk.key, &note), 0);
    assert_true(hub_checkpoint_is_foreign(&renewed, hub_buf_span(&note), &said));
    assert_true(hub_checkpoint_is_foreign(&other, hub_buf_span(&note), &said));
    assert_string_equal(said.origin, desk.key.name);
    for (size_t i = 0; i < note.len * 8; i++) {
        note.at[i / 8] ^= (char) (1 << i % 8);
        assert_false(hub_checkpoint_is_foreign(&desk.key, hub_buf_span(&note), &said));
        note.at[i / 8] ^= (char) (1 << i % 8);
    }
    hub_buf_done(&note);
    hub_tree_close(&desk.tree);
}

static void a_proof_that_was_changed_shows_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct desk desk;
    write_events(fixture, 0, EVENTS, "words");
    open_desk(&desk, fixture, false);
    const struct hub_prover prover = prover_of(&desk);
    struct log_proof proof;
    struct hub_proved proved;
    const char *why;
    assert_int_equal(hub_prove_inclusion(&prover, 99, EVENTS, fixture->arena, &proof), 0);
    struct hub_span *parts[] = { &proof.checkpoint, &proof.previous, &proof.header, &proof.payload, &proof.path };
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        char *bytes = (char *) parts[p]->at;
        for (size_t i = 0; i < parts[p]->len * 8; i += 3) {
            bytes[i / 8] ^= (char) (1 << i % 8);
            assert_true(hub_proof_check(&proof, &desk.key, fixture->arena, &proved, &why) < 0);
            bytes[i / 8] ^= (char) (1 << i % 8);
        }
        size_t len = parts[p]->len;
        parts[p]->len = len - 1;
        assert_true(hub_proof_check(&proof, &desk.key, fixture->arena, &proved, &why) < 0);
        parts[p]->len = len;
    }
    proof.position = 98;
    assert_true(hub_proof_check(&proof, &desk.key, fixture->arena, &proved, &why) < 0);
    proof.position = 99;
    assert_int_equal(hub_proof_check(&proof, &desk.key, fixture->arena, &proved, &why), 0);
    proof.kind = proof_kind_consistency;
    assert_true(hub_proof_check(&proof, &desk.key, fixture->arena, &proved, &why) < 0);
    hub_tree_close(&desk.tree);
}

static void a_tree_file_of_another_log_or_half_written_is_made_anew(void **state)
{
    struct fixture *fixture = *state;
    struct desk desk;
    uint64_t entry;
    write_events(fixture, 0, EVENTS, "words");
    open_desk(&desk, fixture, true);
    struct hub_digest root = checkpoint_of(&desk, EVENTS).head.root;
    assert_int_equal(hub_tree_grow(desk.tree, 99), 2);
    assert_int_equal(hub_tree_grow(desk.tree, 99), 0);
    assert_int_equal(hub_tree_check(desk.tree, &entry), 0);
    hub_tree_close(&desk.tree);
    char *path = hub_path(fixture->dir, "tree");
    assert_int_equal(truncate(path, 32 + 32 + 7), 0); /* a crash in the middle of the second hash */
    open_desk(&desk, fixture, true);
    assert_int_equal(hub_tree_size(desk.tree), 256);
    assert_int_equal(hub_tree_grow(desk.tree, 99), 1);
    hub_tree_close(&desk.tree);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, 40), 1); /* rot in the first hash */
    open_desk(&desk, fixture, true);
    assert_true(hub_tree_check(desk.tree, &entry) < 0);
    assert_int_equal(entry, 0);
    hub_tree_close(&desk.tree);
    assert_int_equal(pwrite(fd, "x", 1, 9), 1); /* another log's id */
    close(fd);
    open_desk(&desk, fixture, true);
    assert_int_equal(hub_tree_size(desk.tree), 0);
    struct hub_checkpoint again = checkpoint_of(&desk, EVENTS);
    assert_memory_equal(again.head.root.b, root.b, HUB_DIGEST);
    hub_tree_close(&desk.tree);
    free(path);
}

static size_t count_kept(struct fixture *fixture, const struct hub_note_key *key)
{
    struct hub_buf text;
    hub_buf_init(&text);
    assert_int_equal(hub_file_read(fixture->dir, "checkpoints", 1 << 20, &text), 0);
    struct hub_span rest = hub_buf_span(&text), note;
    struct hub_checkpoint checkpoint;
    size_t count = 0;
    for (; hub_checkpoint_next(&rest, &note); count++) {
        assert_true(hub_checkpoint_open(key, note, &checkpoint));
    }
    hub_buf_done(&text);
    return count;
}

static void half_a_checkpoint_that_a_crash_left_is_cut_off(void **state)
{
    struct fixture *fixture = *state;
    struct desk desk;
    struct hub_buf note;
    write_events(fixture, 0, 3, "words");
    open_desk(&desk, fixture, false);
    hub_buf_init(&note);
    assert_int_equal(hub_checkpoint_sign(desk.tree, fixture->log, 3, &desk.key, &note), 0);
    assert_int_equal(hub_checkpoint_keep(fixture->dir, hub_buf_span(&note)), 0);
    char *path = hub_path(fixture->dir, "checkpoints");
    for (size_t len = 0; len < note.len; len += 5) {
        int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(hub_write_all(fd, hub_span_of(note.at, len)), 0);
        close(fd);
        assert_int_equal(hub_checkpoint_keep(fixture->dir, hub_buf_span(&note)), 0);
        assert_int_equal(count_kept(fixture, &desk.key), len / 5 + 2);
    }
    free(path);
    hub_buf_done(&note);
    hub_tree_close(&desk.tree);
}

static void on_fault(void *arg, const char *why)
{
    (void) why;
    ++*(int *) arg;
}

static void the_notary_signs_what_is_new_when_it_stops(void **state)
{
    struct fixture *fixture = *state;
    struct hub_notary *notary;
    struct hub_note_key key;
    int faults = 0;
    const struct hub_notary_options options = {
        .log = fixture->log, .data_dir = fixture->dir, .world = hub_world_real(), .on_fault = on_fault, .arg = &faults
    };
    write_events(fixture, 0, EVENTS, "words");
    for (int round = 1; round <= 2; round++) {
        assert_int_equal(hub_notary_start(&options, &notary, fixture->why, sizeof fixture->why), 0);
        hub_notary_stop(&notary);
        assert_null(notary);
        assert_int_equal(hub_checkpoint_key(fixture->log, fixture->dir, NULL, &key), 0);
        assert_int_equal(count_kept(fixture, &key), round);
    }
    assert_int_equal(faults, 0);
    struct hub_notary_options bad = options;
    bad.copy_to = "/nonexistent/witness";
    assert_int_equal(hub_notary_start(&bad, &notary, fixture->why, sizeof fixture->why), 0);
    hub_notary_stop(&notary);
    assert_int_equal(faults, 1);
}

static void a_notary_reads_no_more_at_its_stop_than_it_may(void **state)
{
    enum { FAR = 300, HOUR_S = 3600 };
    struct fixture *fixture = *state;
    struct hub_notary *notary;
    struct desk desk;
    int faults = 0;
    const struct hub_notary_options options = { .log = fixture->log,
                                                .data_dir = fixture->dir,
                                                .world = hub_world_real(),
                                                .first_us = INT64_C(1000000) * HOUR_S,
                                                .far_events = FAR,
                                                .on_fault = on_fault,
                                                .arg = &faults };
    write_events(fixture, 0, 2 * EVENTS, "words"); /* five groups of 256 and some */
    for (unsigned round = 1; round <= 3; round++) {
        assert_int_equal(hub_notary_start(&options, &notary, fixture->why, sizeof fixture->why), 0);
        hub_notary_stop(&notary);
        open_desk(&desk, fixture, false);
        assert_int_equal(hub_tree_size(desk.tree), 256 * (round < 3 ? 2 * round : 5));
        hub_tree_close(&desk.tree);
        char *path = hub_path(fixture->dir, "checkpoints");
        assert_int_equal(access(path, F_OK), round < 3 ? -1 : 0);
        free(path);
    }
    assert_int_equal(faults, 0);
}

/* Syncs of one directory; RocksDB syncs others. */
static struct {
    struct stat dir;
    unsigned count;
} synced;

int fsync(int fd)
{
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_ino == synced.dir.st_ino && info.st_dev == synced.dir.st_dev) {
        synced.count++;
    }
    return (int) syscall(SYS_fsync, fd);
}

static void the_first_checkpoint_stays_after_a_power_cut(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(stat(fixture->dir, &synced.dir), 0);
    synced.count = 0;
    assert_int_equal(hub_checkpoint_keep(fixture->dir, hub_span("note")), 0);
    assert_true(synced.count > 0);
}

static void a_signing_key_that_is_damaged_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct hub_note_key key;
    assert_int_equal(hub_checkpoint_key(fixture->log, fixture->dir, NULL, &key), HUB_ERROR_not_found);
    assert_int_equal(hub_file_replace(fixture->dir, "checkpoint.key", hub_span("short")), 0);
    assert_true(hub_checkpoint_key(fixture->log, fixture->dir, hub_world_real(), &key) < 0);
    assert_int_equal(errno, EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_log_that_only_grew_proves_it, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_event_is_proved_with_and_without_the_file, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_log_cut_short_is_found, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_log_rewritten_is_found, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_log_forked_is_found_by_one_of_two_who_compare, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_checkpoint_is_told_from_one_of_another_key, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_proof_that_was_changed_shows_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_tree_file_of_another_log_or_half_written_is_made_anew, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(half_a_checkpoint_that_a_crash_left_is_cut_off, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_notary_signs_what_is_new_when_it_stops, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_notary_reads_no_more_at_its_stop_than_it_may, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_first_checkpoint_stays_after_a_power_cut, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_signing_key_that_is_damaged_is_refused, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
