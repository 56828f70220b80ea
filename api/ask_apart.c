/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Questions that an event loop must not answer itself: the past, and the log. And those who wait for something to happen. */
#include "api/accesses.h"
#include "api/ask.h"
#include "api/respond.h"
#include "base/json.h"
#include "base/pack.h"
#include "log/access/access.h"
#include "log/keyring/keyring.h"
#include "log/log.h"

enum { QUESTION_BYTES = 4096 };

/* Of a long poll: how often it looks whether the hub stops, and how long it rests when what happened was not for it. */
#define SLICE_US INT64_C(500000)
#define REST_US INT64_C(50000)

struct question {
    struct hub_ask ask;
    struct hub_span at; /* empty: now */
    struct hub_key_source keys;
    struct hub_shown *shown; /* NULL: it is not noted */
};

/* --- on the helper's thread --- */

/* The position of a moment that was found to be sound, and its time, 0 when it is given as a position. */
static int find_moment(struct hub_log *log, struct hub_span text, struct hub_position *ret_at, int64_t *ret_time_us)
{
    *ret_time_us = 0;
    if (hub_time_parse(text, ret_time_us)) {
        return hub_log_at_time(log, *ret_time_us, ret_at);
    }
    return hub_position_parse(text, hub_log_identity(log), ret_at);
}

static void ask_then(struct hub_job *job, const struct hub_server_options *options, struct hub_ask *ask,
                     struct hub_span at)
{
    ask->deadline_tick_us = hub_tick_us(options->world) + HUB_PAST_US;
    int64_t now_us = ask->now_us;
    job->error = find_moment(options->log, at, &job->position, &ask->now_us);
    ask->now_us = ask->now_us < now_us ? ask->now_us : now_us; /* what is to come is not known */
    if (job->error == 0) {
        job->error = hub_query_at(options->views, ask, job->position, &job->result, &job->fault);
    }
}

static void find_answer(struct hub_job *job, void *server)
{
    const struct hub_server_options *options = &((struct hub_server *) server)->options;
    const struct question *question = job->question;
    struct hub_ask ask = question->ask;
    if ((ask.query == &hub_query_accesses || ask.query == &hub_query_person) && options->access != NULL) {
        (void) hub_access_flush(options->access); /* what cannot be written yet is not shown either */
    }
    if (question->at.at != NULL) {
        ask_then(job, options, &ask, question->at);
    } else {
        job->error = hub_query_live(options->views, &ask, &job->result, &job->position, &job->fault);
    }
    if (job->error == 0) {
        struct hub_key_source keys = hub_keyring_source(options->keys);
        hub_record_open(ask.query->answer, job->result, ask.company, &keys, ask.arena);
    }
}

/* --- long polls --- */

static void ask_again(struct hub_wait *wait, int reached);

static void wait_for_more(struct hub_call *call)
{
    int64_t left_us = call->until_tick_us - hub_tick_us(call->loop->server->options.world);
    hub_call_wait(call, call->behind + 1, left_us < SLICE_US ? left_us : SLICE_US, ask_again);
}

static void on_rested(struct hub_wait *wait, int reached)
{
    (void) reached;
    wait_for_more(hub_call_of_wait(wait));
}

/* Something happened, or time is over: then the last answer is asked for. */
static void ask_again(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    struct hub_server *server = call->loop->server;
    if (atomic_load_explicit(&server->draining, memory_order_relaxed)) {
        call->until_tick_us = 1;
    }
    if (reached || call->until_tick_us <= hub_tick_us(server->options.world)) {
        hub_ask_apart(call);
    } else {
        wait_for_more(call);
    }
}

/* Whether the call goes on waiting instead of taking this answer. */
static bool waits(struct hub_call *call, const void *answer)
{
    const struct hub_query_info *query = call->asks;
    const struct hub_server_options *options = &call->loop->server->options;
    struct hub_span behind;
    struct hub_position at = { 0 };
    uint32_t patience_s = query->patience_fn == NULL || call->at.at != NULL
                              ? 0
                              : query->patience_fn(call->ask_params, answer, &behind);
    int64_t now_us = hub_tick_us(options->world);
    bool is_first = call->until_tick_us == 0;
    if (patience_s == 0 || (!is_first && call->until_tick_us <= now_us) ||
        hub_position_parse(behind, hub_log_identity(options->log), &at) != 0) {
        return false;
    }
    call->until_tick_us = is_first ? now_us + INT64_C(1000000) * patience_s : call->until_tick_us;
    call->behind = at.sequence;
    query->go_on_fn((void *) call->ask_params, hub_arena_copy(hub_call_arena(call), behind));
    return true;
}

/* --- on the loop --- */

static void on_found(struct hub_call *call, struct hub_job *job)
{
    const struct question *question = job->question;
    bool is_first = call->until_tick_us == 0;
    call->position = job->position;
    if (job->error != 0) {
        job->fault.error = job->error;
        hub_respond_fault(call, &job->fault);
    } else if (waits(call, job->result)) {
        hub_job_destroy(&job);
        if (is_first) {
            wait_for_more(call);
        } else {
            hub_call_wait(call, UINT64_MAX, REST_US, on_rested);
        }
        return;
    } else {
        call->shown = question->shown;
        hub_ask_answer(call, job->result, job->arena);
    }
    hub_job_destroy(&job);
}

/* The call may end before the helper does, so what is asked moves with the job. */
void hub_ask_apart(struct hub_call *call)
{
    struct hub_server *server = call->loop->server;
    struct hub_keyring *keys = server->options.keys;
    struct hub_job *job = hub_job_new(QUESTION_BYTES);
    struct question *question = HUB_NEW(job->arena, struct question);
    struct hub_name *names = HUB_NEW_ARRAY(job->arena, struct hub_name, HUB_KINDS);
    memcpy(names, hub_call_names(call), HUB_KINDS * sizeof *names);
    question->ask = hub_ask_of(call);
    question->ask.names = names;
    question->ask.arena = job->arena;
    question->ask.params = hub_record_copy(call->asks->params, call->ask_params, job->arena);
    question->at = call->at.at == NULL ? call->at : hub_arena_copy(job->arena, call->at);
    question->shown = hub_accesses_count(call) ? hub_shown_new(keys, job->arena) : NULL;
    question->keys = question->shown != NULL ? hub_shown_source(question->shown) : hub_keyring_source(keys);
    question->ask.keys = &question->keys;
    question->ask.data_dir = server->options.data_dir;
    job->question = question;
    job->company = call->caller.company;
    job->run = find_answer;
    hub_call_give(call, call->asks->scope == HUB_SCOPE_log ? server->scans : server->past, job, on_found);
}

/* Figures of then are made of rows of now. */
static void on_reached(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    if (!reached) {
        hub_respond_problem(call, HUB_ERROR_behind, "", "The views are not far enough yet; ask again.");
        return;
    }
    hub_ask_apart(call);
}

void hub_ask_past(struct hub_call *call)
{
    if (call->asks->scope == HUB_SCOPE_figures) {
        uint64_t commit = hub_log_commit(call->loop->server->options.log).sequence;
        hub_call_wait(call, commit, HUB_ASKED_POSITION_US, on_reached);
    } else {
        hub_ask_apart(call);
    }
}
