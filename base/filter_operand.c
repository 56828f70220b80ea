/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The operands of a filter's conditions: paths to fields, and literals of their types. */
#include <assert.h>
#include <stdio.h>

#include "base/filter_parser.h"
#include "base/value.h"

enum { STEPS_MAX = 8 };

bool hub_filter_advance(struct hub_filter_parser *self)
{
    self->end = self->token.end;
    return hub_filter_lex(&self->lexer, &self->token, &self->fault);
}

static bool is_at(const struct hub_filter_parser *self, enum hub_filter_token_kind kind, const char *text)
{
    return self->token.kind == kind && hub_span_is(self->token.text, hub_span(text));
}

bool hub_filter_is_word(const struct hub_filter_parser *self, const char *word)
{
    return is_at(self, HUB_FILTER_TOKEN_word, word);
}

bool hub_filter_is_sign(const struct hub_filter_parser *self, const char *sign)
{
    return is_at(self, HUB_FILTER_TOKEN_sign, sign);
}

bool hub_filter_expect_sign(struct hub_filter_parser *self, const char *sign, const char *reason)
{
    return hub_filter_is_sign(self, sign) ? hub_filter_advance(self)
                                          : hub_filter_refuse(&self->fault, self->token.at, "%s", reason);
}

/* --- paths --- */

static bool refuse_name(struct hub_filter_parser *self, const struct hub_shape *shape)
{
    char names[96];
    size_t len = 0;
    for (uint16_t i = 0; i < shape->count && len + 1 < sizeof names; i++) {
        int put = snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "", shape->fields[i].name);
        len += put > 0 ? (size_t) put : 0;
    }
    return hub_filter_refuse(&self->fault, self->token.at, "There is no field %.*s here; there is %s%s",
                             (int) (self->token.text.len < 32 ? self->token.text.len : 32), self->token.text.at, names,
                             len < sizeof names ? "." : " ...");
}

static const struct hub_field *find_field(const struct hub_shape *shape, struct hub_span name)
{
    for (uint16_t i = 0; i < shape->count; i++) {
        if (hub_span_is(hub_span(shape->fields[i].name), name)) {
            return &shape->fields[i];
        }
    }
    return NULL;
}

bool hub_filter_is_of_records(const struct hub_field *field)
{
    return field->kind == HUB_KIND_record || (field->kind == HUB_KIND_list && field->of == HUB_KIND_record);
}

static bool is_nameable(struct hub_filter_parser *self, const struct hub_field *field)
{
    switch (field->kind) {
    case HUB_KIND_sealed:
        return hub_filter_refuse(&self->fault, self->token.at, "%s is personal; nothing is decided on it.",
                                 field->name);
    case HUB_KIND_json:
    case HUB_KIND_bytes:
    case HUB_KIND_union: return hub_filter_refuse(&self->fault, self->token.at, "%s cannot be compared.", field->name);
    default: return true;
    }
}

static bool parse_step(struct hub_filter_parser *self, const struct hub_shape *shape,
                       const struct hub_field **ret_field)
{
    if (self->token.kind != HUB_FILTER_TOKEN_word) {
        return hub_filter_refuse(&self->fault, self->token.at, "The name of a field is expected here.");
    }
    const struct hub_field *field = find_field(shape, self->token.text);
    if (field == NULL) {
        return refuse_name(self, shape);
    }
    *ret_field = field;
    return is_nameable(self, field) && hub_filter_advance(self);
}

bool hub_filter_parse_path(struct hub_filter_parser *self, struct hub_filter_node *node)
{
    const struct hub_shape *shape = self->filter->shape;
    const struct hub_field *path[STEPS_MAX] = { NULL };
    bool more = true;
    while (more) {
        if (node->steps == STEPS_MAX) {
            return hub_filter_refuse(&self->fault, self->token.at, "A path has at most %d steps.", STEPS_MAX);
        }
        if (!parse_step(self, shape, &path[node->steps])) {
            return false;
        }
        shape = path[node->steps++]->shape;
        more = hub_filter_is_sign(self, ".");
        if (more && !hub_filter_is_of_records(path[node->steps - 1])) {
            return hub_filter_refuse(&self->fault, self->token.at, "%s has no fields.", path[node->steps - 1]->name);
        }
        if (more && !hub_filter_advance(self)) {
            return false;
        }
    }
    assert(node->steps > 0);
    const struct hub_field **kept = HUB_NEW_ARRAY(self->lexer.arena, const struct hub_field *, node->steps);
    memcpy(kept, path, sizeof path[0] * node->steps);
    node->path = kept;
    const struct hub_field *last = path[node->steps - 1];
    bool is_many = last->kind == HUB_KIND_set || last->kind == HUB_KIND_list;
    node->item = is_many ? hub_value_item(last) : *last;
    node->item.min = node->item.max = 0;
    self->filter->fields |= UINT64_C(1) << (path[0] - self->filter->shape->fields);
    return true;
}

/* --- literals --- */

/* "30d" as microseconds; the unit is the last letter. */
static bool read_duration(struct hub_filter_parser *self, int64_t *ret_us)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
    const struct hub_span text = self->token.text;
    int64_t number = 0;
    bool is_fine = self->token.kind == HUB_FILTER_TOKEN_duration && text.len <= 8;
    for (size_t i = 0; is_fine && i + 1 < text.len; i++) {
        is_fine = text.at[i] >= '0' && text.at[i] <= '9';
        number = number * 10 + (text.at[i] - '0');
    }
    for (size_t i = 0; is_fine && i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit == text.at[text.len - 1]) {
            *ret_us = number * units[i].seconds * 1000000;
            return hub_filter_advance(self);
        }
    }
    return hub_filter_refuse(&self->fault, self->token.at,
                             "A duration is expected here: a number with s, m, h, d or w, such as 30d.");
}

static bool parse_now(struct hub_filter_parser *self, struct hub_filter_literal *literal)
{
    literal->from_now = true;
    self->filter->asks_time = true;
    if (!hub_filter_advance(self)) {
        return false;
    }
    bool is_before = hub_filter_is_sign(self, "-");
    if (!is_before && !hub_filter_is_sign(self, "+")) {
        return true;
    }
    if (!hub_filter_advance(self) || !read_duration(self, &literal->value.i64)) {
        return false;
    }
    literal->value.i64 = is_before ? -literal->value.i64 : literal->value.i64;
    return true;
}

static bool parse_literal(struct hub_filter_parser *self, const struct hub_field *item,
                          struct hub_filter_literal *literal)
{
    struct hub_token token = { HUB_TOKEN_null, self->token.text };
    if (hub_filter_is_word(self, "now") && item->kind == HUB_KIND_time) {
        return parse_now(self, literal);
    }
    if (hub_filter_is_word(self, "true") || hub_filter_is_word(self, "false")) {
        token.kind = HUB_TOKEN_bool;
    } else if (self->token.kind == HUB_FILTER_TOKEN_number) {
        token.kind = HUB_TOKEN_number;
    } else if (self->token.kind == HUB_FILTER_TOKEN_text) {
        token.kind = HUB_TOKEN_text;
    } else {
        return hub_filter_refuse(&self->fault, self->token.at,
                                 "A value is expected here; texts and words stand in quotes.");
    }
    struct hub_fault wrong = { 0 };
    if (!hub_value_take(item, token, self->lexer.arena, &literal->value, &wrong)) {
        return hub_filter_refuse(&self->fault, self->token.at, "A value for %s %s.", item->name, wrong.reason);
    }
    return hub_filter_advance(self);
}

bool hub_filter_parse_literals(struct hub_filter_parser *self, struct hub_filter_node *node, bool is_list)
{
    struct hub_filter_literal **last = &node->literals;
    do {
        *last = HUB_NEW(self->lexer.arena, struct hub_filter_literal);
        if ((is_list && !hub_filter_advance(self)) || !parse_literal(self, &node->item, *last)) {
            return false;
        }
        last = &(*last)->next;
    } while (is_list && hub_filter_is_sign(self, ","));
    return !is_list || hub_filter_expect_sign(self, "]", "A comma or ] is expected here.");
}
