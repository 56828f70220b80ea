/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The door. The order of its questions: is the head sound, is there such a path and method, is the answer's form welcome,
 * who asks, may they, and not too often. */
#include "api/admit.h"

#include "api/headers.h"
#include "api/live/door.h"
#include "api/problem.h"
#include "api/respond.h"
#include "log/access/access.h"

/* --- headers --- */

/* Where a header that h2o has a token for is kept; NULL for one that nobody looks at. */
static struct hub_span *place_of_token(struct hub_call_headers *headers, const h2o_iovec_t *name)
{
    if (name == &H2O_TOKEN_AUTHORIZATION->buf) {
        return &headers->authorization;
    }
    if (name == &H2O_TOKEN_CONTENT_TYPE->buf) {
        return &headers->content_type;
    }
    if (name == &H2O_TOKEN_ACCEPT->buf) {
        return &headers->accept;
    }
    if (name == &H2O_TOKEN_COOKIE->buf) {
        return &headers->cookie;
    }
    return name == &H2O_TOKEN_IF_MATCH->buf ? &headers->if_match : NULL;
}

static bool is(const h2o_iovec_t *name, const char *text, size_t len)
{
    return name->len == len && memcmp(name->base, text, len) == 0;
}

/* The same for the others; by length first, since most are none of these. */
static struct hub_span *place_of_name(struct hub_call_headers *headers, const h2o_iovec_t *name)
{
    switch (name->len) {
    case 6: return is(name, H2O_STRLIT("origin")) ? &headers->origin : NULL;
    case 11:
        return is(name, H2O_STRLIT("traceparent"))   ? &headers->traceparent
               : is(name, H2O_STRLIT("hub-purpose")) ? &headers->purpose
                                                     : NULL;
    case 15: return is(name, H2O_STRLIT("idempotency-key")) ? &headers->idempotency_key : NULL;
    case 16: return is(name, H2O_STRLIT("hub-min-position")) ? &headers->min_position : NULL;
    case 29: return is(name, H2O_STRLIT("access-control-request-method")) ? &headers->preflight : NULL;
    default: return NULL;
    }
}

/* Another line of a header that is a list, behind what is there (RFC 9110 §5.3); HTTP/2 may bring each cookie in a line of
 * its own (RFC 9113 §8.2.3). */
static bool join(struct hub_call *call, struct hub_span *list, const h2o_iovec_t *line)
{
    bool is_cookie = list == &call->headers.cookie && call->req->version >= 0x200;
    if (!is_cookie && list != &call->headers.if_match) {
        return false;
    }
    h2o_iovec_t joined = h2o_concat(&call->req->pool, h2o_iovec_init(list->at, list->len),
                                    h2o_iovec_init(is_cookie ? "; " : ", ", 2), *line);
    *list = hub_span_of(joined.base, joined.len);
    return true;
}

static bool read_headers(struct hub_call *call)
{
    const h2o_headers_t *headers = &call->req->headers;
    size_t bytes = call->req->path.len;
    for (size_t i = 0; i < headers->size; i++) {
        const h2o_header_t *header = &headers->entries[i];
        bytes += header->name->len + header->value.len;
        struct hub_span *place = h2o_iovec_is_token(header->name) ? place_of_token(&call->headers, header->name)
                                                                  : place_of_name(&call->headers, header->name);
        if (place == NULL || place == &call->headers.accept) {
            /* Accept may come in pieces; the first one decides. */
            if (place != NULL && place->at == NULL) {
                *place = hub_span_of(header->value.base, header->value.len);
            }
            continue;
        }
        if (place->at != NULL && join(call, place, &header->value)) {
            continue;
        }
        if (place->at != NULL) {
            hub_respond_problem(call, HUB_ERROR_invalid_query, "", "The header %.*s is there twice.",
                                (int) header->name->len, header->name->base);
            return false;
        }
        *place = hub_span_of(header->value.base, header->value.len);
    }
    if (bytes > HUB_HEADERS_MAX_BYTES) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, "", "The path and headers are longer than %d bytes.",
                            HUB_HEADERS_MAX_BYTES);
        return false;
    }
    return true;
}

/* What a header says must be sound even where it is of no use. */
static bool headers_are_sound(struct hub_call *call)
{
    struct hub_call_headers *headers = &call->headers;
    uint8_t trace[16];
    if (headers->idempotency_key.at != NULL &&
        !hub_header_idempotency_key(headers->idempotency_key, &headers->idempotency_key)) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, "",
                            "The Idempotency-Key must be 1 to %d visible ASCII characters.", HUB_IDEMPOTENCY_KEY_MAX);
        return false;
    }
    if (headers->purpose.at != NULL && !hub_header_is_purpose(headers->purpose)) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, "",
                            "The Hub-Purpose must be 1 to %d bytes of UTF-8 without control characters.",
                            HUB_ACCESS_PURPOSE_MAX);
        return false;
    }
    /* W3C Trace Context: an invalid traceparent is passed over. */
    if (headers->traceparent.at != NULL && !hub_header_trace(headers->traceparent, trace)) {
        headers->traceparent = hub_span_of(NULL, 0);
    }
    return true;
}

/* --- the route --- */

static bool is_upgrade(const h2o_req_t *req)
{
    return req->upgrade.base != NULL && hub_text_is(hub_span_of(req->upgrade.base, req->upgrade.len), "websocket");
}

static bool find_route(struct hub_call *call)
{
    h2o_req_t *req = call->req;
    struct hub_span method = hub_span_of(req->method.base, req->method.len);
    unsigned number = is_upgrade(call->req) ? (unsigned) HUB_WS : hub_method_read(method);
    struct hub_found found = hub_router_find(call->loop->server->router, number, call->path);
    if (found.allowed == 0) {
        hub_respond_problem(call, HUB_ERROR_not_found, "", "There is nothing at this path.");
        return false;
    }
    if (found.ready == NULL && found.allowed == 1u << HUB_WS && number == HUB_GET) {
        hub_respond_problem(call, HUB_ERROR_upgrade_required, "", "This path is for WebSockets: ask to upgrade.");
        return false;
    }
    if (found.ready == NULL) {
        call->allowed = found.allowed;
        if (hub_span_is(method, HUB_SPAN("OPTIONS"))) {
            hub_respond_bytes(call, 204, NULL, hub_span_of(NULL, 0));
        } else {
            hub_respond_problem(call, HUB_ERROR_method_not_allowed, "", "This path does not know the method %.*s.",
                                (int) (method.len < 16 ? method.len : 16), method.at);
        }
        return false;
    }
    call->ready = found.ready;
    memcpy(call->params, found.params, sizeof call->params);
    return true;
}

static bool is_welcome(struct hub_call *call)
{
    const char *media = call->ready->route->media != NULL ? call->ready->route->media : HUB_MEDIA_JSON;
    char type[32] = { 0 };
    size_t len = strcspn(media, ";");
    memcpy(type, media, len < sizeof type - 1 ? len : sizeof type - 1);
    if (call->headers.accept.len == 0 || hub_header_accepts(call->headers.accept, type)) {
        return true;
    }
    hub_respond_problem(call, HUB_ERROR_not_acceptable, "", "The answer is of the type %s.", type);
    return false;
}

/* --- who asks --- */

static struct hub_credential *find_credential(struct hub_call *call)
{
    struct hub_span token;
    if (call->headers.authorization.at != NULL) {
        return hub_header_bearer(call->headers.authorization, &token)
                   ? hub_credentials_find(call->loop->credentials, token)
                   : NULL;
    }
    if (call->ready->route->method == HUB_WS && hub_door_token(call, &token)) {
        return hub_credentials_find(call->loop->credentials, token);
    }
    call->by_cookie = hub_header_cookie(call->headers.cookie, HUB_SPAN(HUB_COOKIE), &token);
    return call->by_cookie ? hub_credentials_find(call->loop->credentials, token) : NULL;
}

/* A browser sends a cookie whoever made the page, so a page must be ours or allowed. The page's scheme may be another
 * than ours: a proxy in front ends TLS. */
static bool origin_is_fine(struct hub_call *call)
{
    struct hub_span origin = call->headers.origin;
    struct hub_span authority = hub_span_of(call->req->authority.base, call->req->authority.len);
    const char *list = call->loop->server->options.cors_origins;
    bool is_socket = call->ready->route->method == HUB_WS; /* no preflight protects it */
    if (origin.at == NULL || call->ready->route->method == HUB_GET ||
        (!is_socket && !call->by_cookie && call->ready->route->roles != 0)) {
        return true;
    }
    if (hub_header_is_same_origin(origin, HUB_SPAN("https"), authority) ||
        hub_header_is_same_origin(origin, HUB_SPAN("http"), authority) ||
        (list != NULL && strchr(list, '*') == NULL && hub_header_is_listed(origin, list))) {
        return true;
    }
    hub_respond_problem(call, HUB_ERROR_forbidden, "", "A page of another site may not do that.");
    return false;
}

static bool may(struct hub_call *call)
{
    const struct hub_route *route = call->ready->route;
    if ((route->roles >> call->caller.role & 1) && (!route->operator_only || call->caller.operator)) {
        return true;
    }
    hub_respond_problem(call, HUB_ERROR_forbidden, "", "The role %s may not do that%s.",
                        hub_vocab_name(&role_vocab, (uint16_t) call->caller.role),
                        route->operator_only ? " outside of the company that runs the hub" : "");
    return false;
}

/* Who listens to a socket may be said over it. */
static bool may_say_later(struct hub_call *call)
{
    struct hub_span token;
    return call->ready->route->method == HUB_WS && call->headers.authorization.at == NULL && !call->by_cookie &&
           !hub_door_token(call, &token);
}

static bool authenticate(struct hub_call *call)
{
    if (call->ready->route->roles == 0) {
        return true;
    }
    struct hub_credential *credential = find_credential(call);
    if (credential == NULL && may_say_later(call)) {
        return true;
    }
    if (credential == NULL) {
        hub_respond_problem(call, HUB_ERROR_unauthenticated, "", "%s",
                            call->headers.authorization.at != NULL || call->by_cookie
                                ? "These credentials are not known or no longer valid."
                                : "This needs an API key (Authorization: Bearer) or a login.");
        return false;
    }
    call->caller = credential->caller;
    call->token = credential->token;
    call->is_login = credential->login;
    if (!hub_credentials_count(call->loop->credentials, credential, &call->rate)) {
        hub_respond_problem(call, HUB_ERROR_limit_reached, "", "More than %u requests at once; slow down.",
                            (unsigned) call->rate.limit);
        return false;
    }
    return true;
}

bool hub_admit(struct hub_call *call)
{
    if (!read_headers(call) || !headers_are_sound(call) || !find_route(call) || !authenticate(call)) {
        return false;
    }
    bool is_socket = call->ready->route->method == HUB_WS;
    bool is_unknown = is_socket && hub_ulid_is_none(call->caller.company);
    return (call->ready->route->roles == 0 || is_unknown || may(call)) && origin_is_fine(call) &&
           (is_socket || is_welcome(call));
}
