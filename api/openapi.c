/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* OpenAPI 3.1 from the tables. Answers refer to schemas by name; bodies are spelt out where they are read, since what the
 * path says need not stand in the body. */
#include "api/openapi.h"

#include <assert.h>
#include <ctype.h>

#include "api/admit.h"
#include "api/document.h"
#include "api/problem.h"
#include "api/records.h"
#include "api/router.h"
#include "api/system.h"
#include "base/json.h"
#include "base/json_emit.h"

enum { NAME_BYTES = 96 };

struct printer {
    struct hub_document document;
    const struct hub_ready_route *routes;
    size_t route_count;
};

/* --- pieces --- */

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

static void need_fields(struct printer *self, const struct hub_shape *shape)
{
    hub_document_need_fields(&self->document, shape, HUB_DIALECT_snake);
}

static void emit_ref(struct printer *self, const struct hub_shape *shape)
{
    hub_document_ref(&self->document, shape, HUB_DIALECT_snake);
}

static void emit_one_text(struct printer *self, const char *key, const char *text)
{
    hub_json_emit_key(&self->document.emit, key);
    hub_json_emit_array_begin(&self->document.emit);
    hub_json_emit_text(&self->document.emit, text);
    hub_json_emit_array_end(&self->document.emit);
}

/* The schema of one field, as hub_describe has it, out of the schema of a shape of that field alone. */
static void emit_field_schema(struct printer *self, const struct hub_field *field)
{
    struct hub_field alone = *field;
    struct hub_shape shape = { .name = "one", .fields = &alone, .count = 1, .doc = "" };
    need_fields(self, &shape);
    hub_json_emit_key(&self->document.emit, "schema");
    hub_describe_field(field, hub_json_emit_value(&self->document.emit));
}

static void emit_parameter(struct printer *self, const struct hub_field *field, const char *in)
{
    begin(self, NULL);
    member(self, "name", field->name);
    member(self, "in", in);
    hub_json_emit_member_bool(&self->document.emit, "required", in[0] == 'p');
    member(self, "description", field->doc);
    emit_field_schema(self, field);
    end(self);
}

static void emit_text_parameter(struct printer *self, const char *name, const char *in, const char *doc)
{
    begin(self, NULL);
    member(self, "name", name);
    member(self, "in", in);
    hub_json_emit_member_bool(&self->document.emit, "required", false);
    member(self, "description", doc);
    begin(self, "schema");
    member(self, "type", "string");
    end(self);
    end(self);
}

/* --- operations --- */

static bool is_param(const struct hub_ready_route *ready, const struct hub_field *field)
{
    for (unsigned i = 0; i < ready->param_count; i++) {
        if (ready->query_params[i] == field) {
            return true;
        }
    }
    return false;
}

static void emit_query_parameters(struct printer *self, const struct hub_ready_route *ready)
{
    const struct hub_shape *shape = ready->route->query->params;
    for (unsigned i = 0; i < shape->count; i++) {
        if (!is_param(ready, &shape->fields[i])) {
            emit_parameter(self, &shape->fields[i], "query");
        }
    }
    emit_text_parameter(self, "at", "query", "As it was at this position or time (RFC 3339).");
    emit_text_parameter(self, "min_position", "query", "Wait until the views have reached this position.");
    emit_text_parameter(self, "Hub-Min-Position", "header", "The same as a header.");
}

static void emit_parameters(struct printer *self, const struct hub_ready_route *ready)
{
    const struct hub_route *route = ready->route;
    hub_json_emit_key(&self->document.emit, "parameters");
    hub_json_emit_array_begin(&self->document.emit);
    for (unsigned i = 0; i < ready->param_count; i++) {
        emit_parameter(self, ready->params[i], "path");
    }
    if (route->query != NULL) {
        emit_query_parameters(self, ready);
    }
    if (ready->option != NULL) {
        emit_parameter(self, ready->option, "query");
    }
    if (route->method == HUB_POST && (route->command != NULL || route->internal > 0)) {
        emit_text_parameter(self, "Idempotency-Key", "header",
                            "The same key with the same request has one effect and one answer.");
    }
    if (route->if_match) {
        emit_text_parameter(self, "If-Match", "header", "Only when the version is still this one, as in the ETag.");
    }
    hub_json_emit_array_end(&self->document.emit);
}

static void emit_body(struct printer *self, const struct hub_ready_route *ready)
{
    bool required = false;
    if (ready->route->method == HUB_GET || ready->read.fields == NULL) {
        return;
    }
    for (unsigned i = 0; i < ready->shown.count; i++) {
        required = required || ready->shown.fields[i].required;
    }
    need_fields(self, &ready->shown);
    begin(self, "requestBody");
    hub_json_emit_member_bool(&self->document.emit, "required", required);
    begin(self, "content");
    begin(self, "application/json");
    hub_json_emit_key(&self->document.emit, "schema");
    hub_describe(&ready->shown, hub_json_emit_value(&self->document.emit));
    end(self);
    end(self);
    end(self);
}

static void emit_answer_schema(struct printer *self, const struct hub_route *route)
{
    const struct hub_shape *shape = route->then != NULL    ? route->then->answer
                                    : route->list != NULL  ? route->list
                                    : route->query != NULL ? route->query->answer
                                                           : route->answer;
    begin(self, "schema");
    if (shape == NULL) {
        bool is_json = route->media == NULL || strcmp(route->media, "application/json") == 0;
        member(self, "type", is_json ? "object" : "string");
    } else if (route->list != NULL) {
        member(self, "type", "array");
        begin(self, "items");
        emit_ref(self, shape);
        end(self);
    } else {
        emit_ref(self, shape);
    }
    end(self);
}

static void emit_responses(struct printer *self, const struct hub_route *route)
{
    char status[4] = { '2', '0', route->status == 201 ? '1' : '0', '\0' };
    const char *media = route->media != NULL ? route->media : "application/json";
    char type[NAME_BYTES] = { 0 };
    memcpy(type, media, strcspn(media, ";"));
    begin(self, "responses");
    begin(self, status);
    member(self, "description", route->status == 201 ? "Made." : "Done.");
    begin(self, "headers");
    begin(self, "Hub-Position");
    member(self, "$ref", "#/components/headers/Hub-Position");
    end(self);
    end(self);
    begin(self, "content");
    begin(self, type);
    emit_answer_schema(self, route);
    end(self);
    end(self);
    end(self);
    begin(self, "default");
    member(self, "$ref", "#/components/responses/problem");
    end(self);
    end(self);
}

/* "POST /session/{session_id}/transfer" becomes post_session_session_id_transfer. */
static void emit_operation_id(struct printer *self, const struct hub_route *route)
{
    char text[NAME_BYTES];
    size_t len = 0;
    for (const char *at = hub_method_name(route->method); *at != '\0'; at++) {
        text[len++] = (char) tolower((unsigned char) *at);
    }
    for (const char *at = route->path; *at != '\0' && len < sizeof text - 1; at++) {
        bool letter = isalnum((unsigned char) *at) != 0;
        if (letter || (*at != '{' && *at != '}')) {
            text[len++] = letter ? *at : '_';
        }
    }
    hub_json_emit_key(&self->document.emit, "operationId");
    hub_json_emit_span(&self->document.emit, hub_span_of(text, len));
}

static void emit_roles(struct printer *self, const struct hub_route *route)
{
    if (route->roles == 0) {
        hub_json_emit_key(&self->document.emit, "security");
        hub_json_emit_array_begin(&self->document.emit);
        hub_json_emit_array_end(&self->document.emit);
        return;
    }
    hub_json_emit_key(&self->document.emit, "x-roles");
    hub_json_emit_array_begin(&self->document.emit);
    for (unsigned i = 0; i < role_vocab.count; i++) {
        if (route->roles >> role_vocab.words[i].code & 1) {
            hub_json_emit_text(&self->document.emit, role_vocab.words[i].name);
        }
    }
    hub_json_emit_array_end(&self->document.emit);
    if (route->operator_only) {
        hub_json_emit_member_bool(&self->document.emit, "x-operator-only", true);
    }
}

static void emit_operation(struct printer *self, const struct hub_ready_route *ready)
{
    const struct hub_route *route = ready->route;
    char method[8] = { 0 };
    for (size_t i = 0; hub_method_name(route->method)[i] != '\0'; i++) {
        method[i] = (char) tolower((unsigned char) hub_method_name(route->method)[i]);
    }
    begin(self, method);
    emit_operation_id(self, route);
    member(self, "summary", route->doc);
    emit_one_text(self, "tags", route->tag);
    emit_roles(self, route);
    emit_parameters(self, ready);
    emit_body(self, ready);
    emit_responses(self, route);
    end(self);
}

static bool is_first_of_path(const struct printer *self, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(self->routes[i].route->path, self->routes[index].route->path) == 0) {
            return false;
        }
    }
    return true;
}

static void emit_paths(struct printer *self)
{
    begin(self, "paths");
    for (size_t i = 0; i < self->route_count; i++) {
        if (self->routes[i].route->method == HUB_WS || !is_first_of_path(self, i)) {
            continue;
        }
        const char *path = self->routes[i].route->path;
        begin(self, path);
        for (size_t k = i; k < self->route_count; k++) {
            if (strcmp(self->routes[k].route->path, path) == 0) {
                emit_operation(self, &self->routes[k]);
            }
        }
        end(self);
    }
    end(self);
}

/* --- the rest --- */

static void emit_info(struct printer *self)
{
    member(self, "openapi", "3.1.0");
    begin(self, "info");
    member(self, "title", "Omnihub");
    member(self, "version", HUB_VERSION);
    member(self, "description", "A self-hosted omnichannel hub: one customer, one session, any channel.");
    begin(self, "license");
    member(self, "name", "AGPL-3.0-or-later");
    member(self, "identifier", "AGPL-3.0-or-later");
    end(self);
    end(self);
    hub_json_emit_key(&self->document.emit, "security");
    hub_json_emit_array_begin(&self->document.emit);
    begin(self, NULL);
    hub_json_emit_key(&self->document.emit, "bearer");
    hub_json_emit_array_begin(&self->document.emit);
    hub_json_emit_array_end(&self->document.emit);
    end(self);
    begin(self, NULL);
    hub_json_emit_key(&self->document.emit, "cookie");
    hub_json_emit_array_begin(&self->document.emit);
    hub_json_emit_array_end(&self->document.emit);
    end(self);
    hub_json_emit_array_end(&self->document.emit);
}

static void emit_security(struct printer *self)
{
    begin(self, "securitySchemes");
    begin(self, "bearer");
    member(self, "type", "http");
    member(self, "scheme", "bearer");
    member(self, "description", "An API key.");
    end(self);
    begin(self, "cookie");
    member(self, "type", "apiKey");
    member(self, "in", "cookie");
    member(self, "name", HUB_COOKIE);
    member(self, "description", "A person's login, set by POST /auth/login.");
    end(self);
    end(self);
}

static void emit_shared(struct printer *self)
{
    begin(self, "headers");
    begin(self, "Hub-Position");
    member(self, "description", "The last position of the log that the answer depends on; opaque.");
    begin(self, "schema");
    member(self, "type", "string");
    end(self);
    end(self);
    end(self);
    begin(self, "responses");
    begin(self, "problem");
    member(self, "description", "Refused; the code says why.");
    begin(self, "content");
    begin(self, HUB_MEDIA_PROBLEM);
    begin(self, "schema");
    emit_ref(self, &problem_shape);
    end(self);
    end(self);
    end(self);
    end(self);
    end(self);
}

void hub_openapi_print(struct hub_buf *out)
{
    struct hub_router *router = hub_router_new();
    struct printer self = { .route_count = 0 };
    self.routes = hub_router_all(router, &self.route_count);
    hub_document_init(&self.document, out);
    hub_json_emit_object_begin(&self.document.emit);
    emit_info(&self);
    emit_paths(&self);
    begin(&self, "components");
    emit_security(&self);
    emit_shared(&self);
    hub_document_schemas(&self.document);
    end(&self);
    end(&self);
    hub_json_emit_done(&self.document.emit);
    hub_router_destroy(&router);
}
