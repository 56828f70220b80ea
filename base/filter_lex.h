/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The words of a filter's text, one after the other. Only the filter's own files include this. */
#ifndef HUB_BASE_FILTER_LEX_H
#define HUB_BASE_FILTER_LEX_H

#include "base/filter.h"

enum hub_filter_token_kind {
    HUB_FILTER_TOKEN_end,
    HUB_FILTER_TOKEN_word,     /* names and keywords */
    HUB_FILTER_TOKEN_text,     /* "..." or '...', without quotes and escapes */
    HUB_FILTER_TOKEN_number,   /* -12.50 */
    HUB_FILTER_TOKEN_duration, /* 30d */
    HUB_FILTER_TOKEN_sign,     /* ( ) [ ] , . + - == != < <= > >= */
};

struct hub_filter_token {
    enum hub_filter_token_kind kind;
    size_t at;            /* of its first byte */
    size_t end;           /* behind its last byte */
    struct hub_span text; /* as written; of a text what it says */
};

struct hub_filter_lexer {
    struct hub_span text;
    size_t at;
    struct hub_arena *arena;
};

/* Read the next token. Returns false with ret_fault filled when the bytes are none. */
bool hub_filter_lex(struct hub_filter_lexer *self, struct hub_filter_token *ret_token,
                    struct hub_filter_fault *ret_fault);

/* Fill a fault, printf-like. Always returns false. */
__attribute__((format(printf, 3, 4))) bool hub_filter_refuse(struct hub_filter_fault *ret_fault, size_t at,
                                                             const char *format, ...);

#endif
