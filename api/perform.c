/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Commands. A record is read straight into the command's own arena, which then moves to the worker as it is. */
#include "api/perform.h"

#include <stdio.h>

#include "actors/session/render.h"
#include "api/accesses.h"
#include "api/ask.h"
#include "api/headers.h"
#include "api/params.h"
#include "api/records.h"
#include "api/respond.h"
#include "base/fault.h"
#include "base/json.h"
#include "log/keyring/keyring.h"
#include "log/log.h"

enum { COMMAND_BYTES = 4096, KEY_BYTES = 16 + HUB_IDEMPOTENCY_KEY_MAX + 16 };

/* --- reading --- */

bool hub_read_params(struct hub_call *call, const struct hub_shape *shape, const struct hub_field *const *fields,
                     struct hub_arena *arena, void *record)
{
    struct hub_fault fault;
    for (unsigned i = 0; i < call->ready->param_count; i++) {
        struct hub_span text;
        if (!hub_param_decode(call->params[i], false, arena, &text)) {
            hub_respond_problem(call, HUB_ERROR_not_found, "", "The path is not encoded as it should be.");
            return false;
        }
        if (hub_field_read_text(fields[i], text, arena, hub_record_field(record, fields[i]), &fault) != 0) {
            hub_respond_fault(call, &fault);
            return false;
        }
        hub_record_mark(record, (unsigned) (fields[i] - shape->fields));
    }
    return true;
}

bool hub_read_body(struct hub_call *call, struct hub_arena *arena, void *record)
{
    struct hub_span body = hub_span_of(call->req->entity.base, call->req->entity.len);
    struct hub_fault fault;
    if (body.len > HUB_BODY_MAX) {
        hub_respond_problem(call, HUB_ERROR_body_too_large, "", "The body has %zu bytes; at most %d are taken.",
                            body.len, HUB_BODY_MAX);
        return false;
    }
    if (body.len > 0 && !hub_header_is_json(call->headers.content_type)) {
        hub_respond_problem(call, HUB_ERROR_unsupported_media, "", "The body must be of the type application/json.");
        return false;
    }
    if (hub_json_read(&call->ready->read, body.len > 0 ? body : HUB_SPAN("{}"), arena, record, &fault) != 0) {
        hub_respond_fault(call, &fault);
        return false;
    }
    return hub_read_params(call, call->ready->record, call->ready->params, arena, record);
}

static bool refuse_names(struct hub_call *call)
{
    hub_respond_problem(call, HUB_ERROR_internal, "", "The company has no key for its index.");
    return false;
}

bool hub_names_read(const struct hub_server *server, const struct hub_shape *shape, const void *record,
                    struct hub_name *names, struct hub_fault *ret_fault)
{
    hub_fault_init(ret_fault, HUB_ERROR_invalid_field);
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        if (field->refers == 0 || field->kind != HUB_KIND_sealed || !hub_record_has(record, i)) {
            continue;
        }
        const hub_sealed *value = hub_record_field_const(record, field);
        const char *why = hub_router_refuse_name(server->router, field->refers, value->clear);
        if (why != NULL) {
            hub_fault_reason(ret_fault, "%s %s.", field->name, why);
            return false;
        }
        if (!hub_name_read(server->options.keys, names[KIND_company].id, field->refers, value->clear,
                           &names[field->refers])) {
            hub_fault_init(ret_fault, HUB_ERROR_internal);
            hub_fault_reason(ret_fault, "The company has no key for its index.");
            return false;
        }
    }
    return true;
}

void hub_names_own(const struct hub_caller *caller, struct hub_name *names)
{
    names[KIND_company] = (struct hub_name){ .given = true, .is_ours = true, .id = caller->company };
    names[KIND_routing] = names[KIND_company];                 /* the company's routing has its id */
    if (!hub_ulid_is(caller->principal, caller->credential)) { /* a person who names no agent means oneself */
        names[KIND_agent] = (struct hub_name){ .given = true, .is_ours = true, .id = caller->principal };
    }
}

bool hub_read_names(struct hub_call *call, const struct hub_shape *shape, const void *record, struct hub_name *names)
{
    struct hub_fault fault;
    hub_names_own(&call->caller, names);
    if (!hub_names_read(call->loop->server, shape, record, names, &fault)) {
        hub_respond_fault(call, &fault);
        return false;
    }
    return true;
}

bool hub_read_part(struct hub_call *call, struct hub_arena *arena, struct hub_name *names)
{
    struct hub_ulid session;
    uint32_t number;
    struct hub_span text;
    if (call->ready->route->part == 0) {
        return true;
    }
    if (!hub_param_decode(call->params[0], false, arena, &text) ||
        !hub_part_id_parse(text, call->ready->route->part, &session, &number)) {
        hub_respond_problem(call, HUB_ERROR_not_found, "", "There is no %s of that id.",
                            call->ready->route->part == 'm' ? "message" : "transfer");
        return false;
    }
    names[KIND_session] = (struct hub_name){ .given = true, .is_ours = true, .id = session };
    return true;
}

/* --- making --- */

struct hub_command *hub_make_command(struct hub_call *call, const struct hub_shape *shape, size_t arena_bytes)
{
    struct hub_command *command = hub_command_new(shape, arena_bytes);
    command->caller = call->caller;
    command->received_tick_us = hub_tick_us(call->loop->server->options.world);
    if (call->headers.traceparent.at != NULL) {
        hub_header_trace(call->headers.traceparent, command->correlation);
    }
    return command;
}

bool hub_choose_target(struct hub_call *call, struct hub_command *command)
{
    const struct hub_route *route = call->ready->route;
    command->target = route->target;
    if (route->otherwise == 0 || command->names[route->target].given) {
        return true;
    }
    command->target = route->otherwise;
    if (command->names[route->otherwise].given) {
        return true;
    }
    hub_respond_problem(call, HUB_ERROR_invalid_field, "", "session_id or customer_id must be there.");
    return false;
}

/* The digest of an Idempotency-Key, of its principal and of an item's number. */
static bool digest_key(struct hub_call *call, int index, uint8_t ret_id[HUB_COMMAND_ID])
{
    char text[KEY_BYTES];
    struct hub_span key = call->headers.idempotency_key;
    size_t len = 16 + key.len;
    memcpy(text, call->caller.principal.b, 16);
    memcpy(text + 16, key.at, key.len);
    if (index >= 0) {
        len += (size_t) snprintf(text + len, sizeof text - len, " %d", index);
    }
    return hub_keyring_digest(call->loop->server->options.keys, call->caller.company, "command", hub_span_of(text, len),
                              ret_id);
}

/* The digest of what was asked: method, path and body. */
static bool digest_body(struct hub_call *call, struct hub_command *command)
{
    struct hub_span method = hub_span_of(call->req->method.base, call->req->method.len);
    struct hub_span body = hub_span_of(call->req->entity.base, call->req->entity.len);
    struct hub_arena *arena = hub_arena_new(method.len + call->path.len + body.len + 2);
    size_t len = 0;
    char *text = hub_arena_get(arena, method.len + call->path.len + body.len + 2);
    memcpy(text, method.at, method.len);
    len += method.len;
    text[len++] = ' ';
    memcpy(text + len, call->path.at, call->path.len);
    len += call->path.len;
    text[len++] = '\n';
    if (body.len > 0) {
        memcpy(text + len, body.at, body.len);
    }
    bool fine = hub_keyring_digest(call->loop->server->options.keys, call->caller.company, "body",
                                   hub_span_of(text, len + body.len), command->body);
    hub_arena_destroy(&arena);
    return fine;
}

bool hub_read_key(struct hub_call *call, struct hub_command *command, int index)
{
    if (call->headers.idempotency_key.at == NULL) {
        return true;
    }
    if (!digest_key(call, index, command->id) || !digest_body(call, command)) {
        return refuse_names(call);
    }
    command->keyed = true;
    return true;
}

static bool read_if_match(struct hub_call *call, struct hub_command *command)
{
    bool any = false;
    if (!call->ready->route->if_match || call->headers.if_match.at == NULL) {
        return true;
    }
    if (!hub_header_if_match(call->headers.if_match, &any, command->expected)) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, "",
                            "If-Match must be entity tags as in an ETag, at most %d, or *.", HUB_EXPECTED_MAX);
        return false;
    }
    command->expects = !any;
    return true;
}

/* The one field that may stand in the URL's query, on routes that have such an option. */
static bool read_option(struct hub_call *call, struct hub_command *command)
{
    const struct hub_field *field = call->ready->option;
    struct hub_span rest = call->query, name, value;
    struct hub_fault fault;
    while (hub_param_next(&rest, &name, &value)) {
        if (!hub_span_is(name, hub_span(field->name))) {
            hub_respond_problem(call, HUB_ERROR_invalid_query, "", "The query parameter %.*s is not known here.",
                                (int) (name.len < 64 ? name.len : 64), name.at);
            return false;
        }
        if (hub_field_read_text(field, value, command->arena, hub_record_field(command->record, field), &fault) != 0) {
            hub_respond_problem(call, HUB_ERROR_invalid_query, fault.pointer, "%s %s.", field->name, fault.reason);
            return false;
        }
        hub_record_mark(command->record, (unsigned) (field - command->shape->fields));
    }
    return true;
}

static bool read_command(struct hub_call *call, struct hub_command *command)
{
    const struct hub_route *route = call->ready->route;
    bool has_body = route->method != HUB_GET;
    if (call->query.len > 0 && call->ready->option == NULL) {
        hub_respond_problem(call, HUB_ERROR_invalid_query, "", "This takes no query parameters.");
        return false;
    }
    if (has_body ? !hub_read_body(call, command->arena, command->record)
                 : !hub_read_params(call, route->command, call->ready->params, command->arena, command->record)) {
        return false;
    }
    return hub_read_names(call, route->command, command->record, command->names) &&
           hub_read_part(call, command->arena, command->names) && hub_choose_target(call, command) &&
           (!has_body || hub_read_key(call, command, -1)) && read_if_match(call, command) && read_option(call, command);
}

/* --- sending and answering --- */

static void on_answer(struct hub_call *call, struct hub_answer *answer)
{
    call->position = answer->position;
    if (answer->error != 0) {
        answer->fault.error = answer->error;
        hub_respond_fault(call, &answer->fault);
        hub_answer_destroy(&answer);
        return;
    }
    call->go_on(call, answer);
}

/* One request in some is timed, the same for reading and writing where they come one by one. */
static bool is_timed(const struct hub_loop *loop)
{
    return atomic_load_explicit(&loop->requests, memory_order_relaxed) % HUB_TIMED_EVERY == 0;
}

/* Only the loop's thread writes. */
static void count_time(const struct hub_loop *loop, int64_t since_us, atomic_ullong *count, atomic_ullong *sum_us)
{
    int64_t took_us = hub_tick_us(loop->server->options.world) - since_us;
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(sum_us, (unsigned long long) took_us, memory_order_relaxed);
}

void hub_send_command(struct hub_call *call, void (*go_on)(struct hub_call *call, struct hub_answer *answer))
{
    if (!hub_call_open_ticket(call, &call->command->ticket)) {
        return;
    }
    call->on_answer = on_answer;
    call->go_on = go_on;
    if (is_timed(call->loop)) {
        count_time(call->loop, call->command->received_tick_us, &call->loop->parsed, &call->loop->parse_us);
    }
    int failed = hub_port_send(call->loop->port, &call->command);
    if (failed != 0) {
        hub_tickets_close(call->loop->tickets, &call->expect);
        hub_respond_problem(call, failed > 0 ? failed : HUB_ERROR_internal, "", "The hub is busy; try again.");
    }
}

/* "/session/{session_id}" with the value of that field of the reply. */
static h2o_iovec_t location_of(struct hub_call *call, const struct hub_shape *shape, const void *record)
{
    const char *template = call->ready->route->location;
    const char *open = strchr(template, '{'), *close = strchr(template, '}');
    struct hub_buf text;
    hub_buf_init(&text);
    hub_buf_put(&text, template, (size_t) (open - template));
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        if (!hub_span_is(hub_span(field->name), hub_span_of(open + 1, (size_t) (close - open - 1)))) {
            continue;
        }
        char ulid[HUB_ULID_TEXT];
        const void *value = hub_record_field_const(record, field);
        if (field->kind == HUB_KIND_id) {
            hub_ulid_print(*(const struct hub_ulid *) value, ulid);
            hub_buf_put(&text, ulid, sizeof ulid);
        } else if (field->kind == HUB_KIND_sealed) {
            hub_param_encode(((const hub_sealed *) value)->clear, &text);
        } else if (field->kind == HUB_KIND_text) {
            hub_param_encode(*(const struct hub_span *) value, &text);
        }
    }
    hub_buf_put_text(&text, close + 1);
    h2o_iovec_t kept = hub_call_keep(call, hub_buf_span(&text));
    hub_buf_done(&text);
    return kept;
}

static void open_reply(const struct hub_key_source *keys, struct hub_answer *answer)
{
    hub_record_open(answer->shape, answer->record, answer->company, keys, answer->arena);
}

/* A stored message's reply says where it is. */
static void add_position(struct hub_answer *answer, struct hub_span position)
{
    if (answer->shape == &message_processed_shape) {
        struct message_processed *reply = answer->record;
        HUB_SET(message_processed, reply, position, position);
    }
}

void hub_write_reply(const struct hub_server *server, struct hub_answer *answer, struct hub_buf *out)
{
    char position[HUB_POSITION_TEXT];
    struct hub_key_source keys = hub_keyring_source(server->options.keys);
    open_reply(&keys, answer);
    hub_position_print(answer->position, hub_log_identity(server->options.log), position);
    add_position(answer, hub_span(position));
    hub_json_write(answer->shape, answer->record, HUB_DIALECT_snake, out);
}

/* From the record, which a repetition of the request gets too. */
static uint64_t version_in(const struct hub_answer *answer)
{
    const struct unified_session *session = answer->record;
    if (answer->shape == &routing_rules_reply_shape) {
        return ((const struct routing_rules_reply *) answer->record)->version;
    }
    if (answer->shape == &agent_shown_shape) {
        return ((const struct agent_shown *) answer->record)->version;
    }
    return answer->shape == &unified_session_shape && HUB_HAS(unified_session, session, version) ? session->version : 0;
}

void hub_answer_call(struct hub_call *call, struct hub_answer *answer)
{
    const struct hub_route *route = call->ready->route;
    struct hub_loop *loop = call->loop;
    int64_t begun_us = is_timed(loop) ? hub_tick_us(loop->server->options.world) : 0;
    call->position = answer->position;
    call->version = version_in(answer);
    struct hub_key_source keys = hub_accesses_keys(call);
    open_reply(&keys, answer);
    if (!hub_accesses_note(call)) {
        hub_answer_destroy(&answer);
        return;
    }
    add_position(answer, hub_respond_position(call));
    if (route->finish != NULL) {
        route->finish(call, answer);
    }
    if (route->location != NULL) {
        call->location = location_of(call, answer->shape, answer->record);
    }
    hub_respond_record(call, route->status != 0 ? route->status : 200, answer->shape, answer->record);
    hub_answer_destroy(&answer);
    if (begun_us != 0) {
        count_time(loop, begun_us, &loop->replied, &loop->reply_us);
    }
}

static void on_settled(struct hub_wait *wait, int reached)
{
    struct hub_call *call = hub_call_of_wait(wait);
    if (!reached) {
        hub_respond_problem(call, HUB_ERROR_behind, "", "It was done, but the views do not show it yet.");
        return;
    }
    struct hub_answer *answer = call->held;
    call->held = NULL;
    hub_answer_call(call, answer);
}

void hub_perform_done(struct hub_call *call, struct hub_answer *answer)
{
    const struct hub_route *route = call->ready->route;
    if (route->then != NULL) {
        hub_ask_then(call, answer);
    } else if (route->settles) {
        call->held = answer;
        hub_call_wait(call, answer->position.sequence, HUB_ASKED_POSITION_US, on_settled);
    } else {
        hub_answer_call(call, answer);
    }
}

void hub_perform(struct hub_call *call)
{
    const struct hub_route *route = call->ready->route;
    call->command = hub_make_command(call, route->command, COMMAND_BYTES);
    if (!read_command(call, call->command)) {
        return;
    }
    if (route->prepare != NULL) {
        route->prepare(call);
        if (call->answered) {
            return;
        }
    }
    hub_send_command(call, hub_perform_done);
}
