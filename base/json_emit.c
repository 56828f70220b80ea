/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writing a JSON document that is no record: what is open, and whether a comma is due. */
#include "base/json_emit.h"

#include <assert.h>

#include "base/json.h"

void hub_json_emit_init(struct hub_json_emit *self, struct hub_buf *out)
{
    *self = (struct hub_json_emit){ .out = out };
}

void hub_json_emit_done(const struct hub_json_emit *self)
{
    assert(self->depth == 0 && self->has_items);
    (void) self;
}

static bool in_object(const struct hub_json_emit *self)
{
    return self->depth > 0 && (self->objects >> (self->depth - 1) & 1) != 0;
}

struct hub_buf *hub_json_emit_value(struct hub_json_emit *self)
{
    assert(in_object(self) ? self->has_key : self->depth > 0 || !self->has_items);
    if (self->has_items && !self->has_key) {
        hub_buf_put_byte(self->out, ',');
    }
    self->has_items = true;
    self->has_key = false;
    return self->out;
}

static void begin(struct hub_json_emit *self, bool is_object)
{
    assert(self->depth < HUB_JSON_EMIT_DEPTH);
    const uint64_t bit = UINT64_C(1) << self->depth;
    hub_buf_put_byte(hub_json_emit_value(self), is_object ? '{' : '[');
    self->objects = is_object ? self->objects | bit : self->objects & ~bit;
    self->depth++;
    self->has_items = false;
}

static void end(struct hub_json_emit *self, bool is_object)
{
    assert(self->depth > 0 && in_object(self) == is_object && !self->has_key);
    hub_buf_put_byte(self->out, is_object ? '}' : ']');
    self->depth--;
    self->has_items = true;
}

void hub_json_emit_object_begin(struct hub_json_emit *self)
{
    begin(self, true);
}

void hub_json_emit_object_end(struct hub_json_emit *self)
{
    end(self, true);
}

void hub_json_emit_array_begin(struct hub_json_emit *self)
{
    begin(self, false);
}

void hub_json_emit_array_end(struct hub_json_emit *self)
{
    end(self, false);
}

void hub_json_emit_key_span(struct hub_json_emit *self, struct hub_span name)
{
    assert(in_object(self) && !self->has_key);
    if (self->has_items) {
        hub_buf_put_byte(self->out, ',');
    }
    hub_json_write_text(name, self->out);
    hub_buf_put_byte(self->out, ':');
    self->has_key = true;
}

void hub_json_emit_key(struct hub_json_emit *self, const char *name)
{
    hub_json_emit_key_span(self, hub_span(name));
}

void hub_json_emit_null(struct hub_json_emit *self)
{
    hub_buf_put_text(hub_json_emit_value(self), "null");
}

void hub_json_emit_bool(struct hub_json_emit *self, bool value)
{
    hub_buf_put_text(hub_json_emit_value(self), value ? "true" : "false");
}

void hub_json_emit_i64(struct hub_json_emit *self, int64_t value)
{
    hub_buf_put_i64(hub_json_emit_value(self), value);
}

void hub_json_emit_u64(struct hub_json_emit *self, uint64_t value)
{
    hub_buf_put_u64(hub_json_emit_value(self), value);
}

void hub_json_emit_text(struct hub_json_emit *self, const char *text)
{
    if (text == NULL) {
        hub_json_emit_null(self);
    } else {
        hub_json_emit_span(self, hub_span(text));
    }
}

void hub_json_emit_span(struct hub_json_emit *self, struct hub_span text)
{
    hub_json_write_text(text, hub_json_emit_value(self));
}

void hub_json_emit_raw(struct hub_json_emit *self, struct hub_span json)
{
    assert(json.len > 0);
    hub_buf_put(hub_json_emit_value(self), json.at, json.len);
}

void hub_json_emit_member_text(struct hub_json_emit *self, const char *name, const char *text)
{
    if (text != NULL) {
        hub_json_emit_key(self, name);
        hub_json_emit_text(self, text);
    }
}

void hub_json_emit_member_i64(struct hub_json_emit *self, const char *name, int64_t value)
{
    hub_json_emit_key(self, name);
    hub_json_emit_i64(self, value);
}

void hub_json_emit_member_bool(struct hub_json_emit *self, const char *name, bool value)
{
    hub_json_emit_key(self, name);
    hub_json_emit_bool(self, value);
}

void hub_json_emit_member_time(struct hub_json_emit *self, const char *name, int64_t time_us)
{
    struct hub_buf text;
    hub_buf_init(&text);
    hub_time_print(time_us, &text);
    hub_json_emit_key(self, name);
    hub_json_emit_span(self, hub_buf_span(&text));
    hub_buf_done(&text);
}
