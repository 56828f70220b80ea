/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Where a filter's parser stands, and the operands of conditions. Only the filter's own files include this. */
#ifndef HUB_BASE_FILTER_PARSER_H
#define HUB_BASE_FILTER_PARSER_H

#include "base/filter_lex.h"
#include "base/filter_tree.h"

struct hub_filter_parser {
    struct hub_filter_lexer lexer;
    struct hub_filter_token token; /* the next one */
    size_t end;                    /* of the one before it */
    struct hub_filter *filter;
    size_t nodes;
    unsigned depth;
    struct hub_filter_fault fault;
};

/* Go to the next token. Returns false with the fault filled when there is none that can be read. */
bool hub_filter_advance(struct hub_filter_parser *self);

/* True when the next token is this keyword, or this sign. */
bool hub_filter_is_word(const struct hub_filter_parser *self, const char *word);
bool hub_filter_is_sign(const struct hub_filter_parser *self, const char *sign);

/* Go past this sign. Returns false with the reason as fault when another token stands here. */
bool hub_filter_expect_sign(struct hub_filter_parser *self, const char *sign, const char *reason);

/* Read a path into a node. Returns false with the fault filled when there is no such field. */
bool hub_filter_parse_path(struct hub_filter_parser *self, struct hub_filter_node *node);

/* Read one literal, or a list of them in brackets, of the type of the node's path. Returns false with the fault filled. */
bool hub_filter_parse_literals(struct hub_filter_parser *self, struct hub_filter_node *node, bool is_list);

/* True when a field holds records: one, or a list of them. */
bool hub_filter_is_of_records(const struct hub_field *field);

#endif
