/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Folding everything again: right views are found right, and whatever was changed in them is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "replay/refold.h"
#include "replay/store.h"
#include "tests/replay/history.h"

enum { CROWD = 60, SAYINGS = 4, FAMILY_PAYLOAD = 2 /* log/keys.h has a struct of the same name as actors/ */ };

static unsigned write_all(struct history *h)
{
    unsigned last = write_script(h, NULL, NULL);
    for (unsigned i = 0; i < CROWD; i++) {
        open_session(h, fixture_id(1000 + i), fixture_id(2000 + i % 20), channel_chat);
        for (uint32_t index = 1; index <= SAYINGS; index++) {
            receive(h, fixture_id(1000 + i), fixture_id(2000 + i % 20), index, "Where is my parcel?");
        }
    }
    return last + CROWD * (1 + SAYINGS);
}

static unsigned write_and_close(struct history *h)
{
    unsigned last = write_all(h);
    catch_up(h);
    history_close(h);
    return last;
}

static int refold_with(struct history *h, struct hub_refold_options options, struct hub_refold_report *ret_report)
{
    options.data_dir = h->log->dir;
    options.log = h->log->log;
    options.scratch_dir = options.scratch_dir != NULL ? options.scratch_dir : h->log->dir;
    return hub_refold(&options, ret_report, h->why, sizeof h->why);
}

static int refold(struct history *h, struct hub_refold_report *ret_report)
{
    return refold_with(h, (struct hub_refold_options){ .threads = 2 }, ret_report);
}

/* What to do to the first row of a view. */
struct change {
    uint16_t view;
    const char *put; /* another value; NULL: remove it */
    bool is_new;     /* put it beside the first row */
    struct hub_buf key;
};

static bool take_key(void *arg, struct hub_span key, struct hub_span value)
{
    struct change *change = arg;
    (void) value;
    hub_buf_put(&change->key, key.at, key.len);
    return false;
}

static void change_row(struct history *h, struct change change)
{
    static const char *const families[] = { "default", NULL };
    char dir[2 * FIXTURE_DIR];
    struct hub_view_mark mark;
    snprintf(dir, sizeof dir, "%s/views", h->log->dir);
    const struct hub_rocks_options options = { .dir = dir, .profile = HUB_ROCKS_VIEWS, .families = families };
    struct hub_rocks *db;
    assert_int_equal(hub_rocks_open(&options, &db, h->why, sizeof h->why), 0);
    assert_int_equal(hub_view_mark_read(db, NULL, HUB_MARK_LIVE, &mark), 0);
    struct hub_rocks_batch *batch = hub_rocks_batch_new(db);
    struct hub_view_rows at = { .db = db, .batch = batch, .places = mark.places };
    struct hub_rows rows = hub_view_rows(&at);
    struct hub_row_key prefix = hub_row_key_of_view(change.view);
    hub_buf_init(&change.key);
    assert_int_equal(rows.scan(rows.self, hub_row_key_span(&prefix), (struct hub_span){ 0 }, take_key, &change), 0);
    assert_true(change.key.len > 0);
    change.key.at[change.key.len - 1] = (char) (change.key.at[change.key.len - 1] ^ (change.is_new ? 0x55 : 0));
    if (change.put != NULL) {
        rows.put(rows.self, hub_buf_span(&change.key), hub_span(change.put));
    } else {
        rows.drop(rows.self, hub_buf_span(&change.key));
    }
    assert_int_equal(hub_rocks_write(db, batch, h->why, sizeof h->why), 0);
    assert_int_equal(hub_rocks_flush(db), 0);
    hub_rocks_batch_destroy(&batch);
    hub_rocks_close(&db);
    hub_buf_done(&change.key);
}

static uint64_t differences_of(const struct hub_refold_report *report, uint16_t view)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->views[i].info->number == view) {
            return report->views[i].differences;
        }
    }
    fail_msg("no view %u", view);
    return 0;
}

static void assert_same(const struct hub_refold_report *report, unsigned events)
{
    assert_int_equal(report->events, events);
    assert_string_equal(report->difference, "");
    for (size_t i = 0; i < report->count; i++) {
        assert_int_equal(report->views[i].folded, report->views[i].stored);
        assert_int_equal(report->views[i].differences, 0);
    }
}

/* --- Tests --- */

static void right_views_are_found_right(void **state)
{
    struct history *h = *state;
    struct hub_refold_report report;
    unsigned events = write_and_close(h);
    for (unsigned threads = 1; threads <= 5; threads += 2) {
        assert_int_equal(refold_with(h, (struct hub_refold_options){ .threads = threads }, &report), HUB_REFOLD_same);
        assert_same(&report, events);
        assert_int_equal(report.at, events);
        assert_true(report.entities > CROWD);
    }
}

static void several_passes_come_to_the_same(void **state)
{
    struct history *h = *state;
    struct hub_refold_report report;
    unsigned events = write_and_close(h);
    for (uint64_t rows = 80; rows <= 240; rows += 80) {
        const struct hub_refold_options options = { .threads = 2, .rows_a_pass = rows };
        assert_int_equal(refold_with(h, options, &report), HUB_REFOLD_same);
        assert_same(&report, events);
    }
}

static void what_was_changed_is_named(void **state)
{
    static const struct {
        struct change change;
        const char *says;
    } cases[] = {
        { { HUB_VIEW_messages, .put = "?" }, "of the view messages is not what the log folds to" },
        { { HUB_VIEW_analytics }, "of the view analytics is missing" },
        { { HUB_VIEW_figures, .put = "?", .is_new = true }, "of the view figures comes from no event" },
        { { HUB_VIEW_entities, .put = "?" }, "has damaged; the log folds to version" },
        { { HUB_VIEW_entities }, "the snapshot of" },
    };
    struct history *h = *state;
    struct hub_refold_report report;
    write_and_close(h);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        change_row(h, cases[i].change);
        for (uint64_t rows = 100; rows <= 10000; rows *= 100) {
            const struct hub_refold_options options = { .threads = 2, .rows_a_pass = rows };
            assert_int_equal(refold_with(h, options, &report), HUB_REFOLD_different);
            assert_int_equal(differences_of(&report, cases[i].change.view), 1);
            if (strstr(report.difference, cases[i].says) == NULL) {
                fail_msg("%s", report.difference);
            }
        }
        history_delete_views(h);
        history_open(h);
        catch_up(h);
        history_close(h);
    }
}

static void views_that_are_behind_are_compared_where_they_are(void **state)
{
    struct history *h = *state;
    struct hub_refold_report report;
    unsigned events = write_and_close(h);
    receive(h, fixture_id(1000), fixture_id(2000), SAYINGS + 1, "And another one");
    assert_int_equal(refold(h, &report), HUB_REFOLD_same);
    assert_int_equal(report.at, events);
    assert_int_equal(report.events, events + 1);
}

static void an_empty_log_has_empty_views(void **state)
{
    struct history *h = *state;
    struct hub_refold_report report;
    history_close(h);
    assert_int_equal(refold(h, &report), HUB_REFOLD_same);
    assert_int_equal(report.events, 0);
}

static void a_broken_chain_is_told_with_its_position(void **state)
{
    struct history *h = *state;
    struct hub_refold_report report;
    write_and_close(h);
    static const char key[8] = { 0, 0, 0, 0, 0, 0, 300 >> 8, 300 & 0xff };
    struct hub_span value = HUB_SPAN("something else");
    fixture_close(h->log);
    fixture_poke(h->log, FAMILY_PAYLOAD, hub_span_of(key, sizeof key), &value);
    const struct hub_log_options follow = { .data_dir = h->log->dir,
                                            .world = hub_world_real(),
                                            .mode = HUB_LOG_FOLLOW };
    assert_int_equal(hub_log_open(&follow, &h->log->log, h->why, sizeof h->why), 0);
    assert_int_equal(refold(h, &report), HUB_REFOLD_broken);
    assert_int_equal(report.broken.sequence, 300);
    assert_string_equal(report.broken.what, "its payload is not the one that its digest names");
}

static void views_of_another_kind_are_not_compared(void **state)
{
    struct history *h = *state;
    struct hub_refold_report report;
    static struct hub_view_info later;
    static const struct hub_view_info *infos[HUB_VIEW_NUMBERS];
    const struct hub_view_info *const *all = hub_views_all(&h->info_count);
    memcpy(infos, all, h->info_count * sizeof *infos);
    later = *infos[2];
    later.version++;
    infos[2] = &later;
    write_and_close(h);
    h->infos = infos;
    history_open(h);
    catch_up(h);
    history_close(h);
    assert_int_equal(refold(h, &report), HUB_REFOLD_foreign);
    assert_string_equal(report.difference, "they were made by another version");
    history_delete_views(h);
    assert_int_equal(refold(h, &report), HUB_REFOLD_foreign);
    assert_non_null(strstr(report.difference, "there are none in"));
}

static bool stop_at_once(void *arg, uint64_t done, uint64_t total)
{
    assert_true(done <= total);
    ++*(unsigned *) arg;
    return false;
}

static void it_stops_when_asked_to(void **state)
{
    struct history *h = *state;
    struct hub_refold_report report;
    unsigned asked = 0;
    write_and_close(h);
    const struct hub_refold_options options = { .threads = 2, .on_progress = stop_at_once, .arg = &asked };
    assert_int_equal(refold_with(h, options, &report), HUB_REFOLD_stopped);
    assert_true(asked > 0);
}

static void without_room_for_its_files_it_says_so(void **state)
{
    struct history *h = *state;
    struct hub_refold_report report;
    write_and_close(h);
    const struct hub_refold_options options = { .threads = 2, .scratch_dir = "/nowhere" };
    assert_true(refold_with(h, options, &report) < 0);
    assert_string_equal(h->why, "no directory can be made in /nowhere: No such file or directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_setup, history_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(right_views_are_found_right),
        TEST(several_passes_come_to_the_same),
        TEST(what_was_changed_is_named),
        TEST(views_that_are_behind_are_compared_where_they_are),
        TEST(an_empty_log_has_empty_views),
        TEST(a_broken_chain_is_told_with_its_position),
        TEST(views_of_another_kind_are_not_compared),
        TEST(it_stops_when_asked_to),
        TEST(without_room_for_its_files_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
