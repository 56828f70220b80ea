/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Queries. Live ones read a few rows and run on the loop, when the views are far enough; the past is folded by a helper. */
#include "api/ask.h"

#include "api/accesses.h"
#include "api/params.h"
#include "api/perform.h"
#include "api/recall.h"
#include "api/records.h"
#include "api/respond.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pack.h"
#include "log/keyring/keyring.h"
#include "log/log.h"

/* --- answering --- */

static const struct hub_field *field_named(const struct hub_shape *shape, struct hub_span name, unsigned *ret_index)
{
    for (unsigned i = 0; i < shape->count; i++) {
        if (hub_span_is(hub_span(shape->fields[i].name), name)) {
            *ret_index = i;
            return &shape->fields[i];
        }
    }
    return NULL;
}

/* Link: the same request with the cursor of the next page (RFC 8288). */
static void add_link(struct hub_call *call, struct hub_span cursor)
{
    struct hub_buf text;
    struct hub_span rest = call->query, name, value;
    hub_buf_init(&text);
    hub_buf_put_byte(&text, '<');
    hub_buf_put(&text, call->path.at, call->path.len);
    hub_buf_put_text(&text, "?cursor=");
    hub_param_encode(cursor, &text);
    while (hub_param_next(&rest, &name, &value)) {
        if (!hub_span_is(name, HUB_SPAN("cursor"))) {
            hub_buf_put_byte(&text, '&');
            hub_buf_put(&text, name.at, name.len);
            hub_buf_put_byte(&text, '=');
            hub_buf_put(&text, value.at, value.len);
        }
    }
    hub_buf_put_text(&text, ">; rel=\"next\"");
    call->link = hub_call_keep(call, hub_buf_span(&text));
    hub_buf_done(&text);
}

/* Where a session can be listened to. */
static void add_websocket_url(struct hub_call *call, struct transfer_answer *answer, struct hub_arena *arena)
{
    struct hub_buf text;
    hub_buf_init(&text);
    hub_buf_put_text(&text, call->loop->server->ssl != NULL ? "wss://" : "ws://");
    hub_buf_put(&text, call->req->authority.base, call->req->authority.len);
    hub_buf_put_text(&text, "/ws/");
    hub_param_encode(answer->new_channel_session->session_id.clear, &text);
    HUB_SET(transfer_answer, answer, websocket_url, hub_arena_copy(arena, hub_buf_span(&text)));
    hub_buf_done(&text);
}

/* What is added to an answer that is complete and opened: headers, and what only the API knows. */
static void finish(struct hub_call *call, const struct hub_shape *shape, void *record, struct hub_arena *arena)
{
    unsigned index;
    const struct hub_field *cursor = field_named(shape, HUB_SPAN("next_cursor"), &index);
    if (cursor != NULL && hub_record_has(record, index)) {
        add_link(call, *(const struct hub_span *) hub_record_field_const(record, cursor));
    }
    if (shape == &unified_session_shape) {
        call->version = ((const struct unified_session *) record)->version;
    }
    if (shape == &agent_shown_shape) {
        call->version = ((const struct agent_shown *) record)->version;
    }
    if (shape == &transfer_answer_shape) {
        add_websocket_url(call, record, arena);
    }
}

/* --- what many ask --- */

static struct hub_recall_key key_of(const struct hub_call *call, struct hub_position at)
{
    return (struct hub_recall_key){ .company = call->caller.company,
                                    .path = call->path,
                                    .query = call->query,
                                    .position = at.sequence,
                                    .erasures = call->erasures };
}

static void keep(const struct hub_call *call, struct hub_span body)
{
    struct hub_recall_key key = key_of(call, call->position);
    hub_recall_keep(call->loop->recall, &key,
                    &(struct hub_recalled){
                        .body = body, .link = hub_span_of(call->link.base, call->link.len), .version = call->version });
}

/* Answer as before, if nothing has changed since. */
static bool recall(struct hub_call *call)
{
    const struct hub_server_options *options = &call->loop->server->options;
    struct hub_position at = hub_views_position(options->views);
    struct hub_recalled answer;
    if (!call->asks->is_still ||
        hub_accesses_count(call)) { /* a reading that is noted is made anew: that says of whom */
        return false;
    }
    call->erasures = hub_keyring_erasures(options->keys); /* before anything is opened */
    struct hub_recall_key key = key_of(call, at);
    if (!hub_recall_find(call->loop->recall, &key, &answer)) {
        return false;
    }
    call->position = at;
    call->version = answer.version;
    call->link = answer.link.len > 0 ? hub_call_keep(call, answer.link) : call->link;
    hub_respond_bytes(call, 200, HUB_MEDIA_JSON, answer.body);
    return true;
}

void hub_ask_answer(struct hub_call *call, void *record, struct hub_arena *arena)
{
    const struct hub_route *route = call->ready->route;
    const struct hub_shape *shape = call->asks->answer;
    struct hub_key_source keys = hub_accesses_keys(call);
    hub_record_open(shape, record, call->caller.company, &keys, arena);
    if (!hub_accesses_note(call)) {
        return;
    }
    finish(call, shape, record, arena);
    struct hub_buf *body = &call->loop->body;
    hub_buf_clear(body);
    if (route->list == NULL) {
        hub_json_write(shape, record, HUB_DIALECT_snake, body);
    } else {
        const hub_list *list = hub_record_field_const(record, &shape->fields[0]);
        hub_json_write_array(route->list, list->at, list->count, body);
    }
    if (call->asks->is_still && call->at.at == NULL) {
        keep(call, hub_buf_span(body));
    }
    hub_respond_bytes(call, route->status != 0 ? route->status : 200, HUB_MEDIA_JSON, hub_buf_span(body));
}

struct hub_ask hub_ask_of(struct hub_call *call)
{
    return (struct hub_ask){ .query = call->asks,
                             .params = call->ask_params,
                             .company = call->caller.company,
                             .now_us = hub_now_us(call->loop->server->options.world),
                             .names = hub_call_names(call),
                             .viewer = call->caller.principal,
                             .arena = hub_call_arena(call) };
}

/* --- now --- */

static void ask_now(struct hub_call *call)
{
    if (call->asks->scope == HUB_SCOPE_log) {
        hub_ask_apart(call);
        return;
    }
    struct hub_ask ask = hub_ask_of(call);
    struct hub_fault fault = { 0 };
    void *record = NULL;
    if (recall(call)) {
        return;
    }
    int failed = hub_query_live(call->loop->server->options.views, &ask, &record, &call->position, &fault);
    if (failed != 0) {
        fault.error = failed;
        hub_respond_fault(call, &fault);
        return;
    }
    hub_ask_answer(call, record, ask.arena);
}

/* A client reads its own writes without asking for it, unless the views are too far behind. */
static void on_own_writes(struct hub_wait *wait, int reached)
{
    (void) reached;
    ask_now(hub_call_of_wait(wait));
}

static void on_asked_position(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    if (!reached) {
        hub_respond_problem(call, HUB_ERROR_behind, "", "The views have not reached that position in time; ask again.");
        return;
    }
    ask_now(call);
}

/* --- reading --- */

static bool refuse_param(struct hub_call *call, struct hub_span name)
{
    char pointer[64];
    hub_respond_problem(call, HUB_ERROR_invalid_query, "", "The query parameter %.*s is not known here.",
                        (int) (name.len < sizeof pointer ? name.len : sizeof pointer), name.at);
    return false;
}

static bool is_in_path(const struct hub_call *call, const struct hub_field *field)
{
    for (unsigned i = 0; i < call->ready->param_count; i++) {
        if (call->ready->query_params[i] == field) {
            return true;
        }
    }
    return false;
}

/* One query parameter. */
static bool read_param(struct hub_call *call, void *record, struct hub_span name, struct hub_span text)
{
    const struct hub_shape *shape = call->asks->params;
    struct hub_arena *arena = hub_call_arena(call);
    struct hub_fault fault;
    struct hub_span *common = hub_span_is(name, HUB_SPAN("at"))             ? &call->at
                              : hub_span_is(name, HUB_SPAN("min_position")) ? &call->min_position
                                                                            : NULL;
    unsigned index;
    const struct hub_field *field = field_named(shape, name, &index);
    if (common != NULL) {
        if (common->at != NULL || text.len == 0) {
            hub_respond_problem(call, HUB_ERROR_invalid_query, "", "%.*s must have one value.", (int) name.len,
                                name.at);
            return false;
        }
        *common = text;
        return true;
    }
    if (field == NULL || is_in_path(call, field)) {
        return refuse_param(call, name);
    }
    if (hub_record_has(record, index)) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, "", "%s is there twice.", field->name);
        return false;
    }
    if (hub_field_read_text(field, text, arena, hub_record_field(record, field), &fault) != 0) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, fault.pointer, "%s %s.", field->name, fault.reason);
        return false;
    }
    hub_record_mark(record, index);
    return true;
}

static bool refuse_position(struct hub_call *call, int failed, const char *reason)
{
    hub_respond_problem(call, failed, "", "%s", failed == HUB_ERROR_position_gone ? "" : reason);
    return false;
}

/* A moment is a position of this log that is reached, or a time. */
static bool moments_are_sound(struct hub_call *call)
{
    struct hub_log *log = call->loop->server->options.log;
    struct hub_span min = call->min_position.at != NULL ? call->min_position : call->headers.min_position;
    struct hub_position at = { 0 };
    int64_t time_us;
    int failed = min.at == NULL ? 0 : hub_position_parse(min, hub_log_identity(log), &call->min);
    if (failed != 0) {
        return refuse_position(call, failed, "The minimal position is none of this hub's.");
    }
    if (call->at.at == NULL || hub_time_parse(call->at, &time_us)) {
        return true;
    }
    failed = hub_position_parse(call->at, hub_log_identity(log), &at);
    if (failed != 0) {
        return refuse_position(call, failed, "at must be a position or a time as in RFC 3339.");
    }
    if (at.sequence > hub_log_commit(log).sequence) {
        return refuse_position(call, HUB_ERROR_invalid_query, "That position is not reached yet.");
    }
    return true;
}

static bool read_query(struct hub_call *call, void *record)
{
    struct hub_span rest = call->query, name, value;
    struct hub_arena *arena = hub_call_arena(call);
    while (hub_param_next(&rest, &name, &value)) {
        if (!hub_param_decode(name, true, arena, &name) || !hub_param_decode(value, true, arena, &value)) {
            hub_respond_problem(call, HUB_ERROR_invalid_query, "", "The query is not encoded as it should be.");
            return false;
        }
        if (!read_param(call, record, name, value)) {
            return false;
        }
    }
    return moments_are_sound(call) &&
           hub_read_params(call, call->asks->params, call->ready->query_params, arena, record) &&
           hub_read_names(call, call->asks->params, record, hub_call_names(call)) &&
           hub_read_part(call, arena, hub_call_names(call));
}

void hub_ask(struct hub_call *call)
{
    const struct hub_route *route = call->ready->route;
    bool plain = call->query.len == 0 && call->headers.min_position.at == NULL;
    if (route->command != NULL && plain) {
        hub_perform(call);
        return;
    }
    call->asks = route->query;
    void *record = hub_arena_get(hub_call_arena(call), call->asks->params->size);
    call->ask_params = record;
    if (!read_query(call, record)) {
        return;
    }
    if (route->prepare != NULL && route->command == NULL) {
        route->prepare(call);
        if (call->answered) {
            return;
        }
    }
    if (call->at.at != NULL) {
        hub_ask_past(call);
    } else if (call->min_position.at != NULL || call->headers.min_position.at != NULL) {
        hub_call_wait(call, call->min.sequence, HUB_ASKED_POSITION_US, on_asked_position);
    } else {
        hub_call_wait(call, hub_log_commit(call->loop->server->options.log).sequence, HUB_OWN_WRITES_US, on_own_writes);
    }
}

/* --- completing a command --- */

static void on_completing(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    if (!reached) {
        hub_respond_problem(call, HUB_ERROR_behind, "", "It was done, but the views do not show it yet.");
        return;
    }
    ask_now(call);
}

/* What the reply names, for the query that it feeds. */
static void name_ours(struct hub_name *names, uint8_t kind, struct hub_ulid id)
{
    names[kind] = (struct hub_name){ .given = true, .is_ours = true, .id = id };
}

void hub_ask_then(struct hub_call *call, struct hub_answer *reply)
{
    call->asks = call->ready->route->then;
    call->ask_params = reply->record;
    call->held = reply;
    if (reply->shape == &transfer_done_shape) {
        const struct transfer_done *done = reply->record;
        name_ours(hub_call_names(call), KIND_session, done->session);
        name_ours(hub_call_names(call), KIND_customer, done->customer);
    }
    hub_call_wait(call, reply->position.sequence, HUB_ASKED_POSITION_US, on_completing);
}
