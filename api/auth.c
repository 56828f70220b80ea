/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Logging in takes four steps: read the request; compare the password on a helper; tell the company's actor, which
 * remembers the digest of a fresh token as a credential; wait until the views know it. */
#include "api/auth.h"

#include <netinet/in.h>
#include <stdio.h>

#include "actors/company/company.h"
#include "api/admit.h"
#include "api/password.h"
#include "api/perform.h"
#include "api/records.h"
#include "api/respond.h"
#include "api/throttle.h"
#include "log/keyring/keyring.h"
#include "log/log.h"

enum { LOGIN_S = 12 * 3600, COMMAND_BYTES = 1024, JOB_BYTES = 2048, COOKIE_BYTES = 192 };

static const struct hub_ulid none;

struct attempt {
    struct hub_span email, password;
};

/* What a right password opens. */
struct person {
    struct hub_ulid user, company;
    enum role role;
    bool operator;
};

/* In the request's memory while the actor remembers the login. */
struct login {
    struct person person;
    h2o_iovec_t token;
    int64_t expires_us;
};

/* --- the password --- */

static char *copy_text(struct hub_arena *arena, struct hub_span text)
{
    char *copy = hub_arena_get(arena, text.len + 1);
    memcpy(copy, text.at, text.len);
    return copy;
}

bool hub_auth_knows_password(struct hub_server *server, struct hub_ulid user, struct hub_span password,
                             struct hub_arena *arena)
{
    const struct hub_server_options *options = &server->options;
    struct hub_key_source keys = hub_keyring_source(options->keys);
    struct user_row row = { 0 };
    struct hub_span hash;
    bool known = hub_views_user(options->views, user, arena, &row) == 0 &&
                 hub_box_open(row.password.box, row.company, &keys, arena, &hash);
    return hub_password_is(known ? copy_text(arena, hash) : server->dummy_hash, password) && known;
}

/* The person whose address this is, with the hash of the password. Returns 0, not_found, < 0. */
static int find_person(struct hub_server *server, const struct attempt *attempt, struct hub_arena *arena,
                       struct person *ret_person, const char **ret_hash)
{
    const struct hub_server_options *options = &server->options;
    struct hub_name name;
    struct user_row row = { 0 };
    struct hub_span hash;
    struct hub_key_source keys = hub_keyring_source(options->keys);
    if (!hub_name_read(options->keys, none, HUB_ALIAS_USER, attempt->email, &name) || name.is_ours) {
        return HUB_ERROR_not_found;
    }
    int failed = hub_log_alias(options->log, none, HUB_ALIAS_USER, name.digest, &name.id);
    if (failed == 0) {
        failed = hub_views_user(options->views, name.id, arena, &row);
    }
    if (failed != 0 || !hub_box_open(row.password.box, row.company, &keys, arena, &hash)) {
        return failed != 0 ? failed : HUB_ERROR_not_found;
    }
    *ret_hash = copy_text(arena, hash);
    *ret_person = (struct person){ .user = name.id, .company = row.company, .role = (enum role) row.role };
    ret_person->operator= HUB_HAS(user_row, &row, operator) && row.operator;
    return 0;
}

/* On the helper's thread. */
static void compare_password(struct hub_job *job, void *server)
{
    struct hub_server *self = server;
    const struct attempt *attempt = job->question;
    struct person *person = HUB_NEW(job->arena, struct person);
    const char *hash = self->dummy_hash;
    int found = find_person(self, attempt, job->arena, person, &hash);
    bool is_right = hub_password_is(hash, attempt->password);
    explicit_bzero((void *) attempt->password.at, attempt->password.len);
    job->result = person;
    job->error = found < 0 ? HUB_ERROR_internal : found == 0 && is_right ? 0 : HUB_ERROR_unauthenticated;
}

/* --- not too often --- */

/* Where a request comes from: the other end of its connection, without the port. */
static struct hub_span address_of(struct hub_call *call)
{
    struct sockaddr_storage *address = h2o_mem_alloc_pool(&call->req->pool, sizeof *address);
    memset(address, 0, sizeof *address);
    call->req->conn->callbacks->get_peername(call->req->conn, (struct sockaddr *) address);
    if (address->ss_family == AF_INET6) {
        /* Whoever has one address of a network has all of them: 64 bits say whose it is. */
        return hub_span_of(&((struct sockaddr_in6 *) address)->sin6_addr, 8);
    }
    return hub_span_of(&((struct sockaddr_in *) address)->sin_addr, sizeof(struct in_addr));
}

static bool may_try(struct hub_call *call, struct hub_span account)
{
    struct hub_throttle *throttle = call->loop->server->throttle;
    uint32_t wait_s = hub_throttle_count(throttle, HUB_THROTTLE_address, address_of(call));
    wait_s = wait_s == 0 ? hub_throttle_count(throttle, HUB_THROTTLE_account, account) : wait_s;
    if (wait_s > 0) {
        call->rate.retry_s = wait_s;
        hub_respond_problem(call, HUB_ERROR_limit_reached, "", "Too many attempts; try again in %u seconds.",
                            (unsigned) wait_s);
    }
    return wait_s == 0;
}

static void was_right(struct hub_call *call, struct hub_span account)
{
    struct hub_throttle *throttle = call->loop->server->throttle;
    hub_throttle_forgive(throttle, HUB_THROTTLE_address, address_of(call));
    hub_throttle_forgive(throttle, HUB_THROTTLE_account, account);
}

bool hub_auth_may_try(struct hub_call *call, struct hub_ulid user)
{
    return may_try(call, hub_span_of(user.b, sizeof user.b));
}

void hub_auth_was_right(struct hub_call *call, struct hub_ulid user)
{
    was_right(call, hub_span_of(user.b, sizeof user.b));
}

/* --- the login --- */

static void set_cookie(struct hub_call *call, h2o_iovec_t token, int seconds)
{
    char text[COOKIE_BYTES];
    int len = snprintf(text, sizeof text, "%s=%.*s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s", HUB_COOKIE,
                       (int) token.len, token.base, seconds, call->loop->server->ssl != NULL ? "; Secure" : "");
    call->cookie = hub_call_keep(call, hub_span_of(text, (size_t) len));
}

static void on_login_known(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    const struct login *login = call->own;
    struct logged_in reply = { 0 };
    if (!reached) {
        hub_respond_problem(call, HUB_ERROR_behind, "", "The login is not known everywhere yet; try again.");
        return;
    }
    HUB_SET(logged_in, &reply, success, true);
    HUB_SET(logged_in, &reply, user_id, login->person.user);
    HUB_SET(logged_in, &reply, company_id, login->person.company);
    HUB_SET(logged_in, &reply, role, (hub_enum) login->person.role);
    HUB_SET(logged_in, &reply, expires_at, login->expires_us);
    set_cookie(call, login->token, LOGIN_S);
    hub_respond_record(call, 200, &logged_in_shape, &reply);
}

static void on_login_remembered(struct hub_call *call, struct hub_answer *answer)
{
    uint64_t sequence = answer->position.sequence;
    hub_answer_destroy(&answer);
    hub_call_wait(call, sequence, HUB_ASKED_POSITION_US, on_login_known);
}

/* A command to the company of the person or key that asks. */
static void make_company_command(struct hub_call *call, const struct hub_shape *shape)
{
    call->command = hub_make_command(call, shape, COMMAND_BYTES);
    call->command->target = KIND_company;
    call->command->names[KIND_company] = (struct hub_name){ .given = true,
                                                            .is_ours = true,
                                                            .id = call->caller.company };
}

static void remember_login(struct hub_call *call, const struct person *person)
{
    const struct hub_world *world = call->loop->server->options.world;
    struct login *login = h2o_mem_alloc_pool(&call->req->pool, sizeof *login);
    call->caller = (struct hub_caller){ .company = person->company, .principal = person->user, .role = person->role };
    call->caller.operator= person->operator;
    make_company_command(call, &add_login_shape);
    struct hub_arena *arena = call->command->arena;
    struct hub_span token = hub_token_make(world, "ohl_", arena);
    struct hub_digest digest = hub_sha256(token);
    *login = (struct login){ .person = *person,
                             .token = hub_call_keep(call, token),
                             .expires_us = hub_now_us(world) + INT64_C(1000000) * LOGIN_S };
    call->own = login;
    struct add_login *record = call->command->record;
    HUB_SET(add_login, record, user, person->user);
    HUB_SET(add_login, record, digest, hub_arena_copy(arena, hub_span_of(digest.b, sizeof digest.b)));
    HUB_SET(add_login, record, expires_at, login->expires_us);
    hub_send_command(call, on_login_remembered);
}

static void on_compared(struct hub_call *call, struct hub_job *job)
{
    if (job->error != 0) {
        hub_respond_problem(call, job->error, "", "The e-mail address or the password is wrong.");
    } else {
        was_right(call, ((const struct attempt *) job->question)->email);
        remember_login(call, job->result);
    }
    hub_job_destroy(&job);
}

void hub_auth_login(struct hub_call *call)
{
    struct hub_arena *arena = hub_call_arena(call);
    struct login_request *record = HUB_NEW(arena, struct login_request);
    if (!hub_read_body(call, arena, record) || !may_try(call, record->email)) {
        return;
    }
    struct hub_job *job = hub_job_new(JOB_BYTES);
    struct attempt *attempt = HUB_NEW(job->arena, struct attempt);
    attempt->email = hub_arena_copy(job->arena, record->email);
    attempt->password = hub_arena_copy(job->arena, record->password);
    explicit_bzero((void *) record->password.at, record->password.len);
    job->question = attempt;
    job->run = compare_password;
    hub_call_give(call, call->loop->server->passwords, job, on_compared);
}

/* --- logging out --- */

static void on_logout_known(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    struct done_reply reply = { 0 };
    if (!reached) {
        hub_respond_problem(call, HUB_ERROR_behind, "", "You are logged out, but that is not known everywhere yet.");
        return;
    }
    HUB_SET(done_reply, &reply, success, true);
    set_cookie(call, h2o_iovec_init("", 0), 0);
    hub_respond_record(call, 200, &done_reply_shape, &reply);
}

static void on_logout_done(struct hub_call *call, struct hub_answer *answer)
{
    uint64_t sequence = answer->position.sequence;
    hub_answer_destroy(&answer);
    hub_call_wait(call, sequence, HUB_ASKED_POSITION_US, on_logout_known);
}

void hub_auth_logout(struct hub_call *call)
{
    if (!call->is_login) {
        hub_respond_problem(call, HUB_ERROR_conflict, "", "An API key is not logged in; delete it at /api-keys.");
        return;
    }
    make_company_command(call, &remove_login_shape);
    struct remove_login *record = call->command->record;
    HUB_SET(remove_login, record, login, call->caller.credential);
    hub_send_command(call, on_logout_done);
}

/* --- who one is --- */

void hub_auth_me(struct hub_call *call)
{
    const struct hub_server_options *options = &call->loop->server->options;
    const struct hub_caller *caller = &call->caller;
    struct hub_arena *arena = hub_call_arena(call);
    struct hub_key_source keys = hub_keyring_source(options->keys);
    struct who_am_i reply = { 0 };
    struct user_row row = { 0 };
    struct hub_span email;
    HUB_SET(who_am_i, &reply, principal_id, caller->principal);
    HUB_SET(who_am_i, &reply, credential_id, caller->credential);
    HUB_SET(who_am_i, &reply, company_id, caller->company);
    HUB_SET(who_am_i, &reply, role, (hub_enum) caller->role);
    HUB_SET(who_am_i, &reply, operator, caller->operator);
    if (call->is_login && hub_views_user(options->views, caller->principal, arena, &row) == 0 &&
        hub_box_open(row.email.box, row.company, &keys, arena, &email)) {
        HUB_SET(who_am_i, &reply, email, email);
    }
    hub_respond_record(call, 200, &who_am_i_shape, &reply);
}
