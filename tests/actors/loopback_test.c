/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The loopback gateway, with a door of the test's own. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>
#include <czmq.h>

#include "actors/channels/loopback.h"
#include "actors/session/render.h"
#include "actors/session/session.h"
#include "tests/temp_dir.h"

enum { DEADLINE_S = 20, EFFECTS = 3000 };

/* The other side of the door: what came through, and how often it is shut before that. */
struct yard {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct hub_command *commands; /* newest first */
    unsigned count, closed, shut;
    bool open;
};

static void *yard_open(void *arg)
{
    struct yard *yard = arg;
    pthread_mutex_lock(&yard->lock);
    yard->open = true;
    pthread_mutex_unlock(&yard->lock);
    return yard;
}

static int yard_send(void *door, struct hub_command **command_p)
{
    struct yard *yard = door;
    pthread_mutex_lock(&yard->lock);
    int result = 0;
    if (yard->shut > 0) {
        yard->shut--;
        result = HUB_ERROR_overloaded;
    } else {
        (*command_p)->next = yard->commands;
        yard->commands = *command_p;
        *command_p = NULL;
        yard->count++;
        pthread_cond_signal(&yard->changed);
    }
    pthread_mutex_unlock(&yard->lock);
    return result;
}

static void yard_close(void *door)
{
    struct yard *yard = door;
    pthread_mutex_lock(&yard->lock);
    yard->closed++;
    pthread_mutex_unlock(&yard->lock);
}

static void await_count(struct yard *yard, unsigned count)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += DEADLINE_S;
    int waited = 0;
    pthread_mutex_lock(&yard->lock);
    while (yard->count < count && waited == 0) {
        waited = pthread_cond_timedwait(&yard->changed, &yard->lock, &deadline);
    }
    unsigned came = yard->count;
    pthread_mutex_unlock(&yard->lock);
    assert_int_equal(came, count);
}

struct fixture {
    struct yard yard;
    struct hub_loopback_door door;
    struct hub_loopback *gateway;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .gateway = hub_loopback_new(4) };
    pthread_mutex_init(&f.yard.lock, NULL);
    pthread_cond_init(&f.yard.changed, NULL);
    f.door = (struct hub_loopback_door){ .open = yard_open, .send = yard_send, .close = yard_close, .arg = &f.yard };
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    hub_loopback_destroy(&f->gateway);
    while (f->yard.commands != NULL) {
        struct hub_command *command = f->yard.commands;
        f->yard.commands = command->next;
        hub_command_destroy(&command);
    }
    pthread_cond_destroy(&f->yard.changed);
    pthread_mutex_destroy(&f->yard.lock);
    return 0;
}

static const struct hub_ulid session = { { 7, 7, 7 } };

static struct hub_effect *effect_of(const struct hub_shape *shape, uint32_t index, uint8_t number)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_effect *effect = HUB_NEW(arena, struct hub_effect);
    effect->arena = arena;
    effect->id = effect->key = hub_pending_key_make(HUB_PENDING_effect, 0, number, 0);
    effect->company = (struct hub_ulid){ { 1 } };
    effect->attempt = 2;
    effect->shape = shape;
    effect->record = hub_arena_get(arena, shape->size);
    if (shape == &send_effect_shape) {
        struct send_effect *message = effect->record;
        HUB_SET(send_effect, message, session, session);
        HUB_SET(send_effect, message, index, index);
        HUB_SET(send_effect, message, channel, channel_email);
        HUB_SET(send_effect, message, content, ((hub_sealed){ .box = HUB_SPAN("a box") }));
    }
    return effect;
}

/* As the runtime's pump does: what is not taken is thrown away, its row stays. */
static bool offer(struct fixture *f, struct hub_effect *effect)
{
    bool taken = hub_loopback_take(f->gateway, effect);
    if (!taken) {
        struct hub_arena *arena = effect->arena;
        hub_arena_destroy(&arena);
    }
    return taken;
}

static void a_message_is_delivered_and_reported_on(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(hub_loopback_start(f->gateway, &f->door), 0);
    struct hub_effect *effect = effect_of(&send_effect_shape, 12, 1);
    struct hub_pending_key key = effect->key;
    assert_true(offer(f, effect));
    await_count(&f->yard, 1);
    const struct hub_command *command = f->yard.commands;
    assert_ptr_equal(command->shape, &update_message_shape);
    assert_int_equal(command->target, KIND_session);
    assert_true(command->names[KIND_session].given && command->names[KIND_session].is_ours);
    assert_true(hub_ulid_is(command->names[KIND_session].id, session));
    assert_int_equal(command->caller.company.b[0], 1);
    assert_true(command->settles);
    assert_memory_equal(command->settle.b, key.b, sizeof key.b);
    assert_int_equal(command->ticket.number, 0);
    const struct update_message *report = command->record;
    struct hub_ulid where;
    uint32_t index = 0;
    assert_true(hub_part_id_parse(report->message_id, 'm', &where, &index));
    assert_int_equal(index, 12);
    assert_int_equal(report->status, message_status_delivered);
    assert_int_equal(report->attempt, 2);
    assert_false(HUB_HAS(update_message, report, failure));
    struct hub_delivery delivery;
    assert_true(hub_loopback_find(f->gateway, session, 12, &delivery));
    assert_int_equal(delivery.channel, channel_email);
    assert_int_equal(delivery.times, 1);
    assert_int_equal(delivery.box_bytes, 5);
    assert_false(hub_loopback_find(f->gateway, session, 13, &delivery));
}

static void the_same_effect_twice_is_delivered_once_and_reported_twice(void **state)
{
    struct fixture *f = *state;
    hub_loopback_start(f->gateway, &f->door);
    offer(f, effect_of(&send_effect_shape, 1, 1));
    await_count(&f->yard, 1);
    offer(f, effect_of(&send_effect_shape, 1, 1));
    await_count(&f->yard, 2);
    struct hub_loopback_stats stats;
    hub_loopback_stats(f->gateway, &stats);
    assert_int_equal(stats.delivered, 1);
    assert_int_equal(stats.repeated, 1);
    struct hub_delivery delivery;
    assert_true(hub_loopback_find(f->gateway, session, 1, &delivery));
    assert_int_equal(delivery.times, 2);
}

static void a_failure_that_was_asked_for_is_reported_and_the_next_attempt_arrives(void **state)
{
    struct fixture *f = *state;
    hub_loopback_fail_next(f->gateway, 1);
    hub_loopback_start(f->gateway, &f->door);
    offer(f, effect_of(&send_effect_shape, 1, 1));
    await_count(&f->yard, 1);
    const struct update_message *report = f->yard.commands->record;
    assert_true(hub_span_is(report->failure, HUB_SPAN("loopback_failed")));
    assert_false(HUB_HAS(update_message, report, status));
    struct hub_delivery delivery;
    assert_false(hub_loopback_find(f->gateway, session, 1, &delivery));
    offer(f, effect_of(&send_effect_shape, 1, 2));
    await_count(&f->yard, 2);
    assert_true(hub_loopback_find(f->gateway, session, 1, &delivery));
}

static void chosen_attempts_fail_and_always_the_same_ones(void **state)
{
    struct fixture *f = *state;
    static bool failed[2][100];
    unsigned count = 0;
    for (unsigned round = 0; round < 2; round++) {
        f->gateway = round == 0 ? f->gateway : hub_loopback_new(4);
        assert_int_equal(hub_loopback_rehearse(f->gateway, &(struct hub_loopback_rehearsal){ .fail_percent = 30 }), 0);
        hub_loopback_start(f->gateway, &f->door);
        for (uint8_t i = 0; i < 100; i++) {
            assert_true(offer(f, effect_of(&send_effect_shape, 1, i)));
            await_count(&f->yard, ++count);
            failed[round][i] = HUB_HAS(update_message, (struct update_message *) f->yard.commands->record, failure);
        }
        struct hub_loopback_stats stats;
        hub_loopback_stats(f->gateway, &stats);
        assert_in_range(stats.failed, 15, 45);
        hub_loopback_destroy(&f->gateway);
    }
    assert_memory_equal(failed[0], failed[1], sizeof failed[0]);
}

static void a_record_remembers_across_restarts(void **state)
{
    struct fixture *f = *state;
    char dir[256], path[300];
    temp_dir_make(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/delivered", dir);
    struct hub_loopback_stats stats;
    for (unsigned round = 0; round < 2; round++) {
        f->gateway = round == 0 ? f->gateway : hub_loopback_new(4);
        assert_int_equal(hub_loopback_rehearse(f->gateway, &(struct hub_loopback_rehearsal){ .record = path }), 0);
        hub_loopback_start(f->gateway, &f->door);
        offer(f, effect_of(&send_effect_shape, 1, 1));
        await_count(&f->yard, round * 2 + 1);
        offer(f, effect_of(&send_effect_shape, 2, (uint8_t) (2 + round)));
        await_count(&f->yard, round * 2 + 2);
        hub_loopback_stats(f->gateway, &stats);
        hub_loopback_destroy(&f->gateway);
    }
    assert_int_equal(stats.repeated, 1);
    assert_int_equal(stats.delivered, 1);
    FILE *file = fopen(path, "r");
    unsigned lines = 0;
    for (int c = getc(file); c != EOF; c = getc(file)) {
        lines += c == '\n';
    }
    fclose(file);
    assert_int_equal(lines, 3);
    temp_dir_remove(dir);
    f->gateway = hub_loopback_new(1);
    assert_int_not_equal(hub_loopback_rehearse(f->gateway, &(struct hub_loopback_rehearsal){ .record = path }), 0);
}

static void a_full_queue_turns_away_and_what_waits_is_delivered_at_the_start(void **state)
{
    struct fixture *f = *state;
    for (uint8_t i = 1; i <= 6; i++) {
        assert_int_equal(offer(f, effect_of(&send_effect_shape, i, i)), i <= 4);
    }
    struct hub_loopback_stats stats;
    hub_loopback_stats(f->gateway, &stats);
    assert_int_equal(stats.turned_away, 2);
    hub_loopback_start(f->gateway, &f->door);
    await_count(&f->yard, 4);
    assert_true(offer(f, effect_of(&send_effect_shape, 5, 5)));
    await_count(&f->yard, 5);
}

static void a_shut_door_loses_no_report(void **state)
{
    struct fixture *f = *state;
    f->yard.shut = 10;
    hub_loopback_start(f->gateway, &f->door);
    offer(f, effect_of(&send_effect_shape, 1, 1));
    offer(f, effect_of(&send_effect_shape, 2, 2));
    await_count(&f->yard, 2);
    struct hub_loopback_stats stats;
    do { /* the count follows the command by a moment */
        hub_loopback_stats(f->gateway, &stats);
    } while (stats.reported < 2);
    assert_int_equal(stats.reported, 2);
}

static void after_the_stop_nothing_is_taken_and_the_door_is_closed(void **state)
{
    struct fixture *f = *state;
    f->yard.shut = 1000000;
    hub_loopback_start(f->gateway, &f->door);
    offer(f, effect_of(&send_effect_shape, 1, 1));
    offer(f, effect_of(&send_effect_shape, 2, 2));
    hub_loopback_stop(f->gateway);
    assert_int_equal(f->yard.closed, 1);
    assert_false(offer(f, effect_of(&send_effect_shape, 3, 3)));
    f->yard.shut = 0;
    assert_int_equal(hub_loopback_start(f->gateway, &f->door), 0);
    assert_true(offer(f, effect_of(&send_effect_shape, 4, 4)));
    await_count(&f->yard, 1);
}

static void an_effect_of_an_unknown_kind_is_dropped(void **state)
{
    struct fixture *f = *state;
    hub_loopback_start(f->gateway, &f->door);
    offer(f, effect_of(&session_timer_shape, 1, 1));
    offer(f, effect_of(&send_effect_shape, 1, 2));
    await_count(&f->yard, 1);
    struct hub_loopback_stats stats;
    hub_loopback_stats(f->gateway, &stats);
    assert_int_equal(stats.delivered, 1);
    assert_int_equal(stats.repeated, 1);
}

static void a_thousand_deliveries_are_remembered_and_the_newest_stay(void **state)
{
    struct fixture *f = *state;
    hub_loopback_start(f->gateway, &f->door);
    for (uint32_t i = 1; i <= EFFECTS;) {
        struct hub_effect *effect = effect_of(&send_effect_shape, i, 0);
        effect->key = hub_pending_key_make(HUB_PENDING_effect, 0, i, 0);
        i += offer(f, effect) ? 1 : 0;
    }
    await_count(&f->yard, EFFECTS);
    struct hub_delivery delivery;
    assert_false(hub_loopback_find(f->gateway, session, EFFECTS - HUB_LOOPBACK_KEPT, &delivery));
    assert_true(hub_loopback_find(f->gateway, session, EFFECTS - HUB_LOOPBACK_KEPT + 1, &delivery));
    assert_true(hub_loopback_find(f->gateway, session, EFFECTS, &delivery));
}

static int hush_signals(void **state)
{
    (void) state;
    zsys_handler_set(NULL);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_delivered_and_reported_on),
        TEST(the_same_effect_twice_is_delivered_once_and_reported_twice),
        TEST(a_failure_that_was_asked_for_is_reported_and_the_next_attempt_arrives),
        TEST(chosen_attempts_fail_and_always_the_same_ones),
        TEST(a_record_remembers_across_restarts),
        TEST(a_full_queue_turns_away_and_what_waits_is_delivered_at_the_start),
        TEST(a_shut_door_loses_no_report),
        TEST(after_the_stop_nothing_is_taken_and_the_door_is_closed),
        TEST(an_effect_of_an_unknown_kind_is_dropped),
        TEST(a_thousand_deliveries_are_remembered_and_the_newest_stay),
    };
    return cmocka_run_group_tests_name("actors/loopback", tests, hush_signals, NULL);
}
