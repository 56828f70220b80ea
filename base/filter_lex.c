/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The words of a filter's text, one after the other. */
#include <stdarg.h>
#include <stdio.h>

#include "base/filter_lex.h"

bool hub_filter_refuse(struct hub_filter_fault *ret_fault, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ret_fault->at = at;
    vsnprintf(ret_fault->reason, sizeof ret_fault->reason, format, args);
    va_end(args);
    return false;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

/* The byte `ahead` of where the lexer stands, 0 behind the end. */
static char peek(const struct hub_filter_lexer *self, size_t ahead)
{
    return self->at + ahead < self->text.len ? self->text.at[self->at + ahead] : '\0';
}

static void take(struct hub_filter_lexer *self, size_t len, enum hub_filter_token_kind kind,
                 struct hub_filter_token *token)
{
    token->kind = kind;
    token->text = hub_span_of(self->text.at + self->at, len);
    self->at += len;
    token->end = self->at;
}

static void lex_word(struct hub_filter_lexer *self, struct hub_filter_token *token)
{
    size_t len = 1;
    while (is_letter(peek(self, len)) || is_digit(peek(self, len))) {
        len++;
    }
    take(self, len, HUB_FILTER_TOKEN_word, token);
}

/* A number may be followed by one letter, the unit of a duration. */
static bool lex_number(struct hub_filter_lexer *self, struct hub_filter_token *token, struct hub_filter_fault *fault)
{
    size_t len = peek(self, 0) == '-' ? 1 : 0;
    while (is_digit(peek(self, len))) {
        len++;
    }
    if (peek(self, len) == '.' && is_digit(peek(self, len + 1))) {
        len += 2;
        while (is_digit(peek(self, len))) {
            len++;
        }
    }
    enum hub_filter_token_kind kind = HUB_FILTER_TOKEN_number;
    if (is_letter(peek(self, len))) {
        kind = HUB_FILTER_TOKEN_duration;
        len++;
        if (is_letter(peek(self, len)) || is_digit(peek(self, len))) {
            return hub_filter_refuse(fault, token->at, "A number ends where a letter begins; texts stand in quotes.");
        }
    }
    take(self, len, kind, token);
    return true;
}

/* The bytes up to the closing quote; a backslash keeps the one behind it. The whole rest when there is none. */
static size_t find_quote(const struct hub_filter_lexer *self, char quote)
{
    size_t len = 1;
    while (self->at + len < self->text.len && peek(self, len) != quote) {
        len += peek(self, len) == '\\' ? 2 : 1;
    }
    return len;
}

static bool lex_text(struct hub_filter_lexer *self, struct hub_filter_token *token, struct hub_filter_fault *fault)
{
    const char quote = peek(self, 0);
    const size_t written = find_quote(self, quote);
    char *said = hub_arena_get(self->arena, written);
    size_t len = 0;
    if (self->at + written >= self->text.len) {
        return hub_filter_refuse(fault, token->at, "This text has no closing quote.");
    }
    for (size_t i = 1; i < written; i++) {
        bool is_kept = peek(self, i) == '\\';
        i += is_kept ? 1 : 0;
        if (is_kept && peek(self, i) != quote && peek(self, i) != '\\') {
            return hub_filter_refuse(fault, self->at + i - 1, "A backslash stands before a quote or a backslash.");
        }
        said[len++] = peek(self, i);
    }
    self->at += written + 1;
    *token = (struct hub_filter_token){ HUB_FILTER_TOKEN_text, token->at, self->at, hub_span_of(said, len) };
    return true;
}

static bool lex_sign(struct hub_filter_lexer *self, struct hub_filter_token *token, struct hub_filter_fault *fault)
{
    static const char *const signs[] = { "==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ",", ".", "+", "-" };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t len = strlen(signs[i]);
        if (signs[i][0] == peek(self, 0) && (len == 1 || signs[i][1] == peek(self, 1))) {
            take(self, len, HUB_FILTER_TOKEN_sign, token);
            return true;
        }
    }
    return hub_filter_refuse(fault, token->at,
                             peek(self, 0) == '=' ? "To compare, write ==." : "This sign has no meaning here.");
}

bool hub_filter_lex(struct hub_filter_lexer *self, struct hub_filter_token *ret_token,
                    struct hub_filter_fault *ret_fault)
{
    while (peek(self, 0) == ' ' || peek(self, 0) == '\t' || peek(self, 0) == '\n' || peek(self, 0) == '\r') {
        self->at++;
    }
    char first = peek(self, 0);
    *ret_token = (struct hub_filter_token){ .at = self->at, .end = self->at };
    if (self->at >= self->text.len) {
        return true;
    }
    if (is_letter(first)) {
        lex_word(self, ret_token);
        return true;
    }
    if (is_digit(first) || (first == '-' && is_digit(peek(self, 1)))) {
        return lex_number(self, ret_token, ret_fault);
    }
    if (first == '"' || first == '\'') {
        return lex_text(self, ret_token, ret_fault);
    }
    return lex_sign(self, ret_token, ret_fault);
}
