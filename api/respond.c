/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Answers. The head is an array of headers in the request's memory, filled from constants; bodies are written into the
 * loop's buffer and copied once. */
#include "api/respond.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "api/headers.h"
#include "api/problem.h"
#include "base/error.h"
#include "base/json.h"
#include "log/log.h"

enum {
    HEADERS_MAX = 24,
    NUMBER_MAX = 24,
    ETAG_MAX = 22,       /* 20 digits between quotes */
    BODY_KEPT = 1 << 20, /* a loop's buffer that grew beyond this is let go again */
};

#define NAME(text)                        \
    {                                     \
        (char *) (text), sizeof(text) - 1 \
    }

/* Names that h2o has no token for. */
static const h2o_iovec_t name_position = NAME("hub-position");
static const h2o_iovec_t name_options = NAME("x-content-type-options");
static const h2o_iovec_t name_traceparent = NAME("traceparent");
static const h2o_iovec_t name_rate_limit = NAME("ratelimit-limit");
static const h2o_iovec_t name_rate_remaining = NAME("ratelimit-remaining");
static const h2o_iovec_t name_rate_reset = NAME("ratelimit-reset");
static const h2o_iovec_t name_credentials = NAME("access-control-allow-credentials");
static const h2o_iovec_t name_expose = NAME("access-control-expose-headers");
static const h2o_iovec_t name_methods = NAME("access-control-allow-methods");
static const h2o_iovec_t name_headers = NAME("access-control-allow-headers");
static const h2o_iovec_t name_max_age = NAME("access-control-max-age");
static const h2o_iovec_t name_policy = NAME("content-security-policy");
static const h2o_iovec_t name_frame = NAME("x-frame-options");
static const h2o_iovec_t name_referrer = NAME("referrer-policy");

struct head {
    h2o_req_t *req;
    h2o_header_t *at;
    size_t count;
};

static void add(struct head *self, const h2o_iovec_t *name, const char *value, size_t len)
{
    assert(self->count < HEADERS_MAX);
    self->at[self->count++] = (h2o_header_t){ .name = (h2o_iovec_t *) name, .value = { (char *) value, len } };
}

static inline void add_text(struct head *self, const h2o_iovec_t *name, const char *literal)
{
    add(self, name, literal, strlen(literal));
}

static void add_number(struct head *self, const h2o_iovec_t *name, uint64_t value)
{
    char *text = h2o_mem_alloc_pool(&self->req->pool, NUMBER_MAX);
    add(self, name, text, (size_t) snprintf(text, NUMBER_MAX, "%llu", (unsigned long long) value));
}

struct hub_span hub_respond_position(struct hub_call *call)
{
    if (call->position_text.at == NULL) {
        struct hub_log *log = call->loop->server->options.log;
        struct hub_position at = call->position.sequence != 0 ? call->position : hub_log_commit(log);
        char *text = h2o_mem_alloc_pool(&call->req->pool, HUB_POSITION_TEXT);
        hub_position_print(at, hub_log_identity(log), text);
        call->position_text = hub_span(text);
    }
    return call->position_text;
}

static void add_position(struct head *self, struct hub_call *call)
{
    struct hub_span text = hub_respond_position(call);
    add(self, &name_position, text.at, text.len);
}

static void add_etag(struct head *self, uint64_t version)
{
    char *text = h2o_mem_alloc_pool(&self->req->pool, ETAG_MAX), *at = text + ETAG_MAX;
    *--at = '"';
    do {
        *--at = (char) ('0' + version % 10);
        version /= 10;
    } while (version > 0);
    *--at = '"';
    add(self, &H2O_TOKEN_ETAG->buf, at, (size_t) (text + ETAG_MAX - at));
}

static void add_allow(struct head *self, const h2o_iovec_t *name, uint32_t allowed)
{
    enum { ROOM = 64 };
    char *text = h2o_mem_alloc_pool(&self->req->pool, ROOM);
    size_t len = 0;
    for (unsigned method = HUB_GET; method <= HUB_DELETE; method++) {
        if (allowed >> method & 1) {
            len += (size_t) snprintf(text + len, ROOM - len, "%s%s", len == 0 ? "" : ", ", hub_method_name(method));
        }
    }
    if (allowed >> HUB_GET & 1) {
        len += (size_t) snprintf(text + len, ROOM - len, ", HEAD");
    }
    len += (size_t) snprintf(text + len, ROOM - len, ", OPTIONS");
    add(self, name, text, len);
}

static void add_cors(struct head *self, const struct hub_call *call)
{
    const char *list = call->loop->server->options.cors_origins;
    struct hub_span origin = call->headers.origin;
    if (list == NULL) {
        return;
    }
    add_text(self, &H2O_TOKEN_VARY->buf, "Origin");
    if (!hub_header_is_listed(origin, list)) {
        return;
    }
    add(self, &H2O_TOKEN_ACCESS_CONTROL_ALLOW_ORIGIN->buf, origin.at, origin.len);
    /* With "*" in the list any site may call, but none with a person's cookie. */
    if (strchr(list, '*') == NULL) {
        add_text(self, &name_credentials, "true");
    }
    add_text(self, &name_expose,
             "Hub-Position, ETag, Location, Link, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset");
    if (call->headers.preflight.len > 0) {
        add_allow(self, &name_methods, call->allowed);
        add_text(self, &name_headers,
                 "Authorization, Content-Type, Idempotency-Key, If-Match, Hub-Min-Position, Hub-Purpose, Traceparent");
        add_text(self, &name_max_age, "600");
    }
}

static void add_rate(struct head *self, const struct hub_call *call, int status)
{
    const struct hub_rate *rate = &call->rate;
    if (rate->limit != 0) {
        add_number(self, &name_rate_limit, rate->limit);
        add_number(self, &name_rate_remaining, rate->remaining);
        add_number(self, &name_rate_reset, rate->reset_s);
    }
    if (status == 503 || status == 429) {
        add_number(self, &H2O_TOKEN_RETRY_AFTER->buf, rate->retry_s > 1 ? rate->retry_s : 1);
    }
}

/* What only some answers have. */
static void add_rare(struct head *self, const struct hub_call *call, int status)
{
    if (call->location.base != NULL && status < 300) {
        add(self, &H2O_TOKEN_LOCATION->buf, call->location.base, call->location.len);
    }
    if (call->link.base != NULL && status < 300) {
        add(self, &H2O_TOKEN_LINK->buf, call->link.base, call->link.len);
    }
    if (call->cookie.base != NULL && status < 300) {
        add(self, &H2O_TOKEN_SET_COOKIE->buf, call->cookie.base, call->cookie.len);
    }
    if (status == 401) {
        add_text(self, &H2O_TOKEN_WWW_AUTHENTICATE->buf, "Bearer realm=\"omnihub\"");
    }
    if (call->headers.traceparent.at != NULL) {
        add(self, &name_traceparent, call->headers.traceparent.at, call->headers.traceparent.len);
    }
    if (call->req->conn->callbacks->get_socket(call->req->conn)->ssl != NULL) {
        add_text(self, &H2O_TOKEN_STRICT_TRANSPORT_SECURITY->buf, "max-age=31536000");
    }
}

static void add_page(struct head *self)
{
    add_text(self, &name_policy,
             "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
             "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'");
    add_text(self, &name_frame, "DENY");
}

static void write_head(struct hub_call *call, int status, const char *media)
{
    h2o_req_t *req = call->req;
    struct head head = { .req = req };
    head.at = h2o_mem_alloc_pool(&req->pool, HEADERS_MAX * sizeof *head.at);
    if (media != NULL) {
        add_text(&head, &H2O_TOKEN_CONTENT_TYPE->buf, media);
    }
    add_position(&head, call);
    add_text(&head, &name_options, "nosniff");
    add_text(&head, &H2O_TOKEN_CACHE_CONTROL->buf, "no-store");
    add_text(&head, &name_referrer, "no-referrer");
    if (call->version != 0 && status < 300) {
        add_etag(&head, call->version);
    }
    if (call->allowed != 0) {
        add_allow(&head, &H2O_TOKEN_ALLOW->buf, call->allowed);
    }
    if (media != NULL && strncmp(media, "text/html", 9) == 0) {
        add_page(&head);
    }
    add_rate(&head, call, status);
    add_cors(&head, call);
    add_rare(&head, call, status);
    req->res.headers.entries = head.at;
    req->res.headers.size = head.count;
    req->res.headers.capacity = HEADERS_MAX;
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } rows[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 204, "No Content" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 410, "Gone" },
        { 412, "Precondition Failed" },
        { 413, "Content Too Large" },
        { 415, "Unsupported Media Type" },
        { 422, "Unprocessable Content" },
        { 426, "Upgrade Required" },
        { 429, "Too Many Requests" },
        { 500, "Internal Server Error" },
        { 503, "Service Unavailable" },
        { 507, "Insufficient Storage" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].status == status) {
            return rows[i].reason;
        }
    }
    return "Unknown";
}

/* The last that happens to a call: with the final bytes h2o may dispose of the request at once. */
void hub_respond_bytes(struct hub_call *call, int status, const char *media, struct hub_span body)
{
    h2o_req_t *req = call->req;
    struct hub_loop *loop = call->loop;
    assert(!call->answered);
    call->answered = true;
    atomic_fetch_sub_explicit(&loop->under_way, 1, memory_order_relaxed);
    if (atomic_load_explicit(&loop->server->draining, memory_order_relaxed)) {
        req->http1_is_persistent = 0;
    }
    write_head(call, status, media);
    req->res.status = status;
    req->res.reason = reason_of(status);
    req->res.content_length = status == 204 ? SIZE_MAX : body.len;
    bool has_body = body.len > 0 && !h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
    h2o_iovec_t bytes = { NULL, 0 };
    if (has_body) {
        bytes = h2o_iovec_init(h2o_mem_alloc_pool(&req->pool, body.len), body.len);
        memcpy(bytes.base, body.at, body.len);
    }
    h2o_start_response(req, &loop->generator);
    h2o_send(req, &bytes, has_body ? 1 : 0, H2O_SEND_STATE_FINAL);
    if (loop->body.room > BODY_KEPT) {
        hub_buf_done(&loop->body);
    }
}

void hub_respond_record(struct hub_call *call, int status, const struct hub_shape *shape, const void *record)
{
    struct hub_buf *body = &call->loop->body;
    hub_buf_clear(body);
    hub_json_write(shape, record, HUB_DIALECT_snake, body);
    hub_respond_bytes(call, status, HUB_MEDIA_JSON, hub_buf_span(body));
}

void hub_respond_fault(struct hub_call *call, const struct hub_fault *fault)
{
    struct hub_buf *body = &call->loop->body;
    h2o_req_t *req = call->req;
    size_t len = req->query_at == SIZE_MAX ? req->path.len : req->query_at;
    hub_buf_clear(body);
    int status = hub_problem_write(fault, hub_span_of(req->path.base, len < 512 ? len : 0), body);
    atomic_fetch_add_explicit(&call->loop->problems, 1, memory_order_relaxed);
    hub_respond_bytes(call, status, HUB_MEDIA_PROBLEM, hub_buf_span(body));
}

void hub_respond_problem(struct hub_call *call, int error, const char *pointer, const char *reason, ...)
{
    va_list args;
    va_start(args, reason);
    struct hub_fault fault = { .error = error };
    /* va_start stands right above; the analyzer loses it behind h2o's headers. */
    vsnprintf(fault.reason, sizeof fault.reason, reason, args); /* NOLINT(clang-analyzer-valist.Uninitialized) */
    va_end(args);
    snprintf(fault.pointer, sizeof fault.pointer, "%s", pointer);
    hub_respond_fault(call, &fault);
}
