/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Appends that the log refuses: nothing that depended on them is believed, and nothing that must follow is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/actors/runtime_fixture.h"

static void set_up(struct fixture *self)
{
    fixture_init(self);
    fixture_start(self);
}

static void tear_down(struct fixture *self)
{
    self->tamper = NULL;
    fixture_stop(self);
    fixture_done(self);
}

/* What to do with the appends whose first event is of a type. */
struct plan {
    uint16_t type;
    int result;
    unsigned times;
    pthread_mutex_t *gate; /* the log waits here first; NULL: it does not */
};

static int by_plan(void *arg, struct hub_append *append)
{
    struct plan *plan = arg;
    if (plan->gate != NULL) {
        pthread_mutex_lock(plan->gate);
        pthread_mutex_unlock(plan->gate);
    }
    if (append->event_count > 0 && append->events[0].type == plan->type && plan->times > 0) {
        plan->times--;
        return plan->result;
    }
    return 0;
}

static void follow_plan(struct fixture *self, struct plan *plan)
{
    self->tamper_arg = plan;
    self->tamper = by_plan;
}

static struct hub_ulid subject_of(struct fixture *self, uint16_t type)
{
    struct hub_ulid subject = { 0 };
    struct hub_scan *scan = hub_scan_all(self->log, 1, 0);
    struct hub_stored stored;
    while (hub_scan_next(scan, &stored) > 0) {
        if (stored.header.type == type) {
            subject = stored.header.subject;
        }
    }
    hub_scan_close(&scan);
    return subject;
}

static void a_key_made_for_a_refused_append_is_stored_with_the_next(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    struct plan plan = { .type = customer_created_id, .result = HUB_APPEND_FULL, .times = 1 };
    follow_plan(&f, &plan);
    expect(ask(&f, message_for(&f, "customer_1", "session_1", "one")), HUB_ERROR_log_full);
    expect(ask(&f, message_for(&f, "customer_1", "session_1", "one")), 0);
    f.tamper = NULL;
    fixture_stop(&f);
    fixture_start(&f);
    struct hub_key key;
    assert_true(hub_keyring_find(f.keys, f.company, subject_of(&f, customer_created_id), &key));
    tear_down(&f);
}

/* A kept answer without events saw what an append before it wrote; when that came to nothing, so did the answer. */
static void a_kept_answer_fails_with_what_it_saw(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    expect(ask(&f, message_for(&f, "customer_1", "session_1", "one")), 0);
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct plan plan = { .type = message_received_id, .result = HUB_APPEND_CONFLICT, .times = 1, .gate = &gate };
    pthread_mutex_lock(&gate);
    follow_plan(&f, &plan);
    uint64_t message = send_command(&f, message_for(&f, "customer_1", "session_1", "two"));
    struct hub_command *read = read_session(&f, "session_1");
    with_key(read, "key", "body");
    uint64_t reading = send_command(&f, read);
    pthread_mutex_unlock(&gate);
    expect(await_answer(&f, message), HUB_ERROR_overloaded);
    expect(await_answer(&f, reading), HUB_ERROR_overloaded);
    read = read_session(&f, "session_1");
    with_key(read, "key", "body");
    struct hub_answer *answer = ask(&f, read);
    assert_int_equal(answer->error, 0);
    assert_int_equal(((struct unified_session *) answer->record)->message_count, 1);
    hub_answer_destroy(&answer);
    tear_down(&f);
}

/* Several appends of one entity are under way when the first is refused: none of them counts. */
static void all_that_builds_on_a_refused_append_is_refused(void **state)
{
    (void) state;
    enum { MANY = 20 };
    struct fixture f;
    set_up(&f);
    expect(ask(&f, message_for(&f, "customer_1", "session_1", "one")), 0);
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct plan plan = { .type = message_received_id, .result = HUB_APPEND_CONFLICT, .times = 1, .gate = &gate };
    pthread_mutex_lock(&gate);
    follow_plan(&f, &plan);
    uint64_t tickets[2 * MANY];
    for (int i = 0; i < MANY; i++) {
        tickets[2 * i] = send_command(&f, message_for(&f, "customer_1", "session_1", "more"));
        tickets[2 * i + 1] = send_command(&f, read_session(&f, "session_1"));
    }
    pthread_mutex_unlock(&gate);
    unsigned acknowledged = 0;
    for (int i = 0; i < 2 * MANY; i++) {
        struct hub_answer *answer = await_answer(&f, tickets[i]);
        acknowledged += i % 2 == 0 && answer->error == 0;
        hub_answer_destroy(&answer);
    }
    assert_int_equal(events_of(&f, message_received_id), 1 + acknowledged);
    struct hub_answer *answer = ask(&f, read_session(&f, "session_1"));
    assert_int_equal(((struct unified_session *) answer->record)->message_count, 1 + acknowledged);
    hub_answer_destroy(&answer);
    assert_true(comes_to_rest(&f));
    tear_down(&f);
}

/* Repetitions of a keyed command ask for the same follow-up again and again; each of these is settled. */
static void follow_ups_of_repetitions_are_settled(void **state)
{
    (void) state;
    enum { MANY = 5 };
    struct fixture f;
    set_up(&f);
    uint64_t tickets[MANY];
    for (int i = 0; i < MANY; i++) {
        struct hub_command *command = new_session(&f, "customer_1", NULL);
        with_key(command, "key", i == MANY - 1 ? "another body" : "body");
        tickets[i] = send_command(&f, command);
    }
    for (int i = 0; i < MANY; i++) {
        expect(await_answer(&f, tickets[i]), i == MANY - 1 ? HUB_ERROR_key_reused : 0);
    }
    assert_true(runs_out_of(&f, HUB_PENDING_follow));
    assert_true(comes_to_rest(&f));
    assert_int_equal(events_of(&f, session_opened_id), 1);
    tear_down(&f);
}

static bool has_opened(struct fixture *self, void *arg)
{
    (void) arg;
    return events_of(self, session_opened_id) == 1;
}

/* The log refused the follow-up's append; it is done later, without a restart. */
static void a_refused_follow_up_is_done_later(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    struct plan plan = { .type = session_opened_id, .result = HUB_APPEND_FULL, .times = 1 };
    follow_plan(&f, &plan);
    expect(ask(&f, new_session(&f, "customer_1", "session_1")), HUB_ERROR_log_full);
    expect(ask(&f, message_for(&f, "customer_1", "session_1", "hello")), HUB_ERROR_overloaded);
    assert_true(comes_true(&f, has_opened, NULL));
    assert_true(runs_out_of(&f, HUB_PENDING_follow));
    expect(ask(&f, message_for(&f, "customer_1", "session_1", "hello")), 0);
    assert_true(comes_to_rest(&f));
    tear_down(&f);
}

/* Written, but the worker is told that nobody knows: the entity is reloaded and goes on from what is there. */
static void an_append_that_nobody_knew_about_is_found_again(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    expect(ask(&f, message_for(&f, "customer_1", "session_1", "one")), 0);
    struct plan plan = { .type = message_received_id, .result = FIXTURE_WRITTEN_UNKNOWN, .times = 1 };
    follow_plan(&f, &plan);
    struct hub_command *command = message_for(&f, "customer_1", "session_1", "two");
    with_key(command, "key", "body");
    expect(ask(&f, command), HUB_ERROR_overloaded);
    command = message_for(&f, "customer_1", "session_1", "two");
    with_key(command, "key", "body");
    expect(ask(&f, command), 0);
    struct hub_answer *answer = ask(&f, read_session(&f, "session_1"));
    assert_int_equal(((struct unified_session *) answer->record)->message_count, 2);
    hub_answer_destroy(&answer);
    tear_down(&f);
}

/* A gate before the next append without events, another one before the next with some. */
struct gates {
    pthread_mutex_t reading, writing;
    atomic_uint readings; /* that came; the first one is refused */
};

static int refuse_reading(void *arg, struct hub_append *append)
{
    struct gates *gates = arg;
    bool reads = append->event_count == 0, refuses = reads && atomic_fetch_add(&gates->readings, 1) == 0;
    pthread_mutex_t *gate = reads ? &gates->reading : &gates->writing;
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return refuses ? HUB_APPEND_FULL : 0;
}

static bool reading_came(struct fixture *self, void *arg)
{
    (void) self;
    struct gates *gates = arg;
    return atomic_load(&gates->readings) > 0;
}

static bool as_many_commands_came(struct fixture *self, void *arg)
{
    struct hub_runtime_stats stats;
    hub_runtime_stats(self->runtime, &stats);
    return stats.commands >= *(uint64_t *) arg;
}

static unsigned messages_of(struct fixture *self)
{
    struct hub_answer *answer = ask(self, read_session(self, "session_1"));
    assert_int_equal(answer->error, 0);
    unsigned count = ((struct unified_session *) answer->record)->message_count;
    hub_answer_destroy(&answer);
    return count;
}

/* A kept answer is refused and the entity reloaded while a message is on its way, which is written all the same: whoever
 * reads after it was acknowledged sees it. */
static void what_was_reloaded_too_early_is_reloaded_again(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    expect(ask(&f, message_for(&f, "customer_1", "session_1", "one")), 0);
    assert_true(comes_to_rest(&f));
    struct gates gates = { .reading = PTHREAD_MUTEX_INITIALIZER, .writing = PTHREAD_MUTEX_INITIALIZER };
    pthread_mutex_lock(&gates.reading);
    pthread_mutex_lock(&gates.writing);
    f.tamper_arg = &gates;
    f.tamper = refuse_reading;
    struct hub_runtime_stats stats;
    hub_runtime_stats(f.runtime, &stats);
    struct hub_command *read = read_session(&f, "session_1");
    with_key(read, "key", "body");
    uint64_t reading = send_command(&f, read), both = stats.commands + 2;
    assert_true(comes_true(&f, reading_came, &gates));
    uint64_t message = send_command(&f, message_for(&f, "customer_1", "session_1", "two"));
    assert_true(comes_true(&f, as_many_commands_came, &both));
    pthread_mutex_unlock(&gates.reading);
    expect(await_answer(&f, reading), HUB_ERROR_log_full);
    assert_int_equal(messages_of(&f), 1);
    pthread_mutex_unlock(&gates.writing);
    expect(await_answer(&f, message), 0);
    assert_int_equal(messages_of(&f), 2);
    expect(ask(&f, message_for(&f, "customer_1", "session_1", "three")), 0);
    assert_true(comes_to_rest(&f));
    tear_down(&f);
}

/* The count at the door comes back to nothing whatever becomes of the commands. */
static void the_mailbox_counts_return_to_nothing(void **state)
{
    (void) state;
    struct fixture f;
    set_up(&f);
    struct plan plan = { .type = message_received_id, .result = HUB_APPEND_CONFLICT, .times = 3 };
    follow_plan(&f, &plan);
    for (int round = 0; round < 6; round++) {
        uint64_t tickets[8];
        unsigned count = 0;
        for (int i = 0; i < 2; i++) {
            struct hub_command *command = message_for(&f, "customer_1", "session_1", "hello");
            with_key(command, "key", "body"); /* joins or is answered again */
            tickets[count++] = send_command(&f, command);
        }
        struct hub_command *command = message_for(&f, "customer_1", "session_1", "hello");
        with_key(command, "key", "another body"); /* refused, unless the first came to nothing */
        tickets[count++] = send_command(&f, command);
        tickets[count++] = send_command(&f, read_session(&f, "nobody"));                 /* refused */
        tickets[count++] = send_command(&f, message_for(&f, "customer_2", NULL, "new")); /* forwarded */
        command = end_of(&f, "session_1");
        command->target = KIND_customer; /* nobody decides that */
        command->names[KIND_customer] = command->names[KIND_session];
        tickets[count++] = send_command(&f, command);
        command = read_session(&f, "session_1");
        command->expects = true; /* refused: stale */
        tickets[count++] = send_command(&f, command);
        tickets[count++] = send_command(&f, new_session(&f, "customer_1", "session_1")); /* follow-up, or refused */
        for (unsigned i = 0; i < count; i++) {
            struct hub_answer *answer = await_answer(&f, tickets[i]);
            hub_answer_destroy(&answer);
        }
    }
    assert_true(comes_to_rest(&f));
    assert_null(f.answers);
    tear_down(&f);
}

/* Stopping at once after sending: all that was taken is answered, and written when the answer says so. */
static void stopping_finishes_what_is_under_way(void **state)
{
    (void) state;
    enum { MANY = 300 };
    struct fixture f;
    fixture_init(&f);
    f.options.workers = 3;
    fixture_start(&f);
    for (int round = 1; round <= 3; round++) {
        f.tickets = 0;
        for (int i = 0; i < MANY; i++) {
            static const char *const customers[] = { "customer_1", "customer_2", "customer_3", "customer_4" };
            (void) send_command(&f, message_for(&f, customers[i % 4], NULL, "hello"));
        }
        fixture_stop(&f);
        for (uint64_t ticket = 1; ticket <= MANY; ticket++) {
            expect(await_answer(&f, ticket), 0);
        }
        assert_null(f.answers);
        fixture_start(&f);
        assert_int_equal(events_of(&f, message_received_id), round * MANY);
        assert_int_equal(events_of(&f, session_opened_id), 4);
        assert_int_equal(pending_of(&f, HUB_PENDING_follow), 0);
    }
    tear_down(&f);
}

/* An entity that is not durable yet is not passivated, however little room there is. */
static void what_is_under_way_is_not_passivated(void **state)
{
    (void) state;
    enum { MANY = 40 };
    static char customers[MANY][32];
    struct fixture f;
    fixture_init(&f);
    f.options.workers = 1;
    f.options.active_entities = 1;
    fixture_start(&f);
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct plan plan = { .gate = &gate };
    uint64_t tickets[2 * MANY];
    pthread_mutex_lock(&gate);
    follow_plan(&f, &plan);
    for (int i = 0; i < MANY; i++) {
        snprintf(customers[i], sizeof customers[i], "customer_%d", i);
        tickets[2 * i] = send_command(&f, message_for(&f, customers[i], NULL, "hello"));
    }
    for (int i = 0; i < MANY; i++) {
        tickets[2 * i + 1] = send_command(&f, message_for(&f, customers[i], NULL, "again"));
    }
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < 2 * MANY; i++) {
        expect(await_answer(&f, tickets[i]), 0);
    }
    assert_int_equal(events_of(&f, customer_created_id), MANY);
    assert_int_equal(events_of(&f, session_opened_id), MANY);
    assert_int_equal(events_of(&f, message_received_id), 2 * MANY);
    tear_down(&f);
}

/* Beyond so many bytes the least recently used go, and come back as they were. */
static void entities_are_passivated_for_the_memory_they_take(void **state)
{
    (void) state;
    enum { MANY = 60, BYTES = 32 * 1024 };
    static char customers[MANY][32];
    struct hub_runtime_stats stats;
    struct fixture f;
    fixture_init(&f);
    f.options.workers = 1;
    f.options.active_bytes = BYTES;
    fixture_start(&f);
    for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < MANY; i++) {
            snprintf(customers[i], sizeof customers[i], "customer_%d", i);
            expect(ask(&f, message_for(&f, customers[i], NULL, "hello")), 0);
        }
        assert_int_equal(events_of(&f, message_received_id), round * MANY);
    }
    assert_int_equal(events_of(&f, session_opened_id), MANY);
    hub_runtime_stats(f.runtime, &stats);
    assert_true(stats.active_entities > 2 && stats.active_entities < MANY);
    assert_true(stats.passivations > MANY);
    fixture_stop(&f);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_made_for_a_refused_append_is_stored_with_the_next),
        cmocka_unit_test(a_kept_answer_fails_with_what_it_saw),
        cmocka_unit_test(all_that_builds_on_a_refused_append_is_refused),
        cmocka_unit_test(follow_ups_of_repetitions_are_settled),
        cmocka_unit_test(a_refused_follow_up_is_done_later),
        cmocka_unit_test(an_append_that_nobody_knew_about_is_found_again),
        cmocka_unit_test(what_was_reloaded_too_early_is_reloaded_again),
        cmocka_unit_test(the_mailbox_counts_return_to_nothing),
        cmocka_unit_test(stopping_finishes_what_is_under_way),
        cmocka_unit_test(what_is_under_way_is_not_passivated),
        cmocka_unit_test(entities_are_passivated_for_the_memory_they_take),
    };
    return cmocka_run_group_tests_name("actors/refused", tests, NULL, NULL);
}
