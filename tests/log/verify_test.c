/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Verifying a whole log: each kind of damage is found and named. */
#include "log/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "log/keys.h"
#include "tests/log/fixture.h"

enum { EVENTS = 20 };

static struct hub_stream customer(void)
{
    return fixture_stream(1, 2, 5);
}

/* Twenty events of one customer about one session, in batches of two, with a command row, an alias and a timer. */
static int setup(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;
    struct hub_new_event event = {
        .type = 7, .schema = 1, .payload = HUB_SPAN("p"), .subject = fixture_id(5), .session = fixture_id(6)
    };
    struct hub_new_event events[2] = { event, event };
    struct hub_alias alias = { .kind = 2, .digest = { 1 }, .entity = fixture_id(5) };
    struct hub_pending timer = { .kind = HUB_PENDING_timer, .due_us = 5, .value = HUB_SPAN("v") };
    for (uint64_t i = 0; i < EVENTS / 2; i++) {
        struct hub_command_row row = { .id = { 1, (uint8_t) i } };
        struct hub_append append = { .stream = customer(),
                                     .expected_version = 2 * i,
                                     .events = events,
                                     .event_count = 2,
                                     .aliases = &alias,
                                     .alias_count = 1,
                                     .pendings = &timer,
                                     .pending_count = 1,
                                     .command_row = &row };
        struct hub_append *one = &append;
        fixture_write(f, &one, 1);
    }
    fixture_reopen(f); /* moves the verified mark to the head, so that damage does not keep the log from opening */
    return 0;
}

static enum hub_verdict verify(struct fixture *f, struct hub_verify_report *report)
{
    struct hub_verify_options options = { 0 };
    uint64_t events = 0;
    enum hub_verdict verdict = hub_log_verify(f->log, &options, report, &events);
    assert_int_equal(events, EVENTS);
    return verdict;
}

static void assert_fault(struct fixture *f, uint64_t sequence, const char *words)
{
    struct hub_verify_report report;
    fixture_reopen(f);
    assert_int_equal(verify(f, &report), HUB_VERDICT_faulty);
    if (strstr(report.what, words) == NULL || report.sequence != sequence) {
        fail_msg("position %llu: %s", (unsigned long long) report.sequence, report.what);
    }
    fixture_close(f);
}

/* The same as a reader sees it that never opens the log to write, which would refuse it. The log is closed. */
static void assert_follower_finds(struct fixture *f, uint64_t sequence, const char *words)
{
    struct hub_log_options options = { .data_dir = f->dir, .world = f->world, .mode = HUB_LOG_FOLLOW };
    struct hub_verify_options verify_options = { 0 };
    struct hub_verify_report report;
    struct hub_log *reader;
    uint64_t events;
    assert_int_equal(hub_log_open(&options, &reader, f->why, sizeof f->why), 0);
    assert_int_equal(hub_log_verify(reader, &verify_options, &report, &events), HUB_VERDICT_faulty);
    hub_log_close(&reader);
    if (strstr(report.what, words) == NULL || report.sequence != sequence) {
        fail_msg("position %llu: %s", (unsigned long long) report.sequence, report.what);
    }
}

/* Put a row, or delete it without value, and expect the fault: ASSERT_FOUND(f, family, key, value, position, words). */
#define ASSERT_FOUND(f, family, key, value, sequence, words) \
    do {                                                     \
        fixture_close(f);                                    \
        fixture_poke((f), (family), (key), (value));         \
        assert_fault((f), (sequence), (words));              \
    } while (0)

static void a_sound_log_is_sound_beside_its_writer_too(void **state)
{
    struct fixture *f = *state;
    struct hub_verify_report report;
    assert_int_equal(verify(f, &report), HUB_VERDICT_sound);
    struct hub_log_options options = { .data_dir = f->dir, .world = f->world, .mode = HUB_LOG_FOLLOW };
    struct hub_log *reader;
    assert_int_equal(hub_log_open(&options, &reader, f->why, sizeof f->why), 0);
    fixture_event(f, customer(), EVENTS, "more");
    struct hub_verify_options verify_options = { 0 };
    uint64_t events;
    assert_int_equal(hub_log_verify(reader, &verify_options, &report, &events), HUB_VERDICT_sound);
    assert_int_equal(events, EVENTS);
    assert_int_equal(hub_log_catch_up(reader), 0);
    assert_int_equal(hub_log_verify(reader, &verify_options, &report, &events), HUB_VERDICT_sound);
    assert_int_equal(events, EVENTS + 1);
    hub_log_close(&reader);
}

struct steps {
    unsigned calls;
    uint64_t done, total;
    bool go_on;
};

static bool on_progress(void *arg, uint64_t done, uint64_t total)
{
    struct steps *steps = arg;
    assert_true(done > steps->done && done <= total);
    steps->calls++;
    steps->done = done;
    steps->total = total;
    return steps->go_on;
}

static void progress_reaches_its_total_and_can_stop(void **state)
{
    struct fixture *f = *state;
    struct steps steps = { .go_on = true };
    struct hub_verify_options options = { .on_progress = on_progress, .arg = &steps };
    struct hub_verify_report report;
    uint64_t events;
    assert_int_equal(hub_log_verify(f->log, &options, &report, &events), HUB_VERDICT_sound);
    assert_true(steps.calls > 0 && steps.done == steps.total);
    steps = (struct steps){ .go_on = false };
    assert_int_equal(hub_log_verify(f->log, &options, &report, &events), HUB_VERDICT_stopped);
    assert_int_equal(steps.calls, 1);
}

static void i3_a_flipped_byte_in_any_header_row_is_named(void **state)
{
    struct fixture *f = *state;
    struct hub_stored event;
    assert_int_equal(hub_log_read(f->log, (struct hub_position){ 7 }, f->arena, &event), 0);
    char row[1024];
    size_t len = 32 + event.header_bytes.len;
    assert_true(len <= sizeof row);
    memcpy(row, event.hash.b, 32);
    memcpy(row + 32, event.header_bytes.at, event.header_bytes.len);
    struct hub_sequence_key key = hub_sequence_key(7);
    struct hub_span value = hub_span_of(row, len);
    for (size_t at = 0; at < len; at += 9) {
        row[at] ^= 0x10;
        ASSERT_FOUND(f, HUB_FAMILY_header, HUB_KEY_SPAN(key), &value, 7, "its ");
        row[at] ^= 0x10;
    }
    ASSERT_FOUND(f, HUB_FAMILY_header, HUB_KEY_SPAN(key), NULL, 7, "its header is missing");
    fixture_poke(f, HUB_FAMILY_header, HUB_KEY_SPAN(key), &value);
    fixture_reopen(f);
    struct hub_verify_report report;
    assert_int_equal(verify(f, &report), HUB_VERDICT_sound);
}

static void i3_a_flipped_byte_in_a_payload_is_named(void **state)
{
    struct fixture *f = *state;
    struct hub_sequence_key key = hub_sequence_key(11);
    struct hub_span value = HUB_SPAN("q");
    ASSERT_FOUND(f, HUB_FAMILY_payload, HUB_KEY_SPAN(key), &value, 11, "its payload is not the one");
    ASSERT_FOUND(f, HUB_FAMILY_payload, HUB_KEY_SPAN(key), NULL, 11, "its payload is missing");
}

static struct hub_named_key stream_key(uint64_t version)
{
    struct hub_stream stream = customer();
    struct hub_name name = hub_name_of_stream(&stream);
    return hub_named_key(&name, version);
}

static void i2_a_missing_version_is_named(void **state)
{
    struct fixture *f = *state;
    struct hub_named_key key = stream_key(4);
    ASSERT_FOUND(f, HUB_FAMILY_stream, HUB_KEY_SPAN(key), NULL, 4, "its row of the stream index is missing");
}

static void a_missing_last_version_is_named(void **state)
{
    struct fixture *f = *state;
    struct hub_named_key key = stream_key(EVENTS);
    ASSERT_FOUND(f, HUB_FAMILY_stream, HUB_KEY_SPAN(key), NULL, EVENTS, "its row of the stream index is missing");
}

static void a_stream_row_that_names_another_event_is_named(void **state)
{
    struct fixture *f = *state;
    struct hub_named_key key = stream_key(EVENTS);
    struct hub_sequence_key wrong = hub_sequence_key(2);
    struct hub_span value = HUB_KEY_SPAN(wrong);
    ASSERT_FOUND(f, HUB_FAMILY_stream, HUB_KEY_SPAN(key), &value, EVENTS, "the stream index names another event");
    value.len = 7;
    ASSERT_FOUND(f, HUB_FAMILY_stream, HUB_KEY_SPAN(key), &value, EVENTS, "the stream index names another event");
}

static void a_stream_row_of_no_event_is_found(void **state)
{
    struct fixture *f = *state;
    struct hub_stream other = fixture_stream(9, 2, 5);
    struct hub_name name = hub_name_of_stream(&other);
    struct hub_named_key key = hub_named_key(&name, 1);
    struct hub_sequence_key sequence = hub_sequence_key(3);
    struct hub_span value = HUB_KEY_SPAN(sequence);
    ASSERT_FOUND(f, HUB_FAMILY_stream, HUB_KEY_SPAN(key), &value, 3, "does not have that stream and version");
}

static struct hub_named_key tag_key(uint8_t tag, uint64_t id, uint64_t sequence)
{
    struct hub_ulid company = fixture_id(1),
                    entity = tag == HUB_TAG_type ? hub_tag_of_type((uint16_t) id) : fixture_id(id);
    struct hub_name name = hub_name(&company, tag, entity.b);
    return hub_named_key(&name, sequence);
}

static void a_missing_tag_row_is_named(void **state)
{
    struct fixture *f = *state;
    const struct {
        uint8_t tag;
        uint64_t id;
        const char *words;
    } tags[] = { { HUB_TAG_subject, 5, "the subject tag" },
                 { HUB_TAG_session, 6, "the session tag" },
                 { HUB_TAG_type, 7, "the type tag" } };
    for (size_t i = 0; i < 3; i++) {
        struct hub_named_key key = tag_key(tags[i].tag, tags[i].id, 9);
        struct hub_span whole = HUB_SPAN("\x01");
        ASSERT_FOUND(f, HUB_FAMILY_tag, HUB_KEY_SPAN(key), NULL, 9, tags[i].words);
        struct hub_span cut = HUB_SPAN("");
        ASSERT_FOUND(f, HUB_FAMILY_tag, HUB_KEY_SPAN(key), &cut, 10, tags[i].words);
        struct hub_span torn = HUB_SPAN("\x81");
        ASSERT_FOUND(f, HUB_FAMILY_tag, HUB_KEY_SPAN(key), &torn, 9, tags[i].words);
        fixture_poke(f, HUB_FAMILY_tag, HUB_KEY_SPAN(key), &whole);
    }
}

static void a_surplus_tag_is_named(void **state)
{
    struct fixture *f = *state;
    struct hub_named_key key = tag_key(HUB_TAG_subject, 99, 12);
    struct hub_span value = HUB_SPAN("");
    ASSERT_FOUND(f, HUB_FAMILY_tag, HUB_KEY_SPAN(key), &value, 12, "it does not have that tag");
}

static void damaged_plain_rows_are_found(void **state)
{
    struct fixture *f = *state;
    struct hub_span value = HUB_SPAN("short"), key = HUB_SPAN("0123456789abcdef");
    ASSERT_FOUND(f, HUB_FAMILY_command, key, &value, 0, "one of the command ids");
    fixture_poke(f, HUB_FAMILY_command, key, NULL);
    ASSERT_FOUND(f, HUB_FAMILY_alias, key, &value, 0, "one of the aliases");
    fixture_poke(f, HUB_FAMILY_alias, key, NULL);
    ASSERT_FOUND(f, HUB_FAMILY_pending, key, &value, 0, "one of the pending rows");
    fixture_poke(f, HUB_FAMILY_pending, key, NULL);
    ASSERT_FOUND(f, HUB_FAMILY_meta, key, &value, EVENTS, "a name among its own that nobody gave it");
}

static void rows_that_no_event_repeats_are_missed(void **state)
{
    struct fixture *f = *state;
    struct hub_span command = { (const char[16]){ 1, 3 }, 16 }, value = HUB_SPAN("w");
    struct hub_ulid company = fixture_id(1), other = fixture_id(9);
    struct hub_pending_key timer = hub_pending_key_make(HUB_PENDING_timer, 5, 3, 0);
    struct hub_name alias = hub_name(&company, 2, (const uint8_t[16]){ 1 });
    ASSERT_FOUND(f, HUB_FAMILY_pending, HUB_KEY_SPAN(timer), &value, 3,
                 "a row of the timers is not the one that the hub wrote");
    ASSERT_FOUND(f, HUB_FAMILY_pending, HUB_KEY_SPAN(timer), NULL, 3,
                 "a row of the timers is missing: there are 9, but the hub left 10");
    value = HUB_SPAN("v");
    fixture_poke(f, HUB_FAMILY_pending, HUB_KEY_SPAN(timer), &value);
    struct hub_span entity = HUB_KEY_SPAN(other);
    ASSERT_FOUND(f, HUB_FAMILY_alias, HUB_KEY_SPAN(alias), &entity, 1, "a row of the aliases is not the one");
    entity = HUB_KEY_SPAN(customer().entity);
    fixture_poke(f, HUB_FAMILY_alias, HUB_KEY_SPAN(alias), &entity);
    ASSERT_FOUND(f, HUB_FAMILY_command, command, NULL, 8,
                 "a row of the command ids is missing: there are 9, but the hub left 10");
}

static void a_row_of_an_append_that_never_was_is_named(void **state)
{
    struct fixture *f = *state;
    struct hub_span value = HUB_SPAN("v");
    struct hub_pending_key late = hub_pending_key_make(HUB_PENDING_effect, 0, EVENTS + 1, 0);
    struct hub_pending_key loose = hub_pending_key_make(HUB_PENDING_effect, 0, HUB_PENDING_LOOSE | 1, 0);
    fixture_close(f);
    fixture_poke(f, HUB_FAMILY_pending, HUB_KEY_SPAN(late), &value);
    assert_follower_finds(f, EVENTS, "a row of the effects is of an append that never was");
    fixture_poke(f, HUB_FAMILY_pending, HUB_KEY_SPAN(late), NULL);
    fixture_poke(f, HUB_FAMILY_pending, HUB_KEY_SPAN(loose), &value);
    assert_follower_finds(f, EVENTS, "a row of the effects is of an append that never was");
    fixture_reopen(f);
}

static void numbers_of_the_log_that_were_changed_are_found(void **state)
{
    struct fixture *f = *state;
    struct hub_span epoch = { (const char[4]){ 0, 0, 1, 0 }, 4 };
    struct hub_digest none = { { 0 } };
    char mark[8 + HUB_DIGEST] = { 0 };
    hub_put_be64(mark, 7);
    memcpy(mark + 8, none.b, HUB_DIGEST);
    struct hub_span wrong = { mark, sizeof mark };
    fixture_close(f);
    fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("epoch"), &epoch);
    assert_follower_finds(f, EVENTS, "the log's own numbers are not those");
    fixture_reopen(f); /* counts the start, and puts its check */
    fixture_close(f);
    fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("rows"), NULL);
    assert_follower_finds(f, EVENTS, "the sums of the rows up to it are missing");
    fixture_reopen(f); /* makes them */
    struct hub_verify_report report;
    assert_int_equal(verify(f, &report), HUB_VERDICT_sound);
    fixture_close(f);
    fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("verified"), &wrong);
    assert_follower_finds(f, 7, "its chain hash is not the one that was verified before");
    fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("verified"), NULL);
    assert_follower_finds(f, 1, "the mark that says up to where all was verified before is missing");
    fixture_reopen(f);
}

static void rows_outside_the_two_ends_are_named(void **state)
{
    struct fixture *f = *state;
    struct hub_sequence_key zero = hub_sequence_key(0), late = hub_sequence_key(EVENTS + 5);
    struct hub_named_key tag = tag_key(HUB_TAG_subject, 5, EVENTS + 2);
    struct hub_span value = HUB_SPAN("x"), none = HUB_SPAN("");
    fixture_close(f);
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(zero), &value);
    assert_follower_finds(f, 1, "before it there is a payload");
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(zero), NULL);
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(late), &value);
    assert_follower_finds(f, EVENTS + 1, "its header is missing");
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(late), NULL);
    fixture_poke(f, HUB_FAMILY_tag, HUB_KEY_SPAN(tag), &none);
    assert_follower_finds(f, EVENTS + 2, "an index names it, but the log ends at 20");
    fixture_reopen(f);
}

struct asked {
    unsigned count;
    bool answer;
};

static bool has_key(void *arg, struct hub_ulid company, struct hub_ulid subject)
{
    struct asked *asked = arg;
    assert_true(hub_ulid_is(company, fixture_id(1)) && hub_ulid_is(subject, fixture_id(5)));
    asked->count++;
    return asked->answer;
}

static void each_subject_is_asked_for_its_key_once(void **state)
{
    struct fixture *f = *state;
    struct asked asked = { .answer = true };
    struct hub_verify_options options = { .has_key = has_key, .key_arg = &asked };
    struct hub_verify_report report;
    uint64_t events;
    assert_int_equal(hub_log_verify(f->log, &options, &report, &events), HUB_VERDICT_sound);
    assert_int_equal(asked.count, 1);
    asked.answer = false;
    assert_int_equal(hub_log_verify(f->log, &options, &report, &events), HUB_VERDICT_faulty);
    assert_int_equal(report.sequence, 1);
    assert_non_null(strstr(report.what, "keys/ has no key for its subject"));
}

static void a_part_is_verified_without_the_rest(void **state)
{
    struct fixture *f = *state;
    struct hub_sequence_key key = hub_sequence_key(11);
    struct hub_span value = HUB_SPAN("q");
    struct hub_verify_report report;
    uint64_t events;
    fixture_close(f);
    fixture_poke(f, HUB_FAMILY_payload, HUB_KEY_SPAN(key), &value);
    fixture_reopen(f);
    const struct {
        uint64_t from, to, events;
        enum hub_verdict verdict;
    } parts[] = { { 0, 10, 10, HUB_VERDICT_sound },
                  { 12, 0, 9, HUB_VERDICT_sound },
                  { 3, 3, 1, HUB_VERDICT_sound },
                  { 11, 11, 1, HUB_VERDICT_faulty },
                  { 5, 15, 11, HUB_VERDICT_faulty } };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct hub_verify_options options = { .from = parts[i].from, .to = parts[i].to };
        assert_int_equal(hub_log_verify(f->log, &options, &report, &events), parts[i].verdict);
        assert_int_equal(events, parts[i].events);
    }
    assert_int_equal(report.sequence, 11);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sound_log_is_sound_beside_its_writer_too),
        TEST(progress_reaches_its_total_and_can_stop),
        TEST(i3_a_flipped_byte_in_any_header_row_is_named),
        TEST(i3_a_flipped_byte_in_a_payload_is_named),
        TEST(i2_a_missing_version_is_named),
        TEST(a_missing_last_version_is_named),
        TEST(a_stream_row_that_names_another_event_is_named),
        TEST(a_stream_row_of_no_event_is_found),
        TEST(a_missing_tag_row_is_named),
        TEST(a_surplus_tag_is_named),
        TEST(damaged_plain_rows_are_found),
        TEST(rows_that_no_event_repeats_are_missed),
        TEST(a_row_of_an_append_that_never_was_is_named),
        TEST(numbers_of_the_log_that_were_changed_are_found),
        TEST(rows_outside_the_two_ends_are_named),
        TEST(each_subject_is_asked_for_its_key_once),
        TEST(a_part_is_verified_without_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
