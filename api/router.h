/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Finding the route of a request: a table by the first two parts of a path, then a comparison part by part. */
#ifndef HUB_API_ROUTER_H
#define HUB_API_ROUTER_H

#include "api/route.h"

/* A route made ready: what is worked out once at the start. Read by all threads, changed by none. */
struct hub_ready_route {
    const struct hub_route *route;
    struct hub_span parts[HUB_ROUTE_PARTS]; /* of the path; a parameter's part is its name, without braces */
    uint8_t part_count;
    uint8_t param_mask;     /* bit i: part i is a parameter */
    struct hub_shape read;  /* the body's shape without internal fields, where the path's fields need not be said */
    struct hub_shape shown; /* the same without the path's fields, for the documentation */
    const struct hub_shape
        *record; /* what is filled: the command's, the query's or the body's own shape; NULL: nothing */
    const struct hub_field *params[HUB_ROUTE_PARAMS];       /* fields of `record` that the path gives, in its order */
    const struct hub_field *query_params[HUB_ROUTE_PARAMS]; /* the same of the query's shape */
    const struct hub_field *option; /* a field of the command that may stand in the query; NULL: none */
    uint8_t param_count;
};

struct hub_router;

/* Work out all routes. Never NULL. */
struct hub_router *hub_router_new(void);
void hub_router_destroy(struct hub_router **self_p);

/* What a path and a method lead to. */
struct hub_found {
    const struct hub_ready_route *ready;      /* NULL: no such path or method */
    struct hub_span params[HUB_ROUTE_PARAMS]; /* the path's parts, still encoded, borrowed from the path */
    uint32_t allowed;                         /* bits of 1 << method that the path has; 0: no such path */
};

/* Find a route. path: without the query, still encoded; "/session/a" and "/session/a/" are two paths. method 0: one
 * that no route has. Any thread. */
struct hub_found hub_router_find(const struct hub_router *self, unsigned method, struct hub_span path);

/* Whether no entity of a kind may be called that, because its path would lead elsewhere: "create" is no session's name while
 * there is "/session/create", and "." and ".." are taken out of paths on the way. Any thread. */
bool hub_router_is_reserved(const struct hub_router *self, uint8_t kind, struct hub_span text);

/* Why no entity of a kind may be called that, as no path would lead to it: the end of a sentence, static. NULL: it may. Any
 * thread. */
const char *hub_router_refuse_name(const struct hub_router *self, uint8_t kind, struct hub_span text);

/* All of them, in the order of routes.def. */
const struct hub_ready_route *hub_router_all(const struct hub_router *self, size_t *ret_count);

/* "GET", "POST" ... */
const char *hub_method_name(unsigned method);

/* The number of a method, 0 for one that no route has; HEAD counts as GET. */
unsigned hub_method_read(struct hub_span text);

#endif
