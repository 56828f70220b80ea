/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The crash guard: what was being worked on when the process died is counted, and parked after three crashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "actors/crash.h"
#include "tests/actors/runtime_fixture.h"
#include "tests/temp_dir.h"

/* --- the guard alone --- */

static struct hub_crash_guard *open_guard(const char *dir)
{
    struct hub_crash_guard *guard = NULL;
    char why[256];
    assert_int_equal(hub_crash_guard_open(dir, 4, &guard, why, sizeof why), 0);
    return guard;
}

/* A process that dies in the middle of an input leaves its slot behind. */
static void crash_on(const char *dir, uint64_t input)
{
    struct hub_crash_guard *guard = open_guard(dir);
    assert_true(hub_crash_guard_enter(guard, 1, input));
    hub_crash_guard_close(&guard);
}

static void an_input_is_parked_after_three_crashes(void **state)
{
    (void) state;
    char dir[64];
    temp_dir_make(dir, sizeof dir);
    for (int i = 0; i < HUB_CRASHES_TO_PARK; i++) {
        struct hub_crash_guard *guard = open_guard(dir);
        assert_int_equal(hub_crash_guard_parked(guard), 0);
        hub_crash_guard_close(&guard);
        crash_on(dir, 77);
    }
    struct hub_crash_guard *guard = open_guard(dir);
    assert_int_equal(hub_crash_guard_parked(guard), 1);
    assert_false(hub_crash_guard_enter(guard, 0, 77));
    assert_true(hub_crash_guard_enter(guard, 0, 78));
    hub_crash_guard_leave(guard, 0);
    hub_crash_guard_close(&guard);
    guard = open_guard(dir);
    assert_false(hub_crash_guard_enter(guard, 0, 77));
    hub_crash_guard_close(&guard);
    temp_dir_remove(dir);
}

static void what_was_finished_is_not_counted(void **state)
{
    (void) state;
    char dir[64];
    temp_dir_make(dir, sizeof dir);
    for (int i = 0; i < 2 * HUB_CRASHES_TO_PARK; i++) {
        struct hub_crash_guard *guard = open_guard(dir);
        assert_true(hub_crash_guard_enter(guard, 2, 77));
        hub_crash_guard_leave(guard, 2);
        hub_crash_guard_close(&guard);
    }
    struct hub_crash_guard *guard = open_guard(dir);
    assert_int_equal(hub_crash_guard_parked(guard), 0);
    hub_crash_guard_close(&guard);
    temp_dir_remove(dir);
}

/* Somebody who kills the process now and then does not get innocent inputs parked. */
static void an_input_that_ran_through_starts_again(void **state)
{
    (void) state;
    char dir[64];
    temp_dir_make(dir, sizeof dir);
    for (int i = 0; i < 3 * HUB_CRASHES_TO_PARK; i++) {
        crash_on(dir, 77);
        if (i % 2 == 1) {
            struct hub_crash_guard *guard = open_guard(dir);
            assert_true(hub_crash_guard_enter(guard, 0, 77));
            hub_crash_guard_leave(guard, 0);
            hub_crash_guard_close(&guard);
        }
    }
    struct hub_crash_guard *guard = open_guard(dir);
    assert_int_equal(hub_crash_guard_parked(guard), 0);
    hub_crash_guard_close(&guard);
    temp_dir_remove(dir);
}

static void all_that_was_under_way_is_counted(void **state)
{
    (void) state;
    char dir[64];
    temp_dir_make(dir, sizeof dir);
    for (int i = 0; i < HUB_CRASHES_TO_PARK; i++) {
        struct hub_crash_guard *guard = open_guard(dir);
        for (unsigned worker = 0; worker < 4; worker++) {
            assert_true(hub_crash_guard_enter(guard, worker, 100 + worker));
        }
        hub_crash_guard_leave(guard, 3);
        hub_crash_guard_close(&guard);
    }
    struct hub_crash_guard *guard = open_guard(dir);
    assert_int_equal(hub_crash_guard_parked(guard), 3);
    hub_crash_guard_close(&guard);
    temp_dir_remove(dir);
}

static void a_released_input_runs_again(void **state)
{
    (void) state;
    char dir[64];
    temp_dir_make(dir, sizeof dir);
    for (int i = 0; i < HUB_CRASHES_TO_PARK; i++) {
        crash_on(dir, 77);
        crash_on(dir, 78);
    }
    struct hub_crash_guard *guard = open_guard(dir);
    assert_int_equal(hub_crash_guard_parked(guard), 2);
    hub_crash_guard_release(guard, 77);
    assert_int_equal(hub_crash_guard_parked(guard), 1);
    assert_true(hub_crash_guard_enter(guard, 0, 77));
    hub_crash_guard_leave(guard, 0);
    assert_false(hub_crash_guard_enter(guard, 0, 78));
    hub_crash_guard_release(guard, 0);
    assert_int_equal(hub_crash_guard_parked(guard), 0);
    assert_true(hub_crash_guard_enter(guard, 0, 78));
    hub_crash_guard_leave(guard, 0);
    hub_crash_guard_close(&guard);
    temp_dir_remove(dir);
}

/* The list is short: after many other inputs the oldest is forgotten, and nothing grows. */
static void the_oldest_of_very_many_inputs_is_forgotten(void **state)
{
    (void) state;
    char dir[64];
    temp_dir_make(dir, sizeof dir);
    for (int i = 0; i < HUB_CRASHES_TO_PARK; i++) {
        crash_on(dir, 77);
    }
    for (uint64_t input = 1000; input < 1300; input++) {
        crash_on(dir, input);
    }
    struct hub_crash_guard *guard = open_guard(dir);
    assert_int_equal(hub_crash_guard_parked(guard), 0);
    assert_true(hub_crash_guard_enter(guard, 0, 77));
    hub_crash_guard_close(&guard);
    temp_dir_remove(dir);
}

static void a_file_of_something_else_starts_afresh(void **state)
{
    (void) state;
    char dir[64], path[128];
    temp_dir_make(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/inputs", dir);
    FILE *file = fopen(path, "we");
    for (int i = 0; i < 4000; i++) {
        fputc(i, file);
    }
    fclose(file);
    struct hub_crash_guard *guard = open_guard(dir);
    assert_int_equal(hub_crash_guard_parked(guard), 0);
    hub_crash_guard_close(&guard);
    temp_dir_remove(dir);
}

static void what_cannot_be_opened_is_said(void **state)
{
    (void) state;
    struct hub_crash_guard *guard = NULL;
    char why[256] = "";
    assert_true(hub_crash_guard_open("/nowhere/at/all", 4, &guard, why, sizeof why) < 0);
    assert_non_null(strstr(why, "/nowhere/at/all/inputs"));
    assert_true(hub_crash_guard_open(NULL, 1000, &guard, why, sizeof why) < 0);
    assert_null(guard);
}

static void inputs_differ_by_what_they_say_and_to_whom(void **state)
{
    (void) state;
    struct fixture f;
    fixture_init(&f);
    char why[256];
    const struct hub_keyring_options ring = { .data_dir = f.dir, .create = true, .world = hub_world_real() };
    assert_int_equal(hub_keyring_open(&ring, &f.keys, why, sizeof why), 0);
    assert_int_equal(hub_keyring_add_company(f.keys, f.company), 0);
    struct hub_command *commands[] = {
        message_for(&f, "customer_1", "session_1", "hello"),
        message_for(&f, "customer_1", "session_1", "hello"),
        message_for(&f, "customer_1", "session_1", "hallo"),
        message_for(&f, "customer_1", "session_2", "hello"),
        respond_to(&f, "session_1", "hello"),
    };
    enum { COMMANDS = sizeof commands / sizeof commands[0] };
    for (int i = 0; i < COMMANDS; i++) {
        for (int j = 0; j < i; j++) {
            bool same = hub_crash_fingerprint(commands[i]) == hub_crash_fingerprint(commands[j]);
            assert_int_equal(same, i == 1 && j == 0);
        }
    }
    for (int i = 0; i < COMMANDS; i++) {
        hub_command_destroy(&commands[i]);
    }
    hub_keyring_close(&f.keys);
    fixture_done(&f);
}

/* --- a process that dies --- */

/* Reading the snapshot of a session is part of the work on an input. */
static int die(void *self, const struct hub_stream *stream, struct hub_buf *ret_state, uint64_t *ret_version,
               struct hub_position *ret_at)
{
    (void) self;
    (void) ret_state;
    (void) ret_version;
    (void) ret_at;
    if (stream->kind == KIND_session) {
        abort();
    }
    return HUB_ERROR_not_found;
}

/* In a process of its own, which dies on the way when `deadly`: send the same input, exit with the answer's error. */
static int answer_in_a_process(struct fixture *self, bool deadly, const char *content)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
        self->options.snapshots.find = deadly ? die : NULL;
        fixture_start(self);
        struct hub_answer *answer = ask(self, message_for(self, "customer_1", "session_1", content));
        int error = answer->error;
        hub_answer_destroy(&answer);
        fixture_stop(self);
        _exit(error);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void an_input_that_was_there_at_three_crashes_is_not_run_again(void **state)
{
    (void) state;
    struct fixture f;
    fixture_init(&f);
    for (int i = 0; i < HUB_CRASHES_TO_PARK; i++) {
        assert_int_equal(answer_in_a_process(&f, true, "poison"), -SIGABRT);
    }
    assert_int_equal(answer_in_a_process(&f, true, "poison"), HUB_ERROR_parked);
    assert_int_equal(answer_in_a_process(&f, true, "other words"), -SIGABRT);
    assert_int_equal(answer_in_a_process(&f, false, "other words"), 0);
    assert_int_equal(answer_in_a_process(&f, false, "poison"), HUB_ERROR_parked);
    struct hub_crash_guard *guard = open_guard(f.dir);
    hub_crash_guard_release(guard, 0);
    hub_crash_guard_close(&guard);
    assert_int_equal(answer_in_a_process(&f, false, "poison"), 0);
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_input_is_parked_after_three_crashes),
        cmocka_unit_test(what_was_finished_is_not_counted),
        cmocka_unit_test(an_input_that_ran_through_starts_again),
        cmocka_unit_test(all_that_was_under_way_is_counted),
        cmocka_unit_test(a_released_input_runs_again),
        cmocka_unit_test(the_oldest_of_very_many_inputs_is_forgotten),
        cmocka_unit_test(a_file_of_something_else_starts_afresh),
        cmocka_unit_test(what_cannot_be_opened_is_said),
        cmocka_unit_test(inputs_differ_by_what_they_say_and_to_whom),
        cmocka_unit_test(an_input_that_was_there_at_three_crashes_is_not_run_again),
    };
    return cmocka_run_group_tests_name("actors/crash", tests, NULL, NULL);
}
