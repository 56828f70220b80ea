/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* People who may log in. Passwords are hashed and compared on a helper's thread; what goes to the company's actor is the hash. */
#include "api/agents.h"

#include "actors/agent/agent.h"
#include "actors/company/company.h"
#include "api/auth.h"
#include "api/companies.h"
#include "api/password.h"
#include "api/perform.h"
#include "api/records.h"
#include "api/respond.h"
#include "log/keyring/keyring.h"

enum { COMMAND_BYTES = 2048, JOB_BYTES = 2048, PASSWORD_TEXT = 24 };

static const struct hub_ulid none;

/* What the helper does. */
struct hashing {
    struct hub_ulid user; /* whose password is compared; none: nobody's */
    struct hub_span old_password, password;
};

/* On the helper's thread. */
static void hash_password(struct hub_job *job, void *server)
{
    struct hub_server *self = server;
    const struct hashing *hashing = job->question;
    char *hash = hub_arena_get(job->arena, HUB_PASSWORD_HASH);
    bool is_right = hub_ulid_is_none(hashing->user) ||
                    hub_auth_knows_password(self, hashing->user, hashing->old_password, job->arena);
    bool fine = is_right && hub_password_hash(hashing->password, self->options.password_light, hash);
    explicit_bzero((void *) hashing->password.at, hashing->password.len);
    if (hashing->old_password.len > 0) {
        explicit_bzero((void *) hashing->old_password.at, hashing->old_password.len);
    }
    job->result = hash;
    job->error = fine ? 0 : is_right ? HUB_ERROR_internal : HUB_ERROR_forbidden;
}

static struct hub_job *hashing_job(const struct hashing *question)
{
    struct hub_job *job = hub_job_new(JOB_BYTES);
    struct hashing *hashing = HUB_NEW(job->arena, struct hashing);
    hashing->user = question->user;
    hashing->old_password = hub_arena_copy(job->arena, question->old_password);
    hashing->password = hub_arena_copy(job->arena, question->password);
    job->question = hashing;
    job->run = hash_password;
    return job;
}

/* Put the hash where the clear text was. */
static void take_hash(struct hub_call *call, const struct hub_job *job, hub_sealed *password)
{
    *password = (hub_sealed){ .clear = hub_arena_copy(call->command->arena, hub_span(job->result)) };
}

/* A command to the company of who asks, read from the request. False when the call is answered. */
static bool read_command(struct hub_call *call, const struct hub_shape *shape)
{
    call->command = hub_make_command(call, shape, COMMAND_BYTES);
    struct hub_command *command = call->command;
    command->target = KIND_company;
    return hub_read_body(call, command->arena, command->record) &&
           hub_read_names(call, shape, command->record, command->names) && hub_read_key(call, command, -1);
}

/* --- a new person --- */

static void on_hashed(struct hub_call *call, struct hub_job *job)
{
    struct hub_command *command = call->command;
    struct add_agent *record = command->record;
    struct hub_keyring *keys = call->loop->server->options.keys;
    if (job->error != 0 ||
        !hub_name_read(keys, none, HUB_ALIAS_USER, record->email.clear, &command->names[HUB_ALIAS_USER])) {
        hub_respond_problem(call, HUB_ERROR_internal, "", "The password could not be hashed.");
        hub_job_destroy(&job);
        return;
    }
    take_hash(call, job, &record->password);
    HUB_MARK(add_agent, record, password);
    hub_job_destroy(&job);
    hub_send_command(call, hub_perform_done);
}

void hub_agents_add(struct hub_call *call)
{
    static const char *const labels[2] = { "person, first half", "person, second half" };
    if (!read_command(call, &add_agent_shape)) {
        return;
    }
    struct add_agent *record = call->command->record;
    h2o_iovec_t *made = h2o_mem_alloc_pool(&call->req->pool, sizeof *made);
    struct hub_span password = record->password.clear;
    *made = (h2o_iovec_t){ NULL, 0 };
    if (!HUB_HAS(add_agent, record, password)) {
        password = hub_make_secret(call, "", labels);
        password.len = PASSWORD_TEXT;
        *made = hub_call_keep(call, password);
    }
    call->own = made;
    hub_call_give(call, call->loop->server->passwords, hashing_job(&(struct hashing){ .password = password }),
                  on_hashed);
}

void hub_agents_finish(struct hub_call *call, struct hub_answer *answer)
{
    const h2o_iovec_t *made = call->own;
    struct agent_shown *shown = answer->record;
    if (made->base != NULL) {
        HUB_SET(agent_shown, shown, password, hub_span_of(made->base, made->len));
    }
}

/* --- another password --- */

static void on_compared(struct hub_call *call, struct hub_job *job)
{
    struct set_password *record = call->command->record;
    if (job->error == HUB_ERROR_forbidden) {
        hub_respond_problem(call, HUB_ERROR_forbidden, "/old_password", "This is not the password until now.");
    } else if (job->error != 0) {
        hub_respond_problem(call, HUB_ERROR_internal, "", "The password could not be hashed.");
    } else {
        if (HUB_HAS(set_password, record, old_password)) {
            hub_auth_was_right(call, call->caller.principal);
        }
        take_hash(call, job, &record->password);
        record->old_password = (hub_sealed){ 0 };
        HUB_CLEAR(set_password, record, old_password);
        hub_send_command(call, hub_perform_done);
    }
    hub_job_destroy(&job);
}

/* Whose password may be set how. False when the call is answered. */
static bool may_set(struct hub_call *call, const struct set_password *record, bool is_own)
{
    bool has_old = HUB_HAS(set_password, record, old_password);
    if (!is_own && call->caller.role != role_admin) {
        hub_respond_problem(call, HUB_ERROR_forbidden, "", "An admin sets the passwords of others.");
        return false;
    }
    if (is_own != has_old) {
        hub_respond_problem(call, HUB_ERROR_invalid_field, "/old_password", "%s",
                            is_own ? "Your own password is changed by who knows it."
                                   : "This goes with one's own password only.");
        return false;
    }
    return !has_old || hub_auth_may_try(call, call->caller.principal);
}

void hub_agents_password(struct hub_call *call)
{
    if (!read_command(call, &set_password_shape)) {
        return;
    }
    struct hub_command *command = call->command;
    struct set_password *record = command->record;
    bool is_own = call->is_login && command->names[KIND_agent].is_ours &&
                  hub_ulid_is(command->names[KIND_agent].id, call->caller.principal);
    if (!may_set(call, record, is_own)) {
        return;
    }
    if (is_own) {
        HUB_SET(set_password, record, keeps, call->caller.credential);
    }
    const struct hashing hashing = { .user = is_own ? call->caller.principal : none,
                                     .old_password = record->old_password.clear,
                                     .password = record->password.clear };
    hub_call_give(call, call->loop->server->passwords, hashing_job(&hashing), on_compared);
}
