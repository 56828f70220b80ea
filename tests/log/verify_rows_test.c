/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rows that no event repeats: whatever is done to one of them is told with the position that it belongs to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "log/backup/cut.h"
#include "log/locate.h"
#include "log/meta.h"
#include "log/scrub.h"
#include "log/verify.h"
#include "tests/log/fixture.h"
#include "tests/log/row_set.h"

enum { APPENDS = 10, PENDINGS = HUB_PENDING_parked, OTHER = 4, MANY = HUB_LOCATE_MAX + 1 };

/* An append's two events are the first ones of an entity, so that an alias begins where they do. */
static uint64_t first_of(unsigned append)
{
    return 2 * append + 1;
}

static struct hub_name alias_key(unsigned append)
{
    struct hub_ulid company = fixture_id(1);
    return hub_name(&company, 2, (const uint8_t[16]){ 1, (uint8_t) append });
}

/* Write one append of two events, with a command row, an alias and a pending row of each kind. */
static void write_one(struct fixture *f, unsigned number)
{
    struct hub_new_event event = { .type = 7, .schema = 1, .payload = HUB_SPAN("p") };
    struct hub_new_event events[2] = { event, event };
    struct hub_stream stream = fixture_stream(1, 2, 100 + number);
    struct hub_alias alias = { .kind = 2, .digest = { 1, (uint8_t) number }, .entity = stream.entity };
    struct hub_command_row row = { .id = { 1, (uint8_t) number }, .status = (uint16_t) (200 + number) };
    struct hub_pending pendings[PENDINGS];
    char value[2] = { 'v', (char) number };
    for (unsigned i = 0; i < PENDINGS; i++) {
        pendings[i] = (struct hub_pending){ .kind = (uint8_t) (i + 1),
                                            .due_us = 5,
                                            .value = hub_span_of(value, sizeof value) };
    }
    struct hub_append append = { .stream = stream,
                                 .events = events,
                                 .event_count = 2,
                                 .aliases = &alias,
                                 .alias_count = 1,
                                 .pendings = pendings,
                                 .pending_count = PENDINGS,
                                 .command_row = &row };
    struct hub_append *one = &append;
    fixture_write(f, &one, 1);
    assert_int_equal(append.first.sequence, first_of(number));
}

static int setup(void **state)
{
    fixture_setup(state);
    for (unsigned i = 0; i < APPENDS; i++) {
        write_one(*state, i);
    }
    fixture_close(*state);
    return 0;
}

/* --- One row of each kind --- */

static const char *const names[HUB_SUM_COUNT] = { "command ids",  "commands that follow", "timers", "effects",
                                                  "dead letters", "parked inputs",        "aliases" };

static enum hub_family family_of(enum hub_sum_kind kind)
{
    return kind == HUB_SUM_command ? HUB_FAMILY_command : kind == HUB_SUM_alias ? HUB_FAMILY_alias : HUB_FAMILY_pending;
}

/* A command row speaks of the last event. */
static uint64_t position_of(enum hub_sum_kind kind, unsigned append)
{
    return kind == HUB_SUM_command ? first_of(append) + 1 : first_of(append);
}

static struct row *row_of(const struct row_set *set, enum hub_sum_kind kind, unsigned append)
{
    const uint8_t command[HUB_COMMAND_ID] = { 1, (uint8_t) append };
    struct hub_name alias = alias_key(append);
    struct hub_span key = kind == HUB_SUM_command ? hub_span_of(command, sizeof command) : HUB_KEY_SPAN(alias);
    struct hub_pending_key pending;
    if (family_of(kind) == HUB_FAMILY_pending) {
        pending = hub_pending_key_make((uint8_t) kind, 5, first_of(append), (uint16_t) (kind - 1U));
        key = HUB_KEY_SPAN(pending);
    }
    struct row *row = row_set_find(set, family_of(kind), key);
    assert_non_null(row);
    return row;
}

static enum hub_verdict look(struct fixture *f, struct hub_verify_report *ret_report)
{
    const struct hub_log_options options = { .data_dir = f->dir, .world = f->world, .mode = HUB_LOG_FOLLOW };
    const struct hub_verify_options all = { 0 };
    struct hub_log *reader;
    uint64_t events;
    assert_int_equal(hub_log_open(&options, &reader, f->why, sizeof f->why), 0);
    enum hub_verdict verdict = hub_log_verify(reader, &all, ret_report, &events);
    hub_log_close(&reader);
    return verdict;
}

static void assert_sound(struct fixture *f)
{
    struct hub_verify_report report;
    if (look(f, &report) != HUB_VERDICT_sound) {
        fail_msg("position %llu: %s", (unsigned long long) report.sequence, report.what);
    }
}

static void assert_told(struct fixture *f, uint64_t sequence, const char *name, const char *words)
{
    struct hub_verify_report report;
    assert_int_equal(look(f, &report), HUB_VERDICT_faulty);
    if (report.sequence != sequence || strstr(report.what, words) == NULL || strstr(report.what, name) == NULL) {
        fail_msg("position %llu: %s", (unsigned long long) report.sequence, report.what);
    }
}

/* As above, at the position of one of the appends `from` to `to`. */
static void assert_told_one(struct fixture *f, unsigned from, unsigned to, const char *name, const char *words)
{
    struct hub_verify_report report;
    assert_int_equal(look(f, &report), HUB_VERDICT_faulty);
    for (unsigned append = from; append <= to; append++) {
        if (report.sequence == first_of(append)) {
            assert_told(f, report.sequence, name, words);
            return;
        }
    }
    fail_msg("position %llu: %s", (unsigned long long) report.sequence, report.what);
}

static struct hub_span flipped(struct row_set *set, struct hub_span bytes)
{
    struct hub_span copy = hub_arena_copy(set->arena, bytes);
    ((char *) copy.at)[copy.len - 1] ^= 64; /* of an alias: nobody's id */
    return copy;
}

/* What is done to row 3 of a kind, and with which words it is told. */
typedef const char *(*deed)(struct row_set *set, struct row *row, struct row *other);

static const char *alter(struct row_set *set, struct row *row, struct row *other)
{
    (void) other;
    row_set_put(set, row->family, row->key, flipped(set, row->value));
    return "is not the one that the hub wrote";
}

static const char *cut(struct row_set *set, struct row *row, struct row *other)
{
    (void) other;
    row_set_put(set, row->family, row->key, hub_span_of(row->value.at, row->value.len - 1));
    return row->family == HUB_FAMILY_pending ? "is not the one that the hub wrote" : "is damaged";
}

static const char *take_away(struct row_set *set, struct row *row, struct row *other)
{
    (void) other;
    row_set_delete(set, row->family, row->key);
    return "is missing: there are 9, but the hub left 10";
}

static const char *add_like(struct row_set *set, struct row *row, struct row *other)
{
    (void) other;
    struct hub_span key = hub_arena_copy(set->arena, row->key);
    ((char *) key.at)[key.len - 1] ^= 64;
    row_set_put(set, row->family, key, row->value);
    return "is too many: there are 11, but the hub left 10";
}

static const char *move(struct row_set *set, struct row *row, struct row *other)
{
    const char *words = add_like(set, row, other);
    row_set_delete(set, row->family, row->key);
    return words == NULL ? NULL : "is not the one that the hub wrote";
}

static const char *swap(struct row_set *set, struct row *row, struct row *other)
{
    row_set_put(set, row->family, row->key, other->value);
    row_set_put(set, row->family, other->key, row->value);
    return "is not the one that the hub wrote";
}

/* Rows as they were. */
struct undo {
    struct hub_arena *arena;
    struct row row, other;
    struct hub_span added; /* by add_like */
};

static struct row copy_of(struct undo *self, const struct row *row)
{
    return (struct row){ .family = row->family,
                         .key = hub_arena_copy(self->arena, row->key),
                         .value = hub_arena_copy(self->arena, row->value) };
}

static void remember(struct undo *self, const struct row *row, const struct row *other)
{
    self->row = copy_of(self, row);
    self->other = copy_of(self, other);
    self->added = hub_arena_copy(self->arena, row->key);
    ((char *) self->added.at)[self->added.len - 1] ^= 64;
}

static void put_right(const struct undo *self, struct row_set *set)
{
    if (self->row.key.len > 0) {
        row_set_delete(set, self->row.family, self->added);
        row_set_put(set, self->row.family, self->row.key, self->row.value);
        row_set_put(set, self->other.family, self->other.key, self->other.value);
    }
}

/* Do it to a row of each kind in turn, and put right what was done to the one before. */
static void each_kind(struct fixture *f, deed deed)
{
    struct undo undo = { .arena = hub_arena_new(0) };
    struct row_set set;
    for (unsigned kind = 0; kind < HUB_SUM_COUNT; kind++) {
        row_set_open(&set, f->dir);
        row_set_read(&set);
        put_right(&undo, &set);
        struct row *row = row_of(&set, kind, 3), *other = row_of(&set, kind, OTHER);
        remember(&undo, row, other);
        const char *words = deed(&set, row, other);
        row_set_close(&set);
        const char *name = strstr(words, "damaged") == NULL ? names[kind] : "one of the ";
        assert_told(f, position_of(kind, 3), name, words);
    }
    row_set_open(&set, f->dir);
    put_right(&undo, &set);
    row_set_close(&set);
    hub_arena_destroy(&undo.arena);
    assert_sound(f);
}

static void an_altered_row_of_any_kind_is_named(void **state)
{
    each_kind(*state, alter);
}

static void a_shortened_row_of_any_kind_is_named(void **state)
{
    each_kind(*state, cut);
}

static void a_removed_row_of_any_kind_is_named(void **state)
{
    each_kind(*state, take_away);
}

static void an_inserted_row_of_any_kind_is_named(void **state)
{
    each_kind(*state, add_like);
}

static void a_row_of_any_kind_under_another_key_is_named(void **state)
{
    each_kind(*state, move);
}

static void two_swapped_rows_of_any_kind_are_named(void **state)
{
    each_kind(*state, swap);
}

/* --- Several --- */

/* Remove a kind's row of appends `from` and later ones. */
static void remove_rows(struct fixture *f, enum hub_sum_kind kind, unsigned from, unsigned count)
{
    struct row_set set;
    row_set_open(&set, f->dir);
    row_set_read(&set);
    for (unsigned i = from; i < from + count; i++) {
        const struct row *row = row_of(&set, kind, i);
        row_set_delete(&set, row->family, row->key);
    }
    row_set_close(&set);
}

static void the_first_of_six_removed_rows_is_named(void **state)
{
    remove_rows(*state, HUB_SUM_effect, 2, HUB_LOCATE_MAX);
    assert_told(*state, first_of(2), "effects", "is missing: there are 4, but the hub left 10");
}

static void rows_of_different_kinds_are_named_by_the_first(void **state)
{
    remove_rows(*state, HUB_SUM_alias, 2, 1);
    remove_rows(*state, HUB_SUM_command, 4, 1);
    remove_rows(*state, HUB_SUM_timer, 5, 1);
    assert_told(*state, first_of(2), "aliases", "is missing");
}

static void of_more_than_six_one_is_named(void **state)
{
    remove_rows(*state, HUB_SUM_effect, 2, MANY);
    assert_told_one(*state, 2, 1 + MANY, "effects", "is missing: there are 3, but the hub left 10");
}

static void of_many_altered_rows_one_is_named(void **state)
{
    struct fixture *f = *state;
    struct row_set set;
    row_set_open(&set, f->dir);
    row_set_read(&set);
    for (unsigned i = 0; i < MANY; i++) {
        alter(&set, row_of(&set, HUB_SUM_timer, i), NULL);
    }
    row_set_close(&set);
    assert_told_one(f, 0, MANY - 1, "timers", "is not the one that the hub wrote");
}

/* --- What the sums themselves are --- */

/* Do something to a row of a name: 0: remove it, 1: alter its first byte, 2: its last. */
static void spoil(struct fixture *f, struct hub_span name, unsigned how)
{
    struct row_set set;
    row_set_open(&set, f->dir);
    row_set_read(&set);
    const struct row *row = row_set_find(&set, HUB_FAMILY_meta, name);
    struct hub_span value = hub_arena_copy(set.arena, row->value);
    if (how == 0) {
        row_set_delete(&set, HUB_FAMILY_meta, name);
    } else {
        ((char *) value.at)[how == 1 ? 0 : value.len - 1] ^= 1;
        row_set_put(&set, HUB_FAMILY_meta, name, value);
    }
    row_set_close(&set);
}

static void a_sample_that_was_tampered_with_is_named(void **state)
{
    static const struct hub_span names[] = { HUB_SPAN("rows\x01"), HUB_SPAN("rows\x18"), HUB_SPAN("forgot\x01"),
                                             HUB_SPAN("forgot\x17") };
    struct fixture *f = *state;
    for (unsigned i = 0; i < sizeof names / sizeof names[0] * 3; i++) {
        spoil(f, names[i / 3], i % 3);
        assert_told(f, first_of(APPENDS) - 1, "the log's own numbers", "are not those that the hub wrote");
        assert_int_equal(fixture_open(f), 0);
        assert_int_equal(hub_log_recount(f->log), 0);
        fixture_close(f);
        assert_sound(f);
    }
}

/* With a check that is right, as an older copy of it would have. */
static void a_sample_of_other_rows_is_named(void **state)
{
    struct fixture *f = *state;
    struct row_set set;
    char row[8 * HUB_SUM_POWERS + 8] = { 0 };
    const struct hub_span name = HUB_SPAN("rows\x01"), value = hub_span_of(row, sizeof row);
    hub_put_be64(row + sizeof row - 8, hub_row_hash(name, hub_span_of(row, sizeof row - 8)));
    row_set_open(&set, f->dir);
    row_set_put(&set, HUB_FAMILY_meta, name, value);
    row_set_close(&set);
    assert_told(f, first_of(APPENDS) - 1, "a sample of the rows", "is not the one of it");
}

/* --- Rows come and go --- */

static void all_that_an_append_can_do_leaves_the_sums_right(void **state)
{
    struct fixture *f = *state;
    const struct hub_pending_key settles[] = {
        hub_pending_key_make(HUB_PENDING_follow, 5, first_of(1), 0),
        hub_pending_key_make(HUB_PENDING_effect, 5, first_of(9), 2),
    };
    const struct hub_alias aliases[] = {
        { .kind = 2, .digest = { 1, 1 }, .entity = fixture_id(900) }, /* another entity, */
        { .kind = 2, .digest = { 1, 1 }, .entity = fixture_id(901) }, /* and one more, in the same batch */
        { .kind = 2, .digest = { 1, 2 }, .remove = true },
        { .kind = 2, .digest = { 1, 3 }, .remove = true },
        { .kind = 2, .digest = { 1, 3 }, .entity = fixture_id(902) },
        { .kind = 2, .digest = { 1, 4 }, .remove = true },
        { .kind = 2, .digest = { 1, 4 }, .remove = true },
        { .kind = 2, .digest = { 77 }, .remove = true },
    };
    struct hub_pending timer = { .kind = HUB_PENDING_timer, .due_us = 9, .value = HUB_SPAN("loose") };
    struct hub_append append = { .stream = fixture_stream(1, 2, 100),
                                 .settles = settles,
                                 .settle_count = 2,
                                 .aliases = aliases,
                                 .alias_count = sizeof aliases / sizeof aliases[0],
                                 .pendings = &timer,
                                 .pending_count = 1 };
    struct hub_append *one = &append;
    uint64_t forgotten;
    fixture_reopen(f);
    fixture_write(f, &one, 1);
    assert_int_equal(append.result, HUB_APPENDED);
    assert_int_equal(hub_log_forget_commands(f->log, INT64_MAX, &forgotten), 0);
    assert_int_equal(forgotten, APPENDS);
    fixture_close(f);
    assert_sound(f);

    struct hub_pending_key key = hub_pending_key_make(HUB_PENDING_timer, 9, append.pending_number, 0);
    fixture_poke(f, HUB_FAMILY_pending, HUB_KEY_SPAN(key), NULL); /* no event made it; it came behind the last one */
    assert_told(f, first_of(APPENDS) - 1, "timers", "is missing: there are 10, but the hub left 11");
    remove_rows(f, HUB_SUM_parked, 8, 1);
    assert_told(f, first_of(8), "parked inputs", "is missing");
}

/* --- Logs from before --- */

/* The rows `rows` and `forgot` as they were before there were powers: of each kind how many and the sum of their hashes. */
static void put_old_sums(struct fixture *f, enum hub_sum_kind wrong)
{
    struct row_set set;
    struct hub_sums sums;
    struct hub_meta meta;
    char row[16 * HUB_SUM_COUNT + 8], numbers[12];
    row_set_open(&set, f->dir);
    assert_int_equal(hub_sums_walk(set.db, &sums), 0);
    assert_int_equal(hub_meta_read(set.db, &meta), 0);
    for (size_t kind = 0; kind < HUB_SUM_COUNT; kind++) {
        hub_put_be64(row + 16 * kind, sums.rows[kind]);
        hub_put_be64(row + 16 * kind + 8, sums.hashes[kind] + (kind == wrong));
    }
    hub_put_be32(numbers, meta.epoch);
    hub_put_be64(numbers + 4, meta.loose);
    struct hub_span summed = hub_span_of(row, sizeof row - 8);
    hub_put_be64(row + summed.len, hub_row_hash(hub_span_of(numbers, sizeof numbers), summed));
    row_set_put(&set, HUB_FAMILY_meta, HUB_SPAN("rows"), hub_span_of(row, sizeof row));
    row_set_put(&set, HUB_FAMILY_meta, HUB_SPAN("forgot"), hub_span_of((const char[16]){ 0 }, 16));
    row_set_close(&set);
}

static void a_log_from_before_there_were_powers_verifies_and_gets_them(void **state)
{
    struct fixture *f = *state;
    put_old_sums(f, HUB_SUM_COUNT);
    assert_sound(f);
    put_old_sums(f, HUB_SUM_effect);
    assert_told(f, 0, "effects", "is not the one that the hub wrote");
    put_old_sums(f, HUB_SUM_COUNT);
    remove_rows(f, HUB_SUM_timer, 3, 1);
    assert_told(f, 0, "timers", "is missing: there are 9, but the hub left 10");
    fixture_reopen(f); /* counts what there is */
    fixture_close(f);
    assert_sound(f);
    remove_rows(f, HUB_SUM_timer, 4, 1);
    assert_told(f, first_of(4), "timers", "is missing: there are 8, but the hub left 9");
}

/* As they were before there were samples: two rows, of which the first has a check. */
static void a_log_from_before_there_were_samples_verifies_and_gets_them(void **state)
{
    struct fixture *f = *state;
    struct row_set set;
    struct hub_meta meta;
    char numbers[12];
    row_set_open(&set, f->dir);
    row_set_read(&set);
    assert_int_equal(hub_meta_read(set.db, &meta), 0);
    hub_put_be32(numbers, meta.epoch);
    hub_put_be64(numbers + 4, meta.loose);
    for (size_t i = 0; i < row_set_count(&set, HUB_FAMILY_meta); i++) {
        const struct row *row = row_set_at(&set, HUB_FAMILY_meta, i);
        bool is_rows = hub_span_is(row->key, HUB_SPAN("rows"));
        if (is_rows || hub_span_is(row->key, HUB_SPAN("forgot"))) {
            struct hub_span sums = hub_arena_copy(set.arena, hub_span_of(row->value.at + 1, row->value.len - 1));
            sums.len -= is_rows ? 0 : 8;
            if (is_rows) {
                hub_put_be64((char *) sums.at + sums.len - 8,
                             hub_row_hash(hub_span_of(numbers, sizeof numbers), hub_span_of(sums.at, sums.len - 8)));
            }
            row_set_put(&set, HUB_FAMILY_meta, row->key, sums);
        } else if (hub_span_starts(row->key, HUB_SPAN("rows")) || hub_span_starts(row->key, HUB_SPAN("forgot"))) {
            row_set_delete(&set, HUB_FAMILY_meta, row->key);
        }
    }
    row_set_close(&set);
    assert_sound(f);
    remove_rows(f, HUB_SUM_timer, 3, 1);
    assert_told(f, first_of(3), "timers", "is missing: there are 9, but the hub left 10");
    fixture_reopen(f); /* counts what there is */
    fixture_close(f);
    assert_sound(f);
    remove_rows(f, HUB_SUM_timer, 0, 3);
    remove_rows(f, HUB_SUM_timer, 4, 6);
    assert_told_one(f, 0, APPENDS - 1, "timers", "is missing: there are 0, but the hub left 9");
}

static void sums_that_are_none_are_told(void **state)
{
    static const struct hub_span rows[] = { HUB_SPAN(""), HUB_SPAN("short"), HUB_SPAN("\x0d                    "),
                                            HUB_SPAN("\x18\x0c\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture_poke(f, HUB_FAMILY_meta, HUB_SPAN("rows"), &rows[i]);
        assert_int_not_equal(fixture_open(f), 0);
        fixture_close(f);
    }
}

/* --- Finding places --- */

static void up_to_six_places_are_found_and_no_other(void **state)
{
    uint64_t seed = 88172645463325252U;
    (void) state;
    for (unsigned count = 0; count <= 2 * HUB_LOCATE_MAX; count++) {
        struct hub_sums sums = { .rows = { 0 } };
        struct hub_locator locator;
        uint64_t places[2 * HUB_LOCATE_MAX];
        for (unsigned i = 0; i < count; i++) {
            seed = hub_row_hash(hub_span_of(&seed, sizeof seed), HUB_SPAN("next"));
            places[i] = hub_place_of_append(i % HUB_SUM_alias, seed >> 20, i % 2 != 0);
            (i % 3 == 0 ? hub_sums_take : hub_sums_add)(&sums, HUB_SUM_timer, places[i], seed);
        }
        bool is_made = hub_locator_make(&sums.powers, &locator);
        assert_true(is_made || count > HUB_LOCATE_MAX);
        for (unsigned i = 0; i < count && is_made; i++) {
            assert_int_equal(hub_locator_has(&locator, places[i]), count <= HUB_LOCATE_MAX);
            assert_false(hub_locator_has(&locator, places[i] ^ 16));
        }
        assert_true(!is_made || locator.places == (count < HUB_LOCATE_MAX ? count : HUB_LOCATE_MAX));
    }
}

/* Of however many places: some sample has few of them. All draws follow from one seed, so this is the same everywhere. */
static void of_any_number_of_places_some_are_found(void **state)
{
    enum { DRAWS = 1500 };
    uint64_t seed = 88172645463325252U, places[DRAWS];
    unsigned missed = 0;
    (void) state;
    for (unsigned draw = 0; draw < DRAWS; draw++) {
        struct hub_sums sums = { .rows = { 0 } };
        struct hub_locator locator;
        unsigned count = draw % 3 == 0 ? draw + 1 : draw % 60 + 1, found = 0;
        for (unsigned i = 0; i < count; i++) {
            seed = hub_row_hash(hub_span_of(&seed, sizeof seed), HUB_SPAN("next"));
            places[i] = hub_place_of_append(i % HUB_SUM_alias, seed >> 30, false);
            hub_sums_add(&sums, HUB_SUM_timer, places[i], seed);
        }
        for (unsigned sample = 0; sample <= HUB_SUM_SAMPLES && found == 0; sample++) {
            const struct hub_powers *lacks = sample == 0 ? &sums.powers : &sums.samples[sample - 1];
            bool is_made = hub_locator_make(lacks, &locator);
            for (unsigned i = 0; i < count && is_made; i++) {
                found += hub_locator_has(&locator, places[i]);
            }
        }
        missed += found == 0;
    }
    assert_in_range(missed, 0, DRAWS / 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_altered_row_of_any_kind_is_named),
        TEST(a_shortened_row_of_any_kind_is_named),
        TEST(a_removed_row_of_any_kind_is_named),
        TEST(an_inserted_row_of_any_kind_is_named),
        TEST(a_row_of_any_kind_under_another_key_is_named),
        TEST(two_swapped_rows_of_any_kind_are_named),
        TEST(the_first_of_six_removed_rows_is_named),
        TEST(rows_of_different_kinds_are_named_by_the_first),
        TEST(of_more_than_six_one_is_named),
        TEST(of_many_altered_rows_one_is_named),
        TEST(a_sample_that_was_tampered_with_is_named),
        TEST(a_sample_of_other_rows_is_named),
        TEST(all_that_an_append_can_do_leaves_the_sums_right),
        TEST(a_log_from_before_there_were_powers_verifies_and_gets_them),
        TEST(a_log_from_before_there_were_samples_verifies_and_gets_them),
        TEST(sums_that_are_none_are_told),
        cmocka_unit_test(up_to_six_places_are_found_and_no_other),
        cmocka_unit_test(of_any_number_of_places_some_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
