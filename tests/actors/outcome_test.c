/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Outcomes on their own: the table of staged commands, and the keys that follow-ups get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "actors/session/session.h"
#include "actors/staged.h"

static struct hub_outcome *outcome_for(const uint8_t first, const uint8_t last)
{
    struct hub_command *command = hub_command_new(&get_session_shape, 0);
    command->id[0] = first;
    command->id[HUB_COMMAND_ID - 1] = last;
    struct hub_outcome *outcome = HUB_NEW(command->arena, struct hub_outcome);
    outcome->command = command;
    outcome->after_end = &outcome->after;
    return outcome;
}

static void destroy(struct hub_outcome *outcome)
{
    struct hub_command *command = outcome->command;
    hub_command_destroy(&command);
}

static void staged_commands_are_found_by_their_whole_id(void **state)
{
    (void) state;
    enum { MANY = 200 };
    static struct hub_staged staged;
    struct hub_outcome *outcomes[MANY];
    const uint8_t none[HUB_COMMAND_ID] = { 0xee };
    for (int i = 0; i < MANY; i++) {
        outcomes[i] = outcome_for((uint8_t) (i / 100), (uint8_t) i); /* two buckets */
        assert_null(hub_staged_find(&staged, outcomes[i]->command->id));
        hub_staged_add(&staged, outcomes[i]);
        assert_true(outcomes[i]->keyed);
    }
    assert_null(hub_staged_find(&staged, none));
    for (int step = 0; step < MANY; step++) {
        int i = step * 77 % MANY; /* some from the middle, some from the ends */
        assert_ptr_equal(hub_staged_find(&staged, outcomes[i]->command->id), outcomes[i]);
        hub_staged_remove(&staged, outcomes[i]);
        assert_false(outcomes[i]->keyed);
        assert_null(hub_staged_find(&staged, outcomes[i]->command->id));
        destroy(outcomes[i]);
    }
    for (int i = 0; i < HUB_STAGED_BUCKETS; i++) {
        assert_null(staged.buckets[i]);
    }
}

/* Follow-ups are numbered by the append that brought them; what was handed on meanwhile keeps the row it came from. */
static void only_follow_ups_of_the_append_are_numbered(void **state)
{
    (void) state;
    struct hub_outcome *outcome = outcome_for(1, 1);
    struct hub_command *follows[2], *forwarded = hub_command_new(&get_session_shape, 0);
    for (uint16_t i = 0; i < 2; i++) {
        follows[i] = hub_command_new(&open_session_shape, 0);
        follows[i]->settles = true;
        uint16_t index = (uint16_t) (7 + i);
        memcpy(follows[i]->settle.b, &index, sizeof index);
        hub_outcome_then(outcome, follows[i]);
        outcome->follows++;
    }
    struct hub_pending_key own = hub_pending_key_make(HUB_PENDING_effect, 5, 6, 7);
    forwarded->settles = true;
    forwarded->settle = own;
    hub_outcome_then(outcome, forwarded);
    outcome->append.pending_number = 40;
    outcome->append.last = (struct hub_position){ 42 };
    hub_outcome_number(outcome);
    for (uint16_t i = 0; i < 2; i++) {
        struct hub_pending_key key = hub_pending_key_make(HUB_PENDING_follow, 0, 40, (uint16_t) (7 + i));
        assert_memory_equal(&follows[i]->settle, &key, sizeof key);
        assert_int_equal(follows[i]->cause, 42);
        hub_command_destroy(&follows[i]);
    }
    assert_memory_equal(&forwarded->settle, &own, sizeof own);
    assert_int_equal(forwarded->cause, 0);
    hub_command_destroy(&forwarded);
    destroy(outcome);
}

static void the_key_before_is_the_next_lower_one(void **state)
{
    (void) state;
    struct hub_pending_key key = hub_pending_key_make(HUB_PENDING_effect, 1, 0, 0);
    struct hub_pending_key before = hub_pending_key_before(&key);
    assert_true(memcmp(&before, &key, sizeof key) < 0);
    for (int i = HUB_PENDING_KEY - 1; i >= 0 && ++before.b[i] == 0; i--) {
    }
    assert_memory_equal(&before, &key, sizeof key);
}

/* The log's actor takes no more of one append; it is refused before it gets there. */
static void too_many_events_are_refused(void **state)
{
    (void) state;
    struct hub_command *command = hub_command_new(&get_session_shape, 0);
    struct hub_entity entity = { .version = 1 };
    struct hub_decided decided = { .event_count = HUB_APPEND_EVENTS + 1 };
    const struct hub_outcome_context context = { 0 };
    const struct hub_outcome_parts parts = { .decided = &decided, .command = command, .entity = &entity };
    struct hub_outcome *outcome = NULL;
    struct hub_fault fault = { 0 };
    assert_int_equal(hub_outcome_build(&context, &parts, &outcome, &fault), HUB_ERROR_limit_reached);
    assert_string_equal(fault.reason, "This would make more than 256 events at once.");
    assert_null(outcome);
    hub_command_destroy(&command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(staged_commands_are_found_by_their_whole_id),
        cmocka_unit_test(only_follow_ups_of_the_append_are_numbered),
        cmocka_unit_test(the_key_before_is_the_next_lower_one),
        cmocka_unit_test(too_many_events_are_refused),
    };
    return cmocka_run_group_tests_name("actors/outcome", tests, NULL, NULL);
}
