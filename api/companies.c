/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Companies and API keys. A secret is random, or, for a request with an Idempotency-Key, made of that key by the company's
 * index key: so a repetition shows the same secret again although nobody kept it. */
#include "api/companies.h"

#include "actors/company/company.h"
#include "api/password.h"
#include "api/perform.h"
#include "api/records.h"
#include "api/respond.h"
#include "base/pack.h"
#include "log/keyring/keyring.h"
#include "log/log.h"

enum { COMMAND_BYTES = 2048, JOB_BYTES = 2048, PASSWORD_TEXT = 24, COMPANIES_MAX = 10000 };

static const struct hub_ulid none;

/* What is shown once; in the request's memory. */
struct secrets {
    h2o_iovec_t key, password; /* base NULL: none was made */
};

struct hub_span hub_make_secret(struct hub_call *call, const char *prefix, const char *const labels[2])
{
    const struct hub_server_options *options = &call->loop->server->options;
    const struct hub_command *command = call->command;
    struct hub_span id = hub_span_of(command->id, sizeof command->id);
    uint8_t secret[32];
    if (command->keyed && hub_keyring_digest(options->keys, call->caller.company, labels[0], id, secret) &&
        hub_keyring_digest(options->keys, call->caller.company, labels[1], id, secret + 16)) {
        return hub_token_print(secret, prefix, command->arena);
    }
    return hub_token_make(options->world, prefix, command->arena);
}

static struct hub_span make_key(struct hub_call *call)
{
    static const char *const labels[2] = { "api key, first half", "api key, second half" };
    return hub_make_secret(call, "ohk_", labels);
}

static struct hub_span digest_of(struct hub_span token, struct hub_arena *arena)
{
    struct hub_digest digest = hub_sha256(token);
    return hub_arena_copy(arena, hub_span_of(digest.b, sizeof digest.b));
}

static struct hub_span kept(h2o_iovec_t text)
{
    return hub_span_of(text.base, text.len);
}

/* --- keys --- */

void hub_keys_prepare(struct hub_call *call)
{
    struct secrets *secrets = h2o_mem_alloc_pool(&call->req->pool, sizeof *secrets);
    struct add_api_key *record = call->command->record;
    struct hub_span token = make_key(call);
    *secrets = (struct secrets){ .key = hub_call_keep(call, token) };
    call->own = secrets;
    HUB_SET(add_api_key, record, digest, digest_of(token, call->command->arena));
}

void hub_keys_finish(struct hub_call *call, struct hub_answer *answer)
{
    const struct secrets *secrets = call->own;
    struct api_key_reply *reply = answer->record;
    HUB_SET(api_key_reply, reply, api_key, kept(secrets->key));
}

/* --- a new company --- */

/* What the helper does: keys for the company, a hash of the password. */
struct beginning {
    struct hub_ulid company;
    struct hub_span password;
};

/* On the helper's thread. */
static void begin_company(struct hub_job *job, void *server)
{
    struct hub_server *self = server;
    const struct beginning *beginning = job->question;
    char *hash = hub_arena_get(job->arena, HUB_PASSWORD_HASH);
    bool fine = hub_password_hash(beginning->password, self->options.password_light, hash) &&
                hub_keyring_add_company(self->options.keys, beginning->company) >= 0;
    explicit_bzero((void *) beginning->password.at, beginning->password.len);
    job->result = hash;
    job->error = fine ? 0 : HUB_ERROR_internal;
}

static void on_company_known(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    const struct secrets *secrets = call->own;
    struct hub_answer *answer = call->held;
    struct company_created_reply *reply = answer->record;
    (void) reached;
    HUB_SET(company_created_reply, reply, api_key, kept(secrets->key));
    if (secrets->password.base != NULL) {
        HUB_SET(company_created_reply, reply, admin_password, kept(secrets->password));
    }
    call->held = NULL;
    hub_answer_call(call, answer);
}

/* The secrets are shown even when the views are late: they cannot be asked for again. */
static void on_company_added(struct hub_call *call, struct hub_answer *answer)
{
    call->held = answer;
    hub_call_wait(call, answer->position.sequence, HUB_ASKED_POSITION_US, on_company_known);
}

static void on_begun(struct hub_call *call, struct hub_job *job)
{
    const struct beginning *beginning = job->question;
    struct hub_command *command = call->command;
    struct create_company *record = command->record;
    struct hub_keyring *keys = call->loop->server->options.keys;
    if (job->error != 0 ||
        !hub_name_read(keys, none, HUB_ALIAS_USER, record->admin_email.clear, &command->names[HUB_ALIAS_USER])) {
        hub_respond_problem(call, HUB_ERROR_internal, "", "The company's keys could not be made.");
        hub_job_destroy(&job);
        return;
    }
    const struct secrets *secrets = call->own;
    struct hub_span hash = hub_arena_copy(command->arena, hub_span(job->result));
    HUB_SET(create_company, record, admin_password, ((hub_sealed){ .clear = hash }));
    HUB_SET(create_company, record, key_digest, digest_of(kept(secrets->key), command->arena));
    command->caller.company = beginning->company;
    command->names[KIND_company] = (struct hub_name){ .given = true, .is_ours = true, .id = beginning->company };
    hub_job_destroy(&job);
    hub_send_command(call, on_company_added);
}

/* The password of the request, or one that is made and shown. */
static struct hub_span choose_password(struct hub_call *call, const struct create_company *record,
                                       struct secrets *secrets)
{
    static const char *const labels[2] = { "password, first half", "password, second half" };
    if (HUB_HAS(create_company, record, admin_password)) {
        return record->admin_password.clear;
    }
    struct hub_span made = hub_make_secret(call, "", labels);
    made.len = PASSWORD_TEXT;
    secrets->password = hub_call_keep(call, made);
    return made;
}

void hub_companies_add(struct hub_call *call)
{
    call->command = hub_make_command(call, &create_company_shape, COMMAND_BYTES);
    struct hub_command *command = call->command;
    command->target = KIND_company;
    if (!hub_read_body(call, command->arena, command->record) || !hub_read_key(call, command, -1)) {
        return;
    }
    struct secrets *secrets = h2o_mem_alloc_pool(&call->req->pool, sizeof *secrets);
    struct hub_job *job = hub_job_new(JOB_BYTES);
    struct beginning *beginning = HUB_NEW(job->arena, struct beginning);
    *secrets = (struct secrets){ .key = hub_call_keep(call, make_key(call)) };
    beginning->password = hub_arena_copy(job->arena, choose_password(call, command->record, secrets));
    if (command->keyed) {
        memcpy(beginning->company.b, command->id, sizeof beginning->company.b);
    } else {
        beginning->company = hub_world_ulid(call->loop->server->options.world);
    }
    call->own = secrets;
    job->question = beginning;
    job->run = begin_company;
    hub_call_give(call, call->loop->server->passwords, job, on_begun);
}

/* --- all companies --- */

/* A company's stream is named like the company, and its first event says how it began. */
static int show_company(struct hub_log *log, struct hub_ulid company, struct hub_arena *arena,
                        struct company_shown *ret_shown)
{
    const struct hub_stream stream = { .company = company, .entity = company, .kind = KIND_company };
    struct hub_scan *scan = hub_scan_stream(log, &stream, 1, 0);
    struct hub_stored stored;
    struct company_created event;
    int found = hub_scan_next(scan, &stored);
    if (found > 0 && hub_unpack(&company_created_shape, stored.payload, arena, &event, NULL) != 0) {
        found = -1;
    }
    if (found > 0) {
        HUB_SET(company_shown, ret_shown, company_id, company);
        HUB_SET(company_shown, ret_shown, name, hub_arena_copy(arena, event.name));
        HUB_SET(company_shown, ret_shown, operator, HUB_HAS(company_created, &event, operator) && event.operator);
        HUB_SET(company_shown, ret_shown, created_at, stored.header.time);
    }
    hub_scan_close(&scan);
    return found;
}

/* On the helper's thread. */
static void list_companies(struct hub_job *job, void *server)
{
    struct hub_log *log = ((struct hub_server *) server)->options.log;
    struct companies_reply *reply = HUB_NEW(job->arena, struct companies_reply);
    struct hub_ulid company = none;
    int failed = 0;
    reply->companies.at = HUB_NEW_ARRAY(job->arena, struct company_shown, COMPANIES_MAX);
    HUB_MARK(companies_reply, reply, companies);
    while (reply->companies.count < COMPANIES_MAX && failed == 0) {
        failed = hub_log_next_company(log, company, &company);
        int found = failed == 0 ? show_company(log, company, job->arena, &reply->companies.at[reply->companies.count])
                                : 0;
        reply->companies.count += found > 0;
        failed = found < 0 ? found : failed;
    }
    job->error = failed < 0 ? HUB_ERROR_internal : 0;
    job->result = reply;
}

static void on_listed(struct hub_call *call, struct hub_job *job)
{
    if (job->error != 0) {
        hub_respond_fault(call, &(struct hub_fault){ .error = job->error });
    } else {
        hub_respond_record(call, 200, &companies_reply_shape, job->result);
    }
    hub_job_destroy(&job);
}

void hub_companies_list(struct hub_call *call)
{
    struct hub_job *job = hub_job_new(JOB_BYTES);
    job->run = list_companies;
    hub_call_give(call, call->loop->server->past, job, on_listed);
}
