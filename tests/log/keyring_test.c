/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The key store: what is found, what survives a crash, what erasing leaves. */
#include "log/keyring/keyring.h"

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
#include "log/file.h"
#include "log/keyring/key_files.h"
#include "tests/log/fixture.h"

enum { PATH = 128 };

static void close_ring(struct fixture *f)
{
    hub_log_close(&f->log);
    hub_keyring_close(&f->ring);
}

static int open_ring(struct fixture *f, const char *master, bool create)
{
    f->why[0] = '\0';
    const struct hub_keyring_options options = {
        .data_dir = f->dir, .master_path = master, .create = create, .world = f->world
    };
    return hub_keyring_open(&options, &f->ring, f->why, sizeof f->why);
}

static void reopen_ring(struct fixture *f)
{
    close_ring(f);
    if (open_ring(f, NULL, true) != 0) {
        fail_msg("%s", f->why);
    }
}

static void assert_refused(struct fixture *f, const char *master, bool create, const char *words)
{
    close_ring(f);
    assert_int_not_equal(open_ring(f, master, create), 0);
    assert_null(f->ring);
    if (strstr(f->why, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", f->why, words);
    }
}

static void path_in_keys(const struct fixture *f, const char *name, char ret_path[PATH])
{
    snprintf(ret_path, PATH, "%s/keys/%s", f->dir, name);
}

static off_t size_of(const struct fixture *f, const char *name)
{
    char path[PATH];
    struct stat info;
    path_in_keys(f, name, path);
    return stat(path, &info) == 0 ? info.st_size : -1;
}

static struct hub_key make_and_store(struct fixture *f, uint64_t company, uint64_t subject)
{
    struct hub_new_key key;
    hub_keyring_make(f->ring, fixture_id(company), fixture_id(subject), &key);
    assert_int_equal(hub_keyring_store(f->ring, &key, 1), 0);
    return key.key;
}

static bool has(struct fixture *f, uint64_t company, uint64_t subject, struct hub_key *ret_key)
{
    return hub_keyring_find(f->ring, fixture_id(company), fixture_id(subject), ret_key);
}

static void assert_same(const struct hub_key *a, const struct hub_key *b)
{
    assert_memory_equal(a->b, b->b, HUB_KEY);
}

static void a_made_key_is_found_at_once_and_after_a_restart_when_stored(void **state)
{
    struct fixture *f = *state;
    struct hub_new_key made, other;
    struct hub_key key;
    assert_false(has(f, 1, 2, &key));
    hub_keyring_make(f->ring, fixture_id(1), fixture_id(2), &made);
    hub_keyring_make(f->ring, fixture_id(1), fixture_id(3), &other);
    assert_true(has(f, 1, 2, &key));
    assert_same(&key, &made.key);
    assert_int_equal(hub_keyring_store(f->ring, &made, 1), 0);
    reopen_ring(f);
    assert_true(has(f, 1, 2, &key));
    assert_same(&key, &made.key);
    assert_true(has(f, 1, 2, &key)); /* from the cache */
    assert_false(has(f, 1, 3, &key));
}

static void making_a_key_again_gives_the_same_one(void **state)
{
    struct fixture *f = *state;
    struct hub_new_key a, b;
    hub_keyring_make(f->ring, fixture_id(1), fixture_id(2), &a);
    hub_keyring_make(f->ring, fixture_id(1), fixture_id(2), &b);
    assert_same(&a.key, &b.key);
    struct hub_new_key both[] = { a, b };
    assert_int_equal(hub_keyring_store(f->ring, both, 2), 0);
    assert_int_equal(size_of(f, "keys-000000"), HUB_KEY_RECORD);
}

static void i10_another_company_does_not_find_the_key(void **state)
{
    struct fixture *f = *state;
    struct hub_key key;
    make_and_store(f, 1, 2);
    assert_false(has(f, 9, 2, &key));
    reopen_ring(f);
    assert_false(has(f, 9, 2, &key));
    assert_true(has(f, 1, 2, &key));
    assert_false(has(f, 9, 2, &key));
}

static void the_files_hold_no_key_in_the_clear(void **state)
{
    struct fixture *f = *state;
    struct hub_key key = make_and_store(f, 1, 2);
    struct hub_buf bytes;
    char dir[PATH];
    hub_buf_init(&bytes);
    snprintf(dir, sizeof dir, "%s/keys", f->dir);
    assert_int_equal(hub_file_read(dir, "keys-000000", 4096, &bytes), 0);
    assert_null(memmem(bytes.at, bytes.len, key.b, 8));
    hub_buf_done(&bytes);
    char master[PATH];
    struct stat info;
    path_in_keys(f, "master", master);
    assert_int_equal(stat(master, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(info.st_size, 65);
}

static void digests_depend_on_company_label_and_value(void **state)
{
    struct fixture *f = *state;
    struct hub_ulid none = { { 0 } };
    uint8_t a[16], b[16];
    assert_int_equal(hub_keyring_add_company(f->ring, fixture_id(1)), 0);
    assert_int_equal(hub_keyring_add_company(f->ring, fixture_id(2)), 0);
    assert_int_equal(hub_keyring_add_company(f->ring, fixture_id(2)), 0);
    assert_true(hub_keyring_digest(f->ring, fixture_id(1), "alias", HUB_SPAN("x"), a));
    reopen_ring(f);
    assert_true(hub_keyring_digest(f->ring, fixture_id(1), "alias", HUB_SPAN("x"), b));
    assert_memory_equal(a, b, 16);
    assert_true(hub_keyring_digest(f->ring, fixture_id(2), "alias", HUB_SPAN("x"), b));
    assert_memory_not_equal(a, b, 16);
    assert_true(hub_keyring_digest(f->ring, fixture_id(1), "alia", HUB_SPAN("sx"), b));
    assert_memory_not_equal(a, b, 16);
    assert_true(hub_keyring_digest(f->ring, fixture_id(1), "alias", HUB_SPAN("y"), b));
    assert_memory_not_equal(a, b, 16);
    assert_true(hub_keyring_digest(f->ring, none, "alias", HUB_SPAN("x"), b)); /* the hub's own */
    assert_false(hub_keyring_digest(f->ring, fixture_id(3), "alias", HUB_SPAN("x"), b));
}

static void i11_an_erased_key_is_gone_from_file_and_memory(void **state)
{
    struct fixture *f = *state;
    struct hub_key key, kept;
    make_and_store(f, 1, 2);
    kept = make_and_store(f, 1, 3);
    assert_int_equal(hub_keyring_erase(f->ring, fixture_id(9), fixture_id(2)), HUB_ERROR_not_found);
    assert_true(has(f, 1, 2, &key));
    assert_int_equal(hub_keyring_erase(f->ring, fixture_id(1), fixture_id(2)), 0);
    assert_false(has(f, 1, 2, &key));
    assert_int_equal(hub_keyring_erase(f->ring, fixture_id(1), fixture_id(2)), HUB_ERROR_not_found);
    make_and_store(f, 1, 4); /* appending goes on behind */
    reopen_ring(f);
    assert_false(has(f, 1, 2, &key));
    assert_true(has(f, 1, 3, &key));
    assert_same(&key, &kept);
    assert_true(has(f, 1, 4, &key));

    struct hub_buf bytes;
    char dir[PATH];
    hub_buf_init(&bytes);
    snprintf(dir, sizeof dir, "%s/keys", f->dir);
    assert_int_equal(hub_file_read(dir, "keys-000000", 4096, &bytes), 0);
    struct hub_ulid erased = fixture_id(2);
    assert_null(memmem(bytes.at, bytes.len, erased.b, 16));
    hub_buf_done(&bytes);
}

static void an_erased_subject_can_get_another_key(void **state)
{
    struct fixture *f = *state;
    struct hub_key first = make_and_store(f, 1, 2), key;
    assert_int_equal(hub_keyring_erase(f->ring, fixture_id(1), fixture_id(2)), 0);
    struct hub_key second = make_and_store(f, 1, 2);
    assert_memory_not_equal(first.b, second.b, HUB_KEY);
    reopen_ring(f);
    assert_true(has(f, 1, 2, &key));
    assert_same(&key, &second);
}

static void a_torn_last_record_is_cut(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    struct hub_key first = make_and_store(f, 1, 2), key;
    path_in_keys(f, "keys-000000", path);
    for (off_t extra = 1; extra < HUB_KEY_RECORD; extra += 5) {
        make_and_store(f, 1, 100 + (uint64_t) extra);
        close_ring(f);
        assert_int_equal(truncate(path, HUB_KEY_RECORD + extra), 0);
        reopen_ring(f);
        assert_int_equal(size_of(f, "keys-000000"), HUB_KEY_RECORD);
        assert_true(has(f, 1, 2, &key));
        assert_same(&key, &first);
        assert_false(has(f, 1, 100 + (uint64_t) extra, &key));
    }
}

static void flip(const char *path, off_t at)
{
    int fd = open(path, O_RDWR);
    uint8_t byte;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void a_record_that_was_never_finished_counts_as_erased(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    struct hub_key key;
    make_and_store(f, 1, 2);
    make_and_store(f, 1, 3);
    path_in_keys(f, "keys-000000", path);
    flip(path, HUB_KEY_RECORD + 50);
    reopen_ring(f);
    assert_true(has(f, 1, 2, &key));
    assert_false(has(f, 1, 3, &key));
    make_and_store(f, 1, 4);
    reopen_ring(f);
    assert_true(has(f, 1, 4, &key));
}

/* What was excused at the end is not taken for damage when the file has become full. */
static void a_record_that_was_never_finished_stays_excused(void **state)
{
    enum { SEGMENT = 16384 };
    struct fixture *f = *state;
    struct hub_new_key *keys = calloc(SEGMENT, sizeof *keys);
    char path[PATH];
    struct hub_key key;
    make_and_store(f, 1, 2);
    make_and_store(f, 1, 3);
    path_in_keys(f, "keys-000000", path);
    flip(path, 50);
    reopen_ring(f);
    for (uint64_t i = 0; i < SEGMENT; i++) {
        hub_keyring_make(f->ring, fixture_id(1), fixture_id(100 + i), &keys[i]);
    }
    assert_int_equal(hub_keyring_store(f->ring, keys, SEGMENT), 0);
    free(keys);
    reopen_ring(f);
    assert_false(has(f, 1, 2, &key));
    assert_true(has(f, 1, 3, &key));
    assert_true(has(f, 1, 100 + SEGMENT - 1, &key));
}

static void a_torn_company_is_cut_and_a_damaged_one_refused(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    uint8_t digest[16];
    assert_int_equal(hub_keyring_add_company(f->ring, fixture_id(1)), 0);
    path_in_keys(f, "companies", path);
    assert_int_equal(size_of(f, "companies"), 280);
    close_ring(f);
    assert_int_equal(truncate(path, 279), 0);
    reopen_ring(f);
    assert_int_equal(size_of(f, "companies"), 140);
    assert_false(hub_keyring_digest(f->ring, fixture_id(1), "x", HUB_SPAN("y"), digest));
    assert_int_equal(hub_keyring_add_company(f->ring, fixture_id(1)), 0);
    flip(path, 30);
    assert_refused(f, NULL, true, "is damaged at record 0");
}

static void many_keys_fill_several_segments(void **state)
{
    enum { COUNT = 40000, STEP = 4000 };
    struct fixture *f = *state;
    struct hub_new_key *keys = calloc(STEP, sizeof *keys);
    struct hub_key key;
    for (uint64_t i = 0; i < COUNT; i += STEP) {
        for (uint64_t j = 0; j < STEP; j++) {
            hub_keyring_make(f->ring, fixture_id(1), fixture_id(i + j), &keys[j]);
        }
        assert_int_equal(hub_keyring_store(f->ring, keys, STEP), 0);
    }
    assert_int_equal(size_of(f, "keys-000001"), 16384 * HUB_KEY_RECORD);
    assert_int_equal(size_of(f, "keys-000002"), (COUNT - 2 * 16384) * HUB_KEY_RECORD);
    assert_int_equal(hub_keyring_erase(f->ring, fixture_id(1), fixture_id(17000)), 0);
    reopen_ring(f);
    for (uint64_t i = 0; i < COUNT; i += 97) {
        assert_true(has(f, 1, i, &key));
    }
    for (uint64_t j = 0; j < STEP; j += 91) {
        assert_true(has(f, 1, COUNT - STEP + j, &key));
        assert_same(&key, &keys[j].key);
    }
    assert_false(has(f, 1, 17000, &key));
    char path[PATH];
    path_in_keys(f, "keys-000000", path);
    flip(path, 3 * HUB_KEY_RECORD + 5);
    assert_refused(f, NULL, true, "keys-000000 are damaged at record 3");
    flip(path, 3 * HUB_KEY_RECORD + 5);
    assert_int_equal(truncate(path, 100 * HUB_KEY_RECORD), 0);
    assert_refused(f, NULL, true, "keys-000000 are damaged at record 100");
    free(keys);
}

static void keys_that_are_never_stored_do_not_pile_up(void **state)
{
    struct fixture *f = *state;
    struct hub_new_key last;
    struct hub_key key;
    for (uint64_t i = 1; i <= 60000; i++) {
        hub_keyring_make(f->ring, fixture_id(1), fixture_id(i), &last);
    }
    assert_true(has(f, 1, 60000, &key));
    assert_true(has(f, 1, 60000 - 8000, &key));
    assert_false(has(f, 1, 1, &key));
}

static void a_second_writer_is_refused_and_a_reader_is_not(void **state)
{
    struct fixture *f = *state;
    struct hub_keyring *second = NULL;
    struct hub_key made = make_and_store(f, 1, 2), key;
    struct hub_keyring_options options = { .data_dir = f->dir, .create = true, .world = f->world };
    assert_int_equal(hub_keyring_open(&options, &second, f->why, sizeof f->why), HUB_ERROR_conflict);
    assert_null(second);
    assert_non_null(strstr(f->why, "Another hub is using"));
    options.create = false;
    assert_int_equal(hub_keyring_open(&options, &second, f->why, sizeof f->why), 0);
    assert_true(hub_keyring_find(second, fixture_id(1), fixture_id(2), &key));
    assert_same(&key, &made);
    hub_keyring_close(&second);
}

/* --- The master key --- */

static void without_the_master_key_the_store_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    path_in_keys(f, "master", path);
    close_ring(f);
    assert_int_equal(unlink(path), 0);
    assert_refused(f, NULL, true, "it is missing, and without it the keys");
}

static void a_wrong_master_key_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    path_in_keys(f, "master", path);
    FILE *master = fopen(path, "w");
    fprintf(master, "%064d\n", 1);
    fclose(master);
    assert_refused(f, NULL, true, "The master key does not open the keys");
    assert_int_equal(open_ring(f, NULL, true), HUB_ERROR_unauthenticated);
    master = fopen(path, "w");
    fprintf(master, "%064dg", 1);
    fclose(master);
    assert_refused(f, NULL, true, "neither 32 bytes nor 64 hexadecimal digits");
    master = fopen(path, "w");
    fprintf(master, "%099d", 1);
    fclose(master);
    assert_refused(f, NULL, true, "neither 32 bytes nor 64 hexadecimal digits");
}

static void a_master_key_that_others_can_read_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    path_in_keys(f, "master", path);
    assert_int_equal(chmod(path, 0640), 0);
    assert_refused(f, NULL, true, "others can read it");
}

static void the_master_key_may_lie_elsewhere_and_be_raw(void **state)
{
    struct fixture *f = *state;
    char path[PATH], master[PATH];
    struct hub_key key;
    close_ring(f);
    snprintf(path, sizeof path, "%s/keys", f->dir);
    fixture_remove(path);
    snprintf(master, sizeof master, "%s/elsewhere", f->dir);
    FILE *raw = fopen(master, "w");
    fwrite("0123456789abcdef0123456789abcde\n", 1, 32, raw);
    fclose(raw);
    assert_int_equal(chmod(master, 0600), 0);
    assert_int_equal(open_ring(f, master, true), 0);
    struct hub_key made = make_and_store(f, 1, 2);
    assert_int_equal(size_of(f, "master"), -1);
    close_ring(f);
    assert_int_equal(open_ring(f, master, true), 0);
    assert_true(has(f, 1, 2, &key));
    assert_same(&key, &made);
    assert_refused(f, "/proc/none", true, "cannot be used: ");
}

static void i5_without_keys_the_ring_is_empty_but_there(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    struct hub_key key;
    uint8_t digest[16];
    make_and_store(f, 1, 2);
    close_ring(f);
    snprintf(path, sizeof path, "%s/keys", f->dir);
    fixture_remove(path);
    assert_int_equal(open_ring(f, NULL, false), 0);
    assert_false(has(f, 1, 2, &key));
    assert_false(hub_keyring_digest(f->ring, fixture_id(1), "x", HUB_SPAN("y"), digest));
    assert_int_equal(hub_keyring_erase(f->ring, fixture_id(1), fixture_id(2)), HUB_ERROR_not_found);
    struct hub_key_source source = hub_keyring_source(f->ring);
    assert_false(source.find(source.self, fixture_id(1), fixture_id(2), &key));
    assert_int_equal(access(path, F_OK), -1);
}

static void a_reader_opens_the_store_and_cuts_nothing(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    struct hub_key made = make_and_store(f, 1, 2), key;
    close_ring(f);
    path_in_keys(f, "keys-000000", path);
    assert_int_equal(truncate(path, HUB_KEY_RECORD + 10), 0);
    assert_int_equal(open_ring(f, NULL, false), 0);
    assert_int_equal(size_of(f, "keys-000000"), HUB_KEY_RECORD + 10);
    struct hub_key_source source = hub_keyring_source(f->ring);
    assert_true(source.find(source.self, fixture_id(1), fixture_id(2), &key));
    assert_same(&key, &made);
}

static void a_store_that_cannot_be_written_says_so(void **state)
{
    struct fixture *f = *state;
    char path[PATH];
    struct hub_new_key key;
    snprintf(path, sizeof path, "%s/keys", f->dir);
    fixture_remove(path);
    hub_keyring_make(f->ring, fixture_id(1), fixture_id(2), &key);
    assert_true(hub_keyring_store(f->ring, &key, 1) < 0);
    assert_true(hub_keyring_add_company(f->ring, fixture_id(2)) < 0);
}

/* --- Threads --- */

static void *find_often(void *arg)
{
    struct fixture *f = arg;
    struct hub_key key;
    for (uint64_t i = 0; i < 30000; i++) {
        if (!has(f, 1, 1 + i % 300, &key)) {
            return arg;
        }
    }
    return NULL;
}

static void keys_are_found_by_threads_while_others_are_stored_and_erased(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 1; i <= 300; i++) {
        make_and_store(f, 1, i);
    }
    reopen_ring(f);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, find_often, f);
    }
    for (uint64_t i = 1000; i < 1030; i++) {
        make_and_store(f, 1, i);
        assert_int_equal(hub_keyring_erase(f->ring, fixture_id(1), fixture_id(i)), 0);
    }
    for (int i = 0; i < 2; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_made_key_is_found_at_once_and_after_a_restart_when_stored),
        TEST(making_a_key_again_gives_the_same_one),
        TEST(i10_another_company_does_not_find_the_key),
        TEST(the_files_hold_no_key_in_the_clear),
        TEST(digests_depend_on_company_label_and_value),
        TEST(i11_an_erased_key_is_gone_from_file_and_memory),
        TEST(an_erased_subject_can_get_another_key),
        TEST(a_torn_last_record_is_cut),
        TEST(a_record_that_was_never_finished_counts_as_erased),
        TEST(a_record_that_was_never_finished_stays_excused),
        TEST(a_torn_company_is_cut_and_a_damaged_one_refused),
        TEST(many_keys_fill_several_segments),
        TEST(keys_that_are_never_stored_do_not_pile_up),
        TEST(a_second_writer_is_refused_and_a_reader_is_not),
        TEST(without_the_master_key_the_store_is_refused),
        TEST(a_wrong_master_key_is_refused),
        TEST(a_master_key_that_others_can_read_is_refused),
        TEST(the_master_key_may_lie_elsewhere_and_be_raw),
        TEST(i5_without_keys_the_ring_is_empty_but_there),
        TEST(a_reader_opens_the_store_and_cuts_nothing),
        TEST(a_store_that_cannot_be_written_says_so),
        TEST(keys_are_found_by_threads_while_others_are_stored_and_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
