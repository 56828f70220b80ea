/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A decision: what it knows, what it collects, what a refusal leaves of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "actors/company/company.h"
#include "actors/decision.h"
#include "base/world.h"

struct fixture {
    struct hub_arena *arena;
    struct hub_world *world;
    struct hub_name given[HUB_KINDS];
    struct hub_decision_input input;
};

static const struct hub_ulid none;
static const struct hub_ulid someone = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };

static int set_up(void **state)
{
    static struct fixture f;
    static const struct hub_caller caller;
    f = (struct fixture){ .arena = hub_arena_new(0), .world = hub_world_fake_new(5000000, 1) };
    f.input = (struct hub_decision_input){
        .caller = &caller,
        .self = someone,
        .now_us = 7000000,
        .world = f.world,
        .arena = f.arena,
        .given = f.given,
    };
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    hub_arena_destroy(&f->arena);
    hub_world_fake_destroy(&f->world);
    return 0;
}

static void done_answer(struct hub_decision *decision)
{
    struct done_reply *answer = HUB_NEW(hub_decision_arena(decision), struct done_reply);
    HUB_SET(done_reply, answer, success, true);
    hub_decide_answer(decision, &done_reply_shape, answer, someone);
}

static void what_is_decided_comes_out_in_order(void **state)
{
    struct fixture *f = *state;
    struct hub_decision *decision = hub_decision_new(&f->input);
    struct done_reply records[100] = { 0 };
    for (size_t i = 0; i < 100; i++) {
        hub_decide_event(decision, &done_reply_shape, &records[i], someone, none);
        hub_decide_timer(decision, (int64_t) i, &done_reply_shape, &records[i]);
        hub_decide_effect(decision, (int64_t) i, &done_reply_shape, &records[i], someone);
        hub_decide_subject(decision, (struct hub_ulid){ { (uint8_t) i } });
    }
    const struct hub_decided *decided = hub_decision_result(decision);
    assert_int_equal(decided->event_count, 100);
    assert_int_equal(decided->later_count, 200);
    assert_int_equal(decided->subject_count, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_ptr_equal(decided->events[i].record, &records[i]);
        assert_int_equal(decided->laters[2 * i].pending, HUB_PENDING_timer);
        assert_int_equal(decided->laters[2 * i].due_us, i);
        assert_int_equal(decided->laters[2 * i + 1].pending, HUB_PENDING_effect);
        assert_int_equal(decided->laters[2 * i + 1].attempt, 1);
        assert_true(hub_ulid_is(decided->laters[2 * i].follow.entity, someone));
        assert_int_equal(decided->subjects[i].b[0], i);
    }
    assert_int_equal(decided->error, 0);
}

static void a_refusal_leaves_nothing_but_its_first_reason(void **state)
{
    struct fixture *f = *state;
    struct hub_decision *decision = hub_decision_new(&f->input);
    struct done_reply record = { 0 };
    hub_decide_event(decision, &done_reply_shape, &record, someone, none);
    hub_decide_timer(decision, 1, &done_reply_shape, &record);
    hub_decide_forward(decision, KIND_session, someone);
    done_answer(decision);
    hub_decide_refuse(decision, HUB_ERROR_conflict, "/a", "Number %d.", 1);
    hub_decide_refuse(decision, HUB_ERROR_not_found, "/b", "Number %d.", 2);
    const struct hub_decided *decided = hub_decision_result(decision);
    assert_int_equal(decided->error, HUB_ERROR_conflict);
    assert_int_equal(decided->fault.error, HUB_ERROR_conflict);
    assert_string_equal(decided->fault.pointer, "/a");
    assert_string_equal(decided->fault.reason, "Number 1.");
    assert_int_equal(decided->event_count, 0);
    assert_int_equal(decided->later_count, 0);
    assert_null(decided->answer);
    assert_false(decided->forwards);
}

static void a_refusal_that_keeps_is_written(void **state)
{
    struct fixture *f = *state;
    struct hub_decision *decision = hub_decision_new(&f->input);
    struct done_reply record = { 0 };
    hub_decide_event(decision, &done_reply_shape, &record, someone, none);
    hub_decide_refuse(decision, HUB_ERROR_conflict, "", "No.");
    hub_decide_keep(decision);
    const struct hub_decided *decided = hub_decision_result(decision);
    assert_int_equal(decided->error, HUB_ERROR_conflict);
    assert_true(decided->keeps);
    assert_int_equal(decided->event_count, 1);
}

static void an_answer_is_a_copy_that_points_to_nothing_of_the_state(void **state)
{
    struct fixture *f = *state;
    struct hub_decision *decision = hub_decision_new(&f->input);
    char text[] = "before";
    struct company_created_reply reply = { 0 };
    HUB_SET(company_created_reply, &reply, name, hub_span(text));
    hub_decide_answer(decision, &company_created_reply_shape, &reply, someone);
    text[0] = 'B';
    const struct company_created_reply *answer = hub_decision_result(decision)->answer;
    assert_true(hub_span_is(answer->name, HUB_SPAN("before")));
}

static void a_key_and_a_label_make_the_same_id_and_nothing_else_does(void **state)
{
    struct fixture *f = *state;
    static const uint8_t keys[2][16] = { "key one", "key two" };
    f->input.key_id = keys[0];
    struct hub_ulid first = hub_decision_id(hub_decision_new(&f->input), "session");
    struct hub_ulid other_label = hub_decision_id(hub_decision_new(&f->input), "user");
    f->input.now_us += 1000000;
    struct hub_ulid again = hub_decision_id(hub_decision_new(&f->input), "session");
    f->input.key_id = keys[1];
    struct hub_ulid other_key = hub_decision_id(hub_decision_new(&f->input), "session");
    assert_true(hub_ulid_is(first, again));
    assert_false(hub_ulid_is(first, other_label));
    assert_false(hub_ulid_is(first, other_key));
    f->input.key_id = NULL;
    struct hub_decision *decision = hub_decision_new(&f->input);
    struct hub_ulid fresh = hub_decision_id(decision, "session");
    assert_false(hub_ulid_is(fresh, hub_decision_id(decision, "session")));
    assert_int_equal(hub_ulid_shard(first), hub_ulid_shard(someone));
    assert_int_equal(hub_ulid_shard(fresh), hub_ulid_shard(someone));
}

static void names_are_known_by_kind_and_aliases_need_a_digest(void **state)
{
    struct fixture *f = *state;
    f->given[KIND_session] = (struct hub_name){ .given = true, .known = true, .id = someone, .digest = { 5 } };
    f->given[KIND_customer] = (struct hub_name){ .given = true, .is_ours = true, .id = someone };
    struct hub_decision *decision = hub_decision_new(&f->input);
    assert_true(hub_decision_exists(decision, KIND_session));
    assert_false(hub_decision_exists(decision, KIND_customer));
    assert_false(hub_decision_exists(decision, KIND_company));
    assert_null(hub_decision_name(decision, KIND_company));
    assert_null(hub_decision_name(decision, HUB_KINDS));
    assert_false(hub_decision_names(decision, KIND_session)); /* no flags were given */
    assert_true(hub_ulid_is_none(hub_decision_named(decision, KIND_session)));
    hub_decide_alias(decision, KIND_session, hub_decision_name(decision, KIND_session), someone);
    hub_decide_alias(decision, KIND_customer, hub_decision_name(decision, KIND_customer), someone);
    hub_decide_alias(decision, KIND_company, NULL, someone);
    const struct hub_decided *decided = hub_decision_result(decision);
    assert_int_equal(decided->alias_count, 1);
    assert_int_equal(decided->aliases[0].digest[0], 5);
    assert_int_equal(decided->alias_names[0].digest[0], 5);
    struct done_reply record = { 0 };
    struct hub_follow follow = { .shape = &done_reply_shape, .record = &record };
    follow.alias = hub_decision_name(decision, KIND_customer);
    hub_decide_follow(decision, &follow);
    follow.alias = hub_decision_name(decision, KIND_session);
    hub_decide_follow(decision, &follow);
    decided = hub_decision_result(decision);
    assert_null(decided->laters[0].follow.alias);
    assert_int_equal(decided->laters[1].follow.alias->digest[0], 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_decided_comes_out_in_order),
        TEST(a_refusal_leaves_nothing_but_its_first_reason),
        TEST(a_refusal_that_keeps_is_written),
        TEST(an_answer_is_a_copy_that_points_to_nothing_of_the_state),
        TEST(a_key_and_a_label_make_the_same_id_and_nothing_else_does),
        TEST(names_are_known_by_kind_and_aliases_need_a_digest),
    };
    return cmocka_run_group_tests_name("actors/decision", tests, NULL, NULL);
}
