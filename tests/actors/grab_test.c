/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who grabs the same customer, or the same login address, at the same moment, through the runtime and on a real log: one wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "actors/agent/agent.h"
#include "actors/company/company.h"
#include "base/error.h"
#include "tests/actors/runtime_fixture.h"

enum { CUSTOMERS = 50, AGENTS = 4 };

static struct hub_command *to_company(struct fixture *f, struct hub_ulid company, const struct hub_shape *shape,
                                      const char *email)
{
    struct hub_command *command = hub_command_new(shape, 0);
    static const struct hub_ulid none;
    command->caller.company = company;
    command->caller.role = role_admin;
    command->target = KIND_company;
    command->names[KIND_company] = (struct hub_name){ .given = true, .is_ours = true, .id = company };
    assert_true(hub_name_read(f->keys, none, HUB_ALIAS_USER, hub_span(email), &command->names[HUB_ALIAS_USER]));
    return command;
}

static void found(struct fixture *f, struct hub_ulid company, const char *admin)
{
    struct hub_command *command = to_company(f, company, &create_company_shape, admin);
    struct create_company *record = command->record;
    HUB_SET(create_company, record, name, HUB_SPAN("Example"));
    HUB_SET(create_company, record, admin_email,
            ((hub_sealed){ .clear = hub_arena_copy(command->arena, hub_span(admin)) }));
    HUB_SET(create_company, record, admin_password, ((hub_sealed){ .clear = HUB_SPAN("$argon2id$") }));
    expect(ask(f, command), 0);
}

static struct hub_command *agent_with(struct fixture *f, struct hub_ulid company, const char *email)
{
    struct hub_command *command = to_company(f, company, &add_agent_shape, email);
    struct add_agent *record = command->record;
    HUB_SET(add_agent, record, email, ((hub_sealed){ .clear = hub_arena_copy(command->arena, hub_span(email)) }));
    HUB_SET(add_agent, record, password, ((hub_sealed){ .clear = HUB_SPAN("$argon2id$") }));
    return command;
}

static struct hub_ulid add_agent(struct fixture *f, int i)
{
    char email[32];
    snprintf(email, sizeof email, "agent_%d@example.org", i);
    struct hub_answer *answer = ask(f, agent_with(f, f->company, email));
    assert_int_equal(answer->error, 0);
    assert_ptr_equal(answer->shape, &agent_shown_shape);
    struct hub_ulid id = ((const struct agent_shown *) answer->record)->agent_id;
    hub_answer_destroy(&answer);
    return id;
}

static uint64_t grab(struct fixture *f, const char *customer, struct hub_ulid agent)
{
    struct hub_command *command = hub_command_new(&assign_agent_shape, 0);
    struct assign_agent *record = command->record;
    command->caller = (struct hub_caller){ .company = f->company, .principal = agent, .role = role_agent };
    command->caller.settled.over_capacity = true;
    command->target = KIND_customer;
    assert_true(hub_name_read(f->keys, f->company, KIND_customer, hub_span(customer), &command->names[KIND_customer]));
    command->names[KIND_agent] = (struct hub_name){ .given = true, .is_ours = true, .id = agent };
    HUB_SET(assign_agent, record, customer_id,
            ((hub_sealed){ .clear = hub_arena_copy(command->arena, hub_span(customer)) }));
    return send_command(f, command);
}

static void of_agents_who_grab_at_once_one_wins(void **state)
{
    (void) state;
    static struct fixture f;
    fixture_init(&f);
    f.options.workers = 2;
    fixture_start(&f);
    found(&f, f.company, "admin@example.org");
    struct hub_ulid agents[AGENTS];
    for (int i = 0; i < AGENTS; i++) {
        agents[i] = add_agent(&f, i);
    }
    uint64_t tickets[CUSTOMERS][AGENTS];
    char names[CUSTOMERS][16];
    for (int i = 0; i < CUSTOMERS; i++) {
        snprintf(names[i], sizeof names[i], "c-%d", i);
        expect(ask(&f, new_session(&f, names[i], NULL)), 0);
    }
    for (int i = 0; i < CUSTOMERS; i++) {
        for (int k = 0; k < AGENTS; k++) {
            tickets[i][k] = grab(&f, names[i], agents[(i + k) % AGENTS]);
        }
    }
    for (int i = 0; i < CUSTOMERS; i++) {
        int winners = 0;
        for (int k = 0; k < AGENTS; k++) {
            struct hub_answer *answer = await_answer(&f, tickets[i][k]);
            winners += answer->error == 0;
            if (answer->error != 0) {
                assert_int_equal(answer->error, HUB_ERROR_already_assigned);
                assert_non_null(strstr(answer->fault.reason, "already assigned"));
            }
            hub_answer_destroy(&answer);
        }
        assert_int_equal(winners, 1);
    }
    assert_true(comes_to_rest(&f));
    assert_int_equal(events_of(&f, customer_assigned_id), CUSTOMERS);
    assert_int_equal(events_of(&f, agent_help_added_id), CUSTOMERS);
    fixture_stop(&f);
    fixture_done(&f);
}

/* Two companies, and a log that writes nothing while the gate is shut: all have asked before anybody has an answer. */
struct crowd {
    struct fixture f;
    struct hub_ulid other;
    pthread_mutex_t gate;
};

static int wait_at_gate(void *arg, struct hub_append *append)
{
    struct crowd *self = arg;
    (void) append;
    pthread_mutex_lock(&self->gate);
    pthread_mutex_unlock(&self->gate);
    return 0;
}

static struct crowd *crowd_new(void)
{
    static struct crowd crowd;
    crowd = (struct crowd){ .gate = PTHREAD_MUTEX_INITIALIZER, .other = hub_world_ulid(hub_world_real()) };
    fixture_init(&crowd.f);
    fixture_start(&crowd.f);
    assert_int_equal(hub_keyring_add_company(crowd.f.keys, crowd.other), 0);
    found(&crowd.f, crowd.f.company, "admin@example.org");
    found(&crowd.f, crowd.other, "admin@example.com");
    assert_true(comes_to_rest(&crowd.f));
    crowd.f.tamper_arg = &crowd;
    crowd.f.tamper = wait_at_gate;
    pthread_mutex_lock(&crowd.gate);
    return &crowd;
}

static void crowd_done(struct crowd *self)
{
    assert_true(comes_to_rest(&self->f));
    fixture_stop(&self->f);
    fixture_done(&self->f);
}

/* Wait for the answers; returns how many won. Everybody else is told that the address is taken. */
static int count_winners(struct fixture *f, const uint64_t *tickets, int count)
{
    int winners = 0;
    for (int i = 0; i < count; i++) {
        struct hub_answer *answer = await_answer(f, tickets[i]);
        winners += answer->error == 0;
        assert_true(answer->error == 0 || answer->error == HUB_ERROR_already_exists);
        hub_answer_destroy(&answer);
    }
    return winners;
}

static void of_many_who_want_an_address_at_once_one_gets_it(void **state)
{
    (void) state;
    struct crowd *crowd = crowd_new();
    uint64_t tickets[CUSTOMERS];
    for (int i = 0; i < CUSTOMERS; i++) {
        tickets[i] = send_command(&crowd->f, agent_with(&crowd->f, crowd->f.company, "agent@example.org"));
    }
    pthread_mutex_unlock(&crowd->gate);
    assert_int_equal(count_winners(&crowd->f, tickets, CUSTOMERS), 1);
    assert_int_equal(events_of(&crowd->f, company_user_added_id), 2 + 1);
    crowd_done(crowd);
}

static void of_two_companies_that_want_an_address_at_once_one_gets_it(void **state)
{
    (void) state;
    struct crowd *crowd = crowd_new();
    uint64_t tickets[2] = { send_command(&crowd->f, agent_with(&crowd->f, crowd->f.company, "agent@example.org")),
                            send_command(&crowd->f, agent_with(&crowd->f, crowd->other, "agent@example.org")) };
    pthread_mutex_unlock(&crowd->gate);
    assert_int_equal(count_winners(&crowd->f, tickets, 2), 1);
    assert_int_equal(events_of(&crowd->f, company_user_added_id), 2 + 1);
    crowd_done(crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_agents_who_grab_at_once_one_wins),
        cmocka_unit_test(of_many_who_want_an_address_at_once_one_gets_it),
        cmocka_unit_test(of_two_companies_that_want_an_address_at_once_one_gets_it),
    };
    return cmocka_run_group_tests_name("actors/grab", tests, NULL, NULL);
}
