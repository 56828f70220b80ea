/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Names: everybody who asks for an unknown name gets the same id, and the memory of them is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "actors/names.h"
#include "tests/actors/runtime_fixture.h"

/* A log, the names beside it, and one asker's memory. */
struct world {
    struct fixture f;
    struct hub_names *names;
    struct hub_names_cache *cache;
};

static void set_up(struct world *self, size_t room)
{
    fixture_init(&self->f);
    fixture_start(&self->f);
    self->names = hub_names_new(self->f.log, hub_world_real(), room);
    self->cache = hub_names_cache_new();
}

static void tear_down(struct world *self)
{
    hub_names_cache_destroy(&self->cache);
    hub_names_destroy(&self->names);
    fixture_stop(&self->f);
    fixture_done(&self->f);
}

static struct hub_name name_of(struct world *self, uint8_t kind, const char *text)
{
    struct hub_name name;
    assert_true(hub_name_read(self->f.keys, self->f.company, kind, hub_span(text), &name));
    return name;
}

static struct hub_name resolved(struct world *self, struct hub_names_cache *cache, uint8_t kind, const char *text)
{
    struct hub_name name = name_of(self, kind, text);
    assert_int_equal(hub_names_resolve(self->names, cache, self->f.company, kind, &name), 0);
    return name;
}

static void an_unknown_name_keeps_its_reserved_id(void **state)
{
    (void) state;
    static struct world w;
    set_up(&w, 0);
    struct hub_names_cache *other = hub_names_cache_new();
    struct hub_name first = resolved(&w, w.cache, KIND_customer, "customer_1");
    struct hub_name second = resolved(&w, other, KIND_customer, "customer_1");
    assert_false(first.known);
    assert_false(second.known);
    assert_false(hub_ulid_is_none(first.id));
    assert_true(hub_ulid_is(first.id, second.id));
    hub_names_cache_destroy(&other);
    tear_down(&w);
}

/* I10: a name is a company's own, and a kind's. */
static void names_of_companies_and_kinds_are_apart(void **state)
{
    (void) state;
    static struct world w;
    set_up(&w, 0);
    struct hub_name customer = resolved(&w, w.cache, KIND_customer, "same");
    struct hub_name session = resolved(&w, w.cache, KIND_session, "same");
    assert_false(hub_ulid_is(customer.id, session.id));
    struct hub_name elsewhere = name_of(&w, KIND_customer, "same");
    struct hub_ulid company = hub_world_ulid(hub_world_real());
    assert_int_equal(hub_names_resolve(w.names, w.cache, company, KIND_customer, &elsewhere), 0);
    assert_false(hub_ulid_is(customer.id, elsewhere.id));
    tear_down(&w);
}

static void our_own_ids_and_absent_names_are_left_alone(void **state)
{
    (void) state;
    static struct world w;
    set_up(&w, 0);
    struct hub_ulid id = hub_world_ulid(hub_world_real());
    struct hub_name ours = { .given = true, .is_ours = true, .id = id }, absent = { 0 };
    assert_int_equal(hub_names_resolve(w.names, w.cache, w.f.company, KIND_customer, &ours), 0);
    assert_true(hub_ulid_is(ours.id, id));
    assert_int_equal(hub_names_resolve(w.names, w.cache, w.f.company, KIND_customer, &absent), 0);
    assert_true(hub_ulid_is_none(absent.id));
    tear_down(&w);
}

static void a_name_that_the_log_has_is_known(void **state)
{
    (void) state;
    static struct world w;
    set_up(&w, 0);
    struct hub_name reserved = resolved(&w, w.cache, KIND_customer, "customer_1"); /* not the id that it will get */
    expect(ask(&w.f, message_for(&w.f, "customer_1", "session_1", "hello")), 0);
    for (int i = 0; i < 2; i++) { /* from the log, then from memory */
        struct hub_name customer = resolved(&w, w.cache, KIND_customer, "customer_1");
        struct hub_name session = resolved(&w, w.cache, KIND_session, "session_1");
        assert_true(customer.known && session.known);
        assert_false(hub_ulid_is(customer.id, reserved.id));
        const struct hub_stream stream = { .company = w.f.company, .entity = session.id, .kind = KIND_session };
        uint64_t version = 0;
        assert_int_equal(hub_log_stream_version(w.f.log, &stream, &version), 0);
        assert_int_equal(version, 2);
    }
    tear_down(&w);
}

static void forget(struct world *w, const struct hub_name *name)
{
    struct hub_alias alias = { .kind = KIND_customer };
    memcpy(alias.digest, name->digest, sizeof alias.digest);
    hub_names_forget(w->names, w->f.company, &alias);
}

/* Of the others one may be in an append that is on its way. */
static void forgetting_leaves_what_is_reserved_for_other_names(void **state)
{
    (void) state;
    static struct world w;
    set_up(&w, 0);
    struct hub_name one = resolved(&w, w.cache, KIND_customer, "customer_1");
    struct hub_name other = resolved(&w, w.cache, KIND_customer, "customer_2");
    forget(&w, &one);
    struct hub_name again = resolved(&w, w.cache, KIND_customer, "customer_2");
    assert_true(hub_ulid_is(other.id, again.id));
    tear_down(&w);
}

static void forgetting_empties_every_memory(void **state)
{
    (void) state;
    static struct world w;
    set_up(&w, 0);
    struct hub_name before = resolved(&w, w.cache, KIND_customer, "customer_1");
    forget(&w, &before);
    struct hub_name after = resolved(&w, w.cache, KIND_customer, "customer_1");
    assert_false(hub_ulid_is(before.id, after.id));
    struct hub_answer *answer = ask(&w.f, message_for(&w.f, "customer_2", NULL, "hello"));
    hub_answer_destroy(&answer);
    struct hub_name known = resolved(&w, w.cache, KIND_customer, "customer_2");
    assert_true(known.known);
    forget(&w, &known);
    struct hub_name again = resolved(&w, w.cache, KIND_customer, "customer_2");
    assert_true(again.known);
    assert_true(hub_ulid_is(known.id, again.id));
    tear_down(&w);
}

/* I9: reservations are bounded; the oldest of its set gives way, the newest stay. */
static void old_reservations_give_way(void **state)
{
    (void) state;
    enum { ROOM = 64, MANY = 5000 };
    static struct world w;
    set_up(&w, ROOM);
    struct hub_name first = resolved(&w, w.cache, KIND_customer, "first");
    for (int i = 0; i < MANY; i++) {
        char text[32];
        snprintf(text, sizeof text, "customer_%d", i);
        struct hub_name one = resolved(&w, w.cache, KIND_customer, text);
        struct hub_name two = resolved(&w, w.cache, KIND_customer, text);
        assert_true(hub_ulid_is(one.id, two.id));
    }
    struct hub_name later = resolved(&w, w.cache, KIND_customer, "first");
    assert_false(hub_ulid_is(first.id, later.id));
    tear_down(&w);
}

enum { ASKERS = 4, ASKED = 200 };

struct asker {
    struct world *world;
    struct hub_ulid got[ASKED];
};

static void *ask_for_all(void *arg)
{
    struct asker *self = arg;
    struct hub_names_cache *cache = hub_names_cache_new();
    for (int i = 0; i < ASKED; i++) {
        struct hub_name name = { .given = true };
        memcpy(name.digest, &i, sizeof i);
        (void) hub_names_resolve(self->world->names, cache, self->world->f.company, KIND_customer, &name);
        self->got[i] = name.id;
    }
    hub_names_cache_destroy(&cache);
    return NULL;
}

static void threads_get_the_same_reservations(void **state)
{
    (void) state;
    static struct world w;
    static struct asker askers[ASKERS];
    set_up(&w, 0);
    pthread_t threads[ASKERS];
    for (int i = 0; i < ASKERS; i++) {
        askers[i].world = &w;
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_all, &askers[i]), 0);
    }
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_memory_equal(askers[i].got, askers[0].got, sizeof askers[0].got);
    }
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_name_keeps_its_reserved_id),
        cmocka_unit_test(names_of_companies_and_kinds_are_apart),
        cmocka_unit_test(our_own_ids_and_absent_names_are_left_alone),
        cmocka_unit_test(a_name_that_the_log_has_is_known),
        cmocka_unit_test(forgetting_empties_every_memory),
        cmocka_unit_test(forgetting_leaves_what_is_reserved_for_other_names),
        cmocka_unit_test(old_reservations_give_way),
        cmocka_unit_test(threads_get_the_same_reservations),
    };
    return cmocka_run_group_tests_name("actors/names", tests, NULL, NULL);
}
