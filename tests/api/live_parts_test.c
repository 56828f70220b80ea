/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tests of what live streams are made of: api/live/table.h, interest.h, batch.h, reader.h, and of the rows of frames.def and
 * clients.def. */
#include "api/live/batch.h"
#include "api/live/client.h"
#include "api/live/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct hub_ulid id_of(unsigned number)
{
    struct hub_ulid id = { { 0 } };
    id.b[14] = (uint8_t) (number >> 8);
    id.b[15] = (uint8_t) number;
    return id;
}

static void a_table_finds_what_was_added_and_forgets_what_was_removed(void **state)
{
    enum { MANY = 1000 };
    struct hub_live_table table = { 0 };
    struct hub_live_entry *entries = calloc(MANY, sizeof *entries);
    (void) state;
    assert_null(hub_live_table_find(&table, (struct hub_live_key){ id_of(1), 1, 1 }));
    for (unsigned i = 0; i < MANY; i++) {
        entries[i].key = (struct hub_live_key){ id_of(i / 2), 1, (uint8_t) (i % 2) };
        hub_live_table_add(&table, &entries[i]);
    }
    for (unsigned i = 0; i < MANY; i++) {
        assert_ptr_equal(hub_live_table_find(&table, entries[i].key), &entries[i]);
    }
    for (unsigned i = 0; i < MANY; i += 3) {
        hub_live_table_remove(&table, &entries[i]);
    }
    size_t seen = 0;
    for (struct hub_live_entry *at = NULL; (at = hub_live_table_next(&table, at)) != NULL; seen++) {
        assert_true((at - entries) % 3 != 0);
    }
    assert_int_equal(seen, table.count);
    hub_live_table_done(&table);
    free(entries);
}

static void interest_counts_ears_by_role_and_topic(void **state)
{
    struct hub_interest *interest = hub_interest_new();
    struct hub_lens all = {
        .company = id_of(1), .contract = HUB_CONTRACT_a, .role = role_agent, .topic = HUB_TOPIC_company
    };
    struct hub_lens one = all;
    struct hub_hearers hearers;
    (void) state;
    one.role = role_auditor;
    one.topic = HUB_TOPIC_session;
    one.id = id_of(7);
    uint64_t first = hub_interest_add(interest, &all, 41);
    assert_true(hub_interest_add(interest, &one, 42) > first);
    assert_int_equal(hub_interest_since(interest), 41);
    assert_true(hub_interest_hearers(interest, all.company, HUB_CONTRACT_a, &hearers));
    assert_int_equal(hearers.all, 1u << role_agent);
    assert_int_equal(hearers.some, 1u << role_auditor);
    assert_false(hub_interest_hearers(interest, all.company, HUB_CONTRACT_b, &hearers));
    assert_false(hub_interest_hearers(interest, id_of(2), HUB_CONTRACT_a, &hearers));
    assert_true(hub_interest_in(interest, HUB_TOPIC_session, id_of(7)));
    assert_false(hub_interest_in(interest, HUB_TOPIC_customer, id_of(7)));
    hub_interest_drop(interest, &one);
    assert_false(hub_interest_in(interest, HUB_TOPIC_session, id_of(7)));
    hub_interest_drop(interest, &all);
    assert_int_equal(hub_interest_count(interest), 0);
    assert_false(hub_interest_hearers(interest, all.company, HUB_CONTRACT_a, &hearers));
    hub_interest_destroy(&interest);
}

static void a_batch_keeps_lanes_apart_and_frames_in_order(void **state)
{
    static const struct hub_frame_row row = { .contract = HUB_CONTRACT_b };
    const struct hub_live_key agents = { id_of(1), HUB_CONTRACT_b, role_agent };
    const struct hub_live_key others = { id_of(2), HUB_CONTRACT_b, role_agent };
    const struct hub_rendered one = { .row = &row, .session = id_of(3), .frame = HUB_SPAN("one") };
    const struct hub_rendered two = {
        .row = &row, .customer = id_of(4), .frame = HUB_SPAN("two"), .mine = HUB_SPAN("mine"), .differs_for = id_of(9)
    };
    struct hub_batch *batch = hub_batch_new(5, 8, 1);
    (void) state;
    hub_batch_add(batch, agents, &one);
    hub_batch_add(batch, others, &one);
    hub_batch_add(batch, agents, &two);
    hub_batch_seal(batch);
    const struct hub_batch_lane *lane = hub_batch_lane(batch, agents);
    assert_int_equal(lane->count, 2);
    assert_true(hub_span_is(hub_ref_bytes(lane->bytes), HUB_SPAN("onetwo")));
    assert_true(hub_span_is(hub_ref_bytes(lane->mine), HUB_SPAN("mine")));
    assert_true(hub_span_is(hub_ref_bytes(hub_batch_lane(batch, others)->bytes), HUB_SPAN("one")));
    assert_null(hub_batch_lane(batch, (struct hub_live_key){ id_of(1), HUB_CONTRACT_a, role_agent }));
    struct hub_lens lens = { .topic = HUB_TOPIC_session, .id = id_of(3) };
    assert_true(hub_batch_is_for(&lane->items[0], &lens));
    assert_false(hub_batch_is_for(&lane->items[1], &lens));
    lens = (struct hub_lens){ .topic = HUB_TOPIC_customer, .id = id_of(4) };
    assert_true(hub_batch_is_for(&lane->items[1], &lens));
    struct hub_batch *held = hub_batch_hold(batch);
    hub_batch_drop(&batch);
    hub_batch_drop(&held);
}

/* I11: what was rendered before somebody was erased is not sent afterwards; the log has it without the words. */
static void a_batch_from_before_an_erasure_does_not_go_on(void **state)
{
    (void) state;
    struct hub_batch *batch = hub_batch_new(5, 8, 3);
    batch->erasures = 1;
    assert_true(hub_batch_goes_on(batch, 5, 3, 1));
    assert_true(hub_batch_goes_on(batch, 5, 2, 1));
    assert_false(hub_batch_goes_on(batch, 5, 3, 2));
    assert_false(hub_batch_goes_on(batch, 5, 4, 1));
    assert_false(hub_batch_goes_on(batch, 4, 3, 1));
    hub_batch_drop(&batch);
}

static void pass_over(void *arg, uint8_t opcode, uint64_t len)
{
    (void) arg;
    (void) opcode;
    (void) len;
}

static void count(void *arg, uint8_t opcode, struct hub_span message)
{
    (void) opcode;
    (void) message;
    ++*(unsigned *) arg;
}

/* What an idle socket costs depends on it. */
static void a_reader_keeps_nothing_between_messages(void **state)
{
    static const struct hub_reader_calls calls = { .on_frame = pass_over, .on_message = count };
    static const char frames[] = "\x81\x82\0\0\0\0{}\x89\x80\0\0\0\0\x81\x82\0\0\0\0{}";
    struct hub_reader reader = { .ws = NULL };
    struct hub_buf answer;
    unsigned messages = 0;
    (void) state;
    hub_buf_init(&answer);
    for (size_t i = 0; i < sizeof frames - 1; i++) {
        (void) hub_reader_take(&reader, hub_span_of(frames + i, 1), &calls, &messages, &answer);
        assert_int_equal(reader.ws == NULL, i == 7 || i == 13 || i == 21);
    }
    assert_int_equal(messages, 2);
    assert_true(hub_span_is(hub_buf_span(&answer), HUB_SPAN("\x8a\x00")));
    hub_buf_done(&answer);
    hub_reader_done(&reader);
}

static void every_frame_says_what_it_carries_and_who_may_see_it(void **state)
{
    size_t rows;
    const struct hub_frame_row *row = hub_frame_rows(&rows);
    (void) state;
    for (size_t i = 0; i < rows; i++) {
        assert_non_null(row[i].payload);
        assert_non_null(row[i].doc);
        assert_true(row[i].roles != 0);
        assert_int_equal(row[i].event != 0, row[i].fill != NULL);
        assert_true(!row[i].flat || row[i].contract == HUB_CONTRACT_b);
        for (size_t k = 0; k < i; k++) { /* one type has one shape, or its description would be wrong */
            bool is_same = row[k].contract == row[i].contract && strcmp(row[k].type, row[i].type) == 0;
            assert_true(!is_same || row[k].payload == row[i].payload);
        }
    }
}

static void every_frame_of_a_client_is_done_in_one_way_and_answered(void **state)
{
    size_t rows;
    const struct hub_client_row *row = hub_client_rows(&rows);
    (void) state;
    for (size_t i = 0; i < rows; i++) {
        assert_int_equal((row[i].run != NULL) + (row[i].command != NULL) + (row[i].query != NULL), 1);
        assert_non_null(row[i].doc);
        assert_true(row[i].run == NULL || row[i].said != NULL);
        assert_true(row[i].command == NULL || row[i].target != 0);
        if (row[i].reply != NULL) {
            const struct hub_frame_row *reply = hub_frame_said(row[i].contract, row[i].reply);
            assert_non_null(reply);
            assert_true(row[i].then == NULL || reply->payload == row[i].then->answer);
            assert_true(row[i].query == NULL || reply->payload == row[i].query->answer);
        }
        assert_true(row[i].run != NULL || row[i].reply != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_finds_what_was_added_and_forgets_what_was_removed),
        cmocka_unit_test(interest_counts_ears_by_role_and_topic),
        cmocka_unit_test(a_batch_keeps_lanes_apart_and_frames_in_order),
        cmocka_unit_test(a_batch_from_before_an_erasure_does_not_go_on),
        cmocka_unit_test(a_reader_keeps_nothing_between_messages),
        cmocka_unit_test(every_frame_says_what_it_carries_and_who_may_see_it),
        cmocka_unit_test(every_frame_of_a_client_is_done_in_one_way_and_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
