/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The projection runtime: restarts, foreign and damaged stores, rebuilds, parked streams, failures. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/pack.h"
#include "replay/afresh.h"
#include "tests/replay/history.h"

enum { VIEWS = 16, DEADLINE_S = 20 };

struct hashes {
    struct hub_digest of[VIEWS];
    size_t count;
};

static struct hashes hash_all(struct history *h)
{
    struct hub_view_status status[VIEWS];
    struct hashes hashes = { .count = hub_views_status(h->views, status, VIEWS) };
    for (size_t i = 0; i < hashes.count; i++) {
        assert_int_equal(hub_views_hash(h->views, status[i].info->name, &hashes.of[i]), 0);
    }
    return hashes;
}

static void assert_same(const struct hashes *a, const struct hashes *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        if (!hub_digest_is(&a->of[i], &b->of[i])) {
            fail_msg("view %zu has another hash", i);
        }
    }
}

static struct hub_view_status status_of(struct history *h, const char *name)
{
    struct hub_view_status status[VIEWS];
    size_t count = hub_views_status(h->views, status, VIEWS);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(status[i].info->name, name) == 0) {
            return status[i];
        }
    }
    fail_msg("no view %s", name);
    return status[0];
}

/* Wait for something, with a deadline. */
static void await(struct history *h, bool (*is_so)(struct history *h))
{
    time_t until = time(NULL) + DEADLINE_S;
    while (!is_so(h)) {
        if (time(NULL) > until) {
            fail_msg("it took longer than %d s", DEADLINE_S);
        }
        usleep(1000);
    }
}

static bool is_caught_up(struct history *h)
{
    hub_views_wake(h->views, hub_log_commit(h->log->log));
    return hub_views_position(h->views).sequence == hub_log_commit(h->log->log).sequence;
}

static void fresh_hashes(struct history *h, struct hashes *ret_hashes)
{
    history_close(h);
    history_delete_views(h);
    h->follow = false;
    history_open(h);
    catch_up(h);
    *ret_hashes = hash_all(h);
}

/* --- Stores --- */

static void a_restart_goes_on_where_it_was(void **state)
{
    struct history *h = *state;
    unsigned last = write_script(h, NULL, NULL);
    catch_up(h);
    struct hashes before = hash_all(h);
    history_close(h);
    history_open(h);
    assert_int_equal(hub_views_position(h->views).sequence, last);
    struct hashes after = hash_all(h);
    assert_same(&before, &after);
}

static void event_by_event_is_the_same_as_all_at_once(void **state)
{
    struct history *h = *state;
    write_script(h, (void (*)(struct history *, void *))(void *) catch_up, NULL);
    struct hashes step_by_step = hash_all(h), at_once;
    fresh_hashes(h, &at_once);
    assert_same(&step_by_step, &at_once);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[4096];
    size_t len;
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    assert_true(in != NULL && out != NULL);
    while ((len = fread(bytes, 1, sizeof bytes, in)) > 0) {
        assert_int_equal(fwrite(bytes, 1, len, out), len);
    }
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* What is on disk now is what a process that dies now would leave. */
static void copy_views(struct history *h, const char *to)
{
    char from[2 * FIXTURE_DIR], source[512], target[512];
    snprintf(from, sizeof from, "%s/views", h->log->dir);
    assert_int_equal(mkdir(to, 0700), 0);
    DIR *entries = opendir(from);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
        snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
        if (entry->d_type == DT_REG) {
            copy_file(source, target);
        }
    }
    closedir(entries);
}

static void count_moves(void *arg, struct hub_position at)
{
    struct hub_position *last = arg;
    assert_true(at.sequence > last->sequence);
    *last = at;
}

static void folding_afresh_gives_the_same_hashes(void **state)
{
    struct history *h = *state;
    struct hub_position last = { 0 };
    struct hub_afresh *afresh;
    unsigned events = write_script(h, (void (*)(struct history *, void *))(void *) catch_up, NULL);
    struct hashes live = hash_all(h);
    const struct hub_afresh_options options = {
        .log = h->log->log, .scratch_dir = h->log->dir, .on_moved = count_moves, .arg = &last
    };
    assert_int_equal(hub_afresh_fold(&options, &afresh, h->why, sizeof h->why), 0);
    assert_int_equal(last.sequence, events);
    struct history other = { .views = hub_afresh_views(afresh) };
    struct hashes again = hash_all(&other);
    assert_same(&live, &again);
    hub_afresh_destroy(&afresh);
    assert_null(afresh);
}

static void a_process_that_dies_leaves_views_that_once_were(void **state)
{
    struct history *h = *state;
    char views[2 * FIXTURE_DIR], left[2 * FIXTURE_DIR];
    open_session(h, fixture_id(70), h->customer, channel_sms);
    receive(h, fixture_id(70), h->customer, 1, "flushed");
    catch_up(h);
    history_close(h);
    history_open(h);
    write_script(h, NULL, NULL);
    catch_up(h);
    snprintf(views, sizeof views, "%s/views", h->log->dir);
    snprintf(left, sizeof left, "%s/left", h->log->dir);
    copy_views(h, left);
    history_close(h);
    history_delete_views(h);
    assert_int_equal(rename(left, views), 0);
    history_open(h);
    assert_int_equal(hub_views_position(h->views).sequence, 2); /* the rest was in memory */
    catch_up(h);
    struct hashes after = hash_all(h), fresh;
    fresh_hashes(h, &fresh);
    assert_same(&after, &fresh);
}

/* Put the views of one history into the directory of another, and let that one fold what it then lacks. */
static void swap_in(struct history *h, struct history *other)
{
    char from[2 * FIXTURE_DIR], to[2 * FIXTURE_DIR];
    write_script(h, NULL, NULL);
    catch_up(h);
    struct hashes right = hash_all(h);
    history_close(other);
    history_close(h);
    history_delete_views(h);
    snprintf(from, sizeof from, "%s/views", other->log->dir);
    snprintf(to, sizeof to, "%s/views", h->log->dir);
    assert_int_equal(rename(from, to), 0);
    history_open(h);
    assert_int_equal(hub_views_position(h->views).sequence, 0);
    catch_up(h);
    struct hashes after = hash_all(h);
    assert_same(&right, &after);
}

static void views_of_another_log_are_folded_afresh(void **state)
{
    struct history *other;
    history_setup((void **) &other);
    history_close(other);
    fixture_close(other->log);
    fixture_remove(other->log->dir);
    assert_int_equal(mkdir(other->log->dir, 0700), 0);
    fixture_reopen(other->log); /* the second log of the same world has another id */
    hub_keyring_add_company(other->log->ring, other->company);
    history_open(other);
    open_session(other, fixture_id(70), other->customer, channel_sms);
    catch_up(other);
    swap_in(*state, other);
    history_teardown((void **) &other);
}

static void views_of_another_chain_are_folded_afresh(void **state)
{
    struct history *other; /* with the same id: its world is the same */
    history_setup((void **) &other);
    open_session(other, fixture_id(70), other->customer, channel_sms);
    catch_up(other);
    swap_in(*state, other);
    history_teardown((void **) &other);
}

static void views_that_are_ahead_of_the_log_are_folded_afresh(void **state)
{
    struct history *other;
    history_setup((void **) &other);
    write_script(other, NULL, NULL);
    open_session(other, fixture_id(70), other->customer, channel_sms);
    catch_up(other);
    swap_in(*state, other);
    history_teardown((void **) &other);
}

static void a_damaged_store_is_folded_afresh(void **state)
{
    struct history *h = *state;
    char path[2 * FIXTURE_DIR];
    write_script(h, NULL, NULL);
    catch_up(h);
    struct hashes right = hash_all(h);
    history_close(h);
    snprintf(path, sizeof path, "%s/views/CURRENT", h->log->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("nonsense\n", file);
    fclose(file);
    history_open(h);
    catch_up(h);
    struct hashes after = hash_all(h);
    assert_same(&right, &after);
}

static void another_version_of_a_view_is_folded_afresh(void **state)
{
    struct history *h = *state;
    unsigned last = write_script(h, NULL, NULL);
    catch_up(h);
    history_close(h);
    const struct hub_view_info *infos[VIEWS];
    const struct hub_view_info *const *all = hub_views_all(&h->info_count);
    memcpy(infos, all, h->info_count * sizeof *infos);
    struct hub_view_info later = *infos[5];
    later.version++;
    infos[5] = &later;
    h->infos = infos;
    history_open(h);
    assert_int_equal(hub_views_position(h->views).sequence, 0);
    catch_up(h);
    history_close(h);
    history_open(h);
    assert_int_equal(hub_views_position(h->views).sequence, last);
    history_close(h);
    h->infos = NULL;
}

/* --- Rebuilds --- */

static bool is_rebuilt(struct history *h)
{
    struct hub_view_status status[VIEWS];
    size_t count = hub_views_status(h->views, status, VIEWS);
    for (size_t i = 0; i < count; i++) {
        if (status[i].rebuilding) {
            return false;
        }
    }
    return true;
}

static void a_rebuilt_view_equals_the_live_one(void **state)
{
    struct history *h = *state;
    history_close(h);
    h->follow = true;
    history_open(h);
    write_script(h, NULL, NULL);
    await(h, is_caught_up);
    struct hashes before = hash_all(h);
    size_t count;
    const struct hub_view_info *const *all = hub_views_all(&count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(hub_views_rebuild(h->views, all[i]->name), 0);
        await(h, is_rebuilt);
        struct hashes after = hash_all(h);
        assert_same(&before, &after);
    }
    assert_int_equal(hub_views_rebuild(h->views, "nonsense"), HUB_ERROR_not_found);
    history_close(h);
    history_open(h);
    struct hashes after = hash_all(h);
    assert_same(&before, &after);
}

static void a_view_is_rebuilt_while_events_arrive(void **state)
{
    struct history *h = *state;
    history_close(h);
    h->follow = true;
    history_open(h);
    open_session(h, h->first, h->customer, channel_chat);
    uint32_t index = 0;
    while (index < 4200) {
        receive(h, h->first, h->customer, ++index, "before");
    }
    await(h, is_caught_up);
    assert_int_equal(hub_views_rebuild(h->views, "messages"), 0);
    assert_int_equal(hub_views_rebuild(h->views, "figures"), HUB_ERROR_conflict);
    for (unsigned i = 0; i < 200 || !is_rebuilt(h); i++) {
        receive(h, h->first, h->customer, ++index, "meanwhile");
        hub_views_wake(h->views, hub_log_commit(h->log->log));
    }
    await(h, is_rebuilt);
    await(h, is_caught_up);
    struct hashes live = hash_all(h), fresh;
    fresh_hashes(h, &fresh);
    assert_same(&live, &fresh);
}

static void an_unfinished_rebuild_does_not_survive(void **state)
{
    struct history *h = *state;
    write_script(h, NULL, NULL);
    catch_up(h);
    struct hashes before = hash_all(h);
    assert_int_equal(hub_views_rebuild(h->views, "entities"), 0); /* nobody takes it over: there is no tail */
    history_close(h);
    history_open(h);
    assert_false(status_of(h, "entities").rebuilding);
    struct hashes after = hash_all(h);
    assert_same(&before, &after);
}

/* --- Streams that cannot be folded --- */

static _Atomic int bad_answer; /* what the test's view says to the second message of a session; 0: fine */

static int fold_testily(struct hub_view_fold *fold, const struct hub_view_event *event)
{
    (void) fold;
    const struct message_received *received = event->record;
    bool is_second = event->stored->header.type == message_received_id && received->index == 2;
    return is_second ? atomic_load(&bad_answer) : 0;
}

static const struct hub_view_info testy = {
    .name = "testy", .number = 30, .version = 1, .fold = fold_testily, .doc = "Refuses what it is told to."
};

static const struct hub_view_info *testy_views[VIEWS];

static void open_testily(struct history *h, bool follow)
{
    history_close(h);
    const struct hub_view_info *const *all = hub_views_all(&h->info_count);
    memcpy(testy_views, all, h->info_count * sizeof *testy_views);
    testy_views[h->info_count++] = &testy;
    h->infos = testy_views;
    h->follow = follow;
    history_open(h);
}

static void poison_parks_its_stream_and_nothing_else(void **state)
{
    struct history *h = *state;
    atomic_store(&bad_answer, HUB_ERROR_internal);
    open_testily(h, false);
    open_session(h, h->first, h->customer, channel_chat);
    open_session(h, h->second, h->customer, channel_chat);
    for (uint32_t i = 1; i <= 3; i++) {
        receive(h, h->first, h->customer, i, "hello");
    }
    receive(h, h->second, h->customer, 1, "hello");
    catch_up(h);
    struct hub_view_status status = status_of(h, "testy");
    assert_int_equal(status.parked_streams, 1);
    assert_int_equal(status.parked_events, 2);
    assert_int_equal(status_of(h, "messages").parked_streams, 0);
    assert_int_equal(hub_views_position(h->views).sequence, 6);
}

static void parked_streams_survive_a_restart_and_can_be_tried_again(void **state)
{
    struct history *h = *state;
    atomic_store(&bad_answer, HUB_ERROR_internal);
    open_testily(h, false);
    open_session(h, h->first, h->customer, channel_chat);
    receive(h, h->first, h->customer, 1, "hello");
    receive(h, h->first, h->customer, 2, "hello");
    catch_up(h);
    history_close(h);
    history_open(h);
    receive(h, h->first, h->customer, 3, "hello");
    catch_up(h);
    assert_int_equal(status_of(h, "testy").parked_events, 2);
    assert_int_equal(hub_views_retry(h->views, "testy"), 0);
    catch_up(h);
    assert_int_equal(status_of(h, "testy").parked_events, 2); /* it is still poison */
    atomic_store(&bad_answer, 0);
    assert_int_equal(hub_views_retry(h->views, "testy"), 0);
    catch_up(h);
    assert_int_equal(status_of(h, "testy").parked_streams, 0);
    assert_int_equal(status_of(h, "testy").parked_events, 0);
    history_close(h);
    history_open(h);
    assert_int_equal(status_of(h, "testy").parked_streams, 0);
}

static void an_event_of_an_unknown_type_parks_its_stream_everywhere(void **state)
{
    struct history *h = *state;
    static const struct hub_shape unknown = { .name = "unknown", .id = 0x04ff, .version = 1, .size = sizeof(uint64_t) };
    uint64_t record = 0;
    open_session(h, h->first, h->customer, channel_chat);
    open_session(h, h->second, h->customer, channel_chat);
    put_event(h, session_stream(h, h->first), &unknown, &record, (struct hub_ulid){ { 0 } });
    receive(h, h->first, h->customer, 1, "hello");
    receive(h, h->second, h->customer, 1, "hello");
    catch_up(h);
    size_t count;
    const struct hub_view_info *const *all = hub_views_all(&count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(status_of(h, all[i]->name).parked_streams, 1);
        assert_int_equal(status_of(h, all[i]->name).parked_events, 2);
    }
    const struct question *questions = all_questions(h, &count);
    for (size_t i = 0; i < count; i++) {
        char *live = ask_json(h, &questions[i], 0), *then = ask_json(h, &questions[i], 5);
        assert_string_equal(live, then);
        free(live);
        free(then);
    }
}

static bool has_error(struct history *h)
{
    return status_of(h, "testy").error[0] != '\0';
}

static void a_store_that_fails_is_tried_again(void **state)
{
    struct history *h = *state;
    atomic_store(&bad_answer, -1);
    open_testily(h, true);
    open_session(h, h->first, h->customer, channel_chat);
    receive(h, h->first, h->customer, 1, "hello");
    receive(h, h->first, h->customer, 2, "hello");
    hub_views_wake(h->views, hub_log_commit(h->log->log));
    await(h, has_error);
    assert_int_equal(hub_views_position(h->views).sequence, 0);
    atomic_store(&bad_answer, 0);
    await(h, is_caught_up);
    assert_false(has_error(h));
    struct hashes live = hash_all(h), fresh;
    fresh_hashes(h, &fresh);
    assert_same(&live, &fresh);
}

/* --- What others ask --- */

static void the_position_never_goes_back(void **state)
{
    struct history *h = *state;
    history_close(h);
    h->follow = true;
    history_open(h);
    open_session(h, h->first, h->customer, channel_chat);
    uint64_t before = 0;
    for (uint32_t i = 1; i <= 300; i++) {
        receive(h, h->first, h->customer, i, "hello");
        hub_views_wake(h->views, hub_log_commit(h->log->log));
        uint64_t now = hub_views_position(h->views).sequence;
        assert_true(now >= before && now <= i + 1);
        before = now;
    }
    await(h, is_caught_up);
}

static void credentials_are_found_until_they_are_removed(void **state)
{
    struct history *h = *state;
    struct hub_arena *arena = hub_arena_new(0);
    struct hub_digest key, login;
    struct credential_row row;
    struct user_row user;
    memset(key.b, 'k', sizeof key.b);
    memset(login.b, 'l', sizeof login.b);
    uint64_t epoch = hub_views_credentials_epoch(h->views);
    unsigned last = write_script(h, NULL, NULL);
    catch_up(h);
    assert_true(hub_views_credentials_epoch(h->views) > epoch);
    assert_int_equal(hub_views_credential(h->views, &key, arena, &row), HUB_ERROR_not_found);
    assert_int_equal(hub_views_credential(h->views, &login, arena, &row), HUB_ERROR_not_found);
    assert_int_equal(hub_views_user(h->views, fixture_id(50), arena, &user), 0);
    assert_int_equal(user.role, role_admin);
    assert_true(hub_ulid_is(user.company, h->company));
    assert_int_equal(hub_views_user(h->views, fixture_id(51), arena, &user), HUB_ERROR_not_found);
    assert_true(last > 0);
    hub_arena_destroy(&arena);
}

static void look_for_credentials(struct history *h, void *arg)
{
    struct hub_arena *arena = hub_arena_new(0);
    unsigned *seen = arg;
    struct hub_digest token;
    struct credential_row row;
    catch_up(h);
    memset(token.b, 'k', sizeof token.b);
    if (hub_views_credential(h->views, &token, arena, &row) == 0) {
        assert_true(hub_ulid_is(row.company, h->company) && hub_ulid_is(row.principal, fixture_id(60)));
        assert_true(row.role == role_service && row.operator&& !HUB_HAS(credential_row, &row, login));
        seen[0]++;
    }
    memset(token.b, 'l', sizeof token.b);
    if (hub_views_credential(h->views, &token, arena, &row) == 0) {
        assert_true(hub_ulid_is(row.principal, fixture_id(50)) && hub_ulid_is(row.credential, fixture_id(61)));
        assert_true(row.role == role_admin && row.login && HUB_HAS(credential_row, &row, expires_at));
        seen[1]++;
    }
    hub_arena_destroy(&arena);
}

static void credentials_say_whose_they_are(void **state)
{
    unsigned seen[2] = { 0 };
    write_script(*state, look_for_credentials, seen);
    assert_true(seen[0] > 10 && seen[1] > 10);
}

static void snapshots_are_the_states_of_entities(void **state)
{
    struct history *h = *state;
    struct hub_snapshots snapshots = hub_views_snapshots(h->views);
    struct hub_stream stream = session_stream(h, h->first);
    struct hub_position at;
    struct hub_buf bytes;
    uint64_t version, latest;
    hub_buf_init(&bytes);
    assert_int_equal(snapshots.find(snapshots.self, &stream, &bytes, &version, &at), HUB_ERROR_not_found);
    write_script(h, NULL, NULL);
    catch_up(h);
    assert_int_equal(snapshots.find(snapshots.self, &stream, &bytes, &version, &at), 0);
    assert_int_equal(hub_log_stream_version(h->log->log, &stream, &latest), 0);
    assert_int_equal(version, latest);
    struct hub_arena *arena = hub_arena_new(0);
    struct session_state session;
    assert_int_equal(hub_unpack(&session_state_shape, hub_buf_span(&bytes), arena, &session, NULL), 0);
    assert_int_equal(session.version, version);
    assert_int_equal(session.status, session_status_ended);
    hub_arena_destroy(&arena);
    hub_buf_done(&bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, history_setup, history_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_restart_goes_on_where_it_was),
        TEST(event_by_event_is_the_same_as_all_at_once),
        TEST(folding_afresh_gives_the_same_hashes),
        TEST(a_process_that_dies_leaves_views_that_once_were),
        TEST(views_of_another_log_are_folded_afresh),
        TEST(views_of_another_chain_are_folded_afresh),
        TEST(views_that_are_ahead_of_the_log_are_folded_afresh),
        TEST(a_damaged_store_is_folded_afresh),
        TEST(another_version_of_a_view_is_folded_afresh),
        TEST(a_rebuilt_view_equals_the_live_one),
        TEST(a_view_is_rebuilt_while_events_arrive),
        TEST(an_unfinished_rebuild_does_not_survive),
        TEST(poison_parks_its_stream_and_nothing_else),
        TEST(parked_streams_survive_a_restart_and_can_be_tried_again),
        TEST(an_event_of_an_unknown_type_parks_its_stream_everywhere),
        TEST(a_store_that_fails_is_tried_again),
        TEST(the_position_never_goes_back),
        TEST(credentials_are_found_until_they_are_removed),
        TEST(credentials_say_whose_they_are),
        TEST(snapshots_are_the_states_of_entities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
