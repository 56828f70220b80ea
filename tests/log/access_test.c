/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The log of accesses: what is noted comes back, in order, from several writers, and what is altered is found. */
#include "log/access/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "log/access/access_files.h"
#include "log/file.h"
#include "log/keyring/keyring.h"
#include "temp_dir.h"

enum { PATH = 256, WAIT_US = 1000, WAITS = 30000 };

struct fixture {
    char dir[PATH];
    struct hub_arena *arena;
    char fault[128]; /* the last one; "" when it works again */
    bool told;
};

static const struct hub_ulid company = { { 1 } }, customer = { { 2 } }, other = { { 3 } };

static int set_up(void **state)
{
    struct fixture *self = calloc(1, sizeof *self);
    temp_dir_make(self->dir, sizeof self->dir);
    self->arena = hub_arena_new(4096);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *self = *state;
    hub_arena_destroy(&self->arena);
    temp_dir_remove(self->dir);
    free(self);
    return 0;
}

static struct access_entry entry_of(int64_t time, const char *what, const struct hub_ulid *whose)
{
    struct access_entry entry = { 0 };
    HUB_SET(access_entry, &entry, time, time);
    HUB_SET(access_entry, &entry, company, company);
    HUB_SET(access_entry, &entry, what, hub_span(what));
    if (whose != NULL) {
        entry.customers = (hub_list){ .at = (void *) whose, .count = 1 };
        HUB_MARK(access_entry, &entry, customers);
    } else {
        HUB_SET(access_entry, &entry, everybody, true);
    }
    return entry;
}

static void note_now(struct fixture *self, int64_t time)
{
    char why[256];
    struct access_entry entry = entry_of(time, "a tool", &customer);
    assert_int_equal(hub_access_note_now(self->dir, &entry, why, sizeof why), 0);
}

static void on_fault(void *arg, const char *why)
{
    struct fixture *self = arg;
    snprintf(self->fault, sizeof self->fault, "%s", why == NULL ? "" : why);
    __atomic_store_n(&self->told, true, __ATOMIC_RELEASE);
}

static void await_fault(struct fixture *self)
{
    for (int i = 0; i < WAITS && !__atomic_load_n(&self->told, __ATOMIC_ACQUIRE); i++) {
        usleep(WAIT_US);
    }
    assert_true(self->told);
    self->told = false;
}

static struct hub_access *start(struct fixture *self)
{
    return hub_access_start(&(struct hub_access_options){
        .data_dir = self->dir, .world = hub_world_real(), .on_fault = on_fault, .arg = self });
}

/* The times of all entries from a number on. Returns how many. */
static int times(struct fixture *self, uint64_t from, int64_t *ret_times, int max)
{
    struct hub_access_scan *scan = hub_access_scan_open(self->dir, from);
    struct access_entry entry;
    const char *why = NULL;
    uint64_t number, expected = from == 0 ? 1 : from;
    int count = 0;
    while (hub_access_scan_next(scan, self->arena, &number, &entry, &why) == 1) {
        assert_int_equal(number, expected++);
        assert_true(count < max);
        ret_times[count++] = entry.time;
    }
    assert_null(why);
    hub_access_scan_close(&scan);
    return count;
}

static int verify(struct fixture *self, uint64_t *ret_first, uint64_t *ret_last)
{
    const char *why = NULL;
    struct hub_access_found found;
    int result = hub_access_verify(self->dir, &found, &why);
    *ret_first = found.first;
    *ret_last = found.last;
    assert_int_equal(result < 0, why != NULL);
    return result;
}

static char *file_path(struct fixture *self, uint64_t first)
{
    char name[64];
    snprintf(name, sizeof name, "access/entries-%016llx", (unsigned long long) first);
    return hub_path(self->dir, name);
}

static void overwrite(const char *path, size_t at, int flip)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, (long) at, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, (long) at, SEEK_SET);
    fputc(byte ^ flip, file);
    fclose(file);
}

static size_t size_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    fclose(file);
    return (size_t) size;
}

/* --- tests --- */

static void what_is_noted_comes_back_in_order(void **state)
{
    struct fixture *self = *state;
    int64_t found[8];
    uint64_t first, last;
    struct hub_access *access = start(self);
    for (int i = 1; i <= 3; i++) {
        struct access_entry entry = entry_of(i, "GET /customer/{customer_id}/history", i == 2 ? NULL : &customer);
        assert_int_equal(hub_access_note(access, &entry), 0);
    }
    assert_int_equal(hub_access_flush(access), 0);
    assert_int_equal(times(self, 0, found, 8), 3);
    assert_int_equal(found[0] * 100 + found[1] * 10 + found[2], 123);
    assert_int_equal(times(self, 3, found, 8), 1);
    assert_int_equal(verify(self, &first, &last), 0);
    assert_int_equal(first * 10 + last, 13);
    hub_access_stop(&access);
}

static void what_waits_is_written_before_it_stops(void **state)
{
    struct fixture *self = *state;
    int64_t found[8];
    struct hub_access *access = start(self);
    struct access_entry entry = entry_of(7, "GET /events", NULL);
    assert_int_equal(hub_access_note(access, &entry), 0);
    hub_access_stop(&access);
    assert_int_equal(times(self, 0, found, 8), 1);
}

static void tools_and_a_hub_write_one_chain(void **state)
{
    struct fixture *self = *state;
    int64_t found[16];
    uint64_t first, last;
    struct hub_access *access = start(self);
    for (int i = 1; i <= 5; i++) {
        struct access_entry entry = entry_of(2 * i, "GET /session/{session_id}", &customer);
        note_now(self, 2 * i - 1);
        assert_int_equal(hub_access_note(access, &entry), 0);
        assert_int_equal(hub_access_flush(access), 0);
    }
    hub_access_stop(&access);
    assert_int_equal(times(self, 0, found, 16), 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(found[i], i + 1);
    }
    assert_int_equal(verify(self, &first, &last), 0);
}

static void every_flipped_bit_is_found(void **state)
{
    struct fixture *self = *state;
    uint64_t first, last;
    note_now(self, 1);
    note_now(self, 2);
    char *path = file_path(self, 1);
    size_t size = size_of(path);
    for (size_t at = 0; at < size; at++) {
        overwrite(path, at, 1 << at % 8);
        if (verify(self, &first, &last) == 0) {
            fail_msg("the flip at %zu of %zu is not found", at, size);
        }
        overwrite(path, at, 1 << at % 8);
    }
    assert_int_equal(verify(self, &first, &last), 0);
    free(path);
}

static void a_torn_end_is_cut_off_and_writing_goes_on(void **state)
{
    struct fixture *self = *state;
    int64_t found[8];
    uint64_t first, last;
    note_now(self, 1);
    note_now(self, 2);
    char *path = file_path(self, 1);
    assert_int_equal(truncate(path, (off_t) size_of(path) - 5), 0);
    assert_int_equal(verify(self, &first, &last), 0);
    assert_int_equal(last, 1);
    note_now(self, 3);
    assert_int_equal(times(self, 0, found, 8), 2);
    assert_int_equal(found[1], 3);
    assert_int_equal(verify(self, &first, &last), 0);
    free(path);
}

static void a_damaged_entry_is_reported_for_ever_and_writing_goes_on(void **state)
{
    struct fixture *self = *state;
    uint64_t first, last;
    for (int i = 0; i < 2; i++) {
        note_now(self, 1);
        char *path = file_path(self, i == 0 ? 1 : 2);
        overwrite(path, size_of(path) - 40, 1);
        note_now(self, 2);
        assert_true(verify(self, &first, &last) < 0);
        free(path);
    }
}

static void the_oldest_file_goes_when_there_is_too_much(void **state)
{
    struct fixture *self = *state;
    struct hub_access_writing to = { .data_dir = self->dir, .max_bytes = 1 };
    struct hub_access_end end = { .number = 0 };
    struct hub_buf frame;
    uint64_t first, last;
    static char bytes[HUB_ACCESS_ENTRY_MAX];
    hub_buf_init(&frame);
    for (int i = 0; i < 16; i++) {
        hub_access_frame(hub_span_of(bytes, sizeof bytes), &frame);
    }
    for (int i = 0; i < 60; i++) {
        assert_int_equal(hub_access_files_write(&to, hub_buf_span(&frame), &end), 0);
    }
    hub_buf_done(&frame);
    assert_int_equal(verify(self, &first, &last), 0);
    assert_true(first > 1);
    assert_int_equal(last, 960);
    assert_true((last - first) * sizeof bytes < 3 * (size_t) HUB_ACCESS_SEGMENT);
}

static void what_cannot_be_written_is_refused_and_told_until_it_can(void **state)
{
    struct fixture *self = *state;
    int64_t found[8];
    char *path = hub_path(self->dir, "access");
    struct access_entry entry = entry_of(1, "GET /events", NULL);
    struct hub_access_stats stats;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    struct hub_access *access = start(self);
    assert_int_equal(hub_access_note(access, &entry), 0);
    await_fault(self);
    assert_string_not_equal(self->fault, "");
    for (int i = 0; i < WAITS && hub_access_flush(access) == 0; i++) {
        usleep(WAIT_US);
    }
    assert_int_equal(hub_access_note(access, &entry), HUB_ERROR_overloaded);
    hub_access_stats(access, &stats);
    assert_true(stats.failing);
    assert_true(stats.refused > 0);
    assert_int_equal(remove(path), 0);
    await_fault(self);
    assert_string_equal(self->fault, "");
    for (int i = 0; i < WAITS && hub_access_flush(access) != 0; i++) {
        usleep(WAIT_US);
    }
    assert_int_equal(hub_access_note(access, &entry), 0);
    hub_access_stop(&access);
    assert_int_equal(times(self, 0, found, 8), 2);
    free(path);
}

static void more_than_fits_is_refused(void **state)
{
    struct fixture *self = *state;
    struct hub_ulid many[256] = { { { 0 } } };
    struct access_entry entry = entry_of(1, "GET /events", many);
    struct hub_access *access = start(self);
    entry.customers.count = 256;
    int refused = 0;
    for (int i = 0; i < 100000 && refused == 0; i++) {
        refused = hub_access_note(access, &entry);
    }
    assert_int_equal(refused, HUB_ERROR_overloaded);
    hub_access_stop(&access);
}

static void a_tool_is_told_why_it_cannot_note(void **state)
{
    struct fixture *self = *state;
    char why[300], *path = hub_path(self->dir, "access");
    struct access_entry entry = entry_of(1, "a tool", NULL);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_true(hub_access_note_now(self->dir, &entry, why, sizeof why) < 0);
    assert_non_null(strstr(why, "cannot be written"));
    free(path);
}

static void why_one_is_read_cannot_be_read_after_erasing(void **state)
{
    struct fixture *self = *state;
    char why[256];
    struct hub_keyring *ring;
    struct hub_new_key key;
    const struct hub_keyring_options options = { .data_dir = self->dir, .create = true, .world = hub_world_real() };
    assert_int_equal(hub_keyring_open(&options, &ring, why, sizeof why), 0);
    assert_int_equal(hub_keyring_add_company(ring, company), 0);
    hub_keyring_make(ring, company, customer, &key);
    assert_int_equal(hub_keyring_store(ring, &key, 1), 0);
    const struct hub_sealing with = { .company = company, .world = hub_world_real(), .arena = self->arena };
    struct hub_key_source keys = hub_keyring_source(ring);
    struct access_entry one = entry_of(1, "a tool", &customer), all = entry_of(1, "a tool", NULL),
                        unknown = entry_of(1, "a tool", &other);
    assert_true(hub_access_give_purpose(&one, HUB_SPAN("a complaint"), &with, &keys));
    assert_true(hub_access_give_purpose(&all, HUB_SPAN("the yearly count"), &with, &keys));
    assert_false(hub_access_give_purpose(&unknown, HUB_SPAN("a complaint"), &with, &keys));
    assert_true(hub_span_is(all.purpose_of_many, HUB_SPAN("the yearly count")));
    assert_null(one.purpose.clear.at);
    hub_record_open(&access_entry_shape, &one, company, &keys, self->arena);
    assert_true(hub_span_is(one.purpose.clear, HUB_SPAN("a complaint")));
    assert_int_equal(hub_keyring_erase(ring, company, customer), 0);
    one.purpose.clear = hub_span_of(NULL, 0);
    hub_record_open(&access_entry_shape, &one, company, &keys, self->arena);
    assert_null(one.purpose.clear.at);
    hub_keyring_close(&ring);
}

static void an_entry_concerns_whom_it_names_or_everybody(void **state)
{
    (void) state;
    struct access_entry one = entry_of(1, "a tool", &customer), all = entry_of(1, "a tool", NULL);
    assert_true(hub_access_concerns(&one, customer));
    assert_false(hub_access_concerns(&one, other));
    assert_true(hub_access_concerns(&all, other));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(what_is_noted_comes_back_in_order),
        T(what_waits_is_written_before_it_stops),
        T(tools_and_a_hub_write_one_chain),
        T(every_flipped_bit_is_found),
        T(a_torn_end_is_cut_off_and_writing_goes_on),
        T(a_damaged_entry_is_reported_for_ever_and_writing_goes_on),
        T(the_oldest_file_goes_when_there_is_too_much),
        T(what_cannot_be_written_is_refused_and_told_until_it_can),
        T(more_than_fits_is_refused),
        T(a_tool_is_told_why_it_cannot_note),
        T(why_one_is_read_cannot_be_read_after_erasing),
        T(an_entry_concerns_whom_it_names_or_everybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
