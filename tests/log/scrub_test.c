/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The scrubber: it moves the mark, finds damage in old parts, and forgets what is too old. */
#include "log/scrub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/error.h"
#include "log/keys.h"
#include "log/store.h"
#include "log/verify.h"
#include "tests/log/fixture.h"

enum { EVENTS = 2500, BATCH = 250, FAST = 10 * 1000 * 1000 };

struct faults {
    _Atomic int count;
    struct hub_verify_report report;
};

static void on_fault(void *arg, const struct hub_verify_report *report)
{
    struct faults *faults = arg;
    faults->report = *report;
    atomic_fetch_add(&faults->count, 1);
}

static struct hub_scrub *start(struct fixture *f, struct faults *faults)
{
    struct hub_scrub_options options = {
        .log = f->log, .events_per_second = FAST, .on_fault = on_fault, .arg = faults
    };
    return hub_scrub_start(&options);
}

/* More events than one step has, of one stream. */
static void write_many(struct fixture *f, uint64_t from)
{
    struct hub_new_event events[BATCH];
    for (int i = 0; i < BATCH; i++) {
        events[i] = (struct hub_new_event){ .type = 1, .schema = 1, .payload = HUB_SPAN("payload") };
    }
    for (uint64_t i = 0; i < EVENTS; i += BATCH) {
        struct hub_append append = {
            .stream = fixture_stream(1, 2, 1), .expected_version = from + i, .events = events, .event_count = BATCH
        };
        struct hub_append *one = &append;
        fixture_write(f, &one, 1);
        assert_int_equal(append.result, HUB_APPENDED);
    }
}

#define WAIT_UNTIL(condition)                                              \
    do {                                                                   \
        for (int waited_ = 0; !(condition); waited_++) {                   \
            assert_true(waited_ < 20000);                                  \
            nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL); \
        }                                                                  \
    } while (0)

static uint64_t verified_to(struct fixture *f)
{
    struct hub_log_stats stats;
    hub_log_stats(f->log, &stats);
    return stats.verified_to;
}

static void the_mark_follows_the_head_and_is_stored(void **state)
{
    struct fixture *f = *state;
    struct faults faults = { 0 };
    write_many(f, 0);
    assert_int_equal(verified_to(f), 0);
    struct hub_scrub *scrub = start(f, &faults);
    WAIT_UNTIL(verified_to(f) == EVENTS);
    WAIT_UNTIL(hub_scrub_rounds(scrub) >= 2);
    hub_scrub_stop(&scrub);
    assert_null(scrub);
    assert_int_equal(faults.count, 0);
    fixture_event(f, fixture_stream(1, 2, 1), EVENTS, "more"); /* its batch takes the mark along */
    struct hub_meta meta;
    assert_int_equal(hub_meta_read(f->log->db, &meta), 0);
    assert_int_equal(meta.mark.sequence, EVENTS);
}

static void the_mark_is_stored_when_nothing_else_is_written(void **state)
{
    struct fixture *f = *state;
    struct faults faults = { 0 };
    struct hub_meta meta = { 0 };
    write_many(f, 0);
    const struct hub_scrub_options options = { .log = f->log,
                                               .events_per_second = FAST,
                                               .far_events = EVENTS,
                                               .idle_us = -1,
                                               .on_fault = on_fault,
                                               .arg = &faults };
    struct hub_scrub *scrub = hub_scrub_start(&options);
    WAIT_UNTIL(hub_meta_read(f->log->db, &meta) == 0 && meta.mark.sequence == EVENTS);
    hub_scrub_stop(&scrub);
    assert_int_equal(faults.count, 0);
}

static void closing_stores_the_mark(void **state)
{
    struct fixture *f = *state;
    struct hub_digest hash;
    write_many(f, 0);
    assert_int_equal(hub_store_hash(f->log, 7, &hash), 0);
    hub_store_set_mark(f->log, &(struct hub_mark){ .sequence = 7, .hash = hash });
    fixture_close(f);
    struct hub_sequence_key key = hub_sequence_key(3);
    struct hub_span value = HUB_SPAN("pAyload");
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(key), &value);
    fixture_reopen(f); /* as it walks through what is behind the mark alone */
}

static void who_is_far_behind_does_not_rest(void **state)
{
    struct fixture *f = *state;
    struct faults faults = { 0 };
    write_many(f, 0);
    const struct hub_scrub_options options = {
        .log = f->log, .events_per_second = 1, .far_events = 1, .on_fault = on_fault, .arg = &faults
    };
    struct hub_scrub *scrub = hub_scrub_start(&options);
    WAIT_UNTIL(verified_to(f) == EVENTS);
    hub_scrub_stop(&scrub);
    assert_int_equal(faults.count, 0);
}

static void damage_in_an_old_part_is_reported_once(void **state)
{
    struct fixture *f = *state;
    struct faults faults = { 0 };
    write_many(f, 0);
    fixture_reopen(f); /* moves the mark to the head */
    fixture_close(f);
    struct hub_sequence_key key = hub_sequence_key(1700);
    struct hub_span value = HUB_SPAN("pAyload");
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(key), &value);
    fixture_reopen(f);
    struct hub_scrub *scrub = start(f, &faults);
    WAIT_UNTIL(faults.count > 0);
    hub_scrub_stop(&scrub);
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.report.sequence, 1700);
    assert_non_null(strstr(faults.report.what, "its payload is not the one"));
}

static void an_empty_log_is_scrubbed_in_peace(void **state)
{
    struct fixture *f = *state;
    struct faults faults = { 0 };
    struct hub_scrub *scrub = start(f, &faults);
    hub_scrub_stop(&scrub);
    hub_scrub_stop(&scrub);
    assert_int_equal(faults.count, 0);
}

static void put_command(struct fixture *f, uint8_t number)
{
    struct hub_command_row row = { .id = { number } };
    struct hub_append append = { .command_row = &row };
    struct hub_append *one = &append;
    fixture_write(f, &one, 1);
    assert_int_equal(append.result, HUB_APPENDED);
}

static bool has_command(struct fixture *f, uint8_t number)
{
    const uint8_t id[HUB_COMMAND_ID] = { number };
    struct hub_command_row row;
    return hub_log_command(f->log, id, f->arena, &row) == 0;
}

static void i4_old_command_ids_are_forgotten(void **state)
{
    struct fixture *f = *state;
    uint64_t count;
    put_command(f, 1);
    put_command(f, 2);
    int64_t between_us = hub_now_us(f->world) + 5;
    hub_world_fake_advance(f->world, 10);
    put_command(f, 3);
    assert_int_equal(hub_log_forget_commands(f->log, between_us, &count), 0);
    assert_int_equal(count, 2);
    assert_false(has_command(f, 1) || has_command(f, 2));
    assert_true(has_command(f, 3));
    assert_int_equal(hub_log_forget_commands(f->log, between_us, &count), 0);
    assert_int_equal(count, 0);
    put_command(f, 1); /* usable again */
}

static void many_old_command_ids_are_forgotten_in_steps(void **state)
{
    enum { COMMANDS = 3000 };
    struct fixture *f = *state;
    struct hub_command_row *rows = calloc(COMMANDS, sizeof *rows);
    struct hub_append *appends = calloc(COMMANDS, sizeof *appends), **each = calloc(COMMANDS, sizeof *each);
    for (uint64_t i = 0; i < COMMANDS; i++) {
        memcpy(rows[i].id, &i, sizeof i);
        appends[i].command_row = &rows[i];
        each[i] = &appends[i];
    }
    fixture_write(f, each, COMMANDS);
    uint64_t count;
    assert_int_equal(hub_log_forget_commands(f->log, INT64_MAX, &count), 0);
    assert_int_equal(count, COMMANDS);
    put_command(f, 1);
    struct hub_verify_options options = { 0 };
    struct hub_verify_report report;
    assert_int_equal(hub_log_verify(f->log, &options, &report, &count), HUB_VERDICT_sound); /* nothing is missed */
    free(rows);
    free(appends);
    free(each);
}

static void the_scrubber_forgets_too(void **state)
{
    struct fixture *f = *state;
    struct faults faults = { 0 };
    put_command(f, 1);
    hub_world_fake_advance(f->world, 1000);
    struct hub_scrub_options options = { .log = f->log,
                                         .events_per_second = FAST,
                                         .keep_commands_us = 500,
                                         .forget_every_us = -1,
                                         .on_fault = on_fault,
                                         .arg = &faults };
    struct hub_scrub *scrub = hub_scrub_start(&options);
    WAIT_UNTIL(!has_command(f, 1));
    hub_scrub_stop(&scrub);
    assert_int_equal(faults.count, 0);
}

static uint64_t in_memory(struct fixture *f)
{
    return hub_rocks_property(f->log->db, HUB_FAMILY_payload, "rocksdb.num-entries-active-mem-table");
}

static void an_idle_log_is_written_into_tables(void **state)
{
    struct fixture *f = *state;
    struct faults faults = { 0 };
    write_many(f, 0);
    assert_true(in_memory(f) > 0);
    struct hub_scrub_options options = {
        .log = f->log, .events_per_second = FAST, .idle_us = -1, .idle_bytes = 1, .on_fault = on_fault, .arg = &faults
    };
    struct hub_scrub *scrub = hub_scrub_start(&options);
    WAIT_UNTIL(in_memory(f) == 0);
    hub_scrub_stop(&scrub);
    fixture_reopen(f);
    assert_int_equal(hub_log_commit(f->log).sequence, EVENTS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_mark_follows_the_head_and_is_stored),
        TEST(damage_in_an_old_part_is_reported_once),
        TEST(the_mark_is_stored_when_nothing_else_is_written),
        TEST(closing_stores_the_mark),
        TEST(who_is_far_behind_does_not_rest),
        TEST(an_empty_log_is_scrubbed_in_peace),
        TEST(i4_old_command_ids_are_forgotten),
        TEST(many_old_command_ids_are_forgotten_in_steps),
        TEST(the_scrubber_forgets_too),
        TEST(an_idle_log_is_written_into_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
