/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A call: one request on its way through the hub. It lies in the request's memory and dies with it; whatever it waits for
 * then finds nobody. Only its loop's thread touches it. */
#ifndef HUB_API_CALL_H
#define HUB_API_CALL_H

#include "api/serving.h"

/* The headers of a request that the hub looks at; absent ones are empty with at == NULL. */
struct hub_call_headers {
    struct hub_span authorization, cookie, content_type, accept, if_match, origin, idempotency_key, min_position,
        traceparent, preflight, purpose;
};

struct hub_shown;

struct hub_call {
    struct hub_expect expect; /* for an answer or a job */
    struct hub_wait wait;     /* for a position */
    h2o_req_t *req;
    struct hub_loop *loop;
    const struct hub_ready_route *ready; /* NULL until the path is known */
    struct hub_call_headers headers;
    struct hub_span path, query;              /* of the URL, encoded */
    struct hub_span params[HUB_ROUTE_PARAMS]; /* parts of the path, encoded */
    struct hub_caller caller;
    struct hub_digest token; /* of the credential */
    bool by_cookie, is_login, answered;
    struct hub_rate rate;

    /* Until it is sent a command is here, with its arena; a query or function has an arena of its own. */
    struct hub_command *command;
    struct hub_arena *arena;

    /* A query. */
    const struct hub_query_info *asks;
    const void *ask_params;
    struct hub_shown *shown;          /* whose data the answer shows; NULL: that is not noted */
    struct hub_name *names;           /* HUB_KINDS of them, in the arena */
    struct hub_span at, min_position; /* of the URL, decoded */
    int64_t until_tick_us;            /* of a long poll: when it answers that there is nothing; 0: it is none yet */
    uint64_t behind;                  /* of a long poll: nothing was found up to here */
    struct hub_position min;          /* what the views must have reached */
    uint64_t erasures;                /* of keys, before the answer was opened */

    /* What goes on when something comes back; and a reply that is held until the views show it. */
    void (*on_answer)(struct hub_call *self, struct hub_answer *answer);
    void (*go_on)(struct hub_call *self, struct hub_answer *answer); /* with a reply that is no refusal */
    void (*on_job)(struct hub_call *self, struct hub_job *job);
    void (*on_dispose)(struct hub_call *self);
    struct hub_answer *held;
    void *own; /* a function's memory, in the request's */

    /* The answer's head, filled on the way. */
    struct hub_position position;       /* 0: the commit position */
    struct hub_span position_text;      /* once it was printed */
    uint64_t version;                   /* 0: no ETag */
    h2o_iovec_t location, link, cookie; /* base NULL: none */
    uint32_t allowed;                   /* methods, for 405 and preflights */
};

/* The h2o handler of every request. */
int hub_call_on_request(h2o_handler_t *handler, h2o_req_t *req);

/* The call's arena, made when first asked for. */
struct hub_arena *hub_call_arena(struct hub_call *self);

/* The query's or function's names, zeroed, in its arena. */
struct hub_name *hub_call_names(struct hub_call *self);

/* Open a ticket. False when all are open: the call is answered then. */
bool hub_call_open_ticket(struct hub_call *self, struct hub_ticket *ret_ticket);

/* Give a job to a helper; `on_job` gets it back. Answers 503 itself when the helper is busy. */
void hub_call_give(struct hub_call *self, struct hub_helper *helper, struct hub_job *job,
                   void (*on_job)(struct hub_call *self, struct hub_job *job));

/* Wait until the views have reached a position, at most `patience_us`, then go on (perhaps at once). */
void hub_call_wait(struct hub_call *self, uint64_t sequence, int64_t patience_us,
                   void (*on_ready)(struct hub_wait *wait, int reached));

/* The call that waits. */
struct hub_call *hub_call_of_wait(struct hub_wait *wait);

/* A copy in the request's memory. */
h2o_iovec_t hub_call_keep(struct hub_call *self, struct hub_span bytes);

#endif
