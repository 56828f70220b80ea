/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Erasing a customer at the door. Counting reads all that is held and a certificate reads the log's tree, so a helper does
 * both; in between the customer's actor decides. */
#include "api/erasure.h"

#include "actors/customer/holding.h"
#include "api/accesses.h"
#include "api/perform.h"
#include "api/records.h"
#include "api/respond.h"
#include "base/pack.h"

enum { COMMAND_BYTES = 2048, JOB_BYTES = 16384 };

/* What the helper is asked for, and what it found. */
struct looking {
    struct hub_ulid customer;
    struct hub_holding holding;
    struct erasure_certificate *certificate; /* NULL: none */
};

/* The certificate of an erasure, or NULL where none can be made: it happened all the same. */
static struct erasure_certificate *certify(const struct hub_server_options *options, uint64_t at,
                                           struct hub_arena *arena)
{
    struct erasure_certificate *certificate = HUB_NEW(arena, struct erasure_certificate);
    struct hub_note_key key;
    struct hub_tree *tree = NULL;
    if (options->data_dir == NULL || hub_checkpoint_key(options->log, options->data_dir, NULL, &key) != 0 ||
        hub_tree_open(options->log, options->data_dir, false, &tree) != 0) {
        return NULL;
    }
    const struct hub_prover prover = { .log = options->log, .tree = tree, .key = &key };
    int failed = hub_erasure_certify(&prover, at, arena, certificate);
    hub_tree_close(&tree);
    explicit_bzero(&key, sizeof key);
    return failed == 0 ? certificate : NULL;
}

/* On the helper's thread. */
static void look(struct hub_job *job, void *server)
{
    const struct hub_server_options *options = &((struct hub_server *) server)->options;
    struct looking *looking = job->result;
    const struct hub_holding_of of = {
        .log = options->log, .keys = options->keys, .company = job->company, .customer = looking->customer
    };
    job->error = hub_holding_count(&of, job->arena, &looking->holding);
    if (job->error == 0 && looking->holding.erased_from > 0) {
        looking->certificate = certify(options, looking->holding.erased_from, job->arena);
    }
}

/* Let the helper look at a customer. */
static void ask(struct hub_call *call, struct hub_ulid customer, void (*on_done)(struct hub_call *, struct hub_job *))
{
    struct hub_job *job = hub_job_new(JOB_BYTES);
    struct looking *looking = HUB_NEW(job->arena, struct looking);
    looking->customer = customer;
    job->result = looking;
    job->company = call->caller.company;
    job->run = look;
    hub_call_give(call, call->loop->server->past, job, on_done);
}

/* Whether the helper found what it looked for. False when the call is answered; the job is gone then. */
static bool is_found(struct hub_call *call, struct hub_job *job)
{
    if (job->error == 0) {
        return true;
    }
    if (job->error == HUB_ERROR_not_found) {
        hub_respond_problem(call, HUB_ERROR_not_found, "/customer_id", "There is no such customer.");
    } else {
        hub_respond_problem(call, HUB_ERROR_internal, "", "The log cannot be read.");
    }
    hub_job_destroy(&job);
    return false;
}

/* The customer that a request names. False when the call is answered. */
static bool find(struct hub_call *call, struct hub_name *name)
{
    if (hub_port_resolve(call->loop->port, call->caller.company, KIND_customer, name) != 0) {
        hub_respond_problem(call, HUB_ERROR_overloaded, "", "The hub is busy; try again.");
        return false;
    }
    return true;
}

static bool has_no_query(struct hub_call *call)
{
    if (call->query.len > 0) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, "", "This takes no query parameters.");
        return false;
    }
    return true;
}

/* --- showing --- */

static void on_shown(struct hub_call *call, struct hub_job *job)
{
    const struct looking *looking = job->result;
    struct customer_erasure shown = { 0 };
    if (!is_found(call, job)) {
        return;
    }
    HUB_SET(customer_erasure, &shown, customer, looking->customer);
    HUB_SET(customer_erasure, &shown, is_erased, looking->holding.erased_from > 0);
    HUB_SET(customer_erasure, &shown, held, looking->holding.held);
    if (looking->certificate != NULL) {
        HUB_SET(customer_erasure, &shown, certificate, looking->certificate);
    }
    (void) hub_accesses_keys(call); /* nothing is opened, but somebody looked at this customer */
    if (hub_accesses_note(call)) {
        hub_respond_record(call, 200, &customer_erasure_shape, &shown);
    }
    hub_job_destroy(&job);
}

void hub_erasure_show(struct hub_call *call)
{
    struct hub_arena *arena = hub_call_arena(call);
    struct erasure_query *query = HUB_NEW(arena, struct erasure_query);
    struct hub_name *names = hub_call_names(call);
    if (has_no_query(call) && hub_read_params(call, &erasure_query_shape, call->ready->params, arena, query) &&
        hub_read_names(call, &erasure_query_shape, query, names) && find(call, &names[KIND_customer])) {
        ask(call, names[KIND_customer].id, on_shown);
    }
}

/* --- erasing --- */

static void on_certified(struct hub_call *call, struct hub_job *job)
{
    const struct looking *looking = job->result;
    struct hub_answer *answer = call->held;
    struct customer_erasure *reply = answer->record;
    call->held = NULL;
    if (job->error == 0 && looking->certificate != NULL) {
        HUB_SET(customer_erasure, reply, certificate, looking->certificate);
    }
    hub_answer_call(call, answer);
    hub_job_destroy(&job);
}

static void on_erased(struct hub_call *call, struct hub_answer *answer)
{
    call->held = answer;
    ask(call, ((const struct customer_erasure *) answer->record)->customer, on_certified);
}

static void on_counted(struct hub_call *call, struct hub_job *job)
{
    const struct looking *looking = job->result;
    struct hub_command *command = call->command;
    if (!is_found(call, job)) {
        return;
    }
    hub_holding_into(&looking->holding, command->record);
    command->record = hub_record_copy(&erase_customer_shape, command->record, command->arena);
    hub_job_destroy(&job);
    hub_send_command(call, on_erased);
}

void hub_erasure_run(struct hub_call *call)
{
    call->command = hub_make_command(call, &erase_customer_shape, COMMAND_BYTES);
    struct hub_command *command = call->command;
    struct hub_name *name = &command->names[KIND_customer];
    command->target = KIND_customer;
    if (!has_no_query(call) || !hub_read_body(call, command->arena, command->record) ||
        !hub_read_names(call, &erase_customer_shape, command->record, command->names) ||
        !hub_read_key(call, command, -1) || !find(call, name)) {
        return;
    }
    if (name->known) {
        ask(call, name->id, on_counted);
    } else {
        hub_send_command(call, on_erased); /* refused, or a repetition of one that was done */
    }
}
