/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Command lines of the measuring tools: a table of options, read by one parser and printed by --help. */
#include "tools/bench/options.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(const struct hub_options *self)
{
    printf("usage: %s\n%s\n\n", self->usage, self->doc);
    for (const struct hub_option *row = self->rows; row->name; row++) {
        int width = printf("  %s %s", row->name, row->value ? row->value : "");
        printf("%*s %s%s\n", width < 28 ? 28 - width : 0, "", row->doc,
               row->kind == HUB_OPTION_TEXTS ? " (may be repeated)" : "");
    }
}

static const struct hub_option *find(const struct hub_options *self, const char *name, size_t len)
{
    for (const struct hub_option *row = self->rows; row->name; row++)
        if (strlen(row->name) == len && memcmp(row->name, name, len) == 0)
            return row;
    return NULL;
}

static bool set_count(const char *text, uint64_t *into)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text < '0' || *text > '9')
        return false;
    *into = value;
    return true;
}

static bool set_number(const char *text, double *into)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < 0)
        return false;
    *into = value;
    return true;
}

static bool add_text(const char *text, struct hub_texts *into)
{
    if (into->count == HUB_TEXTS_MAX)
        return false;
    into->at[into->count++] = text;
    return true;
}

static bool set(const struct hub_option *row, const char *text, void *into)
{
    void *at = (char *) into + row->offset;
    switch (row->kind) {
    case HUB_OPTION_FLAG: *(bool *) at = true; return true;
    case HUB_OPTION_TEXT: *(const char **) at = text; return true;
    case HUB_OPTION_TEXTS: return add_text(text, at);
    case HUB_OPTION_COUNT: return set_count(text, at);
    case HUB_OPTION_NUMBER: return set_number(text, at);
    }
    return false;
}

static int complain(const struct hub_options *self, const char *what, const char *which)
{
    fprintf(stderr, "%s %s\nusage: %s (--help lists the options)\n", what, which, self->usage);
    return -1;
}

/* Reads the option at argv[*i] and moves *i to the last word that belongs to it. */
static int read_one(const struct hub_options *self, char **argv, int *i, void *into)
{
    const char *name = argv[*i], *equals = strchr(name, '=');
    const struct hub_option *row = find(self, name, equals ? (size_t) (equals - name) : strlen(name));
    if (!row)
        return complain(self, "unknown option", name);
    const char *text = equals ? equals + 1 : NULL;
    if (row->kind == HUB_OPTION_FLAG && text)
        return complain(self, "no value belongs to", row->name);
    if (row->kind != HUB_OPTION_FLAG && !text)
        text = argv[++*i];
    if (row->kind != HUB_OPTION_FLAG && !text)
        return complain(self, "a value is missing for", row->name);
    return set(row, text, into) ? 0 : complain(self, "this value cannot be used for", row->name);
}

int hub_options_read(const struct hub_options *self, int argc, char **argv, void *into)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help(self);
            return 1;
        }
        if (read_one(self, argv, &i, into) < 0)
            return -1;
    }
    return 0;
}
