/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Backups: what comes back is what was there, up to the moment that was asked for, and nobody who was erased. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "log/backup/key_box.h"
#include "log/file.h"
#include "log/keys.h"
#include "log/backup/pin.h"
#include "log/backup/restore.h"
#include "log/scrub.h"
#include "log/verify.h"
#include "tests/log/fixture.h"

enum { PATH = 2 * FIXTURE_DIR, WHY = 512, PERSON = 2, EVENTS = 8 };

/* A fixture, and beside it backups and what is restored from them. */
struct backups {
    struct fixture *f;
    struct hub_scrub *scrub; /* answers when a backup asks for a flush */
    struct hub_arena *arena;
    struct hub_lockbox_who who;
    char dir[PATH], target[PATH], why[WHY];
    struct fixture back; /* what was restored */
};

static void no_fault(void *arg, const struct hub_verify_report *report)
{
    (void) arg;
    fail_msg("%s", report->what);
}

static int setup(void **state)
{
    struct backups *self = calloc(1, sizeof *self);
    void *fixture;
    fixture_setup(&fixture);
    self->f = fixture;
    self->arena = hub_arena_new(0);
    self->who.passphrase = HUB_SPAN("a passphrase for tests");
    const char *name = strrchr(self->f->dir, '/'); /* in memory, as every restore syncs each of its files */
    const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(self->dir, sizeof self->dir, "%s%s-backups", place, name);
    snprintf(self->target, sizeof self->target, "%s%s-back", place, name);
    self->scrub = hub_scrub_start(
        &(struct hub_scrub_options){ .log = self->f->log, .events_per_second = 1000000, .on_fault = no_fault });
    *state = self;
    return 0;
}

static int teardown(void **state)
{
    struct backups *self = *state;
    void *fixture = self->f;
    hub_scrub_stop(&self->scrub);
    fixture_close(&self->back);
    fixture_teardown(&fixture);
    fixture_remove(self->dir);
    fixture_remove(self->target);
    hub_arena_destroy(&self->back.arena);
    hub_arena_destroy(&self->arena);
    free(self);
    return 0;
}

static int make_backup(struct backups *self, const char *data_dir, uint32_t keep, struct hub_backup_made *ret_made)
{
    const struct hub_backup_options options = {
        .data_dir = data_dir, .dir = self->dir, .lock = &self->who, .world = hub_world_real(), .keep = keep
    };
    return hub_backup_make(&options, self->arena, ret_made, (struct hub_backup_why){ self->why, sizeof self->why });
}

static int try_backup(struct backups *self, struct hub_backup_made *ret_made)
{
    return make_backup(self, self->f->dir, 0, ret_made);
}

static struct hub_backup_made back_up(struct backups *self)
{
    struct hub_backup_made made;
    if (try_backup(self, &made) != HUB_BACKUP_done) {
        fail_msg("%s", self->why);
    }
    return made;
}

static int mark(void *arg, const struct hub_pending_key *key, struct hub_span value, struct hub_buf *ret_value)
{
    (void) arg;
    (void) key;
    hub_buf_put_text(ret_value, "again:");
    hub_buf_put(ret_value, value.at, value.len);
    return 0;
}

static struct hub_restore_options options_of(const struct backups *self)
{
    return (struct hub_restore_options){
        .dir = self->dir, .target = self->target, .who = &self->who, .world = hub_world_real(), .mark = mark
    };
}

static int try_restore(struct backups *self, const struct hub_restore_options *options, struct hub_restored *ret_done)
{
    return hub_restore(options, self->arena, ret_done, (struct hub_backup_why){ self->why, sizeof self->why });
}

/* Restore, and open what came of it. */
static struct hub_restored restore(struct backups *self, const struct hub_restore_options *options)
{
    struct hub_restored restored;
    fixture_close(&self->back);
    fixture_remove(self->target);
    if (try_restore(self, options, &restored) != HUB_BACKUP_done) {
        fail_msg("%s", self->why);
    }
    snprintf(self->back.dir, sizeof self->back.dir, "%.63s", self->target);
    self->back.world = self->f->world;
    if (self->back.arena == NULL) {
        self->back.arena = hub_arena_new(0);
    }
    if (fixture_open(&self->back) != 0) {
        fail_msg("%s", self->back.why);
    }
    return restored;
}

static void assert_sound(struct hub_log *log)
{
    struct hub_verify_report report;
    uint64_t events;
    const struct hub_verify_options options = { .on_progress = NULL };
    if (hub_log_verify(log, &options, &report, &events) != HUB_VERDICT_sound) {
        fail_msg("position %llu: %s", (unsigned long long) report.sequence, report.what);
    }
}

/* --- A log with something of everything --- */

static void id_of(uint64_t number, uint8_t ret_id[16])
{
    memset(ret_id, 0x5a, 16);
    hub_put_be64(ret_id, number);
}

/* One append: an event of entity `number` % 5 about a subject, with a command id, an alias and a timer that bears its number. */
struct piece {
    struct hub_new_event event;
    struct hub_pending pending;
    struct hub_command_row command;
    struct hub_alias alias;
    char text[8];
    struct hub_append append;
};

static void fill(struct piece *piece, uint64_t number)
{
    uint64_t entity = number % 5;
    snprintf(piece->text, sizeof piece->text, "%03u", (unsigned) number);
    piece->event = (struct hub_new_event){ .type = (uint16_t) (0x200 + number % 2),
                                           .schema = 1,
                                           .subject = fixture_id(entity),
                                           .session = fixture_id(100 + number % 3),
                                           .payload = hub_span(piece->text) };
    piece->pending = (struct hub_pending){ .kind = HUB_PENDING_timer, .due_us = 5, .value = hub_span(piece->text) };
    piece->command = (struct hub_command_row){ .reply_type = 1, .status = 200 };
    id_of(number, piece->command.id);
    piece->alias = (struct hub_alias){ .kind = PERSON, .entity = fixture_id(entity) };
    id_of(entity, piece->alias.digest);
    piece->append = (struct hub_append){ .stream = fixture_stream(1, PERSON, entity),
                                         .expected_version = (number - (entity == 0 ? 5 : entity)) / 5,
                                         .events = &piece->event,
                                         .event_count = 1,
                                         .pendings = &piece->pending,
                                         .pending_count = 1,
                                         .command_row = &piece->command,
                                         .aliases = &piece->alias,
                                         .alias_count = 1 };
}

/* Write the events from..to in batches of 1, 2, 3, ... */
static void write_events(struct fixture *f, uint64_t from, uint64_t to)
{
    struct piece pieces[EVENTS];
    struct hub_append *appends[EVENTS];
    for (uint64_t size = 1; from <= to; size++) {
        uint64_t count = 0;
        for (; count < size && from <= to; count++, from++) {
            fill(&pieces[count], from);
            appends[count] = &pieces[count].append;
        }
        fixture_write(f, appends, count);
        for (uint64_t i = 0; i < count; i++) {
            assert_int_equal(appends[i]->result, HUB_APPENDED);
        }
    }
}

struct rows {
    unsigned count;
    bool all_marked;
    struct hub_pending_key last;
};

static bool count_row(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    struct rows *rows = arg;
    rows->all_marked = (rows->count++ == 0 || rows->all_marked) && value.len > 6 && memcmp(value.at, "again:", 6) == 0;
    rows->last = *key;
    return true;
}

static struct rows rows_of(struct hub_log *log, uint8_t kind)
{
    struct rows rows = { .count = 0 };
    const struct hub_due due = { .kind = kind, .until_us = INT64_MAX };
    assert_int_equal(hub_log_pending(log, &due, count_row, &rows), 0);
    return rows;
}

static bool has_command(struct fixture *f, uint64_t number)
{
    uint8_t id[16];
    struct hub_command_row row;
    id_of(number, id);
    return hub_log_command(f->log, id, f->arena, &row) == 0;
}

static bool has_alias(struct fixture *f, uint64_t entity)
{
    uint8_t digest[16];
    struct hub_ulid found;
    id_of(entity, digest);
    return hub_log_alias(f->log, fixture_id(1), PERSON, digest, &found) == 0;
}

static void a_log_cut_at_any_position_is_the_log_that_was_there(void **state)
{
    struct backups *self = *state;
    write_events(self->f, 1, EVENTS);
    back_up(self);
    for (uint64_t to = 1; to <= EVENTS; to++) {
        struct hub_restore_options options = options_of(self);
        struct hub_digest was, is;
        options.to = HUB_RESTORE_position;
        options.sequence = to;
        options.who = NULL; /* with keys, ids of people who have none would be forgotten */
        struct hub_restored restored = restore(self, &options);
        assert_int_equal(restored.sequence, to);
        assert_int_equal(restored.cut.events, EVENTS - to);
        assert_int_equal(hub_log_commit(self->back.log).sequence, to);
        assert_int_equal(hub_log_hash(self->f->log, (struct hub_position){ to }, &was), 0);
        assert_int_equal(hub_log_hash(self->back.log, (struct hub_position){ to }, &is), 0);
        assert_true(hub_digest_is(&was, &is));
        assert_sound(self->back.log);
        assert_int_equal(rows_of(self->back.log, HUB_PENDING_timer).count, to);
        assert_true(rows_of(self->back.log, HUB_PENDING_timer).all_marked);
        for (uint64_t number = 1; number <= EVENTS; number++) {
            assert_int_equal(has_command(&self->back, number), number <= to);
        }
        for (uint64_t entity = 0; entity < 5; entity++) {
            assert_int_equal(has_alias(&self->back, entity), to >= (entity == 0 ? 5 : entity));
        }
        if (to < EVENTS) { /* it goes on as the other did */
            write_events(&self->back, to + 1, to + 1);
            assert_sound(self->back.log);
        }
    }
}

static void a_moment_between_two_events_is_the_earlier_one(void **state)
{
    struct backups *self = *state;
    struct hub_stored event;
    for (uint64_t number = 1; number <= 4; number++) {
        write_events(self->f, number, number);
        hub_world_fake_advance(self->f->world, 1000);
    }
    back_up(self);
    assert_int_equal(hub_log_read(self->f->log, (struct hub_position){ 3 }, self->arena, &event), 0);
    struct hub_restore_options options = options_of(self);
    options.to = HUB_RESTORE_time;
    options.time_us = event.header.time + 500;
    assert_int_equal(restore(self, &options).sequence, 3);
    options.time_us = event.header.time - 1;
    assert_int_equal(restore(self, &options).sequence, 2);

    struct hub_restored none;
    fixture_close(&self->back);
    fixture_remove(self->target);
    options.time_us = 1;
    assert_int_equal(try_restore(self, &options, &none), HUB_BACKUP_absent);
    options.time_us = INT64_MAX;
    assert_int_equal(try_restore(self, &options, &none), HUB_BACKUP_absent);
    assert_int_not_equal(access(self->target, F_OK), 0);
}

static void the_first_backup_that_goes_far_enough_is_taken(void **state)
{
    struct backups *self = *state;
    struct hub_restore_options options = options_of(self);
    write_events(self->f, 1, 5);
    back_up(self);
    write_events(self->f, 6, 10);
    back_up(self);
    options.to = HUB_RESTORE_position;
    options.sequence = 5;
    assert_int_equal(restore(self, &options).note.number, 1);
    options.sequence = 6;
    assert_int_equal(restore(self, &options).note.number, 2);
    options = options_of(self);
    assert_int_equal(restore(self, &options).note.number, 2);
    options.number = 1;
    assert_int_equal(restore(self, &options).sequence, 5);

    struct hub_restored none;
    fixture_close(&self->back);
    fixture_remove(self->target);
    options.number = 7;
    assert_int_equal(try_restore(self, &options, &none), HUB_BACKUP_absent);
    options = options_of(self);
    options.to = HUB_RESTORE_position;
    options.sequence = 11;
    assert_int_equal(try_restore(self, &options, &none), HUB_BACKUP_absent);
}

static void each_restore_is_an_incarnation_of_its_own(void **state)
{
    struct backups *self = *state;
    const struct hub_restore_options options = options_of(self);
    char text[HUB_POSITION_TEXT];
    struct hub_position at;
    write_events(self->f, 1, 3);
    hub_position_print((struct hub_position){ 2 }, hub_log_identity(self->f->log), text);
    back_up(self);
    for (uint32_t incarnation = 2; incarnation < 4; incarnation++) {
        assert_int_equal(restore(self, &options).incarnation, incarnation);
        const struct hub_log_identity *identity = hub_log_identity(self->back.log);
        assert_int_equal(identity->incarnation, incarnation);
        assert_int_equal(hub_position_parse(hub_span(text), identity, &at), HUB_ERROR_position_gone);
    }
}

static void i8_what_was_on_its_way_is_held_and_nothing_gets_its_identity_again(void **state)
{
    struct backups *self = *state;
    const struct hub_restore_options all = options_of(self);
    struct hub_pending effect = { .kind = HUB_PENDING_effect, .due_us = 0, .value = HUB_SPAN("letter") };
    struct hub_append append = { .stream = fixture_stream(1, PERSON, 1), .pendings = &effect, .pending_count = 1 };
    struct hub_new_event event = { .type = 0x0200, .schema = 1, .payload = HUB_SPAN("p") };
    struct hub_append *one = &append;
    append.events = &event;
    append.event_count = 1;
    write_events(self->f, 2, 4);
    fixture_write(self->f, &one, 1);
    back_up(self);
    uint64_t number = append.pending_number;

    struct hub_restored restored = restore(self, &all);
    assert_int_equal(restored.cut.held, 1);
    assert_int_equal(restored.cut.waiting, 3);
    assert_int_equal(rows_of(self->back.log, HUB_PENDING_effect).count, 0);
    struct rows held = rows_of(self->back.log, HUB_PENDING_dead);
    assert_int_equal(held.count, 1);
    assert_true(held.all_marked);
    assert_int_equal(hub_pending_key_number(&held.last), number);

    struct hub_restore_options before = options_of(self);
    before.to = HUB_RESTORE_position;
    before.sequence = number - 1; /* the event that wanted it is gone, and so is the effect */
    restored = restore(self, &before);
    assert_int_equal(restored.cut.held, 0);
    assert_int_equal(rows_of(self->back.log, HUB_PENDING_dead).count, 0);
    append.event_count = 1;
    fixture_write(&self->back, &one, 1);
    assert_int_equal(append.result, HUB_APPENDED);
    assert_int_equal(append.first.sequence, number);
    assert_int_not_equal(append.pending_number, number); /* the same position, but another effect */
    assert_int_equal(rows_of(self->back.log, HUB_PENDING_effect).count, 1);
}

/* I8: also of those that were waiting before the first restore. */
static void a_second_restore_takes_back_what_the_first_one_kept(void **state)
{
    struct backups *self = *state;
    struct hub_restore_options options = options_of(self);
    struct hub_backup_made made;
    write_events(self->f, 1, 6);
    back_up(self);
    options.who = NULL;
    restore(self, &options);
    write_events(&self->back, 7, 8);
    fixture_close(&self->back);
    assert_int_equal(make_backup(self, self->back.dir, 0, &made), HUB_BACKUP_done);
    options.to = HUB_RESTORE_position;
    options.sequence = 3;
    assert_int_equal(restore(self, &options).incarnation, 3);
    assert_int_equal(rows_of(self->back.log, HUB_PENDING_timer).count, 3);
    assert_sound(self->back.log);
}

/* Its pending rows have numbers of their own; a reader beside the hub, as audit verify is, knows that. */
static void a_restored_log_that_goes_on_is_sound_for_a_follower(void **state)
{
    struct backups *self = *state;
    struct hub_pending timer = { .kind = HUB_PENDING_timer, .due_us = 1, .value = HUB_SPAN("t") };
    struct hub_append append = { .stream = fixture_stream(1, PERSON, 1), .pendings = &timer, .pending_count = 1 };
    struct hub_append *one = &append;
    struct hub_restore_options options = options_of(self);
    struct hub_log *follower = NULL;
    write_events(self->f, 1, 3);
    back_up(self);
    options.who = NULL;
    restore(self, &options);
    write_events(&self->back, 4, 5);
    fixture_write(&self->back, &one, 1);
    const struct hub_log_options reading = { .data_dir = self->target,
                                             .world = hub_world_real(),
                                             .mode = HUB_LOG_FOLLOW };
    assert_int_equal(hub_log_open(&reading, &follower, self->why, sizeof self->why), 0);
    assert_sound(follower);
    hub_log_close(&follower);
}

static void make_person(struct fixture *f, uint64_t number)
{
    struct hub_new_key key;
    hub_keyring_make(f->ring, fixture_id(1), fixture_id(number), &key);
    assert_int_equal(hub_keyring_store(f->ring, &key, 1), 0);
}

static bool has_key(struct fixture *f, uint64_t number)
{
    struct hub_key key;
    return hub_keyring_find(f->ring, fixture_id(1), fixture_id(number), &key);
}

static void i11_who_was_erased_stays_erased_after_a_restore_of_an_older_backup(void **state)
{
    struct backups *self = *state;
    struct hub_restore_options options = options_of(self);
    for (uint64_t person = 0; person < 5; person++) {
        make_person(self->f, person);
    }
    write_events(self->f, 1, 5);
    back_up(self);
    assert_int_equal(hub_keyring_erase(self->f->ring, fixture_id(1), fixture_id(3)), 0);
    write_events(self->f, 6, 7);
    back_up(self);

    options.number = 1;
    struct hub_restored restored = restore(self, &options);
    assert_int_equal(restored.sequence, 5);
    assert_int_equal(restored.forgotten, 1);
    assert_false(has_key(&self->back, 3));
    assert_false(has_alias(&self->back, 3));
    assert_true(has_key(&self->back, 2));
    assert_true(has_alias(&self->back, 2));

    /* Erased when no backup was made any more: the list says so. */
    const struct hub_ulid erased[] = { fixture_id(2), fixture_id(77) };
    options.erased = erased;
    options.erased_count = 2;
    restored = restore(self, &options);
    assert_int_equal(restored.erased, 1);
    assert_false(has_key(&self->back, 2));
    assert_false(has_alias(&self->back, 2));
    assert_true(has_key(&self->back, 4));
}

static void keys_written_anew_forget_who_was_erased_since(void **state)
{
    struct backups *self = *state;
    struct hub_backup_made made;
    const struct hub_restore_options all = options_of(self);
    make_person(self->f, 1);
    write_events(self->f, 1, 1);
    back_up(self);
    assert_int_equal(hub_keyring_erase(self->f->ring, fixture_id(1), fixture_id(1)), 0);
    const struct hub_backup_options options = {
        .data_dir = self->f->dir, .dir = self->dir, .lock = &self->who, .world = hub_world_real(), .keys_only = true
    };
    assert_int_equal(
        hub_backup_make(&options, self->arena, &made, (struct hub_backup_why){ self->why, sizeof self->why }),
        HUB_BACKUP_done);
    restore(self, &all);
    assert_false(has_key(&self->back, 1));
}

static void another_passphrase_restores_nothing(void **state)
{
    struct backups *self = *state;
    struct hub_restored none;
    const struct hub_lockbox_who other = { .passphrase = HUB_SPAN("another passphrase") };
    struct hub_restore_options options = options_of(self);
    write_events(self->f, 1, 1);
    back_up(self);
    options.who = &other;
    assert_int_equal(try_restore(self, &options, &none), HUB_BACKUP_denied);
    assert_int_not_equal(access(self->target, F_OK), 0);
    options.who = NULL;
    assert_int_equal(try_restore(self, &options, &none), HUB_BACKUP_done);
    assert_false(none.has_keys);
}

static void what_is_new_is_copied_and_nothing_else(void **state)
{
    struct backups *self = *state;
    struct hub_backup_list list;
    write_events(self->f, 1, EVENTS);
    struct hub_backup_made first = back_up(self);
    struct hub_backup_made again = back_up(self);
    assert_int_equal(again.note.number, 2);
    assert_int_equal(again.note.store, first.note.store);
    assert_true(again.new_bytes < 1000); /* a note */
    assert_int_equal(hub_backup_list(self->dir, self->arena, &list, (struct hub_backup_why){ self->why, WHY }), 0);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.at[1].sequence, EVENTS);
}

static void old_backups_are_removed_and_the_others_stay_whole(void **state)
{
    struct backups *self = *state;
    struct hub_backup_made made;
    struct hub_backup_list list;
    for (uint64_t number = 1; number <= 4; number++) {
        write_events(self->f, number, number);
        assert_int_equal(make_backup(self, self->f->dir, 2, &made), HUB_BACKUP_done);
        assert_int_equal(made.kept, number < 2 ? number : 2);
    }
    assert_int_equal(hub_backup_list(self->dir, self->arena, &list, (struct hub_backup_why){ self->why, WHY }), 0);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.at[0].number, 3);
    struct hub_restore_options options = options_of(self);
    for (uint32_t number = 3; number <= 4; number++) {
        options.number = number;
        assert_int_equal(restore(self, &options).sequence, number);
        assert_sound(self->back.log);
    }
}

/* Names of the entries of a box, one behind the other. */
static int note_entries(void *arg, struct hub_span bytes)
{
    hub_buf_put(arg, bytes.at, bytes.len);
    return 0;
}

/* The hub may fill one up and begin the next while they are read. */
static void a_box_has_the_last_keys_before_the_others(void **state)
{
    struct backups *self = *state;
    const struct hub_log_identity log = { .incarnation = 1 };
    char path[PATH];
    struct hub_buf entries;
    hub_buf_init(&entries);
    snprintf(path, sizeof path, "%s/keys", self->f->dir);
    for (int i = 1; i < 12; i++) {
        char name[32];
        snprintf(name, sizeof name, "keys-%06d", i);
        assert_int_equal(hub_file_replace(path, name, HUB_SPAN("x")), 0);
    }
    snprintf(path, sizeof path, "%s.box", self->f->dir);
    assert_int_equal(hub_key_box_write(self->f->dir, path, &self->who, &log, (struct hub_backup_why){ self->why, WHY }),
                     HUB_BACKUP_done);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(hub_lockbox_open(file, &self->who, note_entries, &entries), HUB_LOCKBOX_DONE);
    fclose(file);
    unlink(path);
    const char *before = entries.at;
    for (int i = 11; i > 0; i--) {
        char name[32];
        snprintf(name, sizeof name, "keys-%06d", i);
        const char *at = memmem(before, entries.len - (size_t) (before - entries.at), name, strlen(name));
        assert_non_null(at);
        before = at;
    }
    hub_buf_done(&entries);
}

static unsigned files_in(const char *dir)
{
    char path[2 * PATH];
    struct dirent **names = NULL;
    snprintf(path, sizeof path, "%s/files", dir);
    int count = scandir(path, &names, NULL, NULL);
    assert_true(count >= 2);
    for (int i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
    return (unsigned) count - 2; /* but . and .. */
}

static void what_only_old_backups_had_goes_with_them(void **state)
{
    struct backups *self = *state;
    struct hub_backup_made made;
    for (uint64_t number = 1; number <= 3; number++) {
        char text[32];
        int len = snprintf(text, sizeof text, "as of backup %u", (unsigned) number);
        assert_int_equal(hub_file_replace(self->f->dir, "notes", hub_span_of(text, (size_t) len)), 0);
        assert_int_equal(hub_file_replace(self->f->dir, "same", HUB_SPAN("always")), 0);
        assert_int_equal(make_backup(self, self->f->dir, 2, &made), HUB_BACKUP_done);
        assert_int_equal(files_in(self->dir), 1 + (number < 2 ? number : 2));
    }
    struct hub_restore_options options = options_of(self);
    for (uint32_t number = 2; number <= 3; number++) {
        struct hub_buf text;
        hub_buf_init(&text);
        options.number = number;
        restore(self, &options);
        assert_int_equal(hub_file_read(self->target, "notes", 32, &text), 0);
        assert_int_equal(text.at[text.len - 1], '0' + (int) number);
        hub_buf_done(&text);
    }
}

static void a_log_that_lacks_what_the_witness_saw_is_not_backed_up(void **state)
{
    struct backups *self = *state;
    struct hub_backup_made made;
    struct hub_sequence_key key = hub_sequence_key(3);
    write_events(self->f, 1, 3);
    hub_scrub_stop(&self->scrub);
    fixture_close(self->f);
    fixture_poke(self->f, HUB_FAMILY_header, HUB_KEY_SPAN(key), NULL);
    fixture_poke(self->f, HUB_FAMILY_payload, HUB_KEY_SPAN(key), NULL);
    assert_int_equal(try_backup(self, &made), HUB_BACKUP_unsound);
    assert_non_null(strstr(self->why, "ends at 2, but its witness saw 3"));
}

static void a_second_backup_at_once_is_refused(void **state)
{
    struct backups *self = *state;
    struct hub_pin *pin;
    struct hub_backup_made made;
    write_events(self->f, 1, 1);
    assert_int_equal(hub_pin_new(self->f->dir, &pin, self->why, sizeof self->why), 0);
    assert_int_equal(try_backup(self, &made), HUB_BACKUP_taken);
    hub_pin_destroy(&pin);
    assert_int_equal(try_backup(self, &made), HUB_BACKUP_done);
}

static void another_logs_backups_are_left_alone(void **state)
{
    struct backups *self = *state;
    struct hub_backup_made made;
    write_events(self->f, 1, 1);
    back_up(self);
    hub_scrub_stop(&self->scrub);
    fixture_close(self->f);
    fixture_remove(self->f->dir);
    assert_int_equal(mkdir(self->f->dir, 0700), 0);
    fixture_reopen(self->f);
    write_events(self->f, 1, 1);
    fixture_close(self->f);
    assert_int_equal(try_backup(self, &made), HUB_BACKUP_failed);
    assert_non_null(strstr(self->why, "another log"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_log_cut_at_any_position_is_the_log_that_was_there),
        TEST(a_moment_between_two_events_is_the_earlier_one),
        TEST(the_first_backup_that_goes_far_enough_is_taken),
        TEST(each_restore_is_an_incarnation_of_its_own),
        TEST(i8_what_was_on_its_way_is_held_and_nothing_gets_its_identity_again),
        TEST(a_second_restore_takes_back_what_the_first_one_kept),
        TEST(a_restored_log_that_goes_on_is_sound_for_a_follower),
        TEST(i11_who_was_erased_stays_erased_after_a_restore_of_an_older_backup),
        TEST(keys_written_anew_forget_who_was_erased_since),
        TEST(another_passphrase_restores_nothing),
        TEST(what_is_new_is_copied_and_nothing_else),
        TEST(old_backups_are_removed_and_the_others_stay_whole),
        TEST(a_box_has_the_last_keys_before_the_others),
        TEST(what_only_old_backups_had_goes_with_them),
        TEST(a_log_that_lacks_what_the_witness_saw_is_not_backed_up),
        TEST(a_second_backup_at_once_is_refused),
        TEST(another_logs_backups_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
