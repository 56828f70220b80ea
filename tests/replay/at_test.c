/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is answered as of a position is what was live at that position, byte for byte, whatever happened since. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "tests/replay/history.h"

enum { MOST = 128 };

/* What was live after each event. */
struct memories {
    const struct question *questions;
    size_t count;
    char *answers[MOST][64];
    unsigned positions;
};

static void remember(struct history *h, void *arg)
{
    struct memories *m = arg;
    catch_up(h);
    m->positions++;
    assert_int_equal(hub_views_position(h->views).sequence, m->positions);
    for (size_t i = 0; i < m->count; i++) {
        m->answers[m->positions][i] = ask_json(h, &m->questions[i], 0);
    }
}

static struct memories *live_through_script(struct history *h)
{
    struct memories *m = calloc(1, sizeof *m);
    m->questions = all_questions(h, &m->count);
    write_script(h, remember, m);
    return m;
}

static void forget(struct memories *m)
{
    for (unsigned at = 1; at <= m->positions; at++) {
        for (size_t i = 0; i < m->count; i++) {
            free(m->answers[at][i]);
        }
    }
    free(m);
}

static void compare(struct history *h, const struct memories *m, unsigned position, uint64_t at)
{
    for (size_t i = 0; i < m->count; i++) {
        char *now = ask_json(h, &m->questions[i], at);
        if (strcmp(now, m->answers[position][i]) != 0) {
            fail_msg("%s at %u\n was %s\n is  %s", m->questions[i].label, position, m->answers[position][i], now);
        }
        free(now);
    }
}

static void compare_all(struct history *h, const struct memories *m)
{
    for (unsigned at = 1; at <= m->positions; at++) {
        compare(h, m, at, at);
    }
    compare(h, m, m->positions, 0);
}

static void every_position_answers_what_was_live_there(void **state)
{
    struct history *h = *state;
    struct memories *m = live_through_script(h);
    compare_all(h, m);
    forget(m);
}

static void it_does_so_after_a_restart(void **state)
{
    struct history *h = *state;
    struct memories *m = live_through_script(h);
    history_close(h);
    fixture_reopen(h->log);
    history_open(h);
    compare_all(h, m);
    forget(m);
}

static void it_does_so_after_the_views_were_deleted(void **state)
{
    struct history *h = *state;
    struct memories *m = live_through_script(h);
    history_close(h);
    history_delete_views(h);
    history_open(h);
    assert_int_equal(hub_views_position(h->views).sequence, 0);
    catch_up(h);
    compare_all(h, m);
    forget(m);
}

static void it_does_so_from_lists_of_the_past(void **state)
{
    struct history *h = *state;
    history_close(h);
    h->list_every = 3;
    history_open(h);
    for (unsigned i = 0; i < 6; i++) {
        open_session(h, fixture_id(1000 + i), h->customer, channel_chat);
        catch_up(h);
        end(h, fixture_id(1000 + i), h->customer);
        catch_up(h);
    }
    size_t count;
    const struct question *questions = all_questions(h, &count);
    for (unsigned i = 0; i < 24; i++) {
        char *at[2];
        open_session(h, fixture_id(2000 + i), h->customer, channel_chat);
        if (i % 3 == 2) {
            end(h, fixture_id(2000 + i / 2), h->customer);
        }
        catch_up(h);
        uint64_t now = hub_views_position(h->views).sequence;
        at[0] = ask_json(h, &questions[0], 0);
        at[1] = ask_json(h, &questions[0], now);
        assert_string_equal(at[0], at[1]);
        free(at[0]);
        free(at[1]);
    }
}

static void no_answer_is_the_same_at_every_position(void **state)
{
    struct history *h = *state;
    struct memories *m = live_through_script(h);
    for (size_t i = 0; i < m->count; i++) {
        bool is_constant = strcmp(m->questions[i].label, "no message") == 0 ||
                           strcmp(m->questions[i].label, "customer 1 elsewhere") == 0;
        unsigned changes = 0;
        for (unsigned at = 2; at <= m->positions; at++) {
            changes += strcmp(m->answers[at][i], m->answers[at - 1][i]) != 0;
        }
        if ((changes == 0) != is_constant) {
            bool is_last = strncmp(m->answers[m->positions][i], "error", 5) == 0;
            assert_true(is_last); /* what never came to be: a third transfer */
        }
    }
    forget(m);
}

static void a_position_that_is_not_there_yet_is_refused(void **state)
{
    struct history *h = *state;
    size_t count;
    const struct question *questions = all_questions(h, &count);
    unsigned last = write_script(h, NULL, NULL);
    catch_up(h);
    char *answer = ask_json(h, &questions[0], last + 1);
    assert_string_equal(answer, "error behind: the log has not reached that position");
    free(answer);
}

static void a_moment_too_long_ago_is_refused(void **state)
{
    struct history *h = *state;
    size_t count;
    const struct question *questions = all_questions(h, &count);
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_fault fault;
    void *answer = NULL;
    for (unsigned i = 0; i < 80; i++) {
        open_session(h, fixture_id(1000 + i), h->customer, channel_chat);
    }
    const struct hub_ask ask = {
        .query = questions[0].query,
        .params = questions[0].params,
        .company = h->company,
        .names = questions[0].names,
        .arena = arena,
        .deadline_tick_us = 1,
    };
    int done = hub_query_at(h->views, &ask, (struct hub_position){ 80 }, &answer, &fault);
    assert_int_equal(done, HUB_ERROR_too_long_ago);
    assert_null(answer);
    hub_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_position_answers_what_was_live_there, history_setup, history_teardown),
        cmocka_unit_test_setup_teardown(it_does_so_after_a_restart, history_setup, history_teardown),
        cmocka_unit_test_setup_teardown(it_does_so_after_the_views_were_deleted, history_setup, history_teardown),
        cmocka_unit_test_setup_teardown(it_does_so_from_lists_of_the_past, history_setup, history_teardown),
        cmocka_unit_test_setup_teardown(no_answer_is_the_same_at_every_position, history_setup, history_teardown),
        cmocka_unit_test_setup_teardown(a_position_that_is_not_there_yet_is_refused, history_setup, history_teardown),
        cmocka_unit_test_setup_teardown(a_moment_too_long_ago_is_refused, history_setup, history_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
