/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What an erasure decides: who may be erased, what ends with it, and that nobody writes to the customer afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "tests/actors/outreach.h"

static int set_up(void **state)
{
    *state = harness_new(1);
    return 0;
}

/* What a test erases; zero is the right thing for "ann" without open sessions. */
struct wanted {
    const char *confirm, *reason;
    bool ends;
    uint64_t too_old; /* versions behind */
};

static const struct harness_result *erase(struct harness *h, const char *customer, struct wanted wanted)
{
    struct customer_held held = { .has = hub_shape_mask(&customer_held_shape), .messages = 7 };
    struct erase_customer command = { 0 };
    struct hub_ulid id = harness_find(h, KIND_customer, customer);
    HUB_SET(erase_customer, &command, customer_id, harness_sealed(customer));
    HUB_SET(erase_customer, &command, confirm, harness_sealed(wanted.confirm != NULL ? wanted.confirm : customer));
    HUB_SET(erase_customer, &command, reason, hub_span(wanted.reason != NULL ? wanted.reason : "case 4711"));
    HUB_SET(erase_customer, &command, held, &held);
    HUB_SET(erase_customer, &command, version, harness_version(h, KIND_customer, id) - wanted.too_old);
    if (wanted.ends) {
        HUB_SET(erase_customer, &command, end_sessions, true);
    }
    return harness_do(h, &(struct harness_call){ .target = KIND_customer,
                                                 .shape = &erase_customer_shape,
                                                 .record = &command,
                                                 .customer = customer,
                                                 .role = role_admin });
}

static void i11_who_is_erased_has_no_sessions_left_and_counts_stay(void **state)
{
    struct harness *h = *state;
    talk_create(h, "ann", "s1", channel_chat);
    talk_create(h, "ann", "s2", channel_sms);
    talk_say(h, "ann", "s1", "hello");
    const struct customer_erasure *answer = talk_answer(erase(h, "ann", (struct wanted){ .ends = true }),
                                                        &customer_erasure_shape);
    assert_true(answer->is_erased);
    assert_int_equal(answer->held->messages, 7);
    const struct customer_state *customer = talk_customer(h, "ann");
    assert_true(HUB_HAS(customer_state, customer, erased_at));
    assert_int_equal(customer->sessions.count, 0);
    assert_int_equal(customer->session_count, 2);
    assert_int_equal(talk_state(h, "s1")->status, session_status_ended);
    assert_int_equal(talk_state(h, "s1")->end_reason, end_reason_erased);
    assert_int_equal(talk_state(h, "s2")->status, session_status_ended);
    assert_int_equal(talk_state(h, "s1")->message_ranks.len, 1);
}

static void what_is_not_meant_or_not_counted_is_refused(void **state)
{
    struct harness *h = *state;
    talk_create(h, "ann", "s1", channel_chat);
    talk_refused(erase(h, "ann", (struct wanted){ .ends = true, .confirm = "anne" }), HUB_ERROR_invalid_field,
                 "/confirm");
    talk_refused(erase(h, "ann", (struct wanted){ .ends = true, .reason = "because ann asked" }),
                 HUB_ERROR_invalid_field, "/reason");
    talk_refused(erase(h, "ann", (struct wanted){ .ends = false }), HUB_ERROR_conflict, "/end_sessions");
    talk_refused(erase(h, "ann", (struct wanted){ .ends = true, .too_old = 1 }), HUB_ERROR_conflict, "");
    talk_refused(erase(h, "nobody", (struct wanted){ .ends = true }), HUB_ERROR_not_found, "/customer_id");
    talk_end(h, "s1");
    assert_int_equal(erase(h, "ann", (struct wanted){ .ends = false })->error, 0);
    talk_refused(erase(h, "ann", (struct wanted){ .ends = true }), HUB_ERROR_erased, "/customer_id");
}

static void nobody_writes_to_who_was_erased(void **state)
{
    struct harness *h = *state;
    struct stop_customer stop = { 0 };
    HUB_SET(stop_customer, &stop, customer_id, harness_sealed("ann"));
    HUB_SET(stop_customer, &stop, stop, true);
    talk_create(h, "ann", "s1", channel_chat);
    erase(h, "ann", (struct wanted){ .ends = true });
    talk_refused(talk_create(h, "ann", "s2", channel_chat), HUB_ERROR_erased, "/customer_id");
    talk_refused(talk_say(h, "ann", NULL, "hello again"), HUB_ERROR_erased, "/customer_id");
    talk_refused(harness_do(h, &(struct harness_call){ .target = KIND_customer,
                                                       .shape = &stop_customer_shape,
                                                       .record = &stop,
                                                       .customer = "ann" }),
                 HUB_ERROR_erased, "/customer_id");
    talk_refused(talk_say(h, "ann", "s1", "hello"), HUB_ERROR_illegal_transition, "");
}

static void campaigns_let_go_of_who_was_erased(void **state)
{
    struct harness *h = *state;
    struct outreach_wanted later = outreach_usual;
    later.schedule_us = INT64_C(60000000);
    outreach_launch(h, "waits", &later);
    assert_int_equal(outreach_standing(h, "waits", "ann"), recipient_status_selected);
    erase(h, "ann", (struct wanted){ .ends = true });
    assert_int_equal(outreach_standing(h, "waits", "ann"), recipient_status_suppressed);
    assert_int_equal(outreach_contact(h, "waits", "ann", (struct outreach_turn){ .offset_s = 0 }),
                     recipient_status_suppressed);
    assert_int_equal(outreach_launch(h, "after", &outreach_usual)->error, 0);
    assert_null(outreach_recipient(h, "after", "ann"));
    assert_int_equal(outreach_effects(h), 0);
}

static void a_message_that_nobody_can_read_any_more_is_dropped(void **state)
{
    struct harness *h = *state;
    talk_create(h, "ann", "s1", channel_chat);
    talk_reply(h, "s1", "hello", false);
    const struct harness_result *result = talk_report(
        h, "s1", (struct report){ .index = 1, .failure = HUB_FAILURE_ERASED, .attempt = 1, .settles = true });
    assert_int_equal(result->error, 0);
    assert_false(result->retries);
    assert_false(result->dead_letter);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, talk_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(i11_who_is_erased_has_no_sessions_left_and_counts_stay),
        TEST(what_is_not_meant_or_not_counted_is_refused),
        TEST(nobody_writes_to_who_was_erased),
        TEST(campaigns_let_go_of_who_was_erased),
        TEST(a_message_that_nobody_can_read_any_more_is_dropped),
    };
#undef TEST
    return cmocka_run_group_tests_name("actors/erasure", tests, NULL, NULL);
}
