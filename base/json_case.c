/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Looking ahead for the "type" of a union, which decides what its other members mean but may stand behind them.
 *
 * This scan sees text that nobody has checked yet, so it only promises to stay inside of it; what is not JSON is found
 * by the tokenizer later. It costs one pass over the object for every union around it, at most the limit of depth. */
#include "base/json_reader.h"

struct scan {
    const char *at;
    const char *end;
};

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r')) {
        scan->at++;
    }
}

static bool take_sign(struct scan *scan, char sign)
{
    skip_blanks(scan);
    bool there = scan->at < scan->end && *scan->at == sign;
    scan->at += there ? 1 : 0;
    return there;
}

/* A text with its escapes, behind its opening quote. */
static bool take_raw(struct scan *scan, struct hub_span *ret_raw)
{
    const char *start = scan->at;
    while (scan->at < scan->end && *scan->at != '"') {
        scan->at += *scan->at == '\\' && scan->at + 1 < scan->end ? 2 : 1;
    }
    if (scan->at >= scan->end) {
        return false;
    }
    *ret_raw = (struct hub_span){ start, (size_t) (scan->at - start) };
    scan->at++;
    return true;
}

/* Everything up to the comma or bracket that ends this value. */
static bool skip_value(struct scan *scan)
{
    struct hub_span raw;
    size_t depth = 0;
    while (scan->at < scan->end) {
        char sign = *scan->at;
        if (depth == 0 && (sign == ',' || sign == '}' || sign == ']')) {
            return true;
        }
        scan->at++;
        if (sign == '"' && !take_raw(scan, &raw)) {
            return false;
        }
        depth += sign == '{' || sign == '[' ? 1 : 0;
        depth -= sign == '}' || sign == ']' ? 1 : 0;
    }
    return false;
}

static int hex(char sign)
{
    if (sign >= '0' && sign <= '9') {
        return sign - '0';
    }
    int letter = sign | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The character at `i` of a raw text, escapes undone as far as names of ours can have them; moves i behind it. */
static int next_sign(struct hub_span raw, size_t *i)
{
    char sign = raw.at[(*i)++];
    if (sign != '\\' || *i >= raw.len) {
        return (unsigned char) sign;
    }
    sign = raw.at[(*i)++];
    if (sign != 'u' || raw.len - *i < 4) {
        return sign == '"' || sign == '\\' || sign == '/' ? sign : -1;
    }
    int value = 0;
    for (int digit = 0; digit < 4; digit++) {
        int four = hex(raw.at[(*i)++]);
        value = four < 0 || value < 0 ? -1 : value * 16 + four;
    }
    return value;
}

static bool raw_is(struct hub_span raw, const char *name)
{
    size_t i = 0;
    for (; *name != '\0'; name++) {
        if (i >= raw.len || next_sign(raw, &i) != (unsigned char) *name) {
            return false;
        }
    }
    return i == raw.len;
}

bool hub_reader_find_case(struct hub_span rest, const struct hub_shape *const *cases, const struct hub_shape **ret_case)
{
    struct scan scan = { rest.at, rest.at + rest.len };
    struct hub_span name, value;
    *ret_case = NULL;
    do {
        if (!take_sign(&scan, '"') || !take_raw(&scan, &name) || !take_sign(&scan, ':')) {
            return false;
        }
        if (!raw_is(name, "type")) {
            continue;
        }
        if (take_sign(&scan, '"') && take_raw(&scan, &value)) {
            while (*cases != NULL && !raw_is(value, (*cases)->name)) {
                cases++;
            }
            *ret_case = *cases;
        }
        return true;
    } while (skip_value(&scan) && take_sign(&scan, ','));
    return false;
}
