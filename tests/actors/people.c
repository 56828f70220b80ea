/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A company with two agents and a supervisor. */
#include "tests/actors/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "actors/customer/apply.h"

const struct harness_result *people_do(struct people *p, const struct people_call *call)
{
    return harness_do(
        p->h, &(struct harness_call){ .target = call->target,
                                      .shape = call->shape,
                                      .record = call->record,
                                      .customer = call->customer,
                                      .entity = call->entity,
                                      .agent = hub_ulid_is_none(call->agent) && !call->is_key ? call->who : call->agent,
                                      .role = call->role,
                                      .principal = call->who,
                                      .settled = p->settled,
                                      .is_person = !call->is_key });
}

const struct harness_result *people_add(struct people *p, const char *email, enum role role)
{
    struct add_agent command = { 0 };
    HUB_SET(add_agent, &command, email, harness_sealed(email));
    HUB_SET(add_agent, &command, password, harness_sealed("$argon2id$"));
    HUB_SET(add_agent, &command, role, (hub_enum) role);
    return harness_do(p->h, &(struct harness_call){ .target = KIND_company,
                                                    .shape = &add_agent_shape,
                                                    .record = &command,
                                                    .entity = p->company,
                                                    .user = email,
                                                    .role = role_admin,
                                                    .principal = p->admin });
}

static struct hub_ulid added(struct people *p, const char *email, enum role role)
{
    const struct agent_shown *shown = talk_answer(people_add(p, email, role), &agent_shown_shape);
    return shown->agent_id;
}

int people_set_up(void **state)
{
    struct people *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->h = harness_new(11);
    memset(&p->company, 9, sizeof p->company);
    struct create_company command = { 0 };
    HUB_SET(create_company, &command, name, HUB_SPAN("Example"));
    HUB_SET(create_company, &command, admin_email, harness_sealed("admin@example.org"));
    HUB_SET(create_company, &command, admin_password, harness_sealed("$argon2id$"));
    talk_answer(harness_do(p->h, &(struct harness_call){ .target = KIND_company,
                                                         .shape = &create_company_shape,
                                                         .record = &command,
                                                         .entity = p->company,
                                                         .user = "admin@example.org" }),
                &company_created_reply_shape);
    p->admin = harness_find(p->h, HUB_ALIAS_USER, "admin@example.org");
    p->supervisor = added(p, "supervisor@example.org", role_supervisor);
    p->agents[0] = added(p, "agent_1@example.org", role_agent);
    p->agents[1] = added(p, "agent_2@example.org", role_agent);
    talk_answer(talk_create(p->h, "c", "s", channel_chat), &unified_session_shape);
    *state = p;
    return 0;
}

int people_tear_down(void **state)
{
    struct people *p = *state;
    harness_check(p->h, true);
    harness_destroy(&p->h);
    free(p);
    return 0;
}

/* Every command about a customer begins with these two fields. */
static const struct harness_result *ask(struct people *p, const struct hub_shape *shape, void *record, const char *page,
                                        struct hub_ulid who)
{
    *(hub_sealed *) hub_record_field(record, &shape->fields[0]) = harness_sealed("c");
    hub_record_mark(record, 0);
    if (page != NULL) {
        *(struct hub_span *) hub_record_field(record, &shape->fields[1]) = hub_span(page);
        hub_record_mark(record, 1);
    }
    return people_do(p,
                     &(struct people_call){ .target = KIND_customer,
                                            .customer = "c",
                                            .shape = shape,
                                            .record = record,
                                            .who = who,
                                            .role = hub_ulid_is(who, p->supervisor) ? role_supervisor : role_agent });
}

const struct harness_result *people_stop(struct people *p, const char *page, bool stop)
{
    struct stop_customer command = { 0 };
    HUB_SET(stop_customer, &command, stop, stop);
    HUB_SET(stop_customer, &command, reason, harness_sealed("asks for a person"));
    return ask(p, &stop_customer_shape, &command, page, p->supervisor);
}

const struct harness_result *people_take(struct people *p, const char *page, struct hub_ulid agent)
{
    return ask(p, &assign_agent_shape, &(struct assign_agent){ 0 }, page, agent);
}

const struct harness_result *people_release(struct people *p, const char *page, struct hub_ulid agent)
{
    return ask(p, &unassign_agent_shape, &(struct unassign_agent){ 0 }, page, agent);
}

const struct harness_result *people_hand_over(struct people *p, struct hub_ulid from, struct hub_ulid to)
{
    struct transfer_customer command = { 0 };
    HUB_SET(transfer_customer, &command, customer_id, harness_sealed("c"));
    HUB_SET(transfer_customer, &command, note, harness_sealed("has called twice"));
    if (!hub_ulid_is_none(to)) {
        HUB_SET(transfer_customer, &command, agent_id, harness_sealed("the other"));
    }
    return people_do(p, &(struct people_call){ .target = KIND_customer,
                                               .customer = "c",
                                               .shape = &transfer_customer_shape,
                                               .record = &command,
                                               .who = from,
                                               .role = role_agent,
                                               .agent = to });
}

const struct harness_result *people_wrap_up(struct people *p, struct hub_ulid agent)
{
    return ask(p, &wrap_up_help_shape, &(struct wrap_up_help){ 0 }, NULL, agent);
}

const struct harness_result *people_finish(struct people *p, struct hub_ulid agent)
{
    struct finish_help command = { 0 };
    HUB_SET(finish_help, &command, code, HUB_SPAN("refunded"));
    return ask(p, &finish_help_shape, &command, NULL, agent);
}

const struct harness_result *people_write(struct people *p, struct hub_ulid agent, const char *words)
{
    struct send_agent_message command = { 0 };
    HUB_SET(send_agent_message, &command, message, harness_sealed(words));
    return ask(p, &send_agent_message_shape, &command, NULL, agent);
}

const struct harness_result *people_present(struct people *p, struct hub_ulid agent, enum presence presence)
{
    struct set_presence command = { 0 };
    HUB_SET(set_presence, &command, agent_id, harness_sealed("oneself"));
    HUB_SET(set_presence, &command, presence, (hub_enum) presence);
    return people_do(p, &(struct people_call){ .target = KIND_agent,
                                               .shape = &set_presence_shape,
                                               .record = &command,
                                               .entity = agent,
                                               .who = agent,
                                               .role = role_agent });
}

const struct harness_result *people_tell(struct people *p, struct hub_ulid agent, const struct hub_shape *shape,
                                         const void *record)
{
    return harness_do(p->h, &(struct harness_call){ .target = KIND_agent,
                                                    .shape = shape,
                                                    .record = record,
                                                    .entity = agent,
                                                    .settles = true,
                                                    .settled = p->settled });
}

void people_fire(struct people *p, struct hub_ulid agent)
{
    size_t count;
    const struct harness_later *laters = harness_laters(p->h, &count);
    while (count > 0 && !hub_ulid_is(laters[count - 1].entity, agent)) {
        count--;
    }
    assert_true(count > 0);
    people_tell(p, agent, laters[count - 1].shape, laters[count - 1].record);
}

const struct customer_state *people_customer(struct people *p)
{
    const struct customer_state *state = harness_state(p->h, KIND_customer, harness_find(p->h, KIND_customer, "c"));
    assert_non_null(state);
    return state;
}

const struct customer_help *people_help(struct people *p, const char *page)
{
    const struct customer_state *state = people_customer(p);
    int at = hub_customer_help_at(state, hub_span(page));
    return at < 0 ? NULL : &state->helps.at[at];
}

const struct agent_state *people_agent(struct people *p, struct hub_ulid agent)
{
    const struct agent_state *state = harness_state(p->h, KIND_agent, agent);
    assert_non_null(state);
    return state;
}
