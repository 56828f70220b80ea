/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Campaigns at the door. The actor gets customers by our ids, with the digests of what the client calls them; what it says of
 * them goes along. Their own ids are not in the answer that is kept for a repetition: they are added here, from the request. */
#include "api/campaigns.h"

#include "actors/campaign/campaign.h"
#include "api/ask.h"
#include "api/perform.h"
#include "api/respond.h"
#include "api/router.h"
#include "base/fault.h"
#include "base/filter.h"
#include "base/zone.h"
#include "log/keyring/keyring.h"
#include "log/log.h"

enum { COMMAND_BYTES = 16384, JOB_BYTES = 8192, COUNT_AT_ONCE = 2000 };

/* What a launch's answer needs of its request; in the request's memory. */
struct launch {
    uint32_t count;
    h2o_iovec_t customers[]; /* their own ids, in the order of the request */
};

/* --- launching --- */

/* An audience by its name: its condition becomes the launch's. Returns false when the call is answered. */
static bool take_segment(struct hub_call *call, struct launch_campaign *record)
{
    const struct hub_server_options *options = &call->loop->server->options;
    struct hub_name names[HUB_KINDS] = { { .given = false } };
    struct segment_query query = { 0 };
    struct hub_fault fault = { 0 };
    void *answer = NULL;
    if (!HUB_HAS(launch_campaign, record, segment_id)) {
        return true;
    }
    if (HUB_HAS(launch_campaign, record, conditions)) {
        hub_respond_problem(call, HUB_ERROR_invalid_field, "/conditions", "There is a segment_id already.");
        return false;
    }
    HUB_SET(segment_query, &query, segment_id, ((hub_sealed){ .clear = record->segment_id }));
    if (!hub_read_names(call, &segment_query_shape, &query, names)) {
        return false;
    }
    const struct hub_ask ask = { .query = &hub_query_segment,
                                 .params = &query,
                                 .company = call->caller.company,
                                 .names = names,
                                 .arena = call->command->arena };
    struct hub_position at;
    int failed = hub_query_live(options->views, &ask, &answer, &at, &fault);
    if (failed != 0) {
        fault.error = failed;
        hub_respond_fault(call, &fault);
        return false;
    }
    HUB_SET(launch_campaign, record, conditions, ((struct segment_found *) answer)->conditions);
    return true;
}

static bool zone_is_known(struct hub_call *call, const struct launch_campaign *record)
{
    struct hub_zones *zones = call->loop->server->options.zones;
    int32_t offset_s;
    if (!HUB_HAS(launch_campaign, record, timezone) || zones == NULL ||
        hub_zone_offset(zones, record->timezone, 0, &offset_s) == 0) {
        return true;
    }
    hub_respond_problem(call, HUB_ERROR_invalid_field, "/timezone",
                        "This is no time zone: write one like America/Los_Angeles, PST or +01:00.");
    return false;
}

/* Whether paths can lead to all customers by their ids. Returns false when the call is answered. */
static bool names_are_fit(struct hub_call *call, const struct launch_campaign *record)
{
    for (uint32_t i = 0; i < record->customers.count; i++) {
        struct hub_span id = record->customers.at[i].customer_id.clear;
        const char *why = hub_router_refuse_name(call->loop->server->router, KIND_customer, id);
        if (why != NULL) {
            struct hub_fault fault;
            hub_fault_init(&fault, HUB_ERROR_invalid_field);
            hub_fault_step(&fault, HUB_SPAN("customers"));
            hub_fault_step_index(&fault, i);
            hub_fault_step(&fault, HUB_SPAN("customer_id"));
            hub_fault_reason(&fault, "%s.", why);
            hub_respond_fault(call, &fault);
            return false;
        }
    }
    return true;
}

/* Find one customer. Returns false when the call is answered. */
static bool find_customer(struct hub_call *call, const struct launch_customer *customer,
                          struct launch_recipient *ret_recipient)
{
    const struct hub_server_options *options = &call->loop->server->options;
    struct hub_name name = { .given = false };
    if (!hub_name_read(options->keys, call->caller.company, KIND_customer, customer->customer_id.clear, &name)) {
        hub_respond_problem(call, HUB_ERROR_internal, "", "The company has no key for its index.");
        return false;
    }
    if (hub_port_resolve(call->loop->port, call->caller.company, KIND_customer, &name) != 0) {
        hub_respond_problem(call, HUB_ERROR_overloaded, "", "The hub is busy; try again.");
        return false;
    }
    HUB_SET(launch_recipient, ret_recipient, customer, name.id);
    HUB_SET(launch_recipient, ret_recipient, known, name.known);
    HUB_SET(launch_recipient, ret_recipient, is_ours, name.is_ours);
    HUB_SET(launch_recipient, ret_recipient, digest,
            hub_arena_copy(call->command->arena, hub_span_of(name.digest, sizeof name.digest)));
    return true;
}

static bool find_customers(struct hub_call *call, struct launch_campaign *record)
{
    uint32_t count = record->customers.count;
    struct launch *launch = h2o_mem_alloc_pool(&call->req->pool, sizeof *launch + count * sizeof launch->customers[0]);
    launch->count = count;
    record->recipients.at = HUB_NEW_ARRAY(call->command->arena, struct launch_recipient, count);
    record->recipients.count = count;
    HUB_MARK(launch_campaign, record, recipients);
    for (uint32_t i = 0; i < count; i++) {
        if (!find_customer(call, &record->customers.at[i], &record->recipients.at[i])) {
            return false;
        }
        launch->customers[i] = hub_call_keep(call, record->customers.at[i].customer_id.clear);
    }
    call->own = launch;
    return true;
}

static void on_launched(struct hub_call *call, struct hub_answer *answer)
{
    const struct launch *launch = call->own;
    struct launch_answer *reply = answer->record;
    for (uint32_t i = 0; i < reply->launched_sessions.count && i < launch->count; i++) {
        struct hub_span own = hub_span_of(launch->customers[i].base, launch->customers[i].len);
        HUB_SET(launched_session, &reply->launched_sessions.at[i], customer_id, ((hub_sealed){ .clear = own }));
    }
    hub_answer_call(call, answer);
}

/* The command of a route whose function sends it itself. Returns false when the call is answered. */
static bool read_command(struct hub_call *call, const struct hub_shape *shape)
{
    call->command = hub_make_command(call, shape, COMMAND_BYTES);
    call->command->target = KIND_campaign;
    if (call->query.len > 0) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, "", "This takes no query parameters.");
        return false;
    }
    return hub_read_body(call, call->command->arena, call->command->record) &&
           hub_read_names(call, shape, call->command->record, call->command->names) &&
           hub_read_key(call, call->command, -1);
}

static void on_known(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    struct launch_campaign *record = call->command->record;
    (void) reached;
    if (zone_is_known(call, record) && names_are_fit(call, record) && take_segment(call, record) &&
        find_customers(call, record)) {
        hub_send_command(call, on_launched);
    }
}

void hub_campaigns_launch(struct hub_call *call)
{
    if (!read_command(call, &launch_campaign_shape)) {
        return;
    }
    /* An audience that was described a moment ago must be found. */
    hub_call_wait(call, hub_log_commit(call->loop->server->options.log).sequence, HUB_OWN_WRITES_US, on_known);
}

/* --- audiences --- */

/* What the helper counts, and what it found. */
struct counting {
    struct hub_span conditions;
    int64_t now_us;
    uint64_t size, compared;
    bool is_complete;
};

/* On the helper's thread: bite by bite, until all are compared or time is up. */
static void count_audience(struct hub_job *job, void *server)
{
    const struct hub_server_options *options = &((struct hub_server *) server)->options;
    struct counting *counting = job->result;
    struct audience_query query = { 0 };
    int64_t late_us = hub_tick_us(options->world) + HUB_PAST_US;
    HUB_SET(audience_query, &query, conditions, counting->conditions);
    HUB_SET(audience_query, &query, limit, COUNT_AT_ONCE);
    HUB_SET(audience_query, &query, now, counting->now_us);
    HUB_SET(audience_query, &query, counts, true);
    while (job->error == 0 && !counting->is_complete && hub_tick_us(options->world) < late_us) {
        struct hub_arena *arena = hub_arena_new(JOB_BYTES);
        const struct hub_ask ask = {
            .query = &hub_query_audience, .params = &query, .company = job->company, .arena = arena
        };
        void *answer = NULL;
        job->error = hub_query_live(options->views, &ask, &answer, &job->position, &job->fault);
        if (job->error == 0) {
            const struct audience_page *page = answer;
            counting->size += page->matched;
            counting->compared += page->compared;
            counting->is_complete = page->is_over;
            if (HUB_HAS(audience_page, page, last)) {
                HUB_SET(audience_query, &query, after, page->last);
            }
        }
        hub_arena_destroy(&arena);
    }
}

static void on_counted(struct hub_call *call, struct hub_job *job)
{
    const struct counting *counting = job->result;
    struct define_segment *record = call->command->record;
    if (job->error != 0) {
        job->fault.error = job->error > 0 ? job->error : HUB_ERROR_internal;
        hub_respond_fault(call, &job->fault);
        hub_job_destroy(&job);
        return;
    }
    HUB_SET(define_segment, record, size, counting->size);
    HUB_SET(define_segment, record, compared, counting->compared);
    HUB_SET(define_segment, record, is_complete, counting->is_complete);
    hub_job_destroy(&job);
    hub_send_command(call, hub_answer_call);
}

static void on_views(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    struct hub_command *command = call->command;
    (void) reached;
    const struct define_segment *record = command->record;
    if (!command->names[KIND_campaign].given) {
        struct hub_ulid id = hub_world_ulid(call->loop->server->options.world);
        if (command->keyed) {
            memcpy(id.b, command->id, sizeof id.b); /* a repetition reaches the same one */
        }
        command->names[KIND_campaign] = (struct hub_name){ .given = true, .is_ours = true, .id = id };
    }
    struct hub_job *job = hub_job_new(JOB_BYTES);
    struct counting *counting = HUB_NEW(job->arena, struct counting);
    counting->conditions = hub_arena_copy(job->arena, record->conditions);
    counting->now_us = hub_now_us(call->loop->server->options.world);
    job->result = counting;
    job->company = call->caller.company;
    job->run = count_audience;
    hub_call_give(call, call->loop->server->past, job, on_counted);
}

/* Who counts right after having made customers counts them too. */
void hub_campaigns_segment(struct hub_call *call)
{
    if (read_command(call, &define_segment_shape)) {
        hub_call_wait(call, hub_log_commit(call->loop->server->options.log).sequence, HUB_OWN_WRITES_US, on_views);
    }
}
