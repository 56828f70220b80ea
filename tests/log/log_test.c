/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writing to the log and reading it back. */
#include "log/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "log/keys.h"
#include "log/stored.h"
#include "tests/log/fixture.h"

enum { CUSTOMER = 2, SESSION = 3 };

static struct hub_stored read_at(struct fixture *f, uint64_t sequence)
{
    struct hub_stored event;
    assert_int_equal(hub_log_read(f->log, (struct hub_position){ sequence }, f->arena, &event), 0);
    return event;
}

static void assert_payload(const struct hub_stored *event, const char *text)
{
    assert_true(hub_span_is(event->payload, hub_span(text)));
}

/* --- I1, I2, I3 --- */

static void i1_an_event_is_read_as_it_was_written(void **state)
{
    struct fixture *f = *state;
    struct hub_new_event event = { .type = 0x0203,
                                   .schema = 4,
                                   .subject = fixture_id(50),
                                   .session = fixture_id(60),
                                   .payload = HUB_SPAN("some \0 bytes") };
    struct hub_append append = { .stream = fixture_stream(1, CUSTOMER, 50),
                                 .decided_at_us = 123456,
                                 .principal = fixture_id(70),
                                 .credential = fixture_id(71),
                                 .command = { 1, 2, 3 },
                                 .correlation = { 4, 5, 6 },
                                 .cause = 9,
                                 .events = &event,
                                 .event_count = 1 };
    struct hub_append *one = &append;
    fixture_write(f, &one, 1);
    fixture_reopen(f);

    struct hub_stored got = read_at(f, append.first.sequence);
    const struct event_header *h = &got.header;
    assert_int_equal(h->partition, 0);
    assert_int_equal(h->sequence, append.first.sequence);
    assert_int_equal(h->node, 7);
    assert_int_equal(h->epoch, 1);
    assert_true(hub_ulid_is(h->company, append.stream.company) && hub_ulid_is(h->entity, append.stream.entity));
    assert_int_equal(h->kind, CUSTOMER);
    assert_int_equal(h->version, 1);
    assert_int_equal(h->type, 0x0203);
    assert_int_equal(h->schema, 4);
    assert_int_equal(h->time, append.time_us);
    assert_int_equal(h->decided_at, 123456);
    assert_true(hub_ulid_is(h->principal, append.principal) && hub_ulid_is(h->credential, append.credential));
    assert_memory_equal(h->command.at, append.command, 16);
    assert_memory_equal(h->correlation.at, append.correlation, 16);
    assert_int_equal(h->cause, 9);
    assert_true(hub_ulid_is(h->subject, event.subject) && hub_ulid_is(h->session, event.session));
    assert_true(hub_span_is(got.payload, event.payload));
    struct hub_digest digest = hub_sha256(event.payload);
    assert_memory_equal(h->digest.at, digest.b, HUB_DIGEST);
}

static void absent_things_are_absent_in_the_header(void **state)
{
    struct fixture *f = *state;
    struct hub_stored got = read_at(f, fixture_event(f, fixture_stream(1, CUSTOMER, 50), 0, "x"));
    assert_false(HUB_HAS(event_header, &got.header, principal));
    assert_false(HUB_HAS(event_header, &got.header, credential));
    assert_false(HUB_HAS(event_header, &got.header, command));
    assert_false(HUB_HAS(event_header, &got.header, correlation));
    assert_false(HUB_HAS(event_header, &got.header, cause));
    assert_false(HUB_HAS(event_header, &got.header, subject));
    assert_false(HUB_HAS(event_header, &got.header, session));
}

static void i2_positions_and_versions_are_dense_from_one(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 0; i < 10; i++) {
        if (i == 5) {
            fixture_reopen(f);
        }
        assert_int_equal(fixture_event(f, fixture_stream(1, CUSTOMER, i % 2), i / 2, "x"), i + 1);
        assert_int_equal(read_at(f, i + 1).header.version, i / 2 + 1);
    }
    assert_int_equal(hub_log_commit(f->log).sequence, 10);
}

static void i3_the_chain_follows_from_log_id_headers_and_payloads(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 0; i < 5; i++) {
        fixture_event(f, fixture_stream(1, CUSTOMER, 1), i, i % 2 == 0 ? "even" : "");
    }
    const struct hub_log_identity *identity = hub_log_identity(f->log);
    struct hub_digest hash = hub_sha256(hub_span_of(identity->log_id, 16)), got;
    assert_int_equal(hub_log_hash(f->log, (struct hub_position){ 0 }, &got), 0);
    assert_true(hub_digest_is(&hash, &got));
    for (uint64_t n = 1; n <= 5; n++) {
        struct hub_stored event = read_at(f, n);
        struct hub_digest payload = hub_sha256(event.payload);
        struct hub_span parts[] = { hub_span_of(hash.b, 32), event.header_bytes, hub_span_of(payload.b, 32) };
        hash = hub_sha256_of(parts, 3);
        assert_true(hub_digest_is(&hash, &event.hash));
        assert_int_equal(hub_log_hash(f->log, (struct hub_position){ n }, &got), 0);
        assert_true(hub_digest_is(&hash, &got));
    }
    assert_int_equal(hub_log_hash(f->log, (struct hub_position){ 6 }, &got), HUB_ERROR_not_found);
}

static void time_grows_even_when_the_clock_stands_or_goes_back(void **state)
{
    struct fixture *f = *state;
    int64_t last = 0;
    for (uint64_t i = 0; i < 6; i++) {
        if (i == 4) {
            fixture_close(f);
            hub_world_fake_destroy(&f->world);
            f->world = hub_world_fake_new(last - 1000000, 2);
            fixture_reopen(f);
        }
        struct hub_stored event = read_at(f, fixture_event(f, fixture_stream(1, CUSTOMER, 1), i, "x"));
        assert_true(event.header.time > last);
        last = event.header.time;
    }
}

static void each_start_is_an_epoch_of_its_own(void **state)
{
    struct fixture *f = *state;
    fixture_event(f, fixture_stream(1, CUSTOMER, 1), 0, "x");
    fixture_reopen(f);
    assert_int_equal(read_at(f, fixture_event(f, fixture_stream(1, CUSTOMER, 1), 1, "x")).header.epoch, 2);
}

/* --- Conflicts --- */

static int try_version(struct fixture *f, struct hub_stream stream, uint64_t expected)
{
    struct hub_new_event event = { .type = 1, .schema = 1, .payload = HUB_SPAN("y") };
    struct hub_append append = { .stream = stream, .expected_version = expected, .events = &event, .event_count = 1 };
    struct hub_append *one = &append;
    fixture_write(f, &one, 1);
    return append.result;
}

static void another_version_is_a_conflict_and_writes_nothing(void **state)
{
    struct fixture *f = *state;
    struct hub_stream stream = fixture_stream(1, CUSTOMER, 1);
    fixture_event(f, stream, 0, "a");
    fixture_event(f, stream, 1, "b");
    for (int reopened = 0; reopened < 2; reopened++) {
        /* Once from the cache, once from the index. */
        assert_int_equal(try_version(f, stream, 0), HUB_APPEND_CONFLICT);
        assert_int_equal(try_version(f, stream, 1), HUB_APPEND_CONFLICT);
        assert_int_equal(try_version(f, stream, 3), HUB_APPEND_CONFLICT);
        assert_int_equal(try_version(f, fixture_stream(1, CUSTOMER, 2), 1), HUB_APPEND_CONFLICT);
        assert_int_equal(hub_log_commit(f->log).sequence, 2);
        fixture_reopen(f);
    }
    assert_int_equal(try_version(f, stream, 2), HUB_APPENDED);
    struct hub_log_stats stats;
    hub_log_stats(f->log, &stats);
    assert_int_equal(stats.conflicts, 0);
    assert_int_equal(stats.events, 1);
}

static void a_conflict_leaves_the_rest_of_its_batch_alone(void **state)
{
    struct fixture *f = *state;
    struct hub_new_event events[2] = { { .type = 1, .schema = 1, .payload = HUB_SPAN("1") },
                                       { .type = 1, .schema = 1, .payload = HUB_SPAN("2") } };
    struct hub_alias alias = { .kind = CUSTOMER, .digest = { 9 }, .entity = fixture_id(3) };
    struct hub_append a = { .stream = fixture_stream(1, 2, 1), .events = events, .event_count = 2 };
    struct hub_append b = { .stream = fixture_stream(1, 2, 1),
                            .expected_version = 1,
                            .events = events,
                            .event_count = 1,
                            .aliases = &alias,
                            .alias_count = 1 };
    struct hub_append c = {
        .stream = fixture_stream(1, 2, 1), .expected_version = 2, .events = events, .event_count = 1
    };
    struct hub_append *all[] = { &a, &b, &c };
    fixture_write(f, all, 3);
    assert_int_equal(a.result, HUB_APPENDED);
    assert_int_equal(b.result, HUB_APPEND_CONFLICT);
    assert_int_equal(c.result, HUB_APPENDED);
    assert_int_equal(a.first.sequence, 1);
    assert_int_equal(a.last.sequence, 2);
    assert_int_equal(c.first.sequence, 3);
    struct hub_ulid entity;
    assert_int_equal(hub_log_alias(f->log, fixture_id(1), CUSTOMER, alias.digest, &entity), HUB_ERROR_not_found);
}

static void i4_a_command_id_is_stored_once(void **state)
{
    struct fixture *f = *state;
    struct hub_new_event event = { .type = 1, .schema = 1, .payload = HUB_SPAN("1") };
    struct hub_command_row row = {
        .id = { 1 }, .body = { 2 }, .reply_type = 77, .status = 201, .reply = HUB_SPAN("ok")
    };
    struct hub_append a = {
        .stream = fixture_stream(1, 2, 1), .events = &event, .event_count = 1, .command_row = &row
    };
    struct hub_append b = {
        .stream = fixture_stream(1, 2, 2), .events = &event, .event_count = 1, .command_row = &row
    };
    struct hub_append *all[] = { &a, &b };
    fixture_write(f, all, 2);
    assert_int_equal(a.result, HUB_APPENDED);
    assert_int_equal(b.result, HUB_APPEND_CONFLICT); /* earlier in the same batch */
    fixture_reopen(f);
    struct hub_append *again = &b;
    fixture_write(f, &again, 1);
    assert_int_equal(b.result, HUB_APPEND_CONFLICT); /* on disk */

    struct hub_command_row got;
    assert_int_equal(hub_log_command(f->log, row.id, f->arena, &got), 0);
    assert_memory_equal(got.id, row.id, sizeof row.id);
    assert_memory_equal(got.body, row.body, sizeof row.body);
    assert_int_equal(got.position.sequence, a.last.sequence);
    assert_int_equal(got.time_us, a.time_us);
    assert_int_equal(got.reply_type, 77);
    assert_int_equal(got.status, 201);
    assert_true(hub_span_is(got.reply, row.reply));
    const uint8_t other[HUB_COMMAND_ID] = { 2 };
    assert_int_equal(hub_log_command(f->log, other, f->arena, &got), HUB_ERROR_not_found);
}

/* A repetition gets the kept answer at once, so it must not find it before it is on disk. */
static void i1_a_kept_answer_is_found_when_it_is_synced(void **state)
{
    struct fixture *f = *state;
    struct hub_log_sink sink = hub_log_sink(f->log);
    struct hub_new_event event = { .type = 1, .schema = 1, .payload = HUB_SPAN("1") };
    struct hub_command_row row = { .id = { 1 }, .status = 201, .reply = HUB_SPAN("ok") }, got;
    struct hub_append append = {
        .stream = fixture_stream(1, 2, 1), .events = &event, .event_count = 1, .command_row = &row
    };
    struct hub_append *one = &append;
    assert_int_equal(sink.put(sink.self, &one, 1, f->why, sizeof f->why), 0);
    assert_int_equal(append.result, HUB_APPENDED);
    assert_int_equal(hub_log_command(f->log, row.id, f->arena, &got), HUB_ERROR_not_found);
    append.stream = fixture_stream(1, 2, 2);
    assert_int_equal(sink.put(sink.self, &one, 1, f->why, sizeof f->why), 0);
    assert_int_equal(append.result, HUB_APPEND_CONFLICT); /* who does it again is refused all the same */
    assert_int_equal(sink.sync(sink.self, f->why, sizeof f->why), 0);
    assert_int_equal(hub_log_command(f->log, row.id, f->arena, &got), 0);
}

static void i4_a_command_without_events_keeps_its_answer(void **state)
{
    struct fixture *f = *state;
    fixture_event(f, fixture_stream(1, 2, 1), 0, "x");
    struct hub_command_row row = { .id = { 1 }, .status = 200 }, got;
    struct hub_append append = { .stream = fixture_stream(1, 2, 1), .expected_version = 99, .command_row = &row };
    struct hub_append *one = &append;
    fixture_write(f, &one, 1);
    assert_int_equal(append.result, HUB_APPENDED);
    assert_int_equal(append.first.sequence, 1);
    assert_int_equal(append.last.sequence, 1);
    assert_int_equal(hub_log_command(f->log, row.id, f->arena, &got), 0);
    assert_int_equal(got.position.sequence, 1);
    assert_int_equal(got.reply.len, 0);
}

static void a_fenced_append_without_events_needs_its_version_too(void **state)
{
    struct fixture *f = *state;
    fixture_event(f, fixture_stream(1, 2, 1), 0, "x");
    struct hub_append append = { .stream = fixture_stream(1, 2, 1), .expected_version = 2, .fenced = true };
    struct hub_append *one = &append;
    fixture_write(f, &one, 1);
    assert_int_equal(append.result, HUB_APPEND_CONFLICT);
    append.expected_version = 1;
    fixture_write(f, &one, 1);
    assert_int_equal(append.result, HUB_APPENDED);
}

/* --- Aliases, pending rows --- */

static void an_alias_is_found_and_removed(void **state)
{
    struct fixture *f = *state;
    struct hub_alias alias = { .kind = CUSTOMER, .digest = { 9 }, .entity = fixture_id(3) };
    struct hub_append append = { .stream = fixture_stream(1, 2, 1), .aliases = &alias, .alias_count = 1 };
    struct hub_append *one = &append;
    struct hub_ulid entity;
    fixture_write(f, &one, 1);
    assert_int_equal(hub_log_alias(f->log, fixture_id(1), CUSTOMER, alias.digest, &entity), 0);
    assert_true(hub_ulid_is(entity, alias.entity));
    /* I10: neither another company nor another kind finds it. */
    assert_int_equal(hub_log_alias(f->log, fixture_id(2), CUSTOMER, alias.digest, &entity), HUB_ERROR_not_found);
    assert_int_equal(hub_log_alias(f->log, fixture_id(1), SESSION, alias.digest, &entity), HUB_ERROR_not_found);
    alias.remove = true;
    fixture_write(f, &one, 1);
    assert_int_equal(hub_log_alias(f->log, fixture_id(1), CUSTOMER, alias.digest, &entity), HUB_ERROR_not_found);
}

/* Who is told that a name is taken, or free, must not be told so of what a power cut takes back. */
static void i1_a_changed_alias_is_found_when_it_is_synced(void **state)
{
    struct fixture *f = *state;
    struct hub_log_sink sink = hub_log_sink(f->log);
    struct hub_alias alias = { .kind = CUSTOMER, .digest = { 9 }, .entity = fixture_id(3) };
    struct hub_append append = { .stream = fixture_stream(1, 2, 1), .aliases = &alias, .alias_count = 1 };
    struct hub_append *one = &append;
    struct hub_ulid entity;
    for (int round = 0; round < 3; round++) { /* each half of what is remembered serves again */
        alias.remove = false;
        assert_int_equal(sink.put(sink.self, &one, 1, f->why, sizeof f->why), 0);
        assert_int_equal(hub_log_alias(f->log, fixture_id(1), CUSTOMER, alias.digest, &entity), HUB_ERROR_not_found);
        assert_int_equal(sink.sync(sink.self, f->why, sizeof f->why), 0);
        assert_int_equal(hub_log_alias(f->log, fixture_id(1), CUSTOMER, alias.digest, &entity), 0);
        assert_true(hub_ulid_is(entity, alias.entity));
        alias.remove = true;
        assert_int_equal(sink.put(sink.self, &one, 1, f->why, sizeof f->why), 0);
        alias.remove = false;
        assert_int_equal(sink.put(sink.self, &one, 1, f->why, sizeof f->why), 0);
        alias.remove = true;
        assert_int_equal(sink.put(sink.self, &one, 1, f->why, sizeof f->why), 0);
        entity = fixture_id(99);
        assert_int_equal(hub_log_alias(f->log, fixture_id(1), CUSTOMER, alias.digest, &entity), 0);
        assert_true(hub_ulid_is(entity, alias.entity));
        assert_int_equal(sink.sync(sink.self, f->why, sizeof f->why), 0);
        assert_int_equal(hub_log_alias(f->log, fixture_id(1), CUSTOMER, alias.digest, &entity), HUB_ERROR_not_found);
    }
}

static void a_name_of_the_whole_hub_has_one_owner(void **state)
{
    struct fixture *f = *state;
    struct hub_log_sink sink = hub_log_sink(f->log);
    struct hub_alias alias = { .kind = 4, .digest = { 9 }, .entity = fixture_id(3), .of_hub = true }, free_one = alias;
    struct hub_append a = { .stream = fixture_stream(1, 2, 1), .aliases = &alias, .alias_count = 1 };
    struct hub_append b = { .stream = fixture_stream(2, 2, 2), .aliases = &alias, .alias_count = 1 };
    struct hub_append c = { .stream = fixture_stream(2, 2, 2), .aliases = &free_one, .alias_count = 1 };
    struct hub_append *all[] = { &a, &b, &c };
    const struct hub_ulid none = { { 0 } };
    struct hub_ulid entity;
    free_one.digest[0] = 8;
    assert_int_equal(sink.put(sink.self, all, 3, f->why, sizeof f->why), 0);
    assert_int_equal(a.result, HUB_APPENDED);
    assert_int_equal(b.result, HUB_APPEND_TAKEN); /* by one of the same batch */
    assert_int_equal(c.result, HUB_APPENDED);
    assert_int_equal(sink.put(sink.self, &all[1], 1, f->why, sizeof f->why), 0);
    assert_int_equal(b.result, HUB_APPEND_TAKEN); /* by one that is not on disk */
    assert_int_equal(sink.sync(sink.self, f->why, sizeof f->why), 0);
    fixture_reopen(f);
    fixture_write(f, &all[1], 1);
    assert_int_equal(b.result, HUB_APPEND_TAKEN);
    assert_int_equal(hub_log_alias(f->log, none, 4, alias.digest, &entity), 0);
    assert_true(hub_ulid_is(entity, alias.entity));
}

/* I11 */
static void a_key_is_destroyed_with_the_append_that_says_so(void **state)
{
    struct fixture *f = *state;
    const struct hub_ulid company = fixture_id(1), erased = fixture_id(7), kept = fixture_id(8);
    struct hub_new_key keys[2];
    struct hub_key key;
    hub_keyring_make(f->ring, company, erased, &keys[0]);
    hub_keyring_make(f->ring, company, kept, &keys[1]);
    struct hub_new_event event = { .type = 1, .schema = 1, .subject = erased, .payload = HUB_SPAN("x") };
    struct hub_append append = {
        .stream = fixture_stream(1, CUSTOMER, 7), .events = &event, .event_count = 1, .keys = keys, .key_count = 2
    };
    struct hub_append *one = &append;
    fixture_write(f, &one, 1);
    assert_true(hub_keyring_find(f->ring, company, erased, &key));
    append.keys = NULL;
    append.key_count = 0;
    append.erases = &erased;
    append.erase_count = 1;
    fixture_write(f, &one, 1); /* at another version: nothing is written, and nobody is erased */
    assert_int_equal(append.result, HUB_APPEND_CONFLICT);
    assert_true(hub_keyring_find(f->ring, company, erased, &key));
    append.expected_version = 1;
    fixture_write(f, &one, 1);
    assert_int_equal(append.result, HUB_APPENDED);
    assert_false(hub_keyring_find(f->ring, company, erased, &key));
    assert_true(hub_keyring_find(f->ring, company, kept, &key));
}

static void companies_come_one_after_the_other(void **state)
{
    struct fixture *f = *state;
    static const uint64_t numbers[] = { 1, 2, 255, 256, 65535, UINT64_MAX };
    struct hub_ulid company = { { 0 } };
    assert_int_equal(hub_log_next_company(f->log, company, &company), HUB_ERROR_not_found);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        for (uint64_t entity = 1; entity <= 3; entity++) {
            fixture_event(f, fixture_stream(numbers[i], SESSION, entity), 0, "x");
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_int_equal(hub_log_next_company(f->log, company, &company), 0);
        assert_true(hub_ulid_is(company, fixture_id(numbers[i])));
    }
    assert_int_equal(hub_log_next_company(f->log, company, &company), HUB_ERROR_not_found);
}

struct seen {
    struct hub_pending_key keys[32];
    char first[32];
    int count, stop_after;
};

static bool see(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    struct seen *seen = arg;
    seen->keys[seen->count] = *key;
    seen->first[seen->count++] = value.at[0];
    return seen->count != seen->stop_after;
}

static struct seen pending_of(struct fixture *f, uint8_t kind, int64_t until_us, const struct hub_pending_key *after)
{
    struct seen seen = { .count = 0 };
    const struct hub_due due = { .kind = kind, .until_us = until_us, .after = after };
    assert_int_equal(hub_log_pending(f->log, &due, see, &seen), 0);
    return seen;
}

static void pending_rows_come_in_due_order_and_are_settled(void **state)
{
    struct fixture *f = *state;
    struct hub_pending rows[] = { { .kind = HUB_PENDING_timer, .due_us = 300, .value = HUB_SPAN("c") },
                                  { .kind = HUB_PENDING_timer, .due_us = 100, .value = HUB_SPAN("a") },
                                  { .kind = HUB_PENDING_effect, .value = HUB_SPAN("e") },
                                  { .kind = HUB_PENDING_timer, .due_us = 200, .value = HUB_SPAN("b") } };
    struct hub_new_event event = { .type = 1, .schema = 1, .payload = HUB_SPAN("1") };
    struct hub_append append = {
        .stream = fixture_stream(1, 2, 1), .events = &event, .event_count = 1, .pendings = rows, .pending_count = 4
    };
    struct hub_append *one = &append;
    fixture_write(f, &one, 1);
    assert_int_equal(append.pending_number, append.first.sequence);

    struct seen seen = pending_of(f, HUB_PENDING_timer, INT64_MAX, NULL);
    assert_int_equal(seen.count, 3);
    assert_memory_equal(seen.first, "abc", 3);
    struct hub_pending_key key = hub_pending_key_make(HUB_PENDING_timer, 100, append.pending_number, 1);
    assert_memory_equal(seen.keys[0].b, key.b, HUB_PENDING_KEY);
    assert_int_equal(pending_of(f, HUB_PENDING_timer, 200, NULL).count, 2);
    assert_int_equal(pending_of(f, HUB_PENDING_timer, 199, NULL).count, 1);
    assert_int_equal(pending_of(f, HUB_PENDING_timer, -1, NULL).count, 0);
    assert_int_equal(pending_of(f, HUB_PENDING_timer, INT64_MAX, &seen.keys[0]).count, 2);
    assert_int_equal(pending_of(f, HUB_PENDING_effect, 0, NULL).count, 1);
    struct seen stopped = { .stop_after = 2 };
    const struct hub_due timers = { .kind = HUB_PENDING_timer, .until_us = INT64_MAX };
    assert_int_equal(hub_log_pending(f->log, &timers, see, &stopped), 0);
    assert_int_equal(stopped.count, 2);

    struct hub_append settle = { .stream = fixture_stream(1, 2, 1), .settles = &key, .settle_count = 1 };
    one = &settle;
    fixture_write(f, &one, 1);
    assert_int_equal(settle.result, HUB_APPENDED);
    assert_int_equal(settle.pending_number, 0);
    assert_int_equal(pending_of(f, HUB_PENDING_timer, INT64_MAX, NULL).count, 2);
}

static int try_settle(struct fixture *f, const struct hub_pending_key *key, unsigned times)
{
    struct hub_append first = { .settles = key, .settle_count = 1 }, second = first;
    struct hub_append *both[] = { &first, &second };
    fixture_write(f, both, times);
    return times == 1 ? first.result : second.result;
}

static void i8_what_is_put_asks_for_nothing_before_it_is_synced(void **state)
{
    struct fixture *f = *state;
    struct hub_log_sink sink = hub_log_sink(f->log);
    struct hub_pending row = { .kind = HUB_PENDING_effect, .value = HUB_SPAN("e") };
    struct hub_new_event event = { .type = 0x0200, .schema = 1, .payload = HUB_SPAN("p") };
    struct hub_append with = { .stream = fixture_stream(1, 2, 1), .pendings = &row, .pending_count = 1 }, loose = with;
    with.events = &event;
    with.event_count = 1;
    struct hub_append *both[] = { &with, &loose };
    assert_int_equal(sink.put(sink.self, both, 2, f->why, sizeof f->why), 0);
    assert_int_equal(with.result, HUB_APPENDED);
    struct hub_stored stored;
    assert_int_equal(hub_log_commit(f->log).sequence, 0);
    assert_int_equal(hub_log_read(f->log, with.last, f->arena, &stored), HUB_ERROR_not_found);
    assert_int_equal(pending_of(f, HUB_PENDING_effect, INT64_MAX, NULL).count, 0);
    assert_int_equal(sink.sync(sink.self, f->why, sizeof f->why), 0);
    assert_int_equal(hub_log_commit(f->log).sequence, 1);
    assert_int_equal(hub_log_read(f->log, with.last, f->arena, &stored), 0);
    assert_int_equal(pending_of(f, HUB_PENDING_effect, INT64_MAX, NULL).count, 2);
}

static void i8_a_pending_row_is_settled_once(void **state)
{
    struct fixture *f = *state;
    struct hub_pending row = { .kind = HUB_PENDING_effect, .value = HUB_SPAN("e") };
    struct hub_append append = { .pendings = &row, .pending_count = 1 };
    struct hub_append *one = &append;
    for (int reopened = 0; reopened < 2; reopened++) {
        /* Once from what is remembered, once from the store. */
        fixture_write(f, &one, 1);
        struct hub_pending_key key = hub_pending_key_make(HUB_PENDING_effect, 0, append.pending_number, 0);
        if (reopened) {
            fixture_reopen(f);
        }
        assert_int_equal(try_settle(f, &key, 2), HUB_APPEND_CONFLICT); /* twice in one batch: the first one did it */
        assert_int_equal(try_settle(f, &key, 1), HUB_APPEND_CONFLICT);
        fixture_reopen(f);
        assert_int_equal(try_settle(f, &key, 1), HUB_APPEND_CONFLICT);
    }
    assert_int_equal(pending_of(f, HUB_PENDING_effect, INT64_MAX, NULL).count, 0);
}

static void pending_keys_are_never_made_twice(void **state)
{
    struct fixture *f = *state;
    struct hub_pending row = { .kind = HUB_PENDING_effect, .value = HUB_SPAN("e") };
    struct hub_new_event event = { .type = 1, .schema = 1, .payload = HUB_SPAN("1") };
    for (uint64_t i = 0; i < 4; i++) {
        /* Without events in one batch with one that has, twice over, and again after a restart. */
        struct hub_append a = { .stream = fixture_stream(1, 2, 1), .pendings = &row, .pending_count = 1 }, b = a, c = a;
        c.events = &event;
        c.event_count = 1;
        c.expected_version = i;
        struct hub_append *all[] = { &a, &b, &c };
        fixture_write(f, all, 3);
        assert_true((a.pending_number & HUB_PENDING_LOOSE) != 0);
        fixture_reopen(f);
    }
    assert_int_equal(pending_of(f, HUB_PENDING_effect, INT64_MAX, NULL).count, 12);
}

/* --- Reading --- */

static void reading_outside_the_log_finds_nothing(void **state)
{
    struct fixture *f = *state;
    struct hub_stored event;
    fixture_event(f, fixture_stream(1, 2, 1), 0, "x");
    assert_int_equal(hub_log_read(f->log, (struct hub_position){ 0 }, f->arena, &event), HUB_ERROR_not_found);
    assert_int_equal(hub_log_read(f->log, (struct hub_position){ 2 }, f->arena, &event), HUB_ERROR_not_found);
    uint64_t version = 5;
    struct hub_stream none = fixture_stream(2, 2, 1);
    assert_int_equal(hub_log_stream_version(f->log, &none, &version), 0);
    assert_int_equal(version, 0);
    struct hub_stream stream = fixture_stream(1, 2, 1);
    assert_int_equal(hub_log_stream_version(f->log, &stream, &version), 0);
    assert_int_equal(version, 1);
}

static void a_moment_is_found_by_halving(void **state)
{
    struct fixture *f = *state;
    struct hub_position at;
    assert_int_equal(hub_log_at_time(f->log, INT64_MAX, &at), 0);
    assert_int_equal(at.sequence, 0);
    int64_t times[10];
    for (uint64_t i = 0; i < 10; i++) {
        hub_world_fake_advance(f->world, 1000);
        times[i] = read_at(f, fixture_event(f, fixture_stream(1, 2, 1), i, "x")).header.time;
    }
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(hub_log_at_time(f->log, times[i] - 1, &at), 0);
        assert_int_equal(at.sequence, i);
        assert_int_equal(hub_log_at_time(f->log, times[i], &at), 0);
        assert_int_equal(at.sequence, i + 1);
    }
}

/* --- The disk reserve --- */

static void below_the_reserve_nothing_is_written_and_reading_goes_on(void **state)
{
    struct fixture *f = *state;
    struct hub_stream stream = fixture_stream(1, 2, 1);
    fixture_event(f, stream, 0, "1");
    f->reserve_bytes = UINT64_MAX;
    fixture_reopen(f);
    assert_int_equal(try_version(f, stream, 1), HUB_APPEND_FULL);
    struct hub_pending_key key = hub_pending_key_make(1, 0, 1, 0);
    struct hub_append settle = { .settles = &key, .settle_count = 1 };
    struct hub_append *one = &settle;
    fixture_write(f, &one, 1);
    assert_int_equal(settle.result, HUB_APPEND_FULL);
    assert_int_equal(hub_log_commit(f->log).sequence, 1);
    struct hub_stored event = read_at(f, 1);
    assert_payload(&event, "1");
    struct hub_log_stats stats;
    hub_log_stats(f->log, &stats);
    assert_int_equal(stats.refused_full, 2);
    assert_true(stats.free_bytes > 0 && stats.reserve_bytes == UINT64_MAX);
    f->reserve_bytes = 1;
    fixture_reopen(f);
    assert_int_equal(try_version(f, stream, 1), HUB_APPENDED);
}

static void figures_are_counted(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 0; i < 4; i++) {
        fixture_event(f, fixture_stream(1, CUSTOMER, 1), i, "payload");
    }
    struct hub_log_stats stats;
    hub_log_stats(f->log, &stats);
    assert_int_equal(stats.batches, 4);
    assert_int_equal(stats.appends, 4);
    assert_int_equal(stats.events, 4);
    assert_int_equal(stats.bytes, 4 * 7);
}

static void a_large_batch_grows_what_it_needs(void **state)
{
    enum { COUNT = 6000 };
    struct fixture *f = *state;
    struct hub_append *appends = calloc(COUNT, sizeof *appends), **each = calloc(COUNT, sizeof *each);
    struct hub_new_event *events = calloc(COUNT, sizeof *events);
    for (uint64_t i = 0; i < COUNT; i++) {
        events[i] = (struct hub_new_event){
            .type = (uint16_t) (1 + i % 3), .schema = 1, .payload = HUB_SPAN("p"), .subject = fixture_id(i)
        };
        appends[i] = (struct hub_append){ .stream = fixture_stream(1, 2, i), .events = &events[i], .event_count = 1 };
        each[i] = &appends[i];
    }
    fixture_write(f, each, COUNT);
    assert_int_equal(hub_log_commit(f->log).sequence, COUNT);
    const struct hub_tag_range range = { .company = fixture_id(1), .tag = HUB_TAG_type, .id = hub_tag_of_type(2) };
    struct hub_scan *scan = hub_scan_tag(f->log, &range);
    struct hub_stored event;
    for (uint64_t i = 1; i < COUNT; i += 3) {
        assert_int_equal(hub_scan_next(scan, &event), 1);
        assert_int_equal(event.header.sequence, i + 1);
    }
    assert_int_equal(hub_scan_next(scan, &event), 0);
    hub_scan_close(&scan);
    for (uint64_t i = 0; i < COUNT; i++) { /* the cache turned over on the way */
        appends[i].expected_version = 1;
    }
    fixture_write(f, each, COUNT);
    assert_int_equal(hub_log_commit(f->log).sequence, 2 * COUNT);
    free(events);
    free(appends);
    free(each);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(i1_an_event_is_read_as_it_was_written),
        TEST(absent_things_are_absent_in_the_header),
        TEST(i2_positions_and_versions_are_dense_from_one),
        TEST(i3_the_chain_follows_from_log_id_headers_and_payloads),
        TEST(time_grows_even_when_the_clock_stands_or_goes_back),
        TEST(each_start_is_an_epoch_of_its_own),
        TEST(another_version_is_a_conflict_and_writes_nothing),
        TEST(a_conflict_leaves_the_rest_of_its_batch_alone),
        TEST(i4_a_command_id_is_stored_once),
        TEST(i1_a_kept_answer_is_found_when_it_is_synced),
        TEST(i4_a_command_without_events_keeps_its_answer),
        TEST(a_fenced_append_without_events_needs_its_version_too),
        TEST(an_alias_is_found_and_removed),
        TEST(i1_a_changed_alias_is_found_when_it_is_synced),
        TEST(a_name_of_the_whole_hub_has_one_owner),
        TEST(a_key_is_destroyed_with_the_append_that_says_so),
        TEST(companies_come_one_after_the_other),
        TEST(pending_rows_come_in_due_order_and_are_settled),
        TEST(i8_what_is_put_asks_for_nothing_before_it_is_synced),
        TEST(i8_a_pending_row_is_settled_once),
        TEST(pending_keys_are_never_made_twice),
        TEST(reading_outside_the_log_finds_nothing),
        TEST(a_moment_is_found_by_halving),
        TEST(below_the_reserve_nothing_is_written_and_reading_goes_on),
        TEST(figures_are_counted),
        TEST(a_large_batch_grows_what_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
