/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* AsyncAPI 3.0: a channel for each WebSocket, a message for each type of frame. The point of view is the hub's: it sends what
 * clients hear. A message is the whole frame: the envelope with its type fixed and its payload by reference. */
#include "api/live/asyncapi.h"

#include <stdio.h>

#include "api/document.h"
#include "api/live/client.h"
#include "api/live/frame.h"
#include "api/router.h"
#include "api/system.h"

enum { NAME_BYTES = 96 };

struct printer {
    struct hub_document document;
    const struct hub_frame_row *frames;
    const struct hub_client_row *clients;
    size_t frame_count, client_count;
    struct hub_router *router;
    const struct hub_ready_route *routes;
    size_t route_count;
};

static void begin(struct printer *self, const char *key)
{
    hub_document_begin(&self->document, key);
}

static void end(struct printer *self)
{
    hub_document_end(&self->document);
}

static void member(struct printer *self, const char *name, const char *text)
{
    hub_document_member(&self->document, name, text);
}

static enum hub_dialect dialect_of(uint8_t contract)
{
    return contract == HUB_CONTRACT_a ? HUB_DIALECT_camel : HUB_DIALECT_snake;
}

/* --- names --- */

struct name {
    char text[NAME_BYTES];
};

/* "a_new_message"; what a client says ends with _said. */
static struct name message_name(uint8_t contract, const char *type, bool is_clients)
{
    struct name name;
    snprintf(name.text, sizeof name.text, "%s_%s%s", contract == HUB_CONTRACT_a ? "a" : "b", type,
             is_clients ? "_said" : "");
    return name;
}

/* "/ws/agent/{agent_id}" becomes ws_agent. */
static struct name channel_name(const struct hub_ready_route *ready)
{
    struct name name = { "" };
    size_t len = 0;
    for (unsigned i = 0; i < ready->part_count; i++) {
        bool is_param = ready->param_mask >> i & 1;
        if (!is_param || ready->part_count == 2) {
            len += (size_t) snprintf(name.text + len, sizeof name.text - len, "%s%.*s", i == 0 ? "" : "_",
                                     (int) ready->parts[i].len, ready->parts[i].at);
        }
    }
    return name;
}

/* Several rows may have one type: events that say the same. */
static bool is_first_of_type(const struct printer *self, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (self->frames[i].contract == self->frames[index].contract &&
            strcmp(self->frames[i].type, self->frames[index].type) == 0) {
            return false;
        }
    }
    return true;
}

/* --- messages --- */

static void emit_const_type(struct printer *self, const char *type)
{
    begin(self, "type");
    member(self, "const", type);
    end(self);
}

/* An envelope whose payload or data is a shape: the envelope's schema, and what this message adds to it. */
static void emit_envelope(struct printer *self, const struct hub_shape *envelope, const char *inside,
                          const struct hub_shape *shape, const char *type)
{
    enum hub_dialect dialect = dialect_of(envelope == &live_frame_a_shape ? HUB_CONTRACT_a : HUB_CONTRACT_b);
    hub_json_emit_key(&self->document.emit, "allOf");
    hub_json_emit_array_begin(&self->document.emit);
    begin(self, NULL);
    hub_document_ref(&self->document, envelope, dialect);
    end(self);
    begin(self, NULL);
    begin(self, "properties");
    emit_const_type(self, type);
    begin(self, inside);
    hub_document_ref(&self->document, shape, dialect);
    end(self);
    end(self);
    end(self);
    hub_json_emit_array_end(&self->document.emit);
}

/* Members beside the type: one shape out of two. */
static void emit_flat(struct printer *self, const struct hub_shape *shape, const char *type)
{
    struct hub_field fields[64 + 2] = { live_frame_b_shape.fields[live_frame_b_at_type],
                                        live_frame_b_shape.fields[live_frame_b_at_position] };
    struct hub_shape whole = *shape;
    memcpy(fields + 2, shape->fields, shape->count * sizeof *fields);
    whole.fields = fields;
    whole.count = (uint16_t) (shape->count + 2);
    hub_document_need_fields(&self->document, shape, HUB_DIALECT_snake);
    hub_json_emit_key(&self->document.emit, "allOf");
    hub_json_emit_array_begin(&self->document.emit);
    hub_document_shape(&self->document, &whole, HUB_DIALECT_snake);
    begin(self, NULL);
    begin(self, "properties");
    emit_const_type(self, type);
    end(self);
    end(self);
    hub_json_emit_array_end(&self->document.emit);
}

static void emit_roles(struct printer *self, uint32_t roles)
{
    hub_json_emit_key(&self->document.emit, "x-roles");
    hub_json_emit_array_begin(&self->document.emit);
    for (uint16_t i = 0; i < role_vocab.count; i++) {
        if (roles >> role_vocab.words[i].code & 1) {
            hub_json_emit_text(&self->document.emit, role_vocab.words[i].name);
        }
    }
    hub_json_emit_array_end(&self->document.emit);
}

static void begin_message(struct printer *self, const struct name *name, const char *type, const char *doc)
{
    begin(self, name->text);
    member(self, "name", type);
    member(self, "summary", doc);
    begin(self, "payload");
}

static void emit_frame(struct printer *self, const struct hub_frame_row *row)
{
    struct name name = message_name(row->contract, row->type, false);
    begin_message(self, &name, row->type, row->payload->doc);
    if (row->contract == HUB_CONTRACT_a) {
        emit_envelope(self, &live_frame_a_shape, "payload", row->payload, row->type);
    } else if (row->flat) {
        emit_flat(self, row->payload, row->type);
    } else {
        emit_envelope(self, &live_frame_b_shape, "data", row->payload, row->type);
    }
    end(self);
    emit_roles(self, row->roles);
    end(self);
}

/* What a client may put in: without the last fields, which are the hub's. */
static struct hub_shape said_shape(const struct hub_client_row *row)
{
    const struct hub_shape *shape = row->said != NULL      ? row->said
                                    : row->command != NULL ? row->command
                                                           : row->query->params;
    struct hub_shape said = *shape;
    said.count = (uint16_t) (shape->count - (row->said != NULL ? 0 : row->internal));
    return said;
}

static void emit_said(struct printer *self, const struct hub_client_row *row)
{
    const struct hub_shape shape = said_shape(row);
    struct name name = message_name(row->contract, row->type, true);
    begin_message(self, &name, row->type, row->doc);
    hub_document_need_fields(&self->document, &shape, HUB_DIALECT_snake);
    if (row->flat) {
        emit_flat(self, &shape, row->type);
    } else {
        member(self, "type", "object");
        begin(self, "properties");
        emit_const_type(self, row->type);
        hub_json_emit_key(&self->document.emit, row->contract == HUB_CONTRACT_a ? "payload" : "data");
        hub_document_shape(&self->document, &shape, HUB_DIALECT_snake);
        end(self);
        hub_json_emit_key(&self->document.emit, "required");
        hub_json_emit_array_begin(&self->document.emit);
        hub_json_emit_text(&self->document.emit, "type");
        hub_json_emit_array_end(&self->document.emit);
    }
    end(self);
    emit_roles(self, row->roles != 0 ? row->roles : HUB_MAY_READ);
    end(self);
}

static void emit_messages(struct printer *self)
{
    begin(self, "messages");
    for (size_t i = 0; i < self->frame_count; i++) {
        if (is_first_of_type(self, i)) {
            emit_frame(self, &self->frames[i]);
        }
    }
    for (size_t i = 0; i < self->client_count; i++) {
        emit_said(self, &self->clients[i]);
    }
    end(self);
}

/* --- channels --- */

/* Call for each message of a contract that the hub sends, or that clients send. */
static void each_message(struct printer *self, uint8_t contract, bool is_clients,
                         void (*emit)(struct printer *self, const struct name *name, const char *arg), const char *arg)
{
    for (size_t i = 0; i < (is_clients ? self->client_count : self->frame_count); i++) {
        uint8_t of = is_clients ? self->clients[i].contract : self->frames[i].contract;
        if (of != contract || (!is_clients && !is_first_of_type(self, i))) {
            continue;
        }
        const char *type = is_clients ? self->clients[i].type : self->frames[i].type;
        struct name name = message_name(contract, type, is_clients);
        emit(self, &name, arg);
    }
}

static void emit_message_of_channel(struct printer *self, const struct name *name, const char *arg)
{
    (void) arg;
    begin(self, name->text);
    hub_document_joined(&self->document, "$ref", "#/components/messages/", name->text);
    end(self);
}

static void emit_message_of_operation(struct printer *self, const struct name *name, const char *arg)
{
    struct name path;
    snprintf(path.text, sizeof path.text, "%.40s/messages/%.40s", arg, name->text);
    begin(self, NULL);
    hub_document_joined(&self->document, "$ref", "#/channels/", path.text);
    end(self);
}

static void emit_parameters(struct printer *self, const struct hub_ready_route *ready)
{
    begin(self, "parameters");
    for (unsigned i = 0; i < ready->param_count; i++) {
        begin(self, ready->params[i]->name);
        member(self, "description", ready->params[i]->doc);
        end(self);
    }
    end(self);
    begin(self, "bindings");
    begin(self, "ws");
    member(self, "method", "GET");
    hub_json_emit_key(&self->document.emit, "query");
    hub_document_shape(&self->document, &ready->shown, HUB_DIALECT_snake);
    end(self);
    end(self);
}

static void emit_channel(struct printer *self, const struct hub_ready_route *ready)
{
    struct name name = channel_name(ready);
    begin(self, name.text);
    member(self, "address", ready->route->path);
    member(self, "description", ready->route->doc);
    begin(self, "messages");
    each_message(self, ready->route->contract, false, emit_message_of_channel, NULL);
    each_message(self, ready->route->contract, true, emit_message_of_channel, NULL);
    end(self);
    emit_parameters(self, ready);
    emit_roles(self, ready->route->roles);
    end(self);
}

static void emit_operation(struct printer *self, const struct hub_ready_route *ready, bool is_clients)
{
    struct name channel = channel_name(ready), name;
    snprintf(name.text, sizeof name.text, "%s_%.80s", is_clients ? "take" : "tell", channel.text);
    begin(self, name.text);
    member(self, "action", is_clients ? "receive" : "send");
    begin(self, "channel");
    hub_document_joined(&self->document, "$ref", "#/channels/", channel.text);
    end(self);
    hub_json_emit_key(&self->document.emit, "messages");
    hub_json_emit_array_begin(&self->document.emit);
    each_message(self, ready->route->contract, is_clients, emit_message_of_operation, channel.text);
    hub_json_emit_array_end(&self->document.emit);
    end(self);
}

static void emit_channels(struct printer *self)
{
    begin(self, "channels");
    for (size_t i = 0; i < self->route_count; i++) {
        if (self->routes[i].route->method == HUB_WS) {
            emit_channel(self, &self->routes[i]);
        }
    }
    end(self);
    begin(self, "operations");
    for (size_t i = 0; i < self->route_count; i++) {
        if (self->routes[i].route->method == HUB_WS) {
            emit_operation(self, &self->routes[i], false);
            emit_operation(self, &self->routes[i], true);
        }
    }
    end(self);
}

/* --- the rest --- */

static void emit_info(struct printer *self)
{
    member(self, "asyncapi", "3.0.0");
    begin(self, "info");
    member(self, "title", "Omnihub, live");
    member(self, "version", HUB_VERSION);
    member(self, "description",
           "What the hub says over WebSockets when something happens, and what may be said to it.");
    begin(self, "license");
    member(self, "name", "AGPL-3.0-or-later");
    end(self);
    end(self);
    member(self, "defaultContentType", "application/json");
    begin(self, "servers");
    begin(self, "hub");
    member(self, "host", "127.0.0.1:8302");
    member(self, "protocol", "ws");
    end(self);
    end(self);
}

void hub_asyncapi_print(struct hub_buf *out)
{
    struct printer self = { .router = hub_router_new() };
    self.frames = hub_frame_rows(&self.frame_count);
    self.clients = hub_client_rows(&self.client_count);
    self.routes = hub_router_all(self.router, &self.route_count);
    hub_document_init(&self.document, out);
    hub_json_emit_object_begin(&self.document.emit);
    emit_info(&self);
    emit_channels(&self);
    begin(&self, "components");
    emit_messages(&self);
    hub_document_schemas(&self.document);
    end(&self);
    end(&self);
    hub_json_emit_done(&self.document.emit);
    hub_router_destroy(&self.router);
}
