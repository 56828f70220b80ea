/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What clients say over a socket. The rows are in clients.def; what a row does follows from what it names, as with routes:
 *
 *   .run                  a function
 *   .command              a command for an actor; its reply is the answer, of type .reply
 *   .command .then        ... and the answer is what this query makes of the reply, when the views have caught up
 *   .query                a question to the views, answered with type .reply
 *
 *     CLIENT(b, "assign_agent", .roles = HUB_MAY_WORK, .said = &assign_agent_shape, .command = &assign_customer_shape,
 *            .target = KIND_customer, .then = &hub_query_assigned, .reply = "agent_assigned", .doc = "...")
 *
 * The payload (A), the data (B), or with .flat the whole frame, is read into a record of .said; without .said into one of the
 * command's or query's own shape. A refusal becomes a frame of type error. */
#ifndef HUB_API_LIVE_CLIENT_H
#define HUB_API_LIVE_CLIENT_H

#include "api/live/live.h"

enum { HUB_CLIENT_ASKS_MAX = 16 }; /* commands and questions under way, per socket */

/* One thing that a client said. */
struct hub_said {
    struct hub_live_socket *socket;
    const struct hub_client_row *row;
    const struct live_said *head;
    const void *record;      /* of row->said */
    struct hub_arena *arena; /* until the function returns */
};

struct hub_client_row {
    uint8_t contract; /* enum hub_contract */
    const char *type;
    bool flat;      /* members stand beside the type */
    uint32_t roles; /* who may; 0: whoever may listen */
    const struct hub_shape *said;
    void (*run)(const struct hub_said *said);

    const struct hub_shape *command;
    uint8_t target;   /* kind that decides */
    uint8_t internal; /* last fields of the command or of the query that no client may set */
    const struct hub_query_info *query;
    const struct hub_query_info *then;
    const char *reply; /* type of the answer: a SAID row of frames.def, whose payload is the reply's or query's shape */
    /* With .said: makes the command's or query's record out of what was said. Also fills internal fields (who asks). */
    void (*prepare)(const struct hub_said *said, void *record, struct hub_arena *arena);
    const char *doc;
};

/* The rows, and how many. */
const struct hub_client_row *hub_client_rows(size_t *ret_count);

/* A whole message came. */
void hub_client_said(struct hub_live_socket *socket, struct hub_span text);

/* Nobody waits for answers any more: the socket closes. */
void hub_client_forget(struct hub_live_socket *socket);

/* Say what was wrong. request: type of the frame that is answered, or "". */
void hub_client_refuse(struct hub_live_socket *socket, const struct hub_fault *fault, const char *request);

/* The functions of clients.def. */
#define CLIENT(contract_, type_, ...)
#define RUN(name) void name(const struct hub_said *said);
#include "api/live/clients.def"
#undef CLIENT
#undef RUN

#endif
