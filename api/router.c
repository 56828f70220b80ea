/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The router: routes are few and their paths short, so parts are compared one by one within a bucket of the same first
 * part and the same number of parts. */
#include "api/router.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { BUCKETS = 64, RESERVED_MAX = 32 };

/* A word of a path that stands where another path has the id of an entity. */
struct reserved {
    uint8_t kind;
    struct hub_span word;
};

struct hub_router {
    struct hub_ready_route *routes;
    size_t count;
    uint16_t *next;          /* index + 1 of the next route in the same bucket */
    uint16_t first[BUCKETS]; /* index + 1 of the first */
    struct reserved reserved[RESERVED_MAX];
    unsigned reserved_count;
};

static const char *const method_names[] = { "", "GET", "POST", "PUT", "DELETE", "WS" };

const char *hub_method_name(unsigned method)
{
    return method < sizeof method_names / sizeof method_names[0] ? method_names[method] : "";
}

unsigned hub_method_read(struct hub_span text)
{
    for (unsigned i = HUB_GET; i <= HUB_DELETE; i++) {
        if (hub_span_is(text, hub_span(method_names[i]))) {
            return i;
        }
    }
    return hub_span_is(text, HUB_SPAN("HEAD")) ? HUB_GET : 0;
}

/* Cut a path into its parts. Returns their number, or -1 for more than there may be or a path that does not begin with a
 * slash. "/" has no parts; "/a/" has "a" and "". */
static int split(struct hub_span path, struct hub_span parts[HUB_ROUTE_PARTS])
{
    int count = 0;
    if (path.len == 0 || path.at[0] != '/') {
        return -1;
    }
    for (size_t at = 1; at < path.len || (at > 1 && at == path.len && path.at[at - 1] == '/');) {
        const char *end = at < path.len ? memchr(path.at + at, '/', path.len - at) : NULL;
        size_t len = end == NULL ? path.len - at : (size_t) (end - (path.at + at));
        if (count == HUB_ROUTE_PARTS) {
            return -1;
        }
        parts[count++] = hub_span_of(path.at + at, len);
        if (end == NULL) {
            break;
        }
        at += len + 1;
    }
    return count;
}

/* FNV-1a over the first part and the number of parts. */
static unsigned bucket_of(const struct hub_span *parts, int count)
{
    uint32_t hash = 2166136261u ^ (uint32_t) count;
    for (size_t i = 0; count > 0 && i < parts[0].len; i++) {
        hash = (hash ^ (uint8_t) parts[0].at[i]) * 16777619u;
    }
    return hash % BUCKETS;
}

static const struct hub_field *field_of(const struct hub_shape *shape, struct hub_span name)
{
    for (unsigned i = 0; shape != NULL && i < shape->count; i++) {
        if (hub_span_is(hub_span(shape->fields[i].name), name)) {
            return &shape->fields[i];
        }
    }
    return NULL;
}

static bool is_param(const struct hub_ready_route *ready, const struct hub_field *field)
{
    for (unsigned i = 0; i < ready->param_count; i++) {
        if (ready->params[i] == field) {
            return true;
        }
    }
    return false;
}

/* The shapes that a body is read by and described with. Presence bits are numbered by place, so only the last fields can
 * be left out of the one that reads. */
static void ready_body(struct hub_ready_route *ready, const struct hub_shape *body)
{
    struct hub_field *read = hub_memory_zero((body->count + 1) * sizeof *read);
    struct hub_field *shown = hub_memory_zero((body->count + 1) * sizeof *shown);
    ready->read = ready->shown = *body;
    ready->read.fields = read;
    ready->shown.fields = shown;
    ready->read.count = (uint16_t) (body->count - ready->route->internal);
    ready->shown.count = 0;
    for (unsigned i = 0; i < ready->read.count; i++) {
        bool from_path = is_param(ready, &body->fields[i]);
        read[i] = body->fields[i];
        read[i].required = read[i].required && !from_path;
        if (!from_path) {
            shown[ready->shown.count++] = body->fields[i];
        }
    }
}

static void ready_params(struct hub_ready_route *ready)
{
    const struct hub_route *route = ready->route;
    for (unsigned i = 0; i < ready->part_count; i++) {
        struct hub_span *part = &ready->parts[i];
        if (part->len < 2 || part->at[0] != '{') {
            continue;
        }
        *part = hub_span_of(part->at + 1, part->len - 2);
        ready->param_mask |= (uint8_t) (1u << i);
        assert(ready->param_count < HUB_ROUTE_PARAMS);
        ready->params[ready->param_count] = ready->record == NULL ? NULL : field_of(ready->record, *part);
        if (route->query != NULL) {
            ready->query_params[ready->param_count] = field_of(route->query->params, *part);
            assert(ready->query_params[ready->param_count] != NULL);
        }
        assert(ready->params[ready->param_count] != NULL);
        ready->param_count++;
    }
}

static void ready_route(struct hub_ready_route *ready, const struct hub_route *route)
{
    ready->route = route;
    ready->part_count = (uint8_t) split(hub_span(route->path), ready->parts);
    const struct hub_shape *body = route->body != NULL ? route->body : route->command;
    ready->record = body != NULL ? body : route->query != NULL ? route->query->params : NULL;
    ready_params(ready);
    if (body != NULL) {
        ready_body(ready, body);
    }
    if (route->option != NULL) {
        ready->option = field_of(route->command, hub_span(route->option));
        assert(ready->option != NULL);
    }
}

/* Whether two paths are alike but for one part, which is a parameter of the first and a word of the second. */
static bool takes_place(const struct hub_ready_route *named, const struct hub_ready_route *worded, unsigned at)
{
    bool alike = named->part_count == worded->part_count && !(worded->param_mask >> at & 1);
    unsigned params = named->param_mask | worded->param_mask;
    for (unsigned i = 0; alike && i < named->part_count; i++) {
        alike = i == at || params >> i & 1 || hub_span_is(named->parts[i], worded->parts[i]);
    }
    return alike;
}

static void reserve(struct hub_router *self, uint8_t kind, struct hub_span word)
{
    if (!hub_router_is_reserved(self, kind, word)) {
        assert(self->reserved_count < RESERVED_MAX);
        self->reserved[self->reserved_count++] = (struct reserved){ .kind = kind, .word = word };
    }
}

static void reserve_words(struct hub_router *self, const struct hub_ready_route *named)
{
    unsigned param = 0;
    for (unsigned at = 0; at < named->part_count; at++) {
        if (!(named->param_mask >> at & 1)) {
            continue;
        }
        uint8_t kind = named->params[param++]->refers;
        for (size_t i = 0; kind != 0 && i < self->count; i++) {
            if (takes_place(named, &self->routes[i], at)) {
                reserve(self, kind, self->routes[i].parts[at]);
            }
        }
    }
}

bool hub_router_is_reserved(const struct hub_router *self, uint8_t kind, struct hub_span text)
{
    if (hub_span_is(text, HUB_SPAN(".")) || hub_span_is(text, HUB_SPAN(".."))) {
        return true;
    }
    for (unsigned i = 0; i < self->reserved_count; i++) {
        if (self->reserved[i].kind == kind && hub_span_is(self->reserved[i].word, text)) {
            return true;
        }
    }
    return false;
}

const char *hub_router_refuse_name(const struct hub_router *self, uint8_t kind, struct hub_span text)
{
    if (text.len > 0 && memchr(text.at, 0, text.len) != NULL) {
        return "must not have U+0000, which no path can have";
    }
    return hub_router_is_reserved(self, kind, text) ? "must not be a word of the API's paths" : NULL;
}

struct hub_router *hub_router_new(void)
{
    struct hub_router *self = hub_memory_zero(sizeof *self);
    const struct hub_route *routes = hub_routes(&self->count);
    self->routes = hub_memory_zero(self->count * sizeof *self->routes);
    self->next = hub_memory_zero(self->count * sizeof *self->next);
    for (size_t i = self->count; i-- > 0;) {
        ready_route(&self->routes[i], &routes[i]);
        unsigned bucket = bucket_of(self->routes[i].parts, self->routes[i].part_count);
        self->next[i] = self->first[bucket];
        self->first[bucket] = (uint16_t) (i + 1);
    }
    for (size_t i = 0; i < self->count; i++) {
        reserve_words(self, &self->routes[i]);
    }
    return self;
}

void hub_router_destroy(struct hub_router **self_p)
{
    struct hub_router *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        free((void *) self->routes[i].read.fields);
        free((void *) self->routes[i].shown.fields);
    }
    free(self->routes);
    free(self->next);
    free(self);
}

/* How a path's parts fit a route's: 0 not at all, otherwise one more than the parts that are the same by letter. */
static int fits(const struct hub_ready_route *ready, const struct hub_span *parts, int count)
{
    int same = 1;
    if (ready->part_count != count) {
        return 0;
    }
    for (int i = 0; i < count; i++) {
        if (ready->param_mask >> i & 1) {
            if (parts[i].len == 0) {
                return 0;
            }
        } else if (hub_span_is(ready->parts[i], parts[i])) {
            same++;
        } else {
            return 0;
        }
    }
    return same;
}

static void take_params(struct hub_found *found, const struct hub_span *parts)
{
    unsigned count = 0;
    for (unsigned i = 0; i < found->ready->part_count; i++) {
        if (found->ready->param_mask >> i & 1) {
            found->params[count++] = parts[i];
        }
    }
}

/* Of paths that fit, the one with most parts the same by letter counts: "/session/create" is no session's. */
struct hub_found hub_router_find(const struct hub_router *self, unsigned method, struct hub_span path)
{
    struct hub_span parts[HUB_ROUTE_PARTS];
    struct hub_found found = { NULL };
    int count = split(path, parts), best = 0;
    if (count < 0) {
        return found;
    }
    for (unsigned i = self->first[bucket_of(parts, count)]; i != 0; i = self->next[i - 1]) {
        const struct hub_ready_route *ready = &self->routes[i - 1];
        int fit = fits(ready, parts, count);
        if (fit == 0 || fit < best) {
            continue;
        }
        if (fit > best) {
            found = (struct hub_found){ NULL };
            best = fit;
        }
        found.allowed |= 1u << ready->route->method;
        if (ready->route->method == method) {
            found.ready = ready;
        }
    }
    if (found.ready != NULL) {
        take_params(&found, parts);
    }
    return found;
}

const struct hub_ready_route *hub_router_all(const struct hub_router *self, size_t *ret_count)
{
    *ret_count = self->count;
    return self->routes;
}
