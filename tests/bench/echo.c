/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-echo: WebSockets on h2o with nothing behind them. A thread of h2o sends every message back; this one has so many sockets
 * that each send the next message when the last one came back. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define H2O_USE_LIBUV 0
#include <h2o.h>
#include <h2o/websocket.h>

#include "base/world.h"
#include "tools/bench/histogram.h"
#include "tools/bench/options.h"

enum { SOCKETS_MAX = 4096, BYTES_MAX = 125, FRAME_HEAD = 2, MASK = 4, EVENTS = 256, ANSWER_MAX = 1024 };

struct settings {
    uint64_t sockets, bytes;
    double seconds;
};

static const struct hub_option rows[] = {
#include "tools/bench/option_rows.h"
#include "tests/bench/echo_options.def"
    { .name = NULL },
};

static const struct hub_options options = {
    .usage = "bench-echo [options]",
    .doc = "Send WebSocket messages to an h2o in this process that sends them back; print rate and latency.",
    .rows = rows,
};

/* --- the server --- */

struct server {
    h2o_globalconf_t config;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    int fd;
};

static void on_message(h2o_websocket_conn_t *socket, const struct wslay_event_on_msg_recv_arg *message)
{
    if (!message) {
        h2o_websocket_close(socket);
        return;
    }
    if (!wslay_is_ctrl_frame(message->opcode)) {
        struct wslay_event_msg back = { message->opcode, message->msg, message->msg_length };
        wslay_event_queue_msg(socket->ws_ctx, &back);
    }
}

static int on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    const char *key;
    (void) handler;
    if (h2o_is_websocket_handshake(req, &key) != 0 || !key)
        return -1;
    h2o_upgrade_to_websocket(req, key, NULL, on_message);
    return 0;
}

static void on_accept(h2o_socket_t *listener, const char *error)
{
    struct server *self = listener->data;
    h2o_socket_t *sock;
    while (!error && (sock = h2o_evloop_socket_accept(listener)))
        h2o_accept(&self->accept, sock);
}

static void *serve(void *arg)
{
    struct server *self = arg;
    h2o_config_init(&self->config);
    h2o_hostconf_t *host = h2o_config_register_host(&self->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_create_handler(h2o_config_register_path(host, "/", 0), sizeof(h2o_handler_t))->on_req = on_request;
    h2o_context_init(&self->context, h2o_evloop_create(), &self->config);
    self->accept.ctx = &self->context;
    self->accept.hosts = self->config.hosts;
    h2o_socket_t *listener = h2o_evloop_socket_create(self->context.loop, self->fd, H2O_SOCKET_FLAG_DONT_READ);
    listener->data = self;
    h2o_socket_read_start(listener, on_accept);
    while (h2o_evloop_run(self->context.loop, INT32_MAX) == 0)
        continue;
    return NULL;
}

/* On a free port of the loopback address. Returns 0 or -1 with errno. */
static int start_server(struct server *self, struct sockaddr_in *ret_at)
{
    pthread_t thread;
    socklen_t len = sizeof *ret_at;
    *ret_at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (self->fd < 0 || bind(self->fd, (struct sockaddr *) ret_at, len) < 0 || listen(self->fd, SOMAXCONN) < 0 ||
        getsockname(self->fd, (struct sockaddr *) ret_at, &len) < 0)
        return -1;
    return pthread_create(&thread, NULL, serve, self) == 0 ? 0 : -1;
}

/* --- the clients --- */

struct client {
    int fd;
    size_t got; /* bytes of the message that comes back */
    int64_t sent_us;
};

struct clients {
    const struct settings *settings;
    struct client at[SOCKETS_MAX];
    int epoll;
    size_t frame_bytes, back_bytes;
    uint8_t frame[FRAME_HEAD + MASK + BYTES_MAX]; /* masked with zeros, so that it is the text itself */
    struct hub_histogram *latency;
};

static int say(struct clients *self, struct client *client)
{
    client->sent_us = hub_tick_us(hub_world_real());
    client->got = 0;
    return write(client->fd, self->frame, self->frame_bytes) == (ssize_t) self->frame_bytes ? 0 : -1;
}

static int open_client(struct clients *self, struct client *client, const struct sockaddr_in *at)
{
    static const char hello[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    char answer[ANSWER_MAX] = { 0 };
    int on = 1;
    size_t len = 0;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (const struct sockaddr *) at, sizeof *at) < 0 ||
        write(client->fd, hello, sizeof hello - 1) != (ssize_t) sizeof hello - 1)
        return -1;
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    while (!strstr(answer, "\r\n\r\n")) {
        ssize_t got = read(client->fd, answer + len, sizeof answer - 1 - len);
        if (got <= 0)
            return -1;
        len += (size_t) got;
    }
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
    return strncmp(answer, "HTTP/1.1 101", 12) == 0 ? epoll_ctl(self->epoll, EPOLL_CTL_ADD, client->fd, &event) : -1;
}

static int hear(struct clients *self, struct client *client)
{
    uint8_t bytes[FRAME_HEAD + BYTES_MAX];
    ssize_t got = read(client->fd, bytes, self->back_bytes - client->got);
    if (got <= 0)
        return -1;
    client->got += (size_t) got;
    if (client->got < self->back_bytes)
        return 0;
    hub_histogram_record(self->latency, hub_tick_us(hub_world_real()) - client->sent_us);
    return say(self, client);
}

static int measure(struct clients *self, const struct sockaddr_in *at, int64_t *ret_us)
{
    struct epoll_event events[EVENTS];
    const struct settings *settings = self->settings;
    int failed = 0;
    for (uint64_t i = 0; !failed && i < settings->sockets; i++)
        failed = open_client(self, &self->at[i], at);
    int64_t start_us = hub_tick_us(hub_world_real()), until_us = start_us + (int64_t) (settings->seconds * 1e6);
    for (uint64_t i = 0; !failed && i < settings->sockets; i++)
        failed = say(self, &self->at[i]);
    while (!failed && hub_tick_us(hub_world_real()) < until_us) {
        int count = epoll_wait(self->epoll, events, EVENTS, 100);
        for (int i = 0; !failed && i < count; i++)
            failed = hear(self, events[i].data.ptr);
    }
    *ret_us = hub_tick_us(hub_world_real()) - start_us;
    return failed;
}

static void prepare(struct clients *self, const struct settings *settings)
{
    self->settings = settings;
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    self->latency = hub_histogram_new();
    self->frame[0] = 0x81; /* whole, text */
    self->frame[1] = (uint8_t) (0x80 | settings->bytes);
    memset(self->frame + FRAME_HEAD + MASK, 'x', settings->bytes);
    self->frame_bytes = FRAME_HEAD + MASK + settings->bytes;
    self->back_bytes = FRAME_HEAD + settings->bytes;
}

int main(int argc, char **argv)
{
    static struct server server;
    static struct clients self;
    static struct settings settings = { .sockets = 64, .bytes = 100, .seconds = 2 };
    struct sockaddr_in at;
    int64_t took_us = 1;
    int rc = hub_options_read(&options, argc, argv, &settings);
    if (rc != 0)
        return rc < 0 ? 2 : 0;
    if (settings.sockets < 1 || settings.sockets > SOCKETS_MAX || settings.bytes < 1 || settings.bytes > BYTES_MAX) {
        fprintf(stderr, "bench-echo: the numbers have bounds; see --help\n");
        return 2;
    }
    prepare(&self, &settings);
    if (!self.latency || start_server(&server, &at) < 0 || measure(&self, &at, &took_us) < 0) {
        fprintf(stderr, "bench-echo: it failed: %s\n", strerror(errno));
        return 1;
    }
    printf("rate=%.1f\n", (double) hub_histogram_count(self.latency) * 1e6 / (double) took_us);
    printf("p50_us=%" PRId64 "\np99_us=%" PRId64 "\n", hub_histogram_percentile_us(self.latency, 50),
           hub_histogram_percentile_us(self.latency, 99));
    fflush(stdout);
    _exit(0); /* the server's thread has no end */
}
