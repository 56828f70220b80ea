/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The server: settings, sockets, TLS, threads, and the way of answers from workers to loops. */
#include "api/server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/call.h"
#include "api/http2.h"
#include "api/live/asyncapi.h"
#include "api/live/feed.h"
#include "api/live/live.h"
#include "api/live/presence.h"
#include "api/openapi.h"
#include "api/password.h"
#include "api/refusal.h"
#include "api/throttle.h"
#include "base/memory.h"

enum { REQUEST_TIMEOUT_MS = 30000, PAST_QUEUE = 64, RESUME_QUEUE = 4096, DRAIN_STEP_US = 5000 };

struct hub_server *hub_server_new(void)
{
    return hub_memory_zero(sizeof(struct hub_server));
}

/* --- from other threads to the loops --- */

/* Put a list, linked by `next` from first to last, in front of a shared one. */
#define PUSH(shared, first, last)                                             \
    do {                                                                      \
        (last)->next = atomic_load(shared);                                   \
        while (!atomic_compare_exchange_weak(shared, &(last)->next, first)) { \
        }                                                                     \
    } while (0)

static struct hub_loop *loop_of(struct hub_server *self, const struct hub_ticket *ticket)
{
    bool serving = atomic_load_explicit(&self->serving, memory_order_acquire);
    return serving && ticket->number != 0 && ticket->loop < self->loop_count ? &self->loops[ticket->loop] : NULL;
}

/* Neighbours in the list that are for the same loop travel together. */
void hub_server_on_answers(void *arg, struct hub_answer *answers)
{
    struct hub_server *self = arg;
    while (answers != NULL) {
        struct hub_loop *loop = loop_of(self, &answers->ticket);
        struct hub_answer *first = answers, *last = answers;
        answers = answers->next;
        if (loop == NULL) {
            hub_answer_destroy(&first);
            continue;
        }
        while (answers != NULL && loop_of(self, &answers->ticket) == loop) {
            last = answers;
            answers = answers->next;
        }
        PUSH(&loop->answers, first, last);
        hub_loop_stir(loop);
    }
}

void hub_server_on_job(void *server, struct hub_job *job)
{
    struct hub_loop *loop = loop_of(server, &job->ticket);
    if (loop == NULL) {
        hub_job_destroy(&job);
        return;
    }
    PUSH(&loop->jobs, job, job);
    hub_loop_stir(loop);
}

void hub_server_on_views_moved(void *arg, struct hub_position at)
{
    struct hub_server *self = arg;
    (void) at;
    if (!atomic_load_explicit(&self->serving, memory_order_acquire)) {
        return;
    }
    hub_feed_moved(self->feed);
    for (unsigned i = 0; i < self->loop_count; i++) {
        if (atomic_load_explicit(&self->loops[i].waiting, memory_order_relaxed)) {
            hub_loop_stir(&self->loops[i]);
        }
    }
}

void hub_server_spread(struct hub_server *self, struct hub_batch *batch)
{
    for (unsigned i = 0; i < self->loop_count; i++) {
        struct hub_loop *loop = &self->loops[i];
        if (hub_loop_enter(loop)) {
            hub_live_leave_batch(loop->live, hub_batch_hold(batch));
            hub_loop_stir(loop);
            hub_loop_leave(loop);
        }
    }
    hub_batch_drop(&batch);
}

static bool is_busy(void *arg)
{
    struct hub_server *self = arg;
    bool is = false;
    for (unsigned i = 0; i < self->loop_count && !is; i++) {
        struct hub_loop *loop = &self->loops[i];
        if (hub_loop_enter(loop)) {
            is = atomic_load(&loop->live->under_way) > 0;
            hub_loop_leave(loop);
        }
    }
    return is;
}

static void on_batch(void *arg, struct hub_batch *batch)
{
    hub_server_spread(arg, batch);
}

/* --- sockets and TLS --- */

static int fail(char *ret_why, size_t why_size, const char *what, const char *why)
{
    snprintf(ret_why, why_size, "%s: %s.", what, why);
    return -1;
}

static int bound_socket(const struct addrinfo *at, bool shared)
{
    int on = 1;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shared) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at;
    socklen_t len = sizeof at;
    memset(&at, 0, sizeof at);
    if (getsockname(fd, &at.any, &len) < 0) {
        return 0;
    }
    return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

/* One socket per loop on the same port; the first one decides which, when any will do. */
static int listen_all(struct hub_server *self, char *ret_why, size_t why_size)
{
    const char *host = self->options.host != NULL ? self->options.host : "127.0.0.1";
    self->port = self->options.port;
    for (unsigned i = 0; i < self->loop_count; i++) {
        char port[8];
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *at = NULL;
        snprintf(port, sizeof port, "%u", (unsigned) self->port);
        int failed = getaddrinfo(host, port, &hints, &at);
        if (failed != 0) {
            return fail(ret_why, why_size, host, gai_strerror(failed));
        }
        self->loops[i].listener_fd = bound_socket(at, self->loop_count > 1);
        freeaddrinfo(at);
        if (self->loops[i].listener_fd < 0) {
            char what[96];
            snprintf(what, sizeof what, "cannot listen on %s:%s", host, port);
            return fail(ret_why, why_size, what, strerror(errno));
        }
        self->port = port_of(self->loops[i].listener_fd);
    }
    return 0;
}

static int open_tls(struct hub_server *self, char *ret_why, size_t why_size)
{
    const struct hub_server_options *options = &self->options;
    if (options->tls_cert == NULL && options->tls_key == NULL) {
        return 0;
    }
    if (options->tls_cert == NULL || options->tls_key == NULL) {
        return fail(ret_why, why_size, "TLS", "it needs both a certificate and a key");
    }
    self->ssl = SSL_CTX_new(TLS_server_method());
    if (self->ssl == NULL || SSL_CTX_set_min_proto_version(self->ssl, TLS1_2_VERSION) != 1) {
        return fail(ret_why, why_size, "TLS", "OpenSSL has no context to give");
    }
    SSL_CTX_set_options(self->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (SSL_CTX_use_certificate_chain_file(self->ssl, options->tls_cert) != 1) {
        return fail(ret_why, why_size, options->tls_cert, ERR_reason_error_string(ERR_peek_last_error()));
    }
    if (SSL_CTX_use_PrivateKey_file(self->ssl, options->tls_key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(self->ssl) != 1) {
        return fail(ret_why, why_size, options->tls_key, ERR_reason_error_string(ERR_peek_last_error()));
    }
    if (options->http2) {
        h2o_ssl_register_alpn_protocols(self->ssl, hub_http2_protocols);
    }
    return 0;
}

static void prepare_h2o(struct hub_server *self)
{
    h2o_config_init(&self->config);
    self->config.server_name = h2o_iovec_init("", 0);
    self->config.max_request_entity_size = 2 * HUB_BODY_MAX;
    self->config.http1.req_timeout = REQUEST_TIMEOUT_MS;
    self->config.http1.upgrade_to_http2 = 0;
    self->config.http2.idle_timeout = REQUEST_TIMEOUT_MS;
    h2o_hostconf_t *host = h2o_config_register_host(&self->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = hub_call_on_request;
    hub_refusal_register(&host->fallback_path);
}

/* --- life --- */

static int start_threads(struct hub_server *self, char *ret_why, size_t why_size)
{
    unsigned at_once = self->options.queries_at_once;
    sigset_t all, before;
    self->past = hub_helper_new(at_once != 0 ? at_once : PAST_QUEUE, hub_server_on_job, self);
    self->passwords = hub_helper_new(HUB_PASSWORDS_AT_ONCE, hub_server_on_job, self);
    self->scans = hub_helper_new(PAST_QUEUE, hub_server_on_job, self);
    self->resumes = hub_helper_new(RESUME_QUEUE, hub_server_on_job, self);
    const struct hub_feed_options feed = { .world = self->options.world,
                                           .log = self->options.log,
                                           .keys = self->options.keys,
                                           .views = self->options.views,
                                           .interest = self->interest,
                                           .on_batch = on_batch,
                                           .is_busy = is_busy,
                                           .arg = self };
    self->feed = hub_feed_new(&feed);
    bool fine = self->past != NULL && self->passwords != NULL && self->resumes != NULL && self->scans != NULL &&
                self->feed != NULL;
    atomic_store_explicit(&self->serving, true, memory_order_release);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (unsigned i = 0; fine && i < self->loop_count; i++) {
        struct hub_loop *loop = &self->loops[i];
        loop->is_running = pthread_create(&loop->thread, NULL, hub_loop_run, loop) == 0;
        fine = loop->is_running;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fine ? 0 : fail(ret_why, why_size, "threads", "the system has none to give");
}

int hub_server_start(struct hub_server *self, const struct hub_server_options *options, char *ret_why, size_t why_size)
{
    self->options = *options;
    self->started_us = hub_tick_us(options->world);
    unsigned loops = options->loops == 0 ? 1 : options->loops;
    self->loop_count = loops < HUB_LOOPS_MAX ? loops : HUB_LOOPS_MAX;
    self->loops = hub_memory_zero(self->loop_count * sizeof *self->loops);
    for (unsigned i = 0; i < self->loop_count; i++) {
        self->loops[i].server = self;
        self->loops[i].number = i;
        self->loops[i].listener_fd = -1;
    }
    self->router = hub_router_new();
    self->interest = hub_interest_new();
    self->presence = hub_presence_new();
    hub_presence_expect_all(self->presence, options);
    hub_openapi_print(&self->openapi);
    hub_asyncapi_print(&self->asyncapi);
    self->throttle = hub_throttle_new(options->world);
    self->dummy_hash = hub_password_dummy(options->password_light);
    if (self->dummy_hash == NULL) {
        return fail(ret_why, why_size, "passwords", "there is not enough memory to hash one");
    }
    if (open_tls(self, ret_why, why_size) < 0 || listen_all(self, ret_why, why_size) < 0) {
        return -1;
    }
    prepare_h2o(self);
    return start_threads(self, ret_why, why_size);
}

uint16_t hub_server_port(const struct hub_server *self)
{
    return self->port;
}

static bool has_work(struct hub_server *self)
{
    for (unsigned i = 0; i < self->loop_count; i++) {
        struct hub_loop *loop = &self->loops[i];
        if (atomic_load(&loop->under_way) > 0 ||
            (atomic_load(&loop->is_ready) && atomic_load(&loop->live->sockets) > 0)) {
            return true;
        }
    }
    return false;
}

void hub_server_drain(struct hub_server *self, int64_t patience_us)
{
    if (self->loops == NULL) {
        return;
    }
    const struct hub_world *world = self->options.world;
    int64_t until_us = hub_tick_us(world) + patience_us;
    atomic_store(&self->draining, true);
    for (unsigned i = 0; i < self->loop_count; i++) {
        hub_loop_stir(&self->loops[i]);
    }
    while (has_work(self) && hub_tick_us(world) < until_us) {
        usleep(DRAIN_STEP_US);
    }
}

void hub_server_stop(struct hub_server *self)
{
    if (self->loops == NULL) {
        return;
    }
    atomic_store(&self->draining, true);
    atomic_store(&self->stopping, true);
    hub_feed_stop(self->feed); /* it goes with the server, as the views stop later than this and tell it */
    for (unsigned i = 0; i < self->loop_count; i++) {
        struct hub_loop *loop = &self->loops[i];
        hub_loop_stir(loop);
        if (loop->is_running) {
            pthread_join(loop->thread, NULL);
            loop->is_running = false;
        } else if (loop->listener_fd >= 0) {
            close(loop->listener_fd);
        }
        loop->listener_fd = -1;
    }
    hub_helper_destroy(&self->resumes);
    hub_helper_destroy(&self->scans);
    hub_helper_destroy(&self->past);
    hub_helper_destroy(&self->passwords);
}

void hub_server_destroy(struct hub_server **self_p)
{
    struct hub_server *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    hub_server_stop(self);
    for (unsigned i = 0; i < self->loop_count; i++) {
        hub_loop_done(&self->loops[i]);
    }
    if (self->config.hosts != NULL) {
        h2o_config_dispose(&self->config);
    }
    SSL_CTX_free(self->ssl);
    hub_feed_destroy(&self->feed);
    hub_presence_destroy(&self->presence);
    hub_interest_destroy(&self->interest);
    hub_router_destroy(&self->router);
    hub_buf_done(&self->openapi);
    hub_buf_done(&self->asyncapi);
    hub_throttle_destroy(&self->throttle);
    free(self->dummy_hash);
    free(self->loops);
    free(self);
}
