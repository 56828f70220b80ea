/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A route: everything that can be said about one method of one path. The rows are in routes.def.
 *
 * What a row does follows from what it names:
 *   .command            the body (and the path's parts) is a command for an actor; its reply is the answer
 *   .command .then      ... and the answer is what this query makes of the reply, when the views have caught up
 *   .command .query     ... but a request for a moment of the past, or for a position, asks the views
 *   .command .each      the body is a list under that name; each item is a command of its own
 *   .query              the path's parts and the query's parameters ask the views
 *   .run                a function */
#ifndef HUB_API_ROUTE_H
#define HUB_API_ROUTE_H

#include "actors/kinds.h"
#include "api/live/interest.h"
#include "replay/query.h"

struct hub_call;

enum { HUB_ROUTE_PARTS = 6, HUB_ROUTE_REFERS = 4, HUB_ROUTE_PARAMS = 2 };

/* Who may: bits of 1 << role. No bit: anybody, without credentials. */
#define HUB_MAY(role) (1u << role_##role)
#define HUB_MAY_ADMIN HUB_MAY(admin)
#define HUB_MAY_BULK (HUB_MAY_ADMIN | HUB_MAY(supervisor) | HUB_MAY(service))
#define HUB_MAY_WORK (HUB_MAY_BULK | HUB_MAY(agent))
#define HUB_MAY_READ (HUB_MAY_WORK | HUB_MAY(analyst) | HUB_MAY(auditor))
#define HUB_MAY_REPORT (HUB_MAY_ADMIN | HUB_MAY(supervisor) | HUB_MAY(analyst) | HUB_MAY(auditor) | HUB_MAY(service))

enum hub_method {
    HUB_GET = 1,
    HUB_POST,
    HUB_PUT,
    HUB_DELETE,
    HUB_WS /* GET, to become a WebSocket: .run is hub_door_open */
};

/* Whose reading of a route's answer is noted as an access to personal data (docs/decisions/018-accesses.md). */
enum hub_personal {
    HUB_PERSONAL_no = 0,  /* its answer shows nothing of customers, or what it does is an event anyway */
    HUB_PERSONAL_moment,  /* of who is surely a person: programs ask this all the time */
    HUB_PERSONAL_history, /* of everybody but a program with a key of the role service */
};

struct hub_route {
    uint8_t method;   /* enum hub_method */
    const char *path; /* "/session/{session_id}": parts in braces are fields of the record */
    const char *tag;  /* chapter of the documentation */
    const char *doc;
    uint16_t status; /* of success; 0: 200 */
    uint32_t roles;
    bool operator_only; /* and only people of the company that runs the hub */
    uint8_t personal;   /* enum hub_personal */

    const struct hub_shape *command;
    uint8_t target;    /* kind that decides, when the request names one of it */
    uint8_t otherwise; /* kind that decides when it does not; 0: the target anyway */
    uint8_t internal;  /* last fields of the command that no request may set */
    const char *each;  /* name of the list in the body's shape */
    const struct hub_query_info *query;
    const struct hub_query_info *then;
    void (*run)(struct hub_call *call);

    const struct hub_shape *body;   /* of .run and .each; NULL: no body is read */
    const struct hub_shape *answer; /* of .command without .then, and of .run */
    const struct hub_shape *list;   /* the answer is a bare array: of records of this shape, the first field's */
    const char *media;              /* of .run: type of the answer when it is not JSON */
    char part;                      /* 'm' or 't': the path names a part of a session */
    bool settles;                   /* answer only when the views show it */
    bool if_match;                  /* If-Match is looked at */
    const char *option;             /* of .command with a body: a field that may stand in the query, too */
    void (*prepare)(struct hub_call *call); /* fills internal fields before sending; may answer the call itself */
    void (*finish)(struct hub_call *call, struct hub_answer *answer); /* looks at the reply before it is written */

    uint8_t contract; /* of WS: how it is spoken, enum hub_contract */
    uint8_t topic;    /* of WS: what is heard, enum hub_topic; the path's part names it */

    const char *location; /* of 201: path of what was made; the part in braces is a field of the reply */
};

/* The routes, and how many. */
const struct hub_route *hub_routes(size_t *ret_count);

#endif
