/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Effects: offered once, settled by a report, tried again, given up. The gateway is the test itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "actors/session/render.h"
#include "tests/actors/runtime_fixture.h"

enum { TAKEN_MOST = 2048 };

static const int64_t second_us = 1000000;

/* A gateway that takes effects on the pump's thread and leaves the rest to the test. */
struct gateway {
    struct fixture f; /* first: the runtime knows it by this address */
    struct hub_effect *taken[TAKEN_MOST];
    unsigned count, turned_away; /* under the fixture's mutex */
    bool is_full;
};

static bool take(void *arg, struct hub_effect *effect)
{
    struct gateway *self = arg;
    pthread_mutex_lock(&self->f.mutex);
    bool takes = !self->is_full && self->count < TAKEN_MOST;
    if (takes) {
        self->taken[self->count++] = effect;
    } else {
        self->turned_away++;
    }
    pthread_mutex_unlock(&self->f.mutex);
    return takes;
}

static void set_up(struct gateway *self)
{
    fixture_init(&self->f);
    self->count = self->turned_away = 0;
    self->is_full = false;
    self->f.options.on_effect = take;
    fixture_start(&self->f);
    expect(ask(&self->f, message_for(&self->f, "customer_1", "session_1", "please help")), 0);
}

static void tear_down(struct gateway *self)
{
    fixture_stop(&self->f);
    for (unsigned i = 0; i < self->count; i++) {
        struct hub_arena *arena = self->taken[i]->arena;
        hub_arena_destroy(&arena);
    }
    fixture_done(&self->f);
}

static void respond(struct gateway *self)
{
    expect(ask(&self->f, respond_to(&self->f, "session_1", "here you are")), 0);
}

static unsigned count_of(struct gateway *self, const unsigned *what)
{
    pthread_mutex_lock(&self->f.mutex);
    unsigned count = *what;
    pthread_mutex_unlock(&self->f.mutex);
    return count;
}

struct at_least {
    const unsigned *what;
    unsigned count;
};

static bool has_come(struct fixture *f, void *arg)
{
    const struct at_least *wanted = arg;
    return count_of((struct gateway *) f, wanted->what) >= wanted->count;
}

static void await_count(struct gateway *self, const unsigned *what, unsigned count)
{
    struct at_least wanted = { what, count };
    assert_true(comes_true(&self->f, has_come, &wanted));
}

static void set_full(struct gateway *self, bool is_full)
{
    pthread_mutex_lock(&self->f.mutex);
    self->is_full = is_full;
    pthread_mutex_unlock(&self->f.mutex);
}

/* The report on an effect; delivered, or failed with a code. */
static struct hub_command *report_on(struct gateway *self, const struct hub_effect *effect, const char *failure)
{
    const struct send_effect *message = effect->record;
    struct hub_command *command = hub_command_new(&update_message_shape, 0);
    struct update_message *report = command->record;
    HUB_SET(update_message, report, message_id,
            hub_part_id_print(message->session, 'm', message->index, command->arena));
    if (failure == NULL) {
        HUB_SET(update_message, report, status, message_status_delivered);
    } else {
        HUB_SET(update_message, report, failure, hub_span(failure));
    }
    HUB_SET(update_message, report, attempt, effect->attempt);
    command->caller.company = self->f.company;
    command->target = KIND_session;
    command->names[KIND_session] = (struct hub_name){ .given = true, .is_ours = true, .id = message->session };
    command->settles = true;
    command->settle = effect->key;
    return command;
}

static void report(struct gateway *self, const struct hub_effect *effect, const char *failure, int error)
{
    expect(ask(&self->f, report_on(self, effect, failure)), error);
}

static bool is_key(const struct hub_pending_key *a, const struct hub_pending_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* I8: an effect happens because of its row, and its result comes back as an event. */
static void an_effect_is_offered_once_and_settled(void **state)
{
    (void) state;
    static struct gateway g;
    set_up(&g);
    respond(&g);
    await_count(&g, &g.count, 1);
    const struct send_effect *message = g.taken[0]->record;
    assert_int_equal(message->index, 2);
    assert_int_equal(g.taken[0]->attempt, 1);
    assert_true(is_key(&g.taken[0]->id, &g.taken[0]->key));
    assert_null(message->content.clear.at);
    for (unsigned i = 2; i <= 4; i++) { /* the pump looks again, and offers the new ones only */
        respond(&g);
        await_count(&g, &g.count, i);
    }
    assert_int_equal(count_of(&g, &g.count), 4);
    for (unsigned i = 0; i < 4; i++) {
        report(&g, g.taken[i], NULL, 0);
    }
    assert_int_equal(pending_of(&g.f, HUB_PENDING_effect), 0);
    assert_int_equal(events_of(&g.f, message_status_changed_id), 4);
    assert_int_equal(count_of(&g, &g.count), 4);
    tear_down(&g);
}

static void a_second_report_changes_nothing(void **state)
{
    (void) state;
    static struct gateway g;
    set_up(&g);
    respond(&g);
    await_count(&g, &g.count, 1);
    report(&g, g.taken[0], "busy", 0);
    report(&g, g.taken[0], "busy", HUB_ERROR_overloaded); /* its row is gone: a conflict */
    assert_int_equal(pending_of(&g.f, HUB_PENDING_effect), 1);
    assert_int_equal(events_of(&g.f, message_status_changed_id), 1);
    tear_down(&g);
}

static void an_effect_without_a_report_is_offered_again_after_a_restart(void **state)
{
    (void) state;
    static struct gateway g;
    set_up(&g);
    respond(&g);
    await_count(&g, &g.count, 1);
    fixture_stop(&g.f);
    fixture_start(&g.f);
    await_count(&g, &g.count, 2);
    assert_true(is_key(&g.taken[0]->id, &g.taken[1]->id));
    assert_true(is_key(&g.taken[0]->key, &g.taken[1]->key));
    report(&g, g.taken[1], NULL, 0);
    fixture_stop(&g.f);
    fixture_start(&g.f);
    respond(&g);
    await_count(&g, &g.count, 3);
    assert_int_equal(((const struct send_effect *) g.taken[2]->record)->index, 3);
    tear_down(&g);
}

static void a_failed_attempt_is_tried_again_after_a_pause(void **state)
{
    (void) state;
    static struct gateway g;
    set_up(&g);
    respond(&g);
    await_count(&g, &g.count, 1);
    report(&g, g.taken[0], "busy", 0);
    assert_int_equal(pending_of(&g.f, HUB_PENDING_effect), 1);
    assert_int_equal(pending_of(&g.f, HUB_PENDING_dead), 0);
    atomic_fetch_add(&g.f.ahead_us, second_us);
    await_count(&g, &g.count, 2);
    assert_int_equal(g.taken[1]->attempt, 2);
    assert_true(is_key(&g.taken[1]->id, &g.taken[0]->id)); /* the provider knows it again */
    assert_false(is_key(&g.taken[1]->key, &g.taken[0]->key));
    report(&g, g.taken[1], "busy", 0);
    respond(&g); /* the pump looks, and the pause of five seconds is not over */
    await_count(&g, &g.count, 3);
    assert_int_equal(g.taken[2]->attempt, 1);
    atomic_fetch_add(&g.f.ahead_us, 5 * second_us);
    await_count(&g, &g.count, 4);
    assert_int_equal(g.taken[3]->attempt, 3);
    assert_true(is_key(&g.taken[3]->id, &g.taken[0]->id));
    report(&g, g.taken[3], NULL, 0);
    assert_int_equal(pending_of(&g.f, HUB_PENDING_effect), 1);
    tear_down(&g);
}

static bool is_counted_dead(struct fixture *f, void *arg)
{
    (void) arg;
    struct hub_runtime_stats stats;
    hub_runtime_stats(f->runtime, &stats);
    return stats.dead == 1;
}

static void exhausted_attempts_end_where_a_person_sees_them(void **state)
{
    (void) state;
    static struct gateway g;
    set_up(&g);
    respond(&g);
    for (unsigned attempt = 1; attempt <= 5; attempt++) {
        await_count(&g, &g.count, attempt);
        assert_int_equal(g.taken[attempt - 1]->attempt, attempt);
        report(&g, g.taken[attempt - 1], "unreachable", 0);
        atomic_fetch_add(&g.f.ahead_us, 301 * second_us);
    }
    assert_int_equal(pending_of(&g.f, HUB_PENDING_effect), 0);
    assert_int_equal(pending_of(&g.f, HUB_PENDING_dead), 1);
    assert_int_equal(events_of(&g.f, message_status_changed_id), 5);
    assert_true(comes_true(&g.f, is_counted_dead, NULL));
    fixture_stop(&g.f);
    fixture_start(&g.f);
    respond(&g);
    await_count(&g, &g.count, 6);
    assert_int_equal(g.taken[5]->attempt, 1);
    assert_int_equal(pending_of(&g.f, HUB_PENDING_dead), 1);
    tear_down(&g);
}

/* New rows come before one that is tried again: that a new one is turned away does not make the other one forgotten. */
static void a_full_gateway_does_not_get_again_what_it_has(void **state)
{
    (void) state;
    static struct gateway g;
    set_up(&g);
    respond(&g);
    await_count(&g, &g.count, 1);
    report(&g, g.taken[0], "busy", 0);
    atomic_fetch_add(&g.f.ahead_us, second_us);
    await_count(&g, &g.count, 2);
    set_full(&g, true);
    respond(&g);
    await_count(&g, &g.turned_away, 3);
    set_full(&g, false);
    await_count(&g, &g.count, 3);
    assert_int_equal(g.taken[2]->attempt, 1);
    respond(&g);
    await_count(&g, &g.count, 4);
    assert_int_equal(g.taken[3]->attempt, 1);
    assert_int_equal(count_of(&g, &g.count), 4);
    tear_down(&g);
}

/* More than the pump keeps in flight: the rest comes when the first are settled. */
static void a_bounded_number_is_in_flight(void **state)
{
    (void) state;
    enum { MANY = 1100, MOST = 1024 };
    static struct gateway g;
    static uint64_t tickets[MANY];
    set_up(&g);
    for (int i = 0; i < MANY; i++) {
        tickets[i] = send_command(&g.f, respond_to(&g.f, "session_1", "here you are"));
    }
    for (int i = 0; i < MANY; i++) {
        expect(await_answer(&g.f, tickets[i]), 0);
    }
    await_count(&g, &g.count, MOST);
    assert_int_equal(count_of(&g, &g.count), MOST);
    for (int i = 0; i < MANY; i++) {
        await_count(&g, &g.count, (unsigned) i + 1);
        tickets[i] = send_command(&g.f, report_on(&g, g.taken[i], NULL));
    }
    for (int i = 0; i < MANY; i++) {
        expect(await_answer(&g.f, tickets[i]), 0);
    }
    assert_int_equal(count_of(&g, &g.count), MANY);
    assert_int_equal(pending_of(&g.f, HUB_PENDING_effect), 0);
    tear_down(&g);
}

/* Nobody can read any more what was to be sent: the effect is neither tried again nor kept as a dead letter. */
static void the_effect_of_an_erased_customer_is_dropped(void **state)
{
    (void) state;
    static struct gateway g;
    set_up(&g);
    respond(&g);
    await_count(&g, &g.count, 1);
    assert_int_equal(hub_keyring_erase(g.f.keys, g.f.company, g.taken[0]->subject), 0);
    report(&g, g.taken[0], HUB_FAILURE_ERASED, 0);
    assert_int_equal(pending_of(&g.f, HUB_PENDING_effect), 0);
    tear_down(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_effect_is_offered_once_and_settled),
        cmocka_unit_test(a_second_report_changes_nothing),
        cmocka_unit_test(an_effect_without_a_report_is_offered_again_after_a_restart),
        cmocka_unit_test(a_failed_attempt_is_tried_again_after_a_pause),
        cmocka_unit_test(exhausted_attempts_end_where_a_person_sees_them),
        cmocka_unit_test(a_full_gateway_does_not_get_again_what_it_has),
        cmocka_unit_test(a_bounded_number_is_in_flight),
        cmocka_unit_test(the_effect_of_an_erased_customer_is_dropped),
    };
    return cmocka_run_group_tests_name("actors/effects", tests, NULL, NULL);
}
