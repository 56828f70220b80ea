/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The runtime: ordering, held answers, repetitions, conflicts, recovery, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/actors/runtime_fixture.h"

static void set_up_with(struct fixture *self)
{
    fixture_init(self);
    fixture_start(self);
}

static void tear_down(struct fixture *self)
{
    fixture_stop(self);
    fixture_done(self);
}

static void a_message_of_a_stranger_opens_customer_and_session(void **state)
{
    (void) state;
    struct fixture f;
    set_up_with(&f);
    struct hub_answer *answer = ask(&f, message_for(&f, "customer_1", NULL, "hello"));
    assert_int_equal(answer->error, 0);
    assert_ptr_equal(answer->shape, &message_processed_shape);
    assert_true(answer->position.sequence > 0);
    assert_int_equal(answer->position.sequence, hub_log_commit(f.log).sequence);
    hub_answer_destroy(&answer);
    assert_int_equal(events_of(&f, customer_created_id), 1);
    assert_int_equal(events_of(&f, customer_session_opened_id), 1);
    assert_int_equal(events_of(&f, session_opened_id), 1);
    assert_int_equal(events_of(&f, message_received_id), 1);
    tear_down(&f);
}

static void messages_at_once_open_one_session(void **state)
{
    (void) state;
    enum { MANY = 50 };
    struct fixture f;
    set_up_with(&f);
    uint64_t tickets[MANY];
    for (int i = 0; i < MANY; i++) {
        tickets[i] = send_command(&f, message_for(&f, "customer_1", i % 2 == 0 ? NULL : "session_1", "hello"));
    }
    for (int i = 0; i < MANY; i++) {
        expect(await_answer(&f, tickets[i]), 0);
    }
    assert_int_equal(events_of(&f, customer_created_id), 1);
    assert_in_range(events_of(&f, session_opened_id), 1, 2);
    assert_int_equal(events_of(&f, message_received_id), MANY);
    tear_down(&f);
}

static void a_named_session_opens_once_under_fire(void **state)
{
    (void) state;
    enum { MANY = 50 };
    struct fixture f;
    fixture_init(&f);
    f.options.workers = 3;
    fixture_start(&f);
    uint64_t tickets[MANY];
    for (int i = 0; i < MANY; i++) {
        tickets[i] = send_command(&f, message_for(&f, "customer_1", "session_1", "hello"));
    }
    for (int i = 0; i < MANY; i++) {
        expect(await_answer(&f, tickets[i]), 0);
    }
    assert_int_equal(events_of(&f, session_opened_id), 1);
    assert_int_equal(events_of(&f, message_received_id), MANY);
    struct hub_answer *answer = ask(&f, read_session(&f, "session_1"));
    assert_int_equal(answer->error, 0);
    assert_int_equal(((struct unified_session *) answer->record)->message_count, MANY);
    hub_answer_destroy(&answer);
    tear_down(&f);
}

/* I4: the same command id with the same body has one effect and one answer; another body is refused. */
static void a_repeated_key_has_one_effect_and_one_answer(void **state)
{
    (void) state;
    struct fixture f;
    set_up_with(&f);
    uint64_t tickets[3];
    for (int i = 0; i < 3; i++) {
        struct hub_command *command = message_for(&f, "customer_1", "session_1", "hello");
        with_key(command, "key", "body");
        tickets[i] = send_command(&f, command);
    }
    char first[64] = "";
    for (int i = 0; i < 4; i++) {
        struct hub_command *command = message_for(&f, "customer_1", "session_1", "hello");
        with_key(command, "key", "body");
        struct hub_answer *answer = i < 3 ? await_answer(&f, tickets[i]) : ask(&f, command);
        if (i < 3) {
            hub_command_destroy(&command);
        }
        assert_int_equal(answer->error, 0);
        const struct message_processed *reply = answer->record;
        char id[64];
        snprintf(id, sizeof id, "%.*s", (int) reply->message_id.len, reply->message_id.at);
        if (i > 0) {
            assert_string_equal(id, first);
        }
        memcpy(first, id, sizeof first);
        hub_answer_destroy(&answer);
    }
    assert_int_equal(events_of(&f, message_received_id), 1);
    struct hub_command *other = message_for(&f, "customer_1", "session_1", "another");
    with_key(other, "key", "another body");
    expect(ask(&f, other), HUB_ERROR_key_reused);
    tear_down(&f);
}

static void a_repeated_create_session_opens_one_session(void **state)
{
    (void) state;
    struct fixture f;
    set_up_with(&f);
    uint64_t tickets[3];
    for (int i = 0; i < 3; i++) {
        struct hub_command *command = new_session(&f, "customer_1", NULL);
        with_key(command, "key", "body");
        tickets[i] = send_command(&f, command);
    }
    for (int i = 0; i < 3; i++) {
        struct hub_answer *answer = await_answer(&f, tickets[i]);
        assert_int_equal(answer->error, 0);
        assert_ptr_equal(answer->shape, &unified_session_shape);
        hub_answer_destroy(&answer);
    }
    fixture_stop(&f);
    fixture_start(&f);
    struct hub_command *command = new_session(&f, "customer_1", NULL);
    with_key(command, "key", "body");
    expect(ask(&f, command), 0);
    assert_int_equal(events_of(&f, session_opened_id), 1);
    assert_int_equal(events_of(&f, customer_session_opened_id), 1);
    tear_down(&f);
}

struct plan {
    uint16_t type; /* first event's type of the appends to answer with `result` */
    int result;
    unsigned times;
};

static int by_plan(void *arg, struct hub_append *append)
{
    struct plan *plan = arg;
    if (append->event_count > 0 && append->events[0].type == plan->type && plan->times > 0) {
        plan->times--;
        return plan->result;
    }
    return 0;
}

static void a_conflict_is_answered_503_and_the_entity_reloaded(void **state)
{
    (void) state;
    struct fixture f;
    set_up_with(&f);
    expect(ask(&f, message_for(&f, "customer_1", "session_1", "one")), 0);
    struct plan plan = { .type = message_received_id, .result = HUB_APPEND_CONFLICT, .times = 1 };
    f.tamper_arg = &plan;
    f.tamper = by_plan;
    struct hub_answer *answer = ask(&f, message_for(&f, "customer_1", "session_1", "two"));
    assert_int_equal(answer->error, HUB_ERROR_overloaded);
    hub_answer_destroy(&answer);
    answer = ask(&f, message_for(&f, "customer_1", "session_1", "three"));
    assert_int_equal(answer->error, 0);
    hub_answer_destroy(&answer);
    answer = ask(&f, read_session(&f, "session_1"));
    assert_int_equal(((struct unified_session *) answer->record)->message_count, 2);
    hub_answer_destroy(&answer);
    tear_down(&f);
}

static void a_full_disk_is_answered_507_and_nothing_changes(void **state)
{
    (void) state;
    struct fixture f;
    set_up_with(&f);
    struct hub_answer *answer = ask(&f, message_for(&f, "customer_1", "session_1", "one"));
    hub_answer_destroy(&answer);
    struct hub_position before = hub_log_commit(f.log);
    struct plan plan = { .type = message_received_id, .result = HUB_APPEND_FULL, .times = 1 };
    f.tamper_arg = &plan;
    f.tamper = by_plan;
    answer = ask(&f, message_for(&f, "customer_1", "session_1", "two"));
    assert_int_equal(answer->error, HUB_ERROR_log_full);
    hub_answer_destroy(&answer);
    assert_int_equal(hub_log_commit(f.log).sequence, before.sequence);
    answer = ask(&f, read_session(&f, "session_1"));
    assert_int_equal(((struct unified_session *) answer->record)->message_count, 1);
    hub_answer_destroy(&answer);
    tear_down(&f);
}

/* I13: what must follow on another stream is finished after a stop between the two. */
static void a_follow_up_left_behind_is_finished_at_the_next_start(void **state)
{
    (void) state;
    struct fixture f;
    set_up_with(&f);
    struct plan plan = { .type = session_opened_id, .result = HUB_APPEND_UNKNOWN, .times = 1000 };
    f.tamper_arg = &plan;
    f.tamper = by_plan;
    expect(ask(&f, new_session(&f, "customer_1", "session_1")), HUB_ERROR_overloaded);
    assert_int_equal(events_of(&f, session_opened_id), 0);
    fixture_stop(&f);
    f.tamper = NULL;
    fixture_start(&f);
    assert_int_equal(events_of(&f, session_opened_id), 1);
    struct hub_answer *answer = ask(&f, read_session(&f, "session_1"));
    assert_int_equal(answer->error, 0);
    hub_answer_destroy(&answer);
    fixture_stop(&f);
    fixture_start(&f);
    assert_int_equal(events_of(&f, session_opened_id), 1);
    tear_down(&f);
}

enum { LEFT = 160, PIECE = 4 };

/* Follow-ups of so many customers that nobody finished. */
static void leave_behind(struct fixture *f)
{
    static struct plan plan;
    plan = (struct plan){ .type = session_opened_id, .result = HUB_APPEND_UNKNOWN, .times = 1000 };
    f->tamper_arg = &plan;
    f->tamper = by_plan;
    for (int i = 0; i < LEFT; i++) {
        char customer[32], session[32];
        snprintf(customer, sizeof customer, "customer_%d", i);
        snprintf(session, sizeof session, "session_%d", i);
        struct hub_answer *answer = ask(f, new_session(f, customer, session));
        hub_answer_destroy(&answer);
    }
    assert_int_equal(pending_of(f, HUB_PENDING_follow), LEFT);
    fixture_stop(f);
    f->tamper = NULL;
}

/* A disk that takes its time, and how much was asked of it at once. */
struct slow {
    long ms;
    unsigned appends;
};

static int take_time(void *arg, struct hub_append *append)
{
    (void) append;
    struct slow *slow = arg;
    const struct timespec pause = { .tv_nsec = slow->ms * 1000000 };
    slow->appends++;
    nanosleep(&pause, NULL);
    return 0;
}

/* All of them together take longer than the patience, a piece does not. */
static void a_start_takes_as_long_as_what_was_left_moves(void **state)
{
    (void) state;
    struct fixture f;
    struct slow slow = { .ms = 10 };
    set_up_with(&f);
    leave_behind(&f);
    f.options.mailbox = PIECE;
    f.options.stall_us = LEFT * slow.ms * 1000 * 3 / 4;
    f.tamper_arg = &slow;
    f.tamper = take_time;
    fixture_start(&f);
    assert_true(slow.appends >= LEFT);
    assert_int_equal(events_of(&f, session_opened_id), LEFT);
    assert_int_equal(pending_of(&f, HUB_PENDING_follow), 0);
    tear_down(&f);
}

static bool count_and_refuse(void *arg, uint64_t sent)
{
    (void) arg;
    return sent == 0;
}

static void a_start_is_given_up_when_nothing_moves_or_nobody_wants_it(void **state)
{
    (void) state;
    struct fixture f;
    struct slow slow = { .ms = 900 };
    char why[256] = "";
    set_up_with(&f);
    leave_behind(&f);
    f.options.mailbox = 1;
    f.options.stall_us = 20000;
    f.tamper_arg = &slow;
    f.tamper = take_time;
    assert_true(fixture_try(&f, why, sizeof why) < 0);
    assert_string_equal(why, "follow-ups of before the last stop could not be finished; 1 were sent");
    f.options.stall_us = 0;
    f.options.on_recovery = count_and_refuse;
    assert_true(fixture_try(&f, why, sizeof why) < 0);
    f.options.on_recovery = NULL;
    slow.ms = 0;
    fixture_start(&f);
    assert_int_equal(events_of(&f, session_opened_id), LEFT);
    tear_down(&f);
}

static int wait_here(void *arg, struct hub_append *append)
{
    (void) append;
    pthread_mutex_t *gate = arg;
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return 0;
}

/* I9: full means "come again" at the door, and what was taken is answered. */
static void a_full_mailbox_refuses_at_the_door(void **state)
{
    (void) state;
    struct fixture f;
    fixture_init(&f);
    f.options.mailbox = 8;
    f.options.workers = 1;
    fixture_start(&f);
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&gate);
    f.tamper_arg = &gate;
    f.tamper = wait_here;
    unsigned taken = 0, refused = 0;
    for (int i = 0; i < 20; i++) {
        struct hub_command *command = message_for(&f, "customer_1", "session_1", "hello");
        command->ticket = (struct hub_ticket){ .number = ++f.tickets };
        if (hub_port_send(f.port, &command) == 0) {
            taken++;
        } else {
            refused++;
            f.tickets--;
            hub_command_destroy(&command);
        }
    }
    pthread_mutex_unlock(&gate);
    assert_true(refused > 0);
    for (unsigned i = 1; i <= taken; i++) {
        expect(await_answer(&f, i), 0);
    }
    tear_down(&f);
}

static void a_stale_if_match_is_refused(void **state)
{
    (void) state;
    struct fixture f;
    set_up_with(&f);
    struct hub_answer *answer = ask(&f, message_for(&f, "customer_1", "session_1", "hello"));
    hub_answer_destroy(&answer);
    struct hub_command *command = message_for(&f, "customer_1", "session_1", "hello");
    command->expects = true;
    command->expected[0] = 1;
    answer = ask(&f, command);
    assert_int_equal(answer->error, HUB_ERROR_precondition_failed);
    hub_answer_destroy(&answer);
    tear_down(&f);
}

static void passivated_entities_come_back_as_they_were(void **state)
{
    (void) state;
    enum { SESSIONS = 40 };
    struct fixture f;
    fixture_init(&f);
    f.options.active_entities = 4;
    fixture_start(&f);
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < SESSIONS; i++) {
            char customer[32], session[32];
            snprintf(customer, sizeof customer, "customer_%d", i);
            snprintf(session, sizeof session, "session_%d", i);
            expect(ask(&f, message_for(&f, customer, session, "hello")), 0);
            struct hub_answer *answer = ask(&f, read_session(&f, session));
            assert_int_equal(((struct unified_session *) answer->record)->message_count, round);
            hub_answer_destroy(&answer);
        }
    }
    struct hub_runtime_stats stats;
    hub_runtime_stats(f.runtime, &stats);
    assert_true(stats.passivations > SESSIONS);
    assert_true(stats.active_entities < SESSIONS);
    tear_down(&f);
}

static void an_unknown_session_is_not_found(void **state)
{
    (void) state;
    struct fixture f;
    set_up_with(&f);
    expect(ask(&f, read_session(&f, "nobody")), HUB_ERROR_not_found);
    assert_int_equal(hub_log_commit(f.log).sequence, 0);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_of_a_stranger_opens_customer_and_session),
        cmocka_unit_test(messages_at_once_open_one_session),
        cmocka_unit_test(a_named_session_opens_once_under_fire),
        cmocka_unit_test(a_repeated_key_has_one_effect_and_one_answer),
        cmocka_unit_test(a_repeated_create_session_opens_one_session),
        cmocka_unit_test(a_conflict_is_answered_503_and_the_entity_reloaded),
        cmocka_unit_test(a_full_disk_is_answered_507_and_nothing_changes),
        cmocka_unit_test(a_follow_up_left_behind_is_finished_at_the_next_start),
        cmocka_unit_test(a_start_takes_as_long_as_what_was_left_moves),
        cmocka_unit_test(a_start_is_given_up_when_nothing_moves_or_nobody_wants_it),
        cmocka_unit_test(a_full_mailbox_refuses_at_the_door),
        cmocka_unit_test(a_stale_if_match_is_refused),
        cmocka_unit_test(passivated_entities_come_back_as_they_were),
        cmocka_unit_test(an_unknown_session_is_not_found),
    };
    return cmocka_run_group_tests_name("actors/runtime", tests, NULL, NULL);
}
