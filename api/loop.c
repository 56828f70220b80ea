/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One event loop: it accepts, lets h2o parse, hands requests to calls, and takes in what other threads leave for it. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/call.h"
#include "api/http2.h"
#include "api/live/live.h"
#include "api/recall.h"
#include "base/cache.h"
#include "log/log.h"

enum {
    ACCEPTS_AT_ONCE = 64,
    IDLE_WAIT_MS = 200, /* how long the loop sleeps when nothing is due */
    BUSY_WAIT_MS = 10,  /* while queries wait for a position */
    GUESTS_US = 50,     /* between looks whether other threads are gone */
    ANSWER_BYTES = 512, /* of a record, looked ahead */
    UNSENT_MS = 20000,  /* bytes that a client does not take for this long close its connection */
};

/* How long closing connections may take when the server stops. */
#define LAST_WORDS_US INT64_C(1000000)

/* --- what other threads leave --- */

bool hub_loop_enter(struct hub_loop *self)
{
    atomic_fetch_add(&self->guests, 1);
    bool is_there = atomic_load(&self->is_ready);
    if (!is_there) {
        hub_loop_leave(self);
    }
    return is_there;
}

void hub_loop_leave(struct hub_loop *self)
{
    atomic_fetch_sub(&self->guests, 1);
}

/* Let no other thread in any more, and wait for those that are. None of them waits for a loop. */
static void shut_out(struct hub_loop *self)
{
    atomic_store(&self->is_ready, false);
    while (atomic_load(&self->guests) > 0) {
        usleep(GUESTS_US);
    }
}

void hub_loop_stir(struct hub_loop *self)
{
    if (!hub_loop_enter(self)) {
        return;
    }
    if (!atomic_exchange(&self->stirred, true)) {
        h2o_multithread_send_message(&self->receiver, &self->message);
    }
    hub_loop_leave(self);
}

/* Another core wrote these; meanwhile an answer before them is sent. What stands behind an answer is known one turn later. */
static void expect(const struct hub_answer *next)
{
    if (next != NULL) {
        hub_cache_read(next->record, ANSWER_BYTES);
    }
    if (next != NULL && next->next != NULL) {
        hub_cache_read(next->next, sizeof *next);
    }
}

static void take_answers(struct hub_loop *self)
{
    struct hub_answer *answer = atomic_exchange(&self->answers, NULL);
    while (answer != NULL) {
        struct hub_answer *next = answer->next;
        expect(next);
        struct hub_expect *expect = hub_tickets_take(self->tickets, answer->ticket.number);
        answer->next = NULL;
        if (expect != NULL) {
            expect->ops->on_answer(expect, answer);
        } else {
            atomic_fetch_add_explicit(&self->unclaimed, 1, memory_order_relaxed);
            hub_answer_destroy(&answer);
        }
        answer = next;
    }
}

static void take_jobs(struct hub_loop *self)
{
    struct hub_job *job = atomic_exchange(&self->jobs, NULL);
    while (job != NULL) {
        struct hub_job *next = job->next;
        struct hub_expect *expect = hub_tickets_take(self->tickets, job->ticket.number);
        if (expect != NULL) {
            expect->ops->on_job(expect, job);
        } else {
            hub_job_destroy(&job);
        }
        job = next;
    }
}

static void run_waits(struct hub_loop *self)
{
    const struct hub_server_options *options = &self->server->options;
    if (self->waits.count > 0) {
        hub_waits_run(&self->waits, hub_views_position(options->views).sequence, hub_tick_us(options->world));
    }
}

/* The message is unlinked before `stirred` is reset and the lists are emptied after, so whatever is left here later sends
 * the message again. */
static void on_message(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    struct hub_loop *self = H2O_STRUCT_FROM_MEMBER(struct hub_loop, receiver, receiver);
    (void) messages; /* nothing but ours */
    h2o_linklist_unlink(&self->message.link);
    atomic_store(&self->stirred, false);
    take_answers(self);
    take_jobs(self);
    (void) hub_live_take(self->live);
    run_waits(self);
}

/* --- connections --- */

static void on_accept(h2o_socket_t *listener, const char *error)
{
    struct hub_loop *self = listener->data;
    h2o_socket_t *sock;
    int unsent_ms = UNSENT_MS;
    if (error != NULL) {
        return;
    }
    for (int i = 0; i < ACCEPTS_AT_ONCE && (sock = h2o_evloop_socket_accept(listener)) != NULL; i++) {
        atomic_fetch_add_explicit(&self->connections, 1, memory_order_relaxed);
        setsockopt(h2o_socket_get_fd(sock), IPPROTO_TCP, TCP_USER_TIMEOUT, &unsent_ms, sizeof unsent_ms);
        if (self->server->options.http2) {
            hub_http2_accept(self, sock);
        }
        h2o_accept(&self->accept, sock);
    }
}

static void begin(struct hub_loop *self)
{
    struct hub_server *server = self->server;
    const struct hub_server_options *options = &server->options;
    h2o_context_init(&self->context, h2o_evloop_create(), &server->config);
    self->accept = (h2o_accept_ctx_t){ .ctx = &self->context, .hosts = server->config.hosts, .ssl_ctx = server->ssl };
    self->listener = h2o_evloop_socket_create(self->context.loop, self->listener_fd, H2O_SOCKET_FLAG_DONT_READ);
    self->listener->data = self;
    h2o_multithread_register_receiver(self->context.queue, &self->receiver, on_message);
    h2o_linklist_init_anchor(&self->known);
    self->tickets = hub_tickets_new(self->number, HUB_TICKETS_MAX);
    hub_waits_init(&self->waits);
    self->credentials = hub_credentials_new(options->views, options->world, options->rate_per_s, options->rate_burst);
    self->recall = hub_recall_new();
    self->opened = hub_opened_new();
    self->live = hub_live_new(self);
    hub_buf_init(&self->body);
    self->port = hub_port_new(options->runtime);
    hub_port_gather(self->port);
    atomic_store(&self->is_ready, true);
    h2o_socket_read_start(self->listener, on_accept);
}

/* No new connections; requests that still come on open ones are the last of theirs. HTTP/2 is told once: after its second
 * GOAWAY h2o would turn in a circle over a CONTINUATION. */
static void stop_listening(struct hub_loop *self)
{
    if (self->listener == NULL) {
        return;
    }
    h2o_context_request_shutdown(&self->context);
    h2o_timeout_unlink(&self->context.http2._graceful_shutdown_timeout);
    h2o_socket_read_stop(self->listener);
    h2o_socket_close(self->listener);
    self->listener = NULL;
    hub_live_close_all(self->live);
}

static int shut(h2o_req_t *req, void *unused)
{
    (void) unused;
    shutdown(h2o_socket_get_fd(req->conn->callbacks->get_socket(req->conn)), SHUT_RDWR);
    return 0;
}

static bool has_connections(struct hub_loop *self)
{
    return !h2o_linklist_is_empty(&self->context.http1._conns) || !h2o_linklist_is_empty(&self->context.http2._conns);
}

/* Requests under way are answered that the hub stops; then each connection is shut, which h2o sees as its end. What was
 * answered over HTTP/2 is written in the round after. */
static void close_connections(struct hub_loop *self)
{
    const struct hub_world *world = self->server->options.world;
    int64_t until_us = hub_tick_us(world) + LAST_WORDS_US;
    while (self->live->first != NULL) {
        struct hub_live_socket *socket = self->live->first;
        hub_live_socket_destroy(&socket);
    }
    hub_tickets_expire(self->tickets, INT64_MAX);
    hub_waits_run(&self->waits, 0, INT64_MAX);
    h2o_evloop_run(self->context.loop, 0);
    while (has_connections(self) && hub_tick_us(world) < until_us) {
        self->context.globalconf->http1.callbacks.foreach_request(&self->context, shut, NULL);
        hub_http2_shut_all(self);
        h2o_evloop_run(self->context.loop, BUSY_WAIT_MS);
        hub_port_flush(self->port);
        hub_tickets_expire(self->tickets, INT64_MAX);
        hub_waits_run(&self->waits, 0, INT64_MAX);
    }
}

/* h2o cannot let go of a context that still has connections; such a one (a client that never went) is left to the end of
 * the process. */
static void end(struct hub_loop *self)
{
    h2o_loop_t *loop = self->context.loop;
    stop_listening(self);
    close_connections(self);
    hub_port_destroy(&self->port);
    shut_out(self);
    if (has_connections(self)) {
        return;
    }
    h2o_evloop_run(loop, 0);
    h2o_multithread_unregister_receiver(self->context.queue, &self->receiver);
    h2o_context_dispose(&self->context);
    h2o_evloop_run(loop, 0);
    h2o_evloop_destroy(loop);
    hub_tickets_destroy(&self->tickets);
}

void *hub_loop_run(void *loop)
{
    struct hub_loop *self = loop;
    struct hub_server *server = self->server;
    const struct hub_world *world = server->options.world;
    (void) pthread_setname_np(pthread_self(), "hub-loop");
    bool has_more = false; /* to be sent to WebSockets */
    begin(self);
    while (!atomic_load(&server->stopping)) {
        int wait_ms = self->waits.count > 0 ? BUSY_WAIT_MS : IDLE_WAIT_MS;
        self->round++;
        h2o_evloop_run(self->context.loop, has_more ? 0 : wait_ms);
        has_more = hub_live_take(self->live);
        run_waits(self);
        hub_live_tick(self->live);
        hub_http2_tick(self);
        hub_port_flush(self->port);
        hub_tickets_expire(self->tickets, hub_tick_us(world));
        if (atomic_load_explicit(&server->draining, memory_order_relaxed)) {
            stop_listening(self);
        }
    }
    end(self);
    return NULL;
}

void hub_loop_done(struct hub_loop *self)
{
    struct hub_answer *answer = atomic_exchange(&self->answers, NULL);
    struct hub_job *job = atomic_exchange(&self->jobs, NULL);
    while (answer != NULL) {
        struct hub_answer *next = answer->next;
        hub_answer_destroy(&answer);
        answer = next;
    }
    while (job != NULL) {
        struct hub_job *next = job->next;
        hub_job_destroy(&job);
        job = next;
    }
    hub_live_destroy(&self->live); /* not before: other threads leave batches there */
    hub_credentials_destroy(&self->credentials);
    hub_recall_destroy(&self->recall);
    hub_opened_destroy(&self->opened);
    hub_buf_done(&self->body);
}
