/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading what a client says, and finding the row for it. */
#include "api/live/client.h"

#include <stdio.h>

#include "api/live/asks.h"
#include "api/live/door.h"
#include "api/live/tell.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/json.h"
#include "log/log.h"

enum { ARENA_BYTES = 2048 };

static const struct hub_client_row rows[] = {
#define RUN(name)
#define CLIENT(contract_, type_, ...) { .contract = HUB_CONTRACT_##contract_, .type = type_, __VA_ARGS__ },
#include "api/live/clients.def"
#undef CLIENT
#undef RUN
};

const struct hub_client_row *hub_client_rows(size_t *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}

void hub_client_refuse(struct hub_live_socket *socket, const struct hub_fault *fault, const char *request)
{
    struct live_error error = { 0 };
    int number = fault->error > 0 ? fault->error : HUB_ERROR_internal;
    const char *sentence = fault->reason[0] != '\0' ? fault->reason : hub_error_title(number);
    atomic_fetch_add_explicit(&socket->live->refused, 1, memory_order_relaxed);
    HUB_SET(live_error, &error, error, hub_span(sentence));
    HUB_SET(live_error, &error, code, hub_span(hub_error_code(number)));
    if (fault->pointer[0] != '\0') {
        HUB_SET(live_error, &error, pointer, hub_span(fault->pointer));
    }
    if (request[0] != '\0') {
        HUB_SET(live_error, &error, request, hub_span(request));
    }
    hub_live_say(socket, "error", &error, 0);
}

static void refuse(struct hub_live_socket *socket, int error, const char *request, const char *reason)
{
    struct hub_fault fault = { .error = error };
    snprintf(fault.reason, sizeof fault.reason, "%s", reason);
    hub_client_refuse(socket, &fault, request);
}

static const struct hub_client_row *row_of(uint8_t contract, struct hub_span type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].contract == contract && hub_span_is(hub_span(rows[i].type), type)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Before it is known who listens, only that can be said. */
static bool may(struct hub_live_socket *socket, const struct hub_client_row *row)
{
    if (socket->state == HUB_SOCKET_new) {
        if (row->run == hub_client_auth || row->run == hub_client_ping) {
            return true;
        }
        refuse(socket, HUB_ERROR_unauthenticated, row->type, "Say first who this is for: a frame of type auth.");
        return false;
    }
    if (row->roles == 0 || (row->roles >> socket->lens.role & 1)) {
        return true;
    }
    refuse(socket, HUB_ERROR_forbidden, row->type, "Your role may not do that.");
    return false;
}

static bool read_record(struct hub_said *said, struct hub_span text)
{
    const struct hub_client_row *row = said->row;
    const struct hub_shape *shape = row->said != NULL      ? row->said
                                    : row->command != NULL ? row->command
                                                           : row->query->params;
    struct hub_shape read = *shape;
    struct hub_fault fault;
    struct hub_span part = row->contract == HUB_CONTRACT_a ? said->head->payload : said->head->data;
    void *record = hub_arena_get(said->arena, shape->size);
    text = row->flat ? text : part.len > 0 ? part : HUB_SPAN("{}");
    read.keep_unknown = read.keep_unknown || row->flat;
    read.count = (uint16_t) (shape->count - (row->said != NULL ? 0 : row->internal));
    said->record = record;
    if (hub_json_read(&read, text, said->arena, record, &fault) != 0) {
        hub_client_refuse(said->socket, &fault, row->type);
        return false;
    }
    return true;
}

static void dispatch(struct hub_said *said, struct hub_span text)
{
    if (!may(said->socket, said->row) || !read_record(said, text)) {
        return;
    }
    if (said->row->run != NULL) {
        said->row->run(said);
    } else {
        hub_client_ask(said);
    }
}

void hub_client_said(struct hub_live_socket *socket, struct hub_span text)
{
    struct hub_arena *arena = hub_arena_new(ARENA_BYTES);
    struct live_said *head = HUB_NEW(arena, struct live_said);
    struct hub_said said = { .socket = socket, .head = head, .arena = arena };
    struct hub_fault fault;
    atomic_fetch_add_explicit(&socket->live->said, 1, memory_order_relaxed);
    if (hub_json_read(&live_said_shape, text, arena, head, &fault) != 0) {
        hub_client_refuse(socket, &fault, "");
    } else {
        said.row = row_of(socket->lens.contract, head->type);
        if (said.row == NULL) {
            refuse(socket, HUB_ERROR_invalid_field, "", "There is no such type of frame.");
        } else {
            dispatch(&said, text);
        }
    }
    hub_arena_destroy(&arena);
    hub_live_release(socket);
}

void hub_client_forget(struct hub_live_socket *socket)
{
    hub_client_asks_drop(socket);
}

/* --- what every client may say --- */

void hub_client_auth(const struct hub_said *said)
{
    const struct live_auth *auth = said->record;
    if (said->socket->state == HUB_SOCKET_new) {
        hub_door_let_in(said->socket, HUB_HAS(live_auth, auth, token) ? auth->token : hub_span_of(NULL, 0));
    }
}

void hub_client_ping(const struct hub_said *said)
{
    const struct hub_live_socket *socket = said->socket;
    const struct live_ping *ping = said->record;
    struct live_pong pong = { 0 };
    bool is_behind = socket->state == HUB_SOCKET_behind;
    HUB_COPY(live_pong, &pong, live_ping, ping, timestamp);
    uint64_t at = socket->state == HUB_SOCKET_live ? hub_delivery_reached(socket) : is_behind ? socket->at : 0;
    hub_live_say(said->socket, "pong", &pong, at);
}

void hub_client_resume(const struct hub_said *said)
{
    const struct live_resume *resume = said->record;
    const struct hub_server_options *options = &said->socket->live->loop->server->options;
    bool is_inside = HUB_HAS(live_resume, resume, position);
    struct hub_position at;
    struct hub_span text = is_inside ? resume->position : said->head->position;
    int failed = hub_position_parse(text, hub_log_identity(options->log), &at);
    if (failed == HUB_ERROR_position_gone) {
        hub_live_reload(said->socket);
    } else if (failed != 0) {
        refuse(said->socket, HUB_ERROR_invalid_query, "resume", "The position is none of this hub's.");
    } else if (!hub_live_rewind(said->socket, at.sequence)) {
        refuse(said->socket, HUB_ERROR_conflict, "resume", "What was missed before is still on its way.");
    }
}

/* Everybody else who listens to the same session on this hub is told; nothing is kept. */
void hub_client_typing(const struct hub_said *said)
{
    const struct live_typing *typing = said->record;
    const struct hub_live_socket *socket = said->socket;
    if (socket->lens.topic != HUB_TOPIC_session) {
        refuse(said->socket, HUB_ERROR_invalid_field, "typing", "Typing is said on the socket of a session.");
        return;
    }
    struct live_typing_shown shown = { 0 };
    char name[HUB_ULID_TEXT];
    hub_ulid_print(socket->lens.id, name);
    HUB_SET(live_typing_shown, &shown, session_id, ((hub_sealed){ .clear = hub_span_of(name, sizeof name) }));
    HUB_SET(live_typing_shown, &shown, typing, typing->typing);
    HUB_SET(live_typing_shown, &shown, user_id, socket->lens.viewer);
    hub_live_tell(said->socket, "typing", &shown);
}
