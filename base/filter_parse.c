/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From a filter's text to its tree, by recursive descent.
 *
 *     filter  = [ any ]
 *     any     = all { "or" all }
 *     all     = one { "and" one }
 *     one     = "not" one | "(" any ")" | "exists" path | path [ test ]
 *     test    = ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) literal | [ "not" ] "in" list | [ "not" ] "has" ( literal | list )
 *     path    = name { "." name }
 *     list    = "[" literal { "," literal } "]"
 *     literal = text | number | "true" | "false" | "now" [ ( "+" | "-" ) duration ] */
#include "base/error.h"
#include "base/filter_parser.h"
#include "base/utf8.h"

static struct hub_filter_node *new_node(struct hub_filter_parser *self, enum hub_filter_op op, size_t at)
{
    if (++self->nodes > HUB_FILTER_NODES) {
        hub_filter_refuse(&self->fault, at, "A filter has at most %d conditions.", HUB_FILTER_NODES);
        return NULL;
    }
    struct hub_filter_node *node = HUB_NEW(self->lexer.arena, struct hub_filter_node);
    node->op = op;
    node->at = at;
    return node;
}

static bool is_ordered(const struct hub_field *item)
{
    return item->kind != HUB_KIND_bool && item->kind != HUB_KIND_id;
}

static bool is_scalar(const struct hub_field *field)
{
    return field->kind >= HUB_KIND_bool && field->kind <= HUB_KIND_id && field->kind != HUB_KIND_set &&
           field->kind != HUB_KIND_bytes;
}

/* What the last step of the path can be asked, in words, or NULL when it can be asked this. */
static const char *why_not_asked(const struct hub_filter_node *node)
{
    const struct hub_field *last = node->path[node->steps - 1];
    if (hub_filter_is_of_records(last)) {
        return "has fields of its own: name one of them, or ask exists";
    }
    if (node->op == HUB_FILTER_has) {
        return is_scalar(last) && last->kind != HUB_KIND_text ? "is one value: ask == or in" : NULL;
    }
    if (!is_scalar(last)) {
        return "holds several values: ask has";
    }
    return node->op >= HUB_FILTER_less && node->op <= HUB_FILTER_at_least && !is_ordered(&node->item)
               ? "has no order: ask == or in"
               : NULL;
}

static bool find_op(struct hub_filter_parser *self, enum hub_filter_op *ret_op)
{
    static const struct {
        const char *text;
        enum hub_filter_op op;
    } ops[] = {
        { "==", HUB_FILTER_equal },   { "!=", HUB_FILTER_unequal }, { "<", HUB_FILTER_less },
        { "<=", HUB_FILTER_at_most }, { ">", HUB_FILTER_more },     { ">=", HUB_FILTER_at_least },
        { "in", HUB_FILTER_in },      { "has", HUB_FILTER_has },
    };
    bool can_be = self->token.kind == HUB_FILTER_TOKEN_sign || self->token.kind == HUB_FILTER_TOKEN_word;
    for (size_t i = 0; can_be && i < sizeof ops / sizeof ops[0]; i++) {
        if (hub_span_is(self->token.text, hub_span(ops[i].text))) {
            *ret_op = ops[i].op;
            return true;
        }
    }
    return false;
}

/* A truth by itself: the path without a test. */
static bool finish_bare(struct hub_filter_parser *self, struct hub_filter_node *node)
{
    if (node->path[node->steps - 1]->kind != HUB_KIND_bool) {
        return hub_filter_refuse(&self->fault, self->token.at,
                                 "A comparison is expected here: == != < <= > >= in has.");
    }
    struct hub_filter_literal *literal = HUB_NEW(self->lexer.arena, struct hub_filter_literal);
    literal->value.yes = true;
    node->op = HUB_FILTER_equal;
    node->literals = literal;
    return true;
}

static bool parse_test(struct hub_filter_parser *self, struct hub_filter_node *node)
{
    size_t at = self->token.at;
    if (!find_op(self, &node->op)) {
        return finish_bare(self, node);
    }
    const char *why_not = why_not_asked(node);
    if (why_not != NULL) {
        return hub_filter_refuse(&self->fault, at, "%s %s.", node->path[node->steps - 1]->name, why_not);
    }
    if (!hub_filter_advance(self)) {
        return false;
    }
    bool is_list = hub_filter_is_sign(self, "[");
    if (node->op == HUB_FILTER_in && !is_list) {
        return hub_filter_refuse(&self->fault, self->token.at, "A list in brackets is expected here.");
    }
    return hub_filter_parse_literals(self, node, is_list && (node->op == HUB_FILTER_in || node->op == HUB_FILTER_has));
}

static struct hub_filter_node *wrap_in_not(struct hub_filter_parser *self, struct hub_filter_node *node)
{
    struct hub_filter_node *outer = new_node(self, HUB_FILTER_not, node->at);
    if (outer != NULL) {
        outer->child = node;
        outer->end = node->end;
    }
    return outer;
}

static struct hub_filter_node *parse_comparison(struct hub_filter_parser *self)
{
    struct hub_filter_node *node = new_node(self, HUB_FILTER_exists, self->token.at);
    bool is_exists = hub_filter_is_word(self, "exists");
    if (node == NULL || (is_exists && !hub_filter_advance(self)) || !hub_filter_parse_path(self, node)) {
        return NULL;
    }
    bool is_not = !is_exists && hub_filter_is_word(self, "not");
    if (is_not && !hub_filter_advance(self)) {
        return NULL;
    }
    if (is_not && !hub_filter_is_word(self, "in") && !hub_filter_is_word(self, "has")) {
        hub_filter_refuse(&self->fault, self->token.at, "Behind a field, not is followed by in or has.");
        return NULL;
    }
    if (!is_exists && !parse_test(self, node)) {
        return NULL;
    }
    node->end = self->end;
    return is_not ? wrap_in_not(self, node) : node;
}

static struct hub_filter_node *parse_any(struct hub_filter_parser *self);

static struct hub_filter_node *parse_one(struct hub_filter_parser *self)
{
    if (++self->depth > HUB_FILTER_DEPTH) {
        hub_filter_refuse(&self->fault, self->token.at, "A filter is at most %d levels deep.", HUB_FILTER_DEPTH);
        return NULL;
    }
    struct hub_filter_node *node = NULL;
    size_t at = self->token.at;
    if (hub_filter_is_word(self, "not")) {
        struct hub_filter_node *child = hub_filter_advance(self) ? parse_one(self) : NULL;
        node = child == NULL ? NULL : wrap_in_not(self, child);
        if (node != NULL) {
            node->at = at;
            node->end = self->end;
        }
    } else if (hub_filter_is_sign(self, "(")) {
        node = hub_filter_advance(self) ? parse_any(self) : NULL;
        node = node != NULL && hub_filter_expect_sign(self, ")", "A closing ) is expected here.") ? node : NULL;
    } else {
        node = parse_comparison(self);
    }
    self->depth--;
    return node;
}

typedef struct hub_filter_node *parse_fn(struct hub_filter_parser *self);

/* One side, or several that `word` joins. */
static struct hub_filter_node *parse_joined(struct hub_filter_parser *self, const char *word, enum hub_filter_op op,
                                            parse_fn *side)
{
    struct hub_filter_node *first = side(self);
    if (first == NULL || !hub_filter_is_word(self, word)) {
        return first;
    }
    struct hub_filter_node *node = new_node(self, op, first->at);
    if (node == NULL) {
        return NULL;
    }
    node->child = first;
    for (struct hub_filter_node *last = first; hub_filter_is_word(self, word); last = last->next) {
        last->next = hub_filter_advance(self) ? side(self) : NULL;
        if (last->next == NULL) {
            return NULL;
        }
    }
    node->end = self->end;
    return node;
}

static struct hub_filter_node *parse_all(struct hub_filter_parser *self)
{
    return parse_joined(self, "and", HUB_FILTER_and, parse_one);
}

static struct hub_filter_node *parse_any(struct hub_filter_parser *self)
{
    return parse_joined(self, "or", HUB_FILTER_or, parse_all);
}

static bool parse(struct hub_filter_parser *self)
{
    const struct hub_span text = self->lexer.text;
    if (text.len > HUB_FILTER_TEXT) {
        return hub_filter_refuse(&self->fault, HUB_FILTER_TEXT, "A filter has at most %d bytes.", HUB_FILTER_TEXT);
    }
    if (!hub_utf8_is_valid(text)) {
        return hub_filter_refuse(&self->fault, 0, "This is not valid UTF-8.");
    }
    if (!hub_filter_advance(self)) {
        return false;
    }
    if (self->token.kind == HUB_FILTER_TOKEN_end) {
        return true;
    }
    self->filter->root = parse_any(self);
    if (self->filter->root != NULL && self->token.kind != HUB_FILTER_TOKEN_end) {
        return hub_filter_refuse(&self->fault, self->token.at,
                                 "Nothing more is expected here; join conditions with and, or.");
    }
    return self->filter->root != NULL;
}

int hub_filter_compile(struct hub_span text, const struct hub_shape *shape, struct hub_arena *arena,
                       const struct hub_filter **ret_filter, struct hub_filter_fault *ret_fault)
{
    struct hub_filter *filter = HUB_NEW(arena, struct hub_filter);
    filter->text = hub_arena_copy(arena, text.len <= HUB_FILTER_TEXT ? text : (struct hub_span){ NULL, 0 });
    filter->shape = shape;
    struct hub_filter_parser parser = { .lexer = { .text = text, .arena = arena }, .filter = filter };
    if (!parse(&parser)) {
        if (ret_fault != NULL) {
            *ret_fault = parser.fault;
        }
        return HUB_ERROR_invalid_field;
    }
    *ret_filter = filter;
    return 0;
}
