/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Opening sockets. What is wrong before the upgrade is a problem document, what is wrong after it a close code. */
#include "api/live/door.h"

#include <h2o/http1.h>
#include <h2o/websocket.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "actors/company/company.h"
#include "api/accesses.h"
#include "api/credentials.h"
#include "api/headers.h"
#include "api/live/client.h"
#include "api/params.h"
#include "api/perform.h"
#include "api/respond.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/memory.h"
#include "log/log.h"

enum { PROTOCOLS_MAX = HUB_TOKEN_MAX + 32, KEY_LEN = 24 /* base64 of 16 bytes */ };

/* A request on its way to becoming a socket; the call is gone when it is one. */
struct opening {
    struct hub_loop *loop;
    struct hub_lens lens;
    struct hub_caller caller;
    struct hub_digest token;
    struct hub_live_wish wish;
    uint64_t since;
    bool is_known, reloads, is_login;
};

/* --- who asks --- */

/* "bearer, KEY" of the subprotocols that a client offers. */
static bool read_protocols(const h2o_req_t *req, struct hub_span *ret_token)
{
    ssize_t at = h2o_find_header_by_str(&req->headers, H2O_STRLIT("sec-websocket-protocol"), -1);
    if (at < 0 || req->headers.entries[at].value.len >= PROTOCOLS_MAX) {
        return false;
    }
    struct hub_span text = hub_span_of(req->headers.entries[at].value.base, req->headers.entries[at].value.len);
    const char *comma = memchr(text.at, ',', text.len);
    if (comma == NULL || !hub_text_is(hub_text_trim(hub_span_of(text.at, (size_t) (comma - text.at))), "bearer")) {
        return false;
    }
    *ret_token = hub_text_trim(hub_span_of(comma + 1, (size_t) (text.at + text.len - comma - 1)));
    return ret_token->len > 0 && ret_token->len <= HUB_TOKEN_MAX;
}

bool hub_door_token(struct hub_call *call, struct hub_span *ret_token)
{
    struct hub_span rest = call->query, name, value;
    while (hub_param_next(&rest, &name, &value)) {
        if (hub_span_is(name, HUB_SPAN("access_token")) && value.len > 0) {
            return hub_param_decode(value, true, hub_call_arena(call), ret_token);
        }
    }
    return read_protocols(call->req, ret_token);
}

/* --- what is asked for --- */

static bool is_there(struct hub_log *log, struct hub_ulid company, uint8_t kind, struct hub_ulid id)
{
    const struct hub_stream stream = { .company = company, .entity = id, .kind = kind };
    uint64_t version = 0;
    return hub_log_stream_version(log, &stream, &version) == 0 && version > 0;
}

/* The session or customer of this name. Returns 0 or an error. */
static int find_entity(const struct hub_server_options *options, struct hub_lens *lens, uint8_t kind, const char *text)
{
    struct hub_name name = { 0 };
    if (!hub_name_read(options->keys, lens->company, kind, hub_span(text), &name)) {
        return HUB_ERROR_not_found;
    }
    if (hub_log_alias(options->log, lens->company, kind, name.digest, &lens->id) == 0) {
        return 0;
    }
    if (!name.is_ours || !is_there(options->log, lens->company, kind, name.id)) {
        return HUB_ERROR_not_found;
    }
    lens->id = name.id;
    return 0;
}

/* One's own stream, or for those who may see everybody's work that of any person of the company. */
static int find_agent(const struct hub_server_options *options, struct hub_lens *lens, const char *text)
{
    struct hub_arena *arena = hub_arena_new(0);
    struct user_row row = { 0 };
    if (!hub_ulid_parse(hub_span(text), &lens->id)) {
        hub_arena_destroy(&arena);
        return HUB_ERROR_not_found;
    }
    bool is_own = hub_ulid_is(lens->id, lens->viewer);
    bool is_colleague = hub_views_user(options->views, lens->id, arena, &row) == 0 &&
                        hub_ulid_is(row.company, lens->company);
    hub_arena_destroy(&arena);
    if (!is_own && !is_colleague) {
        return HUB_ERROR_not_found;
    }
    return is_own || (HUB_MAY_REPORT >> lens->role & 1) ? 0 : HUB_ERROR_forbidden;
}

static int find_topic(const struct hub_server_options *options, struct hub_lens *lens, const char *name)
{
    switch (lens->topic) {
    case HUB_TOPIC_session: return find_entity(options, lens, KIND_session, name);
    case HUB_TOPIC_customer: return find_entity(options, lens, KIND_customer, name);
    case HUB_TOPIC_agent: return find_agent(options, lens, name);
    default: return 0;
    }
}

/* --- reading the request --- */

static bool refuse(struct hub_call *call, int error, const char *reason)
{
    hub_respond_problem(call, error, "", "%s", reason);
    return false;
}

static bool copy(struct hub_span text, char *ret_text, size_t size)
{
    if (text.len >= size) {
        return false;
    }
    memcpy(ret_text, text.at, text.len);
    ret_text[text.len] = '\0';
    return true;
}

static bool read_since(struct hub_call *call, struct hub_span text, struct opening *opening)
{
    struct hub_position at = { 0 };
    int failed = hub_position_parse(text, hub_log_identity(call->loop->server->options.log), &at);
    if (failed == HUB_ERROR_position_gone) {
        opening->reloads = true;
    } else if (failed != 0) {
        return refuse(call, HUB_ERROR_invalid_query, "since must be a position of this hub.");
    }
    opening->since = at.sequence;
    return true;
}

static bool read_query(struct hub_call *call, struct opening *opening)
{
    struct hub_span rest = call->query, name, value;
    while (hub_param_next(&rest, &name, &value)) {
        if (hub_span_is(name, HUB_SPAN("since"))) {
            if (!hub_param_decode(value, true, hub_call_arena(call), &value) || !read_since(call, value, opening)) {
                return call->answered ? false
                                      : refuse(call, HUB_ERROR_invalid_query, "since is not encoded as it should be.");
            }
        } else if (!hub_span_is(name, HUB_SPAN("access_token"))) {
            return refuse(call, HUB_ERROR_invalid_query, "A socket takes since and access_token, nothing else.");
        }
    }
    return true;
}

static bool read_name(struct hub_call *call, struct opening *opening)
{
    struct hub_span text = { 0 };
    if (call->ready->param_count == 0) {
        return true;
    }
    if (!hub_param_decode(call->params[0], false, hub_call_arena(call), &text) || text.len == 0 ||
        !copy(text, opening->wish.name, sizeof opening->wish.name)) {
        return refuse(call, HUB_ERROR_not_found, "There is nothing of that name.");
    }
    return true;
}

static bool has_room(struct hub_call *call)
{
    const struct hub_live *live = call->loop->live;
    if (atomic_load(&call->loop->server->draining)) {
        return refuse(call, HUB_ERROR_overloaded, "The hub stops; try again.");
    }
    if (atomic_load(&live->sockets) >= HUB_SOCKETS_MAX ||
        (hub_ulid_is_none(call->caller.company) && live->unknown >= HUB_SOCKETS_UNKNOWN_MAX)) {
        return refuse(call, HUB_ERROR_overloaded, "Too many sockets are open; try again.");
    }
    return true;
}

/* --- the upgrade --- */

static void become(struct hub_live_socket *socket, const struct hub_credential *credential)
{
    socket->caller = credential->caller;
    socket->token = credential->token;
    socket->lens.company = credential->caller.company;
    socket->lens.viewer = credential->caller.principal;
    socket->lens.role = (uint8_t) credential->caller.role;
}

static void on_upgraded(void *arg, h2o_socket_t *sock, size_t request_bytes)
{
    struct opening *opening = arg;
    if (sock == NULL) {
        free(opening);
        return;
    }
    h2o_buffer_consume(&sock->input, request_bytes);
    struct hub_live_socket *socket = hub_live_socket_new(opening->loop->live, sock);
    socket->lens = opening->lens;
    socket->caller = opening->caller;
    socket->token = opening->token;
    socket->reloads = opening->reloads;
    if (opening->is_known) {
        hub_live_join(socket, opening->since);
    } else {
        opening->loop->live->unknown++;
        socket->is_unknown = true;
        socket->wish = hub_memory_new(sizeof *socket->wish);
        *socket->wish = opening->wish;
        socket->since = opening->since;
    }
    free(opening);
    hub_live_socket_begin(socket);
}

/* RFC 6455 §4.2.2: the key and a fixed text, SHA-1, base64. */
static h2o_iovec_t accept_key(h2o_mem_pool_t *pool, const char *key, size_t key_len)
{
    static const char fixed[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    struct hub_buf text;
    hub_buf_init(&text);
    hub_buf_put(&text, key, key_len);
    hub_buf_put_text(&text, fixed);
    if (EVP_Digest(text.at, text.len, digest, &len, EVP_sha1(), NULL) != 1) {
        abort(); /* no memory */
    }
    hub_buf_clear(&text);
    hub_base64_print(hub_span_of(digest, len), &text);
    h2o_iovec_t accept = h2o_strdup(pool, text.at, text.len);
    hub_buf_done(&text);
    return accept;
}

static void upgrade(struct hub_call *call, const char *key, struct opening *opening)
{
    h2o_req_t *req = call->req;
    struct hub_span token;
    h2o_iovec_t accept = accept_key(&req->pool, key, KEY_LEN);
    req->res.status = 101;
    req->res.reason = "Switching Protocols";
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_UPGRADE, NULL, H2O_STRLIT("websocket"));
    h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("sec-websocket-accept"), 0, NULL, accept.base,
                          accept.len);
    if (read_protocols(req, &token)) {
        h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("sec-websocket-protocol"), 0, NULL,
                              H2O_STRLIT("bearer"));
    }
    call->answered = true;
    atomic_fetch_sub_explicit(&call->loop->under_way, 1, memory_order_relaxed);
    h2o_http1_upgrade(req, NULL, 0, on_upgraded, opening);
}

/* Returns false when the call is answered: refused. */
static bool read_opening(struct hub_call *call, struct opening *opening)
{
    const struct hub_server_options *options = &call->loop->server->options;
    opening->is_known = !hub_ulid_is_none(call->caller.company);
    opening->lens.company = call->caller.company;
    opening->lens.viewer = call->caller.principal;
    opening->lens.role = (uint8_t) call->caller.role;
    if (!has_room(call) || !read_query(call, opening) || !read_name(call, opening)) {
        return false;
    }
    int failed = opening->is_known ? find_topic(options, &opening->lens, opening->wish.name) : 0;
    if (failed != 0) {
        return refuse(call, failed,
                      failed == HUB_ERROR_forbidden ? "That is somebody else's." : "There is nothing of that name.");
    }
    const struct hub_listener listener = {
        .lens = &opening->lens, .caller = &call->caller, .is_login = call->is_login, .purpose = call->headers.purpose
    };
    if (opening->is_known && !hub_accesses_note_listener(call->loop->server, &listener)) {
        return refuse(call, HUB_ERROR_overloaded,
                      "Reading personal data is noted, and that cannot be written now; try again.");
    }
    return true;
}

static bool is_of_version(const h2o_req_t *req)
{
    ssize_t at = h2o_find_header_by_str(&req->headers, H2O_STRLIT("sec-websocket-version"), -1);
    return at >= 0 &&
           h2o_memis(req->headers.entries[at].value.base, req->headers.entries[at].value.len, H2O_STRLIT("13"));
}

void hub_door_open(struct hub_call *call)
{
    const char *key = NULL;
    if (call->req->version >= 0x200 || !is_of_version(call->req) || h2o_is_websocket_handshake(call->req, &key) != 0 ||
        key == NULL) {
        refuse(call, HUB_ERROR_invalid_query, "This is no WebSocket handshake of version 13.");
        return;
    }
    struct opening *opening = hub_memory_zero(sizeof *opening);
    opening->loop = call->loop;
    opening->caller = call->caller;
    opening->token = call->token;
    opening->lens.contract = call->ready->route->contract;
    opening->lens.topic = call->ready->route->topic;
    if (read_opening(call, opening)) {
        upgrade(call, key, opening);
    } else {
        free(opening);
    }
}

/* --- auth by frame --- */

void hub_door_let_in(struct hub_live_socket *socket, struct hub_span token)
{
    struct hub_loop *loop = socket->live->loop;
    struct hub_credential *credential = token.len == 0 ? NULL : hub_credentials_find(loop->credentials, token);
    if (credential == NULL) {
        hub_live_socket_close(socket, HUB_CLOSE_unauthenticated, "These credentials are not known or no longer valid.");
        return;
    }
    become(socket, credential);
    if ((HUB_MAY_READ >> socket->lens.role & 1) == 0) {
        hub_live_socket_close(socket, HUB_CLOSE_forbidden, "This role may not listen.");
        return;
    }
    int failed = find_topic(&loop->server->options, &socket->lens, socket->wish->name);
    if (failed != 0) {
        bool is_forbidden = failed == HUB_ERROR_forbidden;
        hub_live_socket_close(socket, is_forbidden ? HUB_CLOSE_forbidden : HUB_CLOSE_not_found,
                              is_forbidden ? "That is somebody else's." : "There is nothing of that name.");
        return;
    }
    const struct hub_listener listener = { .lens = &socket->lens,
                                           .caller = &socket->caller,
                                           .is_login = credential->login };
    if (!hub_accesses_note_listener(loop->server, &listener)) {
        hub_live_socket_close(socket, HUB_CLOSE_try_again,
                              "Reading personal data is noted, and that cannot be written now.");
        return;
    }
    free(socket->wish);
    socket->wish = NULL;
    socket->is_unknown = false;
    socket->live->unknown--;
    hub_live_join(socket, socket->since);
}
