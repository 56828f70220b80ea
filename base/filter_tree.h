/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A compiled filter: what the parser builds and the evaluation walks. Only the filter's own files include this. */
#ifndef HUB_BASE_FILTER_TREE_H
#define HUB_BASE_FILTER_TREE_H

#include "base/filter.h"

enum hub_filter_op {
    HUB_FILTER_or, /* of its children; one without children never holds */
    HUB_FILTER_and,
    HUB_FILTER_not,
    HUB_FILTER_exists,
    HUB_FILTER_equal,
    HUB_FILTER_unequal,
    HUB_FILTER_less,
    HUB_FILTER_at_most,
    HUB_FILTER_more,
    HUB_FILTER_at_least,
    HUB_FILTER_in,  /* the value is one of the literals */
    HUB_FILTER_has, /* one of the literals is in the set, list or text */
};

/* One value, in the C type that its field has, so that a record's value and a literal compare alike. */
union hub_filter_value {
    hub_bool yes;
    hub_i64 i64; /* decimals and times too */
    hub_u32 u32;
    hub_u64 u64;
    hub_enum word;
    hub_text text;
    hub_id id;
};

struct hub_filter_literal {
    struct hub_filter_literal *next;
    union hub_filter_value value;
    bool from_now; /* value.i64 is a distance from now */
};

struct hub_filter_node {
    enum hub_filter_op op;
    size_t at, end; /* bytes of the text */
    struct hub_filter_node *child, *next;
    /* of a comparison */
    const struct hub_field *const *path; /* every step; the last is what is compared */
    size_t steps;
    struct hub_field item; /* the last step, or the items of the list that it is; no bounds */
    struct hub_filter_literal *literals;
};

struct hub_filter {
    struct hub_span text;
    const struct hub_shape *shape;
    struct hub_filter_node *root; /* NULL: holds always */
    uint64_t fields;              /* of the shape, by index: which are named */
    bool asks_time;
};

#endif
