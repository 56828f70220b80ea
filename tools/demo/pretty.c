/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* JSON for people. Works on the text alone: what is between strings decides where lines break. */
#include "tools/demo/pretty.h"

#include <stdlib.h>
#include <unistd.h>

static const char key_colour[] = "\033[36m", text_colour[] = "\033[32m", other_colour[] = "\033[33m",
                  plain[] = "\033[0m";

struct pretty {
    struct hub_span json;
    size_t at;
    unsigned depth, indent;
    bool colours;
    FILE *out;
};

static void begin_line(struct pretty *self)
{
    fprintf(self->out, "\n%*s", (int) (self->indent + 2 * self->depth), "");
}

static bool is_blank(char sign)
{
    return sign == ' ' || sign == '\t' || sign == '\n' || sign == '\r';
}

static void skip_blanks(struct pretty *self)
{
    while (self->at < self->json.len && is_blank(self->json.at[self->at]))
        self->at++;
}

static void print_part(struct pretty *self, size_t len, const char *colour)
{
    if (self->colours)
        fputs(colour, self->out);
    fwrite(self->json.at + self->at, 1, len, self->out);
    if (self->colours)
        fputs(plain, self->out);
    self->at += len;
}

static size_t string_len(const struct pretty *self)
{
    size_t end = self->at + 1;
    while (end < self->json.len && self->json.at[end] != '"')
        end += self->json.at[end] == '\\' ? 2 : 1;
    return (end < self->json.len ? end + 1 : self->json.len) - self->at;
}

static void print_string(struct pretty *self)
{
    size_t len = string_len(self), behind = self->at + len;
    while (behind < self->json.len && is_blank(self->json.at[behind]))
        behind++;
    bool is_key = behind < self->json.len && self->json.at[behind] == ':';
    print_part(self, len, is_key ? key_colour : text_colour);
}

static void print_other(struct pretty *self)
{
    size_t end = self->at;
    while (end < self->json.len && !strchr(",:{}[]\"", self->json.at[end]) && !is_blank(self->json.at[end]))
        end++;
    print_part(self, end > self->at ? end - self->at : 1, other_colour);
}

static void open_bracket(struct pretty *self, char sign)
{
    fputc(sign, self->out);
    self->at++;
    skip_blanks(self);
    if (self->at < self->json.len && self->json.at[self->at] == sign + 2) { /* as '{' and '}' in ASCII, '[' and ']' */
        fputc(self->json.at[self->at++], self->out);
        return;
    }
    self->depth++;
    begin_line(self);
}

static void print_one(struct pretty *self)
{
    char sign = self->json.at[self->at];
    if (sign == '{' || sign == '[')
        open_bracket(self, sign);
    else if (sign == '}' || sign == ']') {
        self->depth -= self->depth > 0 ? 1 : 0;
        begin_line(self);
        fputc(sign, self->out);
        self->at++;
    } else if (sign == ',') {
        fputc(sign, self->out);
        begin_line(self);
        self->at++;
    } else if (sign == ':') {
        fputs(": ", self->out);
        self->at++;
    } else if (sign == '"')
        print_string(self);
    else
        print_other(self);
}

void hub_pretty_print(struct hub_span json, unsigned indent, bool colours, FILE *out)
{
    struct pretty self = { .json = json, .indent = indent, .colours = colours, .out = out };
    fprintf(out, "%*s", (int) indent, "");
    for (skip_blanks(&self); self.at < json.len; skip_blanks(&self))
        print_one(&self);
    fputc('\n', out);
}

bool hub_pretty_has_colours(FILE *out)
{
    return isatty(fileno(out)) && !getenv("NO_COLOR");
}
