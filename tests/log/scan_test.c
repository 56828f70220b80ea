/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Scanning the log: everything, a stream, a tag, in both directions. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/log/fixture.h"

enum { CUSTOMER = 2, SESSION = 3 };

static void assert_payload(const struct hub_stored *event, const char *text)
{
    assert_true(hub_span_is(event->payload, hub_span(text)));
}

/* Expect a scan to give these sequences and no more, payloads being their numbers. */
static void assert_scan(struct hub_scan *scan, const uint64_t *sequences, size_t count)
{
    struct hub_stored event;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(hub_scan_next(scan, &event), 1);
        assert_int_equal(event.header.sequence, sequences[i]);
        char text[32];
        snprintf(text, sizeof text, "%llu", (unsigned long long) sequences[i]);
        assert_payload(&event, text);
    }
    assert_int_equal(hub_scan_next(scan, &event), 0);
    assert_int_equal(hub_scan_next(scan, &event), 0);
    hub_scan_close(&scan);
    assert_null(scan);
}

#define SCAN_IS(scan, ...)                                                      \
    do {                                                                        \
        const uint64_t expected_[] = { __VA_ARGS__ };                           \
        assert_scan((scan), expected_, sizeof expected_ / sizeof expected_[0]); \
    } while (0)
#define SCAN_IS_EMPTY(scan) assert_scan((scan), NULL, 0)

/* Twelve events, in batches of three: customer stream, session stream, customer stream about the session.
 * Sequence 1 4 7 10 customer; 2 5 8 11 session; 3 6 9 12 customer with session and type 0x0300. */
static void write_mixture(struct fixture *f)
{
    for (uint64_t i = 0; i < 4; i++) {
        char text[3][32];
        struct hub_new_event events[3];
        for (uint64_t j = 0; j < 3; j++) {
            snprintf(text[j], sizeof text[j], "%" PRIu64, 3 * i + j + 1);
            events[j] = (struct hub_new_event){ .type = 0x0200, .schema = 1, .payload = hub_span(text[j]) };
        }
        events[0].subject = fixture_id(20);
        events[1].session = fixture_id(30); /* its own stream: no tag row */
        events[2].session = fixture_id(30);
        events[2].type = 0x0300;
        struct hub_append a = {
            .stream = fixture_stream(1, CUSTOMER, 20), .expected_version = 2 * i, .events = events, .event_count = 1
        };
        struct hub_append b = {
            .stream = fixture_stream(1, SESSION, 30), .expected_version = i, .events = events + 1, .event_count = 1
        };
        struct hub_append c = { .stream = fixture_stream(1, CUSTOMER, 20),
                                .expected_version = 2 * i + 1,
                                .events = events + 2,
                                .event_count = 1 };
        struct hub_append *all[] = { &a, &b, &c };
        fixture_write(f, all, 3);
        assert_int_equal(c.result, HUB_APPENDED);
    }
}

static struct hub_scan *oldest_first(struct fixture *f, enum hub_tag tag, struct hub_ulid id, uint64_t from,
                                     uint64_t to)
{
    const struct hub_tag_range range = { .company = fixture_id(1), .tag = tag, .id = id, .from = from, .to = to };
    return hub_scan_tag(f->log, &range);
}

static struct hub_scan *newest_first(struct fixture *f, enum hub_tag tag, struct hub_ulid id, uint64_t from,
                                     uint64_t to)
{
    const struct hub_tag_range range = {
        .company = fixture_id(1), .tag = tag, .id = id, .from = from, .to = to, .backwards = true
    };
    return hub_scan_tag(f->log, &range);
}

static void everything_is_scanned_in_order(void **state)
{
    struct fixture *f = *state;
    SCAN_IS_EMPTY(hub_scan_all(f->log, 0, 0));
    write_mixture(f);
    SCAN_IS(hub_scan_all(f->log, 0, 0), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    SCAN_IS(hub_scan_all(f->log, 5, 7), 5, 6, 7);
    SCAN_IS(hub_scan_all(f->log, 11, 99), 11, 12);
    SCAN_IS_EMPTY(hub_scan_all(f->log, 13, 0));
    SCAN_IS_EMPTY(hub_scan_all(f->log, 7, 5));
}

static void a_scan_ends_at_the_commit_position_of_its_opening(void **state)
{
    struct fixture *f = *state;
    write_mixture(f);
    struct hub_scan *scan = hub_scan_all(f->log, 11, 0);
    fixture_event(f, fixture_stream(1, CUSTOMER, 1), 0, "13");
    SCAN_IS(scan, 11, 12);
}

static void a_stream_is_scanned_by_version(void **state)
{
    struct fixture *f = *state;
    write_mixture(f);
    struct hub_stream customer = fixture_stream(1, CUSTOMER, 20), session = fixture_stream(1, SESSION, 30);
    struct hub_stream other = fixture_stream(2, SESSION, 30);
    SCAN_IS(hub_scan_stream(f->log, &customer, 0, 0), 1, 3, 4, 6, 7, 9, 10, 12);
    SCAN_IS(hub_scan_stream(f->log, &customer, 1, 0), 1, 3, 4, 6, 7, 9, 10, 12);
    SCAN_IS(hub_scan_stream(f->log, &customer, 6, 0), 9, 10, 12);
    SCAN_IS(hub_scan_stream(f->log, &customer, 2, 7), 3, 4, 6, 7);
    SCAN_IS(hub_scan_stream(f->log, &session, 0, 0), 2, 5, 8, 11);
    SCAN_IS_EMPTY(hub_scan_stream(f->log, &session, 5, 0));
    SCAN_IS_EMPTY(hub_scan_stream(f->log, &other, 0, 0));
}

static void a_tag_is_scanned_in_both_directions(void **state)
{
    struct fixture *f = *state;
    write_mixture(f);
    struct hub_ulid subject = fixture_id(20), type = hub_tag_of_type(0x0200);
    SCAN_IS(oldest_first(f, HUB_TAG_subject, subject, 0, 0), 1, 4, 7, 10);
    SCAN_IS(newest_first(f, HUB_TAG_subject, subject, 0, 0), 10, 7, 4, 1);
    SCAN_IS(oldest_first(f, HUB_TAG_type, type, 0, 0), 1, 2, 4, 5, 7, 8, 10, 11);
    SCAN_IS(oldest_first(f, HUB_TAG_type, type, 5, 8), 5, 7, 8);
    SCAN_IS(newest_first(f, HUB_TAG_type, type, 5, 8), 8, 7, 5);
    SCAN_IS_EMPTY(oldest_first(f, HUB_TAG_type, type, 6, 6));
    SCAN_IS_EMPTY(newest_first(f, HUB_TAG_type, type, 9, 9));
    const struct hub_tag_range of_another = { .company = fixture_id(2), .tag = HUB_TAG_type, .id = type };
    SCAN_IS_EMPTY(hub_scan_tag(f->log, &of_another));
    SCAN_IS_EMPTY(oldest_first(f, HUB_TAG_type, hub_tag_of_type(1), 0, 0));
}

static void a_session_is_its_own_stream_and_what_others_say_of_it(void **state)
{
    struct fixture *f = *state;
    write_mixture(f);
    struct hub_ulid session = fixture_id(30);
    SCAN_IS(oldest_first(f, HUB_TAG_session, session, 0, 0), 2, 3, 5, 6, 8, 9, 11, 12);
    SCAN_IS(newest_first(f, HUB_TAG_session, session, 0, 0), 12, 11, 9, 8, 6, 5, 3, 2);
    SCAN_IS(oldest_first(f, HUB_TAG_session, session, 4, 9), 5, 6, 8, 9);
    SCAN_IS(newest_first(f, HUB_TAG_session, session, 4, 9), 9, 8, 6, 5);
    SCAN_IS(newest_first(f, HUB_TAG_session, session, 2, 2), 2);
    SCAN_IS(oldest_first(f, HUB_TAG_session, session, 12, 12), 12);
}

static void a_long_stream_has_no_seams(void **state)
{
    enum { LONG = 150 };
    struct fixture *f = *state;
    struct hub_stream stream = fixture_stream(1, SESSION, 30);
    uint64_t up[LONG], down[LONG];
    for (uint64_t i = 0; i < LONG; i++) {
        char text[32];
        snprintf(text, sizeof text, "%" PRIu64, i + 1);
        up[i] = down[LONG - 1 - i] = fixture_event(f, stream, i, text);
    }
    assert_scan(hub_scan_stream(f->log, &stream, 0, 0), up, LONG);
    assert_scan(hub_scan_stream(f->log, &stream, 101, 0), up + 100, LONG - 100);
    struct hub_ulid session = fixture_id(30);
    assert_scan(oldest_first(f, HUB_TAG_session, session, 0, 0), up, LONG);
    assert_scan(newest_first(f, HUB_TAG_session, session, 0, 0), down, LONG);
}

/* Rows read ahead stay where they are until they are given, and the window goes on round and round. */
static void events_ahead_are_those_that_come(void **state)
{
    enum { LONG = 100, PARTS = 2 };
    struct fixture *f = *state;
    for (uint64_t i = 0; i < LONG; i++) {
        char text[32];
        snprintf(text, sizeof text, "%" PRIu64, i + 1);
        fixture_event(f, fixture_stream(1, SESSION, 30), i, text);
    }
    struct hub_scan *scan = hub_scan_all(f->log, 0, LONG - 5);
    struct hub_stored event;
    unsigned most = 0;
    assert_null(hub_scan_ahead(scan, 1));
    for (uint64_t sequence = 1; sequence <= LONG - 5; sequence++) {
        char text[32];
        snprintf(text, sizeof text, "%" PRIu64, sequence);
        assert_int_equal(hub_scan_next(scan, &event), 1);
        for (unsigned distance = 1; distance <= HUB_SCAN_AHEAD; distance++) {
            const struct hub_stored *ahead = hub_scan_ahead(scan, distance);
            if (ahead != NULL) {
                assert_int_equal(ahead->header.sequence, sequence + distance);
                most = distance > most ? distance : most;
            }
        }
        assert_int_equal(event.header.sequence, sequence);
        assert_payload(&event, text);
    }
    assert_int_equal(most, HUB_SCAN_AHEAD);
    assert_null(hub_scan_ahead(scan, 1));
    assert_int_equal(hub_scan_next(scan, &event), 0);
    hub_scan_close(&scan);
}

static void headers_alone_come_without_payload(void **state)
{
    struct fixture *f = *state;
    write_mixture(f);
    struct hub_stream session = fixture_stream(1, SESSION, 30);
    struct hub_scan *scans[] = { hub_scan_all(f->log, 2, 0), hub_scan_stream(f->log, &session, 0, 0) };
    for (int i = 0; i < 2; i++) {
        struct hub_stored event;
        hub_scan_headers_only(scans[i]);
        assert_int_equal(hub_scan_next(scans[i], &event), 1);
        assert_int_equal(event.header.sequence, 2);
        assert_int_equal(event.payload.len, 0);
        assert_int_equal(hub_scan_next(scans[i], &event), 1);
        hub_scan_close(&scans[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everything_is_scanned_in_order),
        TEST(a_scan_ends_at_the_commit_position_of_its_opening),
        TEST(a_stream_is_scanned_by_version),
        TEST(a_tag_is_scanned_in_both_directions),
        TEST(a_session_is_its_own_stream_and_what_others_say_of_it),
        TEST(a_long_stream_has_no_seams),
        TEST(events_ahead_are_those_that_come),
        TEST(headers_alone_come_without_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
