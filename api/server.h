/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The HTTP server: h2o loops between clients on one side and the runtime and the views on the other.
 *
 * Order of life: hub_server_new; views and runtime are opened with the server as argument of their callbacks;
 * hub_server_start; ...; hub_server_drain; hub_runtime_stop is called after hub_server_stop; hub_server_destroy last. */
#ifndef HUB_API_SERVER_H
#define HUB_API_SERVER_H

#include "actors/runtime.h"
#include "replay/views.h"

struct hub_access;
struct hub_server;

/* What a server works with. Everything is borrowed and must outlive it. */
struct hub_server_options {
    const struct hub_world *world;
    struct hub_log *log;
    struct hub_keyring *keys;
    struct hub_runtime *runtime;
    struct hub_views *views;
    const char *
        data_dir; /* of the log and what lies beside it: tree, signing key, accesses; NULL: neither certificates nor accesses */
    struct hub_access *access; /* where reads of personal data are noted; NULL: nowhere (tests of parts) */
    const char *host;          /* address to listen on, "127.0.0.1" or "::1"; NULL: 127.0.0.1 */
    uint16_t port;             /* 0: a free one, see hub_server_port */
    unsigned loops;            /* threads that serve, 1 .. 64; 0: one */
    const char *tls_cert;      /* PEM file with the chain; NULL: no TLS */
    const char *tls_key;       /* PEM file with the key */
    bool http2;               /* offer HTTP/2 over TLS: for clients that are trusted, see docs/decisions/019-http2.md */
    const char *cors_origins; /* origins that browsers may call from, separated by blanks or commas; NULL: none */
    uint32_t rate_per_s;      /* requests per second and credential; 0: no limit */
    uint32_t rate_burst;      /* at once; 0: twice the rate */
    uint32_t agent_gone_s;    /* a person without a socket for so long is lost; 0: 30 */
    uint32_t ping_s;          /* a socket that is silent for so long is pinged; 0: 22 */
    unsigned queries_at_once; /* questions about the past that may wait for their thread; 0: 64 */
    bool password_light;      /* tests only: argon2id with the least memory that libsodium allows */
    struct hub_zones *zones;  /* time zones; NULL: they are not checked */
};

/* A server that does nothing yet: a valid argument for the callbacks below. Never NULL. */
struct hub_server *hub_server_new(void);

/* Listen and serve, on threads of its own.
 *
 * ret_why  one sentence for the operator on failure (terminated)
 * Returns 0, or < 0: the address is taken, the certificate cannot be read ...; the server may then only be destroyed. */
int hub_server_start(struct hub_server *self, const struct hub_server_options *options, char *ret_why, size_t why_size);

/* The port that is listened on; 0 before hub_server_start. */
uint16_t hub_server_port(const struct hub_server *self);

/* Stop listening and wait until the requests under way are answered, at most `patience_us`. Answers say
 * `Connection: close`. Runtime and views must still run. Any thread but the server's own. */
void hub_server_drain(struct hub_server *self, int64_t patience_us);

/* Close what is open and join the threads. Call before the runtime stops: the loops' ports go here. */
void hub_server_stop(struct hub_server *self);

/* Free it; *self_p becomes NULL. Takes NULL. Nobody may call the callbacks any more: runtime and views are stopped. */
void hub_server_destroy(struct hub_server **self_p);

/* Callback of the runtime (hub_runtime_options.on_answers), arg is the server: takes over a list of answers, hands them to
 * the loops that wait for them. Answers that nobody waits for are freed. Any thread; never blocks. */
void hub_server_on_answers(void *arg, struct hub_answer *answers);

/* Callback of the views (hub_views_options.on_moved), arg is the server: queries that wait for a position may go on.
 * Any thread; never blocks. */
void hub_server_on_views_moved(void *arg, struct hub_position at);

#endif
