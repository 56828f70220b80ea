/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A compiled filter against a record. */
#include "base/filter_tree.h"

static int sign_of(bool less, bool more)
{
    return (int) more - (int) less;
}

static int compare_texts(struct hub_span a, struct hub_span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.at, b.at, len) : 0;
    return order != 0 ? order : sign_of(a.len<b.len, a.len> b.len);
}

/* Both are of the C type of the kind. */
static int compare(unsigned kind, const void *a, const void *b)
{
#define ORDER(type) sign_of(*(const type *) a<*(const type *) b, *(const type *) a> *(const type *) b)
    switch (kind) {
    case HUB_KIND_bool: return ORDER(hub_bool);
    case HUB_KIND_u32: return ORDER(hub_u32);
    case HUB_KIND_u64: return ORDER(hub_u64);
    case HUB_KIND_enum: return ORDER(hub_enum);
    case HUB_KIND_text: return compare_texts(*(const hub_text *) a, *(const hub_text *) b);
    case HUB_KIND_id: return memcmp(a, b, sizeof(hub_id));
    default: return ORDER(hub_i64); /* decimals and times too */
    }
#undef ORDER
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char) (byte - 'A' + 'a') : byte;
}

/* True when `part` is in `text`, whatever the case of A to Z. */
static bool has_text(struct hub_span text, struct hub_span part)
{
    for (size_t start = 0; start + part.len <= text.len; start++) {
        size_t same = 0;
        while (same < part.len && lower(text.at[start + same]) == lower(part.at[same])) {
            same++;
        }
        if (same == part.len) {
            return true;
        }
    }
    return false;
}

static bool has_item(const struct hub_filter_node *node, const struct hub_list *list, const void *literal)
{
    const size_t size = hub_kind_size(node->item.kind);
    for (uint32_t i = 0; i < list->count; i++) {
        if (compare(node->item.kind, (const char *) list->at + i * size, literal) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_literal(const struct hub_filter_node *node, unsigned kind, const void *value,
                        const union hub_filter_value *literal)
{
    switch (kind) {
    case HUB_KIND_set: return literal->word < 64 && (*(const hub_set *) value >> literal->word & 1) != 0;
    case HUB_KIND_list: return has_item(node, value, literal);
    default: return has_text(*(const hub_text *) value, literal->text);
    }
}

static bool is_so(const struct hub_filter_node *node, unsigned kind, const void *value,
                  const union hub_filter_value *literal)
{
    switch (node->op) {
    case HUB_FILTER_has: return has_literal(node, kind, value, literal);
    case HUB_FILTER_unequal: return compare(kind, value, literal) != 0;
    case HUB_FILTER_less: return compare(kind, value, literal) < 0;
    case HUB_FILTER_at_most: return compare(kind, value, literal) <= 0;
    case HUB_FILTER_more: return compare(kind, value, literal) > 0;
    case HUB_FILTER_at_least: return compare(kind, value, literal) >= 0;
    default: return compare(kind, value, literal) == 0; /* equal, in */
    }
}

struct question {
    const struct hub_filter_node *node;
    int64_t now_us;
};

/* The value at the end of the path, against each literal. */
static bool test_value(const struct question *asked, const void *value)
{
    const struct hub_filter_node *node = asked->node;
    const unsigned kind = node->path[node->steps - 1]->kind;
    for (const struct hub_filter_literal *one = node->literals; one != NULL; one = one->next) {
        union hub_filter_value literal = one->value;
        if (one->from_now) {
            literal.i64 += asked->now_us;
        }
        if (is_so(node, kind, value, &literal)) {
            return true;
        }
    }
    return node->op == HUB_FILTER_exists;
}

/* Follow the path; through a list of records it is enough that one of them fits. */
static bool test_path(const struct question *asked, size_t step, const struct hub_shape *shape, const void *record)
{
    const struct hub_field *field = asked->node->path[step];
    if (!hub_record_has(record, (unsigned) (field - shape->fields))) {
        return false;
    }
    const void *value = hub_record_field_const(record, field);
    if (step + 1 == asked->node->steps) {
        return test_value(asked, value);
    }
    if (field->kind == HUB_KIND_record) {
        return test_path(asked, step + 1, field->shape, *(const void *const *) value);
    }
    const struct hub_list *list = value;
    for (uint32_t i = 0; i < list->count; i++) {
        if (test_path(asked, step + 1, field->shape, (const char *) list->at + (size_t) i * field->shape->size)) {
            return true;
        }
    }
    return false;
}

struct evaluation {
    const struct hub_filter *filter;
    const void *record;
    int64_t now_us;
};

static bool holds(const struct evaluation *self, const struct hub_filter_node *node)
{
    if (node->op > HUB_FILTER_not) {
        const struct question asked = { node, self->now_us };
        return test_path(&asked, 0, self->filter->shape, self->record);
    }
    if (node->op == HUB_FILTER_not) {
        return !holds(self, node->child);
    }
    const bool is_or = node->op == HUB_FILTER_or;
    for (const struct hub_filter_node *child = node->child; child != NULL; child = child->next) {
        if (holds(self, child) == is_or) {
            return is_or;
        }
    }
    return !is_or;
}

bool hub_filter_holds(const struct hub_filter *self, const void *record, int64_t now_us)
{
    const struct evaluation evaluation = { self, record, now_us };
    return self->root == NULL || holds(&evaluation, self->root);
}

struct hub_span hub_filter_why_not(const struct hub_filter *self, const void *record, int64_t now_us)
{
    const struct evaluation evaluation = { self, record, now_us };
    const struct hub_filter_node *node = self->root;
    if (node == NULL || holds(&evaluation, node)) {
        return (struct hub_span){ NULL, 0 };
    }
    while (node->op == HUB_FILTER_and) {
        node = node->child;
        while (holds(&evaluation, node)) {
            node = node->next;
        }
    }
    return hub_span_of(self->text.at + node->at, node->end - node->at);
}

struct hub_span hub_filter_text(const struct hub_filter *self)
{
    return self->text;
}

bool hub_filter_asks_time(const struct hub_filter *self)
{
    return self->asks_time;
}

bool hub_filter_names(const struct hub_filter *self, const struct hub_field *field)
{
    return (self->fields >> (field - self->shape->fields) & 1) != 0;
}
