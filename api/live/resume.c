/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A job renders a piece of the log as one pair of ears hears it, or a picture of now. */
#include "api/live/resume.h"

#include "api/live/feed.h"
#include "log/log.h"

enum { JOB_BYTES = 4096, PIECE_BYTES = 128 * 1024, PIECE_EVENTS = 20000, SESSIONS_SHOWN = 500 };

struct question {
    struct hub_lens lens;
    uint64_t from, to;
    bool reloads;
};

struct piece {
    struct hub_span bytes; /* frames, in the job's arena */
    uint64_t reached;
    bool reloaded;
};

struct work {
    struct hub_server *server;
    const struct question *question;
    struct hub_renderer renderer;
    struct hub_buf out;
    struct piece *piece;
};

/* --- on the helper's thread: what was missed --- */

static bool wants(void *arg, const struct hub_frame *frame)
{
    const struct hub_lens *lens = &((struct work *) arg)->question->lens;
    return frame->row->roles >> lens->role & 1;
}

static void take(void *arg, const struct hub_rendered *rendered)
{
    struct work *work = arg;
    const struct hub_lens *lens = &work->question->lens;
    const struct hub_batch_item item = { .session = rendered->session,
                                         .customer = rendered->customer,
                                         .agent = rendered->agent,
                                         .is_agents = rendered->row->is_agents };
    bool is_mine = rendered->mine.len > 0 && hub_ulid_is(rendered->differs_for, lens->viewer);
    struct hub_span frame = is_mine ? rendered->mine : rendered->frame;
    if (hub_batch_is_for(&item, lens)) {
        hub_buf_put(&work->out, frame.at, frame.len);
    }
}

static struct hub_scan *open_scan(struct hub_log *log, const struct question *question)
{
    const struct hub_lens *lens = &question->lens;
    const struct hub_tag_range range = {
        .company = lens->company,
        .tag = lens->topic == HUB_TOPIC_session ? HUB_TAG_session : HUB_TAG_subject,
        .id = lens->id,
        .from = question->from + 1,
        .to = question->to,
    };
    bool is_tagged = lens->topic == HUB_TOPIC_session || lens->topic == HUB_TOPIC_customer;
    return is_tagged ? hub_scan_tag(log, &range) : hub_scan_all(log, range.from, range.to);
}

static int render_missed(const struct hub_reading *reading, void *arg)
{
    struct work *work = arg;
    const struct question *question = work->question;
    const struct hub_render_calls calls = { .wants = wants, .take = take, .arg = work };
    struct hub_scan *scan = open_scan(work->server->options.log, question);
    struct hub_stored stored;
    int more = 1;
    for (unsigned events = 0; more == 1; events++) {
        if (events == PIECE_EVENTS || work->out.len >= PIECE_BYTES) {
            break;
        }
        more = hub_scan_next(scan, &stored);
        if (more != 1) {
            break;
        }
        work->piece->reached = stored.header.sequence;
        if (hub_ulid_is(stored.header.company, question->lens.company)) {
            hub_render_event(&work->renderer, reading, &stored, question->lens.contract, &calls);
        }
    }
    hub_scan_close(&scan);
    if (more == 0) {
        work->piece->reached = question->to;
    }
    return more < 0 ? more : 0;
}

/* --- on the helper's thread: a picture of now --- */

static void say(struct work *work, const char *type, const void *payload, uint64_t sequence)
{
    const struct hub_server_options *options = &work->server->options;
    char position[HUB_POSITION_TEXT];
    hub_position_print((struct hub_position){ sequence }, hub_log_identity(options->log), position);
    const struct hub_say said = { .row = hub_frame_said(work->question->lens.contract, type),
                                  .payload = payload,
                                  .time_us = hub_now_us(options->world),
                                  .position = hub_span(position) };
    hub_render_said(&said, &work->out);
}

static void show_session(struct work *work, const struct unified_session *session, uint64_t sequence)
{
    struct live_session_update update = { 0 };
    HUB_SET(live_session_update, &update, session_id, session->session_id);
    HUB_SET(live_session_update, &update, customer_id, session->customer_id);
    HUB_COPY(live_session_update, &update, unified_session, session, status);
    HUB_COPY(live_session_update, &update, unified_session, session, channel);
    HUB_COPY(live_session_update, &update, unified_session, session, priority);
    HUB_COPY(live_session_update, &update, unified_session, session, page_id);
    HUB_COPY(live_session_update, &update, unified_session, session, labels);
    HUB_COPY(live_session_update, &update, unified_session, session, metadata);
    HUB_COPY(live_session_update, &update, unified_session, session, last_activity_at);
    HUB_COPY(live_session_update, &update, unified_session, session, end_reason);
    HUB_COPY(live_session_update, &update, unified_session, session, snoozed_until);
    HUB_COPY(live_session_update, &update, unified_session, session, satisfaction);
    say(work, "session_update", &update, sequence);
}

/* Contract A: the sessions that are in sight, each as an update. Contract B asks for its list itself. */
static int show_now(struct work *work, struct hub_arena *arena)
{
    const struct hub_server_options *options = &work->server->options;
    const struct hub_lens *lens = &work->question->lens;
    struct hub_name names[HUB_KINDS] = { { 0 } };
    struct active_sessions_query all = { 0 };
    struct customer_query of_customer = { 0 };
    struct session_at_query of_session = { 0 };
    struct hub_ask ask = {
        .query = &hub_query_active_sessions, .params = &all, .company = lens->company, .names = names, .arena = arena
    };
    struct hub_position at = { work->question->to };
    struct hub_fault fault;
    void *answer = NULL;
    HUB_SET(active_sessions_query, &all, limit, SESSIONS_SHOWN);
    if (lens->topic == HUB_TOPIC_session) {
        ask.query = &hub_query_session;
        ask.params = &of_session;
        names[KIND_session] = (struct hub_name){ .given = true, .is_ours = true, .known = true, .id = lens->id };
    } else if (lens->topic == HUB_TOPIC_customer) {
        ask.query = &hub_query_customer_sessions;
        ask.params = &of_customer;
        names[KIND_customer] = (struct hub_name){ .given = true, .is_ours = true, .known = true, .id = lens->id };
    }
    int done = hub_query_live(options->views, &ask, &answer, &at, &fault);
    if (done != 0) {
        return done < 0 ? done : 0;
    }
    struct hub_key_source keys = hub_keyring_source(options->keys);
    struct live_reload reload = { 0 };
    HUB_SET(live_reload, &reload, reason,
            work->question->reloads ? HUB_SPAN("position_gone") : HUB_SPAN("too_long_ago"));
    say(work, "reload", &reload, at.sequence);
    hub_record_open(ask.query->answer, answer, lens->company, &keys, arena);
    if (lens->contract == HUB_CONTRACT_b) {
        /* its client asks for the list */
    } else if (lens->topic == HUB_TOPIC_session) {
        show_session(work, answer, at.sequence);
    } else {
        const struct session_list *sessions = answer;
        const struct customer_sessions *of = answer;
        bool is_customers = lens->topic == HUB_TOPIC_customer;
        const struct unified_session *first = is_customers ? of->sessions.at : sessions->sessions.at;
        uint32_t count = is_customers ? of->sessions.count : sessions->sessions.count;
        for (uint32_t i = 0; i < count; i++) {
            show_session(work, &first[i], at.sequence);
        }
    }
    work->piece->reached = at.sequence;
    work->piece->reloaded = true;
    return 0;
}

static void run(struct hub_job *job, void *server)
{
    struct work work = { .server = server, .question = job->question };
    const struct question *question = work.question;
    bool is_whole = question->lens.topic == HUB_TOPIC_company || question->lens.topic == HUB_TOPIC_agent;
    bool is_far = is_whole && question->to > question->from && question->to - question->from > HUB_RESUME_EVENTS_MAX;
    work.piece = HUB_NEW(job->arena, struct piece);
    work.piece->reached = question->from;
    job->result = work.piece;
    hub_renderer_init(&work.renderer, work.server->options.log, work.server->options.keys);
    hub_buf_init(&work.out);
    job->error = question->reloads || is_far
                     ? show_now(&work, job->arena)
                     : hub_views_read(work.server->options.views, job->arena, render_missed, &work);
    struct hub_span bytes = hub_arena_copy(job->arena, hub_buf_span(&work.out));
    work.piece->bytes = job->error == 0 ? bytes : hub_span_of(NULL, 0);
    hub_buf_done(&work.out);
    hub_renderer_done(&work.renderer);
}

/* --- on the loop's thread --- */

static struct hub_live_socket *socket_of(struct hub_expect *expect)
{
    return H2O_STRUCT_FROM_MEMBER(struct hub_live_socket, expect, expect);
}

static void on_job(struct hub_expect *expect, struct hub_job *job)
{
    struct hub_live_socket *socket = socket_of(expect);
    const struct piece *piece = job->result;
    socket->is_asking = false;
    if (job->error == 0) {
        socket->at = piece->reached;
        if (piece->reloaded) {
            socket->reloads = false;
            atomic_fetch_add_explicit(&socket->live->reloaded, 1, memory_order_relaxed);
        }
        if (piece->bytes.len > 0) {
            hub_live_socket_send_bytes(socket, piece->bytes);
        }
        hub_live_catch_up(socket);
    }
    hub_job_destroy(&job);
}

static void on_answer(struct hub_expect *expect, struct hub_answer *answer)
{
    (void) expect; /* nothing was commanded */
    hub_answer_destroy(&answer);
}

static void on_late(struct hub_expect *expect)
{
    socket_of(expect)->is_asking = false;
}

static const struct hub_expect_ops ops = { .on_answer = on_answer, .on_job = on_job, .on_late = on_late };

void hub_resume_ask(struct hub_live_socket *socket, uint64_t to)
{
    struct hub_loop *loop = socket->live->loop;
    struct hub_server *server = loop->server;
    struct hub_job *job = hub_job_new(JOB_BYTES);
    struct question *question = HUB_NEW(job->arena, struct question);
    *question = (struct question){ .lens = socket->lens, .from = socket->at, .to = to, .reloads = socket->reloads };
    job->question = question;
    job->company = socket->lens.company;
    job->run = run;
    socket->expect.ops = &ops;
    job->ticket = hub_tickets_open(loop->tickets, &socket->expect,
                                   hub_tick_us(server->options.world) + HUB_PATIENCE_US);
    if (job->ticket.number == 0 || !hub_helper_give(server->resumes, &job)) {
        hub_tickets_close(loop->tickets, &socket->expect);
        hub_job_destroy(&job);
        return;
    }
    socket->is_asking = true;
}
