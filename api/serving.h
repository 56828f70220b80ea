/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The inside of the server: what its loops share, and one loop. Only api/ includes this. */
#ifndef HUB_API_SERVING_H
#define HUB_API_SERVING_H

#include <pthread.h>
#include <stdatomic.h>

#define H2O_USE_LIBUV 0
#include <h2o.h>

#include "api/credentials.h"
#include "api/job.h"
#include "api/router.h"
#include "api/server.h"
#include "api/waits.h"

enum {
    HUB_LOOPS_MAX = 64,
    HUB_BODY_MAX = 1 << 20,        /* bytes of a request's body */
    HUB_HEADERS_MAX_BYTES = 16384, /* of a request's head, names and values */
    HUB_BULK_MAX = 1000,           /* items of a bulk request */
    HUB_TICKETS_MAX = 65536,       /* requests under way per loop */
    HUB_PASSWORDS_AT_ONCE = 16,
};

/* How long a request may take, microseconds. */
#define HUB_PATIENCE_US INT64_C(30000000)      /* until an actor has answered */
#define HUB_ASKED_POSITION_US INT64_C(2000000) /* until a view has reached the position that was asked for */
#define HUB_OWN_WRITES_US INT64_C(250000)      /* until it has reached what was there when the query came */
#define HUB_PAST_US INT64_C(2000000)           /* until a moment of the past is folded */

struct hub_feed;
struct hub_presence;
struct hub_interest;
struct hub_throttle;
struct hub_live;

/* Clocks are not looked at for every request. */
enum { HUB_TIMED_EVERY = 16 };

struct hub_loop {
    struct hub_server *server;
    uint32_t number;
    pthread_t thread;
    bool is_running;      /* the thread was made */
    atomic_bool is_ready; /* other threads may enter */
    atomic_uint guests;   /* other threads that are in it: it goes when they are gone */
    int listener_fd;      /* -1: none */
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    h2o_socket_t *listener;    /* NULL: not listening any more */
    h2o_linklist_t known;      /* connections, where HTTP/2 is offered */
    uint64_t round;            /* of the loop, counted */
    uint64_t looked_ms;        /* when requests of HTTP/2 were last looked at */
    h2o_generator_t generator; /* of every answer: nothing more to come, nothing to stop */
    struct hub_port *port;
    struct hub_tickets *tickets;
    struct hub_waits waits;
    struct hub_credentials *credentials;
    struct hub_live *live; /* its WebSockets */
    struct hub_recall *recall;
    struct hub_opened *opened; /* ids in answers */
    struct hub_buf body;       /* an answer on its way into its request's memory */

    /* What other threads leave here; `message` is on its way while `stirred`. */
    h2o_multithread_receiver_t receiver;
    h2o_multithread_message_t message;
    atomic_bool stirred;
    _Atomic(struct hub_answer *) answers;
    _Atomic(struct hub_job *) jobs;

    /* Figures for /metrics, read by any thread. */
    atomic_ullong requests, problems, unclaimed, connections, calmed;
    atomic_ullong under_way; /* requests that are not answered yet */
    atomic_bool waiting;     /* queries wait for the views */
    /* Of one request in HUB_TIMED_EVERY: reading a command, and writing its answer. */
    atomic_ullong parsed, parse_us, replied, reply_us;
};

struct hub_server {
    struct hub_server_options options;
    struct hub_router *router;
    h2o_globalconf_t config;
    SSL_CTX *ssl;
    uint16_t port;
    unsigned loop_count;
    _Atomic bool serving; /* loops exist: callbacks may reach them */
    atomic_bool draining, stopping;
    struct hub_loop *loops;
    struct hub_helper *past;          /* folds moments of the past */
    struct hub_helper *scans;         /* reads the log itself, and accesses */
    struct hub_helper *passwords;     /* hashes passwords */
    struct hub_helper *resumes;       /* reads what sockets missed */
    struct hub_presence *presence;    /* which people have sockets */
    struct hub_interest *interest;    /* what sockets listen to */
    struct hub_feed *feed;            /* renders what happens for them */
    struct hub_throttle *throttle;    /* how often passwords are guessed */
    char *dummy_hash;                 /* what the password of an unknown person is compared with */
    struct hub_buf openapi, asyncapi; /* printed once */
    int64_t started_us;               /* monotone clock */
};

/* Hand a job that is done back to the loop that asked. Any thread. */
void hub_server_on_job(void *server, struct hub_job *job);

/* Hand a batch of frames to all loops. Takes it over. Any thread. */
struct hub_batch;
void hub_server_spread(struct hub_server *self, struct hub_batch *batch);

/* Before another thread uses a loop, and after. False when it is not there yet or any more: then there is nothing to leave. */
bool hub_loop_enter(struct hub_loop *self);
void hub_loop_leave(struct hub_loop *self);

/* Wake a loop, if it is there. Any thread. */
void hub_loop_stir(struct hub_loop *self);

/* A loop's thread, from its first breath to its last: server, number and listener_fd are filled. Returns NULL. */
void *hub_loop_run(void *loop);

/* Free what was left in it, when its thread is gone. */
void hub_loop_done(struct hub_loop *self);

#endif
