/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Commands and answers as things to hold, and the names that clients give. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "actors/command.h"
#include "actors/company/company.h"
#include "actors/session/session.h"
#include "base/world.h"
#include "log/keyring/keyring.h"

struct fixture {
    char dir[64];
    struct hub_keyring *keys;
    struct hub_ulid companies[2];
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .dir = "/tmp/omnihub-names-XXXXXX", .companies = { { { 1 } }, { { 2 } } } };
    char why[200] = "";
    assert_non_null(mkdtemp(f.dir));
    const struct hub_keyring_options ring = { .data_dir = f.dir, .create = true, .world = hub_world_real() };
    if (hub_keyring_open(&ring, &f.keys, why, sizeof why) != 0) {
        fail_msg("%s", why);
    }
    assert_int_equal(hub_keyring_add_company(f.keys, f.companies[0]), 0);
    assert_int_equal(hub_keyring_add_company(f.keys, f.companies[1]), 0);
    *state = &f;
    return 0;
}

static void remove_all(const char *dir)
{
    DIR *listing = opendir(dir);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        char path[400];
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
            if (unlink(path) != 0) {
                remove_all(path);
            }
        }
    }
    closedir(listing);
    rmdir(dir);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    hub_keyring_close(&f->keys);
    remove_all(f->dir);
    return 0;
}

static void a_command_and_an_answer_come_empty_and_go(void **state)
{
    (void) state;
    struct hub_command *command = hub_command_new(&get_session_shape, 100);
    assert_int_equal(command->magic, HUB_COMMAND_MAGIC);
    assert_ptr_equal(command->shape, &get_session_shape);
    assert_int_equal(((struct get_session *) command->record)->has, 0);
    assert_int_equal(command->ticket.number, 0);
    hub_command_destroy(&command);
    assert_null(command);
    hub_command_destroy(&command);
    struct hub_answer *answer = hub_answer_new((struct hub_ticket){ .loop = 1, .number = 2 },
                                               (struct hub_ulid){ { 3 } });
    assert_int_equal(answer->magic, HUB_ANSWER_MAGIC);
    assert_int_equal(answer->ticket.number, 2);
    assert_int_equal(answer->company.b[0], 3);
    hub_answer_destroy(&answer);
    assert_null(answer);
    hub_answer_destroy(&answer);
}

static void our_ids_are_taken_as_they_are_and_others_by_their_digest(void **state)
{
    struct fixture *f = *state;
    struct hub_name ours, other;
    assert_true(hub_name_read(f->keys, f->companies[0], KIND_session, HUB_SPAN("01ARZ3NDEKTSV4RRFFQ69G5FAV"), &ours));
    assert_true(ours.given && ours.is_ours);
    assert_true(hub_name_read(f->keys, f->companies[0], KIND_session, HUB_SPAN("omni_session_004"), &other));
    assert_true(other.given && !other.is_ours);
    assert_true(hub_ulid_is_none(other.id));
}

static void a_digest_depends_on_company_kind_and_text_alone(void **state)
{
    struct fixture *f = *state;
    static const struct {
        size_t company;
        uint8_t kind;
        const char *text;
    } cases[] = { { 0, KIND_customer, "anna" },  { 1, KIND_customer, "anna" }, { 0, KIND_session, "anna" },
                  { 0, HUB_ALIAS_USER, "anna" }, { 0, KIND_customer, "anne" }, { 0, KIND_customer, "" } };
    struct hub_name names[6], again;
    for (size_t i = 0; i < 6; i++) {
        struct hub_ulid company = f->companies[cases[i].company];
        assert_true(hub_name_read(f->keys, company, cases[i].kind, hub_span(cases[i].text), &names[i]));
        assert_true(hub_name_read(f->keys, company, cases[i].kind, hub_span(cases[i].text), &again));
        assert_memory_equal(names[i].digest, again.digest, sizeof again.digest);
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(names[i].digest, names[k].digest, sizeof names[k].digest);
        }
    }
}

static void an_unknown_company_or_kind_has_no_names(void **state)
{
    struct fixture *f = *state;
    struct hub_name name;
    assert_false(hub_name_read(f->keys, (struct hub_ulid){ { 9 } }, KIND_customer, HUB_SPAN("anna"), &name));
    assert_false(hub_name_read(f->keys, f->companies[0], 0, HUB_SPAN("anna"), &name));
    assert_false(hub_name_read(f->keys, f->companies[0], HUB_KINDS, HUB_SPAN("anna"), &name));
    assert_true(hub_name_read(f->keys, (struct hub_ulid){ { 0 } }, HUB_ALIAS_USER, HUB_SPAN("a@example.org"), &name));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_and_an_answer_come_empty_and_go),
        TEST(our_ids_are_taken_as_they_are_and_others_by_their_digest),
        TEST(a_digest_depends_on_company_kind_and_text_alone),
        TEST(an_unknown_company_or_kind_has_no_names),
    };
    return cmocka_run_group_tests_name("actors/command", tests, NULL, NULL);
}
