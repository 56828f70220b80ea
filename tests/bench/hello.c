/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-hello: h2o answering every request with the same bytes.
 *
 * This is the limit that the hub is measured against: same library, same answer, one loop thread, and nothing
 * behind it. The fields that h2o writes itself (Date, Server, Connection, Content-Length) are not to be given. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define H2O_USE_LIBUV 0
#include <h2o.h>

#include "tools/bench/address.h"
#include "tools/bench/file.h"
#include "tools/bench/options.h"

enum { HEADERS_MAX = HUB_TEXTS_MAX, NAME_MAX_BYTES = 64, ACCEPTS_AT_ONCE = 16 };

struct settings {
    const char *listen, *status, *server, *body, *body_file, *tls_cert, *tls_key;
    struct hub_texts headers;
};

static const struct hub_option rows[] = {
#include "tools/bench/option_rows.h"
#include "tests/bench/hello_options.def"
    { .name = NULL },
};

static const struct hub_options options = {
    .usage = "bench-hello [options]",
    .doc = "Answer every request with the same status, headers and body, on one h2o loop.",
    .rows = rows,
};

/* One header line, ready to be added. */
struct header {
    const h2o_token_t *token; /* NULL for a name that h2o does not know */
    char lower[NAME_MAX_BYTES];
    const char *name; /* as given; sent like this */
    size_t name_len;
    const char *value;
    size_t value_len;
};

struct hello {
    h2o_globalconf_t config;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    h2o_generator_t generator;
    int status;
    const char *reason;
    char *body_text; /* owned, when it came from a file */
    h2o_iovec_t body;
    struct header headers[HEADERS_MAX];
    size_t header_count;
};

struct handler {
    h2o_handler_t super;
    struct hello *hello;
};

static int on_request(h2o_handler_t *super, h2o_req_t *req)
{
    struct hello *self = ((struct handler *) super)->hello;
    req->res.status = self->status;
    req->res.reason = self->reason;
    req->res.content_length = self->body.len;
    for (size_t i = 0; i < self->header_count; i++) {
        struct header *header = &self->headers[i];
        if (header->token)
            h2o_add_header(&req->pool, &req->res.headers, header->token, header->name, header->value,
                           header->value_len);
        else
            h2o_add_header_by_str(&req->pool, &req->res.headers, header->lower, header->name_len, 0, header->name,
                                  header->value, header->value_len);
    }
    h2o_start_response(req, &self->generator);
    h2o_send(req, &self->body, 1, H2O_SEND_STATE_FINAL);
    return 0;
}

static void on_accept(h2o_socket_t *listener, const char *error)
{
    struct hello *self = listener->data;
    h2o_socket_t *sock;
    if (error)
        return;
    for (int i = 0; i < ACCEPTS_AT_ONCE && (sock = h2o_evloop_socket_accept(listener)); i++)
        h2o_accept(&self->accept, sock);
}

static bool read_header(const char *line, struct header *ret)
{
    const char *colon = strchr(line, ':');
    if (!colon || colon == line || colon - line >= NAME_MAX_BYTES)
        return false;
    ret->name = line;
    ret->name_len = (size_t) (colon - line);
    memcpy(ret->lower, line, ret->name_len);
    h2o_strtolower(ret->lower, ret->name_len);
    ret->token = h2o_lookup_token(ret->lower, ret->name_len);
    ret->value = colon + 1 + strspn(colon + 1, " \t");
    ret->value_len = strlen(ret->value);
    return true;
}

/* "201 Created" */
static bool read_status(struct hello *self, const char *text)
{
    char *end;
    long status = strtol(text, &end, 10);
    if (end == text || status < 200 || status > 599)
        return false;
    self->status = (int) status;
    self->reason = end + strspn(end, " ");
    return true;
}

static int read_body(struct hello *self, const struct settings *settings)
{
    size_t len = strlen(settings->body);
    if (settings->body_file) {
        int rc = hub_bench_file_read(settings->body_file, &self->body_text, &len);
        if (rc < 0) {
            fprintf(stderr, "bench-hello: cannot read %s: %s\n", settings->body_file, strerror(-rc));
            return -1;
        }
    }
    self->body = h2o_iovec_init(self->body_text ? self->body_text : settings->body, len);
    return 0;
}

static int prepare_answer(struct hello *self, const struct settings *settings)
{
    if (!read_status(self, settings->status)) {
        fprintf(stderr, "bench-hello: cannot use --status %s\n", settings->status);
        return -1;
    }
    for (size_t i = 0; i < settings->headers.count; i++) {
        if (!read_header(settings->headers.at[i], &self->headers[i])) {
            fprintf(stderr, "bench-hello: cannot use --header %s\n", settings->headers.at[i]);
            return -1;
        }
        self->header_count++;
    }
    return read_body(self, settings);
}

static void prepare_h2o(struct hello *self, const char *server)
{
    h2o_config_init(&self->config);
    if (server)
        self->config.server_name = h2o_iovec_init(server, strlen(server));
    h2o_hostconf_t *host = h2o_config_register_host(&self->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    struct handler *handler = (struct handler *) h2o_create_handler(path, sizeof *handler);
    handler->super.on_req = on_request;
    handler->hello = self;
    h2o_context_init(&self->context, h2o_evloop_create(), &self->config);
    self->accept.ctx = &self->context;
    self->accept.hosts = self->config.hosts;
}

/* As the hub does it, so that both have the same handshakes. */
static int prepare_tls(struct hello *self, const struct settings *settings)
{
    if (!settings->tls_cert)
        return 0;
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    if (!settings->tls_key || SSL_CTX_use_certificate_chain_file(ssl, settings->tls_cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(ssl, settings->tls_key, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "bench-hello: cannot use --tls-cert %s\n", settings->tls_cert);
        return -1;
    }
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    h2o_ssl_register_alpn_protocols(ssl, h2o_http2_alpn_protocols);
    self->accept.ssl_ctx = ssl;
    return 0;
}

/* Opens the listening socket and says on stdout where it is. Returns the socket, or -1. */
static int open_listener(const char *text, const char *scheme)
{
    int on = 1;
    struct hub_address address;
    struct sockaddr_in bound = { 0 };
    socklen_t len = sizeof bound;
    if (hub_address_resolve(text, &address) < 0 || address.at.ss_family != AF_INET)
        return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *) &address.at, address.len) < 0 || listen(fd, SOMAXCONN) < 0 ||
        getsockname(fd, (struct sockaddr *) &bound, &len) < 0) {
        close(fd);
        return -1;
    }
    address.host[strcspn(address.host, ":")] = '\0';
    printf("listening on %s://%s:%u\n", scheme, address.host, (unsigned) ntohs(bound.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    struct hello self = { 0 };
    struct settings settings = { .listen = "127.0.0.1:0", .status = "200 OK", .body = "hello\n" };
    signal(SIGPIPE, SIG_IGN); /* TLS says goodbye to clients that are gone */
    int rc = hub_options_read(&options, argc, argv, &settings);
    if (rc != 0)
        return rc < 0 ? 2 : 0;
    if (prepare_answer(&self, &settings) < 0 || prepare_tls(&self, &settings) < 0)
        return 2;
    int fd = open_listener(settings.listen, settings.tls_cert ? "https" : "http");
    if (fd < 0) {
        fprintf(stderr, "bench-hello: cannot listen on %s: %s\n", settings.listen, strerror(errno));
        return 1;
    }
    prepare_h2o(&self, settings.server);
    h2o_socket_t *listener = h2o_evloop_socket_create(self.context.loop, fd, H2O_SOCKET_FLAG_DONT_READ);
    listener->data = &self;
    h2o_socket_read_start(listener, on_accept);
    while (h2o_evloop_run(self.context.loop, INT32_MAX) == 0)
        continue;
    return 1;
}
